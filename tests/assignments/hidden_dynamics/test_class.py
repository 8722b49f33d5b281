"""A class hands in the lab and the main assignment, and is graded in both."""

from __future__ import annotations

import pytest
from lab_class import LabClass, written


@pytest.mark.slow
class TestClass(LabClass):
    lab, secret = "hidden_dynamics", "taxonomy"
    solved = ("contributions", "best_accuracy")
    foretold = ("prediction", (0.5, 0, 0))

    def foretell(self, home, student):
        if student == "anna":
            written(home / "1_hidden_dynamics.ipynb", (r"oscillators = \"\"\n", r"oscillators = \"0 to 4\"\n"))
