"""The page of a class: who made which mistake, who needs attention, and names that are hidden."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re

import graded_course
import pytest
from browser import barriers, browser, cut_off, needs_chromium
from course import ASSIGNMENT, NAME, ROOT
from graded_course import AUTO, WRITTEN

from rnnkit import cli
from rnnkit.common.names import BadValue
from rnnkit.grading.audit.verdicts import FILE as AUDITED
from rnnkit.grading.audit.verdicts import Verdict, Verdicts
from rnnkit.grading.course.course import Course
from rnnkit.grading.ledger import FAILED, GRADED, NOT_GRADED, REJECTED, Entry, Ledger
from rnnkit.grading.overview import gather as module
from rnnkit.grading.overview.attention import KINDS, Reason, reasons
from rnnkit.grading.overview.charts import bins, parts
from rnnkit.grading.overview.gather import OLD, UNKNOWN, Question, Told, gather
from rnnkit.grading.overview.pseudonyms import FILE, pseudonyms
from rnnkit.grading.overview.table import COLUMNS
from rnnkit.grading.overview.together import tail, together
from rnnkit.record.keys import FINAL
from rnnkit.runs.replay import DIFFERS, REPRODUCED

DUE = ASSIGNMENT.hand_in.runs
BIAS, EVIL = "the bias b_h is missing.", "<script>alert(1)</script>"
NOTEBOOKS = {name: {"status": GRADED, "reason": "", "flags": []} for name in ASSIGNMENT.notebooks}


def scores(**wrong) -> dict:
    """All questions right but for those named: points, status and mistakes."""
    found = {}
    for id, one in ASSIGNMENT.scored.items():
        kept = {"notebook": one.notebook, "points": one.points, "most": one.points, "extra": one.extra, "text": ""}
        found[id] = kept | {"status": "solved", "mistakes": []} | wrong.get(id, {})
    return found


def entry(student: str, profile: str = "full", **wrong) -> Entry:
    records, profiles = dict.fromkeys(DUE, "0"), dict.fromkeys(DUE, profile)
    return Entry(student, GRADED, notebooks=NOTEBOOKS, scores=scores(**wrong), records=records, profiles=profiles)


def missed(*mistakes: str, points: float = 0.0, status: str = "not right yet") -> dict:
    return {"points": points, "status": status, "mistakes": [*mistakes]}


def made(tmp_path, *entries: Entry, roster: str = ""):
    (tmp_path / "grading").mkdir(exist_ok=True)
    ledger = Ledger(tmp_path / "grading" / "ledger.json", NAME)
    ledger.entries = {one.student: one for one in entries}
    ledger.save()
    if roster:
        (tmp_path / "grading" / "roster.csv").write_text(roster, encoding="utf-8")
    return Course(ROOT, tmp_path)


@pytest.fixture
def course(tmp_path):
    late = entry("dora", rnn_step=missed(BIAS), rho=missed(status="not written yet"))
    late.before = {"graded": "2026-01-01", "points": late.points - 2, "scores": {"clip": 1.0, "rho": 2.0}}
    late.tried = {"rnn_step": [7, 5]}
    return made(
        tmp_path,
        entry("ada", rnn_step=missed(BIAS, "another."), rho=missed()),
        entry("bob", "smoke"),
        late,
        Entry("eve", REJECTED, reason=f"1_cells.ipynb: expected this notebook, got {EVIL}_of_Eve.ipynb"),
        roster="id,first_name,last_name\nada,Ada,Lovelace\nbob,Bob,=1+1\ndora,Dora,D\neve,Eve,E\nzoe,Zoe,Z\n",
    )


def run(course, *flags) -> tuple[str, list[dict[str, str]]]:
    """The page and the rows of the table."""
    assert cli.main(["class", "--course", str(course.folder), *flags]) == 0
    folder = course.folder / "grading" / "class"
    with open(folder / f"{NAME}.csv", encoding="utf-8", newline="") as file:
        return (folder / f"{NAME}.html").read_text(encoding="utf-8"), [*csv.DictReader(file)]


# ---- what is counted ---------------------------------------------------------------------------------------------


def test_every_mistake_is_counted_with_those_who_made_it(course):
    by_id = {one.id: one for one in gather(course, ASSIGNMENT).questions}
    assert by_id["rnn_step"].told == [Told(BIAS, True, ("ada", "dora")), Told("another.", True, ("ada",))]
    assert {(one.what, one.known, one.students) for one in by_id["rho"].told} == {
        (UNKNOWN, False, ("ada",)),
        ("not written yet", False, ("dora",)),
    }
    assert by_id["clip"].told == []
    assert (by_id["rnn_step"].full, by_id["rnn_step"].none, len(by_id["rnn_step"].points)) == (1, 2, 3)
    assert by_id["rnn_step"].runs == {"dora": (7, 5)}
    assert by_id["rnn_step"].ran.startswith("1 ran its check: 7 times by the median")


def test_change_is_that_since_the_grading_before(course):
    found = gather(course, ASSIGNMENT)
    assert found.changed == {"dora": 2.0}
    by_id = {one.id: one for one in found.questions}
    assert by_id["clip"].changed == {"dora": ASSIGNMENT.scored["clip"].points - 1}
    assert by_id["rho"].changed == {"dora": -2.0}


def test_who_does_not_have_a_question_counts_in_none_of_its_shares(tmp_path):
    absent = entry("ada", rho=missed(status=NOT_GRADED))
    old = entry("bob", rho={"points": 0.0, "status": "not right yet"})
    del old.scores["rho"]["mistakes"]
    rho = next(one for one in gather(made(tmp_path, absent, old), ASSIGNMENT).questions if one.id == "rho")
    assert [*rho.points] == ["bob"]
    assert rho.told == [Told(OLD, False, ("bob",))]


def test_nothing_graded_is_refused(tmp_path):
    with pytest.raises(BadValue, match="run rnnkit grade first"):
        gather(made(tmp_path), ASSIGNMENT)


def test_points_of_persons_count_and_their_questions_have_a_row(tmp_path):
    folder = graded_course.make(tmp_path / "course")
    graded_course.hand_in(folder, "ada", marked={"rho_mem": 2.0}, wrong=["clip"], first_name="Ada")
    ada = entry("ada", clip=missed())
    ada.answers = {"gates_mul": {"notebook": "4_report.ipynb", "answered": True}}
    graded_course.note(folder, ada, entry("lost"))
    found = gather(Course(ROOT, folder), ASSIGNMENT)
    by_id = {one.id: one for one in found.questions}
    assert (by_id["rho_mem"].points, by_id["rho_mem"].check) == ({"ada": 2.0}, False)
    assert by_id["clip"].points["ada"] == 0.0
    assert by_id["gates_mul"].points == {}  # nobody has marked it yet
    assert found.most == AUTO + sum(WRITTEN.values()) + ASSIGNMENT.scored["predictions"].points
    assert found.so_far == ["ada"]
    assert [reason.kind for reason in found.attention["lost"]] == ["lost"]
    assert found.names["ada"] == "Ada"


# ---- who needs attention -------------------------------------------------------------------------------------------


def kinds(one: Entry | None) -> list[str]:
    return [reason.kind for reason in reasons(ASSIGNMENT, one, None)]


def test_what_an_audit_found_needs_attention(tmp_path):
    course = made(tmp_path, entry("anna"), entry("ben"), entry("carl"))
    assert not any(gather(course, ASSIGNMENT).attention.values())  # no audit was made
    found = {
        "anna": Verdict("A1", REPRODUCED),
        "ben": Verdict("A1", DIFFERS, at=12),
        "carl": Verdict("A2", doubts=[EVIL]),
    }
    verdicts = Verdicts(tmp_path / "grading" / AUDITED, NAME)
    for student, verdict in found.items():
        folder = course.submitted / student / NAME
        folder.mkdir(parents=True)
        (folder / f"{student}{FINAL}").write_text(student)
        verdicts.known[hashlib.sha256(student.encode()).hexdigest()] = verdict
    verdicts.save()
    assert gather(course, ASSIGNMENT).attention == {
        "anna": [],
        "ben": [Reason("audit", "", "A1: differs from update 12 on")],
        "carl": [Reason("audit", "", f"A2: {EVIL}")],
    }


def test_what_needs_attention_is_told_by_kind():
    assert kinds(entry("a")) == []
    assert kinds(None) == ["not-submitted"]
    assert kinds(Entry("a", FAILED)) == ["failed"]
    assert kinds(entry("a", "smoke")) == kinds(entry("a", "custom tiny")) == ["smoke-only"]
    assert kinds(entry("a", "custom full")) == []
    waits = entry("a", rho=missed(status="waits for the instructor"))
    waits.records.pop(DUE[0])
    waits.notebooks = NOTEBOOKS | {"4_report.ipynb": {"status": REJECTED, "reason": "gone", "flags": []}}
    assert kinds(waits) == ["report-missing", "runs-missing", "waits"]
    waits.records.clear()
    waits.notebooks = NOTEBOOKS | {"1_cells.ipynb": {"status": REJECTED, "reason": "cut", "flags": []}}
    assert kinds(waits) == ["unreadable", "no-runs", "waits"]
    blank = entry("a")
    blank.answers = {"rho_mem": {"notebook": "4_report.ipynb", "answered": False}}
    assert kinds(blank) == ["report-missing"]


def test_who_was_late_is_named_with_the_penalty():
    late = entry("a")
    late.late = {"seconds": 7200, "penalty": 1.5, "rule": "per day"}
    assert reasons(ASSIGNMENT, late, None) == [Reason("late", "1.5 points less")]


def test_one_full_run_is_not_smoke_only():
    some = entry("a", "smoke")
    some.profiles[DUE[0]] = "full"
    assert kinds(some) == []


# ---- mistakes that go together ---------------------------------------------------------------------------------------


def pair(ones: int, others: int, both: int) -> list[Question]:
    one, other = range(ones), range(ones - both, ones - both + others)
    return [
        Question(id, id, "a.ipynb", 1.0, True, told=[Told(id, True, tuple(map(str, who)))])
        for id, who in (("a", one), ("b", other))
    ]


def test_mistakes_go_together_where_chance_does_not_do_it():
    (found,), looked_at = together(pair(20, 20, 18), 200)
    assert (found.both, found.expected, looked_at) == (18, 2.0, 1)
    assert found.lift == 9
    assert together(pair(20, 20, 3), 200) == ([], 1)
    assert together(pair(2, 2, 2), 200) == ([], 0)  # two students are no pattern


def test_the_probability_is_fishers():
    assert tail(3, 3, 3, 6) == pytest.approx(1 / 20)
    assert tail(0, 3, 3, 6) == 1.0


# ---- page and table --------------------------------------------------------------------------------------------------


def visible(page: str) -> str:
    """What is shown before anything is unfolded by who reads it: without names and hidden words."""
    page = re.sub(r'<details id="names".*?</details>', "", page, flags=re.DOTALL)
    return re.sub(r'<div class="words small" hidden>.*?</div></div>', "", page, flags=re.DOTALL)


def test_names_are_hidden_in_the_page_and_absent_from_the_table(course):
    page, rows = run(course)
    assert not re.search(r"Lovelace|\bada\b|of_Eve", visible(page))
    assert "Lovelace" in page
    assert {*rows[0]} == {*COLUMNS}
    bias = next(row for row in rows if row["what"] == BIAS)
    assert (bias["students"], bias["of"], bias["share"]) == ("2", "3", "0.6667")
    numbers = json.loads((course.folder / "grading" / FILE).read_text(encoding="utf-8"))
    assert bias["who"] == "; ".join(f"student {numbers[id]}" for id in ("ada", "dora"))


def test_names_are_in_no_file_where_none_are_wanted(course):
    page, rows = run(course, "--names", "none")
    assert not re.search(r"Lovelace|\bada\b|of_Eve", page)
    assert not any("ada" in row["who"] for row in rows)
    page, rows = run(course, "--names", "shown")
    assert 'data-names="shown"' in page
    assert any("ada" in row["who"] for row in rows)


def test_hostile_words_are_text(course):
    page, _ = run(course)
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)" in page


def test_every_link_inside_leads_somewhere(course):
    page, _ = run(course)
    ids = set(re.findall(r' id="([^"]+)"', page))
    assert {link for link in re.findall(r'href="#([^"]+)"', page)} <= ids
    assert len(re.findall(r' id="', page)) == len(ids)


def test_files_that_cannot_be_written_are_refused_first(course, capsys):
    target = str(course.folder / "x.html")
    assert cli.main(["class", "--course", str(course.folder), "--to", target, "--csv", target]) == 2
    assert cli.main(["class", "--course", str(course.folder), "--to", str(course.folder)]) == 2
    assert "expected a file to write, found a folder" in capsys.readouterr().err
    assert not (course.folder / "grading" / FILE).exists()


def test_numbers_stay_once_given(tmp_path):
    first = pseudonyms(tmp_path, ["ada", "bob", "dora"], random.Random(1))
    assert sorted(first.values()) == [1, 2, 3]
    later = pseudonyms(tmp_path, ["zoe", "ada", "abe"], random.Random(2))
    assert later["ada"] == first["ada"]
    assert {later["zoe"], later["abe"]} == {4, 5}
    (tmp_path / FILE).write_text('{"ada": 1, "bob": 1}')
    with pytest.raises(BadValue, match="numbers 1 to"):
        pseudonyms(tmp_path, ["ada"], random.Random(1))


def test_points_fall_into_their_bars():
    assert [bar.number for bar in parts([0, 0.5, 1, 2.9, 3, 3.5, 4], 4)] == [1, 2, 0, 2, 1, 1]
    totals = bins([0, 50, 99, 100, 130, -1], 100)
    assert (totals[0].number, totals[10].number, totals[-1].number) == (2, 1, 3)


def test_states_are_ours_alone():
    assert module._state({"status": EVIL, "mistakes": []}) == UNKNOWN
    assert {*KINDS} >= {"failed", "waits"}


@needs_chromium
@pytest.mark.slow
def test_the_button_shows_names_and_the_page_fits(course):
    run(course)
    path = course.folder / "grading" / "class" / f"{NAME}.html"
    said: list[str] = []
    with browser() as chromium:
        for width in (1400, 390):
            page = chromium.new_page(viewport={"width": width, "height": 900})
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert "Lovelace" not in page.inner_text("body")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.click("#all-students > summary")
        assert "Ada Lovelace (ada)" in page.inner_text("#everyone")
        page.fill("#search", "smoke")
        assert page.inner_text("#matches") == "1 of 5"
        page.click("#toggle")
        assert "Lovelace" not in page.inner_text("body")
        heading = page.locator("#everyone th", has_text="points")
        heading.get_by_role("button").focus()
        for order in ("descending", "ascending"):
            page.keyboard.press("Enter")
            assert heading.get_attribute("aria-sort") == order
        assert barriers(page) == []
        assert cut_off(page) == []
        without = chromium.new_page(java_script_enabled=False)
        without.goto(path.as_uri())
        assert not without.is_visible("#toggle")
        assert BIAS in without.inner_text("#frequent")
    assert said == []
