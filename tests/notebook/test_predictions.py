"""A run is predicted before its figures are drawn; what was said, and when, travels in a file that shows its edits."""

from __future__ import annotations

import json

import IPython.display
import pytest
from course import ASSIGNMENT

from rnnkit.assignments.training_dynamics import check
from rnnkit.assignments.training_dynamics.questions import PREDICTIONS
from rnnkit.checks.predictions import judged
from rnnkit.notebook import compare_prediction, foretell, predict, predictions, show
from rnnkit.notebook.predictions import CHANGED, FILE, LATE, MOST_BYTES, append, read, standing
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.train import train

SAID = {"gradient": "vanishes", "saturation": "saturates", "learns": "the task"}
WHY = "many Jacobians below one are multiplied"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for key in ("A1", "B1"):
        regime = get_regime(key, "tiny")
        train(regime, out=folder / regime.name)
    return folder


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """A student's folder, in a kernel; and what is displayed there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RNNKIT_PLAIN", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setattr(foretell, "in_notebook", lambda: True)
    monkeypatch.setattr(foretell, "_unwritten", set())
    figures: list = []
    monkeypatch.setattr(IPython.display, "display", lambda figure, metadata=None: figures.append((figure, metadata)))
    return figures


def words(shown) -> list[str]:
    """The texts of the pictures of predictions."""
    return [
        text.get_text() for figure, about in shown if about == predictions.FORETOLD for text in figure.findobj()
        if hasattr(text, "get_text") and text.get_text()
    ]  # fmt: skip


def test_a_figure_waits_for_its_prediction_and_then_stands_beside_it(runs, shown, capsys):
    show("A1 B1", "gradient_histograms", runs)
    assert shown == []
    said = capsys.readouterr().out
    assert said.startswith("First say what A1, B1 will do")
    assert 'predict("A1", gradient="vanishes / explodes / keeps", ' in said
    predict("A1", **SAID, because=f"{WHY}: <b>$x_$")
    predict("B1", skip=True)
    show("A1 B1", "gradient_histograms", runs)
    assert shown[0][1] == predictions.FORETOLD
    assert len(shown) == 2
    assert {"A1", "gradient", "you said: vanishes"} <= set(words(shown))
    assert any(text.startswith("median log10 g_t −") for text in words(shown))
    assert not any("saturation" in text for text in words(shown))
    shown.clear()
    compare_prediction(load(next(runs.glob("A1*/*_final_state.npz"))))
    assert {"saturation", "learns", "because: many Jacobians below one are multiplied: <b>$x_$"} <= set(words(shown))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"gradient": "vanish"}, "gradient: expected one of 'vanishes', 'explodes', 'keeps', got 'vanish'"),
        ({"gradiant": "keeps"}, "did you mean 'gradient'?"),
        ({"learns": ["the task"]}, "learns: expected one of"),
        ({"because": "so"}, "because: expected a sentence"),
        ({"because": 3}, "because: expected a sentence"),
    ],
)
def test_what_is_no_whole_prediction_is_refused_at_once(shown, tmp_path, capsys, call, said):
    predict("A1", **{**SAID, "because": WHY, **call})
    assert said in (text := capsys.readouterr().out)
    assert text.endswith("nothing is stored\n")
    assert not (tmp_path / FILE).exists()


def test_blank_lines_say_what_there_is_and_no_name_is_none(shown, tmp_path, capsys):
    predict("A1", gradient="", saturation="", learns="", because="")
    predict("A2")
    predict(" ", **SAID, because=WHY)
    text = capsys.readouterr().out
    assert text.startswith('A1: not predicted yet\nA2: not predicted yet: predict("A2", gradient="vanishes / ')
    assert "expected the name of a run, got ' '" in text
    assert not (tmp_path / FILE).exists()


def test_what_is_changed_after_the_figure_is_said_everywhere(runs, shown, tmp_path, capsys):
    predict("A1 B1", **SAID, because="a first guess only")
    predict("A1", **SAID, because=WHY)  # before the figure: that is what counts
    predict("A1", **SAID, because=WHY)  # the cell run again
    show("A1", "validation", runs)
    show("A1", "validation", runs)
    predict("A1_mem_rnn_tanh_noclip", **SAID | {"learns": "nothing"}, because=WHY)
    assert f"A1: changed, kept in {FILE}; {CHANGED}; before: gradient vanishes" in capsys.readouterr().out
    entries, broken = read(tmp_path / FILE)
    assert [(one.what, one.run) for one in entries] == [
        ("predicted", "A1"), ("predicted", "B1"), ("predicted", "A1"), ("opened", "A1"), ("predicted", "A1"),
    ]  # fmt: skip
    assert broken == ""
    shown.clear()
    show("A1", "validation", runs)
    assert any(CHANGED in text for text in words(shown))
    report, flags, told = judged(PREDICTIONS, tmp_path)
    assert flags == []
    assert [case.passed for case in report.cases] == [True] + 4 * [False] + [True] + 2 * [False]
    assert told[0].startswith(f"A1: gradient vanishes, saturation saturates, learns the task “{WHY}” (20")
    assert told[0].endswith(f"; {CHANGED}; before: {', '.join(f'{name} {answer}' for name, answer in SAID.items())}")
    assert check("predictions") == 1.0
    assert f"A1: {CHANGED}" in capsys.readouterr().out


def test_a_prediction_after_the_figure_has_no_points_and_is_a_flag(runs, shown, tmp_path):
    predict("B1", skip=True)
    show("B1", "validation", runs)
    predict("B1", **SAID, because=WHY)
    predict("mine", **SAID, because=WHY)
    report, flags, _ = judged(PREDICTIONS, tmp_path, "mine")
    assert flags == ["B1: its figure was opened before it was predicted"]
    assert (report.points, report.cases[-1].passed, report.cases[5].details) == (0.5, True, [LATE])


@pytest.mark.parametrize("variable", ["RNNKIT_PLAIN", "NBGRADER_EXECUTION"])
def test_where_nobody_looks_nothing_waits_and_nothing_is_kept(runs, shown, tmp_path, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    predict("A1", **SAID, because=WHY)
    show("A1", "validation", runs)
    assert len(shown) == 1
    assert not (tmp_path / FILE).exists()


def test_a_file_that_cannot_be_written_stops_nobody(runs, shown, tmp_path, capsys):
    (tmp_path / FILE).mkdir()
    predict("A1", **SAID, because=WHY)
    assert "could not be written" in capsys.readouterr().out
    show("A1", "validation", runs)
    assert len(shown) == 1


def test_an_edited_file_is_said_kept_aside_and_goes_on(runs, shown, tmp_path, capsys):
    predict("A1 B1", **SAID, because=WHY)
    show("A1", "validation", runs)
    path = tmp_path / FILE
    path.write_text(edited := path.read_text().replace("vanishes", "keeps", 1))
    _, flags, _ = judged(PREDICTIONS, tmp_path)
    assert flags == [f"{FILE}: entry 1 does not follow from the one before: edited by hand, or damaged"]
    predict("A2", **SAID, because=WHY)
    assert "it is kept as predictions_kept_1.json" in capsys.readouterr().out
    assert (tmp_path / "predictions_kept_1.json").read_text() == edited
    entries, broken = read(path)
    assert broken == ""
    assert [one.what for one in entries] == ["mended", "predicted", "predicted", "opened", "predicted"]
    report, flags, _ = judged(PREDICTIONS, tmp_path)
    assert report.points == 1.5
    assert flags[0].startswith(f"{FILE}: begun again, as an earlier one (predictions_kept_1.json) was broken")


ENTRY = {"what": "predicted", "run": "A1", "choices": SAID, "because": WHY, "time": "", "hash": ""}


@pytest.mark.parametrize(
    "text",
    [
        "", "[" * 100_000, "[]", '{"entries": 3}', " " * (MOST_BYTES + 1), "\xff",
        json.dumps({"entries": [ENTRY] * 2001}),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_a_flag_and_no_harm(shown, tmp_path, text):
    (tmp_path / FILE).write_text(text, encoding="latin-1")
    report, flags, told = judged(PREDICTIONS, tmp_path)
    assert (report.points, told) == (0, [])
    assert flags[0].startswith(f"{FILE}: cannot be read")
    predict("A1", **SAID, because=WHY)  # and goes on
    assert [one.what for one in read(tmp_path / FILE)[0]] == ["mended", "predicted"]


@pytest.mark.parametrize(
    "change",
    [
        {"what": ["predicted"]}, {"run": 3}, {"choices": [1]}, {"choices": {"gradient": float("nan")}},
        {"because": "x" * 501}, {"because": "a\nb\x1b[31m"}, {"more": 1}, {"choices": {str(n): "x" for n in range(21)}},
    ],
)  # fmt: skip
def test_entries_that_the_kit_never_writes_are_none(tmp_path, change):
    (tmp_path / FILE).write_text(json.dumps({"entries": [ENTRY | change, 7, None]}))
    assert read(tmp_path / FILE)[0] == []
    assert "edited by hand" in read(tmp_path / FILE)[1]


def test_the_report_is_of_all_runs_and_of_ones_own_by_its_name(tmp_path):
    runs = (*ASSIGNMENT.hand_in.runs, "my_run")
    append(tmp_path / FILE, [predictions.Entry("predicted", run, SAID, WHY) for run in runs])
    for source, points in (('own_run = "my_run"\nbeside = "A1"', 4.0), ("own_run = None", 3.5), ("own_run =", 3.5)):
        report, flags, told = PREDICTIONS.handed_in(tmp_path, ["x = 1", source])
        assert (report.points, flags) == (points, [])
    assert len(told) == 7
    assert standing(read(tmp_path / FILE)[0], "A1").first.because == WHY
