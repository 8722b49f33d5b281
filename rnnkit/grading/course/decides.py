"""What decides points: the files that scores come from, found by following imports. Nothing is imported for it.

A module counts with all that it imports, inside of functions too, and with what it starts in other processes:
``python -m MODULE``, a program in a text, or an assignment's module by name. Of a package that is only passed on the
way to a module in it, what runs on the way counts.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

from rnnkit.common.places import PACKAGE
from rnnkit.grading.sandbox.scoring import ANSWERING, KEPT

GRADER = (
    "rnnkit.grading.course.submission",  # the process that grades a submission
    "rnnkit.grading.course.own_run",  # and the one that tries a run again
    "rnnkit.grading.sandbox.runtime",  # what students' code is run with
)
# Not followed: the check that students run, in whose place another stands where answers are scored; and the verbs.
ASIDE = ("rnnkit.checks.runner.", "rnnkit.cli.")
PLUGS = "rnnkit.assignments"


def deciding(assignment: str) -> list[Path]:
    """The files of rnnkit that decide the points of an assignment; of other assignments nothing counts."""
    package, plug = PACKAGE, PACKAGE / "assignments" / assignment
    kept = {package / name for name in KEPT}  # what they import beyond themselves is left out where answers are scored
    begin = [path for name in (*GRADER, f"{PLUGS}.{assignment}") if (path := file_of(name, package))]
    begin += [*(plug / "key").glob("__init__.py"), *ANSWERING.glob("*.py")]
    reached = followed(begin, package, lambda name: _follows(name, assignment))
    own = {path for ending in ("*.py", "*.json") for path in plug.rglob(ending)}
    return sorted(path for path in reached | kept | own if path.is_file())


def _follows(name: str, assignment: str) -> bool:
    """Whether a module decides anything: it is not set aside, and none of another assignment's."""
    own = f"{PLUGS}.{assignment}."
    return not f"{name}.".startswith(ASIDE) and (not name.startswith(f"{PLUGS}.") or f"{name}.".startswith(own))


def followed(begin: list[Path], package: Path, wanted: Callable[[str], bool]) -> set[Path]:
    """Files, and all that they import of rnnkit; `wanted` says whether a module of a dotted name is followed."""
    whole: set[Path] = set()
    passed: set[Path] = set()
    waiting = [(path, True) for path in begin]
    while waiting:
        path, functions = waiting.pop()
        if path in whole or (path in passed and not functions):
            continue
        (whole if functions else passed).add(path)
        for name, lazily in imports(path.read_text(encoding="utf-8")):
            if functions or not lazily:
                waiting += [(file, full) for module, file, full in _met(name, package) if wanted(module)]
    return whole | passed


def _met(name: str, package: Path) -> Iterator[tuple[str, Path, bool]]:
    """The module of a name, or that it is taken from; and the packages on the way to it, which are not met whole."""
    full = True
    while name:
        if file := file_of(name, package):
            yield name, file, full
            full = False
        name = name.rpartition(".")[0]


def file_of(name: str, package: Path) -> Path | None:
    """The file of a module of rnnkit; None where there is none of this dotted name."""
    top, *inside = name.split(".")
    place = package.joinpath(*inside)
    files = (place / "__init__.py", place.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None) if top == "rnnkit" else None


@cache
def imports(source: str) -> list[tuple[str, bool]]:
    """The dotted names that a module imports, each with whether that waits for a call of a function.

    What is imported for annotations only is left out. ``from a import b`` gives ``a.b``, be it a module or not.
    """
    return list(_imports(ast.parse(source), False))


def _imports(node: ast.AST, lazily: bool) -> Iterator[tuple[str, bool]]:
    names: list[str] = []
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return
    if isinstance(node, ast.Import):
        names = [one.name for one in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{one.name}" for one in node.names]
    elif isinstance(node, ast.Tuple | ast.List):
        words = [str(getattr(one, "value", "")) for one in node.elts]
        names = [word for option, word in pairwise(words) if option == "-m" and word.startswith("rnnkit.")]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        names = _in_text(node.value)
    yield from ((name, lazily) for name in names)
    inside = lazily or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, inside)


def _in_text(text: str) -> list[str]:
    """What a text imports that is code and does more than import; and the module of an assignment that it names."""
    if text.startswith(f"{PLUGS}."):
        return [text]
    try:
        body = ast.parse(text).body if "import " in text else []
    except SyntaxError:
        return []
    imports_only = all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)
    return [] if imports_only else [name for name, _ in imports(text)]
