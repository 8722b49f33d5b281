"""Which student handed in what: the files of a download, sorted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from rnnkit.common.text import listed, shown
from rnnkit.grading.intake import unpack
from rnnkit.grading.intake.unpack import File
from rnnkit.grading.intake.whose import Named, Names, folded
from rnnkit.grading.notebooks.reading import ENDING, BadSubmission

RUNS = "runs"  # notebooks below it belong to runs
MOST_ZIPS = 2  # a zip in a student's zip, and no more
AT_ONCE = timedelta(hours=1)  # where all times of a download are as near, they are those of its making
OF_MANY = "expected one student's zip, got names of a learning platform in it; if it is the platform's, give it itself"


NOBODY = Named("")


@dataclass
class Unit:
    """What one student handed in at one time: its name, its files, what the name tells; with a problem it stays out.

    `dated` is the time in a platform's zip, where it is the student's own and not that of the download.
    Of several things that are one student's the first is the source, and `sources` has all.
    """

    source: str
    files: list[File] = field(default_factory=list)
    problem: str = ""
    named: Named = NOBODY
    dated: datetime | None = None
    sources: set[str] = field(default_factory=set)

    @property
    def student(self) -> str:
        """Whose it is; its name where that tells nobody."""
        return self.named.student or shown(self.source)


def units(source: Path, names: Names, stack: ExitStack) -> list[Unit]:
    """What each student handed in, and a unit with a problem for everything that is nobody's.

    The source is a folder or a zip; the stack keeps open what was opened.
    """
    by_key: dict[tuple[object, ...], Unit] = {}
    things = list(_things(source, names, stack))
    names.settle([thing.source for thing in things])
    for unit in things:
        alone = _is_file(unit) and names.is_platforms(unit.source)
        if not unit.problem:
            _identify(unit, names)
        named = unit.named
        key = (unit.student, named.key, named.date, alone) if named.date or alone else (unit.student, unit.source)
        if by_key.setdefault(key, unit) is not unit:
            by_key[key].files += unit.files
        by_key[key].sources.add(unit.source)
    _date(list(by_key.values()), source)
    return _one_each(list(by_key.values()), names)


def _date(several: list[Unit], source: Path) -> None:
    """Puts the times in a platform's zip to what each student handed in.

    Many platforms write the time of the download instead. So they count only where they are far apart, and not where
    the platform says that somebody was on time.
    """
    times = {}
    for number, unit in enumerate(several):
        with suppress(ValueError):
            times[number] = max(datetime(*file.dated) for file in unit.files if file.dated)  # type: ignore[arg-type]
    if source.is_file() and times and max(times.values()) - min(times.values()) > AT_ONCE:
        for number, when in times.items():
            several[number].dated = when if several[number].named.late is not False and when.year > 1980 else None


def _identify(unit: Unit, names: Names) -> None:
    """Finds out whose it is."""
    try:
        named = names.whose(unit.source)
    except BadSubmission as error:
        unit.problem = str(error)
        return
    if _is_file(unit) and named.file:
        unit.files = [replace(unit.files[0], path=(named.file,))]
    elif _is_file(unit) and not _is_zip(unit.files[0]):
        unit.problem = "expected a student's folder or zip, got a file that names nobody"
        return
    unit.named = named


def _is_file(unit: Unit) -> bool:
    return len(unit.files) == 1 and unit.files[0].path == (unit.source,)


def _one_each(several: list[Unit], names: Names) -> list[Unit]:
    """Of several units of one student the latest, where all have dates; the others get a problem.

    One whose name has the student's id counts, whatever others there are that the roster was asked about. Ids that
    differ in case alone, and that no roster has, are taken for one student's.
    """
    of_one: dict[tuple[str, str], list[Unit]] = {}
    for unit in (unit for unit in several if not unit.problem):
        id = unit.student if unit.student in (names.roster or ()) else folded(unit.student)
        of_one.setdefault((id, unit.named.assignment or names.assignment), []).append(unit)
    for theirs in of_one.values():
        mine, student = sorted(theirs, key=lambda unit: unit.named.date), theirs[0].student
        if sure := [unit for unit in mine if unit.named.is_sure]:
            for unit in mine:
                if not unit.named.is_sure:
                    unit.problem = f"is it {student}'s? {shown(sure[0].source)} certainly is; rename it or leave it out"
            mine = sure
        dates = [unit.named.date for unit in mine]
        keys = {unit.named.key for unit in mine}
        if len(mine) > 1 and (not dates[0] or dates[-1] == dates[-2] or len(keys) > 1):
            for unit in mine:
                unit.problem = (
                    f"expected one submission of {student}, got {listed([m.source for m in mine])}; leave one"
                )
        for unit in mine[:-1]:
            unit.problem = unit.problem or f"an earlier attempt of {student}; that of {shown(dates[-1])} counts"
    return several


# ---- the things in a source --------------------------------------------------------------------------------------


def _things(source: Path, names: Names, stack: ExitStack) -> Iterator[Unit]:
    if source.is_dir():
        yield from _of_folder(source, names)
    elif source.is_file():
        inside = opened(File((source.name,), source.stat().st_size, unpack.opener(source.resolve())), stack)
        if any(is_notebook(file) and not names.is_platforms(file.path[0]) for file in inside):
            yield Unit(source.name, inside)
        else:
            yield from _by_top(_without_wrapper(inside, names))
    else:
        raise BadSubmission("expected a folder or a zip with submissions, got neither")


def _of_folder(folder: Path, names: Names) -> Iterator[Unit]:
    """A folder's folders, zips and files. Each zip is one student's, whatever the names in it say."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            yield Unit(path.name, problem="expected a folder or a file, got a link or a device")
        elif path.is_dir() and not unpack.is_junk(path.name):
            try:
                yield Unit(path.name, unpack.in_folder(path))
            except OSError as error:
                yield Unit(path.name, problem=f"it cannot be read ({error.strerror})")
            except BadSubmission as error:
                yield Unit(path.name, problem=str(error))
        elif not unpack.is_junk(path.name):
            file = File((path.name,), path.stat().st_size, unpack.opener(path))
            yield Unit(path.name, [file], OF_MANY if _is_of_many(file, names) else "")


def _is_of_many(file: File, names: Names) -> bool:
    """Whether it seems to be a platform's zip: nobody is named by it, and others by the names in it."""
    if not _is_zip(file) or names.is_student(file.path[0]):
        return False
    with ExitStack() as own:
        try:
            inside = _without_wrapper(opened(file, own), names)
        except BadSubmission:
            return False  # taking it will tell why
        return any(names.is_platforms(inner.path[0]) for inner in inside)


def _by_top(files: list[File]) -> Iterator[Unit]:
    """The files by what stands first in their paths: a student's folder, or a file."""
    tops: dict[str, list[File]] = {}
    for file in files:
        tops.setdefault(file.path[0], []).append(file)
    for name, inside in tops.items():
        if all(len(file.path) == 1 for file in inside):
            yield Unit(name, inside, inside[0].fatal or inside[0].why)
        else:
            yield Unit(name, [file.below() for file in inside if len(file.path) > 1])


def _without_wrapper(files: list[File], names: Names) -> list[File]:
    """A platform's zip without the one folder in which everything in it may lie."""
    tops = {file.path[0] for file in files}
    if len(tops) != 1 or names.is_student(*tops) or any(len(file.path) < 2 for file in files):
        return files
    inner = [file.below() for file in files]
    if any(is_notebook(file) or file.path[0] in (names.assignment, RUNS) for file in inner):
        return files
    return inner


# ---- one submission ----------------------------------------------------------------------------------------------


def contents(unit: Unit, assignment: str, stack: ExitStack) -> list[File]:
    """The files of a submission: out of the folder and the zip that they may lie in.

    Raises:
        BadSubmission: they cannot be taken.
    """
    files = unit.files
    for depth in range(MOST_ZIPS + 1):
        files = _of_assignment(files, assignment)
        if fatal := [file for file in files if file.fatal]:
            raise BadSubmission(fatal[0].fatal)
        zips = [file for file in files if _is_zip(file) and not file.why]
        if not zips or (len(zips) > 1 and any(map(is_notebook, files))):
            break
        if len(zips) > 1:
            raise BadSubmission(f"expected one zip, got {listed([file.name for file in zips])}; leave one")
        if depth == MOST_ZIPS:
            raise BadSubmission(f"{zips[0].name} is a zip in a zip in a zip; hand in one zip")
        try:
            inside = _of_assignment(opened(zips[0], stack), assignment)
        except BadSubmission as error:
            raise BadSubmission(f"{zips[0].name}: {error}") from None
        beside = [file for file in files if file is not zips[0]]
        if any(map(is_notebook, beside)) and not any(map(is_notebook, inside)):
            break
        files = _merged(inside, beside, zips[0].name)
    if not any(is_notebook(file) and not file.why for file in files):
        names = listed([f"{file.name} ({file.why})" if file.why else file.name for file in files])
        raise BadSubmission(f"expected notebooks, got {names or 'no file'}")
    return files


def _merged(inside: list[File], beside: list[File], name: str) -> list[File]:
    """The files of a zip and those that lie beside it, which may be the same ones."""
    packed = {file.path: file for file in inside if not file.why}
    for file in beside:
        if file.path in packed and not file.why and not _same(file, packed[file.path]):
            raise BadSubmission(f"{file.name} is not the same in {name} and beside it; leave one")
    return inside + [file for file in beside if file.path not in packed]


def _same(one: File, other: File) -> bool:
    if one.size != other.size or one.size > unpack.MOST_FILE:
        return False
    return b"".join(unpack.chunks(one, one.size)) == b"".join(unpack.chunks(other, other.size))


def _of_assignment(files: list[File], assignment: str) -> list[File]:
    """The files below the assignment's folder, if there is one, or below the only folder."""
    for _ in range(unpack.MOST_DEPTH):
        if any(is_notebook(file) or _is_zip(file) for file in files):
            break
        tops = {file.path[0] for file in files if len(file.path) > 1} - {RUNS}
        top = assignment if assignment in tops else next(iter(tops), None)
        if top is None or (top != assignment and len(tops) > 1):
            break
        files = [file.below() if file.path[0] == top and len(file.path) > 1 else file for file in files
                 if top != assignment or file.path[0] == top or file.fatal]  # fmt: skip
    return files


def is_notebook(file: File) -> bool:
    """Whether it is one of the assignment's notebooks, by its name."""
    return len(file.path) == 1 and bool(ENDING.search(file.path[0]))


def _is_zip(file: File) -> bool:
    return len(file.path) == 1 and file.path[0].lower().endswith(".zip")


def opened(file: File, stack: ExitStack) -> list[File]:
    """What is in a zip. One that is in a zip itself is copied first, as it can only be read from one end."""
    try:
        stream = stack.enter_context(file.open())
    except (OSError, *unpack.BROKEN) as error:
        raise BadSubmission(f"it cannot be read ({shown(str(error))})") from None
    if isinstance(stream, unpack.Packed):
        copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        for piece in unpack.chunks(file, unpack.MOST_BYTES):
            copy.write(piece)
        stream = copy
    return unpack.in_zip(stack.enter_context(unpack.open_zip(stream)))
