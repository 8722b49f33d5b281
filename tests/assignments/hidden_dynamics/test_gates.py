"""The gates of the lab: the students' copy fails each check for the right reason, the source passes them all."""

from __future__ import annotations

from lab_gates import LabGates


class TestGates(LabGates):
    lab, notebook, figures = "hidden_dynamics", "1_hidden_dynamics.ipynb", 9
    predicted = "oscillators = '5 to 20'\nwith_half = 0.9"
    shown = {
        "taxonomy_figure": ("you said of the oscillators after training: 5 to 20",),
        "best_accuracy_figure": (
            "with half of the steps at most 75.0%; you said 0.9",
            "the page's best: 93.7% needs 19.2 of 20 steps",
        ),
        "parameters_figure": ("13314; your count for 1, 2, 3 layers: 4994, 13314, 21634",),
    }
