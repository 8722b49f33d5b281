"""A table of numbers read from the records of several runs, a column for each."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from rnnkit.diagnostics import mean_log10_grad, summarize
from rnnkit.plots.diagnostics import log10_of
from rnnkit.plots.seeds import grouped, members_of
from rnnkit.plots.style import SMALL, Runs, new_figure
from rnnkit.record.facts import Record, clipped_percent
from rnnkit.record.file import last_filled

AT_THE_END = 50  # the last fiftieth of the updates
NONE = "–"
LOG_G_T = r"$\log_{10} g_t$"


def numbers(runs: Runs) -> Figure:
    """The numbers that comparisons quote, of the last check where nothing else is said; of several seeds the median.

    *Source:* handout section 6.
    """
    runs = grouped(runs)
    rows = {
        name: [_shown(read, digits, record) for record in runs.values()] for name, (read, digits) in QUANTITIES.items()
    }
    rows = {name: row for name, row in rows.items() if set(row) != {NONE}}
    labels = [label.replace(" seeds (", " seeds\n(") for label in runs]
    widths = [3.4, *(max(0.6, 0.1 * max(map(len, label.split("\n")))) for label in labels)]
    figure, (ax,) = new_figure(width=sum(widths), height=0.21 * (len(rows) + 1), layout="tight")
    ax.axis("off")
    table = ax.table(
        [[name.replace("log10 g_t", LOG_G_T), *row] for name, row in rows.items()],
        colLabels=["", *labels],
        colWidths=[width / sum(widths) for width in widths],
        bbox=Bbox.unit(),
        cellLoc="right",
        edges="B",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(SMALL)
    for (_, column), cell in table.get_celld().items():
        cell.set_linewidth(0.4)
        if not column:
            cell.set_text_props(ha="left")
            cell.PAD = 0.01
    return figure


def _shown(read: Callable[[Record], float], digits: str, record: Record) -> str:
    """A number of a run, or the median of its seeds; a dash where it was not recorded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of nothing at all numpy makes NaN, and says so
            value = float(np.median([float(read(one)) for one in members_of(record)]))
    except (KeyError, IndexError, ValueError):
        return NONE
    return f"{value:{digits}}".replace("-", "−") if np.isfinite(value) else NONE


def _at_the_end(record: Record) -> float:
    norms = record["gradient_norm"][np.isfinite(record["gradient_norm"])]
    return float(np.median(norms[-max(1, len(norms) // AT_THE_END) :]))


def _correlation(record: Record) -> float:
    """Of rho and mean log10 g_t over the checks after the first; NaN where either stands still."""
    trained = slice(1, last_filled(record) + 1)
    rho, g = record["rho_Whh"][trained], mean_log10_grad(record["grad_time"][trained])
    seen = np.isfinite(rho) & np.isfinite(g)
    if seen.sum() < 3 or not np.ptp(rho[seen]) or not np.ptp(g[seen]):
        return np.nan
    return float(np.corrcoef(rho[seen], g[seen])[0, 1])


def _last(key: str) -> Callable[[Record], float]:
    """The mean over the steps at the last check."""
    return lambda one: summarize(one[key][last_filled(one)]).mean


# By name, how a number is read from a record, and how it is written.
QUANTITIES: dict[str, tuple[Callable[[Record], float], str]] = {
    "validation loss (nats, or squared error)": (lambda one: one["valid_nll"][last_filled(one)], ".3f"),
    "log10 g_t: median": (lambda one: np.median(log10_of(one)), ".2f"),
    "log10 g_t: 5th percentile": (lambda one: np.percentile(log10_of(one), 5), ".2f"),
    "log10 g_t: 95th percentile": (lambda one: np.percentile(log10_of(one), 95), ".2f"),
    "log10 g_t: steps below −8 (%)": (lambda one: 100 * float(np.mean(log10_of(one) < -8)), ".0f"),
    "distance to saturation: mean before training": (lambda one: summarize(one["sat_time"][0]).mean, ".2f"),
    "distance to saturation: mean": (_last("sat_time"), ".2f"),
    "spectral radius: start": (lambda one: one["rho_Whh"][0], ".2f"),
    "spectral radius: largest": (lambda one: np.nanmax(one["rho_Whh"]), ".2f"),
    "spectral radius: end": (lambda one: one["rho_Whh"][last_filled(one)], ".2f"),
    "its correlation with mean log10 g_t over the checks": (_correlation, ".2f"),
    "gradient norm before clipping: median": (lambda one: np.nanmedian(one["gradient_norm"]), "#.2g"),
    "gradient norm before clipping: last fiftieth": (_at_the_end, "#.2g"),
    "clipped updates (%)": (clipped_percent, ".0f"),
    "update gate z: mean value": (_last("gate_z_mean_time"), ".2f"),
    "reset gate r: mean value": (_last("gate_r_mean_time"), ".2f"),
}
