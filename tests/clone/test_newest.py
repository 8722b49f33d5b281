"""The environment of the newest versions, as far as it can be looked at without installing anything."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rnnkit import cli
from rnnkit.clone import newest, setup_env
from rnnkit.common.places import SetupError


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone with an environment, no uv, and a pip that notes what it is asked for; what it answers, by words."""
    (tmp_path / "constraints.txt").write_text("torch==2.6.0\nasync_lru==2.0.4\n")
    (tmp_path / newest.FOLDER).mkdir()
    asked, answers, torch = [], {}, ["none"]

    def pip_install(root, python, *words):
        asked.append(words)
        failure = next((answer for word, answer in answers.items() if word in words), None)
        if failure is None and "torch" in words[-1]:
            torch[0] = words[-1].partition("==")[2] or "2.9.1+cpu"
        return failure

    for module in (newest, setup_env):
        monkeypatch.setattr(module, "pip_install", pip_install)
    monkeypatch.setattr(newest.shutil, "which", lambda name: None)
    monkeypatch.setattr(newest, "make_venv", lambda root, folder: None)
    monkeypatch.setattr(newest, "probe_venv", lambda python: torch[0])
    monkeypatch.setattr(newest, "clone_root", lambda: tmp_path)
    return tmp_path, asked, answers


def test_all_is_upgraded_and_torch_stays_a_cpu_build(clone, monkeypatch):
    root, asked, _ = clone
    monkeypatch.setattr(newest.sys, "platform", "linux")
    assert newest.resolve(root) == setup_env.venv_python(root, ".venv-newest")
    (*_, torch), rest = asked
    assert (torch, asked[0][2:4]) == ("torch", ("--index-url", setup_env.TORCH_CPU_INDEX))
    assert {"--upgrade", "eager", "-e", ".[all]"} <= {*rest}
    assert Path(rest[rest.index("-c") + 1]).read_text() == "torch==2.9.1+cpu\n"


def test_without_pytorchs_index_torch_is_the_pinned_one(clone, capsys):
    root, _, answers = clone
    answers["torch"] = "ERROR: no network"
    newest.resolve(root)
    assert (root / newest.FOLDER / newest.KEPT).read_text() == "torch==2.6.0+cpu\n"
    assert "torch is the pinned one, which nothing is learned about" in capsys.readouterr().out


def test_a_build_from_elsewhere_is_replaced_by_the_pinned_one(clone, monkeypatch):
    root, asked, _ = clone
    monkeypatch.setattr(newest.sys, "platform", "linux")
    builds = iter(["none", "2.9.1", "2.9.1", "2.6.0+cpu"])  # pip's own configuration had another index
    monkeypatch.setattr(newest, "probe_venv", lambda python: next(builds))
    newest.resolve(root)
    assert asked[1] == ("--no-deps", "torch==2.6.0+cpu")
    assert (root / newest.FOLDER / newest.KEPT).read_text() == "torch==2.6.0+cpu\n"


@pytest.mark.parametrize("status", [0, 1])
def test_where_there_is_uv_it_upgrades_all_but_torch(clone, monkeypatch, capsys, status):
    root, asked, _ = clone
    by_uv = []

    def run(words, **_):
        by_uv.append(words)
        return type("", (), {"returncode": status if ".[all]" in words else 0})

    monkeypatch.setattr(newest.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(newest, "probe_venv", lambda python: "2.9.1+cpu")
    monkeypatch.setattr(newest, "installed", lambda python: {"torch": "2.9.1", "numpy": "2.0.0"})
    monkeypatch.setattr(newest.subprocess, "run", run)
    if status:
        with pytest.raises(SetupError, match="go together"):
            newest.resolve(root)
        assert "uv could not install" in capsys.readouterr().err
    else:
        newest.resolve(root)
    torch, rest = by_uv
    assert not asked  # pip is asked for nothing
    assert {"/bin/uv", "--no-sources", str(setup_env.venv_python(root, newest.FOLDER))} <= {*torch} & {*rest}
    assert (torch[-1], setup_env.TORCH_CPU_INDEX in torch) == ("torch", newest.sys.platform != "darwin")
    assert [word for word in rest if word.startswith("--upgrade")] == ["--upgrade-package=numpy"]


def test_versions_that_do_not_go_together_are_told(clone, capsys):
    *_, answers = clone
    answers[".[all]"] = "ERROR: ResolutionImpossible"
    assert cli.main(["test-newest"]) == 1
    assert "ResolutionImpossible" in (err := capsys.readouterr().err)
    assert "expected the newest versions to go together" in err


def test_what_is_newer_is_named(clone, monkeypatch):
    root, _, _ = clone
    monkeypatch.setattr(
        newest.subprocess,
        "run",
        lambda *_, **__: type("", (), {"stdout": "Async-LRU==2.0.9\ntorch==2.6.0+cpu\npip==9\n"}),
    )
    assert newest.newer(root, Path(sys.executable)) == ["async-lru 2.0.4 -> 2.0.9"]


def test_the_tests_run_by_that_environments_python(clone, monkeypatch):
    root, _, _ = clone
    seen = []
    monkeypatch.setattr(newest, "newer", lambda root, python: [])
    monkeypatch.setattr(newest, "run_module", lambda words, env, python: seen.append((words, python)) or 7)
    assert cli.main(["test-newest", "-k", "cells"]) == 7
    ((words, python),) = seen
    assert (words[0], words[-2:], python) == ("pytest", ["-k", "cells"], setup_env.venv_python(root, newest.FOLDER))
