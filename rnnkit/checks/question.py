"""A question: one graded piece of code, or one record that is judged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One graded piece of code.

    Fields:
        id: of the check, its cell and its column; unique within its assignment.
        points: the most that can be had; the weights of the named cases add up to it.
        notebook: the file it stands in.
        target: the class or function that is handed to `check`.
        method: the method of the class that is graded; None for a function.
        arguments: how it is called.
        result: what it returns, in words.
        minutes: what a student should need.
        needs: earlier questions whose code this one may call.
        extra: whether its points are extra credit, which comes on top: its cell says 0 points.
    """

    id: str
    points: float
    notebook: str
    target: str
    method: str | None
    arguments: tuple[str, ...]
    result: str
    minutes: int
    needs: tuple[str, ...] = ()
    extra: bool = False

    @property
    def name(self) -> str:
        """What a student calls it: ``GRU.step`` or ``spectral_radius``."""
        return f"{self.target}.{self.method}" if self.method else self.target

    @property
    def call(self) -> str:
        """The signature, ``step(self, x_t, h_prev)``."""
        first = ("self",) if self.method else ()
        return f"{self.method or self.target}({', '.join(first + self.arguments)})"
