"""Students' markdown made inert: what nbconvert makes of it has no script, no raw HTML, and no address but web pages.

The text is changed as little as that takes. What nbconvert then makes of it is looked at, tag by tag: a text that still
gives anything else is shown as it was typed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping

from rnnkit.common.text import plain

MOST_TEXT = 30_000  # characters of one cell; longer ones take renderers minutes where they are made to
CUT = "\n\n*(the rest was left out: a text may have {most} characters)*"
UNSHOWN = "*(this text cannot be shown)*"
MOST_FORMULAS = 300  # of the kinds whose ends renderers look for again and again, as of brackets
MOST_BRACKETS = 200  # of a line
FORMULA = re.compile(r"\\\\[\[(]|\\begin")
REFERENCE = re.compile(r"&(?:#\d{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});")
NESTED = 5  # references to characters that spell a reference to a character
TAG_OPENS = re.compile(r"<(?=[A-Za-z/!?])")
# TeX that reaches out of its formula: links, attributes, and definitions that change formulas in other cells.
TEX = re.compile(
    r"\\(?=(?:href|url|require|html\w*|class|style|cssId|csname|endcsname|unicode|bbox|mmlToken|data|includegraphics"
    r"|[gex]?def|let|(?:re)?new(?:command|environment)|providecommand|DeclareMathOperator|Newextarrow)"
    r"(?![A-Za-z]))"
)
IMAGE = r"!\[[^\[\]\n]*\]\(attachment:(?P<name>[\w.-]+)\)"
LINK = r"\]\((?:https?://|mailto:)[^\s()<>\\]+\)"
BRACKETS = re.compile(rf"{IMAGE}|{LINK}|!(?=\[)|\](?=[(:\[])", re.ASCII)
ALLOWED = "a blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr img input li ol p pre s span strong table "
ALLOWED += "tbody td th thead tr ul"
ATTRIBUTES = {"class", "style", "id", "href", "title", "src", "alt", "type", "start", "disabled", "checked"}
HTML_TAG = re.compile(rf"</?(?:{'|'.join(ALLOWED.split())})(?P<attributes>(?: [a-z]+(?:=\"[^\"<>]*\")?)*) ?/?>")
ATTRIBUTE = re.compile(r"(?P<name>[a-z]+)(?:=\"(?P<value>[^\"]*)\")?")
VALUES = {
    "href": re.compile(r"https?://.*|mailto:.*|#.*"),
    "src": re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/]+=*"),
    "style": re.compile(r"text-align: ?(?:left|right|center);?|line-height: ?125%;?"),
    "type": re.compile("checkbox"),
}
PAGES_OWN = {"notebook", "notebook-container", "statusmessage", "toc", "top"}  # ids in nbgrader's pages


def inert(text: str, attachments: Mapping[str, Mapping[str, str]], taken: Collection[str] = ()) -> str:
    """A markdown text that every renderer shows as text, formulas, web links and its own attached images.

    No heading in it has one of the ids that are `taken` in the page.
    """
    if len(text) > MOST_TEXT:
        text = text[:MOST_TEXT] + CUT.format(most=MOST_TEXT)
    text = plain(_without_references(text))
    if len(FORMULA.findall(text)) > MOST_FORMULAS:
        text = as_typed(text)
    if max(line.count("[") for line in text.split("\n")) > MOST_BRACKETS:
        text = text.replace("[", "［")
    text = TAG_OPENS.sub("< ", text)
    text = TEX.sub(r"\\ ", text)
    text = BRACKETS.sub(lambda match: _bracket(match, attachments), text)
    for attempt in (text, as_typed(text)):
        if _is_harmless(attempt, attachments, set(taken) | PAGES_OWN):
            return attempt
    return UNSHOWN


def _without_references(text: str) -> str:
    """A text with the characters that it only referred to, so that what is looked for is found."""
    for _ in range(NESTED):
        text = REFERENCE.sub(lambda match: html.unescape(match.group()), text)
    return REFERENCE.sub(lambda match: f"& {match.group()[1:]}", text)


def as_typed(text: str) -> str:
    """A text as a block of code, in which nothing has a meaning."""
    return "\n".join(f"    {line}" for line in text.replace("$", "＄").replace("\\", "＼").splitlines())


def _bracket(match: re.Match, attachments: Mapping) -> str:
    whole, name = match.group(), match.group("name")
    if len(whole) == 1:
        return f"{whole} "  # "! [" is no image, "] (" no link, and "] :" no definition of one
    if name is not None and name not in attachments:
        return f"(image {name})"
    return whole


def _is_harmless(text: str, attachments: Mapping, taken: set[str]) -> bool:
    """Whether nbconvert makes nothing of a text but what is known to be harmless."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    try:
        page = MarkdownWithMath(IPythonRenderer(escape=False, attachments=dict(attachments))).render(text)
    except Exception:  # what breaks a renderer would break a page
        return False
    tags = list(HTML_TAG.finditer(page))
    if page.count("<") != len(tags) or TEX.search(html.unescape(HTML_TAG.sub("", page))):
        return False
    return all(_is_plain(tag["attributes"], taken) for tag in tags)


def _is_plain(attributes: str, taken: set[str]) -> bool:
    for match in ATTRIBUTE.finditer(attributes):
        name, value = match["name"], match["value"] or ""
        if name not in ATTRIBUTES or (name in VALUES and not VALUES[name].fullmatch(value)):
            return False
        if (name == "id" and value in taken) or (name == "class" and "mermaid" in value.lower()):
            return False
    return True
