"""From a notebook to a file of the student's: ``model.py`` of 1_cells, ``diagnostics.py`` of 2_diagnostics.

Given classes and solution cells, as one file. Nothing of the notebook runs here; it is only read.
"""

from __future__ import annotations

import ast
import builtins
import dis
import hashlib
import re
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import rnnkit
from rnnkit.cells import CLASS_NAMES
from rnnkit.notebook.cells import SOLUTION, NotebookError, marking_of, text_of
from rnnkit.runs.broken import QUESTION_MARK, left_out_line, question_at

TITLE = "# Written by rnnkit "
NOT_NEEDED = ("rnnkit.assignments", "rnnkit.checks", "rnnkit.notebook")  # imported by notebooks, not used by a model.py
LOADS = ("LOAD_NAME", "LOAD_GLOBAL")
DELIMITERS = re.compile(r"^\s*#+\s*(BEGIN|END) SOLUTION\s*$")


@dataclass(frozen=True)
class Model:
    """What became of a notebook: the whole file, and the classes (model.py) or functions (diagnostics.py) in it."""

    text: str
    names: tuple[str, ...]
    left_out: Mapping[str, str]  # those that are not in it, each with the first question that is missing


@dataclass
class _Solution:
    """One solution cell: its question, its text, and what it defines, by class (empty for a function) and name."""

    question: str
    text: str
    defined: dict[tuple[str, str], ast.FunctionDef]
    solved: bool

    @property
    def owners(self) -> set[str]:
        return {cls for cls, _ in self.defined if cls}

    @property
    def functions(self) -> list[str]:
        return [name for cls, name in self.defined if not cls]

    @property
    def computes(self) -> bool:
        """Whether one of its functions is given anything: one that is given nothing is an answer, no quantity."""
        return any(node.args.args or node.args.posonlyargs or node.args.vararg for node in self.defined.values())


@dataclass
class _Parts:
    imports: list[str] = field(default_factory=list)
    classes: dict[str, str] = field(default_factory=dict)
    helpers: dict[str, str] = field(default_factory=dict)  # given functions and constants, by name
    solutions: list[_Solution] = field(default_factory=list)


def model_of(notebook: Mapping[str, Any], name: str = "1_cells.ipynb") -> Model:
    """The model.py of a notebook with this file name: without the classes whose questions are not all solved.

    Raises:
        NotebookError: no class is complete, a cell is no Python, or uses a name that does not come along.
    """
    parts = _parts(notebook, name)
    if not parts.classes:
        raise NotebookError(f"{name}: expected the given cells with the classes RNN and GRU, found none of them")
    left_out = {cls: missing for cls in parts.classes if (missing := _missing(cls, parts))}
    classes = [cls for cls in parts.classes if cls not in left_out]
    if not classes:
        question = next(iter(left_out.values()))
        raise NotebookError(f"{name}: no model.py yet: question {question} is still to be solved (or saved)")
    solutions = [s for s in parts.solutions if s.solved and s.owners and s.owners <= set(classes)]
    return _made(parts, name, classes, solutions, left_out)


def diagnostics_of(notebook: Mapping[str, Any], name: str = "2_diagnostics.ipynb") -> Model:
    """The diagnostics.py of a notebook with this file name: without what is not solved, and what calls it.

    Raises:
        NotebookError: nothing is solved, a cell is no Python, or uses a name that does not come along.
    """
    parts = _parts(notebook, name)
    written = [solution for solution in parts.solutions if solution.functions and solution.computes]
    if not written:
        raise NotebookError(f"{name}: expected solution cells that define functions, found none")
    missing = {function: s.question for s in written if not s.solved for function in s.functions}
    for solution in written * len(written):  # what calls a missing function is missing too
        if needed := sorted(_names([solution.text]) & missing.keys()):
            missing |= {function: missing[needed[0]] for function in solution.functions if function not in missing}
    solutions = [solution for solution in written if not missing.keys() & set(solution.functions)]
    if not solutions:
        raise NotebookError(f"{name}: no file yet: question {written[0].question} is still to be solved (or saved)")
    return _made(parts, name, (), solutions, missing)


def _made(
    parts: _Parts, name: str, classes: Sequence[str], solutions: Sequence[_Solution], left_out: Mapping[str, str]
) -> Model:
    """Imports, the given helpers that are used, the classes, and after them the solutions, each under its question.

    Before these what is not in the file yet, and the hash by which the file is known again.
    """
    given = [parts.classes[cls] for cls in classes]
    solved = [f"{QUESTION_MARK}{solution.question}\n{solution.text}" for solution in solutions]
    used, size = _names([*given, *solved]), -1
    while len(used) > size:
        size = len(used)
        used |= _names(text for name, text in parts.helpers.items() if name in used)
    helpers = dict.fromkeys(text for name, text in parts.helpers.items() if name in used)
    future = [line for line in parts.imports if line.startswith("from __future__")]
    others = [line for line in parts.imports if line not in future]
    attach = ["from rnnkit.notebook import method_of"] if classes else []
    imports = "\n".join([*future, *others, *attach])
    without = "".join(left_out_line(missing, question, name) for missing, question in left_out.items())
    body = without + "\n\n\n".join([imports, *helpers, *given, *solved]) + "\n"
    first = f"{TITLE}{rnnkit.__version__} from {name}: change the cells there, save, and run its last cell again.\n"
    text = f"{first}# sha256 of what follows: {hashlib.sha256(body.encode()).hexdigest()}\n{body}"
    _check_names(text, name)
    functions = tuple(function for solution in solutions for function in solution.functions)
    return Model(text, tuple(classes) or functions, left_out)


def is_ours(text: str) -> bool:
    """Whether a file was written here and not changed since."""
    title, told, body = [*text.split("\n", 2), "", ""][:3]
    return title.startswith(TITLE) and told.split(": ")[-1] == hashlib.sha256(body.encode()).hexdigest()


def code_of(notebook: Mapping[str, Any], name: str) -> dict[tuple[str, str], tuple[str, str]]:
    """``{(class, function): (question, normalised code)}`` of a notebook's solution cells; no class for a function."""
    return {
        key: (solution.question, ast.dump(node))
        for solution in _parts(notebook, name).solutions
        for key, node in solution.defined.items()
    }


def defined_in(source: str) -> dict[tuple[str, str], ast.FunctionDef]:
    """The functions of a cell, by the class of ``@method_of(X)`` (else empty) and name; none where it is no Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return {}
    functions = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            owners = [_owner(decorator) for decorator in node.decorator_list]
            functions[next(filter(None, owners), ""), node.name] = node
    return functions


def _owner(decorator: ast.expr) -> str:
    """The X of ``@method_of(X)``; empty for other decorators."""
    if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "method_of" and decorator.args:
        return getattr(decorator.args[0], "id", "?")
    return ""


def _parts(notebook: Mapping[str, Any], name: str) -> _Parts:
    parts = _Parts()
    for cell in notebook["cells"]:
        marking, text = marking_of(cell), text_of(cell)
        if cell.get("cell_type") != "code" or marking.get("grade") or marking.get("task"):
            continue
        if marking.get("solution"):
            parts.solutions.append(_read(str(marking.get("grade_id", "")).removesuffix(SOLUTION), text, name))
        else:
            _sort_in(parts, text, given=bool(marking.get("locked")))
    return parts


def _sort_in(parts: _Parts, text: str, given: bool) -> None:
    """Imports of every cell, definitions of the given ones."""
    try:
        tree = ast.parse("\n".join("" if line.lstrip()[:1] in ("%", "!") else line for line in text.split("\n")))
    except SyntaxError:
        return  # a cell of the student's own, perhaps not Python at all
    for node in tree.body:
        lines = segment(text, node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            if not module.startswith(NOT_NEEDED) and lines not in parts.imports:
                parts.imports.append(lines)
        elif given and isinstance(node, ast.ClassDef) and node.name in CLASS_NAMES.values():
            parts.classes[node.name] = lines
        elif given and isinstance(node, ast.FunctionDef | ast.ClassDef):
            parts.helpers[node.name] = lines
        elif given and isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts.helpers.update({target.id: lines for target in targets if isinstance(target, ast.Name)})


def _read(question: str, text: str, name: str) -> _Solution:
    text = "\n".join(line.rstrip() for line in text.split("\n") if not DELIMITERS.match(line)).strip("\n")
    try:
        tree = ast.parse(text)
        compile(tree, name, "exec")
    except SyntaxError as error:
        raise NotebookError(f"{name}, question {question}, line {error.lineno}: {error.msg}; mend it, save") from None
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc]
    names = {getattr(getattr(exc, "func", exc), "id", "") for exc in raised}
    return _Solution(question, text, defined_in(text), "NotImplementedError" not in names)


def _missing(cls: str, parts: _Parts) -> str:
    """The first question of a class that is not solved; empty where all are."""
    own = [solution for solution in parts.solutions if cls in solution.owners]
    done = any((cls, "step") in solution.defined for solution in own)
    unsolved = (solution.question for solution in own if not solution.solved)
    return next(unsolved, "" if done else f"{cls.lower()}_step")


def _names(sources: Iterable[str]) -> set[str]:
    """The names that pieces of code read from outside of their functions."""
    steps = (step for source in sources for step in _instructions(compile(source, "a cell", "exec")))
    return {step.argval for step in steps if step.opname in LOADS}


def segment(text: str, node: ast.stmt) -> str:
    """The lines of a statement of a text, decorators included."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    return "\n".join(line.rstrip() for line in text.split("\n")[first - 1 : node.end_lineno])


def _check_names(text: str, name: str) -> None:
    """Refuses a file whose code uses a name that nothing in it defines: it would break in the middle of a run."""
    steps = [*_instructions(compile(text, name, "exec"))]
    known = {*vars(builtins), "__file__", *(i.argval for i in steps if i.opname in ("STORE_NAME", "STORE_GLOBAL"))}
    for load in (i for i in steps if i.opname in LOADS and i.argval not in known):
        if "import *" not in text:
            line = load.positions.lineno if load.positions else None
            raise NotebookError(
                f"{name}, question {question_at(text, line or 1)}: it uses {load.argval!r}, which no "
                "solution cell defines; define it in the same cell, save, and run this again"
            )


def _instructions(code: types.CodeType) -> Iterator[dis.Instruction]:
    """Those of a piece of code, and of all that is defined in it."""
    yield from dis.get_instructions(code)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _instructions(constant)
