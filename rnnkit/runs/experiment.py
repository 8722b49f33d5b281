"""What an assignment trains: settings, named runs, and how one of them begins, goes on, and is told in a table.

An experiment of one's own is a frozen dataclass of `Settings`, a `Run` with a loop, and an `Experiment` that begins
it. Commands, records, resuming, sweeps and tables come with them::

    EXPERIMENT = Walks("my_assignment", {"short": Walk(name="short"), "long": Walk(name="long", steps=1000)})

in the module ``experiment`` of the assignment's folder is all that ``rnnkit run my_assignment`` looks for.
"""

from __future__ import annotations

import dataclasses
import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from rnnkit.common.names import BadValue, lookup
from rnnkit.record.file import RecordError, load, unreadable, versions
from rnnkit.record.keys import Key
from rnnkit.runs.replay import FromBeginning, Stretch
from rnnkit.settings import NAME, NAMED, Fields

if TYPE_CHECKING:
    from rnnkit.record.asked import Asked
    from rnnkit.record.npz import Members
    from rnnkit.runs.broken import BrokenCell
    from rnnkit.runs.estimate import Pace
    from rnnkit.runs.modelfile import Cells

Record = Mapping[str, Any]
RUNNING, FINISHED = "running", "finished"
KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}


@dataclass(frozen=True)
class Settings(Fields):
    """Every setting of one run; a subclass adds fields with defaults, and each is a flag.

    Fields:
        name: of the run's folder and files.

    Raises:
        BadValue: a name that no file can have, or a value of another type than the field's default.
    """

    name: str = "run"

    def __post_init__(self) -> None:
        for name, one in self.fields().items():
            value, kind = getattr(self, name), type(one.default)
            if kind is float and type(value) is int:
                object.__setattr__(self, name, float(value))
            elif type(value) is not kind:
                raise BadValue(f"{name}: expected {KINDS.get(kind, kind.__name__)}, got {value!r}")
        if not NAME.fullmatch(self.name):
            raise BadValue(f"name: expected {NAMED}, got {self.name!r}")


class Run(ABC):
    """One run on its way, as `Experiment.begin` returns it.

    Attributes:
        updates: steps done.
        status: ``running``; when the checkpoints are over it is ``finished``, or what else the run has set.
        on_update: may be called with the steps done, between two checkpoints as well.
        keeps_last_check: whether `state` is as of the last checkpoint at any moment. Otherwise it is asked at every
            checkpoint, so that an interruption saves nothing half-done.
    """

    updates: int = 0
    status: str = RUNNING
    on_update: Callable[[int], object] = staticmethod(lambda updates: None)
    keeps_last_check: ClassVar[bool] = False

    @abstractmethod
    def checkpoints(self) -> Iterator[Any]:
        """Goes on to the end; yields what each check found, for most experiments numbers by name."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Copies of all that is needed to go on, and of what the record shall have: arrays by name."""

    @abstractmethod
    def restore(self, state: Record) -> str | None:
        """Goes on from what `state` returned for equal settings; what there is to say of it, if anything."""

    def ready(self) -> str:
        """Called before the first checkpoint and before every save; a line to be logged, or nothing."""
        return ""

    def blame(self, error: BaseException) -> BrokenCell | None:
        """What to raise instead of an error that came up in a student's code; None where it is nobody's."""
        return None


@dataclass(frozen=True)
class Experiment(ABC):
    """What one assignment trains.

    Fields:
        assignment: its name.
        runs: settings by short name, each with a `Settings.name` of its own.
        profiles: changes that make any run smaller, by name; ``full`` is the runs as they are.
        due: names of the runs that are trained where none is named; all by default.
        on_page: those that ``rnnkit report`` trains; the same by default.
        notebook: the file, below the assignment's folder, that papermill executes for each run; empty for none.
        asked: what students foretell of a run, see `rnnkit.notebook.predict`; nothing by default.
    """

    assignment: str
    runs: Mapping[str, Any]
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"full": {}})
    due: tuple[str, ...] = ()
    on_page: tuple[str, ...] = ()
    notebook: str = ""
    asked: tuple[Asked, ...] = ()

    settings: ClassVar[Any]  # the class of settings
    key: ClassVar[str] = "settings"  # of the record, for the settings as JSON
    names_run: ClassVar[str] = "run"  # the notebook's parameter that names the run
    shown: ClassVar[tuple[str, ...]] = ()  # columns of the summary that a terminal shows; all by default
    solves: ClassVar[bool] = True  # whether a run may solve its task, see `solved`, so that a sweep counts the seeds

    @abstractmethod
    def begin(self, settings: Any, cells: Cells) -> Run:
        """A run that has not begun, of these cells if it trains any."""

    @abstractmethod
    def schema(self, settings: Any) -> Mapping[str, Key]:
        """The arrays that the record of such a run has, by name."""

    @abstractmethod
    def row(self, record: Record) -> dict[str, Any]:
        """What a table says of a run besides its name, status and updates."""

    @abstractmethod
    def total(self, settings: Any) -> int:
        """The steps of a whole run."""

    # ---- what an experiment may have another way ----------------------------------------------------------------

    def get(self, name: str, /, profile: str = "full", **overrides: Any) -> Any:
        """Settings by their short name, or by their own (BadValue: unknown, or a bad value)."""
        long = {settings.name: settings for settings in self.runs.values()}
        settings = long[name] if name in long else lookup(self.runs, name, "run")
        return settings.replace(**(dict(lookup(self.profiles, profile, "profile")) | overrides))

    def alike(self, settings: Any) -> Hashable:
        """Equal for runs that are trained best together, as `begin_together` begins them; None for a run alone."""
        return None

    def begin_together(self, settings: Sequence[Any], cells: Cells) -> list[Run]:
        """Runs that have not begun, of equal `alike`, that share their work; each must come out as it does alone.

        Their checkpoints are taken in turn, one of each, until they are over.
        """
        return [self.begin(one, cells) for one in settings]

    def refuse(self, settings: Any, cells: Cells) -> None:  # noqa: B027
        """Raises BadValue for what cannot be trained here, before any work."""

    def without_effect(self, settings: Any, given: Any) -> str:
        """Why one of the settings that were given cannot change a run; empty where all can."""
        return ""

    def describe(self, settings: Any, check: Any, updates: int) -> str:
        """What is logged of a check."""
        values = [f"{name} {value:.4g}" for name, value in check.items()] if isinstance(check, Mapping) else []
        return " | ".join([f"{settings.name}: {updates} of {self.total(settings)}", *values])

    def closing(self, settings: Any, status: str, updates: int) -> str:
        """How a run ended, in one line."""
        return f"{settings.name}: {status} after {updates} updates"

    def content(self, run: Run, settings: Any, cells: Cells) -> dict[str, Any]:
        """All that the record of a run on its way holds."""
        header = {self.key: settings.to_json(), "updates": run.updates, "status": run.status}
        return header | {"cells_sha256": cells.sha256, "versions": versions()} | run.state()

    def trimmed(self, content: dict[str, Any]) -> dict[str, Any]:
        """A record of a run that has ended, without room for what does not come any more."""
        return content

    def check_belongs(self, content: Record, settings: Any, cells_sha256: str, path: Path) -> None:
        """Refuses a state that another run wrote (RecordError names the first difference)."""
        for name in (*self.schema(settings), self.key, "updates", "status", "cells_sha256", "versions"):
            if name not in content:
                raise RecordError(f"{path}: expected the key {name!r}, found none; move the file away and train again")
        advice = "give the settings it was made with, or another place"
        stored = self.settings_of(content).identity() | {"cells_sha256": str(content["cells_sha256"])}
        for name, value in (settings.identity() | {"cells_sha256": cells_sha256}).items():
            if stored[name] != value:
                raise RecordError(
                    f"{path}: expected a run with {name} {value!r}, got one with {stored[name]!r}; {advice}"
                )

    def settings_of(self, content: Record) -> Any:
        """The settings that a record was made with (RecordError where they cannot be read)."""
        try:
            return self.settings.from_json(str(content[self.key]))
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable("settings", content, error) from None

    def load(self, path: Path) -> dict[str, np.ndarray]:
        """A record of this experiment (RecordError: it cannot be read, or is another's)."""
        record = load(path)
        self.settings_of(record)
        return record

    def checked(self, record: Record) -> bool:
        """Whether a record holds anything that a table can tell."""
        return True

    def named(self, settings: Any) -> tuple[str, str]:
        """Which named run has exactly these settings, and at which profile; ("", custom) if none has."""
        known = ((name, profile) for profile in self.profiles for name in self.runs)
        return next((one for one in known if self.get(*one).identity() == settings.identity()), ("", "custom"))

    def key_of(self, name: str) -> tuple[str, str]:
        """Short and long name of a run; an empty one and the name itself for any that is not named."""
        pairs = ((key, settings.name) for key, settings in self.runs.items() if name in (key, settings.name))
        return next(pairs, ("", name))

    def nearest(self, settings: Any, key: str) -> str:
        """The profile of a named run that has the most settings in common with these."""
        return min(self.profiles, key=lambda profile: len(_differences(self.get(key, profile), settings)))

    def differences(self, settings: Any, key: str) -> list[str]:
        """How a run differs from a named one at its nearest profile: ``rate 0.5 (due 0.1)``, ``profile tiny``."""
        due, profile = self.get(key), self.nearest(settings, key)
        changed = _differences(self.get(key, profile), settings)
        told = [f"{name} {value!r} (due {getattr(due, name)!r})" for name, value in changed.items() if name != "name"]
        return told + ([f"profile {profile}"] if told and profile != next(iter(self.profiles)) else [])

    def summary(self, record: Record) -> dict[str, Any]:
        """The row of a folder's summary: all that stands there must come out the same again."""
        settings = self.settings_of(record)
        status = str(record["status"])
        named = {self.names_run: settings.name, "profile": self.named(settings)[1]}
        done = {"status": "unfinished" if status == RUNNING else status, "updates": int(record["updates"])}
        return named | done | self.row(record)

    def stretches(self, members: Members, settings: Any, cells: Cells, rng: Any) -> Sequence[Stretch]:
        """What of a record can be done again, see `rnnkit.runs.replay`; ``rng`` draws where it is not all."""
        return [FromBeginning(self, members, settings, cells)]

    def results(self, record: Record) -> dict[str, Any]:
        """The row of a sweep's table."""
        return {"status": str(record["status"]), "updates": int(record["updates"])} | self.row(record)

    def solved(self, row: Mapping[str, Any]) -> bool:
        """Whether a run solved its task, by its row of `results`."""
        return row.get("status") == "solved"

    def curves(self, record: Record) -> list[dict[str, Any]]:
        """A row for each check of a run, for a table beside a sweep's; none where there are no curves to tell."""
        return []

    def compared(self, record: Record) -> dict[str, Any]:
        """What is set side by side where many train the same run, what rows are sorted by first; `summary` by default.

        Numbers that are none yet are None.
        """
        aside = (self.names_run, "profile", "status")
        return {name: value for name, value in self.summary(record).items() if name not in aside}

    def command(self, settings: Any) -> str:
        """The command line that makes this run."""
        nearest = min(self.runs, key=lambda name: len(_differences(self.runs[name], settings)))
        changes = [f"--set {shlex.quote(f'{n}={v}')}" for n, v in _differences(self.runs[nearest], settings).items()]
        return " ".join(["rnnkit run", self.assignment, nearest, *changes])

    def own_command(self, settings: Any) -> str:
        """The same in rnnkit's own words, for the log."""
        return self.command(settings)

    def brief(self, check: Any) -> str:
        """What stands behind a progress bar."""
        values = list(check.items())[:2] if isinstance(check, Mapping) else []
        return ", ".join(f"{name} {value:.4g}" for name, value in values)

    def kind_of(self, settings: Any) -> Any:
        """The same for all settings that take the same time: they are timed once."""
        return settings

    def pace(self, settings: Any, cells: Cells) -> Pace | None:
        """How long a run takes here, timed now; None for an experiment that cannot tell."""
        return None

    def page(self, records: Mapping[str, Record]) -> dict[str, Any]:
        """What the HTML page shows of runs, by their labels; see `rnnkit.plots.page.write_page`."""
        facts = {label: self.summary(record) for label, record in records.items()}
        words = {label: [self.command(self.settings_of(record))] for label, record in records.items()}
        runs = [{"title": label, "status": row["status"], "words": words[label]} for label, row in facts.items()]
        return {"title": self.assignment, "facts": facts, "runs": runs}


def _differences(settings: Settings, other: Settings) -> dict[str, Any]:
    mine, others = dataclasses.asdict(settings), dataclasses.asdict(other)
    return {name: value for name, value in others.items() if mine[name] != value}
