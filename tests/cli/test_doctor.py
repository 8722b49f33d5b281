"""``rnnkit doctor``: whether everything is in place."""

from __future__ import annotations

from pathlib import Path

from rnnkit.cli import doctor


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
    monkeypatch.setattr(doctor, "PACKAGE", Path("/somewhere/site-packages/rnnkit"))
    said = {finding.advice.split("run ")[1] for finding in doctor.packages()}
    assert said == {"python -m pip install -c constraints.txt -r requirements.txt"}


def test_doctor_sees_a_full_disk(monkeypatch):
    monkeypatch.setattr(doctor, "FREE_SPACE", 1e9)
    assert "make room" in doctor.disk().advice
