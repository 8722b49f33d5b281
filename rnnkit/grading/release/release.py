"""``rnnkit release``: the students' copies of the notebooks, and the archive that students are given.

``release/`` is derived from ``notebooks/`` by nbgrader, without a database, and is committed: a test builds it again
and compares. ``dist/student.zip`` holds the same files of the main assignment, ``dist/NAME.zip`` those of any other,
with the student's wheel, which serves all, and the versions that go with it.
"""

from __future__ import annotations

import csv
import filecmp
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.common.names import BadValue
from rnnkit.common.places import pinned_torch
from rnnkit.common.variant import VARIANTS, Variants
from rnnkit.common.whole import whole
from rnnkit.grading.release.wheel import EPOCH, build_wheel

CONFIG, SOURCE, RELEASE = "nbgrader_config.py", "notebooks", "release"
DIST = "dist"
REQUIREMENTS = "requirements.txt"
CONSTRAINTS = "constraints.txt"  # the clone's, and beside the students' requirements.txt
ABOUT_CONSTRAINTS = """\
# The versions that this was tried with; README.md has the line that installs them. torch stands as its CPU build,
# 200 MB from PyTorch's own index: without "+cpu" Linux would get gigabytes of CUDA libraries.
"""
# Of a folder in notebooks/ students get this and nothing else, whatever running the notebooks has left there.
SHIPPED = (
    "*.ipynb", "README.md", "HANDOUT.md", "requirements.txt", "AGENTS.md",
    "figures/*.png", "figures/*.json", "sweeps/*.toml", "sweeps/*.csv",
)  # fmt: skip


class ReleaseError(BadValue):
    """Notebooks that cannot be released."""


def assignments(root: Path) -> list[str]:
    """The assignments that have their sources in a clone's ``notebooks/``."""
    return [name for name in names() if any((root / SOURCE / name).glob("*.ipynb"))]


def _of_key(assignment: str, name: str) -> Any:
    """What the instructor's side of an assignment says stays there: files, or columns of tables by file."""
    return getattr(get_assignment(assignment).key, name, {})


def shipped(folder: Path) -> list[Path]:
    """The files of an assignment that students get, relative to its folder."""
    return [path for path in _files(folder) if path.as_posix() not in _of_key(folder.name, "FILES_KEPT_HOME")]


def _files(folder: Path) -> list[Path]:
    shapes = (*SHIPPED, *(get_assignment(folder.name).programs if folder.name in names() else ()))
    return sorted({path.relative_to(folder) for shape in shapes for path in folder.glob(shape) if path.is_file()})


def settings(root: Path, course: Path) -> Config:
    """The clone's nbgrader_config.py, for a course in another folder."""
    config = PyFileConfigLoader(CONFIG, str(root)).load_config()
    config.CourseDirectory.root = str(course)
    return config


def generate(root: Path, out: Path, chosen: Sequence[str] = (), db_url: str | None = None) -> None:
    """Derives assignments' students' files, of all by default, into a folder, from a copy of the clone's sources.

    Arguments:
        root, out: the clone, and where the files go.
        chosen: the assignments' names.
        db_url: of a gradebook that the assignments' questions and points are entered into.

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
        for name in chosen or assignments(root):
            for path in shipped(root / SOURCE / name):
                without = _of_key(name, "COLUMNS_KEPT_HOME").get(path.as_posix(), ())
                _copy(root / SOURCE / name / path, course / SOURCE / name / path, without)
            config.CourseDirectory.assignment_id = name
            converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
            converter.force = True
            try:
                converter.start()
            except NbGraderException as error:
                raise ReleaseError(f"{SOURCE}/{name}: nbgrader cannot make the students' copy ({error})") from None
        shutil.copytree(course / RELEASE, out, dirs_exist_ok=True)


def differences(left: Path, right: Path, chosen: Sequence[str] = ()) -> list[str]:
    """The students' files, of all assignments by default, that are not the same in two folders, by their paths."""
    names = {
        f"{folder.name}/{path.as_posix()}"
        for side in (left, right)
        for folder in side.glob("*")
        if not chosen or folder.name in chosen
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


def archive(root: Path, name: str) -> Path:
    """The zip that students are given of an assignment: the main one's has the plain name."""
    return root / DIST / ("student.zip" if name == MAIN else f"{name}.zip")


def files_of(folder: Path, variants: Variants | None = None) -> dict[str, bytes]:
    """The files that students get of an assignment, by ``ASSIGNMENT/path``.

    Arguments:
        folder: the students' files.
        variants: what varies by student, if anything does.
    """
    content = {f"{folder.name}/{name.as_posix()}": (folder / name).read_bytes() for name in shipped(folder)}
    return content | ({f"{folder.name}/{VARIANTS}": variants.to_json().encode()} if variants else {})


def carried(folder: Path, variants: Mapping[str, Variants] = MappingProxyType({})) -> dict[str, bytes]:
    """What the wheel carries of the students' files in a folder: all but what installs the wheel."""
    found: dict[str, bytes] = {}
    for name in sorted(path.name for path in folder.iterdir() if path.name in names()):
        found |= files_of(folder / name, variants.get(name))
    return {name: data for name, data in found.items() if Path(name).name != REQUIREMENTS}


def write_archive(folder: Path, wheel: Path, versions: str, path: Path, variants: Variants | None = None) -> None:
    """An assignment's students' files, and beside its requirements.txt the wheel and the versions that go with it.

    Arguments:
        folder: the students' files.
        wheel: the student's.
        versions: from `constraints`.
        path: of the zip, which comes out the same again.
        variants: what varies by student, if anything does.
    """
    path.parent.mkdir(exist_ok=True)
    content = files_of(folder, variants)
    if (folder / REQUIREMENTS).is_file():
        content[f"{folder.name}/{wheel.name}"] = wheel.read_bytes()
        content[f"{folder.name}/{CONSTRAINTS}"] = versions.encode()
    with whole(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in sorted(content.items()):
            member = zipfile.ZipInfo(name, EPOCH)
            member.external_attr = 0o100644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(member, data)


def build(root: Path, chosen: Sequence[str], variants: Mapping[str, Variants] = MappingProxyType({})) -> list[str]:
    """Renews assignments' folders in ``release/`` and their zips; returns what changed in ``release/``.

    Files there that are none of the students' (runs, a model.py) stay.
    """
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / RELEASE
        generate(root, fresh, chosen)
        changed = differences(fresh, root / RELEASE, chosen)
        for name in changed:
            if (fresh / name).is_file():
                _copy(fresh / name, root / RELEASE / name)
            else:
                (root / RELEASE / name).unlink()
        wheel = build_wheel(root, Path(folder), carried(root / RELEASE, variants) | carried(fresh, variants))
        for name in chosen:
            write_archive(fresh / name, wheel, constraints(root), archive(root, name), variants.get(name))
    return changed


def check(root: Path, chosen: Sequence[str]) -> list[str]:
    """What ``rnnkit release`` would change in assignments' folders of ``release/``."""
    with tempfile.TemporaryDirectory() as folder:
        generate(root, Path(folder), chosen)
        return differences(Path(folder), root / RELEASE, chosen)


def _copy(source: Path, target: Path, without: Collection[str] = ()) -> None:
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
