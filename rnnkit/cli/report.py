"""``rnnkit report``: one HTML page of a folder of runs."""

from __future__ import annotations

import shlex
from pathlib import Path

from rnnkit.assignments import MAIN
from rnnkit.common.names import BadValue
from rnnkit.plots.class_runs import write_class_page
from rnnkit.plots.page import labelled, write_page
from rnnkit.runs.classes import read_class, students
from rnnkit.runs.experiment import Experiment
from rnnkit.runs.jobs import experiment_of
from rnnkit.runs.tables import read_runs


class ReportError(BadValue):
    """A folder without records."""


def write_report(folder: str | Path, experiment: Experiment | None = None) -> Path:
    """Writes ``report.html`` into a folder of runs (ReportError: none are there), and returns its path.

    The runs, in a folder each or side by side, are those of the main assignment's experiment by default. Of a folder
    with runs of many students' cells it is the page that compares them.
    """
    folder, experiment = Path(folder), experiment or experiment_of()
    if not folder.is_dir():
        raise ReportError(f"expected a folder of runs, found no folder {folder}; train some with rnnkit run")
    words = ["rnnkit", "report", *([experiment.assignment] if experiment.assignment != MAIN else [])]
    if names := students(folder):
        title = experiment.assignment.replace("_", " ").capitalize()
        of_class = read_class(folder, experiment, names)
        return write_class_page(folder, title, of_class, [*experiment.runs], shlex.join(words))
    records, missing = read_runs(folder, experiment)
    runs = labelled(records, experiment.runs)
    if not runs:
        why = "; ".join(f"{name}: {reason}" for name, reason in missing.items()) or "found none"
        raise ReportError(f"{folder}: expected records (NAME/NAME_final_state.npz), {why}; train some with rnnkit run")
    return write_page(folder, experiment.page(runs), missing, shlex.join(words))
