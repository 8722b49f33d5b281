"""The page of an audit: what is to be looked at first, for all readers, on screens and on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import barriers, browser, cut_off, needs_chromium
from course import ASSIGNMENT

from rnnkit.grading.audit.page import write_page
from rnnkit.grading.audit.verdicts import OfStudent, Verdict
from rnnkit.runs.replay import DIFFERS, REPRODUCED, UNREPLAYED


@pytest.fixture
def page(tmp_path) -> Path:
    said = "anchor_W_xh -0.0270964, trained again -0.0274696"
    students = [
        OfStudent("anna", [("a", Verdict("A1", REPRODUCED, done=[[1, 200], [301, 350]], exact=True))]),
        OfStudent("ben", [("b", Verdict("A5_mem_gru_clip005", DIFFERS, at=12, said=said, doubts=["it repeats"]))]),
        OfStudent("carl", [], "no record was handed in"),
        OfStudent("dora", [("d", Verdict("B1", UNREPLAYED, said="it has not come to its end"))]),
    ]
    return write_page(tmp_path / "a.html", ASSIGNMENT, students, "rnnkit audit")


def test_it_has_what_is_to_be_looked_at_first(page):
    looks, everything = page.read_text(encoding="utf-8").split('id="look"')[1].split('id="all"')
    assert "differs from update 12 on: anchor_W_xh -0.0270964, trained again" in looks
    assert "anna" not in looks
    assert "reproduced, 250 updates bit for bit" in everything
    assert "carl: no record was handed in" in everything


@needs_chromium
def test_axe_finds_nothing_serious_and_it_fits_phones_and_paper(page):
    with browser() as chromium:
        tab = chromium.new_page()
        tab.goto(page.as_uri())
        assert tab.locator(".word").count() == 3 + 4
        for width in (1400, 390):
            tab.set_viewport_size({"width": width, "height": 844})
            assert barriers(tab) == []
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert cut_off(tab) == []
