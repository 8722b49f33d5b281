"""One run of any experiment from its beginning to its end, in this process: record, log, progress, interruption."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn, TextIO

from tqdm.auto import tqdm

from rnnkit.common.interrupts import interruption_in
from rnnkit.record.file import save
from rnnkit.runs.broken import BrokenCell
from rnnkit.runs.experiment import FINISHED, RUNNING, Experiment, Run
from rnnkit.runs.files import RunFiles
from rnnkit.runs.modelfile import BUILTIN, Cells, announce

FIRST_SAVE = 1.0  # minutes: what is lost before the first save is lost for good
SAVE_EVERY = 5.0  # minutes, for settings without a saveFreq of their own


def perform(
    experiment: Experiment,
    settings: Any,
    *,
    out: str | Path = ".",
    cells: Cells | None = None,
    resume: bool = False,
    echo: Callable[[str], None] | None = None,
    progress: bool = False,
    on_check: Callable[[Run, Any], None] | None = None,
) -> Path:
    """Carries a run out and writes ``{name}_final_state.npz`` and ``{name}.log``.

    On the way ``{name}_state.npz`` is written after a minute, then every ``saveFreq`` minutes, and on an interruption
    or an error. Files of an earlier run of this name are moved into a folder beside, never overwritten.

    Arguments:
        experiment: what the run is one of.
        settings: the run's.
        out: folder for the files; made if missing.
        cells: whose cells; the built-in ones by default.
        resume: go on from ``{name}_state.npz``; without one, start over and say so.
        echo: receives what the run has to say, block by block.
        progress: show a progress bar with the time left.
        on_check: called after each check with the run and what the check found.

    Returns:
        Path of the final record.

    Raises:
        BadValue: before any work.
        BrokenCell: a model.py broke on the way; the message names the line and its question.
    """
    say, cells = echo or (lambda text: None), cells or Cells()
    announce(cells)
    experiment.refuse(settings, cells)
    files = RunFiles(out, settings.name)
    files.make_folder()
    with ExitStack() as stack:
        stack.enter_context(files.lock())
        state, notice = files.stored(experiment, settings, cells.sha256) if resume else (None, "")
        if state is not None and str(state["status"]) != RUNNING:
            say(f"{settings.name}: already {state['status']}, nothing to do; see {files.final}")
            return files.final
        run = experiment.begin(settings, cells)
        remark = run.restore(state) if state is not None else None
        handed_over = run.ready()
        if state is not None:
            notice = "; ".join(filter(None, [f"{settings.name}: resumed after {run.updates} updates", remark]))
        elif kept := files.keep_aside():
            notice = f"{notice}\n{settings.name}: an earlier run's files are kept in {kept}"

        log = stack.enter_context(open(files.log, "a", encoding="utf-8", buffering=1))
        total = experiment.total(settings)
        bar = stack.enter_context(
            tqdm(total=total, initial=run.updates, desc=settings.name, unit="update", disable=not progress)
        )
        stack.callback(files.progress.unlink, missing_ok=True)  # what is left, a kill has left
        tell = _teller(log, say, bar)
        command = experiment.own_command(settings)
        tell("\n".join(filter(None, [command, _cells_line(cells), handed_over, notice.strip()])))
        _Loop(experiment, settings, cells, run, files).go(tell, bar, on_check)
        save(files.final, experiment.trimmed(experiment.content(run, settings, cells)))
        files.state.unlink(missing_ok=True)
        tell(experiment.closing(settings, run.status, run.updates))
        tell(f"{settings.name}: record in {files.final}")
    return files.final


class _Loop:
    """Consumes the checkpoints: prints, saves now and then, and saves once more when it is broken off."""

    def __init__(self, experiment: Experiment, settings: Any, cells: Cells, run: Run, files: RunFiles) -> None:
        self.experiment, self.settings, self.cells, self.run, self.files = experiment, settings, cells, run, files
        self.kept = None if run.keeps_last_check else self.content()

    def content(self) -> dict[str, Any]:
        """The record as it is now."""
        return self.experiment.content(self.run, self.settings, self.cells)

    def go(self, tell: Callable[[str], None], bar: tqdm, on_check: Callable | None) -> None:
        """To the end of the run."""
        run, name, saving = self.run, self.settings.name, SaveTimes(getattr(self.settings, "saveFreq", SAVE_EVERY))
        run.on_update = lambda updates: bar.update(updates - bar.n)
        try:
            for check in run.checkpoints():
                tell(self.experiment.describe(self.settings, check, run.updates))
                bar.update(run.updates - bar.n)
                bar.set_postfix_str(self.experiment.brief(check))
                self.files.show_progress(run.updates)
                if not run.keeps_last_check:
                    self.kept = self.content()
                if on_check:
                    on_check(run, check)
                if saving.due():
                    if said := run.ready():
                        tell(said)
                    save(self.files.state, self.kept or self.content())
                    saving.done()
            if run.status == RUNNING:
                run.status = FINISHED
        except BaseException as error:
            # One that came while compiled code was being called is an error's cause.
            error = (isinstance(error, SystemError) and interruption_in(error)) or error
            save(self.files.state, self.kept or self.content())
            broken = run.blame(error)
            reason = broken or f"{type(error).__name__}: {error}"
            what = "interrupted" if isinstance(error, KeyboardInterrupt) else f"broken off ({reason})"
            tell(f"{name}: {what} after {run.updates} updates; saved as of the last check, --resume goes on")
            raise_blamed(broken, error)


class SaveTimes:
    """When a run saves its state: after a minute, then every ``minutes``, or sooner where those are less."""

    def __init__(self, minutes: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.minutes, self.clock = minutes, clock
        self.next = clock() + 60 * min(FIRST_SAVE, minutes)

    def due(self) -> bool:
        """Whether it is time."""
        return self.clock() >= self.next

    def done(self) -> None:
        """It was saved now."""
        self.next = self.clock() + 60 * self.minutes


def raise_blamed(broken: BrokenCell | None, error: BaseException) -> NoReturn:
    """Raises what speaks of a student's line, where there is such a line, else the error as it was."""
    if broken is None or broken is error:
        raise error from error.__cause__
    raise broken from error


def _teller(log: TextIO, say: Callable[[str], None], bar: tqdm) -> Callable[[str], None]:
    """Writes to the log and to whoever listens, above the progress bar where there is one."""

    def tell(text: str) -> None:
        log.write(text + "\n")
        if bar.disable:
            say(text)
        else:
            with bar.external_write_mode():
                say(text)

    return tell


def _cells_line(cells: Cells) -> str:
    return "" if cells.source == BUILTIN else f"cells: {cells.source} (sha256 {cells.sha256[:12]})"
