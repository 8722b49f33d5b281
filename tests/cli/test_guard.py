"""The table of verbs and what all of them have in common: help, and one line where something is not as it should be."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from rnnkit import cli
from rnnkit.cli import guard, verbs
from rnnkit.cli.verbs import VERBS
from rnnkit.common.extras import how_to_install
from rnnkit.common.names import BadValue
from rnnkit.common.places import SetupError
from rnnkit.runs.broken import BrokenCell

LIGHT = {"release", "feedback", "export", "doctor", "bench", "setup", "test", "test-all", "lab", "site"}


def rnnkit(*arguments: str, before: str = "", **how) -> subprocess.CompletedProcess:
    """The command in a process of its own, which runs some code first and tells at the end whether it has torch."""
    code = f"import sys\n{before}\nfrom rnnkit import cli\ntry:\n    code = cli.main({list(arguments)})\n"
    code += "except SystemExit as left:\n    code = left.code\n"
    code += "print('torch' in sys.modules, file=sys.stderr)\nsys.exit(code)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, **how)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([verb, "--help"])
    out, err = capsys.readouterr()
    assert (left.value.code, out.split()[:3], err) == (0, ["usage:", "rnnkit", verb], "")


def test_verbs_that_need_no_torch_do_not_wait_for_it():
    code = f"from rnnkit.cli import main\nfor verb in {sorted(LIGHT)}:\n    try:\n        main([verb, '--help'])\n"
    done = rnnkit("--version", before=code + "    except SystemExit:\n        assert 'torch' not in sys.modules, verb")
    assert (done.returncode, done.stderr, done.stdout.count("usage:")) == (0, "False\n", len(LIGHT))


def test_every_verb_is_there():
    assert all(verb.is_here and callable(verb.load()) for verb in VERBS.values())
    assert all(f"\n  {name} " in verbs.usage() for name in VERBS)


@pytest.mark.parametrize(
    ("arguments", "package", "says"),
    [
        (["sweep", "none.toml"], "torch", 'expected the package torch, found none; run `python -m pip install "torch'),
        (["grade"], "nbgrader", 'needs the extra grading (no nbgrader here); run `python -m pip install "nbgrader=='),
        (["release", "--check"], "tornado", "needs the extra grading (no tornado here)"),
        (["lab"], "jupyterlab", "needs the extra lab (no jupyterlab here)"),
        (["test"], "xdist", "needs the extra dev (no xdist here)"),
        (["run", "A1", "--profile", "tiny"], "papermill", "needs the extra batch (no papermill here)"),
        (["report", "nowhere"], "matplotlib", "expected the package matplotlib"),
    ],
)
def test_a_package_that_is_missing_is_one_line(tmp_path, arguments, package, says):
    done = rnnkit(*arguments, before=f"sys.modules[{package!r}] = None", cwd=tmp_path)
    line, _ = done.stderr.splitlines()
    assert done.returncode == 2
    assert line.startswith(f"rnnkit {arguments[0]}: {says}")
    assert not done.stdout


def test_in_a_bare_clone_a_missing_package_is_set_up(monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/usr")
    assert how_to_install("torch").startswith("run `make setup` (or `python3.11 -m rnnkit setup`)")


def test_a_module_of_ours_that_is_missing_is_a_mistake_of_ours():
    def work():
        raise ModuleNotFoundError("No module named 'rnnkit.nothing'", name="rnnkit.nothing")

    with pytest.raises(ModuleNotFoundError):
        guard.guarded("rnnkit", work)


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (BadValue("no such thing"), 2, "no such thing"),
        (SetupError("no network"), 1, "no network"),
        (BrokenCell("model.py, line 3"), 1, "model.py, line 3"),
        (KeyboardInterrupt(), 130, "interrupted; run it again to go on"),
        (KeyboardInterrupt("in model.py, line 3"), 130, "interrupted in model.py, line 3"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "No space left on device"),
        (BrokenPipeError(errno.EPIPE, "to a child"), 1, "to a child"),
    ],
)
def test_whatever_goes_wrong_is_one_line(capsys, error, status, says):
    def work():
        raise error

    assert guard.guarded("rnnkit some", work) == status
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("rnnkit some: ")
    assert says in line


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_nothing_is_said_to_a_reader_who_has_gone(unbuffered):
    command, environment = [sys.executable, "-m", "rnnkit", "--help"], os.environ | {"PYTHONUNBUFFERED": unbuffered}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_what_is_not_in_this_copy_is_not_listed_and_says_whose_it_is(monkeypatch, tmp_path, capsys):
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "run.py").touch()
    monkeypatch.setattr(verbs, "PACKAGE", tmp_path)
    assert [name for name in VERBS if f"\n  {name} " in verbs.usage()] == ["run", "report"]
    for verb, says in {
        "grade": "only for instructors, in a clone of rnnkit",
        "lab": "only in a clone of rnnkit",
    }.items():
        assert cli.main([verb]) == 2
        assert capsys.readouterr().err == f"rnnkit {verb}: {says}\n"
    assert cli.main(["grad"]) == 2
    assert "expected one of run, report" in capsys.readouterr().err
