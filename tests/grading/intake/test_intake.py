"""Taking in submissions: every usual layout, one by one, and nothing that leads out of a submission."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import stat
import struct
import unicodedata
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnkit.common.names import BadValue
from rnnkit.grading.intake import take_in as intake
from rnnkit.grading.intake import unpack
from rnnkit.grading.intake.receipts import Receipts, came, said_by_name
from rnnkit.grading.intake.take_in import take_in
from rnnkit.grading.intake.whose import Names
from rnnkit.grading.ledger import tree_hash
from rnnkit.grading.notebooks.reading import BadSubmission

TASK = "training_dynamics"
WORK = {"1_cells.ipynb": "one", "2_diagnostics.ipynb": "two", "runs/A1/A1_final_state.npz": "numbers"}


def zipped(files, **how) -> bytes:
    """A zip of texts, bytes, or entries made by hand."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def entry(name, kind=stat.S_IFREG):
    about = zipfile.ZipInfo(name)
    about.external_attr = (kind | 0o644) << 16
    return about


def under(folder, files):
    return {f"{folder}/{name}": content for name, content in files.items()}


def lay(folder: Path, files) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def there(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="latin-1")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


@pytest.fixture
def course(tmp_path):
    """An empty course: where students' things are, and where they are to go."""
    (tmp_path / "from").mkdir()
    return tmp_path / "from", tmp_path / "grading" / "submitted"


def take(course, files, **how):
    source, submitted = course
    return take_in(lay(source, files), submitted, TASK, **how)


def ends(taken):
    return [(entry.student, entry.status) for entry in taken]


def statuses(taken):
    return {entry.source: (entry.student, entry.status) for entry in taken}


# ---- layouts -----------------------------------------------------------------------------------------------------

LAYOUTS = {
    "folders": under("ada", WORK),
    "nbgrader's": under(f"ada/{TASK}", WORK),
    "other assignments": under(f"ada/{TASK}", WORK) | {"ada/other/1.ipynb": "", "ada/note.txt": ""},
    "wrapped twice": under("ada/hand-in/mine", WORK),
    "zips": {"ada.zip": zipped(WORK)},
    "zips with a folder": {"ada.zip": zipped(under(TASK, WORK))},
    "what pack writes": {f"{TASK}_ada.zip": zipped(WORK)},
    "what pack writes, in a folder": {f"ada/{TASK}.zip": zipped(WORK)},
    "what pack writes, in a zip": {"ada.zip": zipped({f"{TASK}.zip": zipped(WORK)})},
    "a platform's junk": under("ada", WORK) | {".DS_Store": "x", "__MACOSX/a": "x", "ada/._1_cells.ipynb": "x"},
    "zip_collect": under(f"downloaded/{TASK}/archive", {"ada.zip": zipped(WORK)}),
    "a hand-in and its files": under("ada", WORK) | {f"ada/{TASK}.zip": zipped(WORK)},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_usual_layout_is_taken(course, layout):
    (taken,) = take(course, LAYOUTS[layout])
    assert (taken.student, taken.status, taken.reason) == ("ada", "new", "")
    assert there(course[1] / "ada" / TASK) == WORK


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "zip_collect"])
def test_a_platforms_zip_of_the_same_is_taken(tmp_path, layout):
    for wrapper in ("", "submissions/"):
        path = tmp_path / "class.zip"
        both = LAYOUTS[layout] | under("bob", WORK)
        path.write_bytes(zipped({f"{wrapper}{name}": content for name, content in both.items()}))
        taken = take_in(path, tmp_path / f"g{wrapper}" / "submitted", TASK)
        assert ends(taken) == [("ada", "new"), ("bob", "new")]
        assert there(tmp_path / f"g{wrapper}" / "submitted" / "ada" / TASK) == WORK


@pytest.mark.parametrize("layout", ["{0}_ada.zip", "{0}_ada_attempt_2026-01-30-15-30-10_{0}.zip"])
def test_a_hand_in_goes_to_the_assignment_that_its_manifest_names(course, layout):
    for name in (TASK, "toy"):
        packed = zipped(WORK | {"manifest.json": json.dumps({"assignment": name})})
        (taken,) = take((course[0] / name, course[1]), {layout.format(name): packed}, others=["toy"])
        assert (taken.student, taken.status) == ("ada", "new")
        assert (f"rnnkit grade {name}" in taken.reason) is (name == "toy")
        assert there(course[1] / "ada" / name).keys() == {*WORK, "manifest.json"}


def test_both_assignments_of_a_student_in_one_folder_are_taken(course):
    files = {
        f"{name}_ada.zip": zipped(WORK | {"manifest.json": f'{{"assignment": "{name}"}}'}) for name in (TASK, "toy")
    }
    assert ends(take(course, files, others=["toy"])) == [("ada", "new")] * 2
    assert sorted(path.name for path in (course[1] / "ada").iterdir()) == ["toy", TASK]


@pytest.mark.parametrize("said", ["{", '{"assignment": ["toy"]}', '{"assignment": "other"}', "[" * 100_000])
def test_a_manifest_that_says_nothing_of_use_changes_nothing(course, said):
    (taken,) = take(course, {"ada.zip": zipped(WORK | {"manifest.json": said})}, others=["toy"])
    assert (taken.status, [path.name for path in (course[1] / "ada").iterdir()]) == ("new", [TASK])


def test_one_students_zip_as_the_source(tmp_path):
    for name, files in (("ada.zip", WORK), (f"{TASK}_ada.zip", WORK)):
        path = tmp_path / name
        path.write_bytes(zipped(files))
        (taken,) = take_in(path, tmp_path / "submitted", TASK)
        assert taken.student == "ada"
    assert taken.status == "same"


NAMED = {
    "nbgrader": {
        f"ps_ada_attempt_2026-01-30-15-30-10_{name}": WORK[name] for name in ("1_cells.ipynb", "2_diagnostics.ipynb")
    },
    "blackboard zip": {f"{TASK}_ada_attempt_2026-01-30-15-30-10_hand_in.zip": zipped(WORK)},
    "moodle": under("Ada Lovelace_123_assignsubmission_file_", WORK),
    "moodle, flat": {"Ada Lovelace_123_assignsubmission_file_mine.zip": zipped(WORK)},
    "canvas": {"lovelaceada_LATE_123_4567_training_dynamics-1.zip": zipped(WORK)},
}


@pytest.mark.parametrize("platform", NAMED)
@pytest.mark.parametrize("packed", [False, True])
def test_what_platforms_name_themselves(course, platform, packed):
    lay(course[0], {"notebooks.zip": zipped(NAMED[platform])} if packed else NAMED[platform])
    taken = take_in(course[0] / "notebooks.zip" if packed else course[0], course[1], TASK)
    assert [entry.status for entry in taken] == ["new"]
    student = "ada" if "_ada_" in next(iter(NAMED[platform])) else "123"
    assert taken[0].student == student
    wanted = WORK if platform != "nbgrader" else {n: WORK[n] for n in ("1_cells.ipynb", "2_diagnostics.ipynb")}
    assert there(course[1] / student / TASK) == wanted


def test_the_names_in_one_students_zip_tell_no_other_student(course):
    forged = {f"X_{name}_attempt_2030-01-01_1_cells.ipynb": "wrong" for name in ("vera", "paul")}
    taken = take(course, {"vera.zip": zipped(WORK), "max.zip": zipped(forged)})
    assert ends(taken) == [("max.zip", "refused"), ("vera", "new")]
    assert "names of a learning platform" in taken[0].reason
    taken = take(course, {}, roster=["vera", "paul", "max"])
    assert ends(taken) == [("max", "new"), ("vera", "same")]
    assert there(course[1] / "vera" / TASK) == WORK
    assert not (course[1] / "paul").exists()


FORGED = {
    "HW_max_attempt_2026-01-01-10-00-00_x_vera_attempt_2026-02-01-10-00-00_1_cells.ipynb": "max",
    "Max_222_assignsubmission_file_x_111_assignsubmission_file_1_cells.ipynb": "222",
    "Max M_222_assignsubmission_file_vera_1_cells.ipynb": "222",
    "mallorymax_222_9002_x_111_attempt_2026-02-01_1_cells.ipynb": None,
    "Max M_222_assignsubmission_file_x_vera_attempt_2026-02-01_1_cells.ipynb": None,
}


@pytest.mark.parametrize("name", FORGED)
def test_a_students_own_name_for_a_file_tells_no_student(course, name):
    taken = take(course, {name: "x"} | under("zoe", WORK), roster=["vera", "111", "zoe"])
    (bad,) = [entry for entry in taken if entry.source == name]
    assert bad.student == (FORGED[name] or name[:120])
    assert bad.status == ("new" if FORGED[name] else "refused")
    assert FORGED[name] or "fits two" in bad.reason


def test_a_download_is_of_one_platform(course):
    other = "x_vera_attempt_2026-02-01_a.ipynb"
    files = {f"hopper_{number}_77_1_cells.ipynb": "x" for number in (11, 12)} | {other: ""}
    taken = take(course, files | {"vera.zip": zipped(WORK)}, roster=["vera"])
    assert ends(taken) == [("11", "new"), ("12", "new"), ("vera", "new"), (other, "refused")]
    assert "expected a name as Canvas gives it, got one as of Blackboard" in taken[-1].reason


def test_a_doubtful_name_keeps_nobody_elses_from_being_taken(course):
    roster = ["vera", "max"]
    doubtful = "Max vera_222_assignsubmission_file_"
    taken = take(course, under("vera", WORK) | {f"{doubtful}1_cells.ipynb": "wrong"}, roster=roster)
    assert statuses(taken) == {"vera": ("vera", "new"), f"{doubtful}1_cells.ipynb": ("vera", "refused")}
    assert "vera certainly is" in taken[0].reason
    assert there(course[1] / "vera" / TASK) == WORK


def test_files_of_two_numbers_are_not_put_together(course):
    files = {f"vera {n}_{n}{n}_assignsubmission_file_{n}_cells.ipynb": str(n) for n in (1, 2)}
    taken = take(course, files, roster=["vera"])
    assert ends(taken) == [("vera", "refused")] * 2


def test_a_regular_expression_tells_the_student(course):
    pattern = r"exam-(?P<student_id>[a-z]+)-(?P<timestamp>\d+)(?:-(?P<file_id>\w+))?"
    files = {"exam-ada-1-1_cells.ipynb": "one", "exam-ada-1-2_diagnostics.ipynb": "two", "exam-bob-2.zip": zipped(WORK)}
    taken = take(course, files | {"other.zip": zipped(WORK)}, name_regex=pattern)
    assert ends(taken) == [("ada", "new"), ("bob", "new"), ("other.zip", "refused")]
    assert there(course[1] / "ada" / TASK) == {"1_cells.ipynb": "one", "2_diagnostics.ipynb": "two"}
    for bad in ("(", "(?P<student>x)"):
        with pytest.raises(BadValue, match="expected a regular expression"):
            take(course, {}, name_regex=bad)


def test_the_roster_settles_who_it_is(course):
    roster = ["ada", "Łukasz", "ned"]
    files = under("ADA", WORK) | under("Ned Flanders (ned)_7_assignsubmission_file_", WORK) | under("eve", WORK)
    taken = take(course, files | under("Łukasz", WORK), roster=roster)
    assert {entry.student: (entry.status, entry.reason) for entry in taken} == {
        "ada": ("new", ""),
        "ned": ("new", ""),
        "Łukasz": ("new", ""),
        "eve": ("new", "not in the roster"),
    }


@pytest.mark.parametrize("name", ["-rf", ".hidden", "a b", "a\nb", "é", "x" * 65, "=1+1", "a'--", "$(id)"])
def test_odd_names_are_refused(course, name):
    (taken,) = take(course, under(name, WORK))
    assert taken.status == "refused"
    assert "expected a student's id" in taken.reason
    assert not course[1].exists()


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=70))
def test_whatever_a_name_tells_is_a_safe_folder(name):
    try:
        named = Names([TASK], ["ada", "../x", ".."], None).whose(name)
    except BadSubmission:
        return
    assert named.student not in ("", ".", "..")
    assert not set(named.student) & set("/\\\0\n")
    assert named.student[0] not in ".-"


# ---- again -------------------------------------------------------------------------------------------------------


def test_an_earlier_submission_is_replaced_whole_or_stays(course):
    take(course, {"ada.zip": zipped(WORK)})
    (again,) = take(course, {"ada.zip": zipped(dict(reversed(WORK.items())))})
    assert again.status == "same"
    (other,) = take(course, {"ada.zip": zipped({"1_cells.ipynb": "better"})})
    assert other.status == "replaced"
    assert there(course[1] / "ada" / TASK) == {"1_cells.ipynb": "better"}
    for bad in (b"", b"PK nonsense", zipped({"readme.txt": "sorry"}), zipped(WORK)[:-40]):
        (refused,) = take(course, {"ada.zip": bad})
        assert refused.status == "refused"
        assert there(course[1] / "ada" / TASK) == {"1_cells.ipynb": "better"}
    assert list((course[1].parent / "work").iterdir()) == [course[1].parent / "work" / "replaced"]


def test_a_death_in_the_middle_loses_nothing(course, monkeypatch):
    take(course, {"ada.zip": zipped(WORK)})
    real = Path.rename

    def dying(self, target):
        if self.name == TASK and "intake-" in str(self):
            raise KeyboardInterrupt
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dying)
        with pytest.raises(KeyboardInterrupt):
            take(course, {"ada.zip": zipped({"1_cells.ipynb": "better"})})
    assert there(course[1] / "ada" / TASK) == WORK

    aside = course[1].parent / "work" / "replaced" / TASK / "ada"
    (course[1] / "ada" / TASK).rename(aside)  # as a power cut leaves it
    (source, submitted) = course
    (source / "ada.zip").unlink()
    assert take_in(source, submitted, TASK) == []
    assert there(course[1] / "ada" / TASK) == WORK
    assert not aside.exists()

    lay(aside, {"1_cells.ipynb": "the one before"})  # as it is where the new one was in its place already
    assert take_in(source, submitted, TASK) == []
    assert there(course[1] / "ada" / TASK) == WORK
    assert kept(course) == {"1_cells.ipynb": "the one before"}


def test_no_space_leaves_the_earlier_one(course, monkeypatch):
    take(course, {"ada.zip": zipped(WORK)})

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(intake.os, "fsync", full)
    (taken,) = take(course, {"ada.zip": zipped({"1_cells.ipynb": "better"})})
    assert taken.status == "refused"
    assert "No space left" in taken.reason
    assert there(course[1] / "ada" / TASK) == WORK


def test_the_latest_attempt_counts(course):
    files = {f"ps_ada_attempt_2026-01-{day}_1_cells.ipynb": f"{day}" for day in (29, 31, 30)}
    taken = take(course, files)
    assert sorted(entry.status for entry in taken) == ["new", "refused", "refused"]
    assert all("an earlier attempt" in entry.reason for entry in taken if entry.status == "refused")
    assert there(course[1] / "ada" / TASK) == {"1_cells.ipynb": "31"}


def test_two_submissions_of_one_student_are_for_a_person_to_choose(course):
    taken = take(course, {"ada.zip": zipped(WORK), f"{TASK}_ada.zip": zipped(WORK), "bob.zip": zipped(WORK)})
    assert ends(taken) == [("ada", "refused"), ("ada", "refused"), ("bob", "new")]
    assert "leave one" in taken[0].reason


# ---- in the place of an earlier one ------------------------------------------------------------------------------

LATER = {"1_cells.ipynb": "of somebody else?"}


def kept(course) -> dict[str, str]:
    """What was kept aside, without its times."""
    return {path.split("/", 3)[3]: text for path, text in there(course[1].parent / "replaced").items()}


def both(course, first: dict, second: dict, *, roster=("ada", "123"), **how):
    """What becomes of the second download."""
    take(course, first, roster=roster)
    shutil.rmtree(course[0])
    return take(course, second, roster=roster, **how)


UNSURE = {
    "another case": ({"ada.zip": zipped(WORK)}, {"ADA.zip": zipped(LATER)}),
    "another case, of a folder": (under("ada", WORK), under("Ada", LATER)),
    "the other way round": ({"ADA.zip": zipped(WORK)}, {"ada.zip": zipped(LATER)}),
    "as pack names it": ({"ada.zip": zipped(WORK)}, {f"{TASK}_ada.zip": zipped(LATER)}),
    "no longer as pack names it": ({f"{TASK}_ada.zip": zipped(WORK)}, {"ada.zip": zipped(LATER)}),
    "pack's name in another case": ({"ada.zip": zipped(WORK)}, {f"{TASK.title()}_ada.zip": zipped(LATER)}),
    "a browser's second copy": ({"ada.zip": zipped(WORK)}, {"ada (1).zip": zipped(LATER)}),
    "letters that look alike": ({"ada.zip": zipped(WORK)}, {"\uff41da.zip": zipped(LATER)}),
    "a platform's": ({"ada.zip": zipped(WORK)}, {"HW_ada_attempt_2026-01-30-15-30-10_1_cells.ipynb": "of whom?"}),
    "another number, of the name": (
        under("Ada_123_assignsubmission_file_", WORK),
        under("Max 123_222_assignsubmission_file_", LATER),
    ),
}


@pytest.mark.parametrize("name", UNSURE)
def test_what_came_under_another_name_is_asked_about_and_kept(course, name):
    first, second = UNSURE[name]
    (asked,) = both(course, first, second)
    assert (asked.status, asked.student) == ("refused", "123" if "123" in name or "number" in name else "ada")
    assert "--replace" in asked.reason
    (student,) = course[1].iterdir()
    assert there(student / TASK) == WORK
    assert not (course[1].parent / "replaced").exists()

    (done,) = take(course, {}, roster=["ada", "123"], replace=True)
    assert (done.status, done.student) == ("replaced", student.name)
    assert there(student / TASK) != WORK
    assert kept(course) == WORK
    assert re.search(rf"kept in \S*replaced/{TASK}/{student.name}/\d{{8}}-\d{{6}}", done.reason)
    (again,) = take(course, {}, roster=["ada", "123"])
    assert again.status == "same"


SURE = {
    "the same zip": ({"ada.zip": zipped(WORK)}, {"ada.zip": zipped(LATER)}),
    "a folder, then a zip": (under("ada", WORK), {"ada.ZIP": zipped(LATER)}),
    "pack's": ({f"{TASK}_ada.zip": zipped(WORK)}, {f"{TASK}_ada.zip": zipped(LATER)}),
    "Moodle, the student's other file": (
        {"Ada L_123_assignsubmission_file_mine.zip": zipped(WORK)},
        {"Ada L_123_assignsubmission_file_mine_2.zip": zipped(LATER)},
    ),
    "Canvas, late": (
        {"lovelaceada_123_4567_hand_in.zip": zipped(WORK)},
        {"lovelaceada_LATE_123_9999_hand_in-1.zip": zipped(LATER)},
    ),
    "Blackboard": (
        {"HW_ada_attempt_2026-01-30-15-30-10_mine.zip": zipped(WORK)},
        {"HW_ada_attempt_2026-01-31-15-30-10_better.zip": zipped(LATER)},
    ),
}


@pytest.mark.parametrize("name", SURE)
def test_a_later_download_counts_without_a_question_and_the_earlier_one_is_kept(course, name):
    (done,) = both(course, *SURE[name])
    assert done.status == "replaced"
    assert there(course[1] / done.student / TASK) == LATER
    assert kept(course) == WORK


def test_an_earlier_attempt_in_a_later_download_is_asked_about(course):
    (asked,) = both(course, *reversed(SURE["Blackboard"]))
    assert (asked.status, "an earlier attempt" in asked.reason, "--replace" in asked.reason) == ("refused", True, True)
    assert there(course[1] / "ada" / TASK) == LATER


def test_without_a_roster_another_case_is_asked_about_too(course):
    (asked,) = both(course, *UNSURE["another case"], roster=None)
    assert (asked.status, asked.student) == ("refused", "ADA")
    assert "is it ada's" in asked.reason
    (done,) = take(course, {}, replace=True)
    assert (done.status, done.student) == ("replaced", "ada")
    assert [path.name for path in course[1].iterdir()] == ["ada"]


def test_what_somebody_put_there_by_hand_is_asked_about_where_the_name_is_not_the_id(course):
    lay(course[1], under(f"ada/{TASK}", WORK))
    assert take(course, {f"{TASK}_ada.zip": zipped(LATER)})[0].status == "refused"
    (course[0] / f"{TASK}_ada.zip").unlink()
    assert take(course, {"ada.zip": zipped(LATER)})[0].status == "replaced"
    assert kept(course) == WORK


def test_in_one_download_the_id_itself_counts_and_another_case_of_it_is_left(course):
    files = {"ada.zip": zipped(WORK), "ADA.zip": zipped(LATER)}
    assert statuses(take(course, files, roster=["ada"])) == {"ada.zip": ("ada", "new"), "ADA.zip": ("ada", "refused")}
    assert there(course[1] / "ada" / TASK) == WORK


def test_in_one_download_two_cases_are_for_a_person_to_choose_where_no_roster_tells(course):
    taken = take(course, {"ada.zip": zipped(WORK), "ADA.zip": zipped(LATER)})
    assert [entry.status for entry in taken] == ["refused", "refused"]
    assert all("leave one" in entry.reason for entry in taken)


ENDS_ALIKE = [f"HW_{id}_attempt_2026-01-30-15-30-1{n}_1_cells.ipynb" for n, id in enumerate(("ada_full", "max_full"))]


def test_ids_with_underscores_are_not_mixed_up(course):
    files = dict.fromkeys(ENDS_ALIKE, "x")
    taken = take(course, files)
    assert ends(taken) == [("full", "refused")] * 2
    assert all("leave one" in entry.reason for entry in taken)
    taken = take(course, files, roster=["ada_full", "max_full", "ada"])
    assert ends(taken) == [("ada_full", "new"), ("max_full", "new")]


def test_ids_of_a_roster_that_differ_by_case_are_two_students(course):
    taken = take(course, {"ada.zip": zipped(WORK), "ADA.zip": zipped(LATER)}, roster=["ada", "ADA"])
    assert statuses(taken) == {"ada.zip": ("ada", "new"), "ADA.zip": ("ADA", "new")}


def test_a_name_may_be_put_together_otherwise(course):
    decomposed = unicodedata.normalize("NFD", "andré")
    (done,) = both(course, {"andré.zip": zipped(WORK)}, {f"{decomposed}.zip": zipped(LATER)}, roster=["andré"])
    assert (done.status, done.student) == ("replaced", "andré")


# ---- when --------------------------------------------------------------------------------------------------------


def receipt(course, student="ada"):
    return Receipts(course[1], TASK).find(student, tree_hash(course[1] / student / TASK))


def test_the_time_is_that_of_the_files_and_what_the_platform_says(course):
    take(course, {"HW_ada_attempt_2026-01-30-15-30-10_mine.zip": zipped(WORK)})
    when = datetime(2026, 1, 30, 15, 30, 10).astimezone(UTC).isoformat()
    assert receipt(course).received == when
    shutil.rmtree(course[0])
    take(course, {"HW_ada_attempt_2026-02-02-10-00-00_mine.zip": zipped(WORK)})
    assert receipt(course).received == when  # the same files
    take(course, {"HW_ada_attempt_2026-02-03-10-00-00_mine.zip": zipped(LATER)})
    assert receipt(course).received > when


def test_a_name_of_odd_bytes_has_a_receipt(course):
    lay(course[0], {"x/1_cells.ipynb": "one"})
    os.rename(course[0] / "x", os.fsencode(course[0]) + b"/HW\xff_ada_attempt_2026-01-30-15-30-10")
    assert [take(course, {})[0].status for _ in range(2)] == ["new", "same"]
    assert receipt(course).received.startswith("2026-01")


@pytest.mark.parametrize("date", ["", "tomorrow", "2026-13-45", "9999-01-31-23-59-59", "1-2", "20", "x" * 99])
def test_a_time_that_cannot_be_is_now(tmp_path, date):
    before = datetime.now(UTC) - timedelta(seconds=1)
    when, by = came(tmp_path, said_by_name(date, None), "name")
    assert before <= datetime.fromisoformat(when) <= datetime.now(UTC)
    assert by == ("name" if date.startswith("9999") else "seen")


# ---- one by one --------------------------------------------------------------------------------------------------


def bomb(size=300 << 20):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("1_cells.ipynb", "w") as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return buffer.getvalue()


def locked():
    content = bytearray(zipped(WORK))
    for at in range(len(content)):
        if content[at : at + 4] == b"PK\x01\x02":
            content[at + 8] |= 1
        if content[at : at + 4] == b"PK\x03\x04":
            content[at + 6] |= 1
    return bytes(content)


def lying():
    """A zip whose list of contents says 4 GB."""
    content = bytearray(zipped({"1_cells.ipynb": os.urandom(100)}))
    at = content.index(b"PK\x01\x02")
    content[at + 20 : at + 28] = struct.pack("<II", 0xF0000000, 0xF0000000)
    return bytes(content)


def endless_list():
    content = bytearray(zipped(WORK))
    at = content.rindex(b"PK\x05\x06")
    content[at + 12 : at + 16] = struct.pack("<I", 0x7FFFFFFF)
    return bytes(content)


def twice():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("1_cells.ipynb", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("1_cells.ipynb", "other")
    return buffer.getvalue()


REFUSED = {
    "a bomb": (bomb, "zip bomb"),
    "locked": (locked, "password"),
    "lying": (lying, "."),
    "an endless list": (endless_list, "zip bomb|cannot be read as one"),
    "a file twice": (twice, "twice"),
    "too many files": (lambda: zipped(WORK | {f"f/{n}": "" for n in range(2001)}), "at most 2000 files"),
    "too many zips": (lambda: zipped({"a.zip": zipped({"b.zip": zipped({"c.zip": zipped(WORK)})})}), "a zip in a zip"),
    "zips side by side": (lambda: zipped({"a.zip": zipped(WORK), "b.zip": zipped(WORK)}), "leave one"),
    "no zip": (lambda: b"Rar!", "expected a zip"),
    "nothing": (lambda: zipped({}), "got no file"),
    "a rar in a zip": (lambda: zipped({"mine.rar": "Rar!"}), r"expected notebooks, got mine\.rar"),
    "other files beside": (
        lambda: zipped({f"{TASK}.zip": zipped(WORK), "1_cells.ipynb": "changed"}),
        r"1_cells\.ipynb is not the same",
    ),
    "file and folder": (lambda: zipped({"1_cells.ipynb": "1", "1_cells.ipynb/x": "2"}), "could not be copied"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_submission_is_refused_and_the_others_are_taken(course, name):
    make, reason = REFUSED[name]
    content = make()
    for files in ({"m.zip": content}, {"m/hand_in.zip": content}):
        everyone = {"a.zip": zipped(WORK), "z.zip": zipped(WORK)} | files
        (course[0] / "m.zip").unlink(missing_ok=True)
        a, m, z = take(course, everyone)
        assert (a.status, m.status, z.status) in {("new", "refused", "new"), ("same", "refused", "same")}
        assert "\n" not in m.reason
        assert re.search(reason, m.reason), m.reason
        assert not (course[1] / "m").exists()


@pytest.mark.parametrize("name", ["a bomb", "locked", "a file twice"])
def test_a_bad_submission_in_the_platforms_zip_spoils_no_other(tmp_path, name):
    path = tmp_path / "class.zip"
    path.write_bytes(zipped({"a.zip": zipped(WORK), "m.zip": REFUSED[name][0](), "z/1_cells.ipynb": "1"}))
    taken = take_in(path, tmp_path / "submitted", TASK)
    assert [entry.status for entry in taken] == ["new", "refused", "new"]


@pytest.mark.parametrize(
    "name",
    ["../evil.ipynb", "/etc/evil", "a/../../evil", "..\\evil", "C:\\evil", "C:/evil", "x/" * 20 + "evil", "e\nvil"],
)
def test_paths_that_lead_elsewhere_are_left_out(course, name):
    files = {"m.zip": zipped(WORK | {name: "evil"})}
    (taken,) = take(course, files)
    assert taken.status == "new"
    assert "left out: " in taken.reason
    assert "\n" not in taken.reason
    assert there(course[1]) == {f"m/{TASK}/{key}": WORK[key] for key in WORK}
    everything = [path.name for path in course[1].parent.parent.rglob("*")]
    assert not any("evil" in path for path in everything)


def test_paths_that_lead_elsewhere_in_the_platforms_zip(tmp_path):
    path = tmp_path / "class.zip"
    files = {"../../evil/1_cells.ipynb": "", "/abs/1_cells.ipynb": "", "a/../../evil/x": ""}
    path.write_bytes(zipped(under("a", WORK) | under("b", WORK) | files))
    taken = take_in(path, tmp_path / "g" / "submitted", TASK)
    assert {entry.student: entry.status for entry in taken if entry.student in "ab"} == {"a": "new", "b": "new"}
    assert {path.name for path in (tmp_path / "g" / "submitted").iterdir()} <= {"a", "b", "abs"}
    assert not [path for path in tmp_path.rglob("*") if "evil" in path.name]


def test_links_and_devices_are_left_out(course):
    source, submitted = course
    secret = lay(source.parent, {"secret.txt": "secret"}) / "secret.txt"
    lay(source, under("ada", WORK))
    (source / "ada" / "data.txt").symlink_to(secret)
    (source / "ada" / "folder").symlink_to(source.parent)
    (source / "ada" / "gone.txt").symlink_to("/nonexistent/x")
    os.mkfifo(source / "ada" / "pipe")
    (source / "bob").symlink_to(source / "ada")
    os.mkfifo(source / "eve.zip")
    links = {entry("l", stat.S_IFLNK): "/etc/passwd", entry("d", stat.S_IFCHR): "", entry("1_cells.ipynb"): "1"}
    (source / "zoe.zip").write_bytes(zipped(links))
    taken = {entry.source: entry for entry in take_in(source, submitted, TASK)}
    assert there(submitted / "ada" / TASK) == WORK
    assert taken["ada"].reason.count("(a link)") == 3
    assert "pipe (neither file nor folder)" in taken["ada"].reason
    assert taken["bob"].status == taken["eve.zip"].status == "refused"
    assert taken["zoe.zip"].reason == "left out: l (a link), d (neither file nor folder)"
    assert there(submitted / "zoe" / TASK) == {"1_cells.ipynb": "1"}
    assert "secret" not in "".join(there(submitted).values())


def test_a_notebook_that_is_a_link_is_no_notebook(course):
    source, submitted = course
    (source / "ada").mkdir()
    (source / "ada" / "1_cells.ipynb").symlink_to("/etc/passwd")
    (taken,) = take_in(source, submitted, TASK)
    assert (taken.status, taken.reason) == ("refused", "expected notebooks, got 1_cells.ipynb (a link)")


def test_a_place_that_is_a_link_is_not_written_through(course):
    source, submitted = course
    (submitted / "ada").mkdir(parents=True)
    (submitted / "ada" / TASK).symlink_to(source)
    (taken,) = take(course, under("ada", WORK))
    assert taken.status == "refused"
    assert "is a link" in taken.reason


def test_nobodys_files_are_listed(course):
    taken = take(course, {"readme.txt": "x", "1_cells.ipynb": "x", "grades.csv": "x"} | under("ada", WORK))
    nobodys = ("1_cells.ipynb", "grades.csv", "readme.txt")
    assert sorted(ends(taken)) == [
        (nobodys[0], "refused"),
        ("ada", "new"),
        *((name, "refused") for name in nobodys[1:]),
    ]


def test_what_is_too_large_is_refused(course, monkeypatch):
    monkeypatch.setattr(unpack, "MOST_FILE", 1000)
    monkeypatch.setattr(unpack, "MOST_BYTES", 2500)
    large = {"1_cells.ipynb": random.Random(0).randbytes(1001)}
    many = {f"{n}.ipynb": random.Random(n).randbytes(900) for n in range(3)}
    taken = take(course, under("a", large) | {"b.zip": zipped(large)} | under("c", many) | under("d", WORK))
    assert [entry.status for entry in taken] == ["refused", "refused", "refused", "new"]


def test_a_source_that_is_none(tmp_path):
    with pytest.raises(BadValue, match="expected a folder or a zip with submissions, got neither"):
        take_in(tmp_path / "absent", tmp_path / "submitted", TASK)
    (tmp_path / "x.zip").write_text("no")
    with pytest.raises(BadValue, match="expected a zip"):
        take_in(tmp_path / "x.zip", tmp_path / "submitted", TASK)


@given(st.binary(max_size=60), st.integers(0, 600), st.integers(0, 60))
def test_a_damaged_zip_is_taken_or_refused_and_spoils_no_other(tmp_path_factory, junk, at, cut):
    content = zipped(WORK)
    folder = tmp_path_factory.mktemp("damaged")
    lay(folder / "from", {"m.zip": content[:at] + junk + content[at + cut :], "z.zip": content})
    taken = {entry.student: entry.status for entry in take_in(folder / "from", folder / "submitted", TASK)}
    assert taken.pop("z") == "new"
    assert set(taken.values()) <= {"new", "refused"}
