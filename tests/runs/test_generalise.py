"""Error against length, Wilson's interval, success by length, and the paper's bounds on records."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from rnnkit.cli.verbs import main
from rnnkit.common.names import BadValue
from rnnkit.common.statistics import wilson
from rnnkit.plots.bounds import plot_bounds
from rnnkit.plots.sweeps import plot_success, read_table, success_rates
from rnnkit.record.bounds import bounds_of, claims
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.runs.lengths import error_by_length
from rnnkit.train import train


def record_of(tmp_path, **changes):
    """A short run of temporal order, as saved and read again."""
    fixed = {"task": "torder", "min_length": 20, "max_length": 30, "ebs": 100, "cbs": 100, "collectDiags": True}
    regime = get_regime("C1", **(fixed | {"maxiters": 41, "checkFreq": 20, "nhid": 12} | changes))
    return load(train(regime, out=tmp_path, cells="builtin"))


# From the score test solved for p: the ends are those p at which |successes/n - p| is 1.96 standard deviations.
@pytest.mark.parametrize(("successes", "trials"), [(0, 3), (1, 3), (2, 3), (3, 3), (7, 50), (50, 50)])
def test_wilson_solves_the_score_test(successes, trials):
    low, high = wilson(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    for end in {low, high} - {0.0, 1.0}:
        off = abs(successes / trials - end) / (end * (1 - end) / trials) ** 0.5
        assert off == pytest.approx(1.959964, rel=1e-5)


def test_wilson_known_values():
    assert wilson(3, 3) == (pytest.approx(0.4385, abs=1e-4), 1.0)
    assert wilson(0, 3) == (0.0, pytest.approx(0.5615, abs=1e-4))


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (4, 3), (-1, 3)])
def test_wilson_refuses(successes, trials):
    with pytest.raises(ValueError, match="expected"):
        wilson(successes, trials)


def test_error_by_length_is_that_of_plain_evaluation(tmp_path):
    record = record_of(tmp_path)
    rows = error_by_length(record, (20, 50), sequences=70)
    assert [(row.length, row.sequences) for row in rows] == [(20, 70), (50, 70)]
    assert rows == error_by_length(record, (20, 50), sequences=70)
    assert rows[1] == error_by_length(record, (50,), sequences=70)[0]  # a length's sequences are its own
    task = get_regime("C1").make_task()
    batch = task.sample(np.random.RandomState([5000, 50]), 50, 70)
    h = np.zeros((70, 12))
    for x in np.asarray(batch.inputs, np.float64):
        h = np.tanh(x @ record["W_xh"] + h @ record["W_hh"] + record["b_h"])
    logits = h @ record["W_ho"] + record["b_o"]  # (70, 4)
    logits -= logits.max(1, keepdims=True)
    right = logits[np.arange(70), batch.targets] - np.log(np.exp(logits).sum(1))
    assert rows[1].wrong == (logits.argmax(1) != np.asarray(batch.targets)).sum()
    assert rows[1].nll == pytest.approx(-right.mean(), rel=1e-5)


@pytest.mark.parametrize(
    "changes", [{}, {"init": "sigmoid"}, {"model": "gru", "alpha": 0.0}, {"task": "mem", "alpha": 0.0}]
)
def test_error_by_length_needs_no_step_and_nothing_compiled(tmp_path, changes, request):
    record = record_of(tmp_path, **changes)
    request.getfixturevalue("without_steps")
    fast, plain = (error_by_length(record, (20, 50), 70, compiled=compiled) for compiled in (True, False))
    assert [row[:3] for row in fast] == [row[:3] for row in plain]
    assert [row.nll for row in fast] == pytest.approx([row.nll for row in plain], rel=1e-5)


def test_for_a_stranger_nothing_is_compiled(tmp_path, monkeypatch):
    record = record_of(tmp_path)
    monkeypatch.setattr("rnnkit.engines.fused._compiled", lambda: pytest.fail("compiled"))
    assert error_by_length(record, (20,), 70, compiled=False)[0].sequences == 70


def test_error_by_length_in_chunks(tmp_path, monkeypatch):
    record, seen = record_of(tmp_path), []
    monkeypatch.setattr("rnnkit.runs.lengths.STEPS_AT_ONCE", 1000)
    (row,) = error_by_length(record, (50,), 70, on_sequences=seen.append)
    assert seen == [20, 20, 20, 10]
    assert row.error == pytest.approx(100 * row.wrong / 70)


@pytest.mark.parametrize(("lengths", "sequences"), [((5,), 10), ((50,), 0), ((), 10)])
def test_error_by_length_refuses(tmp_path, lengths, sequences):
    with pytest.raises(BadValue, match="at least"):
        error_by_length(record_of(tmp_path), lengths, sequences)


def test_lengths_on_the_command_line(tmp_path, capsys):
    record_of(tmp_path)
    (path,) = tmp_path.glob("*_final_state.npz")
    assert main(["lengths", str(path), "--lengths", "20", "40", "--sequences", "30"]) == 0
    (table,) = tmp_path.glob("*_lengths.csv")
    with table.open() as file:
        assert [row["length"] for row in csv.DictReader(file)] == ["20", "40"]
    assert next(tmp_path.glob("*_lengths.png")).stat().st_size > 5000
    assert main(["lengths", str(path), "--lengths", "1"]) == 2
    assert "at least" in capsys.readouterr().err


def test_no_step_back_grows_by_more_than_the_bound(tmp_path):
    record = record_of(tmp_path)
    found = bounds_of(record)
    assert len(found) >= 3
    assert claims(found)[0].applies == len(found)
    assert [claim.broken for claim in claims(found)[:3]] == [0, 0, 0]
    assert len(plot_bounds(record).axes[0].lines) == 5


def test_a_small_norm_makes_the_gradient_vanish(tmp_path):
    record = record_of(tmp_path, init="sigmoid", alpha=0.0, clipstyle="rescale")
    found = bounds_of(record)
    assert all(b.growth <= b.largest <= b.bound * 1.001 for b in found)
    below = claims(found)[1]
    assert below.applies == sum(b.bound < 1 for b in found) > 0
    assert below.broken == 0


def test_bounds_refuse_a_loss_at_every_step(tmp_path):
    with pytest.raises(BadValue, match="after the last step"):
        bounds_of(record_of(tmp_path, task="mem", alpha=0.0))


def test_success_rates(tmp_path):
    path = tmp_path / "table.csv"
    rows = ["length,init,method,status", *["20,smart_tanh,SGD-CR,solved"] * 2, "20,smart_tanh,SGD-CR,finished"]
    path.write_text("\n".join([*rows, "20,smart_tanh,SGD-CR,failed", "50,basic_tanh,SGD,diverged"]) + "\n")
    rates = success_rates(read_table(path))
    assert rates["smart_tanh", "SGD-CR", 20][:2] == (2, 3)
    assert rates["basic_tanh", "SGD", 50][:2] == (0, 1)
    assert [ax.get_title() for ax in plot_success(read_table(path)).axes] == ["basic_tanh", "smart_tanh"]


def test_a_table_of_something_else_is_refused(tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadValue, match="columns of a sweep"):
        read_table(tmp_path / "other.csv")
    with pytest.raises(BadValue, match="rnnkit sweep"):
        read_table(tmp_path / "none.csv")


def test_a_record_of_another_assignment_is_refused_in_one_line(tmp_path, capsys):
    path = tmp_path / "rnn_final_state.npz"
    np.savez(path, settings="{}")
    assert main(["lengths", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "expected a record of a regime of the main assignment, got one of another assignment" in line
