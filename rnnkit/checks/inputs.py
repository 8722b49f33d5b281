"""What the cases of a question are run with: arrays by name, and later rounds with others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
Expected = dict[str, Arrays]  # case, or probe, -> quantity -> right numbers


def wave(shape: tuple[int, ...], phase: float, scale: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """Numbers that look irregular: ``shift + scale * sin`` at angles that grow by ever larger steps."""
    k = np.arange(int(np.prod(shape, dtype=int)), dtype=np.float64)
    return (shift + scale * np.sin(phase + 2.399963 * k + 0.37 * k**1.5)).reshape(shape)


@dataclass(frozen=True)
class Inputs:
    """Everything that the cases of one question are run with.

    Fields:
        sizes: what the letters of the shapes, such as T, B, I, H, O, stand for; empty where shapes are numbers.
        arrays: weights, states, gradients, cutoffs by name, float64. A list of arrays is numbered: ``g0``, ``g1``.
        options: words that a case may ask for. Of cells: ``phi``, ``head`` (any) and ``last`` (a head of the last
            state), where they are not the case's own; ``grad``: ``off`` runs it as validation does, ``unasked`` asks
            for no gradients. ``gates``: the order of a dict's keys.
        cases: the names of the cases that take part; empty for all.
        rounds: what the cases are run with afterwards, by what is special about it; see `case.every_round`.
    """

    sizes: dict[str, int]
    arrays: Arrays
    options: dict[str, str] = field(default_factory=dict)
    cases: list[str] = field(default_factory=list)
    rounds: dict[str, Inputs] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def listed(self, letter: str) -> list[np.ndarray]:
        """The arrays of a list, in order."""
        count = sum(name.startswith(letter) and name[len(letter) :].isdigit() for name in self.arrays)
        return [self.arrays[f"{letter}{k}"] for k in range(count)]

    def of(self, case: str) -> Inputs:
        """The same with only those rounds that a case takes part in."""
        taking = {
            name: given
            for name, given in self.rounds.items()
            if (not given.cases or case in given.cases) and not ("gradients" in case and "grad" in given.options)
        }
        return replace(self, rounds=taking)

    def alone(self) -> Inputs:
        """The same without later rounds."""
        return replace(self, rounds={})

    def plain(self) -> dict[str, Any]:
        """What `read` makes inputs of."""
        return asdict(self)

    @classmethod
    def read(cls, plain: dict[str, Any]) -> Inputs:
        """Inputs from `plain`."""
        return cls(**plain | {"rounds": {name: cls.read(given) for name, given in plain["rounds"].items()}})


@dataclass(frozen=True)
class Probe:
    """Special inputs that show when a wrong answer is right; ``expected/probes.json`` has what they should give.

    Fields:
        name: what is special, to stand after "when": ``h_prev = 0``.
        look: where to look if a wrong answer is right then; empty where that could have many reasons.
        change: makes the inputs from the public ones.
        narrow: whether it is so special that being right with it, and with all others, still says where to look.
    """

    name: str
    look: str
    change: Callable[[Inputs], Inputs]
    narrow: bool = False
