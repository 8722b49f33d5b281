"""What stands in the page: sections in the order of the handout's questions, each with its pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import PIL.Image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rnnkit import plots
from rnnkit.plots import compare
from rnnkit.plots.style import marked
from rnnkit.record.facts import Record
from rnnkit.record.file import last_filled, regime_of

DPI, COLORS = 150, 128
CLIPPING = (("A1", "A2", "A3"), ("A4", "A5"))
GATED = (("A1", "A4"), ("B1", "B2"))
SIGMOID = (("A1", "A1s"), ("B1", "B1s"))
Runs = Mapping[str, Record]


@dataclass(frozen=True)
class Picture:
    """A figure as it stands in the page."""

    png: str
    width: int
    height: int
    caption: str


@dataclass
class Group:
    """Pictures that belong together, with what is said of all of them."""

    pictures: list[Picture]
    title: str = ""
    line: str = ""


@dataclass
class Section:
    """A heading, a line, groups of pictures."""

    id: str
    title: str
    line: str
    groups: list[Group] = field(default_factory=list)


def sections(runs: Runs) -> list[Section]:
    """The sections for which there are runs: questions 1 to 5, then what else the records have."""
    seen = {label: one for label, one in runs.items() if np.isfinite(one["grad_time"][last_filled(one)]).any()}
    gated = {label: one for label, one in seen.items() if np.isfinite(one["gate_z_sat_time"][last_filled(one)]).any()}
    found = []
    if seen:
        found += [_gradient(seen), _saturation(seen), _clipping(seen), _gates(seen, gated)]
    found.append(_spectrum(runs, seen))
    if seen:
        found.append(_sigmoid(seen))
    found += [_validation(runs), _norms(runs), *_omega(runs)]
    if seen:
        found += [_heat(seen), _direct(seen)]
    for section in found:
        section.groups = [group for group in section.groups if group.pictures]
    return [section for section in found if section.groups]


def _each(runs: Runs, draw: Callable[[Record], Figure], caption: str) -> Group:
    """One picture for each run."""
    return Group([_picture(draw(record), caption.format(label)) for label, record in runs.items()])


def _gradient(runs: Runs) -> Section:
    like = [*runs.values()]
    group = _each(runs, lambda one: plots.gradient_histogram(one, like), "{}: log10 g_t over the steps, and how often.")
    line = "At the last check; one vertical axis for all runs. g_t is the mean norm of the total derivative dL/dh_t."
    return Section("gradient", "1. Gradient through time", line, [group])


def _saturation(runs: Runs) -> Section:
    group = _each(runs, plots.saturation_histogram, "{}: distance to saturation, means of the steps and all units.")
    line = "At the last check; the distance is 1 - |h| for tanh and min(h, 1 - h) for sigmoid units."
    return Section("saturation", "2. Saturation", line, [group])


def _clipping(runs: Runs) -> Section:
    line = "Thin lines are the norm after clipping. Curves of the last check: log10 g_t and the distance to saturation."
    return Section("clipping", "3. No clipping and clipping", line, _compared(runs, CLIPPING))


def _gates(runs: Runs, gated: Runs) -> Section:
    section = Section("gru", "4. RNN and GRU", "Gates: value and distance from 0 and 1 at the last check.")
    if gated:
        section.groups.append(_each(gated, plots.gate_histograms, "{}: update gate z and reset gate r."))
    section.groups += _compared(runs, GATED)
    return section


def _spectrum(runs: Runs, seen: Runs) -> Section:
    section = Section("rho", "5. Spectral radius", "Over training, on common axes; in the lower row later is darker.")
    every = [*runs.values()]
    caption = "{}: spectral radius and largest singular value of the recurrent matrix."
    section.groups.append(_each(runs, lambda one: plots.spectrum(one, every), caption))
    caption = "{}: mean log10 g_t against saturation and against rho, a point for each check."
    section.groups.append(_each(seen, lambda one: plots.over_training(one, narrow=True), caption))
    return section


def _sigmoid(runs: Runs) -> Section:
    return Section("sigmoid", "tanh and sigmoid", "The same run with either nonlinearity.", _compared(runs, SIGMOID))


def _compared(runs: Runs, pairs: Iterable[tuple[str, ...]]) -> list[Group]:
    """Runs side by side, as far as they are there."""
    groups = []
    for labels in pairs:
        some = marked({label: runs[label] for label in labels if label in runs})
        if len(some) > 1:
            names = ", ".join(some)
            draws = {
                compare.norms: f"Gradient norm of {names}.",
                compare.gradient_profile: f"log10 g_t of {names} over the steps.",
                compare.gradient_histograms: f"Histogram of log10 g_t of {names}.",
                compare.saturations: f"Distance to saturation of {names}, all units.",
            }
            pictures = [_picture(draw(some), caption) for draw, caption in draws.items()]
            groups.append(Group(pictures, names, _differences(some)))
    return groups


def _differences(runs: Runs) -> str:
    """Which settings differ between these runs, in a sentence: a comparison is only as good as that."""
    settings = {label: regime_of(record).identity() for label, record in runs.items()}
    names = [name for name in next(iter(settings.values())) if len({s[name] for s in settings.values()}) > 1]
    listed = "; ".join(f"{name}: " + ", ".join(f"{label} {s[name]}" for label, s in settings.items()) for name in names)
    return f"Settings in which {', '.join(runs)} differ: {listed or 'none'}."


def _validation(runs: Runs) -> Section:
    line = "Loss and error of the frozen validation set; black lines are floors, whose meaning stands at the end."
    section = Section("validation", "Validation", line)
    tasks: dict[str, dict[str, Record]] = {}
    for label, record in runs.items():
        tasks.setdefault(regime_of(record).task, {})[label] = record
    together = [
        _picture(compare.validations(marked(some), narrow=True), f"{task}: {', '.join(some)}.")
        for task, some in tasks.items()
        if len(some) > 1
    ]
    if together:
        section.groups.append(Group(together))
    section.groups.append(_each(runs, lambda one: plots.validation(one, narrow=True), "{}: validation over training."))
    return section


def _norms(runs: Runs) -> Section:
    group = _each(runs, lambda one: plots.gradient_norms(one, [*runs.values()]), "{}: norm of each update's gradient.")
    return Section("norms", "Gradient norms", "Before and after clipping, on one axis.", [group])


def _omega(runs: Runs) -> list[Section]:
    if not any(regime_of(record).alpha for record in runs.values()):
        return []
    line = "Of the runs that were trained with it. Steps in the past: the share of steps that it looks at."
    picture = _picture(compare.omegas(marked(runs), narrow=True), "Omega and the steps in the past over training.")
    return [Section("omega", "Omega", line, [Group([picture])])]


def _heat(runs: Runs) -> Section:
    group = _each(runs, lambda one: plots.heat_map(one, [*runs.values()]), "{}: log10 g_t over steps and training.")
    line = "Time across, training downwards, one scale."
    return Section("heat", "Gradient through time over training", line, [group])


def _direct(runs: Runs) -> Section:
    """The contrast, on a run whose loss stands at the last step only, where there is one."""
    last_step = [label for label, record in runs.items() if str(record["classif_type"]) != "softmax"]
    label = "B2" if "B2" in last_step else (last_step or list(runs))[0]
    picture = _picture(plots.total_and_direct(runs[label], narrow=True), f"{label}: total derivative and direct term.")
    line = (
        "Total: through the output of step t and through every later step. Direct: what differentiating the stacked "
        "states gives, since no later state depends on the stack."
    )
    return Section("direct", "Total derivative and direct term", line, [Group([picture])])


def _picture(figure: Figure, caption: str) -> Picture:
    canvas, buffer = FigureCanvasAgg(figure), io.BytesIO()
    figure.set_dpi(DPI)
    canvas.draw()
    pixels = PIL.Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    pixels.quantize(COLORS).save(buffer, format="png")  # a third of the bytes
    width, height = (int(inches * 100) for inches in figure.get_size_inches())
    return Picture(base64.b64encode(buffer.getvalue()).decode(), width, height, caption)
