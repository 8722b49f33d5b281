"""Gates, candidate and step that cannot be trained are refused before any work, each with its own question."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ownfiles import model_file

from rnnkit import cli
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.runs.modelfile import CellsError, find_cells, make_cell
from rnnkit.train import train

RETURNS = {
    "gru_update_gate": "    return z_t\n",
    "gru_reset_gate": "    return r_t\n",
    "gru_candidate": "    return h_new\n",
    "gru_step": '    return h_t, {"z": z_t, "r": r_t}\n',
    "rnn_step": "    return h_t\n\n\n# question rnn_forward",
}
SPOILT = {
    "NaN": (' * float("nan")', "in finite numbers, got NaN"),
    "infinity": (' / 0', "in finite numbers, got infinity"),
    "h_0": (" + 0 / h_prev", "in finite numbers, got NaN"),
    "training batch": ("[: -1 if len(x_t) == 20 else None]", "of shape (B, H) = (20, 10), got (19, 10)"),
    "columns": ("[:, 1:]", "of shape (B, H) = (3, 10), got (3, 9)"),
}  # fmt: skip
VALUES = {"gru_update_gate": "z_t", "gru_reset_gate": "r_t", "gru_candidate": "h_new", "gru_step": "h_t",
          "rnn_step": "h_t"}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("question", RETURNS)
def test_the_question_that_gives_it_is_named(tmp_path, question, how):
    text, value = RETURNS[question], VALUES[question]
    spoilt, said = SPOILT[how]
    model = model_file(tmp_path, (text, text.replace(f"return {value}", f"return ({value}){spoilt}", 1)))
    key = "A4" if question.startswith("gru") else "A1"
    with pytest.raises(CellsError) as caught:
        train(get_regime(key, "tiny", nhid=10), out=tmp_path / "run", cells=model)
    message = str(caught.value)
    assert said in message
    assert f"go back to question {question} in the notebook" in message
    assert "\n" not in message
    assert not (tmp_path / "run").exists()


def test_a_batch_refuses_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model_file(tmp_path, ("    return z_t\n", '    return z_t * float("nan")\n'))
    assert cli.main(["run", "B2", "--profile", "tiny"]) == 2
    assert "GRU.update_gate: expected z_t in finite numbers, got NaN" in capsys.readouterr().err


def test_what_the_checks_take_for_right_is_trained(tmp_path):
    """A step's two parts in a list, the recurrent matrix as an array."""
    model = model_file(
        tmp_path,
        (RETURNS["gru_step"], '    return [h_t, {"z": z_t, "r": r_t}]\n'),
        (
            'The candidate\'s recurrent matrix, (H, H)."""\n    return self.W_hh',
            '"""\n    return self.W_hh.detach().numpy()',
        ),
    )
    usual, own = (load(train(get_regime("A4", "tiny"), out=tmp_path / name, cells=cells)) for name, cells in
                  (("usual", "builtin"), ("own", model)))  # fmt: skip
    for name in ("train_nll", "rho_Whh", "gate_z_sat_time"):
        np.testing.assert_allclose(own[name], usual[name], rtol=1e-4, err_msg=name)


def test_methods_of_another_make_are_the_files_own_affair(tmp_path):
    model = model_file(
        tmp_path,
        ("def reset_gate(self, x_t, h_prev):", "def reset_gate(self, x_t, h_prev, bias):"),
        ("h_prev @ self.W_hr + self.b_r)", "h_prev @ self.W_hr + bias)"),
        ("self.reset_gate(x_t, h_prev)", "self.reset_gate(x_t, h_prev, self.b_r)"),
    )
    make_cell(get_regime("A4", "tiny"), find_cells(model))


def test_nothing_random_is_used(tmp_path):
    before = torch.get_rng_state()
    make_cell(get_regime("B2", "tiny"), find_cells(model_file(tmp_path)))
    assert torch.equal(torch.get_rng_state(), before)
