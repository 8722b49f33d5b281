"""The marker's page in a browser, by keys alone, as a person uses it."""

from __future__ import annotations

import time

import marking_course
import pytest
from browser import barriers, browser, needs_chromium
from marking_course import Q, desk, given, served


def reaches(folder, student, said):
    """Waits until the gradebook has it: the page shows a mark before the server has answered."""
    while given(folder, student)[:2] != said:
        time.sleep(0.2)


@needs_chromium
@pytest.mark.slow
def test_answers_are_marked_by_keys_alone(once, tmp_path):
    answers = {name: {Q: f"Answer of number {number}, <b>bold</b>."} for number, name in enumerate(["ada", "bob"], 1)}
    folder = marking_course.make(once("marking", marking_course.fill), tmp_path / "course", answers)
    wrong: list[str] = []
    with served(desk(folder)) as address, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1400, "height": 900})
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        page.locator(".card.here").wait_for()
        for key in ("1", "1", "2"):
            page.keyboard.press(key)
        page.locator(".card.here.marked", has_text="1.5 of 5").wait_for()
        first = "ada" if "number 1" in page.locator(".card.here").inner_text() else "bob"
        page.keyboard.press("c")
        page.keyboard.type("Which run?")
        page.keyboard.press("Escape")
        page.locator(".card.here .said", has_text="Which run?").wait_for()
        reaches(folder, first, (1.5, "Which run?"))
        page.keyboard.press("n")
        page.locator(".card.here.open").wait_for()
        page.keyboard.press("f")
        page.locator(".card.here.marked", has_text="5 of 5").wait_for()
        page.keyboard.press("Alt+1")
        page.locator(".card.here .said", has_text="Which run?").wait_for()
        for _ in range(2):
            page.keyboard.press("u")
            page.locator("#said", has_text="undone").wait_for()
            page.keyboard.press("m")
        other = ({*answers} - {first}).pop()
        page.locator("#progress", has_text="1 of 2 answers marked").wait_for()
        reaches(folder, other, (None, ""))
        page.keyboard.press("/")
        page.keyboard.type("number 2")
        page.keyboard.press("Escape")
        assert page.locator(".card:visible").count() == 1
        page.keyboard.press("?")
        page.locator("#keys[open]").wait_for()
        page.keyboard.press("Escape")
        assert barriers(page) == []
        for width in (1400, 390):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not wrong


@needs_chromium
@pytest.mark.slow
def test_names_in_answers_are_hidden_until_asked_for_and_pictures_have_words(once, tmp_path):
    answers = {"ada": {Q: "By ada, in run A1."}, "bob": {Q: "By nobody."}}
    folder = marking_course.make(once("marking", marking_course.fill), tmp_path / "course", answers)
    with served(desk(folder)) as address, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1400, "height": 900})
        page.goto(address)
        page.locator(".card.here").wait_for()
        assert "ada" not in page.inner_text("body")
        assert page.locator(".card", has_text="By [name], in run A1.").count() == 1
        page.keyboard.press("w")
        page.locator(".card", has_text="By ada, in run A1.").wait_for()
        page.get_by_role("button", name="Hide names").click()
        assert "ada" not in page.inner_text("body")
        page.keyboard.press("o")
        title = page.inner_text("#question")
        page.get_by_alt_text(f"figure 1 of 1 above an answer to: {title}").wait_for()
        assert barriers(page) == []
