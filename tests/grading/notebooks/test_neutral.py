"""Graded notebooks in nbgrader's own pages: nothing that a student wrote or printed runs there, and all can be read."""

from __future__ import annotations

import base64
import json
import os

import nbformat
import pytest
from browser import browser, needs_chromium
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from notebook_pages import HOSTILE, OUTPUTS, PNG, SCRIPT, Dangers, code_cell, data, entry, report, show

from rnnkit.common.text import plain
from rnnkit.grading.notebooks.neutral import MOST, MOST_MARKDOWN, UNSHOWN, inert, neutralise
from rnnkit.grading.notebooks.reading import cut


@pytest.fixture(scope="module")
def innocent(tmp_path_factory):
    """What is in nbgrader's pages of an innocent report."""
    folder = tmp_path_factory.mktemp("innocent")
    return {template: Dangers(show(report("fine"), template, folder)) for template in ("formgrade", "feedback")}


@pytest.fixture(scope="module")
def baseline(innocent):
    """The dangers that are nbgrader's own."""
    return {template: page.found for template, page in innocent.items()}


# ---- what students write -----------------------------------------------------------------------------------------


def test_hostile_texts_leave_nothing_in_nbgraders_pages(tmp_path, baseline, innocent):
    cells = [new_markdown_cell(text) for text in HOSTILE.values()]
    cells += [new_raw_cell(text) for text in HOSTILE.values()] + [new_code_cell(text) for text in HOSTILE.values()]
    for cell in cells:
        cell.metadata["raw_mimetype"] = "text/html"
    safe = neutralise(report("fine", cells=cells))
    nbformat.validate(safe)
    for template in ("formgrade", "feedback"):
        page = Dangers(show(safe, template, tmp_path))
        assert page.found == baseline[template]
        for name in ("rho_mem", "rho_mem_task", "notebook", "statusmessage"):
            assert page.ids.count(name) == innocent[template].ids.count(name), "a heading took an id of the page's own"


@pytest.mark.parametrize("name", HOSTILE)
def test_each_hostile_text_alone(tmp_path, baseline, name):
    safe = neutralise(report(HOSTILE[name]))
    assert Dangers(show(safe, "formgrade", tmp_path)).found == baseline["formgrade"]


def test_the_dangers_would_be_seen(tmp_path, baseline):
    found = Dangers(show(report(HOSTILE["image"] + HOSTILE["script"]), "formgrade", tmp_path)).found
    assert len(found) > len(baseline["formgrade"]) + 3


@needs_chromium
def test_nothing_fires_in_a_browser(tmp_path):
    cells = [make(text) for text in HOSTILE.values() for make in (new_markdown_cell, new_raw_cell, new_code_cell)]
    outputs = [output for made in OUTPUTS.values() for output in made]
    hostile = report(
        "x" + HOSTILE["image"], OUTPUTS["html"], [new_markdown_cell(HOSTILE["image"]), new_markdown_cell("ok")]
    )
    pages = {"hostile": show(hostile, "formgrade", tmp_path)}
    safe = neutralise(report("fine", outputs, cells))
    pages |= {template: show(safe, template, tmp_path) for template in ("formgrade", "feedback")}
    fired = {}
    with browser() as chromium:
        for name, page in pages.items():
            path = tmp_path / f"{name}.html"
            path.write_text(page, encoding="utf-8")
            tab = chromium.new_page()
            asked: list[str] = []
            tab.route("http*://**", lambda route, asked=asked: (asked.append(route.request.url), route.abort()))
            tab.goto(path.as_uri())
            tab.wait_for_timeout(500)
            for link in tab.query_selector_all(".rendered_html a"):
                href = link.get_attribute("href") or ""
                assert name == "hostile" or href.startswith(("http", "mailto:", "#")), href
            fired[name] = tab.evaluate("window.PWNED || 0"), [url for url in asked if "tracker" in url]
            tab.close()
    assert fired["hostile"][0] > 0, "the test could not see anything fire"
    assert fired["formgrade"] == fired["feedback"] == (0, [])


def test_what_honest_students_write_stays():
    text = (
        "# Saturation\n\nWith $|h| < 1$ and $g_t = \\partial L / \\partial h_t$, **so** `x[0]`:\n\n"
        "$$\\begin{aligned}a &= b \\\\ c &= d\\end{aligned}$$\n\n| run | $\\rho$ |\n|:--|--:|\n| A1 | 1.3 |\n\n"
        "- [Elman](https://doi.org/10.1/x?a=1&b=2), R&D, 3 > 2, a[i](t), ρ — ü 漢字 😀\n\n1. one\n2. two\n\n"
        "```python\nfor i in range(3):\n    h = [i]\n```\n\n> quoted\n\n![a figure](attachment:a.png)\n"
    )
    nb = report(text)
    answer = next(cell for cell in nb.cells if cell.id == "rho_mem")
    answer.attachments = {"a.png": {"image/png": PNG, "image/svg+xml": "<svg>"}, "b.gif": {"image/gif": PNG}}
    kept = next(cell for cell in neutralise(nb).cells if cell.id == "rho_mem")
    assert kept.source == text.replace("a[i](t)", "a[i] (t)")
    assert kept.attachments == {"a.png": {"image/png": PNG}}
    assert kept.metadata == answer.metadata


def test_an_attached_image_is_in_the_page(tmp_path, baseline):
    nb = report("see ![a](attachment:a.png)")
    next(cell for cell in nb.cells if cell.id == "rho_mem").attachments = {"a.png": {"image/png": PNG}}
    page = show(neutralise(nb), "formgrade", tmp_path)
    assert page.count(f"data:image/png;base64,{PNG}") == 1
    assert Dangers(page).found == baseline["formgrade"]


def test_given_cells_are_not_touched():
    nb = report("fine")
    task = next(cell for cell in nb.cells if cell.id == "rho_mem_task")
    task.source = "<b>bold</b> [x]: y\n=== BEGIN MARK SCHEME ==="
    safe = neutralise(nb)
    for before, after in zip(nb.cells, safe.cells, strict=True):
        if before.metadata.get("nbgrader") and not before.metadata.nbgrader.solution:
            assert after == before


markup = st.lists(
    st.sampled_from(
        ["<", ">", "/", "!", "[", "]", "(", ")", ":", "\\", "$", "$$", "&", "#", ";", "lt;", "`", "```", "\n", "\n\n",
         " ", "\t", "*", "_", "|", "-", "=", "~", '"', "'", "img src=x onerror=1", "&#60;", "javascript:1", "https://a.b",
         "attachment:a.png", "mermaid", "\\href{x}{y}", "\\begin{a}", "\\end{a}", "\0", "\u202e", "\r", "rho_mem", "x"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@settings(max_examples=400)
@given(markup | st.text(max_size=50))
def test_any_text_is_inert(text):
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    attachments = {"a.png": {"image/png": PNG}}
    safe = inert(text, attachments, {"rho_mem"})
    page = Dangers(MarkdownWithMath(IPythonRenderer(escape=False, attachments=attachments)).render(safe))
    assert page.found == []
    assert "rho_mem" not in page.ids
    assert inert(safe, attachments, {"rho_mem"}) == safe
    assert safe != UNSHOWN


def test_a_long_text_is_cut():
    assert "a text may have" in inert("x" * 40_000, {})
    assert len(inert("x" * 40_000, {})) < MOST_MARKDOWN + 100


@given(st.text(st.characters(), max_size=60), st.integers(4, 40))
def test_plain_text_has_no_character_that_does_something(text, most):
    for colours in (False, True):
        assert not set(plain(text, colours=colours)) & set("\0\x07\r\x7f\x9b\u202e\u2066\u2028")
        plain(text, colours=colours).encode("utf-8")
    assert "\x1b" not in plain(f"\x1b[31m{text}\x1b]8;;javascript:1\x1b\\")
    assert plain("\x1b[31mred\x1b[0m \x1b[2J", colours=True) == "\x1b[31mred\x1b[0m "
    assert cut(text, most) == text or f"[{len(text) - most} characters left out]" in cut(text, most)


# ---- what their code puts out ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OUTPUTS)
def test_hostile_outputs_leave_nothing_in_nbgraders_pages(tmp_path, baseline, name):
    safe = neutralise(report("fine", OUTPUTS[name]))
    nbformat.validate(safe)
    for template in ("formgrade", "feedback"):
        assert Dangers(show(safe, template, tmp_path)).found == baseline[template]
    assert all(cell.outputs for cell in safe.cells if cell.id == "rho_mem_figure"), "that there was something is told"


def objects(inner):
    names = ["output_type", "data", "text", "name", "text/plain", "image/png", "text/html", "traceback"]
    return st.dictionaries(st.sampled_from(names), inner, max_size=5)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.sampled_from(["error", PNG, SCRIPT]),
    lambda inner: st.lists(inner, max_size=3) | objects(inner),
    max_leaves=12,
)
parts = objects(anything)


@given(st.lists(parts, max_size=5), parts)
def test_any_outputs_become_valid_ones(outputs, attachments):
    nb = report("fine")
    kinds = ["stream", "error", "display_data", "execute_result"]
    outputs = [{**output, "output_type": kinds[index % 4]} for index, output in enumerate(outputs)]
    nb.cells[-1]["outputs"], nb.cells[-1]["execution_count"] = outputs, "x"
    nb.cells[-2]["attachments"] = attachments
    safe = neutralise(nb)
    nbformat.validate(safe)
    json.dumps(safe).encode()
    allowed = {"text/plain", "image/png", "image/jpeg"}
    assert all(set(output.get("data", {})) <= allowed for cell in safe.cells for output in cell.get("outputs", ()))


def test_what_honest_code_puts_out_stays():
    outputs = [
        entry(output_type="stream", name="stdout", text="a\nb\n"),
        data(text__plain="3.0"),
        data(image__png=PNG, text__plain="<Figure>"),
        entry(output_type="error", ename="ValueError", evalue="no", traceback=["\x1b[31mValueError\x1b[0m: no", "x"]),
    ]
    safe = neutralise(report("fine", outputs))
    (cell,) = [cell for cell in safe.cells if cell.id == "rho_mem_figure"]
    assert cell.outputs == outputs
    assert neutralise(safe) == safe


# ---- sizes -------------------------------------------------------------------------------------------------------


def large_png(size):
    return base64.b64encode(base64.b64decode(PNG) + os.urandom(size)).decode()


@pytest.mark.parametrize(
    "outputs",
    [
        [entry(output_type="stream", name="stdout", text="x" * (50 << 20))],
        [entry(output_type="stream", name="stdout", text="\n" * (5 << 20))],
        [entry(output_type="stream", name="stdout", text="\x1b[1m" * (1 << 20))],
        [entry(output_type="stream", name=("stdout", "stderr")[n % 2], text="😀" * 500) for n in range(9000)],
        [data(text__plain='"\\' * 20_000) for _ in range(3000)],
        [data(image__png=large_png(700_000)) for _ in range(9)],
        [entry(output_type="error", ename="x" * 10**6, evalue="x" * 10**6, traceback=["\n" * 10**6] * 9)],
    ],
    ids=["one line", "lines", "colours", "streams", "displays", "images", "error"],
)  # fmt: skip
def test_a_notebook_has_at_most_3_mb(outputs):
    cells = [new_markdown_cell("\n" * 30_000) for _ in range(60)] + [new_code_cell("#\n" * 90_000) for _ in range(60)]
    cells += [code_cell("x", outputs) for _ in range(3)]
    for number in range(6):
        cells.append(
            new_markdown_cell("![](attachment:a.png)", attachments={"a.png": {"image/png": large_png(700_000)}})
        )
        assert cells[-1].attachments, number
    safe = neutralise(report("fine", outputs, cells))
    nbformat.validate(safe)
    assert len(nbformat.writes(safe).encode()) <= MOST


def test_images_that_fit_are_kept_and_the_others_told():
    safe = neutralise(report("fine", [data(image__png=large_png(600_000)) for _ in range(5)]))
    outputs = [output for cell in safe.cells for output in cell.get("outputs", ())]
    kept = [output for output in outputs if "image/png" in output.data]
    told = [output for output in outputs if "too large" in output.data.get("text/plain", "")]
    assert (len(kept), len(kept) + len(told)) == (3, 10)


def test_widgets_are_left_out():
    nb = report("fine")
    nb.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"a": SCRIPT}}}
    safe = neutralise(nb)
    assert "widgets" not in safe.metadata
    assert "widgets" in nb.metadata
