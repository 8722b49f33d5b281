"""Training with the fast engine: whose cells it takes, what it says, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

from rnnkit.record.file import load
from rnnkit.regimes import RegimeError, get_regime
from rnnkit.runs.modelfile import CellsError
from rnnkit.train import train

TINY = get_regime("A1", "tiny")
HEAD = """import torch
from rnnkit.cells import Cell

class RNN(Cell):
    shapes = {'W_xh': 'IH', 'W_hh': 'HH', 'b_h': 'H'}
"""
STEP = (
    "    def step(self, x_t, h_prev):\n        return torch.tanh(x_t @ self.W_xh + h_prev @ self.W_hh{} + self.b_h)\n"
)


def run(folder, engine, model=None, **how):
    said = []
    if model:
        (folder / "model.py").write_text(model)
    cells = folder / "model.py" if model else "builtin"
    path = train(TINY, out=folder / engine, cells=cells, engine=engine, echo=said.append, **how)
    return load(path), "\n".join(said)


def test_both_engines_train_the_same_way(tmp_path):
    plain, fast = run(tmp_path, "autograd")[0], run(tmp_path, "auto")[0]
    assert (str(plain["engine"]), str(fast["engine"])) == ("autograd", "fused")
    for name in ("train_nll", "gradient_norm", "valid_nll", "valid_error", "grad_time", "sat_time", "rho_Whh", "W_hh"):
        np.testing.assert_allclose(fast[name], plain[name], rtol=2e-3, atol=1e-6, err_msg=name)


def test_a_cell_that_computes_the_same_is_taken_over(tmp_path):
    own, said = run(tmp_path, "auto", HEAD + STEP.format(""))
    assert str(own["engine"]) == "fused"
    assert "engine fused: this RNN computes what the built-in one does" in said


def test_one_that_does_not_trains_by_its_own_code(tmp_path):
    model = HEAD + STEP.format(".T")
    own, said = run(tmp_path, "auto", model)
    assert str(own["engine"]) == "autograd"
    assert "by the RNN's own code: it is not known to be the built-in one (hidden differs" in said
    plain, _ = run(tmp_path, "autograd", model)
    np.testing.assert_array_equal(own["W_hh"], plain["W_hh"])
    with pytest.raises(RegimeError, match="hidden differs"):
        run(tmp_path, "fused", model)


def test_a_step_that_is_not_written_is_not_replaced(tmp_path, monkeypatch):
    from rnnkit import cells

    def unwritten(self, x_t, h_prev):
        raise NotImplementedError("RNN.step is yours to write")

    monkeypatch.setattr(cells.RNN, "step", unwritten)
    with pytest.raises(CellsError, match="yours to write"):
        run(tmp_path, "fused")


def test_auto_goes_on_with_what_any_engine_left(tmp_path):
    for engine in ("autograd", "fused"):
        folder = tmp_path / engine
        whole, _ = run(folder, engine)
        path = folder / engine
        again = train(TINY, out=path, cells="builtin", engine="auto", resume=True)
        assert load(again)["train_nll"].shape == whole["train_nll"].shape
        np.testing.assert_array_equal(load(again)["W_hh"], whole["W_hh"])


def test_an_interruption_in_the_middle_of_compiled_code_is_one(tmp_path):
    """Python turns it into a SystemError there."""

    def interrupted(trainer, check):
        raise SystemError("a result with an exception set") from KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        train(TINY, out=tmp_path, cells="builtin", on_check=interrupted)
    assert "interrupted after 0 updates" in (tmp_path / f"{TINY.name}.log").read_text(encoding="utf-8")
