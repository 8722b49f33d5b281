"""The lab's tasks, first weights and training, held against a plain loop and against what the document's run left."""

from __future__ import annotations

import numpy as np
import pytest

from rnnkit.assignments.orthogonal_init.bptt import Net
from rnnkit.assignments.orthogonal_init.draws import below
from rnnkit.assignments.orthogonal_init.experiment import EXPERIMENT, facts_of
from rnnkit.assignments.orthogonal_init.key import plain_loop
from rnnkit.assignments.orthogonal_init.settings import INITS, Arm
from rnnkit.assignments.orthogonal_init.tasks import MAIN, TASKS, chance, get_task
from rnnkit.assignments.orthogonal_init.training import Training, alike, net_of, train_epoch
from rnnkit.common.names import BadValue
from rnnkit.runs.modelfile import Cells

# Loss and metric of the first epoch, seed 0, as the document's own run has them.
GOLDEN = {
    ("addition", "ortho"): (0.2319773541861571, 0.2319773541861571),
    ("addition", "random"): (0.2567507413554629, 0.2567507413554629),
    ("temporal_order", "ortho"): (1.4033347691540239, 0.25333333333333335),
    ("temporal_order", "random"): (1.39443070716236, 0.242),
    ("3bit_memorization", "ortho"): (None, 0.12733333333333333),
    ("3bit_memorization", "random"): (None, 0.128),
}


def begun(*arms: Arm) -> list[Training]:
    return [run for run in EXPERIMENT.begin_together(arms, Cells()) if isinstance(run, Training)]


# ---- tasks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", MAIN)
def test_batches_are_the_documents(task):
    ours, theirs, T = np.random.default_rng(3), np.random.default_rng(3), get_task(task).T
    for size in (1, 7, 50):
        drawn, (x, y) = get_task(task).draw(ours, T, size, False), plain_loop.draw(task, theirs, T, size)
        np.testing.assert_array_equal(drawn.x, x.transpose(1, 0, 2))
        np.testing.assert_array_equal(drawn.y, y)
    assert ours.integers(0, 1000, 9).tolist() == theirs.integers(0, 1000, 9).tolist()


def test_the_documents_examples():
    rng = np.random.default_rng(42)
    addition, order, bits = (get_task(name).draw(rng, get_task(name).T, 1, False) for name in MAIN if name != "xor")
    assert addition.y[0, 0] == pytest.approx(1.28948262, abs=1e-8)
    assert np.flatnonzero(addition.x[:, 0, 1]).tolist() == [13, 26]
    assert order.y[0] == 3  # BB
    assert bits.y[0] == 0b011


def test_chance_is_the_documents():
    assert chance("addition", 30) == pytest.approx(0.0868888769, abs=1e-10)
    assert [chance(task, 60) for task in ("xor", "temporal_order", "3bit_memorization")] == [1 / 2, 1 / 4, 1 / 8]
    assert chance("multiplication", 30) == pytest.approx(7 / 288, rel=0.05)


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_its_sizes_and_its_answers_follow_from_its_inputs(task):
    kind = get_task(task)
    x, y, marks = kind.draw(np.random.default_rng(0), kind.T, 40, False)
    assert x.shape == (kind.T, 40, kind.n_in)
    rows, seen = np.arange(40), x.argmax(axis=2)
    if task in ("addition", "addition_lag", "addition_gated", "multiplication", "xor"):
        one, other = (x[marks[:, k], rows, 0] for k in range(2))
        assert (x[..., 1].sum(axis=0) == 2).all()
        want = one * other if task == "multiplication" else one + other
        np.testing.assert_allclose(y, want % 2 if task == "xor" else want[:, None])
    elif task == "addition_quantised":
        levels = x[..., :-1].argmax(axis=2) / 9
        np.testing.assert_allclose(y[:, 0], levels[marks[:, 0], rows] + levels[marks[:, 1], rows])
    elif task.startswith("temporal_order"):
        cues = np.array([symbols[symbols < 2] for symbols in seen.T])
        powers = [2, 1] if cues.shape[1] == 2 else [1, 2, 4]
        np.testing.assert_array_equal(y, cues @ powers)
    elif task == "random_permutation_memorization":
        np.testing.assert_array_equal(y, seen[0])
    elif task.startswith("noiseless"):
        positions = kind.recalled
        np.testing.assert_array_equal(y[-positions:], seen[:positions])
        assert (y[:-positions] == kind.n_out - 1).all()
        assert (seen == kind.n_in - 1).argmax(axis=0).tolist() == [kind.T - positions] * 40


def test_late_cues_are_late():
    marks = get_task("temporal_order_late").draw(np.random.default_rng(0), 60, 200, False).marks
    assert {*marks[:, 1]} == {*range(48, 54)}


def test_many_draws_are_those_one_by_one():
    for seed in range(5):
        one, many = np.random.default_rng(seed), np.random.default_rng(seed)
        for sizes in np.random.default_rng(seed + 9).integers(1, 40, (20, 13)):
            assert below(many, sizes).tolist() == [one.integers(0, size) for size in sizes]
            assert one.random() == many.random()


# ---- first weights --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("task", "count"), [("addition", 4353), ("xor", 4418), ("temporal_order", 4804),
                                             ("3bit_memorization", 5000), ("multiplication", 4353)])  # fmt: skip
def test_networks_have_the_documents_size(task, count):
    assert Arm(task=task).first_weights().size == count


@pytest.mark.parametrize("task", MAIN)
def test_arms_differ_in_the_recurrent_matrix_alone(task):
    shape = Arm(task=task).shape
    arms = [shape.named(Arm(task=task, init=init, seed=3).first_weights()) for init in INITS]
    for arm in arms[1:]:
        assert all((arm[name] == arms[0][name]).all() for name in ("W_xh", "W_ho", "b_h", "b_o"))
        assert (arm["W_hh"] != arms[0]["W_hh"]).any()


def test_matrix_and_data_may_be_another_seeds():
    here, there = Arm(seed=1), Arm(seed=2)
    both = Arm(seed=1, weight_seed=2, data_seed=2)
    first, second, mixed = (arm.shape.named(arm.first_weights()) for arm in (here, there, both))
    assert (mixed["W_hh"] == second["W_hh"]).all()
    assert (mixed["W_xh"] == first["W_xh"]).all()
    assert both.data_stream().random() == there.data_stream().random() != here.data_stream().random()


# ---- training -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("task", "init"), GOLDEN)
def test_the_first_epoch_is_the_documents(task, init):
    (run,) = begun(Arm(task=task, init=init))
    train_epoch([run])
    loss, metric = GOLDEN[task, init]
    assert run.curves["metric"][0] == pytest.approx(metric, abs=1e-12)
    assert loss is None or run.curves["loss"][0] == pytest.approx(loss, abs=1e-12)


@pytest.mark.parametrize("task", MAIN)
def test_training_is_the_plain_loops(task):
    (run,) = begun(Arm(task=task, init="random", epochs=2, batches=5))
    curve, parameters = plain_loop.train(task, "random", 0, 2, 5)
    for _ in range(2):
        train_epoch([run])
    np.testing.assert_allclose(np.stack([run.curves["loss"], run.curves["metric"]], 1), curve, atol=1e-12)
    named = run.settings.shape.named(run.weights)
    for theirs, ours in {"W_ih": "W_xh", "W_hh": "W_hh", "b_h": "b_h", "W_hy": "W_ho", "b_y": "b_o"}.items():
        np.testing.assert_allclose(named[ours], parameters[theirs].T, atol=1e-12)


@pytest.mark.parametrize(("task", "phi"), [("addition", "tanh"), ("addition", "relu"), ("temporal_order", "tanh"),
                                           ("noiseless_memorization_5bit", "tanh")])  # fmt: skip
def test_gradients_are_those_of_differences(task, phi):
    arm = Arm(task=task, phi=phi, H=5, T=30 if "noise" in task else 10)
    batch = arm.kind.draw(np.random.default_rng(1), arm.T, 4, False)
    net = Net(arm.shape, arm.kind, phi, 2, arm.T, 4, np.float64)
    flat = np.stack([arm.first_weights(), arm.replace(seed=1).first_weights()])

    def loss_at(flat):
        return net.gradient(flat, [batch.x] * 2, [batch.y] * 2).loss

    found = net.gradient(flat, [batch.x] * 2, [batch.y] * 2).grad
    for place in range(arm.shape.P):
        step = 1e-6 * (np.arange(arm.shape.P) == place)
        expected = (loss_at(flat + step) - loss_at(flat - step)) / 2e-6
        np.testing.assert_allclose(found[:, place], expected, atol=1e-8)


@pytest.mark.parametrize(("dtype", "near"), [("float64", 1e-12), ("float32", 1e-4)])
@pytest.mark.parametrize("task", ["temporal_order", "noiseless_memorization_5bit"])
def test_the_compiled_passes_are_the_plain_ones(task, dtype, near):
    arm = Arm(task=task, T=30, H=20, dtype=dtype)
    batch = arm.kind.draw(np.random.default_rng(1), arm.T, 50, False)
    flat = np.stack([arm.first_weights(), arm.replace(init="random").first_weights()])
    plain, compiled = Net(arm.shape, arm.kind, "tanh", 2, arm.T, 50, np.float64), net_of(arm, 2, arm.T)
    assert type(compiled) is not Net
    given = [batch.x] * 2, [batch.y] * 2
    for found, right in zip(compiled.gradient(flat, *given), plain.gradient(flat.astype(float), *given), strict=True):
        np.testing.assert_allclose(found, right, rtol=near, atol=near / 100)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_arms_trained_together_are_those_trained_alone(dtype):
    arms = [
        Arm(init=init, seed=seed, dtype=dtype, epochs=2, batches=4, lr=lr, schedule=schedule, method="nesterov")
        for init, seed, lr, schedule in (
            ("ortho", 0, 0.01, "constant"), ("random", 0, 0.02, "constant"), ("sparse", 5, 0.01, "sutskever")
        )
    ]  # fmt: skip
    assert len({alike(arm) for arm in arms}) == 1
    together, alone = begun(*arms), [run for arm in arms for run in begun(arm)]
    for _ in range(2):
        train_epoch(together)
        for run in alone:
            train_epoch([run])
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one.weights, other.weights, rtol=1e-6 if dtype == "float32" else 1e-12)
        assert one.rng.random() == other.rng.random()


@pytest.mark.parametrize("method", ["heavy_ball", "nesterov", "adam"])
def test_every_method_learns(method):
    arm = Arm(task="temporal_order", T=10, epochs=8, method=method, lr=0.003 if method == "adam" else 0.01)
    (run,) = begun(arm)
    for _ in range(arm.epochs):
        train_epoch([run])
    assert run.curves["metric"][-1] > 2 * chance(arm.task, arm.T)


def test_a_curriculum_grows_with_success_and_only_full_length_counts():
    arm = Arm(task="temporal_order", T=12, curriculum=10, epochs=6, method="adam", lr=0.003)
    (run,) = begun(arm)
    for _ in run.checkpoints():
        pass
    assert alike(arm) is None
    assert run.curves["steps"] == [10, 11, 12, 12, 12, 12]
    assert run.curves["metric"][0] > arm.kind.solved  # which did not count
    facts = facts_of(arm, run.state())
    assert (run.status, facts["solved_epoch"], facts["full_at"]) == ("solved", 3, 60)


def test_an_arm_that_diverges_ends_and_leaves_the_others_alone():
    arms = [Arm(phi="relu", lr=lr, clip=0.0, epochs=3, batches=4, batch=5) for lr in (1e9, 0.01)]
    runs, alone = begun(*arms), begun(arms[1])
    ways = [iter(run.checkpoints()) for run in (*runs, *alone)]
    for _ in range(4):
        for way in ways:
            next(way, None)
    assert (runs[0].status, runs[0].updates) == ("diverged", 4)
    assert (runs[1].status, runs[1].updates) == ("running", 12)
    np.testing.assert_array_equal(runs[1].weights, alone[0].weights)


def test_another_task_comes_with_its_own_length():
    assert EXPERIMENT.get("addition_ortho", task="temporal_order").T == 60
    assert EXPERIMENT.get("addition_ortho", task="temporal_order", T=20).T == 20
    assert EXPERIMENT.get("temporal_order_ortho", "smoke").T == 60


def test_what_cannot_be_is_refused():
    for wrong in ({"task": "adition"}, {"T": 5, "task": "temporal_order"}, {"curriculum": 40}, {"lr": -1.0}):
        with pytest.raises(BadValue):
            Arm(**wrong)
    with pytest.raises(BadValue, match="centred has no effect"):
        EXPERIMENT.refuse(Arm(task="temporal_order", centred=True), Cells())
