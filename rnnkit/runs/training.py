"""Experiments whose settings are a `Regime`: any run of the trainer, with built-in cells or those of a model.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from rnnkit.common.names import lookup
from rnnkit.engines import ENGINES, AutogradEngine, get_engine
from rnnkit.engines.handover import difference
from rnnkit.record.anchors import ANCHOR_KEYS, anchors_of
from rnnkit.record.facts import clipped_percent, facts_of, learnt_at
from rnnkit.record.file import check_belongs, empty_arrays, last_filled, trimmed
from rnnkit.record.find import Handout
from rnnkit.record.keys import KEYS, Key
from rnnkit.record.npz import Members
from rnnkit.regimes import PROFILES, REGIMES, Regime, RegimeError, chosen_regime
from rnnkit.runs.broken import RAISED, BrokenCell
from rnnkit.runs.estimate import Pace, pace_of
from rnnkit.runs.experiment import Experiment, Record, Run
from rnnkit.runs.modelfile import BUILTIN, Cells, find_cells, make_cell
from rnnkit.runs.perform import RunFiles, perform
from rnnkit.runs.replay import Stretch
from rnnkit.runs.replay_regime import stretches
from rnnkit.runs.report_text import check_block, closing_line
from rnnkit.settings import without_effect
from rnnkit.trainer import Checkpoint, Trainer, check_device, content

CHOICES = (*ENGINES, "auto")
CURVES = ("valid_nll", "valid_error", "rho_Whh")  # nats, percent, spectral radius
DIGITS = 5


class Training(Run):
    """A trainer at work, by one of `CHOICES`."""

    keeps_last_check = True

    def __init__(self, regime: Regime, cells: Cells, engine: str) -> None:
        self.cells, self._asked = cells, engine
        self.trainer = Trainer(regime, None if cells.source == BUILTIN else make_cell(regime, cells))

    def checkpoints(self) -> Iterator[Checkpoint]:

        def count(updates: int) -> None:
            self.updates = updates
            self.on_update(updates)

        yield from self.trainer.checkpoints(count)
        self.status = self.trainer.status

    def state(self) -> dict[str, Any]:
        return content(self.trainer, self.cells.sha256)

    def restore(self, state: Record) -> str | None:
        self.trainer.restore(dict(state))
        self.updates = self.trainer.updates
        if self.updates and not anchors_of(dict(state)):
            return "the state is of an older rnnkit: anchors from here on only"
        return None

    def ready(self) -> str:
        """Gives the trainer its engine; at a save the fast one has to show again that it is the right one."""
        asked, self._asked = self._asked, ""  # at the first call alone
        trainer, name = self.trainer, self.trainer.regime.model.upper()
        if asked == "autograd":
            trainer.engine = get_engine(asked)
            return ""
        if self.cells.source == BUILTIN or not (asked or trainer.engine.name == "fused"):
            return ""
        try:
            reason = difference(trainer.cell, trainer.head, trainer.diag_batch)
        except RAISED as error:
            if broken := self.blame(error):
                raise broken from error
            raise
        if reason and asked == "fused":
            raise RegimeError(
                f"--engine fused: expected an {name} that computes what the built-in one does, and shows it; {reason}; "
                "take --engine autograd"
            )
        trainer.engine = get_engine("autograd" if reason else "fused")
        if reason:
            return f"engine autograd, by the {name}'s own code: it is not known to be the built-in one ({reason})"
        return (
            f"engine fused: this {name} computes what the built-in one does (tried at these weights)" if asked else ""
        )

    def blame(self, error: BaseException) -> BrokenCell | None:
        """What to raise instead of an error in the trainer's cell; None where the error is nobody's there."""
        trainer = self.trainer
        return self.cells.blame(
            error, trainer.regime.model, lambda: AutogradEngine().run(trainer.cell, trainer.head, trainer.diag_batch)
        )


@dataclass(frozen=True)
class RegimeExperiment(Handout, Experiment):
    """Runs of the trainer. See `rnnkit.runs.experiment.Experiment`.

    Fields:
        engine: ``autograd`` trains any cell by its own code; ``fused`` is fast, and refuses cells that are not shown to
            compute what the built-in ones do; ``auto`` is fused where that can be shown, else autograd, and says so.
    """

    assignment: str = ""
    runs: Mapping[str, Regime] = field(default_factory=lambda: REGIMES)
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: PROFILES)
    engine: str = "auto"

    names_run: ClassVar[str] = "regime"
    shown: ClassVar[tuple[str, ...]] = (
        *("regime", "profile", "status", "updates", "valid nll", "valid error %", "best error %", "median log10 g"),
    )

    def begin(self, settings: Regime, cells: Cells) -> Training:
        return Training(settings, cells, self.engine)

    def schema(self, settings: Regime) -> dict[str, Key]:
        """Curves, diagnostics and anchors; the weights have the equations' names and shapes."""
        return {name: (KEYS | ANCHOR_KEYS)[name] for name in (*empty_arrays(settings), *ANCHOR_KEYS)}

    def row(self, record: Record) -> dict[str, Any]:
        """Errors in percent, losses in nats, wall_time in seconds."""
        filled = slice(last_filled(dict(record)) + 1)
        errors, losses = record["valid_error"][filled], record["valid_nll"][filled]
        return {
            "valid_error": round(float(errors[-1]), 4),
            "best_error": _smallest(errors, 4),
            "valid_nll": round(float(losses[-1]), 5),
            "best_nll": _smallest(losses, 5),
            "wall_time": round(float(record["wall_time"][filled][-1]), 1),
        }

    def summary(self, record: Record) -> dict[str, Any]:
        """The facts of a run, without the time that it took."""
        return {name: value for name, value in facts_of(dict(record)).row().items() if name != "seconds"}

    def compared(self, record: Record) -> dict[str, Any]:
        """The last error, when it learnt, how much was clipped, then the other facts."""
        row = super().compared(record)
        own = {"learnt at": learnt_at(dict(record)), "clipped %": round(clipped_percent(dict(record)), 1)}
        return {"valid error %": row.pop("valid error %")} | own | row

    def curves(self, record: Record) -> list[dict[str, Any]]:
        """Updates done at each check, and `CURVES`."""
        return [
            {"updates": int(updates)} | {name: round(float(record[name][check]), DIGITS) for name in CURVES}
            for check, updates in enumerate(record["check_updates"])
            if updates >= 0
        ]

    def get(self, name: str, /, profile: str = "full", **overrides: Any) -> Regime:
        """A regime by its short or long name; one with overrides without effect is refused."""
        return chosen_regime(name, profile, **overrides)

    def refuse(self, settings: Regime, cells: Cells) -> None:
        check_device(settings)
        lookup(dict.fromkeys(CHOICES), self.engine, "engine")
        make_cell(settings, cells)

    def without_effect(self, settings: Regime, given: Iterable[str]) -> str:
        return without_effect(settings, given)

    def describe(self, settings: Regime, check: Checkpoint, updates: int) -> str:
        return check_block(settings, check)

    def closing(self, settings: Regime, status: str, updates: int) -> str:
        return closing_line(settings, status, updates)

    def content(self, run: Run, settings: Regime, cells: Cells) -> dict[str, Any]:
        """A run's state is its whole record."""
        return run.state()

    def trimmed(self, content: dict[str, Any]) -> dict[str, Any]:
        return trimmed(content)

    def check_belongs(self, content: Record, settings: Regime, cells_sha256: str, path: Path) -> None:
        check_belongs(dict(content), settings, self.engine, cells_sha256, path)

    def checked(self, record: Record) -> bool:
        return bool((record["check_updates"] >= 0).any())

    def kind_of(self, settings: Regime) -> Regime:
        """Without what takes no time."""
        return settings.replace(name="x", seed=0, valid_seed=0, clipstyle="nothing", cutoff=1.0, saveFreq=5.0)

    def pace(self, settings: Regime, cells: Cells) -> Pace:
        return pace_of(settings, cells)

    def stretches(self, members: Members, settings: Regime, cells: Cells, rng: Any) -> Sequence[Stretch]:
        """Its beginning and stretches between anchors."""
        return stretches(members, settings, cells, rng)

    def own_command(self, settings: Regime) -> str:
        """With rnnkit's own module."""
        return settings.command("rnnkit.train")

    def brief(self, check: Checkpoint) -> str:
        """Loss and error of the validation."""
        return f"valid nll {check.values['valid_nll']:.3f}, error {check.values['valid_error']:.1f} %"


def _smallest(values: np.ndarray, digits: int) -> float:
    """Of those that are numbers; infinite where none is."""
    return round(float(values[values == values].min(initial=float("inf"))), digits)


def train(
    regime: Regime,
    *,
    out: str | Path = ".",
    cells: str | Path | None = None,
    engine: str = "auto",
    resume: bool = False,
    echo: Callable[[str], None] | None = None,
    progress: bool = False,
    on_check: Callable[[Trainer, Checkpoint], None] | None = None,
) -> Path:
    """Trains a regime to its end; returns the path of the final record.

    Arguments:
        cells: a model.py, ``builtin``, or None: ``./model.py`` if there is one, else the built-in cells.
        engine: see `RegimeExperiment`.
        on_check: called after each check with the trainer and the checkpoint.
        out, resume, echo, progress: see `rnnkit.runs.perform.perform`, also for the files and the errors.
    """
    return perform(
        RegimeExperiment(engine=engine),
        regime,
        out=out,
        cells=find_cells(cells),
        resume=resume,
        echo=echo,
        progress=progress,
        on_check=on_check and (lambda run, check: on_check(run.trainer, check)),
    )


def can_resume(regime: Regime, *, out: str | Path = ".", cells: str | Path | None = None, engine: str = "auto") -> bool:
    """Whether ``train(..., resume=True)`` would find a run of these settings to go on from, finished or not."""
    return RunFiles(out, regime.name).can_resume(RegimeExperiment(engine=engine), regime, find_cells(cells).sha256)
