"""``python -m rnnkit.train``: the handout's commands, what is refused and how, what is printed."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from handout import HANDOUT, words_of

from rnnkit import train as training
from rnnkit.record.file import load
from rnnkit.regimes import FIELDS, REGIMES, Regime
from rnnkit.train import parse

SMALL = "--min_length 10 --max_length 30 --nhid 8 --maxiters 11 --ebs 100 --cbs 50 --checkFreq 5 --name t"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """The command line in this process and in an empty folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    handler = signal.getsignal(signal.SIGTERM)

    def call(text):
        code = training.main(shlex.split(text))
        return code, *capsys.readouterr()

    yield call
    signal.signal(signal.SIGTERM, handler)


def weights_and_curves(path):
    names = ("train_nll", "gradient_norm", "valid_nll", "grad_time", "sat_time", "W_hh", "W_ho", "b_h")
    record = load(path)
    return {name: record[name] for name in names}


# ---- the handout's commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", HANDOUT)
def test_handout_commands_mean_the_named_regimes(key):
    regime, where, notices = parse(words_of(HANDOUT[key]))
    assert regime == REGIMES[key]
    assert (where, notices) == ({}, [])


@pytest.mark.parametrize("key", REGIMES)
def test_command_of_a_regime_parses_back(key):
    regime = REGIMES[key]
    assert parse(words_of(regime.command()))[0] == regime


def test_a_handout_command_runs_by_its_own_module_name(tmp_path):
    words = words_of(HANDOUT["B2"])
    for flag, value in {"maxiters": "21", "ebs": "20", "cbs": "10", "nhid": "5", "max_length": "60"}.items():
        words[words.index(f"--{flag}") + 1] = value
    done = subprocess.run(
        [sys.executable, "-m", "trainingRNNs_torch.train", *words],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    name = "B2_mul_gru_noclip"
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.log", f"{name}_final_state.npz", f".{name}.lock"}
    assert (tmp_path / f"{name}.log").read_text() == done.stdout
    assert str(load(tmp_path / f"{name}_final_state.npz")["status"]) == "finished"


def test_every_field_of_a_regime_is_a_flag():
    for name, flag in FIELDS.items():
        if name in ("omega_on", "task", "model", "init", "clipstyle", "device", "name", "max_length", "memall"):
            continue
        if isinstance(flag.default, bool):
            assert getattr(parse([f"--{name}"])[0], name) is True
        else:
            other = type(flag.default)(flag.default * 2) if flag.default else 1
            other = 0.5 if name == "satThresh" else other
            assert parse([f"--{name}", str(other)])[0] == Regime(**{name: other})


# ---- refused ----------------------------------------------------------------------------------------------------

RNN, GRU = (f"from rnnkit import cells\nclass {name}(cells.{name}):\n" for name in ("RNN", "GRU"))
STEP = "    def step(self, x_t, h_prev):\n        {}\n"
FILES = {
    "broken.py": "def RNN(:\n    pass\n",
    "raises.py": "import numpy\nraise RuntimeError('not today')\n",
    "none.py": "x = 1\n",
    "gru_only.py": "from rnnkit.cells import GRU\n",
    "shapes.py": f"{RNN}    shapes = {{'W_xh': 'IH', 'W_hh': 'HH', 'b_h': 'O'}}\n",
    "transposed.py": f"{RNN}    shapes = {{'W_xh': 'HI', 'W_hh': 'HH', 'b_h': 'H'}}\n",
    "extra.py": (
        f"import torch\n{RNN}    def __init__(self, *a, **k):\n        super().__init__(*a, **k)\n"
        "        self.slack = torch.nn.Parameter(torch.zeros(1))\n"
    ),
    "two.py": RNN + STEP.format("return super().step(x_t, h_prev), {}"),
    "width.py": RNN + STEP.format("return super().step(x_t, h_prev)[:, :2]"),
    "nothing.py": RNN + STEP.format("h_t = super().step(x_t, h_prev)"),
    "gateless.py": GRU + STEP.format("return super().step(x_t, h_prev)[0]"),
    "one_gate.py": GRU + STEP.format("return super().step(x_t, h_prev)[0], {'z': x_t.new_zeros(h_prev.shape)}"),
}
REFUSED = {
    "--task memory": ["unknown task 'memory'", "mem", "did you mean 'mem'"],
    "--task nothing_like_it": ["expected one of torder"],
    "--model lstm": ["unknown model 'lstm'", "rnn, gru"],
    "--init smart-tanh": ["did you mean 'smart_tanh'"],
    "--clipstyle rescal": ["did you mean 'rescale'"],
    "--engine fsat": ["expected one of", "autograd"],
    "--check_freq 10": ["unknown flag '--check_freq'", "did you mean '--checkFreq'"],
    "--maxiter 10": ["unknown flag '--maxiter'", "did you mean '--maxiters'"],
    "--learning-rate=1": ["unknown flag '--learning-rate'"],
    "stray": ["'stray'"],
    "--min_length 5": ["min_length", "at least 10", "got 5"],
    "--min_length 60 --max_length 50": ["max_length", "at least min_length", "got 50", "lower min_length"],
    "--cutoff -1": ["cutoff", "positive", "got -1.0", "--clipstyle nothing"],
    "--cutoff nan": ["cutoff", "positive", "nan"],
    "--lr inf": ["lr", "positive", "inf"],
    "--ebs 1500 --cbs 1000": ["ebs", "multiple of cbs", "got 1500", "change ebs or cbs"],
    "--ebs 500 --cbs 1000": ["ebs", "multiple of cbs", "got 500"],
    "--alpha 2 --model gru": ["alpha", "0 for the GRU", "got 2.0", "--alpha 0.0 or --model rnn"],
    "--maxiters 1e3": ["--maxiters", "expected a whole number", "got '1e3'"],
    "--lr fast": ["--lr", "expected a number", "got 'fast'"],
    "--maxiters": ["--maxiters", "expected one argument"],
    "--maxiters 0": ["maxiters", "at least 1", "got 0"],
    "--seed -1": ["seed", "got -1"],
    "--device tpu": ["device", "cpu, cuda", "got 'tpu'"],
    "--name a/b": ["name", "letters", "got 'a/b'", "--out"],
    "--name ''": ["name", "got ''"],
    "--cells missing.py": ["missing.py", "expected a Python file", "No such file"],
    "--cells .": ["expected a Python file"],
    "--cells broken.py": ["broken.py, line 1", "SyntaxError"],
    "--cells raises.py": ["raises.py", "RuntimeError: not today"],
    "--cells none.py": ["none.py", "expected the classes RNN and GRU", "define"],
    "--cells gru_only.py": ["gru_only.py", "expected a class RNN", "define it"],
    "--cells shapes.py": ["shapes.py: RNN.b_h", "expected a parameter of shape (8,)", "got (6,)"],
    "--cells transposed.py": ["transposed.py: RNN.W_xh", "expected a parameter of shape (7, 8)", "got (8, 7)"],
    "--cells extra.py": ["extra.py: RNN", "slack"],
    "--cells two.py": ["two.py: RNN.step", "h_t alone"],
    "--cells width.py": ["width.py: RNN.step", "(3, 8)", "(3, 2)"],
    "--cells nothing.py": ["nothing.py: RNN.step", "(3, 8)", "NoneType"],
    "--model gru --cells gateless.py": ["gateless.py: GRU.step", '{"z": z_t, "r": r_t}'],
    "--model gru --cells one_gate.py": ["one_gate.py: GRU.step", "r", "NoneType"],
    "--out broken.py/below": ["--out broken.py/below", "expected a folder", "choose another"],
    "--out broken.py": ["--out broken.py", "expected a folder", "choose another"],
}  # fmt: skip


def assert_refused(run, tmp_path, text, said):
    before = {str(path) for path in tmp_path.rglob("*")}
    code, out, err = run(text)
    assert (code, out) == (2, "")
    assert err.startswith("rnnkit.train: ")
    assert err.count("\n") == 1
    for words in said:
        assert words in err
    assert {str(path) for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("arguments", REFUSED)
def test_bad_values_give_one_line_and_leave_nothing(tmp_path, run, arguments):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    assert_refused(run, tmp_path, f"{SMALL} {arguments}", REFUSED[arguments])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_cuda_without_cuda_is_refused(tmp_path, run, device):
    assert_refused(run, tmp_path, f"{SMALL} --device {device}", ["device", repr(device), "--device cpu"])


def test_refusal_of_a_real_process_has_no_traceback(tmp_path):
    command = [sys.executable, "-m", "trainingRNNs_torch.train", "--min_length", "5"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


# ---- printed ----------------------------------------------------------------------------------------------------


def blocks(out):
    """The printed blocks of the checks, by iteration."""
    found, number = {}, None
    for line in out.splitlines():
        if match := re.match(r"t: iteration (\d+) of ", line):
            number = int(match[1])
            found[number] = ""
        elif number is not None and line.startswith("  "):
            found[number] += line + "\n"
        else:
            number = None
    return found


def number_after(words, text) -> float:
    (number, *_) = re.findall(re.escape(words) + r" (-?[\d.]+|inf|nan)", text)
    return float(number)


@pytest.mark.parametrize("model", ["rnn", "gru"])
@pytest.mark.parametrize("task", ["mem", "mul"])
def test_printed_block_has_every_item_of_the_handout(tmp_path, run, task, model):
    gates = "--diagGates" if model == "gru" else ""
    code, out, err = run(f"{SMALL} --task {task} --model {model} --collectDiags {gates} --cutoff 0.05")
    assert (code, err) == (0, "")
    assert (tmp_path / "t.log").read_text() == out
    found, record = blocks(out), load(tmp_path / "t_final_state.npz")
    assert list(found) == [5, 10]
    block = found[10]
    window = slice(6, 11)
    expected = {
        "train nll": record["train_nll"][window].mean(),
        "valid nll": record["valid_nll"][2],
        "avg grad norm": record["gradient_norm"][window].mean(),
        "avg grad norm (post clip)": record["gradient_norm_clipped"][window].mean(),
        "rho_Whh": record["rho_Whh"][2],
    }
    for words, value in expected.items():
        assert number_after(words, block) == pytest.approx(float(value), abs=0.0051), words
    assert number_after("avg grad norm (post clip)", block) <= 0.0505
    for line, items in {
        "log10 g_t:": ("range", "mean", "p05", "p50", "p95"),
        "saturation distance:": ("mean", "p10", "p90", "below 0.05:"),
        "gate z distance:": ("mean", "p10", "p90") if model == "gru" else (),
        "gate r distance:": ("mean", "p10", "p90") if model == "gru" else (),
    }.items():
        text = next((text for text in block.splitlines() if line in text), "")
        assert bool(text) == bool(items), line
        assert all(item in text for item in items), line
    logs = np.log10(record["grad_time"][2][np.isfinite(record["grad_time"][2])].astype(float) + 1e-12)
    line = next(text for text in block.splitlines() if "log10 g_t" in text)
    assert number_after("p50", line) == pytest.approx(np.median(logs), abs=0.0051)
    for words in ("MAE", "error@0.05", "error@0.10", "error@0.20"):
        assert (words in block) == (task == "mul"), words
    assert out.count("steps in the past") == 0


def test_post_clip_norm_is_printed_only_when_clipping(run):
    assert "post clip" not in run(f"{SMALL} --clipstyle nothing")[1]


def test_first_line_is_the_command_and_last_lines_say_where(run):
    code, out, _ = run(f"{SMALL} --lr 0.02 --out deep/er")
    lines = out.splitlines()
    assert parse(shlex.split(lines[0])[3:])[0] == parse(shlex.split(f"{SMALL} --lr 0.02"))[0]
    assert lines[-2] == "t: finished: all 11 updates done"
    assert lines[-1] == f"t: record in {Path('deep/er/t_final_state.npz')}"
    assert code == 0


@pytest.mark.parametrize(
    ("arguments", "notices"), [("--model gru --init sigmoid", 1), ("--model gru", 0), ("--init sigmoid", 0)]
)
def test_init_of_a_gru_gives_one_notice(run, arguments, notices):
    code, out, err = run(f"{SMALL} {arguments}")
    assert (code, err) == (0, "")
    assert sum(line.startswith("note:") for line in out.splitlines()) == notices
    assert not notices or "--init has no effect on the GRU" in out.splitlines()[0]


def test_sigmoid_units(tmp_path, run):
    assert run(f"{SMALL} --init sigmoid --collectDiags")[0] == 0
    record = load(tmp_path / "t_final_state.npz")
    assert str(record["act_name"]) == "sigmoid"
    assert np.nanmax(record["sat_time"]) <= 0.5
    assert np.nanmean(record["sat_time"][0]) > 0.45  # untrained: all near sigmoid(0)


@pytest.mark.parametrize("lr", ["50", "1e30"])
def test_a_diverging_run_ends_well(tmp_path, run, lr):
    code, out, err = run(f"{SMALL} --task mul --clipstyle nothing --lr {lr} --maxiters 200 --collectDiags")
    assert (code, err) == (0, "")
    assert "t: diverged at iteration" in out
    record = load(tmp_path / "t_final_state.npz")
    assert str(record["status"]) == "diverged"
    assert int(record["updates"]) < 200


# ---- whose cells ------------------------------------------------------------------------------------------------

OWN = '''
import torch
from rnnkit.cells import Cell

class RNN(Cell):
    """Written anew."""
    shapes = {"W_xh": "IH", "W_hh": "HH", "b_h": "H"}
    def step(self, x_t, h_prev):
        phi = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}[self.phi]
        return phi(x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)

class GRU(Cell):
    shapes = {f"W_x{g}": "IH" for g in "zrh"} | {f"W_h{g}": "HH" for g in "zrh"} | {f"b_{g}": "H" for g in "zrh"}
    def step(self, x_t, h_prev):
        z = torch.sigmoid(x_t @ self.W_xz + h_prev @ self.W_hz + self.b_z)
        r = torch.sigmoid(x_t @ self.W_xr + h_prev @ self.W_hr + self.b_r)
        new = torch.tanh(x_t @ self.W_xh + (r * h_prev) @ self.W_hh + self.b_h)
        return (1 - z) * h_prev + z * new, {"z": z, "r": r}
'''


@pytest.mark.parametrize("model", ["rnn", "gru"])
def test_own_cells_train_as_the_built_in_ones_do(tmp_path, run, model):
    (tmp_path / "model.py").write_text(OWN)
    settings = f"{SMALL} --model {model} --collectDiags"
    _, found, _ = run(f"{settings} --out own")
    _, builtin, _ = run(f"{settings} --out builtin --cells builtin")
    assert "cells: model.py (sha256 " in found
    assert "cells:" not in builtin
    assert str(load("own/t_final_state.npz")["cells_sha256"]) != "builtin"
    assert str(load("builtin/t_final_state.npz")["cells_sha256"]) == "builtin"
    expected = weights_and_curves("builtin/t_final_state.npz")
    for name, value in weights_and_curves("own/t_final_state.npz").items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_cells_are_taken_from_the_path_given(tmp_path, run):
    (tmp_path / "model.py").write_text("raise RuntimeError('not this one')\n")
    (tmp_path / "other.py").write_text(OWN)
    code, out, _ = run(f"{SMALL} --cells other.py")
    assert code == 0
    assert "cells: other.py" in out


def test_error_in_the_midst_of_training_saves_and_names_the_line(tmp_path, run):
    midway = "    n = 0\n    def step(self, x_t, h_prev):\n        self.n += 1\n        assert self.n < 600, 'enough'\n"
    (tmp_path / "model.py").write_text(
        f"from rnnkit import cells\nclass RNN(cells.RNN):\n{midway}        return super().step(x_t, h_prev)\n"
    )
    code, _, err = run(f"{SMALL} --maxiters 500")
    said = "model.py, line 6, `assert self.n < 600, 'enough'`: AssertionError: enough"
    assert (code, err) == (1, f"rnnkit.train: {said}\n")
    assert f"broken off ({said})" in (tmp_path / "t.log").read_text()
    assert str(load(tmp_path / "t_state.npz")["status"]) == "running"
