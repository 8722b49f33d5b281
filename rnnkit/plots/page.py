"""One HTML page from a folder of records: the comparison that the handout's section 6 asks for.

Pictures, facts and commands are on everybody's page. What they say of the questions, in classes and in words, is only
where `rnnkit.record.verdict` is: with instructors.
"""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import rnnkit
from rnnkit.common.names import BadValue
from rnnkit.common.whole import save_text
from rnnkit.plots.page_sections import sections
from rnnkit.record.facts import Record, facts_of, floors_of
from rnnkit.record.file import regime_of
from rnnkit.regimes import REGIMES
from rnnkit.runs.summary import read_runs

PAGE = "report.html"


class ReportError(BadValue):
    """A folder without records."""


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
    runs = in_order(short_labels(records))
    if not runs:
        why = "; ".join(f"{name}: {reason}" for name, reason in missing.items()) or "found none"
        raise ReportError(f"{folder}: expected records (NAME/NAME_final_state.npz), {why}; train some with rnnkit run")
    template = resources.files("rnnkit.plots").joinpath("page.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page = environment.from_string(template).render(
        about=_about(runs),
        sections=sections(runs),
        verdicts=_verdicts(runs),
        facts={label: facts_of(record).row() for label, record in runs.items()},
        floors=_floors(runs),
        runs=[_run(record) for record in runs.values()],
        version=rnnkit.__version__,
        command=f"rnnkit report {shlex.quote(str(folder))}",
        missing=missing,
    )
    return save_text(folder / PAGE, page)


def short_labels(records: Mapping[str, Record]) -> dict[str, Record]:
    """Records under the short names of their regimes (A1, B2), where those are the beginning and tell them apart."""
    short = {name: head if (head := name.split("_")[0]) in REGIMES else name for name in records}
    unique = {name: label for name, label in short.items() if list(short.values()).count(label) == 1}
    return {unique.get(name, name): record for name, record in records.items()}


def in_order(runs: Mapping[str, Record]) -> dict[str, Record]:
    """The named runs in the handout's order, then the others as they come."""
    order = {label: place for place, label in enumerate(REGIMES)}
    return {label: runs[label] for label in sorted(runs, key=lambda label: order.get(label, len(order)))}


def _about(runs: Mapping[str, Record]) -> str:
    profiles = sorted({str(record["profile"]) for record in runs.values()})
    size = (
        "the handout's full size"
        if profiles == ["full"]
        else f"not the handout's full size: profile {', '.join(profiles)}"
    )
    return f"Runs {', '.join(runs)}; {size}. Everything below is computed from the records."


def _verdicts(runs: Mapping[str, Record]) -> dict[str, dict[str, str]]:
    """A row of classes and their evidence for each run; empty in the students' package, which has no verdicts."""
    if importlib.util.find_spec("rnnkit.record.verdict") is None:
        return {}
    from rnnkit.record.verdict import verdict

    return {label: verdict(record).row for label, record in runs.items()}


def _floors(runs: Mapping[str, Record]) -> dict[str, str]:
    """What the floors of these runs' tasks mean, by task and name."""
    return {
        f"{regime_of(record).task}: {name}".replace("_", " "): floor.meaning
        for record in runs.values()
        for name, floor in floors_of(record).items()
    }


def _run(record: Record) -> dict[str, Any]:
    regime, row = regime_of(record), facts_of(record).row()
    first, *flags = regime.command().split(" --")
    title = regime.name if row["profile"] == "full" else f"{regime.name} ({row['profile']} profile)"
    return {"title": title, "status": row["status"], "words": [first, *(f"--{flag}" for flag in flags)]}
