"""The report compares runs: its mark schemes and its points add up, and are what the instructor's notes say."""

from __future__ import annotations

import re

import pytest
from course import ASSIGNMENT, ROOT, SOURCE, cells

from rnnkit.grading.release.release import shipped
from rnnkit.record.find import key_of

REPORT = str(ASSIGNMENT.hand_in.report)
NOTES = (SOURCE / "INSTRUCTORS.md").read_text(encoding="utf-8")
EARLIER = {"grad_time": 1, "sat_time": 1, "rho": 1, "clip": 2, "gates": 2, "sigmoid": 2}  # points of an answer then
HOURS = {"⅓": 1 / 3, "¼": 0.25, "½": 0.5}


def amount(text: str) -> float:
    """``1½`` or ``5 ¼`` as a number."""
    ((whole, part),) = re.findall(r"^\**(\d*) ?([⅓¼½]?)\**$", text)
    return float(whole or 0) + HOURS.get(part, 0)


def table(head: str) -> list[list[str]]:
    """The rows of the notes' table that begins with this."""
    lines = NOTES[NOTES.index(head) :].split("\n\n")[0].splitlines()[2:]
    return [[part.strip() for part in line.strip("|").split("|")] for line in lines]


def answers() -> dict[str, float]:
    """The points of what a person marks."""
    found = {
        cell["id"]: cell["about"].get("points", 0) for cell in cells(SOURCE / REPORT) if cell["about"].get("grade")
    }
    return {id: points for id, points in found.items() if points and id not in ASSIGNMENT.scored}


@pytest.mark.parametrize("id", answers())
def test_a_mark_scheme_adds_up_to_the_points_that_the_question_names(id):
    (task,) = [cell["source"] for cell in cells(SOURCE / REPORT) if cell["id"] == f"{id}_task"]
    question, scheme = task.split("=== BEGIN MARK SCHEME ===")
    given = [amount(text) for text in re.findall(r"^- (\d?½?):", scheme, re.MULTILINE)]
    assert len(given) == len(re.findall(r"^- ", scheme, re.MULTILINE))
    assert sum(given) == answers()[id]
    assert f"**({answers()[id]} points)**" in " ".join(question.split())


def test_each_answer_is_about_several_runs():
    figures = {cell["id"]: cell["source"] for cell in cells(SOURCE / REPORT)}
    for id in ASSIGNMENT.earlier.answers:
        runs = {run for names in re.findall(r'show\("([^"]+)"', figures[f"{id}_figure"]) for run in names.split()}
        assert len({key_of(run)[0] for run in runs}) > 1, id


def test_the_points_of_an_answer_are_those_of_the_answers_that_it_has_taken_the_place_of():
    for id, parts in ASSIGNMENT.earlier.answers.items():
        assert sum(EARLIER[old.partition("_")[2]] for old in parts.values()) == answers()[id], id
    assert sum(answers()[id] for id in ASSIGNMENT.earlier.answers) == 35
    told = {now: (before, points) for _, now, before, points in table("| the handout's question")}
    for id, parts in ASSIGNMENT.earlier.answers.items():
        before, points = told[f"`{id}`"]
        kind, _, runs = before.partition(" of ")
        assert [f"{run.lower()}_{kind.strip('`')}" for run in runs.split(", ")] == [*parts.values()]
        assert points == f"{len(parts)} × {answers()[id] // len(parts):g}"


def test_the_notes_have_every_question_with_its_points_and_minutes():
    there = {
        (path.stem, cell["id"]): cell["about"]["points"]
        for path in sorted(SOURCE.glob("*.ipynb"))
        for cell in cells(path)
        if cell["about"].get("grade") and cell["about"]["points"]
    }
    told = {(row[0].strip("`"), row[1].strip("`")): row[2:] for row in table("| notebook | question")}
    assert {place: float(told[place][1]) for place in there} == there
    for _, id in there:
        if id in ASSIGNMENT.scored:
            (row,) = [row for (_, name), row in told.items() if name == id]
            assert int(row[3]) == ASSIGNMENT.scored[id].minutes, id


def test_the_notes_sums_are_those_of_their_rows():
    rows = table("| notebook | question")
    sums = {row[0]: row[1:] for row in table("| notebook | points before")}
    *_, whole = sums
    for name, about in sums.items():
        mine = [row for row in rows if row[0] == name or name == whole]
        totals = [sum(int(row[2 + n]) for row in mine) for n in range(4)]
        assert [amount(text) for text in about[:2]] == totals[:2]
        shares = [100 * totals[n] / sum(int(row[2 + n]) for row in rows) for n in range(2)]
        assert [int(text.strip("* %")) for text in about[2:4]] == [round(share) for share in shares]
        assert all(abs(60 * amount(text) - total) <= 10 for text, total in zip(about[4:], totals[2:], strict=True))
    now = sum(int(row[5]) for row in rows)
    assert f"add up to {now}" in " ".join(NOTES.split())
    assert now <= 60 * amount(sums[whole][4]) == 315  # not more than before


def test_the_report_and_the_readmes_tell_the_same_points():
    told = {row[0].strip("`*"): row[2] for row in table("| notebook | points before")}
    (title,) = [cell["source"] for cell in cells(SOURCE / REPORT) if cell["id"] == "title"]
    rows = [
        [part.strip() for part in line.strip("|").split("|")] for line in title.splitlines() if line.startswith("| ")
    ]
    points = [sum(map(int, row[2].split(" + "))) for row in rows if re.fullmatch(r"\d+( \+ \d+)?", row[2])]
    assert f"**{sum(points)}**" == rows[-2][2] == f"**{told['4_report']}**"
    assert f"Not part of the {told['4_report']} points" in "".join(cell["source"] for cell in cells(SOURCE / REPORT))
    readme = (SOURCE / "README.md").read_text(encoding="utf-8").splitlines()
    for name in ("1_cells", "2_diagnostics", "4_report"):
        (row,) = [line for line in readme if line.startswith(f"| `{name}`")]
        assert re.search(r"\| (\d+)\b", row)[1] == told[name]
    assert f"| {told['sum'].strip('*')}, and " in (ROOT / "README.md").read_text(encoding="utf-8")


def test_students_do_not_get_the_notes():
    assert "INSTRUCTORS.md" not in {path.name for path in shipped(SOURCE)}
