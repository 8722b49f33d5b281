"""The gates of the lab: the students' copy fails each check for the right reason, the source passes them all."""

from __future__ import annotations

import re

import nbformat
from course import ROOT
from kernels import printed
from lab_gates import LabGates

from rnnkit.assignments import get_assignment
from rnnkit.grading.evidence.scan import scan


def numbers(text: str, after: str) -> list[float]:
    """The numbers that are listed after some words."""
    found = re.search(re.escape(after) + r"((?:[-\d.e]+%?(?:, )?)+)", text)
    assert found, after
    return [float(one) for one in found[1].replace("%", "").split(", ") if one]


class TestGates(LabGates):
    lab, notebook, figures = "lookback", "1_lookback.ipynb", 6
    predicted = "rnn_stops, gru_stops, because = 3, 12, 'one has to begin'"
    shown = {
        "mean_loss_figure": (
            "table 1: 9 of 18 rows are worse than that, with learning rates 0.05, 0.1",
            "printed 97.004, exp(loss) = 97.045",
        ),
        "gru_backward_figure": ("its numbers over yours: from 1.25 to 1.56",),
        "update_after_figure": ("1000       5      200 ", "1000       100    10 "),
    }

    def look(self, cells):
        """What the text says of the figures is so."""
        said = {name: printed(cell) for name, cell in cells.items() if name.endswith("_figure")}
        risen = numbers(said["lookback_gradient_figure"], "||dU|| at tau 0, 1, 2, 3, 10: ")
        assert risen == sorted(risen)
        assert numbers(said["lookback_gradient_figure"], "missing at tau 0, 1, 2, 3, 5: ")[3] < 5
        rnn, gru = (line for line in said["contribution_norms_figure"].splitlines() if "tau-th term" in line)
        assert numbers(rnn, "x ")[0] < 0.56
        assert numbers(gru, "x ")[0] > 0.85
        assert all(float(one) < 1e-7 for one in re.findall(r"farthest: yours (\S+)", said["gru_backward_figure"]))
        large, small = (
            [float(one) for one in re.findall(rf"^{size} x U, .*: x (\S+) a word", said["gru_step_figure"], re.M)]
            for size in ("1", "0.3")
        )
        assert min(large) > 0.9
        assert small == sorted(small)
        assert small[-1] - small[0] > 0.2

    def test_its_first_line_says_what_z_does(self):
        title = nbformat.read(self.source, as_version=4).cells[0].source
        assert title.split("\n\n")[1].startswith("**In this lab the update gate $z$ KEEPS the old state,**")


def test_a_run_may_be_called_gru_where_nothing_else_is_said():
    lab = get_assignment("lookback")
    notebook = nbformat.read(ROOT / "notebooks" / lab.name / "2_experiment.ipynb", as_version=4)
    (cell,) = (cell for cell in notebook.cells if cell.id == "parameters")
    flags = {}
    for source in (
        'run = "gru"',
        'run = "gru"\nstep = getattr(torch, run)',
        'run = getattr(torch, "gru")',
        "%run other.py",
    ):
        cell.source = source
        flags[source] = scan(notebook, "2_experiment.ipynb", lab)
    assert [bool(found) for found in flags.values()] == [False, True, True, True]
    cell.source, cell.metadata.tags = 'run = "gru"', []
    assert scan(notebook, "2_experiment.ipynb", lab)
