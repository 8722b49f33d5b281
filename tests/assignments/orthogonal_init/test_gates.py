"""The gates of the lab: the students' copy fails each check for the right reason, the source passes them all."""

from __future__ import annotations

from lab_gates import LabGates

from rnnkit.assignments.orthogonal_init.experiment import EXPERIMENT
from rnnkit.notebook.predictions import FILE, PREDICTED, Entry, append


class TestGates(LabGates):
    lab, notebook, figures = "orthogonal_init", "1_pathological.ipynb", 8
    shown = {
        "orthogonal_figure": ("spectral radius 0.816",),
        "momentum_schedule_figure": ("limit 0.999: reached at update 124750",),
    }

    def foretell(self, path):
        said = [Entry(PREDICTED, arm, {"does": "solves"}, "one has to begin") for arm in EXPERIMENT.due]
        append(path.parent / FILE, said)
