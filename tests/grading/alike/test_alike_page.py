"""The command writes one page: names hidden, texts escaped, what both have marked, nothing loaded."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from browser import barriers, browser, cut_off, needs_chromium
from course import NAME
from honest import copied, honest
from honest_prose import answers

from rnnkit.cli.alike import main
from rnnkit.common.names import BadValue
from rnnkit.grading.ledger import FAILED, GRADED, Entry, Ledger

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \u202e"


def graded(course: Path, student: str, notebooks, status: str = GRADED) -> None:
    """Puts a student's graded notebooks into a course."""
    folder = course / "grading" / "autograded" / student / NAME
    folder.mkdir(parents=True)
    for name, notebook in notebooks.items():
        (folder / name).write_text(json.dumps(notebook), encoding="utf-8")
    ledger = Ledger(course / "grading" / "ledger.json", NAME)
    ledger.entries[student] = Entry(student, status)
    ledger.save()


@pytest.fixture
def course(tmp_path) -> Path:
    first = honest(1, answers(1))
    (cell,) = [one for one in first["2_diagnostics.ipynb"]["cells"] if one["id"] == "grad_time_solution"]
    cell["source"] = f"def gradient_through_time(loss, hs):\n    x = hs[3] * 17 / loss\n    return x  # {HOSTILE}"
    (text,) = [one for one in first["4_report.ipynb"]["cells"] if one["id"] == "rho_mem"]
    text["source"] += HOSTILE
    second = copied(first, "all of it", honest(2, answers(2)))
    graded(tmp_path, "anna", first)
    graded(tmp_path, "berta", second)
    graded(tmp_path, "carl", honest(3, answers(3)))
    graded(tmp_path, "dora", {}, FAILED)
    (tmp_path / "grading" / "roster.csv").write_text("id,first_name,last_name\nanna,Anna,<b>Arm\n", encoding="utf-8")
    return tmp_path


def test_the_page_shows_the_pair_side_by_side_and_hides_the_names(course, capsys):
    assert main([NAME, "--course", str(course)]) == 0
    path = course / "grading" / f"alike-{NAME}.html"
    assert capsys.readouterr().out == f"{path}: 3 hand-ins, 1 of 3 pairs reach 0.74\n"
    page = path.read_text(encoding="utf-8")
    numbers = json.loads((course / "grading" / "pseudonyms.json").read_text(encoding="utf-8"))
    (first,) = re.findall(r'<tr class="above">.*', page)
    assert f"student {numbers['anna']}" in first
    assert f"student {numbers['berta']}" in first
    assert "carl" not in first
    assert "1 more handed in" in page
    assert re.search(r'<div class="rare"><i>2</i><span>    x = hs\[3\] \* 17 / loss', page)
    (names,) = re.findall(r"<ul hidden>.*?</ul>", page, re.DOTALL)
    assert f'data-n="{numbers["anna"]}" data-name="anna (Anna &lt;b&gt;Arm)"' in names
    assert "anna" not in page.replace(names, "")


def test_nothing_that_a_student_wrote_is_more_than_text(course):
    main([NAME, "--course", str(course), "--to", str(course / "page.html"), "--threshold", "0.1"])
    page = (course / "page.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("<script") == 1
    assert "<img" not in page
    assert "\u202e" not in page
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)|https?://(?!www\.w3\.org)""", page)


@needs_chromium
def test_a_button_shows_the_names_and_axe_finds_nothing_serious(course):
    main([NAME, "--course", str(course)])
    with browser() as chromium:
        page = chromium.new_page()
        page.goto((course / "grading" / f"alike-{NAME}.html").as_uri())
        assert "anna" not in page.inner_text("body")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert {*page.inner_text("tr.above a").split(" and ")} == {"anna (Anna <b>Arm)", "berta"}
        page.click("tr.above a")
        assert page.is_visible("#pair-1 .pair >> nth=0")
        assert barriers(page) == []
        assert cut_off(page) == []


def test_what_cannot_be_done_is_refused_before_anything_is_read(course, tmp_path):
    for arguments, text in {
        ("--threshold", "1.5"): "threshold: expected a number above 0",
        ("--threshold", "nan"): "threshold: expected a number above 0",
        ("--to", str(course / "nowhere" / "page.html")): "expected a file in a folder that is there",
    }.items():
        with pytest.raises(BadValue, match=text):
            main([NAME, "--course", str(course), *arguments])
    with pytest.raises(BadValue, match="nothing was graded yet"):
        main(["bptt", "--course", str(course)])


def test_a_damaged_notebook_and_hostile_code_end_nothing(course):
    folder = course / "grading" / "autograded" / "carl" / NAME
    (folder / "1_cells.ipynb").write_text("{", encoding="utf-8")
    notebook = json.loads((folder / "2_diagnostics.ipynb").read_text(encoding="utf-8"))
    bad = ["f(" * 500, "x = 0x" + "f" * 20_000, "-" * 30_000 + "1", "a" + ".b" * 20_000, "x =\n" + "1+" * 9_000 + "1"]
    for text in bad:
        notebook["cells"].append({"cell_type": "code", "id": "own", "metadata": {}, "source": text, "outputs": []})
    (folder / "2_diagnostics.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    assert main([NAME, "--course", str(course)]) == 0
    assert "Of 1 not every notebook could be read" in (course / "grading" / f"alike-{NAME}.html").read_text("utf-8")
