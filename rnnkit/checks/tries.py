"""One small experiment for each sort of failure: what a student can try before being told what is wrong.

An experiment is chosen by what is known of the failure, and says less than is known: it shows where to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnkit.checks.question import Question

STEP, FORWARD, MATRIX, FUNCTION = "step", "forward", "matrix", "function"  # forms of a question
CELL = (
    "A cell to try with: `cell = {target}(2, 3, 1)`, then `for p in cell.parameters(): "
    "torch.nn.init.normal_(p)`{weights}."
)
WEIGHTS = "; its weights are set with `cell.W_hh.data.zero_()` and the like"


@dataclass(frozen=True)
class Try:
    """An experiment.

    Fields:
        kind: the sort of failure, in a word or two.
        marks: a regular expression; one of the sentences about the failure must hold it.
        text: what to do and what to look at; ``{call}`` is the call that is asked.
        forms: the forms of question it is for.
    """

    kind: str
    marks: str
    text: str
    forms: tuple[str, ...] = (STEP, FORWARD, MATRIX, FUNCTION)


SPECIAL = (  # what the details of a failure tell, too; in their order: the first that fits is shown
    Try("random", r"something random",
        "Call `{call}` twice with the same arguments and subtract: what must come?"),
    Try("kept", r"kept from call to call",
        "Make two new cells, or restart, and call `{call}` with A, then B; then with B alone. Must the answers to B "
        "be equal?"),
    Try("in place", r"in place|came in .*changed|overwrit",
        "Keep a copy of the arguments (`.clone()`), call `{call}`, and compare: what came in must be as it was."),
    Try("nothing", r"got None|is None|NoneType",
        "Print the result and its `type(...)` before it is returned: does every way through your code end with a "
        "`return`?"),
    Try("form", r"wrong order|order is swapped|got (tuple|list|dict|float|int)|tuple of|"
        r"is one number|are one number|is a list|only the output comes",
        "Print `type(...)` of what comes back, and of each part of it, and lay it beside what is asked for in the "
        "text above."),
    Try("divided by 0", r" raised ZeroDivisionError",
        "Which number is divided by in the line that raised? Print it just before, then say without a computer what "
        "must come for the arguments with which it is 0."),
    Try("name", r" raised (NameError|UnboundLocalError)",
        "Look for the name in your code: in which line does it get its value, is it spelt there as in the line that "
        "raised, and does every way through your code pass it?"),
    Try("index", r" raised (IndexError|KeyError)",
        "In the line before the one that raised print what is indexed, its length or keys, and the index: does it hold "
        "that one? Then take the shortest argument that is allowed."),
    Try("type", r" raised (TypeError|AttributeError)",
        "In the line before the one that raised print `type(...)` of everything in it: which is of another kind than "
        "you think?"),
    Try("sizes", r" raised \w+: .*(size|shape|dimension|multiplied|stack expects|broadcast)",
        "Print the shape of every tensor in the line before the one that raised.{letters}"),
    Try("exception", r" raised \w+",
        "Print everything in the line that raised just before it, with the arguments of the case that failed: which of "
        "it is not what you think?"),
    Try("NaN", r"expected finite numbers|\bNaN\b",
        "Print what goes into each mean, division, root and logarithm there: which is empty, 0 or below 0, and with "
        "which arguments?"),
    Try("shape", r"expected shape|swapped: (it must|time)|the shape is not|is the transpose of|are right, their shape",
        "Make all sizes different{sizes} and print the shape of each intermediate result: "
        "where does a letter go lost or change its place?"),
    Try("one alone", r"(?s)right with the first inputs.*(T = B = 1|B = 1|T is not|B is not)",
        "Feed one sequence instead of a batch (B = 1), then one step (T = 1): each must be the same numbers as its "
        "part of a larger batch."),
    Try("other settings", r"right with the first inputs|you always use",
        "Change one setting at a time (sizes, phi, head, a batch of one) and call `{call}` again: with which does it "
        "go on being what you compute by hand?"),
    Try("precision", r"float32|float16|rounded|\beps\b",
        "Do it in float64 (`.double()`) and in float32, with numbers of size 1 and of size 1e-25, and compare: how "
        "many digits are the same?"),
)  # fmt: skip
AXES = Try("axes", r"over the|over batch|averag|mean|sum|norm|\(T,|time|median|smallest|share",
    "Use an argument that differs along one axis only (time, then batch, then units): along which axes may the "
    "result still differ?", (FUNCTION,))  # fmt: skip
TRIES = (
    Try("gates as returned", r"traces|returned as|z and r are swapped|what comes back under|h_t is right|"
        r"gates are (in|mis)",
        "Compare what comes back in the dict with `cell.update_gate(x_t, h_prev)` and `cell.reset_gate(x_t, "
        "h_prev)`, gate by gate.", (STEP, FORWARD)),
    Try("graph", r"detach|no gradient|gradient flows|cut off|gradients|\.grad\b|truncated|autograd",
        "Sum the result, call `.backward()` and print `p.grad` of every parameter and of the first input: which are "
        "None or 0, and which way should have led there?", (STEP, FORWARD, MATRIX)),
    Try("softmax head", r"softmax\b",
        "Add 10 to all entries of `cell.b_o`: by how much must every output move, and does it?", (FORWARD,)),
    Try("output head", r"output at every step|only the last output|whatever the head|lastSoftmax|lastLinear",
        'Make three cells of equal weights with `head="softmax"`, `"lastSoftmax"` and `"lastLinear"`, and compare '
        "the outputs' shapes and last entries.", (FORWARD,)),
    Try("first state", r"h_0|hidden\[0\]|first state",
        "Set x and every bias to 0: what must all states be then? And with `W_hh` = 0, what may the first state "
        "depend on?", (FORWARD,)),
    Try("readout", r"output|readout|W_ho|b_o\b",
        "Set `W_ho` to 0: what must the output then be, at every step? Then set `b_o` to 0 instead, and compute one "
        "entry from `hidden` by hand.", (FORWARD,)),
    Try("order of time", r"late|early|backwards|from its end|last step's|wrong along time|up to t =|turned",
        "Let x be 0 everywhere but at one step t, and compare `hidden` with that of x = 0 throughout: at which steps "
        "may they differ?", (FORWARD,)),
    Try("number of steps", r"last state|only the (first|last)|only \d|too many in front|left out|is entry \d|stack",
        "Call it with T = 1, 2 and 5 and print `hidden.shape`: how many states must be there, and which is "
        "`hidden[-1]`?", (FORWARD,)),
    Try("batch", r"batch|sequence",
        "Use a batch of different sequences, then swap two of them: what must be swapped in the result, and may "
        "anything else change?", (STEP, FORWARD)),
    Try("transpose", r"transpose|column form",
        "Let one entry alone of a matrix be other than 0, W[0, 1] = 1, and x_t and h_prev all ones: which unit of "
        "the result must move, 0 or 1?", (STEP, FORWARD)),
    Try("weights", r"weights|(W_|b_)\w+( and \w+)? stands? where",
        "Set all parameters to 0, then one of them after the other to 1: which of them may move the result, and "
        "which do?", (STEP,)),
    Try("bias", r"\bbias|\bb_\w\b",
        "Set x_t and h_prev to 0: what is left of the equation? Compute it with `cell`'s biases by hand and compare.",
        (STEP,)),
    Try("nonlinearity", r"\bphi\b|tanh|sigmoid|nonlinear|the sum inside|squared?\b|root|exponential|"
        r"absolute|logarithm",
        "Multiply all weights by 100: between which two numbers must every entry lie? Then all by 0: which one must "
        "come?", (STEP,)),
    Try("reset gate", r"reset gate|r_t\b",
        "Shut the reset gate (r_t = 0; in a whole cell `b_r` = -50): what may the candidate still depend on? Change "
        "h_prev and see. Then open it (r_t = 1) and compare again.", (STEP,)),
    Try("mixture", r"mixture|1 - z|update gate|z_t\b|old state is missing|candidate (alone|is added)|whole old",
        "Set `b_z` to +50, then to -50, and call `{call}`: what must come in either case?", (STEP,)),
    Try("old state", r"h_prev|old state|W_h\w|recurrent",
        "Call it with h_prev = 0 and compare with `W_hh` (and the gates' `W_h…`) = 0: what must be the same?",
        (STEP,)),
    Try("input", r"x_t|W_x\w",
        "Set h_prev and every bias to 0, and call it with x_t, 2 x_t and 0: which of the three can you say "
        "beforehand?", (STEP,)),
    Try("steps alike", r"units?\b|hidden|state",
        "Set `W_hh` (of a GRU also `W_hz` and `W_hr`) to 0 and let x be the same at all t: what must then be the "
        "same for all t, and for which cell must it not?", (FORWARD,)),
    AXES,
    Try("the matrix", r"",
        "Give every parameter another constant (`cell.W_xh.data.fill_(1)`, `cell.W_hh.data.fill_(2)`, …) and look at "
        "the numbers and the shape that come back: which parameter are they of?", (MATRIX,)),
    Try("by steps", r"",
        "Compare step by step with `forward`: h = 0, then `h = cell.step(x[t], h)` in a loop of your own (a GRU's "
        "step gives the gates as well), and print the largest difference to `hidden[t]` for each t.", (FORWARD,)),
    Try("a term at a time", r"",
        "Call it with h_prev = 0, then with x_t = 0, then with both, and compute each by hand: which is the first "
        "that differs?", (STEP,)),
    Try("by hand", r"",
        "Take the smallest argument whose answer you know without a computer, compute it with pencil, and print "
        "every intermediate result beside it.", (FUNCTION,)),
)  # fmt: skip


def form_of(question: Question) -> str:
    """Which form a question has."""
    if not question.of_cell:
        return FUNCTION
    if question.method == "forward":
        return FORWARD
    return STEP if question.arguments else MATRIX


def try_for(question: Question, said: str, details: Iterable[str] = ()) -> tuple[str, ...]:
    """The experiment for a failure, and what it needs; there is one for every question of code.

    Arguments:
        question: that was asked.
        said: what is known of the failure; empty where nothing is.
        details: what was expected and came, and the cases that failed.
    """
    text = _with_letters(chosen(question, said, details).text, question)
    if not question.method:
        return (text.replace("{call}", question.call),)
    call = f"cell.{question.call.replace('self, ', '').replace('self', '')}"
    weights = WEIGHTS if question.of_cell else ""
    return text.replace("{call}", call), CELL.format(target=question.target, weights=weights)


def _with_letters(text: str, question: Question) -> str:
    """The text with the letters of the shapes that the question has, and no others."""
    letters = _letters(question)
    which = f" Which letters ({', '.join(letters)}) are they, and which should they be?" if len(letters) > 1 else ""
    sizes = " (T = 5, B = 4, I = 2, H = 3)" if question.of_cell else ""
    return text.replace("{letters}", which).replace("{sizes}", sizes)


def _letters(question: Question) -> list[str]:
    """The letters of a cell's shapes; of a function those of its result."""
    if question.of_cell:
        return [*"TBIHO"]
    return list(dict.fromkeys(re.findall(r"\b[A-Z]\b", " ".join(re.findall(r"\(([^()]*)\)", question.result)))))


def chosen(question: Question, said: str, details: Iterable[str] = ()) -> Try:
    """The first experiment that fits what is said, else the details, else the question."""
    form = form_of(question)
    own = question.tries()
    rows = [one for one in TRIES if form in one.forms and not (one is AXES and own)]
    passes = ((said, (*own, *SPECIAL, *rows)), *((detail, SPECIAL) for detail in details))
    found = (one for text, several in passes for one in several if one.marks and re.search(one.marks, text))
    return next(found, None) or next(one for one in (*own, *rows) if not one.marks)
