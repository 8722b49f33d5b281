"""The document's names and its two examples: what they print, and what students see of the package's network."""

from __future__ import annotations

import io
import re
import runpy
from contextlib import redirect_stdout

import pytest
import torch
from course import ROOT

from rnnkit.assignments import get_assignment
from rnnkit.assignments.bptt import VanillaRNN, monitor_gradients
from rnnkit.grading.release.wheel import without_bodies

LAB = get_assignment("bptt")


def test_the_network_has_the_documents_shapes_names_and_parameters():
    model = VanillaRNN(input_size=10, hidden_size=64, output_size=5)
    outputs, h = model(torch.zeros(32, 20, 10))
    assert (outputs.shape, h.shape) == ((32, 20, 5), (32, 64))
    assert sum(one.numel() for one in model.parameters()) == 5125
    names = [name for name, _ in model.named_parameters()]
    assert names == ["W_xh.weight", "W_xh.bias", "W_hh.weight", "W_hy.weight", "W_hy.bias"]


def test_the_monitor_prints_the_norms_that_there_are(capsys):
    model = VanillaRNN(2, 3, 1)
    assert monitor_gradients(model) == {}
    model(torch.ones(1, 2, 2))[0].sum().backward()
    norms = monitor_gradients(model)
    assert norms == {name: float(one.grad.norm()) for name, one in model.named_parameters()}
    assert re.fullmatch(r"(W_\w+\.(weight|bias): grad_norm = \d+\.\d{6}\n){5}", capsys.readouterr().out)


@pytest.mark.parametrize("program", LAB.programs)
def test_the_documents_programs_run(program):
    with redirect_stdout(io.StringIO()) as said:
        runpy.run_path(str(ROOT / "notebooks" / LAB.name / program), run_name="__main__")
    text = said.getvalue()
    if program == "vanilla_rnn.py":
        assert text.splitlines() == ["Output shape: (32, 20, 5)", "Final hidden state: (32, 64)", "Parameters: 5125"]
    else:
        assert "RuntimeError: view size is not compatible" in text
        losses = [float(loss) for loss in re.findall(r"Loss=(\d\.\d{4})", text)]
        assert len(losses) == 10
        assert all(1.4 < loss < 1.9 for loss in losses)  # about ln 5: there is nothing to be learnt


def test_the_second_example_looks_before_it_clips():
    """Norms by name add up to the total before clipping."""
    from rnnkit.assignments.bptt.examples import gradient_monitoring

    with redirect_stdout(io.StringIO()) as said:
        gradient_monitoring(epochs=1)
    norms = [float(norm) for norm in re.findall(r"grad_norm = (\S+)", said.getvalue())]
    total = float(re.findall(r"before clipping: ([\d.]+);", said.getvalue())[0])
    assert sum(norm**2 for norm in norms) ** 0.5 == pytest.approx(total, rel=1e-4)


def test_students_do_not_see_how_the_network_runs():
    for name in LAB.packed:
        source = (ROOT / "rnnkit" / "assignments" / LAB.name / name).read_text(encoding="utf-8")
        assert "torch.tanh(" not in without_bodies(source), name
    shown = without_bodies((ROOT / "rnnkit" / "assignments" / LAB.name / "vanilla.py").read_text(encoding="utf-8"))
    assert "nn.Linear(" not in shown
