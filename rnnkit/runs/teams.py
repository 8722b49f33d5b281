"""Runs that are trained as one where their shapes agree: what stands in each of them, and what trains them.

A team takes every update together; each member has the record that it has alone.
"""

from __future__ import annotations

import json
import math
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from rnnkit.common.names import BadValue, lookup
from rnnkit.record.keys import Key
from rnnkit.runs.experiment import Experiment, Record, Run, Settings
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.perform import RunFiles, perform


class MemberSettings(Settings):
    """Settings of a member of a team, which is trained in ``epochs`` of ``batches`` updates if it says nothing else."""

    epochs: int
    batches: int

    @property
    def idle(self) -> str:
        """Which setting is not the usual one and changes nothing; empty where none is."""
        return ""

    @property
    def maxiters(self) -> int:
        """Updates of a whole run."""
        return self.epochs * self.batches

    @property
    def checkpoints(self) -> int:
        """How often it is looked at."""
        return self.epochs

    def refuse(self, known: Mapping[str, Iterable[str]], least: Mapping[str, float], of: str = "") -> None:
        """Refuses bad settings (BadValue).

        Arguments:
            known: the words of a setting, by its name.
            least: its least number, by its name.
            of: says behind that number whose it is.
        """
        for name, words in known.items():
            lookup(dict.fromkeys(words), getattr(self, name), name)
        for name, low in least.items():
            if not low <= getattr(self, name) < math.inf:
                raise BadValue(f"{name}: expected at least {low}{of}, got {getattr(self, name)}")


class Member(Run):
    """One run of a team, whose curves grow by the same number of values from check to check.

    Attributes:
        settings: its own.
        team: who trains with it, itself among them.
        weights: ``(P,)``, all in one row.
        moments: ``(2, P)``, what an update carries to the next one.
        rng: the generator of its batches; see `stream` and `follow` for one that is not numpy's usual kind.
        curves: values so far, by name.
        seconds: its share of the time in training.
        told: values of a curve that were told at a check.
    """

    def __init__(self, settings: Any, weights: np.ndarray, rng: Any, curves: Sequence[str]) -> None:
        self.settings, self.weights, self.rng = settings, weights, rng
        self.team: list[Any] = [self]
        self.moments = np.zeros((2, len(weights)), weights.dtype)
        self.curves: dict[str, list[float]] = {name: [] for name in curves}
        self.seconds, self.told = 0.0, 0

    @abstractmethod
    def go_on(self, team: Sequence[Self]) -> None:
        """Trains these runs, this one among them, up to the next check, in place; all are equally far."""

    @property
    def due(self) -> int:
        """Values that a curve has at the end."""
        return self.settings.epochs

    @property
    def done(self) -> int:
        """Values that a curve has now."""
        return len(next(iter(self.curves.values())))

    @property
    def lost(self) -> bool:
        """Whether the last values hold one that is no number."""
        return not all(np.isfinite(values[-1]) for values in self.curves.values() if values)

    @property
    def waits(self) -> bool:
        """Whether it may be trained on: there is more to come, and the last check was told."""
        return self.told == self.done < self.due and not self.lost

    def checkpoints(self) -> Iterator[dict[str, float]]:
        while self.waits or self.told < self.done:
            if self.waits:
                self.go_on([run for run in self.team if run.waits and run.done == self.done])
            since, self.told = self.told, self.done
            yield self.found(since)
        if self.lost:
            self.status = "diverged"

    def found(self, since: int) -> dict[str, float]:
        """What a check says of the values that came since the last one: their means."""
        return {name: float(np.mean(values[since:])) for name, values in self.curves.items()}

    def stream(self) -> str:
        """Where the generator is, as JSON."""
        return json.dumps(self.rng.bit_generator.state)

    def follow(self, stream: str) -> None:
        """Goes on where `stream` was."""
        self.rng.bit_generator.state = json.loads(stream)

    def state(self) -> dict[str, Any]:
        arrays = {name: np.array(values, np.float64) for name, values in self.curves.items()}
        alone = {"seconds": self.seconds, "stream": self.stream()}
        return arrays | alone | {"weights": self.weights.copy(), "moments": self.moments.copy()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.weights, self.moments = state["weights"].copy(), state["moments"].copy()
        self.follow(str(state["stream"]))
        self.curves = {name: state[name].tolist() for name in self.curves}
        self.seconds, self.updates, self.told = float(state["seconds"]), int(state["updates"]), self.done


class Teams(Experiment):
    """An experiment whose runs are members of teams, with settings of `MemberSettings`."""

    member: ClassVar[Any]  # the class of its runs, made with settings
    facts: ClassVar[Any]  # gives those of a run, by its settings and its record
    keys: ClassVar[Mapping[str, Key]]  # of every record

    def begin(self, settings: Any, cells: Cells) -> Member:
        return self.member(settings)

    def begin_together(self, settings: Sequence[Any], cells: Cells) -> list[Run]:
        team = [self.begin(one, cells) for one in settings]
        for run in team:
            run.team = team
        return [*team]

    def refuse(self, settings: Any, cells: Cells) -> None:
        if settings.idle:
            raise BadValue(f"{settings.name}: {settings.idle}; leave it out")

    def without_effect(self, settings: Any, given: Any) -> str:
        return settings.idle

    def total(self, settings: Any) -> int:
        return settings.maxiters

    def schema(self, settings: Any) -> Mapping[str, Key]:
        return self.keys

    def row(self, record: Record) -> dict[str, Any]:
        return self.facts(self.settings_of(record), record)

    def train(
        self,
        settings: Any,
        out: str | Path,
        *,
        echo: Callable[[str], None] | None = None,
        progress: bool = False,
        on_check: Callable[[Any, Any], None] | None = None,
    ) -> dict[str, np.ndarray]:
        """Trains a run to its end, or goes on with what is there; returns its record. See `perform` for the files."""
        cells, files = Cells(), RunFiles(out, settings.name)
        resume = files.can_resume(self, settings, cells.sha256)
        how: dict[str, Any] = {"echo": echo, "progress": progress, "on_check": on_check}
        return self.load(perform(self, settings, out=out, cells=cells, resume=resume, **how))
