"""What notebooks call, what is read from notebooks, and what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnnkit.notebook.calls import explained, find_run, method_of, show, write_diagnostics, write_model
    from rnnkit.plots.explorer import explore
    from rnnkit.plots.quiz import quiz

__all__ = ["explained", "explore", "find_run", "method_of", "quiz", "show", "write_diagnostics", "write_model"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "explore":
        from rnnkit.plots.explorer import explore

        return explore
    if name == "quiz":
        from rnnkit.plots.quiz import quiz

        return quiz
    from rnnkit.notebook import calls

    return getattr(calls, name)
