"""What decides points is found from imports: all of it, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from course import ROOT

from rnnkit.assignments import get_assignment
from rnnkit.common.places import PACKAGE
from rnnkit.grading.course import decides
from rnnkit.grading.course.decides import deciding, followed
from rnnkit.grading.course.master import version

DECIDES = (
    "heads.py", "inits.py", "regimes.py", "engines/base.py", "engines/compiled/loops.py", "tasks/mem.py",
    "record/read_npz.py", "runs/lengths.py", "checks/rules.py", "assignments/training_dynamics/expected/known.json",
    "assignments/training_dynamics/key/draws.py", "runs/stretches.py", "grading/sandbox/supervisor.py",
    "grading/sandbox/answering/sitecustomize.py", "notebook/calls.py",
)  # fmt: skip
DOES_NOT = (
    "plots/page.py", "plots/style.py", "cli/verbs.py", "cli/grade.py", "grading/report/feedback.py",
    "grading/course/driver.py", "clone/pip_progress.py", "runs/batch.py",
    "bench/verb.py", "checks/runner.py", "hand_in/pack.py",
)  # fmt: skip


def test_scores_depend_on_what_decides_points_and_on_nothing_else():
    """What is imported says what that is, inside of functions and for processes of their own, too."""
    deciding_now = {path.relative_to(PACKAGE).as_posix() for path in deciding("training_dynamics")}
    assert {*DECIDES} <= deciding_now
    assert not {*DOES_NOT} & deciding_now


def test_a_changed_byte_makes_another_version(tmp_path, monkeypatch):
    copy, assignment = tmp_path / "rnnkit", get_assignment("training_dynamics")
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "assignments" / "another").mkdir()
    monkeypatch.setattr(decides, "PACKAGE", copy)
    versions = [version(Path("/nowhere"), assignment), version(ROOT, assignment)]
    for name in ("assignments/another/__init__.py", "plots/page.py", "heads.py"):
        with open(copy / name, "a") as file:
            file.write("\n")
        versions.append(version(ROOT, assignment))
    assert [*map(versions.index, versions)] == [0, 1, 1, 1, 4]


def test_imports_are_followed_wherever_they_stand(tmp_path):
    files = {
        "__init__.py": "",
        "begin.py": "from typing import TYPE_CHECKING\nimport rnnkit.way.end\nif TYPE_CHECKING:\n"
        "    import rnnkit.typed\ndef f():\n    from rnnkit import late\nRUN = ['-m', 'rnnkit.started']\n"
        "TEXT = 'import rnnkit.told; print(1)'\nLINE = 'import rnnkit.words'\n",
        "way/__init__.py": "import rnnkit.passed\ndef f():\n    import rnnkit.called\n",
        "way/end.py": "from rnnkit.unwanted import a",
    } | {f"{name}.py": "" for name in ["typed", "late", "started", "told", "words", "passed", "called", "unwanted"]}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    reached = followed([tmp_path / "begin.py"], tmp_path, lambda name: name != "rnnkit.unwanted")
    names = {path.relative_to(tmp_path).as_posix() for path in reached}
    assert names == {*files} - {"typed.py", "words.py", "called.py", "unwanted.py"}
