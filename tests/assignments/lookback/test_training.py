"""How the lab trains: as the plain loop does, together as alone, broken off and whole; what a record says."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
import pytest

from rnnkit.assignments.lookback.baselines import prior, unigram
from rnnkit.assignments.lookback.data import splits_of
from rnnkit.assignments.lookback.experiment import EXPERIMENT, train
from rnnkit.assignments.lookback.key import plain_loop
from rnnkit.assignments.lookback.protocol import Watch, groups, learning_rate
from rnnkit.assignments.lookback.settings import Net
from rnnkit.assignments.lookback.training import Training
from rnnkit.common.names import BadValue
from rnnkit.record.file import load
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.perform import RunFiles, perform_together

SMALL: dict[str, Any] = {"train": 23, "dev": 12, "test": 5, "H": 5, "batch": 10, "V": 60, "epochs": 3, "lr": 2.0}


def small(name: str = "one", **more: Any) -> Net:
    return Net(name, **SMALL | more)


def trained(*nets: Net) -> list[Training]:
    team = [Training(one) for one in nets]
    for run in team:
        run.team = team
    left = [run.checkpoints() for run in team]
    while left:
        left = [way for way in left if next(way, None) is not None]
    return team


@pytest.mark.parametrize("train_size", [23, 20, 21])  # a rest of three, none that is carried on, and a rest of one
@pytest.mark.parametrize("task", ["agreement", "language"])
@pytest.mark.parametrize("model", ["rnn", "gru"])
def test_training_is_the_courseworks_loop(model, task, train_size):
    net = small(model=model, task=task, train=train_size, lookback=2)
    splits = splits_of(net)
    data, dev = (plain_loop.targets(one.x, one.d) for one in (splits.train, splits.dev))
    words = splits.vocabulary.size
    losses, weights = plain_loop.train(
        model, net.seed, net.H, words, 2 if task == "agreement" else words, data, dev, 2,
        epochs=3, lr=net.lr, batch=10,
    )  # fmt: skip
    (run,) = trained(net)
    np.testing.assert_allclose([run.initial_loss, *run.curves["dev_loss"]], losses, rtol=1e-11)
    np.testing.assert_allclose(run.weights, run.model.row(weights), rtol=0, atol=1e-11)
    assert run.updates == net.maxiters


@pytest.mark.parametrize("model", ["rnn", "gru"])
def test_seeds_trained_together_come_out_as_alone(model):
    nets = [small(model=model, lookback=1, seed=seed, lr=0.5 + seed) for seed in range(3)]
    for together, one in zip(trained(*nets), nets, strict=True):
        (alone,) = trained(one)
        np.testing.assert_allclose(together.best, alone.best, rtol=0, atol=1e-12)
        np.testing.assert_allclose(together.curves["train_loss"], alone.curves["train_loss"], rtol=1e-11)


def test_a_run_that_was_broken_off_goes_on_and_comes_out_the_same(tmp_path, monkeypatch):
    nets = [small(f"n{seed}", seed=seed, train=20) for seed in range(2)]  # gradients are carried over the break
    members = [(one, tmp_path / "broken") for one in nets]

    def breaks_off(self, settings, check, updates):
        if updates == 4 and settings.seed:
            raise KeyboardInterrupt
        return ""

    with monkeypatch.context() as patched:
        patched.setattr(type(EXPERIMENT), "describe", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            perform_together(EXPERIMENT, members, Cells())
    assert [int(load(RunFiles(tmp_path / "broken", one.name).state)["updates"]) for one in nets] == [4, 4]
    perform_together(EXPERIMENT, members, Cells())
    for one in nets:
        again, whole = train(one, tmp_path / "broken"), train(one, tmp_path / "whole")
        assert str(again["stream"]) == str(whole["stream"])
        for name in ("best", "dev_loss", "grad_norm", "norms", "losses"):
            np.testing.assert_allclose(again[name], whole[name], rtol=1e-10, atol=1e-12)
        assert not len(whole["weights"])


def test_updates_come_after_the_first_sentence_and_a_rest_is_carried_or_applied():
    assert [*groups(23, 10)] == [(0, 1, 10), (1, 11, 10), (11, 21, 10), (21, 23, 3)]
    assert [*groups(20, 10)] == [(0, 1, 10), (1, 11, 10), (11, 20, 0)]
    assert [*groups(21, 10)] == [(0, 1, 10), (1, 11, 10), (11, 21, 10)]
    assert [*groups(3, 1)] == [(0, 1, 1), (1, 2, 1), (2, 3, 1)]
    assert [*groups(4, 10)] == [(0, 1, 10), (1, 4, 4)]


def test_the_rate_falls_faster_for_a_smaller_anneal_but_for_none():
    assert [round(learning_rate(0.5, 5, e), 4) for e in range(10)] == [
        0.5, 0.4167, 0.3571, 0.3125, 0.2778, 0.25, 0.2273, 0.2083, 0.1923, 0.1786,
    ]  # fmt: skip
    assert learning_rate(0.5, 2, 4) < learning_rate(0.5, 5, 4) < learning_rate(0.5, 0, 4) == 0.5


def test_the_third_small_change_running_ends_it():
    watch = Watch(1e-4)
    for loss in (1.0, 0.99995, 0.99991, 0.9, 0.89999, 0.89998):
        watch.see(loss)
        assert not watch.over
    watch.see(0.89997)
    assert watch.over
    (run,) = trained(small(lr=0.0, epochs=9))
    assert run.done == 3


def test_the_weights_kept_are_those_with_the_smallest_loss_on_dev():
    (run,) = trained(small(lr=30.0, epochs=4))
    best = int(np.argmin(run.curves["dev_loss"]))
    assert best < 3  # or there would be nothing to see
    (shorter,) = trained(small(lr=30.0, epochs=best + 1))
    np.testing.assert_array_equal(run.best, shorter.weights)


@pytest.mark.parametrize("task", ["agreement", "language"])
def test_a_record_says_what_its_sentences_say(tmp_path, task):
    net = small(task=task, dev=40, V=2000)
    record = train(net, tmp_path)
    facts, dev = EXPERIMENT.row(record), splits_of(net).dev
    assert facts["best_loss"] == round(float(record["dev_loss"].min()), 6)
    assert facts["perplexity"] == pytest.approx(math.exp(record["dev_loss"].min()), rel=1e-6)
    weights = [len(one) for one in dev.d] if task == "language" else None
    assert facts["best_loss"] == pytest.approx(np.average(record["losses"], weights=weights), rel=1e-6)
    asked = record["predicted"] >= 0
    assert asked.sum() >= 30
    assert facts["acc"] == round(float((record["predicted"] == record["label"])[asked].mean()), 6)
    assert facts["prior_loss"] == round((unigram if task == "language" else prior)(splits_of(net)), 6)
    if task == "agreement":
        best = facts["best_epoch"] - 1
        assert facts["acc"] == pytest.approx(record["dev_acc"][best])
        shares = [(facts[f"acc_{b}"], int(((lo <= dev.distance) & (dev.distance <= hi)).sum()))
                  for b, lo, hi in (("1", 1, 1), ("2_3", 2, 3), ("4_5", 4, 5), ("6", 6, 99))]  # fmt: skip
        assert sum(share * n for share, n in shares if n) / 40 == pytest.approx(facts["acc"], abs=1e-6)
    else:
        assert facts["adjusted_loss"] == pytest.approx(splits_of(net).vocabulary.adjusted(facts["best_loss"]), abs=2e-6)


REAL = "RNNKIT_WIKI"  # the folder with the coursework's files
PUBLIC = [8.150147, 5.978210, 5.746970, 5.195948, 5.154120, 5.115809, 5.114598, 5.046922, 5.029778, 5.016976]


@pytest.mark.skipif(not os.environ.get(REAL), reason=f"the coursework's files are not here: {REAL} names no folder")
def test_the_public_trace_comes_out_on_the_courseworks_files():
    net = Net("lm", task="language", data=os.environ[REAL], train=1000, H=25)
    assert splits_of(net).dev.tokens == 23_272
    (run,) = trained(net)
    assert run.initial_loss == pytest.approx(7.798662515757492, rel=1e-13)
    np.testing.assert_allclose(run.curves["dev_loss"], PUBLIC, rtol=0, atol=5.1e-7)


def test_a_folder_that_is_not_there_is_refused_before_work():
    with pytest.raises(BadValue, match=r"vocab\.wiki\.txt|agr"):
        EXPERIMENT.refuse(small(data="agr_50.tsv"), Cells())


def test_what_changes_nothing_is_refused():
    for bad in ({"gates": "no_r"}, {"model": "gru", "phi": "tanh"}):
        with pytest.raises(BadValue, match="has no effect"):
            EXPERIMENT.refuse(small(**bad), Cells())
    for bad in ({"lookback": -1}, {"model": "lstm"}, {"task": "np"}, {"lr": math.nan}):
        with pytest.raises(BadValue):
            small(**bad)
