"""One run of any experiment from its beginning to its end, in this process: files, log, progress, interruption."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from rnnkit.common.interrupts import interruption_in
from rnnkit.common.lock import locked
from rnnkit.common.names import BadValue
from rnnkit.common.whole import PART, free_name, unfinished
from rnnkit.record.file import RecordError, refuse_another_major, save
from rnnkit.record.keys import FINAL, STATE
from rnnkit.runs.broken import BrokenCell
from rnnkit.runs.experiment import FINISHED, RUNNING, Experiment, Run
from rnnkit.runs.modelfile import Cells, announce

FIRST_SAVE = 1.0  # minutes: what is lost before the first save is lost for good
SAVE_EVERY = 5.0  # minutes, for settings without a saveFreq of their own
OVER = object()
LOCK_PATIENCE = 10  # seconds: the trainings of a killed batch need one or two to notice that they are orphans


class OutputError(BadValue):
    """A folder that cannot be written to."""


class RunFiles:
    """``{name}_final_state.npz``, ``{name}_state.npz`` (on the way) and ``{name}.log`` in a folder."""

    def __init__(self, out: str | Path, name: str) -> None:
        self.out, self.name = Path(out), name
        self.final = self.out / f"{name}{FINAL}"
        self.state = self.out / f"{name}{STATE}"
        self.log = self.out / f"{name}.log"
        self.progress = self.out / f".{name}.progress"  # updates done at the last check, while somebody trains

    def make_folder(self) -> None:
        """Makes the folder if it is missing (OutputError where it cannot be made or written to)."""
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"expected a folder or a place for one, got: {error.strerror}"
            raise OutputError(f"--out {self.out}: {reason}; choose another one") from None
        if not os.access(self.out, os.W_OK):
            raise OutputError(f"--out {self.out}: expected a folder that may be written to; choose another one")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps other processes from training into these files (OutputError) until this one is done, or ends."""
        refusal = OutputError(
            f"{self.log}: another process is training into this file; wait for it to end, or choose another --out"
        )
        with locked(self.out / f".{self.name}.lock", refusal, LOCK_PATIENCE):
            for half in (*unfinished(self.final), *unfinished(self.state)):
                half.unlink(missing_ok=True)  # a killed process was writing it
            yield

    def show_progress(self, updates: int) -> None:
        """Says how far a run is, for whoever watches it from another process."""
        part = self.progress.with_suffix(PART)
        with suppress(OSError):  # a full disk is met where it matters
            part.write_text(str(updates))
            part.replace(self.progress)

    def live_updates(self) -> int:
        """Updates that a run at work has done by its last check; 0 where none is at work, or not so far."""
        try:
            return int(self.progress.read_text())
        except (OSError, ValueError):
            return 0

    def stored(self, experiment: Experiment, settings: Any, sha256: str) -> dict[str, np.ndarray] | None:
        """What an earlier run of the same settings, cells, engine and major version left (RecordError: another did)."""
        path = next((path for path in (self.final, self.state) if path.exists()), None)
        if path is None:
            return None
        record = experiment.load(path)
        refuse_another_major(record, path)
        experiment.check_belongs(record, settings, sha256, path)
        return record

    def can_resume(self, experiment: Experiment, settings: Any, sha256: str) -> bool:
        """Whether there is something to go on from."""
        try:
            return self.stored(experiment, settings, sha256) is not None
        except RecordError:
            return False

    def keep_aside(self) -> Path | None:
        """Moves an earlier run's files into a new folder ``{name}_kept_1``, ``_2`` …; None where there are none."""
        old = [path for path in (self.final, self.state, self.log) if path.exists()]
        if not old:
            return None
        kept = free_name(self.out / self.name)
        kept.mkdir()
        for path in old:
            path.rename(kept / path.name)
        return kept


def perform(
    experiment: Experiment,
    settings: Any,
    *,
    out: str | Path,
    cells: Cells,
    resume: bool,
    echo: Callable[[str], None] | None = None,
    progress: bool = False,
    on_check: Callable[[Run, Any], None] | None = None,
) -> Path:
    """Carries a run out and writes ``{name}_final_state.npz`` and ``{name}.log``; returns the final record's path.

    On the way ``{name}_state.npz`` is written after a minute, then every ``saveFreq`` minutes, and on an interruption
    or an error. Files of an earlier run of this name are moved into a folder beside, never overwritten.

    Arguments:
        out: folder for the files; made if missing.
        resume: go on from ``{name}_state.npz``; without one, start over and say so.
        echo: receives what the run has to say, block by block.
        progress: show a progress bar with the time left.
        on_check: called after each check with the run and what the check found.
    """
    announce(cells)
    experiment.refuse(settings, cells)
    files = RunFiles(out, settings.name)

    def begin() -> Run:
        return experiment.begin(settings, cells)

    _in_turn([_performing(experiment, settings, begin, files, cells, resume, echo, progress, on_check)])
    return files.final


def perform_together(experiment: Experiment, members: Sequence[tuple[Any, str | Path]], cells: Cells) -> None:
    """Carries out runs that share their work, each as `perform` does, one checkpoint of each in turn.

    Arguments:
        members: settings of equal `Experiment.alike`, and the folder of each; a run that is there goes on.
    """
    left = []
    for settings, out in members:
        experiment.refuse(settings, cells)
        files = RunFiles(out, settings.name)
        resume = files.can_resume(experiment, settings, cells.sha256)
        stored = files.stored(experiment, settings, cells.sha256) if resume else None
        if stored is None or str(stored["status"]) == RUNNING:
            left.append((settings, files, resume))
    runs = experiment.begin_together([settings for settings, *_ in left], cells)
    _in_turn(
        [
            _performing(experiment, settings, partial(_the, run), files, cells, resume)
            for run, (settings, files, resume) in zip(runs, left, strict=True)
        ]
    )


def _the(run: Run) -> Run:
    return run


def _in_turn(ways: Sequence[Generator[None, None, None]]) -> None:
    """A step of each way, until all are at their end; where one breaks off, each of the others saves itself."""
    left = list(ways)
    try:
        while left:
            left = [way for way in left if next(way, OVER) is not OVER]
    except BaseException as error:
        for way in ways:
            with suppress(BaseException):
                way.throw(error)
        raise


def _performing(
    experiment: Experiment,
    settings: Any,
    begin: Callable[[], Run],
    files: RunFiles,
    cells: Cells,
    resume: bool,
    echo: Callable[[str], None] | None = None,
    progress: bool = False,
    on_check: Callable[[Run, Any], None] | None = None,
) -> Generator[None, None, None]:
    """See `perform`; stops once before the first checkpoint, and after each."""
    name, say = settings.name, echo or (lambda text: None)
    files.make_folder()
    with files.lock():
        state = files.stored(experiment, settings, cells.sha256) if resume else None
        if state is not None and str(state["status"]) != RUNNING:
            say(f"{name}: already {state['status']}, nothing to do; see {files.final}")
            return
        run = begin()
        remark = run.restore(state) if state is not None else None
        first = [experiment.own_command(settings), cells.told, run.ready()]
        if state is not None:
            first.append("; ".join(filter(None, [f"{name}: resumed after {run.updates} updates", remark])))
        else:
            first += [f"{name}: no saved state in {files.out}, starting over"] if resume else []
            first += [f"{name}: an earlier run's files are kept in {kept}"] if (kept := files.keep_aside()) else []
        with (
            open(files.log, "a", encoding="utf-8", buffering=1) as log,
            tqdm(
                total=experiment.total(settings), initial=run.updates, desc=name, unit="update", disable=not progress
            ) as bar,
        ):

            def tell(text: str) -> None:
                log.write(text + "\n")
                with bar.external_write_mode():  # above the progress bar, where there is one
                    say(text)

            def seen(check: Any) -> None:
                tell(experiment.describe(settings, check, run.updates))
                bar.update(run.updates - bar.n)
                bar.set_postfix_str(experiment.brief(check))
                files.show_progress(run.updates)
                if on_check:
                    on_check(run, check)

            tell("\n".join(filter(None, first)))
            run.on_update = lambda updates: bar.update(updates - bar.n)
            minutes = getattr(settings, "saveFreq", SAVE_EVERY)
            try:
                yield from _go(run, files, minutes, lambda: experiment.content(run, settings, cells), seen, tell)
                save(files.final, experiment.trimmed(experiment.content(run, settings, cells)))
                if run.status == "solved":  # or the bar would end in red
                    bar.total = bar.n
            finally:
                files.progress.unlink(missing_ok=True)  # what is left, a kill has left
            files.state.unlink(missing_ok=True)
            tell(experiment.closing(settings, run.status, run.updates))
            tell(f"{name}: record in {files.final}")


def _go(
    run: Run,
    files: RunFiles,
    minutes: float,
    content: Callable[[], dict[str, Any]],
    seen: Callable[[Any], None],
    tell: Callable[[str], None],
) -> Iterator[None]:
    """To the end of a run: each check is seen, the state saved now and then, and once more where it is broken off."""
    kept = None if run.keeps_last_check else content()
    due = monotonic() + 60 * min(FIRST_SAVE, minutes)
    try:
        yield
        for check in run.checkpoints():
            if not run.keeps_last_check:
                kept = content()
            seen(check)
            if monotonic() >= due:
                if said := run.ready():
                    tell(said)
                save(files.state, kept or content())
                due = monotonic() + 60 * minutes
            yield
        if run.status == RUNNING:
            run.status = FINISHED
    except BaseException as error:
        # One that came while compiled code was being called is an error's cause.
        error = (isinstance(error, SystemError) and interruption_in(error)) or error
        save(files.state, kept or content())
        if not isinstance(error, BrokenCell) and (broken := run.blame(error)):
            broken.__cause__ = error
            error = broken
        reason = error if isinstance(error, BrokenCell) else f"{type(error).__name__}: {error}"
        what = "interrupted" if isinstance(error, KeyboardInterrupt) else f"broken off ({reason})"
        tell(f"{files.name}: {what} after {run.updates} updates; saved as of the last check, --resume goes on")
        raise error from error.__cause__
