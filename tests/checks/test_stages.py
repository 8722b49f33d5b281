"""What a student sees of a check: what is wrong and an experiment first, the diagnosis next, the line of code last."""

from __future__ import annotations

import json
import re

import ipywidgets
import pytest
import torch
from ipywidgets import Text

from rnnkit.assignments.training_dynamics import ASSIGNMENT, check
from rnnkit.cells import PHI, Cell
from rnnkit.checks import runner, tally
from rnnkit.checks.known import SLIPPED, known
from rnnkit.checks.runner import examine
from rnnkit.checks.stages import as_html, as_text, stages
from rnnkit.checks.tries import SPECIAL, TRIES, chosen

STEP = ASSIGNMENT.questions["rnn_step"]
WRONG, HOW = "you multiply by the transpose of W_hh.", "with states as rows it is h_prev @ W_hh"
CODE = "return PHI[self.phi](x_t @ self.W_xh + h_prev @ self.W_hh.T + self.b_h)"


class Transposed(Cell):
    shapes = {"W_xh": "IH", "W_hh": "HH", "b_h": "H"}  # noqa: RUF012

    def step(self, x_t, h_prev):
        return PHI[self.phi](x_t @ self.W_xh + h_prev @ self.W_hh.T + self.b_h)

    def forward(self, x):
        states = [torch.zeros(x.shape[1], self.n_hid, dtype=x.dtype)]
        for x_t in x:
            states.append(self.step(x_t, states[-1]))
        hidden = torch.stack(states[1:])
        return (hidden if self.head == "softmax" else hidden[-1]) @ self.W_ho + self.b_o, hidden, None


class Right(Transposed):
    def step(self, x_t, h_prev):
        return PHI[self.phi](x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)


class Stub(Right):
    def step(self, x_t, h_prev):
        raise NotImplementedError


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """A folder and a session of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tally, "_KEPT", {})


def printed(capsys, *arguments, **more) -> str:
    check(*arguments, **more)
    return capsys.readouterr().out


def test_stages_open_one_by_one_or_after_equal_failures(capsys):
    for time in range(1, 6):
        text = printed(capsys, "rnn_step", Transposed)
        assert "expected -0.770211, got" in text
        assert "try: Let one entry alone" in text
        assert (WRONG in text, HOW in text, CODE in text) == (time >= 3, time >= 5, time >= 5)
    assert 'check("rnn_step", RNN, more=1) tells it' in as_text(
        stages(STEP, examine(STEP, Transposed), Transposed), 0, "RNN"
    )
    printed(capsys, "rnn_step", Right)
    assert WRONG not in printed(capsys, "rnn_step", Transposed)


def test_whoever_asks_is_told_at_once_and_that_is_not_counted(capsys):
    assert WRONG in printed(capsys, "rnn_step", Transposed, more=True)
    text = printed(capsys, "rnn_step", Transposed, more=2)
    assert WRONG in text
    assert HOW in text
    assert CODE in text
    assert "step, line" in text
    assert WRONG not in printed(capsys, "rnn_step", Transposed)


def test_the_report_keeps_its_whole_text():
    report = examine(STEP, Transposed)
    before = report.text()
    page = as_html(stages(STEP, report, Transposed), 0)
    assert f"{WRONG[:-1]}; {HOW}" in before
    assert report.text() == before
    assert page.count("<details") == 2
    assert " open" not in page
    assert before.splitlines()[1].split("(")[0][7:-1] in page
    assert as_html(stages(STEP, report, Transposed), 1).count(" open>") == 1


def test_what_comes_first_is_said_at_once(capsys):
    text = printed(capsys, "rnn_forward", Transposed)
    assert "mend question rnn_step first" in text
    assert WRONG not in text
    assert "try:" not in text
    assert "is not written yet" in printed(capsys, "rnn_step", Stub)


def test_there_is_an_experiment_for_each_known_mistake_and_it_tells_no_more():
    kinds = set()
    for question in ASSIGNMENT.code:
        for one in known(question):
            kinds.add(chosen(question, one.says[0]).kind)
        assert chosen(question, "", ["nobody knows"]).text
    assert len(kinds) >= 20
    assert len({one.kind for one in (*SPECIAL, *TRIES)}) >= 20
    assert not [one for one in TRIES if SLIPPED in one.text]


def test_in_a_notebook_it_is_counted_beside_it(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "in_notebook", lambda: True)
    for cell in (Transposed, Transposed, Right):
        text = printed(capsys, "rnn_step", cell)
    assert f"Mended: “{WRONG}”" in text
    assert 'check("rnn_step", note="…")' in text
    printed(capsys, "rnn_step", note="I \x1b[31mtransposed\nit")
    stored = json.loads((tmp_path / tally.FILE).read_text())["questions"]["rnn_step"]
    assert (stored["runs"], stored["failed"], stored["mistakes"]) == (3, 2, {WRONG: 2})
    assert [path.name for path in tmp_path.iterdir()] == [tally.FILE]
    (line,) = tally.told(tally.read(tmp_path / tally.FILE, ASSIGNMENT.questions))
    assert line == f"rnn_step: 3 runs, 2 failed. Met: {WRONG} (2) Note: “I transposed it”"


def test_the_line_under_a_mended_mistake_keeps_what_is_typed(capsys, tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(runner, "in_notebook", lambda: True)
    monkeypatch.setattr(runner, "widgets_move", lambda: True)
    monkeypatch.setattr(ipywidgets, "Text", lambda **how: lines.append(Text(**how)) or lines[-1])
    for cell in (Transposed, Right, Right):
        printed(capsys, "rnn_step", cell)
    (line,) = lines
    line.value = "I transposed it"
    assert tally.read(tmp_path / tally.FILE, ASSIGNMENT.questions)["rnn_step"].note == "I transposed it"


def test_a_restarted_kernel_goes_on_with_the_file(capsys, monkeypatch):
    monkeypatch.setattr(runner, "in_notebook", lambda: True)
    for _ in range(2):
        printed(capsys, "rnn_step", Transposed)
        tally._KEPT.clear()
    assert WRONG in printed(capsys, "rnn_step", Transposed)


def test_a_folder_that_cannot_be_written_is_no_error(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "in_notebook", lambda: True)
    (tmp_path / tally.FILE).mkdir()
    for _ in range(3):
        text = printed(capsys, "rnn_step", Transposed)
    assert WRONG in text
    assert [path.name for path in tmp_path.iterdir()] == [tally.FILE]


@pytest.mark.parametrize("text", ["", "[" * 100_000, "[]", '{"questions": 3}', " " * (tally.MOST_BYTES + 1), "\xff"])
def test_what_is_no_such_file_is_refused(tmp_path, text):
    (tmp_path / tally.FILE).write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=r"checks.json|Expecting|decode"):
        tally.read(tmp_path / tally.FILE, ["a"])
    assert tally.Tallies(tmp_path, ["a"]).of("a").runs == 0


def test_a_strangers_file_is_read_with_limits(tmp_path):
    hostile = {
        "runs": 1e300,
        "failed": -1,
        "mistakes": {f"\x1b]0;{k}" + "x" * 999: "9" for k in range(99)},
        "note": [1],
    }
    (tmp_path / tally.FILE).write_text(
        json.dumps({"questions": {"a": hostile | {"runs": 10**9}, "b": 3, "c": hostile}})
    )
    read = tally.read(tmp_path / tally.FILE, ["a", "b", "c"])
    assert set(read) == {"a", "c"}
    assert (read["a"].runs, read["a"].failed, read["c"].runs) == (tally.MOST, 0, 0)
    assert len(read["a"].mistakes) <= tally.MOST_MISTAKES
    assert read["a"].note == ""
    assert all(len(line) <= 1500 and not re.search(r"[\x00-\x1f]", line) for line in tally.told(read))
    (tmp_path / "link").symlink_to(tmp_path / tally.FILE)
    with pytest.raises(OSError, match="link"):
        tally.read(tmp_path / "link", ["a"])
