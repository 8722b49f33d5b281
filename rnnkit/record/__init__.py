"""The record of a run, and everything that only reads one.

What stands in `rnnkit.record.file` is had from here as well, when it is first asked for: whoever reads records that
nobody vouches for needs numpy and no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rnnkit.record.keys import FINAL, KEYS, STATE

if TYPE_CHECKING:
    from rnnkit.record.file import RecordError, last_filled, load, regime_of, save

__all__ = ["FINAL", "KEYS", "STATE", "RecordError", "last_filled", "load", "regime_of", "save"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from rnnkit.record import file

    return getattr(file, name)
