"""The report as a PDF: formulas, figures and tables are set; whatever students write, a PDF comes out."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
import sys
import time
import types

import PIL.Image
import pytest
from course import NAME, NOTEBOOKS, ROOT, filled

from rnnkit.common.pandoc import TOO_OLD, pandoc
from rnnkit.notebook import pdf as report_pdf
from rnnkit.notebook import typst as report_markdown
from rnnkit.notebook.typst import PdfError, convert
from rnnkit.plots.markdown import Table
from rnnkit.runs.rows import grid

NOWHERE = staticmethod(lambda address, alt: None)


def image(width: int, height: int, kind: str = "PNG") -> str:
    content = io.BytesIO()
    PIL.Image.new("RGB", (width, height), "orange").save(content, kind)
    return base64.b64encode(content.getvalue()).decode()


def markdown(source: str, name: str = "answer", **more) -> dict:
    about = {"nbgrader": {"grade_id": name, "solution": True}}
    return {"cell_type": "markdown", "metadata": about, "source": source, **more}


def code(*outputs: dict, source: str = "show()") -> dict:
    return {"cell_type": "code", "id": "drawn", "metadata": {}, "source": source, "outputs": list(outputs)}


def shown(**data: str) -> dict:
    return {"output_type": "display_data", "data": {name.replace("_", "/"): text for name, text in data.items()}}


@pytest.fixture
def saved(tmp_path):
    """Saves cells as a notebook."""

    def save(*cells: dict):
        path = tmp_path / "4_report.ipynb"
        path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return path

    return save


def typst_of(text: str) -> str:
    (typst,), _ = convert([text], [NOWHERE])
    assert typst is not None
    return typst


def words(pdf: report_pdf.Pdf) -> str:
    """The text on its pages."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf.content, capture_output=True, check=True)
    return done.stdout.decode()


needs_pdftotext = pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext (poppler-utils)")


# ---- the report -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The solved report, with a figure in each cell that draws."""
    folder = tmp_path_factory.mktemp("report")
    (source,) = [path for path in NOTEBOOKS if path.name == "4_report.ipynb"]
    filled(ROOT / "release" / NAME / source.name, source, folder / source.name)
    notebook = json.loads((folder / source.name).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [shown(image_png=image(500, 350), text_plain="<Figure>")]
    (folder / source.name).write_text(json.dumps(notebook))
    return folder / source.name


def test_the_report_is_set_without_a_flaw_and_in_seconds(whole):
    start = time.monotonic()
    first = report_pdf.report_pdf(whole, "ada")
    assert time.monotonic() - start < 20
    assert first.notes == ()
    assert first.content.startswith(b"%PDF-")
    assert report_pdf.report_pdf(whole, "ada").content == first.content
    assert report_pdf.report_pdf(whole, "bob").content != first.content
    assert [path.name for path in whole.parent.iterdir()] == [whole.name]


@needs_pdftotext
def test_every_word_of_the_report_is_on_its_pages(whole):
    text = " ".join(words(report_pdf.report_pdf(whole, "header of ada")).split())
    for part in ("header of ada", "The report", "Memorization: A1 to A5", "None has vanished or"):
        assert part in text
    cells = json.loads(whole.read_text())["cells"]
    assert text.replace("YOUR ANSWER HERE", "").count("ANSWER") == sum(
        bool(cell["metadata"].get("nbgrader", {}).get("solution")) for cell in cells
    )
    assert 'show("B1 B2", "spectra", folder)' in text
    assert "\\lVert" not in text


# ---- what Markdown becomes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "typst"),
    [
        (r"$\frac{\partial L}{\partial h_t}$", "$frac(partial L, partial h_t)$"),
        (r"$ \rho $", "$rho$"),
        (r"$x = 1 $", "$x = 1$"),
        ("It costs $ 5 and $ 6.", r"It costs \$ 5 and \$ 6."),
        ("It costs $5, that $6.", r"It costs \$5, that \$6."),
        ("a $x unbalanced", r"a \$x unbalanced"),
        (r"$\nonsense{x}$", r"\$\\nonsense{x}\$"),
        ("**b** *i* `c`", "#strong[b] #emph[i] `c`"),
        ("x<br>y", "x \\ y"),
        ("a <b>1</b>", "a `<b>`1`</b>`"),
        ("<div>", '#raw("<div>", block: true, lang: none)'),
        ("# One", "= One"),
        ("[w](https://a.b) [j](javascript:x) [s](#s) [e]()", '#link("https://a.b")[w] j s e'),
        ("![a](http://a.b/c.png)", "`[an image that is not here: http://a.b/c.png]`"),
        ('`#panic("x")`{=typst}', '`#panic("x")`{=typst}'),
        ('#panic("x") @ref <l>', r"\#panic(\"x\") \@ref `<l>`"),
        ("```python\nx = '\"'\n```", '#raw("x = \'\\"\'", block: true, lang: "python")'),
    ],
)
def test_markdown_becomes_typst(text, typst):
    assert " ".join(typst_of(text).split()) == typst


def test_a_bare_environment_is_a_formula():
    assert typst_of("so\n\n\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}").count("&") == 2
    assert "begin" not in typst_of("$$\n\\begin{align}\na &= b\n\\end{align}\n$$")
    assert "begin{align}" in typst_of("```\n\\begin{align}\na\n\\end{align}\n```")


def test_tables_keep_their_cells():
    typst = typst_of("| run | median |\n|---|---|\n| A1 | $-4.39$ |")
    assert "#table(" in typst
    assert "[A1], [$- 4.39$]" in typst


def test_cells_do_not_run_into_each_other():
    cells = ["```python\nunclosed", "> quote", "| a |\n|---|", "", "[x]: http://a.b", "[x]"]
    found, _ = convert(cells, [NOWHERE] * len(cells))
    assert "quote" in found[1]
    assert "quote" not in found[0]
    assert found[3] == ""
    assert found[5] == r"\[x\]"


def test_formulas_that_are_not_understood_are_named():
    assert convert([r"$\nonsense{x}$ $y$"], [NOWHERE])[1] == [r"\nonsense{x}"]


def test_one_cell_that_pandoc_cannot_read_does_not_take_the_others_along(monkeypatch):
    def impatient(text, reader, writer, seconds):
        if "[[[" in text:  # takes longer than anybody has patience for
            raise subprocess.TimeoutExpired("pandoc", seconds)
        return pandoc(text, reader, writer, 300)

    monkeypatch.setattr(report_markdown, "pandoc", impatient)
    found, _ = convert(["*a*", "[" * 20000, "x" * 200_000, "*b*"], [NOWHERE] * 4)
    assert found == ["#emph[a]", None, None, "#emph[b]"]


# ---- images -----------------------------------------------------------------------------------------------------


def test_attachments_and_neighbours_are_drawn(saved, tmp_path):
    (tmp_path / "near by.png").write_bytes(base64.b64decode(image(40, 30)))
    (tmp_path.parent / "outside.png").write_bytes(base64.b64decode(image(40, 30)))
    attachments = {"pasted.png": {"image/png": image(20, 20)}}
    text = "![a](attachment:pasted.png) ![b](near%20by.png) ![c](../outside.png) ![d](none.png)"
    asked = {}
    pages = report_pdf._Pages(tmp_path, tmp_path)
    draw = pages._images_of(markdown(text, attachments=attachments), "answer")
    convert([text], [lambda address, alt: asked.setdefault(address, draw(address, alt))])
    assert [bool(typst) for typst in asked.values()] == [True, True, False, False]
    assert report_pdf.report_pdf(saved(markdown(text, attachments=attachments))).notes == ()


def test_images_have_their_words_in_the_pdf(saved):
    pasted = markdown("![a *steep* curve](attachment:a.png)", attachments={"a.png": {"image/png": image(20, 20)}})
    drawn = code(shown(image_png=image(30, 20), text_plain="over updates, from 5 to 2."))
    without = code(shown(image_png=image(40, 20), text_plain="<Figure size 40x20>"))
    pdf = report_pdf.report_pdf(saved(pasted, drawn, without))
    assert pdf.notes == ()
    assert b"/Alt(a steep curve)" in pdf.content
    assert b"/Alt(over updates, from 5 to 2.)" in pdf.content
    assert pdf.content.count(b"/Alt") == 2


def test_huge_images_are_scaled_down():
    content, kind, size = report_pdf._readable(base64.b64decode(image(9000, 300)))
    assert (kind, max(size)) == ("png", report_pdf.MOST_PIXELS)
    assert PIL.Image.open(io.BytesIO(content)).size == size
    small = base64.b64decode(image(900, 300, "JPEG"))
    assert report_pdf._readable(small) == (small, "jpg", (900, 300))


@pytest.mark.parametrize("data", ["!!", "AAAA", image(50, 50)[:60], "", image(50, 50, "GIF")])
def test_what_is_no_image_is_left_out_and_named(saved, data):
    pdf = report_pdf.report_pdf(saved(code(shown(image_png=data, text_plain="<Figure>")), markdown("right")))
    assert len(pdf.notes) == 1
    assert pdf.notes[0].startswith("cell drawn: an image cannot be read and is left out")


def test_a_bomb_is_left_out_and_named(saved, monkeypatch):
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 100)
    (note,) = report_pdf.report_pdf(saved(code(shown(image_png=image(50, 50))))).notes
    assert "DecompressionBomb" in note


# ---- whatever students write ------------------------------------------------------------------------------------

NASTY = {
    "dollars": "$5 and $x_t, $$ and \\frac{ and $\\frac{1}$ and \\begin{align} a",
    "html": "<div onclick='x'>\n\n*x*\n<table><tr><td>1</table> a<b and c>d <!-- no end",
    "typst": '#panic() #include "/etc/passwd" ]] [[ }{ // /* \\ #import "@preview/x:1.0.0": * <label> @ref',
    "letters": "नमस्ते 漢字 日本語 한국어 العربية 😀👩‍👩‍👧 ℝ \u202e rtl \u2066 z̷̡̢a ⟨x⟩ ‖h‖ ₀₁",
    "controls": "\x00\x07\x1b[31m \ud800 \udfff \ufffe \x85 \r\n",
    "blocks": "# One\n# One\n---\n> > deep\n- [ ] task\n\n| a |\n|---|\n| b | c |\n|\n\n[^1]\n\n[^1]: foot",
    "links": "[a](javascript:x) [b]() [c](#c) <https://a.b> <a@b.c> [d](<http://a b>)",
    "maths": r"$\href{javascript:x}{y}$ $#x$ $\text{#panic()}$ $a\_b$ $\color{red}{x}$ $\#$ $$ $$ $'$ $/$ $a & b$",
    "yaml": "---\ntitle: x\n---\ntext",
    "long": "x" * 5000,
    "empty": "",
}


@pytest.mark.parametrize("name", NASTY)
def test_whatever_is_written_a_pdf_comes_out(saved, name):
    pdf = report_pdf.report_pdf(saved(markdown("Before."), markdown(NASTY[name], name), markdown("After.")))
    assert pdf.content.startswith(b"%PDF-")
    assert not [note for note in pdf.notes if "cell" in note]  # formulas may stand as typed, the cell is set


@needs_pdftotext
def test_no_word_is_lost(saved):
    text = "<b>left</b> a<b and c>d $\\nonsense{here}$ `code` #hash ![seen](none.png) " + "x" * 100
    found = "".join(words(report_pdf.report_pdf(saved(markdown(text)))).split())
    for part in ("left", "<band c>", "nonsense{here}", "code", "#hash", "none.png"):
        assert part.replace(" ", "") in found
    assert found.replace("\u200b", "").count("x") >= 100


@needs_pdftotext
def test_a_cell_that_typst_refuses_is_shown_as_typed_and_named(saved, monkeypatch):
    real = report_pdf.convert

    def convert(cells, images):
        found, unread = real(cells, images)
        return ["#panic()" if text == "*bad*" else typst for text, typst in zip(cells, found, strict=True)], unread

    monkeypatch.setattr(report_pdf, "convert", convert)
    pdf = report_pdf.report_pdf(saved(markdown("*good*", "one"), markdown("*bad*", "two"), markdown("*fine*", "three")))
    assert pdf.notes == ("cell two cannot be set on a page as it was meant; it stands there as it was typed",)
    assert words(pdf).count("ANSWER") == 3
    assert "*bad*" in words(pdf)
    assert "*good*" not in words(pdf)


@needs_pdftotext
def test_a_table_among_the_outputs_is_a_table_and_no_number_in_it_is_torn(saved):
    rows = [[f"{n}.{k}23456789 (0.1 to 0.9)" for k in range(9)] for n in range(42)]
    data = Table(grid([[f"column {k}" for k in range(9)], *rows]))
    output = shown(text_markdown=data.data, text_plain=repr(data))
    pdf = report_pdf.report_pdf(saved(code(output), markdown("After.")))
    found = words(pdf).split()
    assert pdf.notes == ()
    assert {f"{n}.{k}23456789" for n in range(42) for k in range(9)} <= {*found}
    assert "|" not in found
    assert "[..." not in found


@needs_pdftotext
def test_outputs_are_shown_without_colours_and_cut(saved):
    stream = {"output_type": "stream", "name": "stdout", "text": ["\x1b[31mred\x1b[0m line\n"] * 1000}
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[0;31mTrace\x1b[0m", "back"]}
    broken = shown(**{"image_svg+xml": "<svg"})
    text = words(report_pdf.report_pdf(saved(code(stream, error, broken, shown(text_plain="plainly")))))
    assert text.count("red line") == report_pdf.MOST_LINES
    for part in ("[... the rest is in the notebook]", "Trace", "back", "an output that cannot be set", "plainly"):
        assert part in text


# ---- without the tools ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", ["typst", "pypandoc"])
def test_a_missing_package_is_named(saved, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        PdfError, match=rf"needs the extra pdf \(no {package} here\); .*, or give your own PDF with --pdf"
    ):
        report_pdf.report_pdf(saved(markdown("x")))


@pytest.mark.parametrize("status", TOO_OLD)
def test_an_old_pandoc_is_named(saved, tmp_path, monkeypatch, status):
    old = tmp_path / "pandoc"
    old.write_text(f"#!/bin/sh\nexit {status}\n")
    old.chmod(0o755)
    monkeypatch.setitem(sys.modules, "pypandoc", types.SimpleNamespace(get_pandoc_path=lambda: str(old)))
    with pytest.raises(PdfError, match=r"expected pandoc .* or newer"):
        report_pdf.report_pdf(saved(markdown("x")))


def test_a_panic_of_typst_is_an_error_like_others(saved, monkeypatch):
    class Panic(BaseException):
        pass

    def compile(*_, **__):
        raise Panic("at the disco")

    monkeypatch.setitem(sys.modules, "typst", types.SimpleNamespace(compile=compile))
    with pytest.raises(PdfError, match="got: at the disco"):
        report_pdf.report_pdf(saved(markdown("x")))
