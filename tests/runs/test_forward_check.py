"""A cell whose ``forward`` is not its ``step`` over a sequence is trained nowhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ownfiles import model_file

from rnnkit import cli
from rnnkit.cells import GRU, RNN, Cell
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.runs.contract import check_forward
from rnnkit.runs.modelfile import CellsError, find_cells
from rnnkit.train import main, train

RNN_LOOP, GRU_LOOP = "    h_t = self.step(x_t, h_t)  # (B, H)\n", "    h_t, gates = self.step(x_t, h_t)  # (B, H)\n"
RNN_END, GATES = "    return output, hidden, None", '{"z": torch.stack(zs), "r": torch.stack(rs)}'
READOUT = f'    h = hidden if self.head == "softmax" else hidden[-1]\n    output = h @ self.W_ho + self.b_o\n{RNN_END}'
CROSSED = '{"r": torch.stack(zs), "z": torch.stack(rs)}'
BROKEN = {
    "rnn: h_0 again": ("A1", (RNN_LOOP, "    h_t = self.step(x_t, 0 * h_t)\n"), "hidden is not what step gives"),
    "rnn: other outputs": ("A1", (READOUT, READOUT.replace("+ self.b_o", "")), "output is not what step gives"),
    "rnn: only the last state": ("A1", (RNN_END, "    return output, h_t, None"), "hidden of shape"),
    "rnn: traces": ("A1", (RNN_END, "    return output, hidden, {}"), "expected None in third"),
    "rnn: two things": ("A1", (RNN_END, "    return output, hidden"), "got tuple of 2"),
    "rnn: lastSoftmax": ("A1", (READOUT, READOUT.replace('== "softmax"', '!= "lastLinear"')), "head lastSoftmax"),
    "rnn: lastLinear": ("A1", (READOUT, READOUT.replace('== "softmax"', '!= "lastSoftmax"')), "head lastLinear"),
    "rnn: numpy": ("A1", (RNN_END, "    return output, hidden.detach().numpy(), None"), "hidden as one tensor"),
    "gru: gates as lists": ("A4", (GATES, '{"z": zs, "r": rs}'), "trace of z as one tensor"),
    "gru: gates crossed": ("A4", (GATES, CROSSED), "trace of z"),
    "gru: no gates": ("A4", (GATES, "None"), "third place"),
    "gru: backwards": ("B2", (GRU_LOOP, "    h_t, gates = self.step(x.flip(0)[len(hs)], h_t)\n"), "hidden is not"),
    "rnn: cut": ("A1", (RNN_LOOP, "    h_t = self.step(x_t, h_t.detach())\n"), "is it cut on the way"),
    "rnn: no grad": ("A1", (READOUT, READOUT.replace("h @", "h.detach() @")), "gradient of output"),
    "rnn: data": ("A1", (RNN_END, "    return output.data, hidden, None"), "way back to the weights"),
    "gru: cut": ("B2", (GRU_LOOP, "    h_t, gates = self.step(x_t, h_t.detach())\n"), "is it cut on the way"),
    "gru: raises": ("B2", (GRU_LOOP, "    h_t, gates = self.step(x_t.T, h_t)\n"), "RuntimeError"),
    "gru: for three": ("B2", (GRU_LOOP, f"{GRU_LOOP}        assert len(h_t) == 3\n"), "`assert len(h_t) == 3`"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_forward_is_refused_before_any_work(tmp_path, name):
    key, change, said = BROKEN[name]
    model = model_file(tmp_path, change)
    with pytest.raises(CellsError) as caught:
        train(get_regime(key, "tiny"), out=tmp_path / "run", cells=model)
    message = str(caught.value)
    assert said in message
    assert f"go back to question {get_regime(key).model}_" in message
    if "raises" not in name:
        assert f"question {get_regime(key).model}_forward in the notebook" in message
    assert "\n" not in message
    assert not (tmp_path / "run").exists()


def test_every_way_to_start_refuses_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model_file(tmp_path, BROKEN["rnn: lastLinear"][1])
    assert main(["--task", "mul", "--maxiters", "5", "--ebs", "10", "--cbs", "10", "--name", "t"]) == 2
    assert "go back to question rnn_forward" in capsys.readouterr().err
    assert cli.main(["run", "B1", "--profile", "tiny"]) == 2
    assert "go back to question rnn_forward" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["model.py"]


def test_a_hand_written_file_is_told_what_differs(tmp_path):
    forward = "    def forward(self, x):\n        return super().forward(-x)\n"
    (tmp_path / "model.py").write_text(f"from rnnkit import cells\nclass RNN(cells.RNN):\n{forward}")
    with pytest.raises(CellsError, match=r"RNN.forward \(head softmax\): hidden is not what step") as caught:
        train(get_regime("A1", "tiny"), out=tmp_path / "run", cells=tmp_path / "model.py")
    assert "go back" not in str(caught.value)


def test_right_ones_pass_and_nothing_of_them_is_changed(tmp_path):
    before = torch.get_rng_state()
    for name, kind in (("rnn", RNN), ("gru", GRU)):
        for cls in (kind, find_cells(model_file(tmp_path)).classes[name]):
            cell = cls(3, 50, 2)
            check_forward(cell, 3, 20)
            assert not any(parameter.any() for parameter in cell.parameters())
            assert cell.head == "softmax"
    assert torch.equal(torch.get_rng_state(), before)


def test_another_order_of_sums_passes(tmp_path):
    class Early(Cell):
        """All inputs at once, before the loop."""

        shapes = RNN.shapes

        def step(self, x_t, h_prev):
            return torch.tanh(x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)

        def forward(self, x):
            a, h_t, hs = torch.einsum("tbi,ih->tbh", x, self.W_xh) + self.b_h, x.new_zeros(x.shape[1], self.n_hid), []
            for a_t in a:
                h_t = torch.tanh(a_t + h_t @ self.W_hh)
                hs.append(h_t)
            hidden = torch.stack(hs)
            output = hidden @ self.W_ho + self.b_o
            return output if self.head == "softmax" else output[-1], hidden, None

    for n_out in (1, 2):  # of one output, all parts of its bias's gradient are added up
        check_forward(Early(3, 50, n_out), 3, 20)


def test_a_noisy_step_is_held_against_nothing():
    class Noisy(RNN):
        def step(self, x_t, h_prev):
            return super().step(x_t, h_prev) + torch.rand(()) * h_prev + torch.rand(())

        def forward(self, x):
            return super().forward(x)

    check_forward(Noisy(3, 5, 2), 3, 4)


def test_the_runs_numbers_are_those_of_an_inherited_forward(tmp_path):
    model_file(tmp_path)
    own = load(train(get_regime("A4", "tiny"), out=tmp_path / "own", cells=tmp_path / "model.py"))
    built_in = load(train(get_regime("A4", "tiny"), out=tmp_path / "built-in", cells="builtin"))
    for name in set(own) - {"wall_time", "cells_sha256", "versions"}:
        np.testing.assert_array_equal(own[name], built_in[name], err_msg=name)
