"""Omega: its value, its immediate derivative, and what training does with them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnkit.engines import get_engine
from rnnkit.engines.bptt import PHI_SLOPE
from rnnkit.heads import get_head
from rnnkit.omega import omega
from rnnkit.optim import clip
from rnnkit.record.anchors import replay
from rnnkit.record.file import load
from rnnkit.regimes import Regime, RegimeError
from rnnkit.runs.modelfile import find_cells
from rnnkit.runs.report_text import check_block
from rnnkit.tasks import draw_length
from rnnkit.train import content, train
from rnnkit.trainer import Trainer

BOUND = 1e-20


def by_hand(flow, slope, W_hh, bound):
    """Omega by the definition, one step and one sequence after the other."""
    squares, counted = 0.0, 0
    for d, s in zip(flow.flatten(0, 1), slope.flatten(0, 1), strict=True):
        if float(d @ d) >= bound:
            v = W_hh @ (d * s)
            squares += (float(v @ v) / float(d @ d) - 1) ** 2
            counted += 1
    return (squares / counted if counted else 0.0), counted / (flow.shape[0] * flow.shape[1])


def random_flow(steps=5, size=3, n_hid=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    flow = torch.randn(steps, size, n_hid, generator=generator, dtype=torch.float64)
    slope = torch.rand(steps, size, n_hid, generator=generator, dtype=torch.float64)
    return flow, slope, torch.randn(n_hid, n_hid, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("n_hid", [1, 4, 9])
def test_value_and_derivative(n_hid):
    """The derivative against central differences, with d_t and h_t constant."""
    flow, slope, W_hh = random_flow(n_hid=n_hid)
    flow[1, 2] = 1e-12  # under the bound: no part of anything
    found = omega(flow, slope, W_hh, BOUND)
    assert (found.value, found.steps_in_past) == pytest.approx(by_hand(flow, slope, W_hh, BOUND), rel=1e-12)
    assert found.steps_in_past == pytest.approx(14 / 15)
    step = 1e-5
    for i in range(n_hid):
        for j in range(n_hid):
            moved = torch.zeros_like(W_hh)
            moved[i, j] = step
            up, down = (by_hand(flow, slope, W_hh + sign * moved, BOUND)[0] for sign in (1, -1))
            assert float(found.grad[i, j]) == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-8)


def test_nothing_reaches_the_bound():
    flow, slope, W_hh = random_flow()
    for small in (flow * 1e-30, flow * 0):
        found = omega(small, slope, W_hh, BOUND)
        assert found[:2] == (0.0, 0.0)
        assert not found.grad.any()


def test_a_net_that_keeps_norms(random_cell, random_batch):
    cell, batch = random_cell("rnn", n_hid=6, phi="identity", head="lastLinear"), random_batch("lastLinear", steps=7)
    with torch.no_grad():
        cell.W_hh.copy_(torch.linalg.qr(torch.randn(6, 6, dtype=torch.float64))[0])
    for name in ("autograd", "fused"):
        engine = get_engine(name)
        found = engine.omega(cell, engine.run(cell, get_head("lastLinear"), batch), BOUND)
        assert found.steps_in_past == 1.0
        assert found.value == pytest.approx(0, abs=1e-24)
        assert float(found.grad.abs().max()) < 1e-11


def test_all_steps_count_and_the_direct_term_has_one(random_cell, random_batch):
    """The total derivative has T steps, that of h_1 with respect to h_0 among them; the direct term only the last."""
    cell, batch = random_cell("rnn", head="lastSoftmax", n_out=4), random_batch("lastSoftmax", steps=8, n_out=4)
    engine = get_engine("autograd")
    run = engine.run(cell, get_head("lastSoftmax"), batch)
    total, direct = (engine.omega(cell, run, BOUND, on) for on in ("total", "direct"))
    assert (total.steps_in_past, direct.steps_in_past) == (1.0, 1 / 8)
    slope, W_hh = PHI_SLOPE["tanh"](run.hidden), cell.W_hh.detach()
    assert total.value == pytest.approx(by_hand(run.flow, slope, W_hh, BOUND)[0])
    assert total.value != pytest.approx(by_hand(run.flow[1:], slope[1:], W_hh, BOUND)[0], rel=1e-3)
    assert direct.value == pytest.approx(by_hand(run.direct[-1:], slope[-1:], W_hh, BOUND)[0])
    assert direct.value != pytest.approx(total.value, rel=1e-3)


@pytest.mark.parametrize("phi", ["tanh", "sigmoid", "identity"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(("n_hid", "size"), [(1, 1), (16, 20), (50, 20), (83, 3)])
def test_the_engines_agree(random_cell, random_batch, phi, dtype, n_hid, size):
    std = 0.5 / n_hid**0.5
    cell = random_cell("rnn", n_in=6, n_hid=n_hid, n_out=4, phi=phi, head="lastSoftmax", dtype=dtype, std=std)
    batch = random_batch("lastSoftmax", 11, size, 6, 4, dtype=dtype)
    plain, fused = get_engine("autograd"), get_engine("fused")
    run = plain.run(cell, get_head("lastSoftmax"), batch)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-10
    for on in ("total", "direct"):
        expected, found = (engine.omega(cell, run, BOUND, on) for engine in (plain, fused))
        assert found[:2] == pytest.approx(expected[:2], rel=tolerance)
        assert found.grad.shape == expected.grad.shape
        assert float((found.grad - expected.grad).norm()) <= tolerance * float(expected.grad.norm())


# ---- in training ------------------------------------------------------------------------------------------------

SMALL = {
    "task": "torder", "init": "smart_tanh", "alpha": 2.0, "min_length": 10, "max_length": 14, "nhid": 20,
    "maxiters": 41, "checkFreq": 10, "ebs": 200, "cbs": 100, "name": "omega",
}  # fmt: skip


@pytest.mark.parametrize("engine", ["autograd", "fused"])
def test_it_is_added_before_norm_and_clipping(engine):
    regime = Regime(**SMALL, cutoff=1e-3, collectDiags=True)
    trainer, twin = (Trainer(regime, engine=get_engine(engine)) for _ in range(2))
    before = {name: p.detach().clone() for name, p in trainer.cell.named_parameters()}
    trainer.train_until(1)
    batch = twin.task.sample(twin.rng, draw_length(twin.rng, 10, 14), 20).to("cpu", torch.float32)
    run = twin.engine.run(twin.cell, twin.head, batch)
    term = twin.engine.omega(twin.cell, run, regime.bound)
    clipped = clip(run.grads | {"W_hh": run.grads["W_hh"] + 2 * term.grad}, twin.cell.W_hh, cutoff=1e-3)
    for name, parameter in trainer.cell.named_parameters():
        torch.testing.assert_close(parameter, before[name] - 0.01 * clipped.grads[name])
    found = {name: float(trainer.arrays[name][0]) for name in ("Omega", "steps_in_past", "gradient_norm")}
    assert found == pytest.approx({"Omega": term.value, "steps_in_past": 1.0, "gradient_norm": clipped.norm}, rel=1e-6)
    assert clipped.norm > 1e-3 == clipped.norm_clipped


def test_it_is_stored_and_printed(tmp_path):
    said = []
    path = train(Regime(**SMALL), out=tmp_path, echo=said.append)
    record = load(path)
    assert (record["Omega"] > 0).all()
    assert (record["steps_in_past"] == 1).all()
    mean = record["Omega"][11:21].mean(dtype=np.float64)
    assert f"Omega {mean:.4g} | steps in the past 1.000" in "\n".join(said)
    direct = Trainer(Regime(**SMALL, omega_on="direct"))
    blocks = [check_block(direct.regime, check) for check in direct.checkpoints()]
    assert "Omega of the direct term alone" in blocks[1]
    assert "Omega" not in blocks[0]
    assert direct.arrays["steps_in_past"].max() == pytest.approx(0.1)


def test_a_student_s_cell_trains_with_it(tmp_path):
    model = tmp_path / "model.py"
    model.write_text(
        "import torch\nfrom rnnkit.cells import RNN as Given\n\n\nclass RNN(Given):\n    def step(self, x_t, h_prev):\n"
        "        return torch.tanh(x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)\n"
    )
    runs = []
    for engine in ("auto", "autograd"):
        path = train(Regime(**SMALL), out=tmp_path / engine, cells=find_cells(model).source, engine=engine)
        runs.append(load(path))
    assert [str(run["engine"]) for run in runs] == ["fused", "autograd"]
    for name in ("Omega", "train_nll", "valid_nll", "W_hh"):
        np.testing.assert_allclose(runs[0][name], runs[1][name], rtol=2e-4, atol=1e-6)


def test_a_stretch_is_done_again_to_the_bit():
    regime = Regime(**SMALL)
    trainer = Trainer(regime)
    list(trainer.checkpoints())
    record = content(trainer)
    for name, value in replay(Trainer(regime), record, 2).items():
        np.testing.assert_array_equal(value, record[name][3], err_msg=name)


def test_the_gru_is_refused_with_a_reason():
    with pytest.raises(RegimeError, match=r"alpha: expected at least 0, and 0 for the GRU, because .* W_hh"):
        Regime(model="gru", alpha=2.0)


def test_short_temporal_order_is_solved_with_it_and_not_without():
    """Twenty steps in about 2,000 updates; ten times as many without Omega."""
    settings = {
        "task": "torder", "init": "smart_tanh", "min_length": 20, "max_length": 20, "maxiters": 4001, "checkFreq": 1000,
        "stop_error": 1.0,
    }  # fmt: skip
    found = {}
    for alpha in (4.0, 0.0):
        trainer = Trainer(Regime(**settings, alpha=alpha))
        list(trainer.checkpoints())
        found[alpha] = trainer
    assert found[4.0].status == "solved"
    assert np.nanmin(found[4.0].arrays["valid_error"]) < 1
    assert found[0.0].status == "finished"
    assert np.nanmin(found[0.0].arrays["valid_error"]) > 10
