"""Tasks: the order of the draws against a second generator, then what must hold for every batch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnkit.tasks import TASKS, Batch, draw_length, get_task

NAMES = ("torder", "torder3", "add", "mul", "perm", "mem")
SIZES = {  # n_in, n_out, head
    "torder": (6, 4, "lastSoftmax"),
    "torder3": (6, 8, "lastSoftmax"),
    "add": (2, 1, "lastLinear"),
    "mul": (2, 1, "lastLinear"),
    "perm": (100, 100, "lastSoftmax"),
    "mem": (7, 6, "softmax"),
}
lengths, batches, seeds = st.integers(10, 130), st.integers(1, 6), st.integers(0, 2**32 - 1)


# ---- a second generator, one sequence at a time after the draws -------------------------------------------------


def draw_order(rng, L, B, offsets):
    drawn = []
    for offset in offsets:
        p = rng.randint(int(L * 0.1), size=B) + int(L * offset)
        v = rng.randint(2, size=B)
        drawn.append((p, v))
    symbols = rng.randint(4, size=(L, B)) + 2
    x, y = np.zeros((L, B, 6)), np.zeros(B)
    for b in range(B):
        for k, (p, v) in enumerate(drawn):
            symbols[p[b], b] = v[b]
            y[b] += v[b] << k
        for t in range(L):
            x[t, b, symbols[t, b]] = 1
    return x, y


def draw_marked(rng, L, B, combine):
    T = L + rng.randint(int(L * 0.1))
    p0 = rng.randint(int(T * 0.1), size=B)
    p1 = rng.randint(int(T * 0.4), size=B) + int(T * 0.1)
    x = rng.uniform(size=(T, B, 2)).astype("float32")
    y = np.zeros((B, 1))
    for b in range(B):
        x[:, b, 0] = 0
        x[[p0[b], p1[b]], b, 0] = 1
        y[b] = combine(float(x[p0[b], b, 1]), float(x[p1[b], b, 1]))
    return x, y


def draw_perm(rng, L, B):
    symbols = rng.randint(98, size=(L + 1, B)) + 2
    symbols[[0, L]] = rng.randint(2, size=B)
    return np.eye(100)[symbols[:L]], symbols[L]


def draw_mem(rng, L, B, V=5, P=10):
    numbers = rng.randint(V**P, size=B)
    x, y = np.zeros((L + 2 * P, B, V + 2)), np.full((L + 2 * P, B), V)
    x[P:, :, V] = 1
    x[L + P] = np.eye(V + 2)[V + 1]
    for b, n in enumerate(numbers):
        for k in range(P):
            n, digit = divmod(n, V)
            x[k, b, digit] = 1
            y[L + P + k, b] = digit
    return x, y


REFERENCE = {
    "torder": lambda rng, L, B: draw_order(rng, L, B, (0.1, 0.5)),
    "torder3": lambda rng, L, B: draw_order(rng, L, B, (0.1, 0.3, 0.6)),
    "add": lambda rng, L, B: draw_marked(rng, L, B, lambda u, v: (u + v) / 2),
    "mul": lambda rng, L, B: draw_marked(rng, L, B, lambda u, v: u * v),
    "perm": draw_perm,
    "mem": draw_mem,
}


def same_position(a: np.random.RandomState, b: np.random.RandomState) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a.get_state(), b.get_state(), strict=True))


@pytest.mark.parametrize("seed", [0, 52, 12397])
@pytest.mark.parametrize(("L", "B"), [(10, 1), (10, 7), (19, 3), (57, 2), (123, 20), (199, 4)])
@pytest.mark.parametrize("name", NAMES)
def test_draws_as_the_second_generator(name, L, B, seed):
    ours, theirs = np.random.RandomState(seed), np.random.RandomState(seed)
    for _ in range(2):  # the second batch begins where the first one left the stream
        x, y = REFERENCE[name](theirs, L, B)
        batch = get_task(name).sample(ours, L, B)
        np.testing.assert_array_equal(batch.inputs.numpy(), x)
        np.testing.assert_allclose(batch.targets.numpy(), y, rtol=1e-7)
        assert same_position(ours, theirs)


# ---- every batch ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@given(L=lengths, B=batches, seed=seeds)
def test_shapes_and_dtypes(name, L, B, seed):
    task = get_task(name)
    n_in, n_out, head = SIZES[name]
    assert (task.n_in, task.n_out, task.head, task.name) == (n_in, n_out, head, name)
    x, y = task.sample(np.random.RandomState(seed), L, B)
    T = len(x)
    assert x.shape == (T, B, n_in)
    assert x.dtype == torch.float32
    assert y.shape == {"softmax": (T, B), "lastSoftmax": (B,), "lastLinear": (B, n_out)}[head]
    assert y.dtype == (torch.float32 if head == "lastLinear" else torch.int64)
    assert T <= task.max_steps(L) <= task.max_steps(L + 1)
    if name in ("torder", "torder3", "perm"):
        assert T == L
    elif name == "mem":
        assert T == L + 20
    else:
        assert L <= T < max(L + 1, L + int(0.1 * L))
    if head != "lastLinear":
        assert ((x == 0) | (x == 1)).all()
        assert (x.sum(-1) == 1).all()
        assert y.min() >= 0
        assert y.max() < n_out


@pytest.mark.parametrize(("name", "offsets"), [("torder", (0.1, 0.5)), ("torder3", (0.1, 0.3, 0.6))])
@given(L=lengths, B=batches, seed=seeds)
def test_order_is_read_off_the_inputs(name, offsets, L, B, seed):
    x, y = get_task(name).sample(np.random.RandomState(seed), L, B)
    symbols = x.numpy().argmax(-1)
    for b in range(B):
        (where,) = np.nonzero(symbols[:, b] < 2)  # noise is 2..5
        assert len(where) == len(offsets)
        for t, offset in zip(where, offsets, strict=True):
            assert int(L * offset) <= t < int(L * offset) + int(L * 0.1)
        assert int(y[b]) == sum(int(symbols[t, b]) << k for k, t in enumerate(where))


@pytest.mark.parametrize("name", ["add", "mul"])
@given(L=lengths, B=batches, seed=seeds)
def test_marked_numbers_give_the_target(name, L, B, seed):
    x, y = get_task(name).sample(np.random.RandomState(seed), L, B)
    T, x = len(x), x.double().numpy()
    assert set(np.unique(x[..., 0])) == {0.0, 1.0}
    assert 0 <= x[..., 1].min() <= x[..., 1].max() <= 1
    for b in range(B):
        (where,) = np.nonzero(x[:, b, 0])
        first, second = where  # exactly two
        assert 0 <= first < int(T * 0.1) <= second < int(T * 0.1) + int(T * 0.4)
        u, v = x[first, b, 1], x[second, b, 1]
        assert float(y[b, 0]) == pytest.approx((u + v) / 2 if name == "add" else u * v, rel=1e-6)


@given(L=lengths, B=batches, seed=seeds)
def test_perm_ends_as_it_begins(L, B, seed):
    x, y = get_task("perm").sample(np.random.RandomState(seed), L, B)
    symbols = x.argmax(-1)
    assert torch.equal(symbols[0], y)
    assert set(y.tolist()) <= {0, 1}
    assert (symbols[1:] >= 2).all()


@given(L=lengths, B=batches, seed=seeds, V=st.integers(1, 6), P=st.integers(1, 12))
def test_mem_shows_blanks_and_asks_back(L, B, seed, V, P):
    x, y = get_task("mem", memvalues=V, mempos=P).sample(np.random.RandomState(seed), L, B)
    symbols = x.argmax(-1)
    assert x.shape == (L + 2 * P, B, V + 2)
    assert (symbols[:P] < V).all()
    assert (symbols[P : L + P] == V).all()
    assert (symbols[L + P] == V + 1).all()
    assert (symbols[L + P + 1 :] == V).all()
    assert (y[: L + P] == V).all()
    assert torch.equal(y[L + P :], symbols[:P])  # the pattern, in order, at a lag of exactly L + P


@pytest.mark.parametrize(("V", "P"), [(2, 5), (3, 3), (1, 4)])
@pytest.mark.parametrize("B", [1, 50])
def test_memall_holds_every_pattern_once(V, P, B):
    x, y = get_task("mem", memvalues=V, mempos=P, memall=True).sample(np.random.RandomState(3), 12, B)
    patterns = [tuple(column) for column in x[:P].argmax(-1).T.tolist()]
    assert len(patterns) == V**P == len(set(patterns))
    assert torch.equal(y[-P:].T, torch.tensor(patterns))


def test_lengths_are_50_to_199():
    ours, theirs = np.random.RandomState(0), np.random.RandomState(0)
    drawn = [draw_length(ours, 50, 200) for _ in range(10_000)]
    assert drawn == [50 + theirs.randint(150) for _ in range(10_000)]
    assert set(drawn) == set(range(50, 200))


def test_no_draw_where_there_is_nothing_to_draw():
    rng = np.random.RandomState(7)
    assert [draw_length(rng, 60, 60) for _ in range(3)] == [60] * 3
    assert same_position(rng, np.random.RandomState(7))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_batch_moves_real_values_only(dtype):
    x = torch.ones(2, 3, 1)
    assert Batch(x, torch.ones(3, 1)).to("cpu", dtype).targets.dtype == dtype
    assert Batch(x, torch.ones(3, dtype=torch.int64)).to("cpu", dtype).targets.dtype == torch.int64
    assert Batch(x, torch.ones(3, 1)).to("cpu", dtype).inputs.dtype == dtype


# ---- floors -----------------------------------------------------------------------------------------------------

VALID_LENGTHS = [150, 189, 167, 188, 136, 133, 106, 196, 100, 180]  # seed 52, the handout's sizes


def test_frozen_lengths_of_the_handouts_validation_set():
    rng, task, found = np.random.RandomState(52 + 12345), get_task("mem"), []
    for _ in range(10):
        found.append(draw_length(rng, 50, 200))
        task.sample(rng, found[-1], 1000)
    assert found == VALID_LENGTHS


FLOORS = {
    "torder memoryless": (math.log(4), 75),
    "torder constant": (math.log(4), 75),
    "torder3 memoryless": (math.log(8), 87.5),
    "perm constant": (math.log(100), 99),
    "perm marginal": (math.log(2), 50),
    "perm memoryless": (math.log(2), 50),
    "add marginal": (1 / 24, 36),
    "add memoryless": (1 / 24, 36),
    "mul marginal": (7 / 144, pytest.approx(39, abs=0.5)),
    "mul marginal_error": (7 / 144 + 0.05**2, pytest.approx(23, abs=0.5)),
    "mem constant": (math.log(6), 100),
    "mem marginal": (pytest.approx(0.3207, abs=5e-5), 100),
    "mem memoryless": (pytest.approx(0.0960, abs=5e-5), pytest.approx(100 * (1 - 5.0**-10), abs=1e-9)),
}


@pytest.mark.parametrize("which", FLOORS)
def test_floors_known_in_closed_form(which):
    name, floor = which.split()
    found = get_task(name).floors(VALID_LENGTHS)[floor]
    nll, error = FLOORS[which]
    assert found.nll == (pytest.approx(nll) if isinstance(nll, float) else nll)
    assert found.error == (pytest.approx(error) if isinstance(error, (int, float)) else error)
    assert found.meaning


@pytest.mark.parametrize("err_abs", [0.05, 0.2, 0.4, 0.7])
@pytest.mark.parametrize("name", ["add", "mul"])
def test_regression_floors_by_monte_carlo(name, err_abs):
    u, v = np.random.RandomState(1).uniform(size=(2, 400_000))
    target = (u + v) / 2 if name == "add" else u * v
    floors = get_task(name).floors([50], err_abs)
    errors = {c: 100 * np.mean(np.abs(target - c) > err_abs) for c in np.linspace(0, 1, 101)}
    mean = target.mean()
    assert floors["marginal"].nll == pytest.approx(np.mean((target - mean) ** 2), rel=0.01)
    assert floors["marginal"].error == pytest.approx(100 * np.mean(np.abs(target - mean) > err_abs), abs=0.4)
    assert floors["marginal_error"].error == pytest.approx(min(errors.values()), abs=0.4)
    best = float(floors["marginal_error"].meaning.split()[1].rstrip(","))
    assert floors["marginal_error"].nll == pytest.approx(np.mean((target - best) ** 2), rel=0.02)


@given(L=st.integers(10, 80), V=st.integers(2, 4), P=st.integers(1, 4))
def test_mem_floors_by_counting(L, V, P):
    task = get_task("mem", memvalues=V, mempos=P, memall=True)  # all patterns: the counts are the expectations
    floors = task.floors([L, L])
    y = task.sample(np.random.RandomState(0), L, 1).targets.numpy()
    frequencies = np.bincount(y.ravel()) / y.size
    at_each_step = np.array([np.bincount(row, minlength=V + 1) / len(row) for row in y])  # (T, V + 1)
    nats = -(at_each_step * np.log(np.where(at_each_step > 0, at_each_step, 1))).sum(1)
    assert floors["marginal"].nll == pytest.approx(-(frequencies * np.log(frequencies)).sum())
    assert floors["memoryless"].nll == pytest.approx(nats.mean())
    assert floors["memoryless"].error == pytest.approx(100 * (1 - 1 / y.shape[1]))
    assert floors["memoryless"].nll < floors["marginal"].nll <= floors["constant"].nll + 1e-12


# ---- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "batch", "says"),
    [
        (5, 2, "a length of at least 10 .* got 5"),
        (9, 2, "a length .* got 9"),
        (20, 0, "a batch of at least 1 .* got 0"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_too_short_and_too_few(name, length, batch, says):
    rng = np.random.RandomState(0)
    with pytest.raises(ValueError, match=f"{name}: expected {says}"):
        get_task(name).sample(rng, length, batch)
    assert same_position(rng, np.random.RandomState(0))


@pytest.mark.parametrize(
    ("typed", "meant"), [("torder_3", "torder3"), ("ad", "add"), ("MUL", "mul"), ("memo", "mem"), ("prem", "perm")]
)
def test_unknown_names_say_the_nearest(typed, meant):
    with pytest.raises(ValueError, match=f"did you mean '{meant}'") as caught:
        get_task(typed)
    assert all(name in str(caught.value) for name in TASKS)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"memall": True}, "5\\^10"),
        ({"memvalues": 0}, "memvalues 0"),
        ({"mempos": 0}, "mempos 0"),
        ({"mempos": 40}, "5\\^40"),
    ],
    ids=["memall too large", "no value", "no position", "too many patterns"],
)
def test_patterns_that_cannot_be(settings, says):
    with pytest.raises(ValueError, match=says):
        get_task("mem", **settings)
