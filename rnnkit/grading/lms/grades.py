"""``rnnkit export --format``: a class's totals in the sheet of a learning platform, its own one or a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.common.text import listed, shown
from rnnkit.common.whole import save_bytes
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.marks import Marks, read_marks
from rnnkit.grading.course.roster import Student
from rnnkit.grading.intake.receipts import Receipts
from rnnkit.grading.intake.whose import folded
from rnnkit.grading.lms.formats import BLACKBOARD, CANVAS, MOODLE, Lms, Table
from rnnkit.grading.lms.sheet import Sheet
from rnnkit.grading.report.export import cell

POINTS = "    Points Possible"  # Canvas writes the spaces, too


@dataclass
class Filled:
    """What became of a class's totals.

    Fields:
        written: students whose total stands in the sheet.
        waiting: those whose total is not final and was left out.
        refused: those whose total could not be written, with the reason.
        left: rows of nobody who is known; they stay as they are.
        warned: what the platform would do that nobody expects.
    """

    written: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)


def fill(
    course: Course,
    assignment: Assignment,
    lms: Lms,
    to: Path,
    *,
    worksheet: Path | None = None,
    column: str = "",
    so_far: bool = False,
) -> Filled:
    """Writes the totals of an assignment into a platform's sheet.

    Arguments:
        to: the new file; a worksheet itself is never written.
        worksheet: the sheet that was downloaded: everything but the grades stays as it is. Without one a new sheet has
            a row for everybody in the class.
        column: the assignment's column, where several could be meant; the new one's header where there is no worksheet.
        so_far: write totals, too, that are not final.

    Raises:
        BadValue: no such sheet or column, or a row and a student that do not belong together one to one.
    """
    marks = read_marks(course, assignment)
    numbers = _numbers(course, assignment, lms, marks)
    done = Filled()
    if worksheet is not None:
        if to.exists() and to.samefile(worksheet):
            raise BadValue(f"--to {to}: expected another file than the worksheet, which stays as it is")
        try:
            table = Table(Sheet.read(worksheet), lms, (assignment.name, assignment.title), column)
        except BadValue as error:
            raise BadValue(f"{worksheet}: {str(error).removeprefix(f'{worksheet}: ')}") from None
    else:
        table = _made(assignment, lms, marks, numbers, column, done)
    rows = matched(table, marks.people, numbers)
    _write(table, marks, rows, so_far, done)
    to.parent.mkdir(parents=True, exist_ok=True)
    save_bytes(to, table.sheet.content())
    return done


def _write(table: Table, marks: Marks, rows: Mapping[int, str], so_far: bool, done: Filled) -> None:
    """Puts the totals into their cells, and notes what became of each."""
    done.left += [table.person(row) for row in table.students() if row not in rows]
    theirs = {student: row for row, student in rows.items()}
    for student in marks.submissions:
        total, waits = marks.of(student).total, bool(marks.of(student).waits_for)
        row = theirs.get(student)
        if row is None:
            done.refused.setdefault(student, "the sheet has no row of theirs")
        elif waits and not so_far:
            done.waiting.append(student)
        elif table.locked(row):
            done.refused[student] = f"{table.lms.name} says that the grade cannot be changed"
        else:
            table.sheet.put(row, table.column, table.grade(total))
            done.written.append(student)
            if (most := table.most(row)) is not None and total > most and table.lms is MOODLE:
                done.warned.append(f"{student}: {total:g} is above {most:g}, and Moodle will pass over it")
    mosts = {most for row in rows if (most := table.most(row)) is not None and abs(most - marks.most) > 0.005}
    done.warned += [
        f"{table.lms.name} has {most:g} points for it, the assignment {marks.most:g}: points are written as they are"
        for most in sorted(mosts)
    ]


def matched(table: Table, people: Mapping[str, Student], numbers: Mapping[str, str]) -> dict[int, str]:
    """Whose the rows of a sheet are: row -> student's id; rows of nobody known are not in it.

    A student is known by the platform's number, else by id or e-mail address, else by an id that is the part of the
    address before the ``@``.

    Arguments:
        people: the class, by id.
        numbers: the platform's number -> student's id.

    Raises:
        BadValue: a row that could be two students', or a student with two rows.
    """
    known: dict[str, set[str]] = {}
    for id, person in people.items():
        for word in filter(None, (id, person.email)):
            known.setdefault(folded(word), set()).add(id)
    rows: dict[int, str] = {}
    for row in table.students():
        words = [folded(word) for word in table.words(row)]
        found = {numbers[number]} if (number := table.number(row)) in numbers else set()
        found |= {id for word in words for id in known.get(word, ())}
        found = found or {id for word in words if "@" in word for id in known.get(word.partition("@")[0], ())}
        if len(found) > 1:
            raise BadValue(
                f"row {row + 1}, {shown(table.person(row))}: expected one student, could be {listed(sorted(found))}; "
                "correct the roster or the sheet"
            )
        for id in found:
            if id in rows.values():
                first = next(other for other, theirs in rows.items() if theirs == id)
                raise BadValue(f"rows {first + 1} and {row + 1}: expected one row of {id}; take one out")
            rows[row] = id
    return rows


def _numbers(course: Course, assignment: Assignment, lms: Lms, marks: Marks) -> dict[str, str]:
    """The platform's number -> student's id, as downloads told it; or an id that is one, where none is another's."""
    receipts, numbers, mark = Receipts(course.submitted, assignment.name), {}, f"{lms.name} "
    keys = {student: [one.key for one in receipts.all(student) if one.key] for student in marks.people}
    elsewhere = any(not key.startswith(mark) for several in keys.values() for key in several)
    for student, several in keys.items():
        told = [key.removeprefix(mark) for key in several if key.startswith(mark)]
        if told or (student.isascii() and student.isdigit() and not elsewhere and not several):
            numbers[told[-1] if told else student] = student
    return numbers


# ---- a sheet where none was downloaded ---------------------------------------------------------------------------


def _made(
    assignment: Assignment, lms: Lms, marks: Marks, numbers: Mapping[str, str], column: str, done: Filled
) -> Table:
    """A new sheet; whom the platform could not find in it is refused."""
    title, most = column or assignment.title, f"{marks.most:g}"
    header = {CANVAS: title, BLACKBOARD: column or f"{title} [Total Pts: {most} Score]"}.get(lms, "")
    rows = [[name.format(column=header) if "{" in name else name for name in lms.header]]
    if lms is CANVAS:
        rows.append([POINTS, "", "", "", "", most])
    known = {student: number for number, student in numbers.items()}
    for id, person in marks.people.items():
        number = known.get(id, "")
        if lms is MOODLE and not number:
            if id in marks.submissions:
                done.refused[id] = "no download has told Moodle's number of theirs; give the --worksheet"
            continue
        name, last = person.name or id, f"{person.last_name}, {person.first_name}".strip(", ") or id
        rows.append([cell(text) for text in {
            MOODLE: (f"Participant {number}", name, person.email, "", "", most, "Yes", "", "", ""),
            CANVAS: (last, number, "", "" if number == id else id, "", ""),
            BLACKBOARD: (person.last_name, person.first_name, id, "", "", "", ""),
        }[lms]])  # fmt: skip
    tabs = lms is BLACKBOARD
    return Table(Sheet.made(rows, delimiter="\t" if tabs else ",", utf16=tabs), lms, (), len(lms.header) - 1)
