"""What pip is doing is said while it is doing it; with a program in pip's place that waits until it has been said."""

from __future__ import annotations

import sys

import pytest

from rnnkit.clone import setup_env
from rnnkit.clone.setup_env import Progress, watched

LINES = """\
Obtaining file:///clone
Collecting numpy==2.0.1
  Downloading numpy-2.0.1-cp311-cp311-manylinux_2_17_x86_64.whl (18.0 MB)
Collecting Jinja2>=3 (from nbconvert)
Processing /wheels/jinja2-3.1-py3-none-any.whl (from nbgrader)
Requirement already satisfied: torch==2.6.0 in ./.venv/lib (from rnnkit)
Building editable for rnnkit (pyproject.toml): started
Installing collected packages: numpy, jinja2, rnnkit
Successfully installed jinja2-3.1 numpy-2.0.1 rnnkit-0.1.0
""".splitlines(keepends=True)
FAKE = """
import sys, time
from pathlib import Path
print("Collecting numpy==2.0.1", "  Downloading numpy-2.0.1-cp311.whl (18.0 MB)", sep="\\n", flush=True)
while not Path("said").exists():
    time.sleep(0.01)
print("ERROR: no such thing", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""


def test_lines_of_pip_are_counted_and_the_last_thing_is_told():
    progress, told = Progress(), []
    for line in LINES:
        progress.read(line)
        told.append(progress.text(75.4))
    assert told[0] == "0 packages looked up, asking for packages, 75 s so far"
    assert told[2] == "1 packages looked up, downloading numpy-2.0.1 (18.0 MB), 75 s so far"
    assert told[5].startswith("3 packages looked up, ")
    assert "Building editable for rnnkit" in told[6]
    assert told[8] == "3 packages looked up, installing 3 packages, 75 s so far"


@pytest.mark.parametrize("status", [0, 3])
def test_a_line_is_said_before_pip_has_ended_and_all_of_it_comes_back(tmp_path, monkeypatch, status):
    monkeypatch.setattr(setup_env, "EVERY", 0.05)
    said = []

    def say(text):
        said.append(text)
        if "downloading numpy-2.0.1 (18.0 MB)" in text:
            (tmp_path / "said").touch()

    assert watched([sys.executable, "-c", FAKE, str(status)], tmp_path, say) == (
        status,
        "Collecting numpy==2.0.1\n  Downloading numpy-2.0.1-cp311.whl (18.0 MB)\nERROR: no such thing\n",
    )
    assert said[-1].startswith("1 packages looked up, downloading numpy-2.0.1 (18.0 MB), ")


def test_on_a_terminal_one_line_is_rewritten_and_taken_away(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(setup_env, "ON_A_TERMINAL", 0.05)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    text = Progress.text

    def seen(self, seconds):
        (tmp_path / "said").touch()
        return text(self, seconds)

    monkeypatch.setattr(Progress, "text", seen)
    assert watched([sys.executable, "-c", FAKE, "0"], tmp_path, pytest.fail)[0] == 0
    out = capsys.readouterr().out
    assert "\r\x1b[K  " in out
    assert out.endswith("\r\x1b[K")
    assert "\n" not in out


@pytest.mark.parametrize("status", [0, 1])
def test_set_up_runs_pip_with_its_lines_and_returns_them_where_it_fails(tmp_path, monkeypatch, status):
    (tmp_path / "said").touch()
    monkeypatch.setattr(setup_env, "PIP", ["-c", FAKE, str(status)])
    told = setup_env.pip_install(tmp_path, sys.executable, "numpy")
    assert told is None if status == 0 else told.endswith("ERROR: no such thing\n")


def test_the_count_is_that_of_the_constraints_and_no_time_is_promised(tmp_path, monkeypatch, capsys):
    (tmp_path / "constraints.txt").write_text("# made by hand\na==1\nb==2 ; python_version < '3.12'\n\n#c==3\n")
    monkeypatch.setattr(setup_env, "pip_install", lambda *_: None)
    setup_env.install_rnnkit(tmp_path, sys.executable)
    said = capsys.readouterr().out
    assert "up to 2 packages" in said
    assert "minute" not in said


def test_pip_knows_the_options(tmp_path):
    """``--progress-bar`` stands after ``install``; with --help nothing is installed."""
    status, told = watched([sys.executable, *setup_env.PIP, "--help"], tmp_path, lambda text: None)
    assert status == 0, told
