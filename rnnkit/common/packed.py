"""Modules whose functions are questions here: the file shows what they are called with, and the rest is packed.

Nothing is kept secret so. It keeps an answer from being pasted before it was thought of.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any


def pack(source: str) -> str:
    """A module's text as letters and signs."""
    return base64.b85encode(zlib.compress(source.encode("utf-8"), 9)).decode("ascii")


def unpack(module: dict[str, Any], packed: str) -> None:
    """Runs a packed module in the place of the one that was read.

    Arguments:
        module: its ``globals()``.
        packed: from `pack`; its lines have the same numbers.
    """
    source = zlib.decompress(base64.b85decode(packed)).decode("utf-8")
    exec(compile(source, module.get("__file__", module["__name__"]), "exec", dont_inherit=True), module)
