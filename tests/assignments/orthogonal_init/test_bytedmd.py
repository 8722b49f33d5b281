"""Data movement: the published costs, a stack that is a plain list, and what the measured programs compute."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch
from course import ROOT
from torch.nn.functional import cross_entropy, one_hot, scaled_dot_product_attention

from rnnkit.assignments.orthogonal_init import bytedmd, scalar
from rnnkit.assignments.orthogonal_init.lru import cost, reads
from rnnkit.cells import GRU, RNN
from rnnkit.plots.sweeps import read_table

LAB = ROOT / "notebooks/orthogonal_init"
T, I, H, O = 4, 3, 5, 2  # noqa: E741
SIZES = (2, 4, 8, 16)


def zeros(*shape):
    return np.zeros(shape).tolist()


def product(rows, columns):
    return [[scalar.dot(row, column) for column in columns] for row in rows]


def matvec(A, x):
    return [scalar.dot(row, x) for row in A]


def vecmat(A, x):
    return [scalar.dot(x, column) for column in zip(*A, strict=True)]


def matmul(A, B):
    return product(A, [*zip(*B, strict=True)])


def test_the_published_costs():
    assert cost(reads(lambda a, b: sum(x * y for x, y in zip(a, b, strict=True)), zeros(2), zeros(2))) == 12
    assert [cost(reads(matvec, zeros(n, n), zeros(n))) for n in SIZES] == [26, 157, 896, 5354]
    assert [cost(reads(vecmat, zeros(n, n), zeros(n))) for n in SIZES] == [25, 150, 832, 4688]
    assert [cost(reads(matmul, zeros(n, n), zeros(n, n))) for n in SIZES] == [57, 720, 8867, 109783]


def test_a_value_of_four_bytes_is_read_byte_by_byte():
    assert cost(reads(lambda a, b: a.used(), 0, 0), 4) == 1 + 2 + 2 + 2
    assert cost(reads(lambda a, b: b * a, 0, 0), 4) == 1 + 2 + 2 + 2 + 3 + 3 + 3 + 3


def on_a_list(operations, loaded, kept):
    """The depths of all reads, by the definition: the list's end is the top."""
    last = {value: at for at, pair in enumerate(operations) for value in pair}
    stack, depths = [value for value in range(loaded) if value in last or value in kept], []
    for at, pair in enumerate(operations):
        depths += [len(stack) - stack.index(value) for value in pair]
        for value in dict.fromkeys(pair):
            stack.remove(value)
            stack += [value] if value in kept or last[value] > at else []
        stack += [loaded + at] if loaded + at in kept or loaded + at in last else []
    return np.bincount(depths)


@pytest.mark.parametrize("seed", range(5))
def test_depths_are_those_of_a_stack_that_is_a_list(seed):
    rng, loaded = random.Random(seed), 6
    operations = [[rng.randrange(loaded + at) for _ in range(rng.choice([1, 2, 2]))] for at in range(60)]
    kept = rng.sample(range(loaded + 60), 5)

    def program(arguments):
        values = [*arguments]
        for first, *second in operations:
            values.append(values[first].used(*(values[one] for one in second)))
        return [values[one] for one in kept]

    np.testing.assert_array_equal(reads(program, zeros(loaded)), on_a_list(operations, loaded, kept))


def drawn(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(shape)))


def a_cell(kind):
    cell = kind(I, H, O, dtype=torch.float64)
    for seed, parameter in enumerate(cell.parameters()):
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(seed))
    return cell, drawn(T, 1, I)


def lists(*tensors):
    return [one.tolist() for one in tensors]


def test_the_tanh_network_and_its_gradients_are_those_of_the_course():
    cell, x = a_cell(RNN)
    weights, readout = [cell.W_xh, cell.W_hh, cell.b_h], [cell.W_ho, cell.b_o]
    logits = cell(x)[1][-1] @ cell.W_ho + cell.b_o
    begin = [*lists(x[:, 0]), [0.0] * H, lists(*weights), *lists(*readout)]
    np.testing.assert_allclose(scalar.rnn(*begin), logits[0].tolist(), rtol=1e-10)
    gradients = torch.autograd.grad(cross_entropy(logits, torch.tensor([1])), [*weights, *readout])
    found = scalar.rnn_bptt(*begin, one_hot(torch.tensor(1), O).tolist())
    for one, expected in zip(found, gradients, strict=True):
        np.testing.assert_allclose(one, expected.tolist(), rtol=1e-9)


def test_gated_networks_and_attention_are_those_of_the_course_and_of_torch():
    cell, x = a_cell(GRU)
    gates = [[getattr(cell, f"W_x{g}"), getattr(cell, f"W_h{g}"), getattr(cell, f"b_{g}")] for g in "zrh"]
    readout = [cell.W_ho, cell.b_o]
    expected = cell(x)[1][-1, 0] @ cell.W_ho + cell.b_o
    found = scalar.gru(*lists(x[:, 0]), [0.0] * H, [lists(*gate) for gate in gates], *lists(*readout))
    np.testing.assert_allclose(found, expected.tolist(), rtol=1e-10)

    lstm = torch.nn.LSTM(I, H, dtype=torch.float64)
    split = [one.chunk(4) for one in (lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0 + lstm.bias_hh_l0)]
    gates = [lists(W_x.T, W_h.T, b) for W_x, W_h, b in zip(*split, strict=True)]
    expected = lstm(x)[0][-1, 0] @ cell.W_ho + cell.b_o
    found = scalar.lstm(*lists(x[:, 0]), [0.0] * H, [0.0] * H, gates, *lists(*readout))
    np.testing.assert_allclose(found, expected.tolist(), rtol=1e-10)

    W_e, b_e, maps = drawn(I, H), drawn(H), [(drawn(H, H) + k, drawn(H) - k) for k in range(3)]
    embedded = x[:, 0] @ W_e + b_e
    mixed = scaled_dot_product_attention(*(embedded @ W + b for W, b in maps))
    found = scalar.attention(*lists(x[:, 0], W_e, b_e), [lists(*one) for one in maps], *lists(*readout))
    np.testing.assert_allclose(found[1], mixed.tolist(), rtol=1e-9)
    np.testing.assert_allclose(found[0], (mixed[-1] @ cell.W_ho + cell.b_o).tolist(), rtol=1e-9)


def test_the_table_is_what_is_measured_and_the_readme_says_what_it_says():
    rows = read_table(LAB / bytedmd.TABLE, bytedmd.COLUMNS)
    assert len(rows) == len(bytedmd.PROGRAMS) * len(bytedmd.UNITS) * len(bytedmd.LENGTHS)
    small = [row for row in rows if int(row["H"]) <= 16 and row["T"] == "10"]
    assert small == [{name: str(value) for name, value in row.items()} for row in bytedmd.measured((8, 16), (10,))]
    assert bytedmd.summary(rows) in (LAB / "README.md").read_text()


def test_the_command_writes_table_and_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert bytedmd.main(["--units", "2", "4", "--lengths", "2", "3", "5"]) == 0
    rows = read_table(bytedmd.TABLE, bytedmd.COLUMNS)
    said = capsys.readouterr().out
    assert bytedmd.summary(rows) in said
    assert (tmp_path / bytedmd.PICTURE).read_bytes().startswith(b"\x89PNG")
    costs = {row["program"]: int(row["bytedmd_1"]) for row in rows if (row["H"], row["T"]) == ("4", "5")}
    assert f"LSTM forward: {costs['lstm']:,}" in said
    assert math.isclose(costs["lstm"] / costs["rnn"], float(_cell(said, "LSTM forward", 5)[:-1]), abs_tol=0.005)


def _cell(text, row, column):
    """A field of the table of growth."""
    (line,) = [line for line in text.splitlines() if line.startswith(row)]
    return line.removeprefix(row).split()[column - 1]
