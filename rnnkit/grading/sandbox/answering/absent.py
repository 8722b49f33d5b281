"""What stands where parts of rnnkit are left out: it can be imported and passed around, and says so when it is used."""

from __future__ import annotations

from typing import Any, NoReturn

from rnnkit.common.names import Untraced


class NotHere(Untraced, RuntimeError):
    """A part of rnnkit that is left out while answers are scored."""


class Absent:
    """One name of a module that is left out."""

    def __init__(self, name: str) -> None:
        self.__dict__["_absent"] = name

    def __repr__(self) -> str:
        return f"<{self._absent}, left out while answers are scored>"

    def _refuse(self, *arguments: Any, **named: Any) -> NoReturn:
        raise NotHere(f"{self._absent} is left out while answers are scored; what an answer needs is written by you")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    __call__ = __getitem__ = __iter__ = __len__ = __bool__ = __enter__ = __contains__ = _refuse


def names_of(module: str) -> Any:
    """The ``__getattr__`` of a module that is left out."""

    def get(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return Absent(f"{module}.{name}")

    return get
