"""Settings that could not change a run, and parameters that a notebook does not know, are refused before any work."""

from __future__ import annotations

import os

import nbformat
import pytest
from course import SOURCE

from rnnkit import cli
from rnnkit.common.names import BadValue
from rnnkit.regimes import HANDOUT_REGIMES, RegimeError, chosen_regime, get_regime
from rnnkit.runs import injected
from rnnkit.runs.sweep_file import SweepError, read_sweep_file
from rnnkit.train import parse

USELESS = {
    "cutoff": ("A1", 0.1, "leave it out, or add clipstyle=rescale (--set clipstyle=rescale)"),
    "init": ("A4", "sigmoid", "the GRU always starts from its own small weights"),
    "z_bias": ("A1", -1.0, "only the GRU has an update gate"),
    "diagGates": ("A1", True, "only the GRU has gates"),
    "memvalues": ("B1", 3, "only the task mem"),
    "mempos": ("C1", 3, "only the task mem"),
    "memall": ("B2", True, "only the task mem"),
    "err_abs": ("A1", 0.1, "a classification is right or wrong"),
    "omega_on": ("A1", "direct", "with alpha 0 nothing looks at Omega"),
    "bound": ("A1", 1e-10, "with alpha 0 nothing looks at Omega"),
}  # fmt: skip


@pytest.mark.parametrize("name", USELESS)
def test_an_override_without_effect_is_refused(name):
    key, value, why = USELESS[name]
    with pytest.raises(RegimeError, match=f"{name} has no effect on {get_regime(key).name}: ") as caught:
        chosen_regime(key, "tiny", **{name: value})
    assert why in str(caught.value)


def test_with_what_it_needs_it_is_taken():
    assert chosen_regime("A1", cutoff=0.1, clipstyle="rescale").cutoff == 0.1
    assert chosen_regime("A1", alpha=2.0, omega_on="direct", bound=1e-10).omega_on == "direct"
    assert chosen_regime("A1", model="gru", diagGates=True, z_bias=-1.0).diagGates
    assert chosen_regime("B1", err_abs=0.1, init="sigmoid").err_abs == 0.1
    assert chosen_regime("A5", memvalues=3, cutoff=1.0).memvalues == 3


@pytest.mark.parametrize("key", HANDOUT_REGIMES)
def test_the_handouts_command_lines_are_taken_as_they_are(key):
    words = get_regime(key).command().split()[3:]
    assert parse([*words, "--cutoff", "0.1"])[0].cutoff == 0.1


def test_a_batch_refuses_it_before_any_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", "A2", "A1", "--set", "cutoff=0.1"]) == 2
    err = capsys.readouterr().err
    assert "cutoff has no effect on A1_mem_rnn_tanh_noclip" in err
    assert "--set clipstyle=rescale" in err
    assert not list(tmp_path.iterdir())


SWEEP = 'name = "s"\nseeds = [1]\n'
REFUSED = {
    "grid": '[base]\nclipstyle = "nothing"\n[grid]\ncutoff = [0.1, 1.0]\n',
    "case": '[[cases]]\nmethod = "a"\ncutoff = 0.1\nclipstyle = "nothing"\n',
    "base, for none": '[base]\nclipstyle = "nothing"\ncutoff = 0.1\n[grid]\nlr = [0.1, 0.01]\n',
    "of a regime": "[grid]\ncutoff = [0.1]\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_sweep_refuses_it(tmp_path, name):
    start = 'regime = "A1"\nprofile = "tiny"\n' if name == "of a regime" else ""
    (tmp_path / "s.toml").write_text(SWEEP + start + REFUSED[name])
    with pytest.raises(SweepError, match=r"s.toml: .*cutoff has no effect on .*--set clipstyle=rescale"):
        read_sweep_file(tmp_path / "s.toml")


def test_a_sweeps_base_may_be_there_for_some_runs_only(tmp_path):
    text = '[base]\ncutoff = 0.1\n[[cases]]\nmethod = "a"\nclipstyle = "nothing"\n[[cases]]\nmethod = "b"\n'
    (tmp_path / "s.toml").write_text(SWEEP + text)
    assert len(read_sweep_file(tmp_path / "s.toml").runs) == 2


@pytest.mark.parametrize("path", sorted((SOURCE / "sweeps").glob("*.toml")), ids=lambda path: path.stem)
def test_the_kits_own_sweeps_are_taken(path):
    assert read_sweep_file(path).runs


# ---- papermill ---------------------------------------------------------------------------------------------------

KNOWN = ("regime", "profile", "overrides", "cells", "out")


def test_an_unknown_injected_parameter_is_refused(ran):
    ran('regime = "A1"', '# Parameters\nregme = "A2"\n', "refuse_unknown()")
    with pytest.raises(BadValue, match=r"unknown parameter 'regme'.*did you mean 'regime'"):
        injected.refuse_unknown(*KNOWN)


@pytest.mark.parametrize(
    "cells",
    [
        (),
        ("refuse_unknown()",),
        ('# Parameters\nregime = "A2"\nout = None\n', "refuse_unknown()"),
        ('# Parameters\nregme = "A2"\n', "import numpy", "refuse_unknown()"),
        ('regme = "A2"  # mine', "refuse_unknown()"),
        ("# my Parameters\nx = 1\n", "refuse_unknown()"),
        ("# Parameters\nthis is no Python\n", "refuse_unknown()"),
        ("# Parameters\nprint(1)\n", "refuse_unknown()"),
    ],
)
def test_no_false_alarm(ran, cells):
    ran(*cells)
    injected.refuse_unknown(*KNOWN)


def test_outside_of_a_notebook_nothing_is_looked_at():
    injected.refuse_unknown()


@pytest.mark.parametrize(
    ("given", "said", "kind"),
    [
        ({"regme": "A1"}, "did you mean 'regime'", "BadValue"),
        ({"regime": "A1", "overrides": {"cutoff": 0.1}}, "add clipstyle=rescale", "RegimeError"),
    ],
)
def test_papermill_is_told(tmp_path, given, said, kind):
    import papermill

    with pytest.raises(papermill.PapermillExecutionError, match=said):
        papermill.execute_notebook(
            str(SOURCE / "3_regime.ipynb"), str(tmp_path / "out.ipynb"), given | {"profile": "tiny"},
            progress_bar=False, cwd=str(tmp_path), kernel_name="python3",
        )  # fmt: skip
    executed = nbformat.read(tmp_path / "out.ipynb", 4)
    (error,) = [out for cell in executed.cells for out in cell.get("outputs", ()) if out.output_type == "error"]
    assert error.ename == kind
    assert len(error.traceback) == 1
    assert os.listdir(tmp_path) == ["out.ipynb"]
