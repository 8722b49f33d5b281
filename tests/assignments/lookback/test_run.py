"""What is made of one run: pictures, hardest sentences, the test split, the coursework's runner."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from rnnkit.assignments.lookback.chosen import TEST, hardest, on_test, test_once
from rnnkit.assignments.lookback.data import splits_of
from rnnkit.assignments.lookback.experiment import EXPERIMENT, train
from rnnkit.assignments.lookback.figures import learning, looking_back
from rnnkit.assignments.lookback.key import plain_loop
from rnnkit.assignments.lookback.script import main
from rnnkit.assignments.lookback.settings import Net
from rnnkit.common.names import BadValue

test_once.__test__ = False  # type: ignore[attr-defined]  # a function of the lab, not one of these
SMALL = {"train": 40, "dev": 30, "test": 20, "H": 5, "batch": 10, "epochs": 2}


def test_the_test_split_is_judged_once_for_the_best_on_dev(tmp_path):
    nets = [Net(f"n{k}", lr=lr, seed=seed, **SMALL) for k, (lr, seed) in enumerate([(0.0, 0), (3.0, 0), (3.0, 1)])]
    losses = {one.name: float(train(one, tmp_path / one.name)["dev_loss"].min()) for one in nets}
    found = test_once(tmp_path)
    best = min(losses, key=losses.get)
    assert (found["run"], found["runs"], found["chosen_from"]) == (best, 3, 2)
    (net,) = (one for one in nets if one.name == best)
    assert found["test_loss"] == on_test(net, train(net, tmp_path / best))["test_loss"]
    assert found["test_perplexity"] == pytest.approx(math.exp(found["test_loss"]))
    (tmp_path / TEST).write_text(json.dumps(found | {"test_loss": -1.0}))
    assert test_once(tmp_path)["test_loss"] == -1.0
    with pytest.raises(BadValue, match="finished runs"):
        test_once(tmp_path / "nothing")


@pytest.mark.parametrize("task", ["agreement", "language"])
def test_the_loss_on_test_is_the_plain_loops(tmp_path, task):
    net = Net("one", task=task, **SMALL)
    record, splits = train(net, tmp_path), splits_of(net)
    model = net.shape(splits.vocabulary.size)
    weights = {name: part[0].T for name, part in model.named(record["best"][None]).items()}
    loss = plain_loop.mean_loss("rnn", weights, plain_loop.targets(splits.test.x, splits.test.d))
    assert on_test(net, record)["test_loss"] == pytest.approx(loss, rel=1e-11)


def test_the_hardest_sentences_come_first_with_their_words(tmp_path):
    net = Net("one", **SMALL)
    record, splits = train(net, tmp_path), splits_of(net)
    rows = hardest(net, record, 7)
    np.testing.assert_allclose([row["loss"] for row in rows], np.sort(record["losses"])[::-1][:7], atol=5.1e-5)
    at = int(np.argmax(record["losses"]))
    assert rows[0]["words"] == splits.vocabulary.decode(splits.dev.x[at])
    assert rows[0]["distance"] == splits.dev.distance[at]


def test_a_language_models_number_is_the_likelier_form_of_the_verb(tmp_path):
    net = Net("one", task="language", **SMALL)
    record, dev = train(net, tmp_path), splits_of(net).dev
    model = net.shape(splits_of(net).vocabulary.size)
    w = {name: part[0].T for name, part in model.named(record["best"][None]).items()}
    for n in range(5):
        s = np.zeros(net.H)
        for word in dev.x[n][: dev.at[n] + 1]:
            s = plain_loop.sigmoid(w["V"][:, word] + w["U"] @ s)
        assert dev.d[n][dev.at[n]] == dev.verbs[n, 0]  # the verb comes next
        right, wrong = (w["W"] @ s)[dev.verbs[n]]
        assert (record["predicted"][n] == dev.label[n]) == (right >= wrong)


@pytest.mark.parametrize("changes", [{}, {"model": "gru"}, {"task": "language"}])
def test_pictures_show_the_record(tmp_path, changes):
    net = Net("one", **SMALL | changes)
    record = train(net, tmp_path)
    dev = learning(net, record).axes[0].lines[0]
    np.testing.assert_array_equal(dev.get_ydata(), record["dev_loss"])
    assert dev.get_linestyle() == ("--" if "model" in changes else "-")
    lags = looking_back(net, record).axes[0]
    np.testing.assert_array_equal(lags.lines[-2].get_ydata(), record["norms"][-1])
    assert len(lags.lines) == (7 if "model" in changes else 3)


@pytest.mark.parametrize("verb", ["train-lm-rnn", "train-np-rnn", "train-np-gru"])
def test_the_runner_has_the_courseworks_verbs(verb, capsys):
    flags = ["--epochs", "1", "--train-size", "30", "--dev-size", "20"]
    assert main([verb, "grammar", "4", "1", "0.5", *flags]) == 0
    said = capsys.readouterr().out
    assert "best loss on dev" in said
    assert ("perplexity" in said) == (verb == "train-lm-rnn")
    assert ("who never reads" in said) == (verb != "train-lm-rnn")


def test_the_runner_refuses_what_cannot_be(capsys):
    for words in (["grammar", "0", "1", "0.5"], ["no_such_folder", "4", "1", "0.5"]):
        with pytest.raises(SystemExit) as stopped:
            main(["train-np-rnn", *words])
        assert stopped.value.code == 2
    assert "expected" in capsys.readouterr().err


def test_the_named_runs_are_the_documents():
    lm, tuned = (EXPERIMENT.get(name) for name in ("lm", "lm_tuned"))
    assert (lm.train, lm.batch, lm.epochs, lm.lr, lm.anneal, lm.seed) == (1000, 100, 10, 0.5, 5.0, 2018)
    assert (tuned.lr, tuned.lookback, tuned.epochs, tuned.anneal, tuned.batch) == (0.8, 3, 30, 2.0, 5)
    assert EXPERIMENT.get("rnn").train == 10000
