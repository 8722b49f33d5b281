"""An exception of the student's code: where it was raised, and what is known for sure about it."""

from __future__ import annotations

import difflib
import linecache
import math
import re
import types

from rnnkit.checks.outcome import Reported, name_of
from rnnkit.checks.question import Question
from rnnkit.common.places import PACKAGE
from rnnkit.common.shapes import SHAPES

_LIBRARY = re.compile(r"site-packages|<frozen|lib/python3")
_OTHERS = re.compile(r"\bsuper\(|\bCell\.\w")  # the given class asked on purpose
_GIVEN_STUB = re.compile(r"^(\w+)\.(\w+)(: write the recurrence| is yours to write)")  # of the kit's own cells


def where(error: BaseException) -> tuple[str, str]:
    """The last function of the student's own in the traceback, and its line: ``("step", "line 3: h_t = ...")``.

    Where another function of the student's called it, that line comes after it in brackets.
    """
    if isinstance(error, Reported):
        return error.where
    trace: types.TracebackType | None = error.__traceback__
    places: list[tuple[str, str]] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(str(PACKAGE)) and not _LIBRARY.search(code.co_filename):
            text = linecache.getline(code.co_filename, trace.tb_lineno).strip()
            places.append((code.co_name, f"line {trace.tb_lineno}{': ' + text if text else ''}"))
        trace = trace.tb_next
    if not places:
        return "", ""
    function, line = places[-1]
    caller, called = places[-2] if len(places) > 1 else (function, "")
    return function, line if caller == function else f"{line} (called in {caller}, {called})"


def unwritten_question(question: Question, error: BaseException | None) -> Question | None:
    """The question whose stub raised this; None where something else did, such as torch."""
    if error is None or not (isinstance(error, NotImplementedError) or name_of(error) == "NotImplementedError"):
        return None
    function, line = where(error)
    methods = {(one.target, one.method): one for one in question.assignment.code}
    if given := _GIVEN_STUB.match(str(error)):
        return None if _OTHERS.search(line) else methods.get((question.target, given[2]), question)
    _, _, source = line.partition(": ")
    if "NotImplementedError" not in source and (source or str(error)):
        return None
    return methods.get((question.target, function)) or methods.get((function, None)) or question


def of_error(error: BaseException, question: Question | None = None, sizes: dict[str, int] | None = None) -> str:
    """An exception in one or two sentences."""
    function, line = where(error)
    text = " ".join(str(error).split())[:240]
    sizes = sizes or {}
    if question is not None and not question.method:
        sizes = {one: size for one, size in sizes.items() if one in "TBH" and question.in_time}
    place = f"In {function}, {line}" if line else "Calling it"
    hint = _hint(name_of(error), text, line.partition(": ")[2], question, sizes)
    return f"{place} raised {name_of(error)}{': ' + text if text else ''}. {hint}".rstrip()


_ALWAYS = {  # holds wherever torch or Python says this
    "modified by an inplace operation": "The backward pass still needs a value that was overwritten (h[t] = ..., +=, "
    ".mul_ and the like): make new tensors, and collect states in a list.",
    "does not require grad": "What is differentiated here has no graph behind it.",
    "not have been used in the graph": "The loss was not computed from what you differentiate with respect to. A "
    "tensor that is made from the states afterwards (a stack, a copy, a slice) is not what the loss came from.",
    "backward through the graph a second time": "The first use frees the graph; retain_graph=True keeps it.",
    "Can't call numpy() on Tensor that requires grad": ".detach() comes before .numpy(); a result that needs a "
    "gradient must stay a tensor.",
    "maximum recursion depth": "Some function here calls itself without end.",
    "must match the size": "The shapes of two tensors in this line do not go together: print them.",
    "(position 1) must be tuple of Tensors, not Tensor": "A list of tensors belongs there, and one tensor stands "
    "there: it is joined already, or it is one entry ([0]) of what comes back.",
    "inhomogeneous shape": "Things of different shapes are made one array there: is it a tuple, such as eig's values "
    "and vectors? Take the part that is meant.",
    "stack expects each tensor to be equal size": "torch.stack needs tensors of one shape.",
    "stack expects a non-empty": "The list is empty there: the loop has not run.",
    "grad can be implicitly created only for scalar": "Only a single number can be differentiated like this.",
}


def _hint(kind: str, text: str, source: str, question: Question | None, sizes: dict[str, int]) -> str:
    """What is so, wherever an exception of this kind has this text, is raised in this line and in this question."""
    advice_always = next((advice for mark, advice in _ALWAYS.items() if mark in text), "")
    cell = question if question is not None and question.method else None
    if shapes := re.search(r"cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)", text):
        if cell is None:
            return "For a matrix product the second size of one and the first size of the other must be equal."
        named = [letter(int(size), sizes) for size in shapes.groups()]
        product = f"({named[0]}, {named[1]}) @ ({named[2]}, {named[3]})"
        beside = " T·H: all steps lie side by side." if "T·H" in named else ""
        return f"That is {product}: the two in the middle must be the same.{beside}"
    if kind == "NameError" and (name := re.search(r"name '(\w+)' is not defined", text)):
        if cell and name[1] in SHAPES.get(cell.target, ()):
            return f"The weights belong to the cell: self.{name[1]}."
        return "Nothing of this name is known there."
    if kind == "AttributeError" and (found_in := re.search(r"'(\w+)' object has no attribute '(\w+)'", text)):
        return _no_attribute(found_in[1], found_in[2], source, cell)
    if "NoneType" in text:
        return "Something in this line is None."
    if question is not None and question.name == "GRU.forward" and "tuple" in text and kind == "TypeError":
        both = "self.step gives back two things, h_t, gates = self.step(x_t, h_t)."
        return f"A tuple stands where a tensor should: {both}"
    return advice_always + _sizes_in(text, sizes)


_PRODUCTS = ("TB", "TH", "BH", "TBH", "TO", "BO", "TBO", "TI", "BI", "TBI")


def letter(size: int, sizes: dict[str, int]) -> str:
    """``T·H`` for 20: what a size is made of, where that can be one thing only; else the number."""
    alone = [one for one, other in sizes.items() if other == size]
    if alone or size < 2:
        return alone[0] if len(alone) == 1 else str(size)
    known = [letters for letters in _PRODUCTS if set(letters) <= set(sizes)]
    made = ["·".join(letters) for letters in known if math.prod(sizes[one] for one in letters) == size]
    sums = [pair for pair in ("IH", "HH") if set(pair) <= set(sizes)]
    made += [" + ".join(pair) for pair in sums if sum(sizes[one] for one in pair) == size]
    return made[0] if len(made) == 1 else str(size)


def _sizes_in(text: str, sizes: dict[str, int]) -> str:
    """What the sizes in one of torch's messages are."""
    if apart := re.search(r"tensor a \((\d+)\) must match the size of tensor b \((\d+)\)", text):
        one, other = (letter(int(size), sizes) for size in apart.groups())
        return f" Here {one} stands against {other}." if not (one.isdigit() and other.isdigit()) else ""
    if apart := re.search(r"equal size, but got \[([\d, ]+)\] at entry \d+ and \[([\d, ]+)\]", text):
        one, other = (", ".join(letter(int(size), sizes) for size in shape.split(",")) for shape in apart.groups())
        return f" Those are ({one}) and ({other})." if re.search("[A-Z]", one + other) else ""
    return ""


def _no_attribute(owner: str, name: str, source: str, question: Question | None) -> str:
    if owner == "NoneType":
        if re.search(r"\.grad\b(?!\()", source.replace("autograd.grad", "")):
            return "A .grad is None there: a state keeps its own only after h.retain_grad()."
        return "Something in this line is None."
    if question is not None and owner == question.target:
        methods = [one.method for one in question.assignment.code if one.target == owner and one.method]
        names = [*SHAPES.get(owner, ()), *methods]
        near = difflib.get_close_matches(name, names, 1, 0.6)
        return f"Your cell has no {name}{f'; is self.{near[0]} meant?' if near else '.'}"
    return ""
