"""The gates of the lab: the students' copy fails each check for the right reason, the source passes them all."""

from __future__ import annotations

import re

from kernels import printed
from lab_gates import LabGates

from rnnkit.assignments.bptt.foretold import MATRICES


class TestGates(LabGates):
    lab, notebook, figures = "bptt", "1_bptt.ipynb", 8
    predicted = f"order = {sorted(MATRICES)}\nbecause = 'one has to begin somewhere'"
    shown = {
        "grad_bound_figure": ("after 50 steps 0.00515;", "after 50 steps 117;"),
        "example_two_stops": ("20480 rows, for 1600 targets",),
        "what_the_bound_says_figure": (
            "128 after 7 steps, 0 after 8",
            "sigma 1.60, radius 0.82, the bound says 'undecided'; linear: 0.656",
        ),
        "prediction_beside": (
            "it is:    1.1 Q (3e+02) > Q (1) > 0.9 Q (0.0018) > 0.1 N(0, 1) (1.3e-05) > 2 x shift (0)",
        ),
    }

    def look(self, cells):
        assert printed(cells["vanilla_forward_figure"]).count(": 5125 parameters") == 3
        apart = re.findall(r"farthest from autograd's (\S+)", printed(cells["weight_gradients_figure"]))
        assert len(apart) == 3
        assert max(map(float, apart)) < 1e-10
        assert max(map(float, re.findall(r"but for (\S+) of", printed(cells["lag_and_time"])))) < 1e-10
