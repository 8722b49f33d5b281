"""What was injected against what was found: every miss, and every accusation of somebody honest, is a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hostile import judge as hostile_judge

from rnnkit.assignments.training_dynamics.key import CANARY
from rnnkit.assignments.training_dynamics.questions import ASKED, CELLS
from rnnkit.checks.generate import bank
from rnnkit.grading.report.export import cell
from rnnkit.regimes import HANDOUT_REGIMES
from rnnkit.runs.replay import DIFFERS
from whole_class import found
from whole_class.grading import Graded, entries
from whole_class.make import COURSE
from whole_class.plan import COPY, FORGED, HONEST, HOSTILE, MISTAKEN, PARTIAL, Student, known

# What is said of records that are only small, of another seed, or not there: no doubt about whose they are.
PLAIN = re.compile(
    r": profile (tiny|custom), not full$|settings are not the handout's: seed \d+ \(handout 52\)"
    r"(, profile tiny, not full)?$"
    r"|no record( of any run was handed in)?$|runs: made with different model.py's"  # which is the other is said, too
)


@dataclass
class Row:
    """One line of the table.

    Fields:
        what: was injected.
        truth, found: how many.
        missed: what was not found, or found where it is not; each a line.
        notes: what a reader may want to know.
    """

    what: str
    truth: int
    found: int
    missed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


Ledger = Mapping[str, Mapping[str, Any]]


def judged(folder: Path, students: Sequence[Student], graded: Graded, jobs: int) -> list[Row]:
    """All rows of the table, in the order of the work.

    Arguments:
        jobs: processes at a time, of the audit.
    """
    ledger = entries(folder)
    rows = [_kept(students, graded, ledger), _points(students, ledger), _empty(students, ledger)]
    rows += _mistakes(students, ledger)
    rows.append(_counted(found.counted(folder), ledger))
    rows += _forged(found.audited(folder, jobs), students, ledger)
    rows += _copied(found.alike(folder), students)
    return [*rows, _late(students, ledger), _hostile(folder, students, ledger)]


def _of(students: Sequence[Student], *groups: str) -> list[Student]:
    return [one for one in students if one.group in groups]


def _kept(students: Sequence[Student], graded: Graded, ledger: Ledger) -> Row:
    """Everybody is graded, once; what stood in the ledger when the grading was killed stands there still."""
    missed = [f"{one.id} is not in the ledger" for one in students if one.id not in ledger]
    for number, standing in enumerate(graded.standing, 1):
        for student, when in standing.items():
            now = ledger.get(student, {}).get("graded")
            if now != when:
                missed.append(f"{student} was graded at {when}, before kill {number}, and again at {now}")
    missed += [f"still running some seconds after a kill: {line[:120]}" for leg in graded.legs for line in leg.left]
    if graded.again and (graded.again.graded or not graded.unchanged):
        missed.append(f"a start after the end graded {graded.again.graded} again, or changed the ledger")
    said = sum(leg.graded for leg in graded.legs)
    kills = ", ".join(f"{len(one)} in the ledger" for one in graded.standing)
    notes = [f"killed with {kills}" if kills else "not killed", f"{said} gradings told for {len(students)} students"]
    return Row("graded once, kills survived", len(students), len(students) - len(missed), missed, notes)


def _points(students: Sequence[Student], ledger: Ledger) -> Row:
    """Right answers have all points."""
    missed = []
    honest = _of(students, HONEST, FORGED, COPY)
    for one in honest:
        for id, score in ledger.get(one.id, {}).get("scores", {}).items():
            if id in ASKED and not ASKED[id].extra and score["points"] < score["most"]:
                missed.append(f"{one.id}: {id}: {score['points']:g} of {score['most']:g}: {score['text'][:200]!r}")
    lost = {line.split(":")[0] for line in missed}
    return Row("right answers with all points", len(honest), len(honest) - len(lost), missed)


def _empty(students: Sequence[Student], ledger: Ledger) -> Row:
    """What was not answered has none; what was, all."""
    missed = []
    partial = _of(students, PARTIAL)
    for one in partial:
        scores = ledger.get(one.id, {}).get("scores", {})
        missed += [f"{one.id}: {id} is empty and has points" for id in one.empty if scores.get(id, {}).get("points")]
        flags = str(ledger.get(one.id, {}).get("evidence"))
        if one.lacks == "runs" and "no record of any run" not in flags:
            missed.append(f"{one.id}: nothing says that there are no runs")
    return Row("partial ones seen as such", len(partial), len(partial) - len(missed), missed)


def _mistakes(students: Sequence[Student], ledger: Ledger) -> list[Row]:
    """Every known mistake that was made is told by its name."""
    exact, told_as, missed, gentle = 0, [], [], 0
    mistaken = _of(students, MISTAKEN)
    for one in mistaken:
        for id, name in one.mistakes.items():
            score = ledger.get(one.id, {}).get("scores", {}).get(id, {})
            said, message = score.get("mistakes", []), known(id, name).message
            if any(message in text for text in said):
                exact += 1
                if len(said) > 1:
                    told_as.append(f"{id}, {name}: told as {len(said)}: {' / '.join(said)}")
            elif message in " ".join(score.get("text", "").split()):
                gentle += 1
                told_as.append(f"{id}, {name}: told, with {score['points']:g} of {score['most']:g} points, not counted")
            else:
                missed.append(f"{one.id}: {id}, {name}: told {said or score.get('text', 'nothing')[:200]!r}")
    count = sum(len(one.mistakes) for one in mistaken)
    row = Row("known mistakes told by name", count, exact + gentle, missed, [*_shared(), *told_as])
    innocent = [
        f"{one.id}: {id}: {score['mistakes']}"
        for one in _of(students, HONEST)
        for id, score in ledger.get(one.id, {}).get("scores", {}).items()
        if score.get("mistakes")
    ]
    return [row, Row("mistakes told of honest ones", 0, len(innocent), innocent)]


def _shared() -> list[str]:
    """Known mistakes that are told in the same words as another of the question."""
    names: dict[tuple[str, str], list[str]] = {}
    for one in bank():
        names.setdefault((one.question, one.message), []).append(one.name)
    return [f"{id}: {', '.join(some)} have one name" for (id, _), some in names.items() if len(some) > 1]


def _counted(counted: Mapping[tuple[str, str], int], ledger: Ledger) -> Row:
    """The page of the class counts each mistake as often as the ledger has it."""
    due: dict[tuple[str, str], int] = {}
    for entry in ledger.values():
        for id, score in entry["scores"].items():
            for name in score.get("mistakes", []):
                due[id, cell(name)] = due.get((id, cell(name)), 0) + 1
    missed = [
        f"{id}: {name[:80]!r}: {counted.get((id, name), 0)} counted, {count} in the ledger"
        for (id, name), count in due.items()
        if counted.get((id, name), 0) != count
    ]
    return Row("mistakes counted by the class page", len(due), len(due) - len(missed), missed)


def _forged(audited: Mapping[tuple[str, str], list[str]], students: Sequence[Student], ledger: Ledger) -> list[Row]:
    """Every forged record is told by the evidence or by training it again, and no honest one is."""
    told, missed, accused, notes = 0, list[str](), list[str](), list[str]()
    due = {(one.id, run): kind for one in students for run, kind in one.forged.items()}
    for one in students:
        if one.group == HOSTILE:
            continue
        flags = [flag for flag in ledger.get(one.id, {}).get("evidence", []) if not PLAIN.search(flag)]
        for run in one.runs:
            said, trained = [flag for flag in flags if run in _runs_of(flag)], audited.get((one.id, run), [])
            if (kind := due.get((one.id, run))) is not None:
                told += bool(said or trained)
                missed += [] if said or trained else [f"{one.id}: {run}: {kind}: nothing is said of it"]
            elif not one.forged:
                # Cells in another order are another model.py, and what wrong cells do may look impossible: of these
                # records only that training again gives something else is said against whoever handed them in.
                odd = one.group == COPY or any(ASKED[id].notebook == CELLS for id in one.mistakes)
                held = [text for text in trained if text.startswith(DIFFERS)] if odd else [*said, *trained]
                accused += [f"{one.id} ({one.group}): {run}: {doubt[:200]}" for doubt in held[:1]]
                notes += [f"{one.id}: {run}, of wrong cells: {text}" for text in [*said, *trained] if one.mistakes]
    return [
        Row("forged records told", len(due), told, missed),
        Row("honest records accused", 0, len(accused), accused, notes),
    ]


def _runs_of(flag: str) -> set[str]:
    """The runs that a line of the evidence is about; it names them first, or last where it begins with "runs"."""
    first, *_, last = flag.split(": ")
    found = set[str]()
    for begin, end in re.findall(r"\b([AB]\d)\b(?:-([AB]\d)\b)?", last if first == "runs" else first):
        order = HANDOUT_REGIMES.index(begin)
        found |= {*HANDOUT_REGIMES[order : HANDOUT_REGIMES.index(end or begin) + 1]}
    return found


def _copied(above: Sequence[set[str]], students: Sequence[Student]) -> list[Row]:
    """Every copy is above the threshold with its source, and no pair of honest ones is."""
    copies = _of(students, COPY)
    missed = [
        f"{one.id} has copied {one.copied} of {one.source}" for one in copies if {one.id, one.source} not in above
    ]
    honest = {one.id for one in students if one.group not in (COPY, HOSTILE)}
    innocent = [f"{' and '.join(sorted(pair))} are called alike" for pair in above if pair <= honest]
    return [
        Row("copies found", len(copies), len(copies) - len(missed), missed),
        Row("honest pairs called alike", 0, len(innocent), innocent),
    ]


def _late(students: Sequence[Student], ledger: Ledger) -> Row:
    """Who came late is late by as much as the worksheet says, and nobody else is."""
    late, missed, seen = [one for one in students if one.late_s > 0], [], 0
    for one in students:
        said = ledger.get(one.id, {}).get("late", {})
        right = abs(said.get("seconds", 0) - max(0.0, one.late_s)) <= 60  # the worksheet has minutes
        seen += bool(right and one.late_s > 0)
        if not right:
            missed.append(f"{one.id}: came {one.late_s:.0f} s after the due date, late is {said}")
    return Row("late ones late", len(late), seen, missed)


def _hostile(folder: Path, students: Sequence[Student], ledger: Ledger) -> Row:
    """Attacks have no points, and leave no trace."""
    attacks = _of(students, HOSTILE)
    missed = [
        f"{one.id}: {one.attack}: {points:g} points"
        for one in attacks
        if (points := sum(score["points"] for score in ledger.get(one.id, {}).get("scores", {}).values()))
    ]
    count = len(attacks) - len(missed)
    missed += hostile_judge.traces(folder / COURSE, CANARY)
    return Row("attacks without points or traces", len(attacks), count, missed)


def told(rows: Sequence[Row], say: Callable[[str], None] = print) -> bool:
    """Shows the table; whether nothing was missed and nobody accused."""
    say(f"{'':<36}{'injected':>10}{'found':>8}{'wrong':>8}")
    for row in rows:
        say(f"{row.what:<36}{row.truth:>10}{row.found:>8}{len(row.missed):>8}")
    for row in rows:
        for line in row.missed:
            say(f"WRONG  {row.what}: {line}")
        for line in row.notes:
            say(f"note   {row.what}: {line}")
    return not any(row.missed for row in rows)
