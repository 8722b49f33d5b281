"""Numbers that an answer quotes, beside the figures of the student's own runs: help for a person, never a score."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from rnnkit.assignments.training_dynamics.key.quoted import KNOWN, Figures, hints, parts_of, shown
from rnnkit.common.names import BadValue
from rnnkit.diagnostics import Summary, log10_grad, summarize
from rnnkit.grading.evidence.evidence import SubmittedRun, record_of
from rnnkit.record.facts import facts_of
from rnnkit.regimes import REGIMES

if TYPE_CHECKING:  # trainings read this folder, too, and do without Jupyter
    from nbformat import NotebookNode

END_OF_SCHEME = "=== END MARK SCHEME ==="
# What the figures of an answer show, by the first words of its name and of the facts' names.
SHOWN = {
    "gradient": ("log10 g_t",),
    "saturation": ("distance to saturation", "saturated units"),
    "rho": ("rho", "correlation of mean log10 g_t with rho"),
    "gates": ("update gate", "reset gate", "log10 g_t"),
    "clip": ("gradient norm", "clipped updates", "log10 g_t: median", "distance to saturation: mean"),
    "sigmoid": ("log10 g_t", "distance to saturation", "validation loss", "rho"),
    "own": ("validation loss", "log10 g_t: median", "distance to saturation: mean", "rho", "gradient norm", "clipped"),
    "extra": ("validation", "updates", "rho", "log10 g_t: median"),
}
MEMORIZATION, MULTIPLICATION = ("A1", "A2", "A3", "A4", "A5"), ("B1", "B2")
# The runs that an answer compares; those of `own_experiment` and `extra_torder` are known by their settings.
COMPARED = {
    "gradient_mem": MEMORIZATION,
    "gradient_mul": MULTIPLICATION,
    "saturation_mem": MEMORIZATION,
    "saturation_mul": MULTIPLICATION,
    "rho_mem": MEMORIZATION,
    "rho_mul": MULTIPLICATION,
    "clip_rnn": ("A1", "A2", "A3"),
    "clip_gru": ("A4", "A5"),
    "gates_mem": ("A4", "A5", "A1", "A2"),
    "gates_mul": ("B2", "B1"),
    "sigmoid": ("A1", "A1s", "B1", "B1s"),
}
OWN, EXTRA, EXTRA_TASK = "own_experiment", "extra_torder", "torder"
SPREAD = {
    "p50": "median", "mean": "mean", "p05": "5th percentile", "p95": "95th percentile", "low": "smallest",
    "high": "largest",
}  # fmt: skip
CUTOFF, THRESHOLD = "the cutoff", "the threshold of saturation"
AT_THE_END = "At the end: over the last fiftieth of the updates."


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


Known = dict[str, tuple[SubmittedRun, dict[str, float]]]  # runs and their figures by key


def with_hints(notebook: NotebookNode, runs: list[SubmittedRun]) -> None:
    """Adds to the mark scheme of each question (``{answer}_task``) what the numbers in its answer are."""
    known = {run.key: (run, facts(run)) for run in runs if run.file}
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id", ""): cell for cell in notebook.cells}
    for name, cell in cells.items():
        task = cells.get(f"{name}_task")
        if task is not None and END_OF_SCHEME in task.source:
            text = _hint(cell.source, name, known)
            task.source = task.source.replace(END_OF_SCHEME, f"\n{text}\n\n{END_OF_SCHEME}", 1)


def _hint(answer: str, name: str, known: Known) -> str:
    """The lines for one answer: the figures of the runs that it compares, and what the quoted numbers are."""
    compared = _compared(name, known)
    there = [key for key in compared if key in known and known[key][1]]
    question = name.partition("_")[0]
    if not there:
        return "**From the records:** none of these runs can be read."
    lines = ["**From the records:**\n"]
    for key in compared:
        run, figures = known.get(key, (None, {}))
        told = (
            f" ({run.profile or 'custom'}): {_listed(figures, question)}." if run and figures else ": cannot be read."
        )
        lines.append(f"- {key}{told}")
    quoted = hints(answer, *_sources(answer, there, question, known)) or "none"
    at_the_end = f"\n{AT_THE_END}\n" if question == "clip" else ""
    return "\n".join([*lines, at_the_end, f"**Quoted numbers:** {quoted}."])


def _compared(name: str, known: Known) -> tuple[str, ...]:
    """The runs that an answer is about: of those with a name of their own by what they were trained on."""
    if name not in (OWN, EXTRA):
        return COMPARED.get(name, ())
    extra = [key for key, (run, _) in known.items() if run.regime is not None and run.regime.task == EXTRA_TASK]
    return tuple(extra[:1] if name == EXTRA else [key for key in known if key not in {*extra, *REGIMES}])


def _sources(answer: str, compared: list[str], question: str, known: Known) -> tuple[list[Figures], list[Figures]]:
    """What the numbers of an answer may be: figures that the question is about, and all others."""
    mine, rest, given, late = {}, {}, {}, {}
    cutoffs: dict[str, float] = {}
    for key in compared:
        run, figures = known[key]
        shown_here, others = _parted(figures, question)
        mine |= _of(key, shown_here)
        rest |= _of(key, others)
        told = settings(run)
        if CUTOFF in told:
            cutoffs |= _of(key, {"cutoff": told.pop(CUTOFF)})
        (given if question == "saturation" else late).update({THRESHOLD: told.pop(THRESHOLD, math.nan)})
        given |= told
    same, further = [], []
    for name in sorted(set(known) - set(compared), key=lambda name: _nearness(name, compared[0], answer)):
        for figures, several in zip(_parted(known[name][1], question), (same, further), strict=True):
            several.append(_of(name, figures))
    return [cutoffs | mine, given | KNOWN, *same], [rest, late, *further]


def _of(run: str, figures: Figures) -> dict[str, float]:
    return {f"{run}'s {name}": value for name, value in figures.items()}


def _nearness(other: str, key: str, answer: str) -> tuple[bool, bool, str]:
    """Orders runs by how likely an answer speaks of them: those that it names, those of the same task, the others."""
    return re.search(rf"\b{re.escape(other)}\b", answer, re.IGNORECASE) is None, other[:1] != key[:1], other


def _listed(figures: Figures, question: str) -> str:
    """The figures that a question is about, by what they are of."""
    groups: dict[str, list[str]] = {}
    for name, value in _parted(figures, question)[0].items():
        what, which = parts_of(name)
        unit = " %" if name.endswith("%") else ""
        groups.setdefault(what, []).append(f"{which} {shown(value)}{unit}".strip())
    return "; ".join(f"{what}: {', '.join(values)}" for what, values in groups.items()) or "no figures"


def _parted(figures: Figures, question: str) -> tuple[dict[str, float], dict[str, float]]:
    """Those figures that a question is about, and the others."""
    mine = {name: value for name, value in figures.items() if name.startswith(SHOWN.get(question, ()))}
    return mine, {name: value for name, value in figures.items() if name not in mine}
