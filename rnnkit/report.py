"""One HTML page from a folder of records: the comparison that the handout's section 6 asks for."""

from __future__ import annotations

import base64
import io
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import rnnkit
from rnnkit.facts import Record, facts_of
from rnnkit.names import BadValue
from rnnkit.plots import compare
from rnnkit.record import last_filled, regime_of, save_text
from rnnkit.summary import read_runs
from rnnkit.verdict import verdict

PAGE = "report.html"
DPI = 130


class ReportError(BadValue):
    """A folder without records."""


@dataclass(frozen=True)
class Picture:
    """A figure as it stands in the page."""

    png: str
    width: int
    height: int
    caption: str


@dataclass
class Section:
    """A heading, some sentences, some pictures."""

    id: str
    title: str
    texts: list[str] = field(default_factory=list)
    figures: list[Picture] = field(default_factory=list)


def write_report(folder: str | Path) -> Path:
    """Writes ``report.html`` into a folder of runs: self-contained, no network, no scripts.

    Arguments:
        folder: holds one folder for each run, as ``rnnkit run`` makes them, or the records themselves.

    Returns:
        The page's path.

    Raises:
        ReportError: no such folder, or no record in it.
    """
    import jinja2

    folder = Path(folder)
    if not folder.is_dir():
        raise ReportError(f"expected a folder of runs, found no folder {folder}; train some with rnnkit run")
    records, missing = read_runs(folder)
    runs = short_labels(records)
    if not runs:
        why = "; ".join(f"{name}: {reason}" for name, reason in missing.items()) or "found none"
        raise ReportError(f"{folder}: expected records (NAME/NAME_final_state.npz), {why}; train some with rnnkit run")
    template = resources.files("rnnkit").joinpath("templates/page.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page = environment.from_string(template).render(
        about=_about(runs),
        sections=_sections(runs),
        runs=[_run(label, record) for label, record in runs.items()],
        rows=[facts_of(record).row() for record in runs.values()],
        columns=list(facts_of(next(iter(runs.values()))).row()),
        version=rnnkit.__version__,
        command=f"rnnkit report {shlex.quote(str(folder))}",
        missing=missing,
    )
    return save_text(folder / PAGE, page)


def short_labels(records: Mapping[str, Record]) -> dict[str, Record]:
    """Records under the part of their names before the first ``_`` (A1, B2), where that tells them apart."""
    short = {name: name.split("_")[0] for name in records}
    unique = {name: label for name, label in short.items() if list(short.values()).count(label) == 1}
    return {unique.get(name, name): record for name, record in records.items()}


def _about(runs: Mapping[str, Record]) -> str:
    profiles = sorted({str(record["profile"]) for record in runs.values()})
    size = (
        "the handout's full size"
        if profiles == ["full"]
        else f"not the handout's full size: profile {', '.join(profiles)}"
    )
    return f"Runs {', '.join(runs)}; {size}. Every number and sentence below is computed from the records."


def _run(label: str, record: Record) -> dict[str, Any]:
    regime, facts = regime_of(record), facts_of(record)
    title = regime.name if facts.profile == "full" else f"{regime.name} ({facts.profile} profile)"
    status, (first, *flags) = facts.row()["status"], regime.command().split(" --")
    words = [first, *(f"--{flag}" for flag in flags)]
    return {"label": label, "title": title, "verdict": verdict(record), "status": status, "words": words}


def _sections(runs: Mapping[str, Record]) -> list[Section]:
    with_diagnostics = {
        label: record for label, record in runs.items() if np.isfinite(record["grad_time"][last_filled(record)]).any()
    }
    sections = [
        Section(
            "facts",
            "Facts",
            [
                "Losses in nats (squared error for mul and add), errors in percent, times in seconds; gradient norms "
                "before clipping."
            ],
        ),
        Section("runs", "Run by run"),
        _validation(runs),
    ]
    if with_diagnostics:
        sections += [_histograms(with_diagnostics), *_pairs(with_diagnostics), *_development(with_diagnostics)]
        sections.append(_total_and_direct(with_diagnostics))
    return [*sections[:3], _norms(runs), *_omega(runs), *sections[3:]]


def _validation(runs: Mapping[str, Record]) -> Section:
    text = (
        "Thin black lines are floors. constant: knows nothing of the answers (all classes alike; for regression the "
        "mean). marginal: the best answer that ignores the input. memoryless: knows which step it is, but nothing of "
        "what was shown. marginal error (regression): the constant with the fewest errors."
    )
    section = Section("validation", "Validation", [text])
    section.figures.append(_picture(compare.validations(runs), "Validation loss and error over training, with floors."))
    return section


def _norms(runs: Mapping[str, Record]) -> Section:
    section = Section("norms", "Gradient norms and spectrum")
    section.figures += [
        _picture(
            compare.norms(runs), "Global gradient norm before and after clipping: running median, and the largest."
        ),
        _picture(
            compare.spectra(runs), "Spectral radius and largest singular value of the recurrent matrix over training."
        ),
    ]
    return section


def _omega(runs: Mapping[str, Record]) -> list[Section]:
    if not any(regime_of(record).alpha for record in runs.values()):
        return []
    text = (
        "Omega is the mean of (R - 1) squared; R is the factor by which the squared length of the gradient changes "
        "from one step to the one before. Steps in the past is the share of steps and sequences that it looks at. Only "
        "runs that were trained with it are shown."
    )
    section = Section("omega", "Omega", [text])
    section.figures.append(_picture(compare.omegas(runs), "Omega and the steps in the past over training."))
    return [section]


def _histograms(runs: Mapping[str, Record]) -> Section:
    text = "At the last check, over time steps, on common axes. -12 is the floor of the gradient's histogram."
    section = Section("histograms", "Gradient through time and saturation", [text])
    section.figures.append(_picture(compare.histograms(runs), "log10 g_t and distance to saturation of every run."))
    return section


def _pairs(runs: Mapping[str, Record]) -> list[Section]:
    """Clipping and RNN against GRU, as far as the runs are there."""
    clipping = Section("clipping", "With and without clipping")
    for labels in (("A1", "A2", "A3"), ("A4", "A5")):
        _add(clipping, compare.overlaid, runs, labels, "Gradient norm, log10 g_t and saturation of {}.")
    gated = Section("gru", "RNN and GRU")
    for labels in (("A1", "A4"), ("B1", "B2")):
        _add(gated, compare.overlaid, runs, labels, "Gradient norm, log10 g_t and saturation of {}.")
        _add(gated, compare.gradient_profile, runs, labels, "g_t against the time step: how far back it reaches, {}.")
    gates = {
        label: record
        for label, record in runs.items()
        if np.isfinite(record["gate_z_sat_time"][last_filled(record)]).any()
    }
    if gates:
        gated.figures.append(
            _picture(compare.gates(gates), f"Gates of {', '.join(gates)}: 0 is decided, 0.5 undecided.")
        )
    sigmoid = Section("sigmoid", "tanh and sigmoid")
    for labels in (("A1", "A1s"), ("B1", "B1s")):
        _add(sigmoid, compare.overlaid, runs, labels, "Gradient norm, log10 g_t and saturation of {}.")
    return [section for section in (clipping, gated, sigmoid) if section.figures]


def _add(section: Section, draw: Callable, runs: Mapping[str, Record], labels: tuple[str, ...], caption: str) -> None:
    there = {label: runs[label] for label in labels if label in runs}
    if len(there) > 1:
        difference = _differences(there)
        if difference not in section.texts:
            section.texts.append(difference)
        section.figures.append(_picture(draw(there), caption.format(", ".join(there))))


def _differences(runs: Mapping[str, Record]) -> str:
    """Which settings differ between these runs, in a sentence: a comparison is only as good as that."""
    settings = {label: regime_of(record).identity() for label, record in runs.items()}
    names = [name for name in next(iter(settings.values())) if len({s[name] for s in settings.values()}) > 1]
    listed = "; ".join(f"{name}: " + ", ".join(f"{label} {s[name]}" for label, s in settings.items()) for name in names)
    return f"Settings in which {', '.join(runs)} differ: {listed or 'none'}."


def _development(runs: Mapping[str, Record]) -> list[Section]:
    scatter = Section("training", "Gradient against saturation and against rho")
    scatter.texts.append("One point for each check, darker later. Points that lie on a line are no proof of a cause.")
    caption = "Mean log10 g_t against the distance to saturation and against the spectral radius, over training."
    scatter.figures.append(_picture(compare.over_training(runs), caption))
    heat = Section("heat", "Gradient through time over training")
    heat.figures.append(
        _picture(compare.heat_maps(runs), "log10 g_t: time steps across, training downwards, one scale.")
    )
    return [scatter, heat]


def _total_and_direct(runs: Mapping[str, Record]) -> Section:
    """The contrast, on a run whose loss stands at the last step only, where there is one."""
    last_step = [label for label, record in runs.items() if str(record["classif_type"]) != "softmax"]
    label = "B2" if "B2" in last_step else (last_step or list(runs))[0]
    record = runs[label]
    last = last_filled(record)
    total, direct = (record[key][last][np.isfinite(record[key][last])] for key in ("grad_time", "grad_time_direct"))
    zero = 100 * float(np.mean(direct == 0))
    reached = 100 * float(np.mean(total > 1e-8))
    texts = [
        "Gradient through time means the total derivative dL/dh_t: through the output of step t and through every "
        "later step. Differentiating with respect to the stacked tensor of hidden states gives the direct term alone, "
        "because the stack is made after the recurrence and no later state depends on it.",
        f"In {label} the direct term is exactly zero at {zero:.1f} % of the time steps. Who plots it concludes that "
        f"the gradient has vanished there, whatever the network; the total derivative is above 1e-8 at "
        f"{reached:.1f} % of the steps.",
    ]
    section = Section("direct", "Total derivative and direct term", texts)
    section.figures.append(_picture(compare.total_and_direct(record), f"Total derivative and direct term of {label}."))
    return section


def _picture(figure: Figure, caption: str) -> Picture:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    width, height = (int(inches * 90) for inches in figure.get_size_inches())
    return Picture(base64.b64encode(buffer.getvalue()).decode(), width, height, caption)
