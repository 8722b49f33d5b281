"""The two networks and their truncated gradients: golden values, finite differences, autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnkit.assignments.lookback.batches import shelve, take
from rnnkit.assignments.lookback.lookback import contributions, gradient, terms
from rnnkit.assignments.lookback.models import GATES, Model, forward, read

V = np.array([[0.7, 0.3, 0.4], [0.6, 0.9, 0.7]])
U = np.array([[0.9, 0.8], [0.5, 0.3]])
W = np.array([[0.6, 0.5], [0.2, 0.6], [0.4, 0.2]])
RNN, GRU = (Model(kind, 2, 3, 3) for kind in ("rnn", "gru"))
GRU_WEIGHTS = {
    "Vh": V, "Uh": np.array([[0.6, 0.4], [0.3, 0.8]]), "Vr": np.array([[0.2, 0.7, 0.1], [0.9, 0.6, 0.5]]),
    "Ur": np.array([[0.1, 0.9], [0.4, 0.6]]), "Vz": np.array([[0.6, 0.8, 0.9], [0.3, 0.2, 0.7]]),
    "Uz": np.array([[0.9, 0.5], [0.9, 0.3]]), "W": W,
}  # fmt: skip
X = [0, 1, 2, 1, 1, 0, 2]


def words(text: str) -> np.ndarray:
    return np.array([int(letter) for letter in text])


def batch_of(xs, ds):
    shelf = shelve(xs, ds)
    return take([shelf], np.arange(len(shelf))[None])


LM = batch_of([words("0121102")], [words("1211111")])
NP = batch_of([np.array(X)], np.array([0]))
ROW = {"rnn": RNN.row({"U": U, "V": V, "W": W}), "gru": GRU.row(GRU_WEIGHTS)}


def found(model, batch, lookback, legacy=False):
    out = gradient(model, ROW[model.kind][None], batch, lookback, legacy)
    return {name: part[0].T for name, part in model.named(out.row).items()}, float(out.loss[0])


def near(values, golden):
    np.testing.assert_allclose(values, golden, rtol=0, atol=5.1e-9)


@pytest.mark.parametrize(
    ("batch", "lookback", "golden"),
    [
        (LM, 0, [[-0.11298744, -0.107331], [0.07341862, 0.06939134]]),
        (LM, 3, [[-0.12007034, -0.1141893], [0.06377434, 0.06003115]]),
        (LM, 99, [[-0.12008206, -0.11420084], [0.06376353, 0.06002047]]),
        (NP, 0, [[0.01926192, 0.01684262], [0.00719671, 0.0062928]]),
        (NP, 3, [[0.0216261, 0.01914693], [0.01044642, 0.00946145]]),
    ],
)
def test_the_rnns_golden_directions(batch, lookback, golden):
    near(found(RNN, batch, lookback)[0]["U"], golden)


def test_the_golden_losses():
    pairs = [("0121102", "1211111"), ("110", "102"), ("11212", "12121")]
    losses = [found(RNN, batch_of([words(x)], [words(d)]), 0)[1] for x, d in pairs]
    np.testing.assert_allclose(losses, [8.19118156763, 3.29724981191, 6.01420605985], rtol=1e-12)
    np.testing.assert_allclose(sum(losses) / 15, 1.16684249596, rtol=1e-11)
    np.testing.assert_allclose(found(RNN, NP, 0)[1], 0.887758278817, rtol=1e-12)


def test_the_grus_golden_directions_true_and_as_supplied():
    run = forward(GRU, GRU.blocks(ROW["gru"][None]), NP)
    np.testing.assert_allclose(run.s[-1, 0, 0], [0.5216119223, 0.7687892537], rtol=0, atol=1e-10)
    odds = np.exp(W @ run.s[-1, 0, 0])
    np.testing.assert_allclose(odds / odds.sum(), [0.3858153414, 0.3381849791, 0.2759996795], rtol=0, atol=1e-10)
    true, legacy = found(GRU, NP, 3)[0], found(GRU, NP, 3, legacy=True)[0]
    near(true["Ur"], [[0.00123911, 0.0020179], [0.00156073, 0.00255689]])
    near(legacy["Ur"], [[0.00193795, 0.00314452], [0.00195132, 0.00320871]])
    near(true["Uh"], [[0.01724774, 0.02948478], [0.00353375, 0.00624167]])
    near(legacy["Uh"][0, 0], 0.01726854)


def test_a_first_word_has_a_gradient_that_the_supplied_one_leaves_out():
    batch = batch_of([words("20111")], np.array([0]))
    true, legacy = found(GRU, batch, 9)[0], found(GRU, batch, 9, legacy=True)[0]
    assert np.abs(true["Vh"][:, 2]).min() > 1e-4
    assert (legacy["Vh"][:, 2] == 0).all()
    one_word = batch_of([words("2")], np.array([0]))  # which is the loss's own step
    near(found(GRU, one_word, 9, legacy=True)[0]["Vh"], found(GRU, one_word, 9)[0]["Vh"])


MODELS = [Model("rnn", 4, 6, 5), Model("rnn", 4, 6, 5, phi="tanh")]
MODELS += [Model("gru", 4, 6, 5, update_gate=way, gates=on) for way in ("keep", "write") for on in GATES]


def sentences(words_too: bool, rng=None):
    rng = np.random.default_rng(0) if rng is None else rng
    xs = [rng.integers(0, 6, n) for n in (3, 7, 1, 5, 7)]
    return batch_of(xs, [rng.integers(0, 5, len(x)) for x in xs] if words_too else rng.integers(0, 5, 5))


@pytest.mark.parametrize("model", MODELS, ids=str)
@pytest.mark.parametrize("words_too", [True, False])
def test_finite_differences_agree_when_all_is_looked_back(model, words_too):
    row = model.drawn(np.random.RandomState(1))
    batch = sentences(words_too)
    direction = np.random.default_rng(2).standard_normal(len(row))

    def loss(at):
        w = model.blocks(at[None])
        return read(w["W"], forward(model, w, batch)).loss[0]

    eps = 1e-5
    slope = (loss(row + eps * direction) - loss(row - eps * direction)) / (2 * eps)
    ours = gradient(model, row[None], batch, 99)
    np.testing.assert_allclose(-(ours.row[0] @ direction), slope, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("words_too", [True, False])
def test_finite_differences_tell_the_supplied_grus_gradient_from_the_true_one(words_too):
    model, batch = Model("gru", 4, 6, 5), sentences(words_too)
    row = model.drawn(np.random.RandomState(1))

    def loss(at):
        w = model.blocks(at[None])
        return read(w["W"], forward(model, w, batch)).loss[0]

    eps = 1e-5 * np.eye(len(row))
    slopes = np.array([loss(row + step) - loss(row - step) for step in eps]) / 2e-5
    off = {}
    for legacy in (False, True):
        ours = gradient(model, row[None], batch, 99, legacy).row[0]
        off[legacy] = {name: np.abs(part).max() for name, part in model.named((ours + slopes)[None]).items()}
    assert max(off[False].values()) < 1e-8
    assert off[True].pop("W") < 1e-8  # which no lag reaches
    assert min(off[True].values()) > 1e-4


def by_torch(model, row, x, d):
    """-dL of one language-model sentence by autograd."""
    flat = torch.from_numpy(row.copy()).requires_grad_()
    places = model.named(np.arange(len(row))[None])
    w = {name: flat[torch.from_numpy(where[0].copy())] for name, where in places.items()}
    s, lost = torch.zeros(model.H, dtype=torch.float64), torch.zeros(())
    for word, right in zip(x, d, strict=True):
        if model.kind == "rnn":
            s = torch.sigmoid(w["V"][word] + s @ w["U"])
        else:
            r, z = (torch.sigmoid(w[f"V{g}"][word] + s @ w[f"U{g}"]) for g in "rz")
            s = z * s + (1 - z) * torch.tanh(w["Vh"][word] + (r * s) @ w["Uh"])
        lost = lost - torch.log_softmax(s @ w["W"], -1)[right]
    lost.backward()
    return -flat.grad.numpy()


@pytest.mark.parametrize("kind", ["rnn", "gru"])
def test_the_whole_lookback_is_autograds(kind):
    model = Model(kind, 4, 6, 5)
    row, rng = model.drawn(np.random.RandomState(3)), np.random.default_rng(3)
    x, d = rng.integers(0, 6, 8), rng.integers(0, 5, 8)
    ours = gradient(model, row[None], batch_of([x], [d]), 7).row[0]
    np.testing.assert_allclose(ours, by_torch(model, row, x, d), rtol=0, atol=1e-13)


def plain_rnn(x, d, U, V, W, tau):
    """The coursework's words, step by step, in its column form."""
    s = [np.zeros(len(U))]
    dU, dV, dW = np.zeros_like(U), np.zeros_like(V), np.zeros_like(W)
    for t, (word, right) in enumerate(zip(x, d, strict=True)):
        s.append(1 / (1 + np.exp(-(V[:, word] + U @ s[-1]))))
        y = np.exp(W @ s[-1])
        e = np.eye(len(W))[right] - y / y.sum()
        dW += np.outer(e, s[-1])
        delta = (W.T @ e) * s[-1] * (1 - s[-1])
        for k in range(min(tau, t) + 1):
            if k:
                delta = (U.T @ delta) * s[t - k + 1] * (1 - s[t - k + 1])
            dU += np.outer(delta, s[t - k])
            dV[:, x[t - k]] += delta
    return dU, dV, dW


@pytest.mark.parametrize("tau", [0, 1, 2, 5, 9])
def test_all_at_once_is_the_plain_loop(tau):
    model = Model("rnn", 4, 6, 5)
    row, rng = model.drawn(np.random.RandomState(4)), np.random.default_rng(4)
    w = {name: part[0].T for name, part in model.named(row[None]).items()}
    xs = [rng.integers(0, 6, n) for n in (2, 8, 1, 4)]
    ds = [rng.integers(0, 5, len(x)) for x in xs]
    each = [plain_rnn(x, d, w["U"], w["V"], w["W"], tau) for x, d in zip(xs, ds, strict=True)]
    plain = [sum(parts) for parts in zip(*each, strict=True)]
    ours = model.named(gradient(model, row[None], batch_of(xs, ds), tau).row)
    for name, values in zip("UVW", plain, strict=True):
        np.testing.assert_allclose(ours[name][0].T, values, rtol=0, atol=1e-13)


@pytest.mark.parametrize("model", MODELS[:3], ids=str)
@pytest.mark.parametrize("words_too", [True, False])
def test_networks_side_by_side_are_as_alone(model, words_too):
    rng, shelves = np.random.default_rng(5), []
    for lengths in ((9, 2, 2), (1, 4, 3)):
        xs = [rng.integers(0, 6, n) for n in lengths]
        shelves.append(shelve(xs, [rng.integers(0, 5, n) for n in lengths] if words_too else rng.integers(0, 5, 3)))
    rows = np.stack([model.drawn(np.random.RandomState(seed)) for seed in range(2)])
    chosen = np.array([[2, 0, 1], [0, 1, 2]])
    together = gradient(model, rows, take(shelves, chosen), 3)
    for s, shelf in enumerate(shelves):
        alone = gradient(model, rows[s : s + 1], take([shelf], chosen[s : s + 1]), 3)
        np.testing.assert_allclose(together.row[s], alone.row[0], rtol=0, atol=1e-13)
        np.testing.assert_allclose(together.loss[s], alone.loss[0], rtol=1e-13)


def test_a_gate_that_keeps_is_one_that_writes_turned_round():
    keep, write = (Model("gru", 4, 6, 5, update_gate=way) for way in ("keep", "write"))
    row, batch = keep.drawn(np.random.RandomState(6)), sentences(True)
    turned = row.copy()[None]
    parts = keep.named(turned)
    for name in ("Uz", "Vz"):
        parts[name] *= -1  # sigmoid(-a) is 1 - sigmoid(a)
    kept, written = forward(keep, keep.blocks(row[None]), batch), forward(write, write.blocks(turned), batch)
    np.testing.assert_allclose(kept.s, written.s, rtol=0, atol=1e-15)
    there = batch.valid[..., None]
    np.testing.assert_allclose(kept.z * there, (1 - written.z) * there, rtol=0, atol=1e-15)
    ours, theirs = (gradient(m, r, batch, 4).row for m, r in ((keep, row[None]), (write, turned)))
    for name, part in keep.named(theirs).items():
        sign = -1 if name in ("Uz", "Vz") else 1
        np.testing.assert_allclose(keep.named(ours)[name], sign * part, rtol=0, atol=1e-13)


def test_a_gru_without_gates_is_the_tanh_network():
    gru, tanh = Model("gru", 4, 6, 5, gates="none"), Model("rnn", 4, 6, 5, phi="tanh")
    row, batch = gru.drawn(np.random.RandomState(7))[None], sentences(True)
    w = gru.named(row)
    other = tanh.row({"U": w["Uh"][0].T, "V": w["Vh"][0].T, "W": w["W"][0].T})[None]
    ours, theirs = (gradient(m, r, batch, 2) for m, r in ((gru, row), (tanh, other)))
    np.testing.assert_allclose(ours.loss, theirs.loss, rtol=1e-13)
    np.testing.assert_allclose(gru.named(ours.row)["Uh"], tanh.named(theirs.row)["U"], rtol=0, atol=1e-13)
    assert not gru.named(ours.row)["Ur"].any()
    assert not gru.named(ours.row)["Vz"].any()


@pytest.mark.parametrize(
    ("kind", "outputs", "counts"),
    [
        ("rnn", 2000, {25: 100_625, 50: 202_500, 75: 305_625}),
        ("rnn", 2, {10: 20_120, 25: 50_675, 50: 102_600}),
        ("gru", 2, {10: 60_320, 25: 151_925, 50: 307_600}),
    ],
)
def test_numbers_of_parameters(kind, outputs, counts):
    assert {H: Model(kind, H, 2000, outputs).parameters for H in counts} == counts


def test_weights_are_drawn_as_the_coursework_draws_them():
    np.random.seed(2018)
    first = np.random.randn(3, 3) * np.sqrt(0.1)
    second = np.random.randn(3, 7) * np.sqrt(0.1)
    model = Model("rnn", 3, 7, 5)
    w = model.named(model.drawn(np.random.RandomState(2018))[None])
    np.testing.assert_array_equal(w["U"][0].T, first)
    np.testing.assert_array_equal(w["V"][0].T, second)
    assert [*Model("gru").shapes] == ["Ur", "Vr", "Uz", "Vz", "Uh", "Vh", "W"]


@pytest.mark.parametrize("model", [MODELS[0], MODELS[2]], ids=str)
@pytest.mark.parametrize("words_too", [True, False])
def test_norms_are_those_of_single_sentences(model, words_too):
    row, batch = model.drawn(np.random.RandomState(8)), sentences(words_too)
    norms, gate = contributions(model, row, batch, 9), model.named_gates[-1]
    lengths = batch.valid[:, 0].sum(0)
    alone: dict[int, list[float]] = {}
    up_to: dict[int, list[float]] = {}
    for b, length in enumerate(lengths):
        x = batch.x[-length:, 0, b]
        d = batch.d[-length:, 0, b]
        one = batch_of([x], [d] if words_too else d)
        steps = [model.named(gradient(model, row[None], one, k).row)[f"U{gate}"][0] for k in range(9)]
        for k in range(9):
            up_to.setdefault(k, []).append(np.linalg.norm(steps[k]))
            if length > k:
                alone.setdefault(k, []).append(np.linalg.norm(steps[k] - (steps[k - 1] if k else 0)))
    np.testing.assert_allclose(norms.accumulated[gate], [np.mean(up_to[k]) for k in range(9)], rtol=1e-10)
    np.testing.assert_allclose(norms.per_tau[gate][:7], [np.mean(alone[k]) for k in range(7)], rtol=1e-9, atol=1e-15)
    assert np.isnan(norms.per_tau[gate][7:]).all()


def test_terms_go_back_no_further_than_told():
    model, batch = MODELS[2], sentences(False)
    w = model.blocks(model.drawn(np.random.RandomState(9))[None])
    run = forward(model, w, batch)
    said = read(w["W"], run)
    assert [one.lag for one in terms(model, w["U"], run, said.direct, 2)] == [0, 1, 2]
    assert [one.lag for one in terms(model, w["U"], run, said.direct, 99)] == [*range(7)]
