"""Formulas of feedback pages: set when a page is made, and never anything else than a formula or what was typed."""

from __future__ import annotations

import re
import sys
from subprocess import TimeoutExpired

import pytest
from course import NOTEBOOKS, cells

from rnnkit.common.pandoc import PandocError
from rnnkit.grading.report import formulas as module
from rnnkit.grading.report.formulas import ELEMENTS, Formulas
from rnnkit.grading.report.prose import Prose

SHOWN = set(ELEMENTS.split()) | {"span", "code"}
USUAL = [
    r"\mathbb{E}[\mathcal{L}]", r"\operatorname*{arg\,max}_x f(x)", r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
    r"\left. \frac{\partial L}{\partial h_t} \right|_{t=T}", r"\text{loss}_{\text{train}} \lt 1", r"\hat{y} = \bar{z}",
    r"\begin{cases} 0 & x < 0 \\ x & \text{else} \end{cases}", r"\lVert W_{hh} \rVert_2 \approx 1{,}3", r"90^\circ",
    r"\begin{align} a &= b \label{first} \\ c &= d \nonumber \end{align}", r"{\rm max}(0, x)", "a = 1 \\\\ b = 2",
    r"\underbrace{x + y}_{z} \xrightarrow{t \to \infty} \mathbf{h}", "α² ≤ β",
]  # fmt: skip
BROKEN = [
    r"\frac{1}{", r"\nosuchcommand x", "{{{{", "}", r"\left(", "_", "x" * 5000, r"\href{javascript:alert(1)}{x}",
    r"\class{score}{x}", r"\require{html} x", r"\frac{" * 200 + "1" + "}{2}" * 200, "\\begin{matrix}" * 30, "#1",
    "</annotation></semantics></math><script>alert(1)</script>", "<!--", "a \x00 b",
]  # fmt: skip


def settled(*formulas: str) -> str:
    them = Formulas()
    return them.settled([" ".join(them.mark(tex, True) for tex in formulas)])[0]


def typed(page: str) -> int:
    return page.count("<code>")


def test_every_formula_of_the_notebooks_is_set():
    prose = Prose()
    texts = [cell["source"] for path in NOTEBOOKS for cell in cells(path) if cell["cell_type"] == "markdown"]
    html = [prose.given("".join(text)) for text in texts]
    marked = sum(len(re.findall(r"formula-\w+-\d+-", page)) for page in html)
    shown = prose.formulas.settled(html)
    assert marked > 100
    assert sum(page.count("<math ") for page in shown) == marked
    assert not re.search(r"formula-\w{24}|\$", re.sub(r"<(code|pre)\b.*?</\1>", "", "".join(shown), flags=re.DOTALL))


def test_what_students_usually_write_is_set():
    for tex in USUAL:
        page = settled(tex)
        assert (page.count("<math "), typed(page)) == (1, 0), tex
    assert settled(r"a \label{first}") == settled("a")
    assert settled("a = 1 \\\\ b = 2").count("<mtr>") == 2


@pytest.mark.parametrize("tex", BROKEN, ids=lambda tex: ascii(tex[:20]))
def test_a_broken_or_hostile_formula_is_typed_and_leaves_the_others_alone(tex):
    page = settled("a_1", tex, "b_2")
    assert page.count("<mi>a</mi><mn>1</mn>") == page.count("<mi>b</mi><mn>2</mn>") == 1
    assert set(re.findall(r"</?(\w+)", page)) <= SHOWN
    assert not re.search(r"<[^>]*(href|\bon\w+=|class=\"score)", page)
    assert page.count("<span") == page.count("</span") == 3


def test_elements_inside_each_other_have_a_limit():
    assert typed(settled(r"\sqrt{" * 20 + "x" + "}" * 20)) == 0
    assert typed(settled(r"\sqrt{" * 80 + "x" + "}" * 80)) == 1


def test_a_student_for_whom_pandoc_gives_up_costs_nobody_else_a_formula(monkeypatch):
    them, real = Formulas(), module.pandoc

    def pandoc(text, *how):
        if "bomb" in text:
            raise TimeoutExpired("pandoc", 1)
        return real(text, *how)

    monkeypatch.setattr(module, "pandoc", pandoc)
    given = them.mark("g_t", False, given=True)
    (hostile,) = them.settled([given + them.mark(r"\rho", False) + them.mark("bomb", False)])
    (honest,) = them.settled([given + them.mark(r"\rho", False)])
    assert (hostile.count("<math "), typed(hostile)) == (1, 2)  # what the course wrote is there
    assert (honest.count("<math "), typed(honest)) == (2, 0)


def test_an_answer_with_anything_else_in_it_is_not_shown(monkeypatch):
    space = 'xmlns="http://www.w3.org/1998/Math/MathML"'
    for answer in (
        f"<math {space}><mtext><script>alert(1)</script></mtext></math>",
        f'<math {space}><mi onclick="alert(1)">x</mi></math>',
        f'<math {space}><mi style="background: url(x)">x</mi></math>',
        f'<math {space}><mi href="https://x.y">x</mi></math>',
        f'<math {space}><mi xmlns="http://www.w3.org/1999/xhtml">x</mi></math>',
        f"<math {space}><mi>x</math>",
        f"<math {space}><mi>x</mi></math><img src=x>",
        "<img src=x onerror=alert(1)>",
        "",
    ):
        monkeypatch.setattr(module, "_mathml", lambda formulas, answer=answer: [answer])
        assert settled("x") == '<span class="formula" tabindex="0"><code>$$x$$</code></span>'


def test_a_mark_cannot_be_typed():
    prose = Prose()
    prose.formulas.settled([prose.given("$x$")])
    (page,) = prose.formulas.settled([prose.written("formula-000000000000000000000000-0- formula-{}-0-")])
    assert "<math" not in page


def test_where_attributes_stand_a_formula_stays_typed():
    prose = Prose()
    image = {"a.png": {"image/png": "iVBORw0KGgo="}}
    (page,) = prose.formulas.settled([prose.written('![the "curve" of $a<b$](attachment:a.png)', image)])
    assert 'alt="the &quot;curve&quot; of $a&lt;b$"' in page
    assert "<math" not in page


def test_without_pandoc_a_line_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypandoc", None)
    with pytest.raises(PandocError, match=r"expected pandoc, found none; run `python -m pip install .*pypandoc_binary"):
        settled("x")


def test_a_pandoc_that_fails_at_the_courses_own_formulas_is_no_students_fault(monkeypatch):
    monkeypatch.setattr(module, "_mathml", lambda formulas: [])
    them = Formulas()
    with pytest.raises(PandocError, match="the notebooks' formulas"):
        them.settled([them.mark("x", False, given=True)])
    assert settled("x") == '<span class="formula" tabindex="0"><code>$$x$$</code></span>'


def test_prices_and_code_are_no_formulas():
    prose = Prose()
    (page,) = prose.formulas.settled([prose.written("It costs 5 \\$ or \\$6.\n\n$$a$$ and $b$ and `$c$`")])
    assert page.count("<math ") == 2
    assert "5 $ or $6" in page
    assert "<code>$c$</code>" in page
