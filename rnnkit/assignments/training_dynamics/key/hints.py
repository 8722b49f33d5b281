"""Numbers that an answer quotes, beside the figures of the student's own runs: help for a person, never a score."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnkit.common.names import BadValue
from rnnkit.diagnostics import log10_grad, summarize
from rnnkit.grading.evidence.evidence import SubmittedRun, record_of
from rnnkit.record.facts import facts_of

if TYPE_CHECKING:  # trainings read this folder, too, and do without Jupyter
    from nbformat import NotebookNode

MOST_NUMBERS = 12  # of one answer
MOST_NAMES = 2  # of one number
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
    found: dict[str, Number] = {}
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
        found.setdefault(shown, Number(shown, value, half, bool(match["percent"]), figures))
    return list(found.values())[:MOST_NUMBERS]


def hints(answer_text: str, about: Sequence[Mapping[str, float]], others: Sequence[Mapping[str, float]] = ()) -> str:
    """What the numbers in an answer are, in one line; empty where it has none.

    A number is what it is a rounding of, in the order given; else it may be a little off, but of ``about`` only.

    Arguments:
        answer_text: the answer.
        about: figures by name that the question is about, the run's own first: only of these first ones may a number of
            one digit be a rounding, or one without % a percentage.
        others: further figures, the likelier ones first.
    """
    parts, strangers = [], []
    for number in numbers_in(answer_text):
        limit = _rounded(number, [{}, KNOWN]) if number.figures < 2 else ""  # −8 before what is −8.376
        name = limit or _rounded(number, about) or _near(number, about) or _rounded(number, others)
        if name:
            parts.append(f"{number.text} is {name}")
        else:
            strangers.append(number.text)
    if strangers:
        verb = "is" if len(strangers) == 1 else "are"
        parts.append(f"{', '.join(strangers)} {verb} none of these runs' figures")
    return "; ".join(parts)


def _rounded(number: Number, sources: Sequence[Mapping[str, float]]) -> str:
    """The first figures that a number is a rounding of; empty where it is of none."""
    for place, figures in enumerate(sources):
        half = number.half if place == 0 or number.figures > 1 else 0.0
        names = [
            _words(name)
            for name, value in figures.items()
            if _comparable(number, name, value, own=place == 0)
            and abs(number.value - value) <= half * (1 + 1e-9) + 1e-9 * abs(value)
        ]
        if names:
            return " or ".join(names[:MOST_NAMES])
    return ""


def _near(number: Number, sources: Sequence[Mapping[str, float]]) -> str:
    """The nearest of the first figures that are close to a number, or are it but for the sign; empty where none is."""
    for place, figures in enumerate(sources):
        near: list[tuple[bool, float, str]] = []
        for name, value in figures.items():
            bare = number.value > 0 > value and number.half < 0.5  # the sign was forgotten, or stands in words
            off = abs(number.value - (-value if bare else value))
            close = off <= min(3 * number.half, CLOSE * abs(value)) * (1 + 1e-9) and (number.figures > 1 or not place)
            if close and _comparable(number, name, value, own=place == 0):
                near.append((bare, off, f"{_words(name)} ({_shown(value)})"))
        if near:
            return min(near)[2]
    return ""


def _comparable(number: Number, name: str, value: float, *, own: bool) -> bool:
    """Whether a number can be of this kind at all; nothing but 0 is a rounding of 0."""
    if not math.isfinite(value) or (value == 0) != (number.value == 0):
        return False
    return number.percent == name.endswith("%") or (own and not number.percent)


def _words(name: str) -> str:
    """``log10 g_t: median`` as one says it."""
    what, _, which = name.removesuffix(" %").partition(": ")
    return f"the {which} of {what}" if which else what


def facts(run: SubmittedRun) -> dict[str, float]:
    """A run's figures, by names that begin with what they are of; empty where its record cannot be read."""
    try:
        record = record_of(run)
        about = facts_of(record)
    except (BadValue, KeyError, IndexError, TypeError, ValueError):
        return {}
    norms = {name: float(value) for name, value in run.content["norms"].items()}
    found = {f"log10 g_t: {name}": value for name, value in _spread(about.log10_grad)}
    found |= {f"distance to saturation: {name}": value for name, value in _spread(about.sat)}
    gradient = log10_grad(record["grad_time"][-1])
    if gradient.size:
        found["log10 g_t: share of steps below −8 %"] = 100 * float(np.mean(gradient < -8))
    found["saturated units %"] = about.units_saturated
    for gate, name in (("z", "update gate"), ("r", "reset gate")):
        if f"gate_{gate}_sat_time" in record:
            distances = summarize(record[f"gate_{gate}_sat_time"][-1])
            found |= {f"{name}: {what}": value for what, value in _spread(distances)}
        if f"gate_{gate}_mean_time" in record:
            found[f"{name}: mean value"] = summarize(record[f"gate_{gate}_mean_time"][-1]).mean
    found |= {"rho: start value": about.rho_start, "rho: end value": about.rho_end}
    found |= dict(_over_checks(record))
    found |= {"validation loss: last value": about.valid_nll, "validation loss: best value": about.best_nll}
    found |= {"validation error: last value %": about.valid_error, "validation error: best value %": about.best_error}
    found["updates"] = about.updates
    names = {"median": "median", "largest": "largest", "end": "median at the end"}
    found |= {f"gradient norm: {name}": norms[key] for key, name in names.items() if key in norms}
    if "changed" in norms:
        found["clipped updates %"] = 100 * norms["changed"]
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}


def _spread(summary: object) -> Iterator[tuple[str, float]]:
    names = {"p50": "median", "mean": "mean", "p05": "5th percentile", "p95": "95th percentile", "low": "smallest"}
    for key, name in (names | {"high": "largest"}).items():
        yield name, getattr(summary, key)


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
    found = {CUTOFF: regime.cutoff} if regime.clipstyle == "rescale" else {}
    return found | {
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


def with_hints(notebook: NotebookNode, runs: list[SubmittedRun]) -> None:
    """Adds to the mark scheme of each question what the numbers in its answer are.

    Arguments:
        notebook: with mark schemes; changed. Its answers are called ``{run}_{question}``, their tasks ``…_task``.
        runs: from `rnnkit.grading.evidence.evidence.evidence`.
    """
    by_key = {run.key.lower(): run for run in runs if run.file}
    known = {key: facts(run) for key, run in by_key.items()}
    tasks = {cell.metadata.get("nbgrader", {}).get("grade_id", ""): cell for cell in notebook.cells}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        task = tasks.get(f"{name}_task")
        if task is None or END_OF_SCHEME not in task.source:
            continue
        key, _, question = name.partition("_")
        text = _hint(cell.source, key, question, by_key, known)
        task.source = task.source.replace(END_OF_SCHEME, f"\n{text}\n\n{END_OF_SCHEME}", 1)


def _hint(
    answer: str, key: str, question: str, runs: dict[str, SubmittedRun], known: dict[str, dict[str, float]]
) -> str:
    """The lines for one answer: this run's figures, and what the quoted numbers are."""
    if key == "extra":
        key = next((name for name, run in runs.items() if run.regime is not None and run.regime.task == "torder"), key)
    own = known.get(key, {})
    if not own:
        return "**From the record:** none of this run can be read."
    about = runs[key].profile or "custom"
    lines = [f"**From the record** ({about}): {_listed(own, question)}."]
    if question == "clip":
        lines[0] += f" {AT_THE_END}"
    lines.append(f"**Quoted numbers:** {hints(answer, *_sources(answer, key, question, runs, known)) or 'none'}.")
    return "\n\n".join(lines)


def _sources(
    answer: str, key: str, question: str, runs: dict[str, SubmittedRun], known: dict[str, dict[str, float]]
) -> tuple[list[Mapping[str, float]], list[Mapping[str, float]]]:
    """What the numbers of an answer may be: figures that the question is about, and all others."""
    mine, rest = _parted(known[key], question)
    given = settings(runs[key])
    late = {THRESHOLD: given.pop(THRESHOLD)} if THRESHOLD in given and question != "sat_time" else {}
    same, further = [], []
    for other in sorted(set(known) - {key}, key=lambda other: _nearness(other, key, answer)):
        shown, hidden = _parted(known[other], question)
        if question == "clip" and CUTOFF in (theirs := settings(runs[other])):
            shown["cutoff"] = theirs[CUTOFF]
        same.append({f"{runs[other].key}'s {name}": value for name, value in shown.items()})
        further.append({f"{runs[other].key}'s {name}": value for name, value in hidden.items()})
    return [mine, given | KNOWN, *same], [rest, late, *further]


def _nearness(other: str, key: str, answer: str) -> tuple:
    """Orders runs by how likely an answer speaks of them: those that it names, those of the same task, the others."""
    return re.search(rf"\b{re.escape(other)}\b", answer, re.IGNORECASE) is None, other[:1] != key[:1], other


def _listed(figures: dict[str, float], question: str) -> str:
    """The figures that a question is about, by what they are of."""
    groups: dict[str, list[str]] = {}
    for name, value in figures.items():
        if name.startswith(SHOWN.get(question, ())):
            what, _, which = name.removesuffix(" %").partition(": ")
            unit = " %" if name.endswith("%") else ""
            groups.setdefault(what, []).append(f"{which} {_shown(value)}{unit}".strip())
    return "; ".join(f"{what}: {', '.join(values)}" for what, values in groups.items()) or "no figures"


def _parted(figures: Mapping[str, float], question: str) -> tuple[dict[str, float], dict[str, float]]:
    """Those figures that a question is about, and the others."""
    mine = {name: value for name, value in figures.items() if name.startswith(SHOWN.get(question, ()))}
    return mine, {name: value for name, value in figures.items() if name not in mine}


def _shown(value: float) -> str:
    return f"{value:.4g}".replace("-", "−") if abs(value) < 1e4 else f"{value:.0f}".replace("-", "−")
