"""``rnnkit doctor``: whether everything is in place."""

from __future__ import annotations

import re

from rnnkit.assignments import names
from rnnkit.cli import doctor
from rnnkit.common.extras import EXTRAS
from rnnkit.common.places import PACKAGE

NOTEBOOKS = PACKAGE.parent / "notebooks"


def test_doctor_finds_this_environment_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "FREE_SPACE", 0)
    assert doctor.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "all in order"
    assert {"Python", "torch", "nbformat", "kernel python3", "disk", "writing"} <= {
        line[3:].split(":")[0].strip() for line in lines
    }


def test_doctor_says_what_to_do(monkeypatch, capsys):
    def broken():
        raise RuntimeError("boom")

    monkeypatch.setattr(doctor, "CHECKS", (broken, lambda: doctor.Finding("disk", "0.1 GB free", "make room")))
    assert doctor.main([]) == 1
    out = capsys.readouterr().out
    assert "RuntimeError: boom" in out
    assert "-> make room" in out
    assert "2 to be done" in out


def test_doctor_advises_a_student_what_a_student_can_do(monkeypatch):
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda name: ["no-such-package", "numpy<1"])
    assert {finding.advice.split("run ")[1] for finding in doctor.packages()} == {"make setup (or rnnkit setup)"}
    monkeypatch.setattr(doctor, "in_a_clone", lambda: False)
    said = {finding.advice.split("run ")[1] for finding in doctor.packages()}
    assert said == {"python -m pip install -c constraints.txt -r requirements.txt"}


def test_a_student_is_told_of_those_extras_alone_that_requirements_txt_names(monkeypatch):
    assert len([*doctor.extras()]) == len(EXTRAS)
    monkeypatch.setattr(doctor, "in_a_clone", lambda: False)
    told = [finding.what.split()[1].rstrip(",") for finding in doctor.extras()]
    for name in names():
        (line,) = re.findall(r"^\./.*\[(.*)\]$", (NOTEBOOKS / name / "requirements.txt").read_text(), re.MULTILINE)
        assert line.split(",") == told


def test_on_colab_the_versions_are_the_machines_own_and_no_faults(monkeypatch):
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda name: ["no-such-package", "numpy<1", "torch"])
    monkeypatch.setattr(doctor.sys, "version_info", (3, 99, 0))
    faults = {finding.what for finding in [*doctor.packages(), doctor.python()] if finding.advice}
    assert faults == {"no-such-package", "numpy", "Python"}
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab_20251001")
    found = {finding.what: finding for finding in [*doctor.packages(), doctor.python(), *doctor.extensions()]}
    assert {name for name, finding in found.items() if finding.advice} == {"no-such-package"}  # that is one everywhere
    assert found["numpy"].found.endswith(", Colab's own; the kit is made for <1")
    assert found["Python"].found == "3.99.0, Colab's own; the kit is made for Python 3.11 to 3.13"
    assert "first cell" in found["no-such-package"].advice


def test_doctor_sees_a_full_disk(monkeypatch):
    monkeypatch.setattr(doctor, "FREE_SPACE", 1e9)
    assert "make room" in doctor.disk().advice
