"""Makes a course and what its class hands in: begun again, it goes on where it was."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import datetime, timedelta
from pathlib import Path

import torch
from course import NAME, make_course
from tqdm.auto import tqdm

from rnnkit.common.whole import save_text
from whole_class.calendar import DUE, dates, moodle_time
from whole_class.hand_in import write
from whole_class.plan import COPY, Student, draw, read, truth

COURSE, MADE, ZIP, WORKSHEET, TRUTH, WORK = "course", "made", "downloads.zip", "worksheet.csv", "truth.json", "work"


def make(folder: Path, count: int, seed: int, jobs: int) -> list[Student]:
    """Makes everything that is not there yet, and returns the class.

    Raises:
        ValueError: there is another class in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    students = _planned(folder / TRUTH, count, seed)
    made = folder / MADE
    shutil.rmtree(folder / WORK, ignore_errors=True)
    first = [one for one in students if one.group != COPY and not (made / one.id).exists()]
    then = [one for one in students if one.group == COPY and not (made / one.id).exists()]
    with tqdm(total=len(first) + len(then), unit="hand-in", desc="making", disable=None) as bar:
        for some in (first, then):  # whoever copies needs what is copied
            _all(some, folder, jobs, bar)
    if not (folder / COURSE).is_dir():
        shutil.rmtree(folder / WORK / COURSE, ignore_errors=True)
        (folder / WORK / COURSE).mkdir(parents=True)
        make_course(folder / WORK / COURSE)
        _people(folder / WORK / COURSE / "grading", students)
        (folder / WORK / COURSE).rename(folder / COURSE)
    if not (folder / ZIP).is_file():
        save_text(folder / WORKSHEET, worksheet(students))
        _download(folder, students)
    return students


def stored(folder: Path) -> list[Student]:
    """The class that was made in a folder."""
    return read(json.loads((folder / TRUTH).read_text(encoding="utf-8")))


def _planned(path: Path, count: int, seed: int) -> list[Student]:
    if path.is_file():
        stored = json.loads(path.read_text(encoding="utf-8"))
        if (stored["count"], stored["seed"]) != (count, seed):
            raise ValueError(
                f"{path.parent}: expected a new folder, or --count {stored['count']} --seed {stored['seed']}, "
                f"got --count {count} --seed {seed}"
            )
        return read(stored)
    students = draw(count, seed)
    save_text(path, json.dumps(truth(students, count, seed), indent=1, ensure_ascii=False) + "\n")
    return students


def _all(students: list[Student], folder: Path, jobs: int, bar: tqdm) -> None:
    if not students:
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(students)), context, _alone) as pool:
        for done in as_completed(
            [pool.submit(write, one, folder / COURSE, folder / MADE, folder / WORK) for one in students]
        ):
            done.result()
            bar.update()


def _alone() -> None:
    torch.set_num_threads(1)


def _people(grading: Path, students: list[Student]) -> None:
    """The roster and the dates."""
    rows = [f"{one.id},{one.first_name},{one.last_name},{one.email}" for one in students]
    save_text(grading / "roster.csv", "\n".join(["id,first_name,last_name,email", *rows]) + "\n")
    save_text(grading / "dates.toml", dates(NAME))


def worksheet(students: list[Student]) -> str:
    """What the platform says of the class: who has handed in, and when."""
    header = "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    header += "Last modified (submission),Last modified (grade),Feedback comments"
    rows = [
        f'Participant {one.id},{one.name},{one.email},Submitted for grading,,90.00,Yes,"{moodle_time(came(one))}",-,'
        for one in students
    ]
    return "\n".join([header, *rows]) + "\n"


def came(one: Student) -> datetime:
    """When it was handed in."""
    return DUE + timedelta(seconds=one.late_s)


def _download(folder: Path, students: list[Student]) -> None:
    """The platform's archive of all hand-ins."""
    part = folder / f"{ZIP}.part"
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for one in students:
            for path, inside in _files(folder / MADE / one.id):
                archive.write(path, f"{one.name}_{one.id}_assignsubmission_file_/{inside}")
    part.rename(folder / ZIP)


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.relative_to(folder).as_posix()
