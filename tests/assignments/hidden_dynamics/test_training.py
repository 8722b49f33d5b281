"""Training, held against another program of the same document, against torch, and against itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnkit.assignments.hidden_dynamics import network
from rnnkit.assignments.hidden_dynamics.experiment import EXPERIMENT, train
from rnnkit.assignments.hidden_dynamics.facts import facts_of
from rnnkit.assignments.hidden_dynamics.key.reference import summary
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.assignments.hidden_dynamics.stacks import GATED, first_row, logits, named
from rnnkit.assignments.hidden_dynamics.training import CURVES, Training
from rnnkit.common.names import BadValue
from rnnkit.runs.modelfile import Cells

SMALL = {"epochs": 3, "batches": 3, "batch": 10, "train": 60, "test": 40, "T": 6}


def ended(*nets: Net) -> list[Training]:
    """Trained together, to their end."""
    runs = [run for run in EXPERIMENT.begin_together(nets, Cells()) if isinstance(run, Training)]
    ways = [run.checkpoints() for run in runs]
    for _ in range(nets[0].epochs + 1):
        for way in ways:
            next(way, None)
    return runs


def test_the_networks_have_the_documents_size_and_torchs():
    assert {cell: first_row(Net(cell=cell)).size for cell in ("rnn", "gru", "lstm")} == {
        "rnn": 13_314, "gru": 3 * 13_184 + 130, "lstm": 4 * 13_184 + 130,
    }  # fmt: skip


def test_training_is_that_of_the_plain_program():
    (run,) = ended(Net(epochs=2))
    plain = network.trained(0, 2)
    for name in CURVES:
        np.testing.assert_allclose(run.curves[name], plain.curves[name], atol=1e-5)
    for name, value in named(run.weights).items():
        np.testing.assert_allclose(value, plain.end[name], atol=1e-4)


def test_the_rate_is_halved_at_20_and_at_40():
    assert [Net().rate(epoch) for epoch in (0, 19, 20, 39, 40, 49)] == [1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4]
    assert Net(halve=0).rate(49) == 1e-3


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_gated_networks_are_torchs(cell):
    net = Net(cell=cell)
    row = torch.from_numpy(first_row(net))
    whole = GATED[cell](network.C, network.H, 2, batch_first=True)
    sizes = [one.numel() for one in whole.parameters()]
    for parameter, part in zip(whole.parameters(), row.split([*sizes, 130]), strict=False):
        parameter.data = part.view(parameter.shape).clone()
    x = torch.randn(1, 5, 7, network.C)
    states, _ = whole(x[0])
    want = states[:, -1] @ row[-130:-2].view(2, -1).T + row[-2:]
    torch.testing.assert_close(logits(net, row[None], x)[0], want, atol=1e-5, rtol=1e-5)


def test_seeds_come_out_together_as_they_do_alone():
    nets = [
        Net(f"n{seed}", seed=seed, init=init, **SMALL) for seed, init in ((0, "xavier"), (1, "ortho"), (2, "xavier"))
    ]
    assert len({EXPERIMENT.alike(net) for net in nets}) == 1
    together = ended(*nets)
    for net, run in zip(nets, together, strict=True):
        (alone,) = ended(net)
        np.testing.assert_allclose(run.weights, alone.weights, atol=1e-5)
        np.testing.assert_allclose(run.curves["test_loss"], alone.curves["test_loss"], atol=1e-5)
    assert EXPERIMENT.alike(Net(cell="gru")) is None


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_a_run_goes_on_where_it_was_saved(cell, tmp_path):
    net = Net(cell=cell, **SMALL)
    (whole,) = ended(net)

    def stop(run, check):
        if run.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(net, tmp_path, on_check=stop)
    record = train(net, tmp_path)
    np.testing.assert_array_equal(record["weights"], whole.weights)
    np.testing.assert_array_equal(record["test_acc"], whole.curves["test_acc"])
    assert set(EXPERIMENT.schema(net)) <= set(record)


def test_starts_differ_in_the_recurrent_matrices_alone_and_share_their_data():
    ours, other = (Training(Net(init=init, **SMALL)) for init in ("xavier", "ortho"))
    mine, its = named(ours.weights), named(other.weights)
    assert {name for name in mine if (mine[name] != its[name]).any()} == {"W_hh1", "W_hh2"}
    np.testing.assert_allclose(its["W_hh1"] @ its["W_hh1"].T, np.eye(64), atol=1e-5)
    np.testing.assert_array_equal(ours.train[0], other.train[0])
    np.testing.assert_array_equal(next(ours.drawn())[2], next(other.drawn())[2])


def test_facts_are_the_lab_s_summary():
    curves = {name: np.random.default_rng(n).random(50).round(2) for n, name in enumerate(CURVES)}
    facts, want = facts_of(Net(), curves), summary(*(curves[name].tolist() for name in CURVES))
    assert {name: facts[name] for name in want} == pytest.approx(want)
    assert facts["spread_21_30"] == pytest.approx(curves["test_loss"][20:30].std(ddof=1), abs=1e-5)
    assert facts["early_test_loss"] == curves["test_loss"][9]
    assert facts_of(Net(), {name: curve[:4] for name, curve in curves.items()})["early_test_loss"] == ""


@pytest.mark.parametrize("wrong", [{"cell": "gru", "init": "ortho"}, {"drop": 1.0}, {"batches": 157}, {"cell": "rn"}])
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(BadValue):
        Net(**wrong)
