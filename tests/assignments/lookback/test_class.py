"""A class hands in the lab and the main assignment, and is graded in both."""

from __future__ import annotations

import pytest
from lab_class import LabClass, written

# As they stand in the notebook's JSON.
SAID = (("rnn_stops = None", "rnn_stops = 3"), ("gru_stops = None", "gru_stops = 12"))
WHY = (r"because = \"\"", r"because = \"one has to begin\"")


@pytest.mark.slow
class TestClass(LabClass):
    lab, secret = "lookback", "contribution_norms"
    solved = ("gru_backward", "by_distance")
    foretold = ("prediction", (1, 0, 0))

    def foretell(self, home, student):
        if student == "anna":
            written(home / "1_lookback.ipynb", *SAID, WHY)
