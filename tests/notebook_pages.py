"""Hostile texts and outputs of a notebook, the pages that nbgrader makes of them, and what in a page can act."""

from __future__ import annotations

import base64
import copy
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import nbgrader
from course import NAME, ROOT
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell

TEMPLATES = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
STYLES = TEMPLATES.parent / "static" / "node_modules" / "bootstrap" / "dist" / "css"
REPORT = nbformat.read(ROOT / "release" / NAME / "4_report.ipynb", 4)
REPORT.cells = [cell for cell in REPORT.cells if cell.id.startswith(("rho_mem", "setup", "folder", "extra_run"))]
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="  # one pixel
FIRES = "window.PWNED=(window.PWNED||0)+1"

HOSTILE = {
    "script": f"<script>{FIRES}</script>",
    "image": f'hi <img src=x onerror="{FIRES}">',
    "svg": f"<svg onload={FIRES}><animate onbegin={FIRES} attributeName=x></svg>",
    "details": f"<details open ontoggle={FIRES}>x</details>",
    "iframe": f'<iframe srcdoc="<script>parent.{FIRES}</script>"></iframe>',
    "split": f"<\0img src=x onerror={FIRES}>",
    "turned": f"<\u202eimg src=x onerror={FIRES}>",
    "surrogate": f"<\ud800img src=x onerror={FIRES}>",
    "return": f"<\rimg src=x onerror={FIRES}>",
    "entity": f"&lt;img src=x onerror={FIRES}&gt;",
    "nested entity": f"&amp;lt;img src=x onerror={FIRES}>",
    "numbers": f"&#60;img src=x onerror={FIRES}&#x3e;",
    "comment": f"<!-- --!><img src=x onerror={FIRES}>",
    "cdata": f"<![CDATA[><img src=x onerror={FIRES}>]]>",
    "processing": f"<?php ?><img src=x onerror={FIRES}>",
    "in code": f"`` ` `` <b>`</b><img src=x onerror={FIRES}>`",
    "in a fence": f"```html\n<img src=x onerror={FIRES}>\n```\n</code></pre><img src=x onerror={FIRES}>",
    "in math": f"$$<img src=x onerror={FIRES}>$$ $</x><img src=x onerror={FIRES}>$",
    "in an environment": f"\\begin{{align}}<img src=x onerror={FIRES}>\\end{{align}}",
    "in a table": f"| a | b |\n|--|--|\n| <img src=x onerror={FIRES}> | x |",
    "in a heading": f"# <img src=x onerror={FIRES}>",
    "link": f"[go](javascript:{FIRES})",
    "link in angles": f"[go](<javascript:{FIRES}>)",
    "link with case": f"[go](  JaVaScRiPt:{FIRES})",
    "link with entities": f"[go](&#106;avascript&colon;{FIRES})",
    "link with a tab": f"[go](java&Tab;script:{FIRES})",
    "link to data": "[go](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "link with a title": f"[go](https://a.b 'x\" onmouseover=\"{FIRES}')",
    "link with quotes": f'[go](https://a.b/"onmouseover="{FIRES}")',
    "autolink": f"<javascript:{FIRES}>",
    "reference": f"[go][x]\n\n[x]: javascript:{FIRES}",
    "reference in a quote": f"[x]\n\n> [x]:\n> javascript:{FIRES}",
    "image elsewhere": "![x](https://tracker.example/pixel.png) ![y][z]\n\n[z]: https://tracker.example/2.png",
    "image of data": "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "image that is absent": "![x](attachment:absent.png)",
    "image with a name": f"![x](attachment:a\"onerror=\"{FIRES}.png)",
    "mermaid": f'```mermaid\ngraph TD\nA-->B\nclick A "javascript:{FIRES}"\n```',
    "mermaid by entity": f"```&#109;ermaid\n&lt;img src=x onerror={FIRES}&gt;\n```",
    "tex": f"$\\href{{javascript:{FIRES}}}{{x}} \\class{{score}}{{x}} \\cssId{{rho_mem}}{{x}}$",
    "tex with styles": "$\\style{position:fixed;top:0}{x} \\bbox[red,position:fixed]{x} \\unicode[x]{65}$",
    "tex by name": f"$\\csname hr\\string ef\\endcsname{{javascript:{FIRES}}}{{x}}$",
    "tex by entity": f"\\$&bsol;hr&#101;f{{javascript:{FIRES}}}{{x}}\\$",
    "tex by escape": f"\\$\\\\href{{javascript:{FIRES}}}{{x}}\\$",
    "tex that redefines": "$\\def\\rho{0} \\gdef\\sigma{1} \\let\\phi\\psi \\renewcommand{\\alpha}{x} \\require{html}$",
    "ids": "# rho_mem\n\n## notebook\n\nstatusmessage\n===",
    "files": f'<a href="files/x">files/</a> [x](files/{FIRES})',
    "brackets": "[" * 5000,
    "formulas": "\\\\[" * 5000,
}  # fmt: skip


def show(nb, template, tmp_path) -> str:
    """The page that nbgrader makes of a notebook."""
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader |= {"score": 0, "points": 1}
    path = tmp_path / f"{template}.ipynb"
    path.write_text(nbformat.writes(nb), encoding="utf-8")
    where = {"extra_template_basedirs": [str(TEMPLATES)], "extra_template_paths": [str(STYLES)]}
    exporter = HTMLExporter(template_name=template, **where)
    about = {"notebook": "4_report", "score": 0, "max_score": 0, "late_penalty": 0}
    names = dict.fromkeys(("notebook_id", "assignment_id", "submission_id", "student", "notebook_path"), "x")
    person = {"first_name": "A", "last_name": "B"}
    resources = names | person | {"base_url": "", "index": 0, "total": 1, "nbgrader": about}
    return exporter.from_filename(str(path), resources=resources)[0]


class Dangers(HTMLParser):
    """Everything in a page that can run or load something."""

    def __init__(self, page):
        super().__init__()
        self.found, self.ids = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "iframe", "object", "embed", "svg", "base", "form", "link", "meta", "style", "details"):
            self.found.append((tag, tuple(attributes)))
        for name, value in attributes:
            value = value or ""
            if name == "id":
                self.ids.append(value)
            harmless = value.startswith(("https:", "http:", "mailto:", "#", "data:image/png", "data:image/jpeg", "/"))
            if name.startswith("on") or name in ("srcdoc", "formaction", "action"):
                self.found.append((tag, name, value))
            if name in ("href", "src", "xlink:href", "data") and (
                not harmless or (tag == "img" and "data:" not in value)
            ):
                self.found.append((tag, name, value))

    def handle_comment(self, data):
        self.found.append(("comment", data))

    handle_startendtag = handle_starttag


def code_cell(text, outputs=()):
    """A code cell that nobody has validated."""
    cell = new_code_cell(text)
    cell.outputs = list(outputs)
    return cell


def report(text="", outputs=(), cells=()):
    """A rebuilt report in which one answer and the student's own cells have these texts and outputs."""
    nb = copy.deepcopy(REPORT)
    next(cell for cell in nb.cells if cell.id == "rho_mem").source = text or "YOUR ANSWER HERE"
    code = code_cell("print(1)", outputs)
    nb.cells += [new_markdown_cell(text), code, *cells]
    next(cell for cell in nb.cells if cell.id == "rho_mem_figure").outputs = list(outputs)
    return nb


SCRIPT = f"<script>{FIRES}</script><img src=x onerror={FIRES}>"


def data(kind="display_data", **bundle):
    more = {"execution_count": 1} if kind == "execute_result" else {}
    bundle = {name.replace("__", "/"): value for name, value in bundle.items()}
    return nbformat.from_dict({"output_type": kind, "data": bundle, "metadata": {}, **more})


def entry(**fields):
    return nbformat.from_dict(fields)


OUTPUTS = {
    "html": [data(text__html=SCRIPT, text__plain="x")],
    "html alone": [data("execute_result", text__html=SCRIPT)],
    "javascript": [data(**{"application/javascript": FIRES})],
    "svg": [data(**{"image/svg+xml": f"<svg onload={FIRES}></svg>"})],
    "markdown": [data(text__markdown=SCRIPT)],
    "latex": [data(text__latex=f"$\\href{{javascript:{FIRES}}}{{x}}$")],
    "widget": [data(**{"application/vnd.jupyter.widget-view+json": {"model_id": SCRIPT}})],
    "mermaid": [data(**{"text/vnd.mermaid": SCRIPT})],
    "native": [data(**{"application/pdf": SCRIPT, "application/json": {"a": 1}})],
    "png": [data(image__png='"><script>1</script>'), data(image__png=base64.b64encode(SCRIPT.encode()).decode())],
    "jpeg": [data(image__jpeg=PNG)],
    "text": [data(text__plain=SCRIPT), data("execute_result", text__plain=f"<b>{SCRIPT}")],
    "stream": [entry(output_type="stream", name=name, text=SCRIPT) for name in ("stderr", "stdout", SCRIPT)],
    "error": [entry(output_type="error", ename=SCRIPT, evalue=SCRIPT, traceback=[SCRIPT, "\x1b[31mr\x1b]0;x\x07"])],
    "metadata": [
        entry(
            output_type="display_data",
            data={"image/png": PNG},
            metadata={"filenames": {"image/png": f'x" onerror="{FIRES}'}, "image/png": {"width": f"1 onload={FIRES}"}},
        )
    ],
}  # fmt: skip
