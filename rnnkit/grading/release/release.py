"""``rnnkit release``: the students' copies of the notebooks, and the archive that students are given.

``release/`` is derived from ``notebooks/`` by nbgrader, without a database, and is committed: a test builds it again
and compares. ``dist/student.zip`` holds the same files, the student's wheel, and the versions that go with it.
"""

from __future__ import annotations

import csv
import filecmp
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Set
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from rnnkit.grading.release.wheel import EPOCH, build_wheel
from rnnkit.common.names import BadValue
from rnnkit.clone.setup_env import pinned_torch

CONFIG, SOURCE, RELEASE = "nbgrader_config.py", "notebooks", "release"
ARCHIVE = Path("dist") / "student.zip"
CONSTRAINTS = "constraints.txt"  # the clone's, and beside the students' requirements.txt
ABOUT_CONSTRAINTS = """\
# The versions that this was tried with; README.md has the line that installs them. torch stands as its CPU build,
# 200 MB from PyTorch's own index: without "+cpu" Linux would get gigabytes of CUDA libraries.
"""
# Of a folder in notebooks/ students get this and nothing else, whatever running the notebooks has left there.
SHIPPED = ("*.ipynb", "README.md", "requirements.txt", "AGENTS.md", "figures/*.png", "sweeps/*.toml", "sweeps/*.csv")
# Settings that solve temporal order, which are asked for: they stay with instructors, and tables lose their columns.
KEPT_HOME = ("sweeps/solved.toml", "sweeps/short.toml", "sweeps/short.csv", "sweeps/tasks.toml")
SETTINGS = {"sweeps/tasks.csv": {"alpha", "cutoff", "nhid", "lr", "init"}}


class ReleaseError(BadValue):
    """Notebooks that cannot be released."""


def assignments(root: Path) -> list[str]:
    """The folders of ``notebooks/`` that hold an assignment."""
    return sorted({path.parent.name for path in (root / SOURCE).glob("*/*.ipynb")})


def shipped(folder: Path) -> Iterator[Path]:
    """The files of an assignment that students get, relative to its folder."""
    yield from (path for path in _files(folder) if path.as_posix() not in KEPT_HOME)


def _files(folder: Path) -> list[Path]:
    found = {path for pattern in SHIPPED for path in folder.glob(pattern) if path.is_file()}
    return sorted(path.relative_to(folder) for path in found)


def settings(root: Path, course: Path) -> Config:
    """The clone's nbgrader_config.py, for a course in another folder."""
    config = PyFileConfigLoader(CONFIG, str(root)).load_config()
    config.CourseDirectory.root = str(course)
    return config


def generate(root: Path, out: Path, db_url: str | None = None) -> None:
    """Derives every assignment's students' files into a folder, from a copy of the sources.

    Arguments:
        root: the clone.
        out: where the files go.
        db_url: of a gradebook that the assignments' questions and points are entered into; none by default.

    Raises:
        ReleaseError: nbgrader refuses; its messages are on stderr.
    """
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        config = settings(root, course)
        if db_url:
            config.CourseDirectory.db_url = db_url
        else:
            config.GenerateAssignment.no_database = True
            config.SaveCells.enabled = False
        for name in assignments(root):
            for path in shipped(root / SOURCE / name):
                without = SETTINGS.get(path.as_posix(), frozenset())
                _copy(root / SOURCE / name / path, course / SOURCE / name / path, without)
            config.CourseDirectory.assignment_id = name
            converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
            converter.force = True
            try:
                converter.start()
            except NbGraderException as error:
                raise ReleaseError(f"{SOURCE}/{name}: nbgrader cannot make the students' copy ({error})") from None
        shutil.copytree(course / RELEASE, out, dirs_exist_ok=True)


def differences(left: Path, right: Path) -> list[str]:
    """The students' files that are not byte for byte the same in two folders, by their paths."""
    names = {
        f"{folder.name}/{path.as_posix()}"
        for side in (left, right)
        for folder in (side.iterdir() if side.is_dir() else ())
        if folder.is_dir()
        for path in _files(folder)  # what does not ship, too: it is to go
    }
    there = {name for name in names if (left / name).is_file() and (right / name).is_file()}
    return sorted(name for name in names if name not in there or not filecmp.cmp(left / name, right / name, False))


def constraints(root: Path) -> str:
    """The clone's constraints as students get them: torch as its CPU build (for a Mac there is no other)."""
    version = pinned_torch(root)
    cpu = f'torch=={version}+cpu ; sys_platform != "darwin"\ntorch=={version} ; sys_platform == "darwin"'
    lines = (root / CONSTRAINTS).read_text(encoding="utf-8").splitlines()
    pins = [cpu if line.startswith("torch==") else line for line in lines if line and not line.startswith("#")]
    return ABOUT_CONSTRAINTS + "\n".join(pins) + "\n"


def write_archive(release: Path, wheel: Path, versions: str, path: Path) -> None:
    """The students' files, and beside each requirements.txt the wheel and the versions that go with it.

    Arguments:
        release: the students' files, a folder for each assignment.
        wheel: the student's.
        versions: from `constraints`.
        path: of the zip, which comes out the same again.
    """
    path.parent.mkdir(exist_ok=True)
    content = {}
    for folder in sorted(path for path in release.iterdir() if path.is_dir()):
        content |= {f"{folder.name}/{name.as_posix()}": (folder / name).read_bytes() for name in shipped(folder)}
        if (folder / "requirements.txt").is_file():
            content[f"{folder.name}/{wheel.name}"] = wheel.read_bytes()
            content[f"{folder.name}/{CONSTRAINTS}"] = versions.encode()
    part = path.with_name(f".{path.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(content.items()):
            about = zipfile.ZipInfo(name, EPOCH)
            about.external_attr = 0o100644 << 16
            about.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about, data)
    part.replace(path)


def build(root: Path) -> list[str]:
    """Renews ``release/`` and ``dist/student.zip``; returns what changed in ``release/``.

    Files there that are none of the students' (runs, a model.py) stay.
    """
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / RELEASE
        generate(root, fresh)
        changed = differences(fresh, root / RELEASE)
        for name in changed:
            if (fresh / name).is_file():
                _copy(fresh / name, root / RELEASE / name)
            else:
                (root / RELEASE / name).unlink()
        wheel = build_wheel(root, Path(folder))
        write_archive(fresh, wheel, constraints(root), root / ARCHIVE)
    return changed


def check(root: Path) -> list[str]:
    """What ``rnnkit release`` would change in ``release/``."""
    with tempfile.TemporaryDirectory() as folder:
        generate(root, Path(folder))
        return differences(Path(folder), root / RELEASE)


def _copy(source: Path, target: Path, without: Set[str] = frozenset()) -> None:
    """Copies a file; a table loses some columns."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not without:
        shutil.copyfile(source, target)
        return
    with open(source, encoding="utf-8", newline="") as table, open(target, "w", encoding="utf-8", newline="") as copy:
        rows = csv.DictReader(table)
        columns = [name for name in rows.fieldnames or () if name not in without]
        writer = csv.DictWriter(copy, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
