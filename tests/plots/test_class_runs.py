"""The runs of a class: whose they are, and the page that sets them side by side."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from browser import barriers, browser, needs_chromium

from rnnkit import cli
from rnnkit.common.names import BadValue
from rnnkit.plots.class_runs import LEAST, OPEN, POINTS, compared, said, write_class_page
from rnnkit.record.facts import clipped_percent, learnt_at
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.runs.classes import FILE, ClassRun, files_of, note, read_class, students
from rnnkit.runs.jobs import experiment_of
from rnnkit.runs.training import train

SMALL = {"maxiters": 21, "checkFreq": 5, "nhid": 6}
MODEL_FILE = "from rnnkit.cells import GRU, RNN\n"
EVIL = "<script>alert(1)</script>"


def one(student: str, error: float = 50.0, **more) -> ClassRun:
    facts = {"valid error %": error, "learnt at": 100} | more
    curve = [{"updates": 10 * k, "valid_error": error + k} for k in range(200)]
    return ClassRun(student, "A1", facts, curve, "finished")


def row_of(found, student: str):
    return next(row for row in found.rows if row.one.student == student)


# ---- whose runs they are -------------------------------------------------------------------------------------------


def test_files_and_folders_are_read_as_students(tmp_path):
    for place in ("all/ada/model.py", "all/bob/sub/model.py", "eve.py", "zoe/model.py"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(MODEL_FILE)
    found = files_of([tmp_path / "all", tmp_path / "eve.py", tmp_path / "zoe" / "model.py"])
    assert sorted(found) == ["ada", "bob/sub", "eve", "zoe"]
    (tmp_path / "ada.py").write_text(MODEL_FILE)
    with pytest.raises(BadValue, match="one file for each student"):
        files_of([tmp_path / "all", tmp_path / "ada.py"])
    with pytest.raises(BadValue, match="found nothing there"):
        files_of([tmp_path / "none.py"])


def test_a_folder_knows_whose_runs_it_has(tmp_path):
    assert students(tmp_path) == []
    note(tmp_path, {"bob": Path("b.py")}, ["zoe"])
    note(tmp_path, {"ada": Path("a.py")})
    assert students(tmp_path) == ["ada", "bob", "zoe"]
    (tmp_path / FILE).write_text("student,cells\n../up,x\n/etc,x\nada,x\n")
    assert students(tmp_path) == ["ada"]
    (tmp_path / FILE).unlink()
    (tmp_path / "summary.csv").write_text("student,regime\nbob,A1\nbob,B1\n")
    assert students(tmp_path) == ["bob"]
    (tmp_path / "summary.csv").write_text("regime,status\nA1,finished\n")
    assert students(tmp_path) == []


# ---- who is far from the others ------------------------------------------------------------------------------------


def test_who_is_far_from_the_others_is_marked_and_first():
    found = compared("A1", [*(one(f"s{k}", 50 + 0.1 * k) for k in range(9)), one("odd", 90.0)])
    assert found.rows[0].one.student == "odd"
    assert found.rows[0].far == ("valid error %",)
    assert found.rows[0].apart
    assert not any(row.far for row in found.rows[1:])
    errors = [row.one.facts["valid error %"] for row in found.rows[1:]]
    assert errors == sorted(errors, reverse=True)


def test_who_never_learnt_or_has_no_number_is_far_where_others_have_one():
    others = [one(f"s{k}") for k in range(LEAST)]
    found = compared("A1", [*others, one("never", **{"learnt at": None}), one("nan", math.nan)])
    assert row_of(found, "never").far == ("learnt at",)
    assert row_of(found, "nan").far == ("valid error %",)
    assert found.alike == LEAST


def test_who_differs_a_little_from_many_equal_ones_is_not_far():
    several = [*(one(f"s{k}") for k in range(20)), *(one(f"t{k}", 50 + 0.3 * k) for k in range(20)), one("odd", 99.0)]
    assert [row.one.student for row in compared("A1", several).rows if row.far] == ["odd"]
    several = [*(one(f"s{k}") for k in range(40)), *(one(f"t{k}", 60.0 + k) for k in range(4))]
    assert len([row for row in compared("A1", several).rows if row.far]) == 4


def test_of_few_nothing_is_said():
    found = compared("A1", [one("a", 1.0), one("b", 1.0), one("c", 1.0), one("d", 99.0)])
    assert not any(row.far for row in found.rows)


def test_many_are_folded_but_for_those_to_look_at():
    several = [*(one(f"s{k}") for k in range(OPEN)), one("odd", 99.0), ClassRun("gone", "A1", reason="it died")]
    found = compared("A1", several)
    assert [row.one.student for row in found.shown] == ["gone", "odd"]
    assert len(found.folded) == OPEN


def test_lines_have_as_many_points_as_can_be_seen():
    (drawing,) = compared("A1", [one("a")]).drawings
    assert len(drawing.lines[0].points.split()) <= POINTS + 1
    assert drawing.end == "1,990"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "never"), (12345, "12,345"), (0.25, "0.25"), (math.inf, "inf"), (0.0, "0"), ("x", "x")]
)
def test_a_fact_in_words(value, text):
    assert said(value) == text


# ---- the page --------------------------------------------------------------------------------------------------------


def test_words_from_outside_are_text(tmp_path):
    runs = [one(EVIL), ClassRun("bob", "A1", reason=EVIL), ClassRun("zoe", "", reason=EVIL)]
    page = write_class_page(tmp_path, "t", runs, ["A1"], "rnnkit report").read_text(encoding="utf-8")
    assert EVIL not in page
    assert page.count("&lt;script&gt;") >= 3


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the runs of three, as `rnnkit run --cells` leaves it: one of them has failed."""
    out = tmp_path_factory.mktemp("class")
    for student, lr in (("ada", 0.01), ("bob", 0.5)):
        for key in ("A1", "A2"):
            regime = get_regime(key, "tiny", **SMALL, lr=lr)
            train(regime, out=out / student / regime.name, cells="builtin")
    note(out, {name: Path(f"{name}.py") for name in ("ada", "bob", "eve")}, ["zoe"])
    name = get_regime("A1").name
    with open(out / "summary.csv", "w", newline="") as file:
        csv.writer(file).writerows([["student", "regime", "status", "reason"], ["eve", name, "failed", "it died"]])
    return out


def test_the_records_of_a_class_are_read_by_student(trained):
    runs = [*read_class(trained, experiment_of(), students(trained))]
    assert [(one.student, one.run, bool(one.facts), one.reason) for one in runs] == [
        ("ada", "A1", True, ""),
        ("ada", "A2", True, ""),
        ("bob", "A1", True, ""),
        ("bob", "A2", True, ""),
        ("eve", "A1", False, "it died"),
        ("zoe", "", False, "no record"),
    ]
    clipped = {one.student: one.facts["clipped %"] for one in runs if one.run == "A2"}
    assert 0 <= clipped["ada"] <= 100
    assert [row["updates"] for row in runs[0].curve] == sorted(row["updates"] for row in runs[0].curve)


def test_report_of_a_class_is_the_page_that_compares_it(trained, capsys):
    assert cli.main(["report", str(trained)]) == 1  # somebody has no record
    told = capsys.readouterr()
    assert "zoe" in told.err
    page = (trained / "report.html").read_text(encoding="utf-8")
    for word in ("ada", "bob", "it died", "learnt at", "clipped %", "<polyline"):
        assert word in page


def test_facts_of_a_run_without_clipping_and_without_learning(trained):
    name = get_regime("A1").name
    record = load(trained / "ada" / name / f"{name}_final_state.npz")
    assert clipped_percent(record) == 0
    assert learnt_at(record) is None
    record["valid_nll"] = record["valid_nll"] * 0
    assert learnt_at(record) == record["check_updates"][0]


@needs_chromium
@pytest.mark.slow
def test_the_page_fits_with_many(tmp_path):
    runs = [one(f"student-with-a-long-name-{k}", 50 + k % 7 + 40 * (k % 50 == 0), extra=k, more=k) for k in range(500)]
    path = write_class_page(tmp_path, "t", runs, ["A1"], "rnnkit report")
    said: list[str] = []
    with browser() as chromium:
        for width in (1400, 390):
            page = chromium.new_page(viewport={"width": width, "height": 900})
            page.on("console", lambda message: said.append(message.text))
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert barriers(page) == []
    assert said == []


@pytest.mark.slow
def test_several_cells_are_run_side_by_side(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("ada", "bob"):
        Path(f"{name}.py").write_text(MODEL_FILE)
    flags = ["--profile", "tiny", *(word for name, value in SMALL.items() for word in ("--set", f"{name}={value}"))]
    assert cli.main(["run", "A1", *flags, "--out", "out", "--jobs", "2", "--cells", "ada.py", "bob.py"]) == 0
    assert "page: out/report.html" in capsys.readouterr().out
    assert students(Path("out")) == ["ada", "bob"]
    assert "ada" in Path("out/report.html").read_text(encoding="utf-8")
    assert cli.main(["run", "A1", *flags, "--out", "out", "--cells", "ada.py", "--cells", "none.py"]) == 2
