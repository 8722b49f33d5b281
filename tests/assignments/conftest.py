"""That the figures which a test of an assignment draws can be seen and read."""

from __future__ import annotations

import warnings

import pytest
from faint import faint

from rnnkit.plots.figures import Drawn


@pytest.fixture(autouse=True)
def seen(monkeypatch):
    """The kit's figures that the test makes; when it is over, their lines, marks and letters have enough contrast."""
    made, begin = [], Drawn.__init__

    def begun(self, *args, **how):
        begin(self, *args, **how)
        made.append(self)

    monkeypatch.setattr(Drawn, "__init__", begun)
    yield made
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a log axis below 0, which a wrong answer may ask for; sketches are quiet
        found = [one for figure in made for one in faint(figure)]
    assert found == []
