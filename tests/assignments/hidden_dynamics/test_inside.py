"""What is said of trained networks, held against the answer key and against what is known without a computer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnkit.assignments.hidden_dynamics import inside, network, pictures, rows, sections
from rnnkit.assignments.hidden_dynamics.experiment import train
from rnnkit.assignments.hidden_dynamics.key import reference
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.assignments.hidden_dynamics.sketches import _logits

NET = Net(epochs=4, train=500, test=50)


@pytest.fixture(scope="module", autouse=True)
def few_sequences():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inside, "FRESH", 300)
        yield


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    return train(NET, tmp_path_factory.mktemp("net"))


@pytest.fixture(scope="module")
def weights(record):
    return inside.both(NET, record)["after"]


@pytest.fixture(scope="module")
def drawn(few_sequences):
    return inside.fresh(NET)


def test_contributions_add_up_to_the_gradient(weights, drawn):
    x, y = drawn
    passed = network.run(weights, x)
    found, flows = network.back(weights, passed, network.loss_of(passed.logits, y)[1])
    for layer, (states, flow) in enumerate(zip(passed.states, flows, strict=True), 1):
        terms = inside.terms(states, flow)
        np.testing.assert_allclose(terms.sum(0), found[f"W_hh{layer}"], atol=1e-12)
        np.testing.assert_allclose(np.linalg.norm(terms, axis=(1, 2)), reference.contributions(states, flow), rtol=1e-6)


def test_sensitivity_is_a_quotient_of_differences(weights, drawn):
    x, y = (part[..., :20, :] if part.ndim == 3 else part[:20] for part in drawn)
    want = reference.input_sensitivity(_logits(weights), torch.from_numpy(x.swapaxes(0, 1).copy()))
    np.testing.assert_allclose(inside.flow_of(weights, x, y).sensitivity, want, atol=1e-6)


def test_kinds_are_those_of_the_questions(weights, drawn):
    x, _ = drawn
    states = network.run(weights, x).states[1][1:]
    c, a = inside.features(states, x)
    want = reference.unit_features(states.swapaxes(0, 1), x.swapaxes(0, 1), inside.START)
    np.testing.assert_allclose((c, a), want, atol=1e-9)
    assert inside.kinds(c, a).tolist() == reference.taxonomy(c, a)
    edges = np.array([0.5, -0.5, 0.2, 0.2, 0.2]), np.array([-1, 0, -0.1, -0.11, 0.9])
    assert inside.kinds(*edges).tolist() == reference.taxonomy(*edges)


def test_held_units_say_nothing_and_none_held_is_the_network(weights, drawn):
    x, _ = drawn
    passed = network.run(weights, x)
    np.testing.assert_allclose(inside.held(weights, passed, np.array([], int)), passed.logits, atol=1e-12)
    alone = inside.held(weights, passed, np.arange(network.H))
    np.testing.assert_allclose(alone, np.tile(alone[0], (len(alone), 1)))
    silent = weights | {"W_hh2": weights["W_hh2"].copy(), "W_ho": weights["W_ho"].copy()}
    silent["W_hh2"][3], silent["W_ho"][3] = 0, 0  # nobody listens to this unit
    passed = network.run(silent, x)
    np.testing.assert_allclose(inside.held(silent, passed, np.array([3])), passed.logits, atol=1e-12)


def test_a_unit_that_is_the_mean_so_far_is_found(drawn):
    x, _ = drawn
    mean = x.mean(2).cumsum(0) / np.arange(1, len(x) + 1)[:, None]
    states = np.stack([0.1 * mean, -0.2 * mean, np.random.default_rng(0).standard_normal(mean.shape)], axis=2)
    curves = inside.running(states, x, np.arange(3))
    np.testing.assert_allclose(curves[:, :2], 1)
    assert curves[:, 2].max() < 0.3


def test_regressions_see_what_they_are_given(drawn):
    x, y = drawn
    guesses = inside.baselines(NET, x)
    assert (guesses["global mean"] == y).mean() > 0.95
    assert 0.7 < (guesses["all numbers"] == y).mean() < 1
    fifths = inside.right_by_fifth(y, x, y)
    assert fifths.tolist() == [1] * 5
    wrong = np.where(np.abs(x.mean((0, 2))) < np.quantile(np.abs(x.mean((0, 2))), 0.2), 1 - y, y)
    assert inside.right_by_fifth(wrong, x, y).tolist() == [0, 1, 1, 1, 1]


def test_the_bound_and_its_inverse():
    for k, T in ((0, 20), (10, 20), (19, 20), (53, 100)):
        assert inside.best_accuracy(k, T) == pytest.approx(reference.best_accuracy(k, T))
        assert inside.steps_used(inside.best_accuracy(k, T), T) == pytest.approx(k)
    assert inside.steps_used(0.937, 20) == pytest.approx(19.2, abs=0.05)
    assert inside.steps_used(0.47, 20) == 0


def test_the_tables_rows_are_of_one_kind(record):
    for table, made in rows.TABLES.items():
        found = list(made(NET, record))
        assert len({tuple(row) for row in found}) == 1, table
        assert len(found) >= 2, table
    units = list(rows.units_rows(NET, record))
    assert all(sum(row[f"{kind}s"] for kind in inside.KINDS) == network.H for row in units)


def test_pictures_have_their_panels(record, weights):
    assert len(pictures.learning(NET, record).axes) == 2
    assert len(pictures.trajectories(NET, weights).axes) == 16
    assert len(pictures.flow(NET, record).axes) == 3
    assert pictures.trajectories(NET, weights).axes[0].lines


def test_the_page_shows_each_length_and_start_and_names_what_differs(record):
    nets = {"a": NET, "b": NET.replace(seed=1), "c": NET.replace(init="ortho"), "d": NET.replace(T=6, drop=0.0)}
    page = sections.page_of(nets, dict.fromkeys(nets, record))
    shown = {one.id: [made.caption for group in one.groups for made in group.pictures] for one in page["sections"]}
    arms = ["rnn, xavier, T = 20.", "rnn, ortho, T = 20.", "rnn, xavier, drop 0.0, T = 6."]
    assert sorted(shown.pop("flow")) == sorted(shown.pop("units")) == sorted(arms)
    assert shown.pop("curves") == ["T = 6: rnn, xavier, drop 0.0.", "T = 20: rnn, xavier; rnn, ortho."]
    assert [*shown] == ["lengths"]
    (lengths,) = page["sections"][-1].groups
    used = inside.steps_used(float(record["test_acc"][-1]), 20)
    assert f"rnn, ortho, T = 20: {used:.1f}" in lengths.line
    none = {"a": record | {name: [] for name in ("test_loss", "test_acc", "train_loss")}}
    assert not sections.page_of(nets, none)["sections"]


def test_of_long_sequences_there_are_fewer():
    assert inside.fresh(NET.replace(T=2000))[0].shape == (2000, 100, network.C)
