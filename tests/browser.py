"""Debian's chromium, driven by playwright, for the tests that look at a page as a person would."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

A4_PX = 688  # 210 mm at 96 to the inch, less the margins that the pages ask for

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@contextmanager
def browser() -> Iterator:
    """A headless chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield chromium
        finally:
            chromium.close()


def barriers(page: Any, within: str = "body") -> list[str]:
    """What axe-core finds serious or critical in a page with everything unfolded: too little contrast, no words, …

    Arguments:
        page: that stands in the browser.
        within: a selector of what is looked at.
    """
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page, within).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]  # fmt: skip


def cut_off(page: Any) -> list[str]:
    """What of a page would be cut off at the right edge of a printed A4 sheet."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_PX, "height": 1000})
    found = page.evaluate(
        "[...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > innerWidth + 1)"
        ".map(one => one.outerHTML.slice(0, 200))"
    )
    page.emulate_media(media="screen")
    return found
