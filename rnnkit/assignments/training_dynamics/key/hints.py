"""Numbers that an answer quotes, beside the figures of the student's own runs: help for a person, never a score."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnkit.common.names import BadValue
from rnnkit.diagnostics import Summary, log10_grad, summarize
from rnnkit.grading.evidence.evidence import SubmittedRun, record_of
from rnnkit.record.facts import facts_of

if TYPE_CHECKING:  # trainings read this folder, too, and do without Jupyter
    from nbformat import NotebookNode

MOST_NUMBERS = 12  # of one answer
MOST_NAMES = 2  # of one number
Figures = Mapping[str, float]  # by names that begin with what they are of: ``log10 g_t: median``
MOST_TEXT = 20_000  # characters of an answer that are looked at
CLOSE = 0.1  # relative: what is further off is another figure
END_OF_SCHEME = "=== END MARK SCHEME ==="
# What the figures of a question show, by the first words of the facts' names.
SHOWN = {
    "grad_time": ("log10 g_t",),
    "sat_time": ("distance to saturation", "saturated units"),
    "rho": ("rho", "correlation"),
    "gates": ("update gate", "reset gate", "log10 g_t"),
    "clip": ("gradient norm", "clipped updates", "log10 g_t: median", "distance to saturation: mean"),
    "sigmoid": ("log10 g_t", "distance to saturation", "validation loss", "rho"),
    "torder": ("validation", "updates", "rho", "log10 g_t: median"),
}
# No settings of a run, but numbers that answers use all the same.
KNOWN = {
    "the histogram's floor": -12.0,
    "the limit of vanishing": -8.0,
    "what is added to g_t before its logarithm": 1e-12,
    "ln 4": 1.386,
}
SPREAD = {
    "p50": "median", "mean": "mean", "p05": "5th percentile", "p95": "95th percentile", "low": "smallest",
    "high": "largest",
}  # fmt: skip
CUTOFF, THRESHOLD = "the cutoff", "the threshold of saturation"
AT_THE_END = "At the end: over the last fiftieth of the updates."

_NUMBER = re.compile(
    r"(?<![\w.^_\\])(?<!\^[-−–])(?<!\^\{)(?<!\^\{[-−–])(?P<sign>[-−–]?)(?P<digits>\d{1,3}(?:[,\u202f\u00a0]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:(?:e|E|\s?(?:·|×|x|\*|\\cdot|\\times)\s?10\^)\{?(?P<power>[-−+]?\d{1,3})\}?)?(?P<percent>\s?\\?%)?(?![\w^])"
)


@dataclasses.dataclass(frozen=True)
class Number:
    """A number as it stands in an answer: text, value, half a unit of its last digit, digits but outer zeros."""

    text: str
    value: float
    half: float
    percent: bool
    figures: int


def numbers_in(text: str) -> list[Number]:
    """The numbers that say something: no small counts without a decimal point, none in names like A1 or h_2."""
    numbers: dict[str, Number] = {}
    for match in _NUMBER.finditer(text[:MOST_TEXT]):
        digits = re.sub("[,\u202f\u00a0]", "", match["digits"])
        power = int((match["power"] or "0").replace("−", "-"))
        before = text[: match.start()].rstrip()
        minus = bool(match["sign"]) and not (match["sign"] == "–" and before[-1:].isdigit())
        try:
            value, half = (-1 if minus else 1) * float(digits) * 10.0**power, 0.5 * 10.0**power
        except OverflowError:
            continue
        half *= 10.0 ** -len(digits.partition(".")[2])
        plain = "." not in digits and match["power"] is None and not match["percent"]
        if plain and abs(value) < 10 and not minus:
            continue
        shown = " ".join(match[0].split()).replace("-", "−").replace("–", "−").replace("\\", "")
        figures = len(digits.replace(".", "").strip("0"))
        numbers.setdefault(shown, Number(shown, value, half, bool(match["percent"]), figures))
    return list(numbers.values())[:MOST_NUMBERS]


def hints(answer: str, mine: Sequence[Figures], others: Sequence[Figures] = ()) -> str:
    """What the numbers in an answer are, in one line; empty where it has none.

    A number is what it is a rounding of, in the order given; else it may be a little off, but of ``mine`` only. First
    of these are the run's own: of them alone may a number of one digit be a rounding, or one without % a percentage.
    """
    parts, strangers = [], []
    for number in numbers_in(answer):
        limit = _rounded(number, [{}, KNOWN]) if number.figures < 2 else ""  # −8 before what is −8.376
        name = limit or _rounded(number, mine) or _near(number, mine) or _rounded(number, others)
        if name:
            parts.append(f"{number.text} is {name}")
        else:
            strangers.append(number.text)
    if strangers:
        verb = "is" if len(strangers) == 1 else "are"
        parts.append(f"{', '.join(strangers)} {verb} none of these runs' figures")
    return "; ".join(parts)


def _rounded(number: Number, sources: Sequence[Figures]) -> str:
    """The first figures that a number is a rounding of; empty where it is of none."""
    for place, figures in enumerate(sources):
        half = number.half if place == 0 or number.figures > 1 else 0.0
        names = [
            _words(name)
            for name, value in _comparable(number, figures, own=place == 0)
            if abs(number.value - value) <= half * (1 + 1e-9) + 1e-9 * abs(value)
        ]
        if names:
            return " or ".join(names[:MOST_NAMES])
    return ""


def _near(number: Number, sources: Sequence[Figures]) -> str:
    """The nearest of the first figures that are close to a number, or are it but for the sign; empty where none is."""
    for place, figures in enumerate(sources if number.figures > 1 else sources[:1]):
        near: list[tuple[bool, float, str]] = []
        for name, value in _comparable(number, figures, own=place == 0):
            bare = number.value > 0 > value and number.half < 0.5  # the sign was forgotten, or stands in words
            off = abs(number.value - (-value if bare else value))
            if off <= min(3 * number.half, CLOSE * abs(value)) * (1 + 1e-9):
                near.append((bare, off, f"{_words(name)} ({_shown(value)})"))
        if near:
            return min(near)[2]
    return ""


def _comparable(number: Number, figures: Figures, *, own: bool) -> Iterator[tuple[str, float]]:
    """The figures that a number can be at all; nothing but 0 is a rounding of 0."""
    for name, value in figures.items():
        alike = number.percent == name.endswith("%") or (own and not number.percent)
        if alike and math.isfinite(value) and (value == 0) == (number.value == 0):
            yield name, value


def _parts(name: str) -> tuple[str, str]:
    what, _, which = name.removesuffix(" %").partition(": ")
    return what, which


def _words(name: str) -> str:
    """``log10 g_t: median`` as one says it."""
    what, which = _parts(name)
    return f"the {which} of {what}" if which else what


def facts(run: SubmittedRun) -> dict[str, float]:
    """A run's figures; none where its record cannot be read."""
    try:
        record = record_of(run)
        told = facts_of(record)
    except (BadValue, KeyError, IndexError, TypeError, ValueError):
        return {}
    figures = _spread("log10 g_t", told.log10_grad) | _spread("distance to saturation", told.sat)
    gradient = log10_grad(record["grad_time"][-1])
    if gradient.size:
        figures["log10 g_t: share of steps below −8 %"] = 100 * float(np.mean(gradient < -8))
    figures["saturated units %"] = told.units_saturated
    for gate, name in (("z", "update gate"), ("r", "reset gate")):
        if f"gate_{gate}_sat_time" in record:
            figures |= _spread(name, summarize(record[f"gate_{gate}_sat_time"][-1]))
        if f"gate_{gate}_mean_time" in record:
            figures[f"{name}: mean value"] = summarize(record[f"gate_{gate}_mean_time"][-1]).mean
    figures |= {"rho: start value": told.rho_start, "rho: end value": told.rho_end} | dict(_over_checks(record))
    figures |= {"validation loss: last value": told.valid_nll, "validation loss: best value": told.best_nll}
    figures |= {"validation error: last value %": told.valid_error, "validation error: best value %": told.best_error}
    norms = {name: float(value) for name, value in run.content["norms"].items()}
    names = {"median": "median", "largest": "largest", "end": "median at the end"}
    figures["updates"] = told.updates
    figures |= {f"gradient norm: {name}": norms[key] for key, name in names.items() if key in norms}
    if "changed" in norms:
        figures["clipped updates %"] = 100 * norms["changed"]
    return {name: float(value) for name, value in figures.items() if math.isfinite(value)}


def _spread(what: str, summary: Summary) -> dict[str, float]:
    return {f"{what}: {name}": getattr(summary, key) for key, name in SPREAD.items()}


def _over_checks(record: dict[str, np.ndarray]) -> Iterator[tuple[str, float]]:
    """What the curves over training show: the start of saturation, the extremes of rho, and correlations."""
    filled = record["check_updates"] >= 0
    rho = record["rho_Whh"][filled]
    if np.isfinite(rho).any():
        yield "rho: largest", float(np.nanmax(rho))
        yield "rho: smallest", float(np.nanmin(rho))
    if "mean_sat" not in record or "mean_log10_grad" not in record:
        return
    saturation, gradient = record["mean_sat"][filled], record["mean_log10_grad"][filled]
    yield "distance to saturation: mean before training", float(saturation[0])
    yield "log10 g_t: mean before training", float(gradient[0])
    for name, curve in {"rho": rho, "distance to saturation": saturation}.items():
        both = np.isfinite(curve[1:]) & np.isfinite(gradient[1:])
        x, y = curve[1:][both], gradient[1:][both]
        if len(x) > 2 and np.ptp(x) > 0 and np.ptp(y) > 0:
            yield f"correlation of mean log10 g_t with {name}", float(np.corrcoef(x, y)[0, 1])


def settings(run: SubmittedRun) -> dict[str, float]:
    """Numbers of a run's command that answers quote."""
    regime = run.regime
    if regime is None:
        return {}
    return ({CUTOFF: regime.cutoff} if regime.clipstyle == "rescale" else {}) | {
        "the learning rate": regime.lr,
        "the seed": regime.seed,
        "hidden units": regime.nhid,
        "the longest length": regime.max_length,
        "the updates": regime.maxiters,
        "the shortest length": regime.min_length,
        "the batch": regime.bs,
        "updates between checks": regime.checkFreq,
        THRESHOLD: regime.satThresh,
    }


Known = dict[str, tuple[SubmittedRun, dict[str, float]]]  # runs and their figures by key, in small letters


def with_hints(notebook: NotebookNode, runs: list[SubmittedRun]) -> None:
    """Adds to the mark scheme of each question (``{run}_{question}_task``) what the numbers in its answer are."""
    known = {run.key.lower(): (run, facts(run)) for run in runs if run.file}
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id", ""): cell for cell in notebook.cells}
    for name, cell in cells.items():
        task = cells.get(f"{name}_task")
        if task is not None and END_OF_SCHEME in task.source:
            key, _, question = name.partition("_")
            text = _hint(cell.source, key, question, known)
            task.source = task.source.replace(END_OF_SCHEME, f"\n{text}\n\n{END_OF_SCHEME}", 1)


def _hint(answer: str, key: str, question: str, known: Known) -> str:
    """The lines for one answer: this run's figures, and what the quoted numbers are."""
    if key == "extra":
        extra = (name for name, (run, _) in known.items() if run.regime is not None and run.regime.task == "torder")
        key = next(extra, key)
    if key not in known or not known[key][1]:
        return "**From the record:** none of this run can be read."
    run, figures = known[key]
    quoted = hints(answer, *_sources(answer, key, question, known)) or "none"
    shown = f"{_listed(figures, question)}.{f' {AT_THE_END}' if question == 'clip' else ''}"
    return f"**From the record** ({run.profile or 'custom'}): {shown}\n\n**Quoted numbers:** {quoted}."


def _sources(answer: str, key: str, question: str, known: Known) -> tuple[list[Figures], list[Figures]]:
    """What the numbers of an answer may be: figures that the question is about, and all others."""
    run, figures = known[key]
    (mine, rest), given = _parted(figures, question), settings(run)
    late = {THRESHOLD: given.pop(THRESHOLD)} if THRESHOLD in given and question != "sat_time" else {}
    same, further = [], []
    for name in sorted(set(known) - {key}, key=lambda name: _nearness(name, key, answer)):
        other, figures = known[name]
        shown, hidden = _parted(figures, question)
        if question == "clip" and CUTOFF in (theirs := settings(other)):
            shown["cutoff"] = theirs[CUTOFF]
        for figures, several in ((shown, same), (hidden, further)):
            several.append({f"{other.key}'s {name}": value for name, value in figures.items()})
    return [mine, given | KNOWN, *same], [rest, late, *further]


def _nearness(other: str, key: str, answer: str) -> tuple[bool, bool, str]:
    """Orders runs by how likely an answer speaks of them: those that it names, those of the same task, the others."""
    return re.search(rf"\b{re.escape(other)}\b", answer, re.IGNORECASE) is None, other[:1] != key[:1], other


def _listed(figures: Figures, question: str) -> str:
    """The figures that a question is about, by what they are of."""
    groups: dict[str, list[str]] = {}
    for name, value in _parted(figures, question)[0].items():
        what, which = _parts(name)
        unit = " %" if name.endswith("%") else ""
        groups.setdefault(what, []).append(f"{which} {_shown(value)}{unit}".strip())
    return "; ".join(f"{what}: {', '.join(values)}" for what, values in groups.items()) or "no figures"


def _parted(figures: Figures, question: str) -> tuple[dict[str, float], dict[str, float]]:
    """Those figures that a question is about, and the others."""
    mine = {name: value for name, value in figures.items() if name.startswith(SHOWN.get(question, ()))}
    return mine, {name: value for name, value in figures.items() if name not in mine}


def _shown(value: float) -> str:
    return f"{value:{'.4g' if abs(value) < 1e4 else '.0f'}}".replace("-", "−")
