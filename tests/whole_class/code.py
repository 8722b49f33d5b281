"""Right answers that differ as honest ones do: another way of the bank, other names, other steps, other comments."""

from __future__ import annotations

import ast
import builtins
import random
import re
from functools import cache
from typing import Any

from bank.answers import VARIANTS

from rnnkit.checks.solutions import ROOT, solution
from rnnkit.notebook.cells import read_notebook, text_of

WORDS = {
    "h_t": "h new_h h_now nxt state_t cur", "hs": "states all_h history collected h_list seq", "h": "s prev state h_k",
    "hidden": "H states_all stacked h_all every_h", "output": "out y scores logits read", "z_t": "z update z_gate u",
    "r_t": "r reset r_gate rr", "h_new": "cand h_tilde candidate_h c_t proposal", "norm": "n total size length_all",
    "factor": "scale f shrink ratio", "new": "clipped result scaled outs", "flow": "g_t grads_h back dL",
    "g": "gt each one",
    "distance": "dist d margin gap", "eigenvalues": "lam ev spectrum eigs", "squares": "sq ss sum_sq", "x_t": "x_k inp",
}  # fmt: skip
# Right answers that do not go with all others: the trainer does not take them, or slowly; what calls them hands over
# tensors with a gradient.
LEFT_OUT = (
    "W as numpy", "list of two", "sequence by sequence", "unit by unit", "numpy saturation", "numpy's minimum",
)  # fmt: skip
OTHERS = (
    "a", "b", "c", "u", "w", "tmp", "val", "acc", "part", "mid", "left", "right", "top", "first", "second", "res", "q",
    "m",
)  # fmt: skip
REMARKS = (
    "shape {0}", "as in the handout", "rows are sequences", "{0} here", "careful with the axis", "checked by hand",
    "same as the equation", "no bias twice", "see section 2", "one per step", "TODO tidy up", "this took me a while",
)  # fmt: skip
SHAPES = ("(B, H)", "(T, B, H)", "(B, I)", "(T,)", "(H, H)", "(B, O)")


@cache
def given_text(id: str) -> str:
    """The solution cell of a question, which may be one without a check of its own."""
    try:
        return solution(id)
    except KeyError:
        pass
    for path in sorted((ROOT / "notebooks" / "training_dynamics").glob("*.ipynb")):
        for cell in read_notebook(path)["cells"]:
            if cell.get("id") == f"{id}_solution":
                return text_of(cell)
    raise ValueError(f"expected a question with a solution cell, got {id!r}")


def answer(id: str, rng: random.Random) -> str:
    """A right answer to a question, in a hand of its own."""
    whole = given_text(id)
    bodies = [body for name, (other, body) in VARIANTS.items() if other == id and name not in LEFT_OUT]
    if bodies and rng.random() < len(bodies) / (len(bodies) + 1):
        whole = f"{whole.split('    ### BEGIN')[0]}    {rng.choice(bodies)}\n"
    return styled(whole, rng)


def styled(text: str, rng: random.Random, share: float = 0.7) -> str:
    """The same program with other local names, results with names, and comments; what it computes stays.

    Arguments:
        share: of the names that are changed.
    """
    plain = "\n".join(line for line in text.split("\n") if " SOLUTION" not in line)
    tree = ast.parse(plain)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            _rename(node, rng, share)
            if rng.random() < 0.4:
                _name_result(node, rng)
    return _commented(ast.unparse(tree), rng)


def renamed(text: str, names: int, rng: random.Random) -> str:
    """The same program with so many local names changed, as somebody does who has copied it."""
    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            _rename(node, rng, most=names)
    return ast.unparse(tree)


def _local(function: ast.FunctionDef) -> list[str]:
    """What is bound inside of a function and not handed to it."""
    bound = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    inner = [
        node for node in ast.walk(function) if isinstance(node, ast.FunctionDef | ast.Lambda) and node is not function
    ]
    bound |= {argument.arg for node in inner for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
    keywords = {node.arg for node in ast.walk(function) if isinstance(node, ast.keyword)}
    return sorted(bound - keywords - {argument.arg for argument in function.args.args})


def _rename(function: ast.FunctionDef, rng: random.Random, share: float = 1.0, most: int = 99) -> None:
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} | set(dir(builtins))
    used |= {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    used |= {name for node in ast.walk(function) if isinstance(node, ast.alias) for name in [node.asname or node.name]}
    names, taken = {}, set(used) | {"torch", "np", "PHI", "method_of"}
    local = _local(function)
    for name in rng.sample(local, min(most, len(local))):
        if rng.random() >= share:
            continue
        free = [word for word in WORDS.get(name, "").split() or OTHERS if word not in taken]
        if free:
            names[name] = rng.choice(free)
            taken.add(names[name])
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = names.get(node.arg, node.arg)


def _name_result(function: ast.FunctionDef, rng: random.Random) -> None:
    """Gives what comes back a name first."""
    last: Any = function.body[-1]
    if isinstance(last, ast.Return) and last.value is not None and not isinstance(last.value, ast.Name):
        name = rng.choice(["result", "answer", "ret", "final", "found"])
        assigned = ast.Assign([ast.Name(name, ast.Store())], last.value)
        function.body[-1:] = [assigned, ast.Return(ast.Name(name, ast.Load()))]
        ast.fix_missing_locations(function)


def _commented(text: str, rng: random.Random) -> str:
    """With remarks behind some lines; none behind one that a string or a bracket may go on from."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if rng.random() < 0.2 and re.fullmatch(r"\s+[a-z_]+ = [^\"'\\]*", line):
            lines[number] = f"{line}  # {rng.choice(REMARKS).format(rng.choice(SHAPES))}"
    return "\n".join(lines)
