"""What notebooks call, what is read from notebooks, and what is made of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rnnkit.common import made_for

if TYPE_CHECKING:
    from rnnkit.notebook.calls import explained, find_run, method_of, show, write_diagnostics, write_model
    from rnnkit.notebook.foretell import compare_prediction, predict
    from rnnkit.plots.explorer import explore
    from rnnkit.plots.quiz import quiz

__all__ = [
    "compare_prediction",
    "explained",
    "explore",
    "find_run",
    "method_of",
    "predict",
    "quiz",
    "show",
    "write_diagnostics",
    "write_model",
]
_ELSEWHERE = {
    "compare_prediction": "rnnkit.notebook.foretell",
    "explore": "rnnkit.plots.explorer",
    "predict": "rnnkit.notebook.foretell",
    "quiz": "rnnkit.plots.quiz",
}

made_for.tell()  # a notebook's first cell imports this, or `rnnkit.assignments`


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ELSEWHERE.get(name, "rnnkit.notebook.calls")), name)
