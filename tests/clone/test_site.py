"""The site: what stands on it, that every link leads somewhere, that a test runs every command or the page says so."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from browser import barriers, browser, needs_chromium

from rnnkit.assignments import get_assignment, names
from rnnkit.cli.verbs import VERBS
from rnnkit.clone.site import commands, contents
from rnnkit.clone.site.docstrings import as_markdown
from rnnkit.clone.site.formulas import with_mathml
from rnnkit.clone.site.include import Includes, sections
from rnnkit.common.names import BadValue
from rnnkit.common.places import PACKAGE

ROOT = PACKAGE.parent
WIDTHS = (1400, 390)
LINKS = "[b](b.md) [c](c.csv) ![p](p.png) [out](https://x.org) [![badge](https://x.org/b.svg)](https://x.org)\n"


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    """The Markdown of all pages, by their places."""
    folder = tmp_path_factory.mktemp("site") / "pages"
    contents.write(ROOT, folder)
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.md")}


# ---- parts ----------------------------------------------------------------------------------------------------------


def test_a_section_ends_at_the_next_heading_and_code_has_none():
    text = "# A\none\n```\n# no heading\n```\n## B\ntwo\n"
    assert sections(text) == {"": "", "A": "one\n```\n# no heading\n```\n", "B": "two\n"}


def test_links_fit_the_page_and_what_no_page_shows_is_named(tmp_path):
    (tmp_path / "notes").mkdir()
    for name in ("notes/a.md", "notes/b.md", "notes/c.csv", "notes/p.png"):
        (tmp_path / name).write_text(LINKS, encoding="utf-8")
    includes = Includes(tmp_path, {"notes/b.md": "other/b.md"}, lambda place: f"pictures/{Path(place).name}")
    shown = includes.expanded("{{ notes/a.md }}", "deep/page.md")
    assert (
        shown
        == "[b](../other/b.md) c (`notes/c.csv`) ![p](../pictures/p.png) [out](https://x.org) [badge](https://x.org)\n"
    )


@pytest.mark.parametrize("words", ["{{ none.md }}", "{{ a.md > None }}", "{{ b.md }}"])
def test_what_is_not_there_is_refused(tmp_path, words):
    (tmp_path / "a.md").write_text("# A\n", encoding="utf-8")
    (tmp_path / "b.md").write_text("[gone](gone.md)\n", encoding="utf-8")
    with pytest.raises(BadValue, match="expected"):
        Includes(tmp_path, {}, str).expanded(words, "page.md")


def test_commands_are_lines_without_comments_and_go_on_after_a_backslash():
    block = "#!/bin/sh\nrnnkit doctor   # is it there?\nrnnkit run A1 \\\n  --jobs 2\n\n"
    assert commands.commands(block) == ["rnnkit doctor", "rnnkit run A1 --jobs 2"]
    text = f"```\n{block}```\n```toml\na = 1\n```\n```text\nsaid\n```\n"
    assert commands.blocks(text) == [block]


def test_a_page_says_which_commands_no_test_runs():
    (command, why), *_ = commands.table()["not run"].items()
    marked = commands.with_marks(f"```\nrnnkit doctor\n{command}\n```\n")
    assert html.unescape(marked).count(command) == 2
    assert why in marked
    assert "No test runs this cell" in commands.with_marks("```\nx = 1\n%pip install y\n```\n")
    assert "No test runs" not in commands.with_marks(f"```text\n{command}\n```\n")


def test_formulas_of_docstrings_become_mathml():
    text = as_markdown("One.\n\n.. math::\n    a &= b \\\\\n    c &= d\n\nFields:\n    x: y.\n")
    assert text == "One.\n\n$$\na &= b \\\\\nc &= d\n$$\n\nAttributes:\n    x: y.\n"
    page = '<p><span class="arithmatex">\\(x &lt; 1\\)</span><div class="arithmatex">\\[\na &amp;= b\n\\]</div></p>'
    made = with_mathml(page)
    assert made.count("<math") == 2
    assert "arithmatex" not in made
    assert "&lt;" in made


# ---- what stands there ----------------------------------------------------------------------------------------------


def test_there_is_a_page_for_each_role_and_assignment(pages):
    assert {f"{role}.md" for role in contents.ROLES} <= pages.keys()
    assert {f"assignments/{name}.md" for name in names()} <= pages.keys()
    for name in names():
        page = pages[f"assignments/{name}.md"]
        assert "![" in page, name
        assert all(f"| `{question}` |" in page for question in get_assignment(name).questions)
    assert all(f"## rnnkit {verb}\n\n```text\nusage: " in pages["commands.md"] for verb in VERBS)


def test_every_section_of_the_readme_is_on_one_page(pages):
    for title, words in sections((ROOT / "README.md").read_text("utf-8")).items():
        first = next((line for line in words.splitlines() if re.match(r"\w[^`\[]{30,}$", line)), "")
        assert not first or sum(first in page for page in pages.values()) == 1, title


def _asked(source: str) -> set[str]:
    """The lines of solutions and of mark schemes in a notebook that say enough to be known again."""
    marked = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION|=== BEGIN MARK SCHEME ===(.*?)=== END", re.S)
    texts = ["".join(cell["source"]) for cell in json.loads(source)["cells"]]
    found = (one[1] or one[2] for text in texts for one in marked.finditer(text))
    return {line.strip() for one in found for line in one.splitlines() if len(line.strip()) > 40}


def test_no_page_has_solutions_mark_schemes_or_keys(pages):
    text = html.unescape("\n".join(pages.values()))
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        assert not [line for line in _asked(path.read_text("utf-8")) if line in text], path
    assert _asked((ROOT / "notebooks/bptt/3_report.ipynb").read_text("utf-8"))
    assert not [name for name in names() if get_assignment(name).key.CANARY in text]
    shown = re.findall(r"^::: (\S+)", text, re.M)
    assert not [module for module in shown if "key" in module.split(".") and module != "rnnkit.record.keys"]


# ---- commands -------------------------------------------------------------------------------------------------------


def test_every_command_is_run_by_a_test_or_said_not_to_be(pages):
    shown = {one for text in pages.values() for block in commands.blocks(text) for one in commands.commands(block)}
    table = commands.table()
    assert shown == {*table["run"], *table["not run"]}
    assert not table["run"].keys() & table["not run"].keys()


@pytest.mark.parametrize(("command", "file"), commands.table()["run"].items())
def test_the_test_that_is_named_types_the_verb_and_its_flags(command, file):
    text = (ROOT / file).read_text(encoding="utf-8")
    program, first, *rest = command.split()
    verb = rest[0] if first == "-m" else program if first.startswith("-") else first
    typed = [verb, *(word for word in rest if word.startswith("--"))]
    assert not [word for word in typed if word not in text]


@pytest.fixture(scope="module")
def helped(pages) -> dict[str, str]:
    """What each verb says of itself."""
    return dict(re.findall(r"^## rnnkit (\S+)\n\n```text\n(.*?)^```", pages["commands.md"], re.M | re.S))


def test_verbs_and_flags_that_pages_name_are_there(pages, helped):
    """Also inside of sentences, where nobody runs them."""
    wrong = []
    for place, text in pages.items():
        typed = [one for block in commands.blocks(text) for one in commands.commands(block)]
        typed += re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
        for command in typed:
            for verb, rest in re.findall(r"(?:^|[/ ])rnnkit ([a-z][a-z-]*)\b([^|;&]*)", command):
                known = helped.get(verb)
                flags = re.findall(r"(?<!\S)--[a-z][\w-]*", rest)
                if known is None or not all(re.search(f"{flag}\\b", known) for flag in flags):
                    wrong.append((place, command))
    assert not wrong


def test_the_library_is_as_long_as_the_readme_counts_it(pages):
    (command,) = [one for one in commands.table()["run"] if one.startswith("git ls-files")]
    if subprocess.run(["git", "rev-parse"], cwd=ROOT, capture_output=True).returncode:
        pytest.skip("no clone of git's")
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    (told,) = re.findall(r"about ([\d,]+) lines", pages["index.md"])
    assert abs(int(done.stdout) - int(told.replace(",", ""))) < 150


def test_a_roster_is_put_in_place_as_the_readme_does(tmp_path):
    (tmp_path / "class.csv").write_text("id\nanna\n", encoding="utf-8")
    (command,) = [one for one in commands.table()["run"] if one.startswith("mkdir")]
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    assert (tmp_path / "grading" / "roster.csv").read_text(encoding="utf-8") == "id\nanna\n"


# ---- built ----------------------------------------------------------------------------------------------------------


class _Links(HTMLParser):
    """What a page leads to, what it loads, and its anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        self.links |= {value for name in ("href", "src") if (value := about.get(name))}
        self.anchors |= {value for name in ("id", "name") if (value := about.get(name))}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, built by its verb, which says nothing but where it is."""
    folder = tmp_path_factory.mktemp("built") / "site"
    command = [sys.executable, "-m", "rnnkit", "site", "--to", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"open {folder / 'index.html'}\n", "")
    return folder


@pytest.mark.slow
def test_every_link_and_anchor_leads_somewhere(site):
    read = {}
    for path in site.rglob("*.html"):
        read[path] = _Links()
        read[path].feed(path.read_text(encoding="utf-8"))
    assert len(read) > 20
    for path, page in read.items():
        for link in page.links:
            target, anchor = urldefrag(unquote(link))
            if re.match(r"(https?|mailto|data):", link):
                continue
            there = (path.parent / target).resolve() if target else path
            assert there.is_file(), (path.name, link)
            assert not anchor or there.suffix != ".html" or anchor in read[there].anchors, (path.name, link)


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("width", WIDTHS)
def test_it_opens_from_files_and_is_searched_without_a_network(site, width):
    said, asked = [], []
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda message: said.append((page.url, message.text)))
        page.on("pageerror", lambda error: said.append((page.url, str(error))))
        page.on("request", lambda request: asked.append(request.url))
        for path in site.rglob("*.html"):
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.evaluate("[...document.images].every(image => image.naturalWidth)"), path
        page.goto((site / "index.html").as_uri())
        if width < 1000:
            page.click("label[for=__search]")
        page.locator(".md-search__input").press_sequentially("saturation")
        page.locator(".md-search-result__item a").first.wait_for()
    assert said == []
    assert not [url for url in asked if not url.startswith(("file:", "data:", "about:"))]


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_keeps_people_out(site, width, scheme):
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        for path in site.rglob("*.html"):
            page.goto(path.as_uri())
            assert barriers(page) == [], path
