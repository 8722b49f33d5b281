"""A class hands in the lab and the main assignment, and is graded in both."""

from __future__ import annotations

import pytest
from lab_class import LabClass

from rnnkit.assignments import get_assignment
from rnnkit.notebook.predictions import FILE, PREDICTED, Entry, append


@pytest.mark.slow
class TestClass(LabClass):
    lab, secret = "orthogonal_init", "jacobian"
    solved = ("bptt", "orthogonal")
    foretold = ("predictions", (1, 0.5, 0))

    def foretell(self, home, student):
        arms = get_assignment(self.lab).experiment.due
        said = {"anna": arms, "ben": arms[:3], "carl": ()}[student]
        append(home / FILE, [Entry(PREDICTED, arm, {"does": "solves"}, "one has to begin") for arm in said])
