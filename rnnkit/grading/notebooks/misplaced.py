"""Work that stands where it does not belong: in a locked cell, or in a cell of another kind beside an answer's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

CHECK = "check("
DEFINES = re.compile(
    r"^(?:@method_of\((?P<owner>\w{1,80})\)[ \t]*\n)?(?:async[ \t]+)?(?:def|class)[ \t]+(?P<name>\w{1,80})",
    re.MULTILINE,
)


def work_in(given: str, returned: str, kind: str) -> str:
    """What a student added to a locked cell and would miss; empty where that is nothing.

    Arguments:
        given: the cell's text as it was given out.
        returned: the text that came back.
        kind: ``code`` or ``markdown``.

    Returns:
        of text, what stands after the given one; of code, imports that were not given, or, in the cell of a check, what
        stands before it.
    """
    if kind != "code":
        return (
            returned.strip().removeprefix(given.strip()).strip() if returned.strip().startswith(given.strip()) else ""
        )
    if given.strip().startswith(CHECK):
        lines = returned.split("\n")
        calls = [number for number, line in enumerate(lines) if line.startswith(CHECK)]
        return "\n".join(lines[: calls[-1]]).strip() if calls else ""
    known = set(imports(given))
    return "\n".join(line for line in imports(returned) if line not in known)


def imports(source: str) -> list[str]:
    """The import statements of a cell, each on one line; none where it is no Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom)]


def defined(source: str) -> set[str]:
    """The functions, methods (``RNN.step``) and classes that a cell's text defines, whether it is Python or not."""
    return {".".join(filter(None, match.group("owner", "name"))) for match in DEFINES.finditer(source)}


def prose_of(cell: Any) -> str:
    """The text of a student's own cell, if it is text: of markdown and raw cells, and of code that is all comments."""
    if cell.kind in ("markdown", "raw"):
        return cell.bare
    lines = [line.strip() for line in cell.bare.split("\n")]
    if cell.kind == "code" and any(lines) and all(line.startswith("#") for line in lines if line):
        return "\n".join(line.lstrip("#").strip() for line in lines).strip()
    return ""


def shown_images(names: Iterable[str]) -> str:
    """Markdown that shows images that are attached and nowhere referred to."""
    return "".join(f"\n\n![](attachment:{name})" for name in names)
