"""Looking things up by name, and errors that help."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")
STUDENT = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9._@-]{0,63}")  # a student's id; it becomes a folder's name


class Untraced:
    """An error that speaks for itself: a notebook shows its message instead of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]  # IPython asks for this


class BadValue(Untraced, ValueError):
    """Something given from outside that cannot be used: the message says what was expected, what came, what to do."""


def lookup(registry: Mapping[str, T], name: str, what: str) -> T:
    """``registry[name]``, or a BadValue that lists the known names and the nearest one."""
    if name in registry:
        return registry[name]
    raise BadValue(unknown(name, registry, what))


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """The message for a name that is not among the known ones."""
    known = list(known)
    by_folded = {k.lower(): k for k in known}
    near = difflib.get_close_matches(str(name).lower(), by_folded, n=1, cutoff=0.5)
    hint = f"; did you mean {by_folded[near[0]]!r}?" if near else ""
    expected = f": expected one of {', '.join(known)}{hint}" if known else ", there are none yet"
    return f"unknown {what} {name!r}{expected}"
