"""The page of runs of any experiment: what none has is no column, and a wide picture can be read on a phone, too."""

from __future__ import annotations

import pytest
from browser import browser, needs_chromium
from matplotlib.figure import Figure

from rnnkit.plots.page import write_page
from rnnkit.plots.page_parts import Group, Section, picture


@pytest.fixture
def page(tmp_path):
    pictures = [picture(Figure((wide, 3)), f"{wide} inches.") for wide in (4, 8.4)]
    facts = {"a": {"run": "a", "loss": 0, "never": "", "once": ""}, "b": {"run": "b", "loss": 1, "once": "so"}}
    section = Section("curves", "Curves", "Of two runs.", [Group(pictures)])
    return write_page(tmp_path, {"title": "Curves", "facts": facts, "sections": [section]}, {}, "rnnkit report")


def test_what_no_run_has_is_no_column(page):
    heads = page.read_text().split("<thead>")[1].split("</thead>")[0]
    assert [name in heads for name in (">run<", ">loss<", ">once<", ">never<")] == [True, True, True, False]


@needs_chromium
def test_a_wide_picture_is_nearly_as_large_as_it_was_drawn_and_the_page_stays_as_wide_as_the_window(page):
    with browser() as chromium:
        for width in (390, 720, 1200, 1400):
            tab = chromium.new_page(viewport={"width": width, "height": 900})
            tab.goto(page.as_uri())
            small, wide = tab.evaluate("[...document.images].map(i => i.clientWidth)")
            assert wide > 0.7 * 840, width
            assert small <= 400 + 80, width
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
