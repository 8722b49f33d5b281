"""The notebooks' pages of a student's feedback: contents, formulas, a phone, no network, and nothing that acts."""

from __future__ import annotations

import json
import re

import graded_course
import pytest
from browser import barriers, browser, needs_chromium
from course import ASSIGNMENT, HANDED_IN, ROOT
from graded_course import Page
from nbformat.v4 import new_code_cell, new_output, writes
from notebook_pages import FIRES, HOSTILE, OUTPUTS, Dangers, report

from rnnkit.grading.course.course import Course
from rnnkit.grading.course.marks import Marks
from rnnkit.grading.notebooks.neutral import neutralise
from rnnkit.grading.report.feedback import Pages, feedback
from rnnkit.grading.report.graded_cells import without_secrets

WIDE = "x" * 300
LONG = " + ".join("abcdefgh" * 6)
ANSWER = f"""At the end $\\rho(W_{{hh}}) = 1.3$, broken $\\frac{{1}}{{$, and

$$\\begin{{aligned}} g_t &= \\frac{{\\partial L}}{{\\partial h_t}} + {LONG} \\\\ s_t &= 0 \\end{{aligned}}$$

{WIDE}

| {" | ".join(["a long heading"] * 12)} |
|{"---|" * 12}
| {" | ".join(["1"] * 12)} |

```python
{WIDE}
```
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The texts of one student's pages, by their names, and where they lie."""
    course = graded_course.make(tmp_path_factory.mktemp("pages") / "course")
    graded_course.hand_in(
        course,
        "ada",
        wrong=["clip"],
        answers={"rho_mem": ANSWER, "rnn_step_solution": f"# {WIDE}\nprint('$x$')"},
        marked={"saturation_mem": 0.5},
        comments={"saturation_mem": "See $g_t$.\nGo on.", "gru_step_solution": HOSTILE["script"]},
        last_name=HOSTILE["image"],
    )
    (made,) = feedback(Course(ROOT, course), ASSIGNMENT)
    folder = made.page.parent
    return folder, {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html"))}


# ---- contents ----------------------------------------------------------------------------------------------------


def test_contents_name_each_question_with_its_points_and_lead_to_it(pages):
    _, texts = pages
    named, titles = [], []
    for path in HANDED_IN:
        page = Page(texts[f"{path.stem}.html"])
        about = [c["metadata"].get("nbgrader", {}) for c in json.loads(path.read_text("utf-8"))["cells"]]
        graded = [one["grade_id"] for one in about if one.get("grade")]
        assert [link[1:] for link in page.links if link.startswith("#")] == graded
        assert [page.ids.count(id) for id in graded] == [1] * len(graded)
        named += [" ".join(entry) for entry in page.entries if graded]
        titles += [entry[0] for entry in page.entries if graded]
    assert len(titles) == len(set(titles)) == len(named) > 30
    assert "RNN.step ✓ 3 of 3" in named
    assert "clip_rescale 0 of 3" in named
    assert "Memorization · 5. Spectral radius, memorization – of 5, not yet marked" in named
    assert "Memorization · 2. Saturation, memorization comment 0.5 of 5" in named
    assert not [text for text in named if "Written response" in text or text.startswith("Task")]


def test_headings_are_in_order_and_pictures_have_names(pages):
    for name, text in pages[1].items():
        page = Page(text)
        assert page.levels[0] == 1, name
        assert page.levels.count(1) == 1, name
        assert all(b <= a + 1 for a, b in zip(page.levels, page.levels[1:], strict=False)), name
        assert all(image["alt"] for image in page.images), name
    images = Page(pages[1]["4_report.html"]).images
    assert "Figure, Memorization: A1 to A5: mem validation figure. a figure" in [one["alt"] for one in images]
    assert len({image["alt"] for image in images}) == len(images)


def test_every_link_leads_somewhere(pages):
    folder, texts = pages
    for name, text in texts.items():
        for link in (link for link in Page(text).links if not link.startswith("data:")):
            to, _, place = link.partition("#")
            assert not to or (folder / to).is_file(), link
            assert not place or place in Page(texts[to or name]).ids, link


# ---- formulas, comments and code ---------------------------------------------------------------------------------


def test_formulas_of_questions_answers_and_comments_are_set(pages):
    _, texts = pages
    for name in ("index.html", "4_report.html"):
        text = texts[name]
        assert "<mi>ρ</mi>" in text
        assert "<code>$\\frac{1}{$</code>" in text  # as typed
        assert re.search(r"See <math .*?</math>\.<br />\s*Go on\.", text)
    assert texts["1_cells.html"].count("<math ") > 30
    assert "$x$" in texts["1_cells.html"]  # code is code


def test_what_graders_alone_see_is_cut():
    text = "first\n=== BEGIN MARK SCHEME ===\nsecret\n=== END MARK SCHEME ===\nlast"
    assert without_secrets(text) == "first\nlast"
    assert without_secrets("a\n### BEGIN HIDDEN TESTS\nEND MARK SCHEME\nsecret\n### END HIDDEN TESTS\nb") == "a\nb"
    assert without_secrets("a\nBEGIN MARK SCHEME\nsecret") == "a"


# ---- nothing acts, nothing is loaded -----------------------------------------------------------------------------


def hostile_page(folder, notebook) -> str:
    """The page of a notebook, stored as it is."""
    graded = folder / "graded"
    graded.mkdir()
    (graded / "4_report.ipynb").write_text(writes(notebook), encoding="utf-8", errors="replace")
    Pages(ASSIGNMENT, Marks()).write(folder, graded, "ada")
    return (folder / "4_report.html").read_text(encoding="utf-8")


def hostile_notebook():
    """Each hostile text in a text and in code, and each hostile output."""
    nb = report("fine", [output for made in OUTPUTS.values() for output in made])
    texts = [report(text).cells[-2] for text in HOSTILE.values() if text.count("[") < 1000]
    texts += [report(f"${text}$ \\begin{{align}}{text}\\end{{align}}").cells[-2] for text in HOSTILE.values()][:-2]
    code = [new_code_cell(text, outputs=[new_output("stream", text=text)]) for text in HOSTILE.values()]
    nb.cells += [*texts, *code]
    return nb


def found_in(page: str) -> set[str]:
    """What could act in a page, without what is the page's own."""
    own = [("link", (("rel", "icon"), ("href", "data:,"))), ("style", ())]
    dangers = [one for one in Dangers(page).found if one not in own and one[0] not in ("meta", "details")]
    return {str(one) for one in dangers if one != ("a", "href", "index.html") and one != ("link", "href", "data:,")}


@pytest.mark.parametrize("how", [neutralise, lambda nb: nb], ids=["as it is stored", "as it was handed in"])
def test_hostile_texts_and_outputs_do_not_act(tmp_path, how):
    page = hostile_page(tmp_path, how(hostile_notebook()))
    assert found_in(page) == set()
    assert page.count("<meta") == 4
    assert not re.search(r"<(details|summary)[^>]+\bon", page)
    ids = Page(page).ids
    assert len(ids) == len(set(ids))


def test_the_dangers_would_be_seen():
    for text in (HOSTILE["image"], HOSTILE["script"], HOSTILE["iframe"], f'<a href="javascript:{FIRES}">x</a>'):
        assert found_in(text)


def test_pages_load_nothing(pages):
    for name, text in pages[1].items():
        assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in text, name
        assert not re.search(r"<(script|iframe|object|embed|base|form)\b|@import|url\(", text), name
        assert text.count("<link") == text.count('<link rel="icon" href="data:,">') == 1, name
        assert all(image["src"].startswith("data:image/") for image in Page(text).images), name
        assert 'name="viewport" content="width=device-width, initial-scale=1"' in text


@needs_chromium
@pytest.mark.parametrize("width", [360, 1200])
def test_on_a_phone_and_a_screen_without_a_network(pages, tmp_path, width):
    folder, texts = pages
    hostile_page(tmp_path, hostile_notebook())
    with browser() as chromium:
        context = chromium.new_context(viewport={"width": width, "height": 740}, offline=True)
        page = context.new_page()
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        for path in [*(folder / name for name in texts), tmp_path / "4_report.html"]:
            asked.clear()
            page.goto(path.as_uri())
            assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path.name
            formulas = page.locator("math")
            sizes = formulas.evaluate_all(
                "all => all.map(e => e.getBoundingClientRect()).map(r => [r.width, r.height])"
            )
            assert all(width > 2 and height > 5 for width, height in sizes), path.name
            assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 16
            if path.parent == folder:
                assert barriers(page) == [], path.name
        assert said == []
        assert page.evaluate("window.PWNED || 0") == 0
        page.goto((folder / "index.html").as_uri())
        assert page.locator(".total").is_visible()
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        scrolls = "e.closest('.text, .wide, .formula, pre.code')"
        all_of_it = f"[...document.querySelectorAll('article *')].filter(e => e.clientWidth && !{scrolls})"
        assert page.evaluate(f"{all_of_it}.filter(e => e.scrollWidth > e.clientWidth + 1).length") == 0
        page.locator("article#gru_step h3 a").click()
        assert page.url.endswith("1_cells.html#gru_step")
        page.goto((folder / "1_cells.html").as_uri())
        page.get_by_label("Contents").get_by_role("link", name=ASSIGNMENT.questions["gru_step"].name).click()
        assert page.url.endswith("#gru_step")
        assert 0 <= page.locator("#gru_step").bounding_box()["y"] < 200
        context.close()
