"""The contract comes first; ready-made answers are found and named; nonsense neither raises nor scores."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from bank.answers import RULES
from checking import answer, every_question, report_of

from rnnkit.assignments.training_dynamics import check
from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks import generate

# ---- the contract ------------------------------------------------------------------------------------------------

CONTRACT = {
    "signature of a method": ("rnn_step", lambda: generate.student_object("rnn_step", generate.patched(
        "rnn_step", "h_prev):", "h_prev, b):")), ", h_prev), got step(self, x_t, h_prev, b)"),
    "signature of a function": ("clip", lambda: lambda grads: grads, "expected clip_rescale(grads, cutoff)"),
    "an instance": ("rnn_step", lambda: generate.student_object("rnn_step")(2, 3, 4), "expected the class RNN itself"),
    "a function for a class": ("gru_rho", lambda: len, "expected the class GRU itself"),
    "a class for a function": ("rho", lambda: int, "expected the function spectral_radius(W)"),
    "no module": ("rnn_step", lambda: type("RNN", (), {}), "no nn.Module"),
    "a parameter missing": ("rnn_step", lambda: bare({"W_xh": (2, 5), "W_hh": (5, 5)}), "b_h: expected a parameter"),
    "a parameter's shape": ("rnn_step", lambda: bare({"W_xh": (5, 2)}), "of shape (2, 5), got (5, 2)"),
}  # fmt: skip


def bare(shapes):
    class RNN(torch.nn.Module):
        def __init__(self, *_, dtype, **__):
            super().__init__()
            for name, size in shapes.items():
                setattr(self, name, torch.nn.Parameter(torch.zeros(size, dtype=dtype)))

        def step(self, x_t, h_prev):
            return h_prev

    return RNN


@pytest.mark.parametrize("name", CONTRACT)
def test_the_contract_comes_first_with_its_own_message(name):
    id, make, told = CONTRACT[name]
    report = report_of(id, make())
    assert report.points == 0.0
    assert told in report.text()


# ---- rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RULES)
def test_ready_made_answers_are_found_and_named(name):
    id, body, used = RULES[name]
    report = report_of(id, answer(id, body))
    assert (report.points, report.status) == (0.0, "against the rules"), report.text()
    assert used in report.messages[0]


def test_built_in_and_inherited_cells_are_found():
    from rnnkit import cells

    class Heir(cells.GRU):
        def step(self, x_t, h_prev):
            return super().step(x_t, h_prev)

    class TorchHeir(torch.nn.RNNCell):
        def step(self, x_t, h_prev):
            return self(x_t, h_prev)

    for id, obj, name in [
        ("gru_step", cells.GRU, "rnnkit.cells.GRU"), ("gru_step", Heir, "rnnkit.cells.GRU"),
        ("rnn_step", cells.RNN, "rnnkit.cells.RNN"), ("rnn_step", TorchHeir, "torch.nn.RNNCell"),
    ]:  # fmt: skip
        report = report_of(id, obj)
        assert report.points == 0.0
        assert name in report.messages[0]


def test_a_part_kept_in_the_constructor_is_found():
    space = {"torch": torch, "Cell": __import__("rnnkit.cells").cells.Cell}
    exec(
        "class RNN(Cell):\n"
        "    shapes = {'W_xh': 'IH', 'W_hh': 'HH', 'b_h': 'H'}\n"
        "    def __init__(self, *sizes, **more):\n"
        "        super().__init__(*sizes, **more)\n"
        "        object.__setattr__(self, 'part', getattr(torch.nn, 'RNN' + 'Cell')(2, 5))\n"
        "    def step(self, x_t, h_prev):\n"
        "        return self.part(x_t.float(), h_prev.float())\n",
        space,
    )
    assert "torch.nn.RNNCell" in report_of("rnn_step", space["RNN"]).messages[0]


# ---- nonsense -----------------------------------------------------------------------------------------------------


class AlwaysEqual:
    def __eq__(self, other):
        return True

    def __array__(self, *_, **__):
        return np.zeros((3, 5))


class Sly(torch.Tensor):
    """A tensor that says yes to everything."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True


class Empty:
    pass


class Rude:
    def __getattribute__(self, name):
        raise RuntimeError("go away")

    def __repr__(self):
        raise RuntimeError("go away")


class Meta(type):
    def __getattribute__(cls, name):
        raise RuntimeError("go away")


def recursive(*args):
    return recursive(*args)


def noisy(*_):
    print("to stderr", file=sys.stderr)
    os.write(2, b"to file two")
    warnings.warn("a warning", stacklevel=1)
    logging.getLogger().warning("logged")
    return 1.0


def leaves(*_):
    sys.exit(3)


def raises_nothing_nice(*_):
    raise BaseException("base")


THINGS = [
    None, 3, "RNN", [], {}, AlwaysEqual(), AlwaysEqual, Empty, Empty(), Rude(), Rude, Meta("M", (), {}),
    torch.nn.Module, torch.nn.Linear, torch.nn.RNN, torch, torch.tanh, print, len, recursive,
    noisy, leaves, raises_nothing_nice,
    lambda: None, lambda *a: None, lambda *a: AlwaysEqual(), lambda *a: (AlwaysEqual(), AlwaysEqual(), AlwaysEqual()),
    lambda *a: torch.full((4,), float("nan")), lambda *a: torch.zeros(4).as_subclass(Sly), lambda *a: "text",
    lambda *a: [[1], [2, 3]], lambda *a: {}, lambda *a: a, lambda *a: torch.zeros(4, device="meta"), lambda *a: Rude(),
    lambda *a: torch.zeros(4).to_sparse(), lambda *a: [[]], lambda *a: np.array(["a"]), lambda *a: np.array(None),
    lambda *a: iter(()),
    lambda *a: {"grad_time": Rude(), "sat_time": None, "gate_z_sat_time": [], "gate_r_sat_time": float("inf")},
    lambda *a: ([Rude()] * 4, Rude()), lambda *a: type("L", (list,), {"__iter__": lambda s: 1 / 0})(),
]  # fmt: skip


@every_question
def test_nothing_raises_nothing_scores_nothing_reaches_stderr(id, capfd):
    for thing in THINGS:
        if issubclass(type(thing), type) or not callable(thing) or QUESTIONS[id].method is None:
            objects = [thing]
        else:  # a function becomes the method of an otherwise right class
            objects = [thing, type("Odd", (generate.student_object(id),), {QUESTIONS[id].method: thing})]
        for obj in objects:
            points = check(id, obj)
            assert type(points) is float
            assert points == 0.0, obj
    assert capfd.readouterr().err == ""


def test_an_unknown_question_is_told_the_nearest(capfd):
    assert check("gru_stepp", None) == 0.0
    assert check(None) == 0.0
    said = capfd.readouterr()
    assert "did you mean 'gru_step'" in said.out
    assert said.err == ""


def test_global_state_is_put_back():
    def meddler(W):
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        torch.set_default_dtype(torch.float64), torch.set_grad_enabled(False), torch.set_num_threads(2)
        torch.autograd.set_detect_anomaly(True), sys.setrecursionlimit(5000), logging.disable(logging.INFO)
        os.environ["RNNKIT_MEDDLED"] = "1"
        sys.stderr = None
        return 0.5

    def state():
        return (
            random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(), torch.get_num_threads(), torch.is_anomaly_enabled(), sys.getrecursionlimit(),
            logging.root.manager.disable, "RNNKIT_MEDDLED" in os.environ, sys.stderr, sys.getprofile(),
        )  # fmt: skip

    before = state()
    check("rho", meddler)
    assert state() == before


def test_works_where_gradients_are_switched_off():
    with torch.no_grad():
        assert check("grad_time", generate.student_object("grad_time")) == 4.0
    with torch.inference_mode():
        assert check("rnn_step", generate.student_object("rnn_step")) == 3.0


def test_the_html_report_escapes_what_students_write():
    report = report_of("rho", lambda W: 1 / 0 if "<b>" else None)
    report.messages.append("<script>")
    assert "<script>" not in report.html()
    assert "&lt;script&gt;" in report.html()


def test_ends_quietly_in_a_process_of_its_own():
    code = "from rnnkit.assignments.training_dynamics import check\nprint(check('rho', lambda W: 1.0))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stderr == ""
    assert done.stdout.rstrip().endswith("\n0.0")
