"""``python -m rnnkit.train``: trains one regime, with the handout's flags, and writes its log and record."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn, TextIO

import numpy as np
import torch
from tqdm.auto import tqdm

import rnnkit
from rnnkit.cli.guard import Parser
from rnnkit.common.interrupts import treat_as_interrupts
from rnnkit.common.names import BadValue, lookup, unknown
from rnnkit.engines import ENGINES, AutogradEngine, get_engine
from rnnkit.engines.handover.same import difference
from rnnkit.record.anchors import anchors_of
from rnnkit.record.file import save, trimmed, with_aliases
from rnnkit.regimes import FIELDS, Regime, RegimeError, profile_of
from rnnkit.runs.broken import RAISED, BrokenCell
from rnnkit.runs.files import RunFiles
from rnnkit.runs.modelfile import BUILTIN, Cells, announce, find_cells, make_cell
from rnnkit.runs.report_text import check_block, closing_line
from rnnkit.trainer import Trainer, check_device

REFUSED = 2  # exit code: a bad value, before any work
INTERRUPTED = 130
CHOICES = (*ENGINES, "auto")
FIRST_SAVE = 1.0  # minutes: what is lost before the first save is lost for good


def train(
    regime: Regime,
    *,
    out: str | Path = ".",
    cells: str | Path | None = None,
    engine: str = "auto",
    resume: bool = False,
    echo: Callable[[str], None] | None = None,
    progress: bool = False,
    on_check: Callable[[Trainer, Any], None] | None = None,
) -> Path:
    """Trains a regime to its end and writes ``{name}_final_state.npz`` and ``{name}.log``.

    On the way ``{name}_state.npz`` is written after a minute, then every ``saveFreq`` minutes, and on an interruption
    or an error. Files of an earlier run of this name are moved into a folder beside, never overwritten.

    Arguments:
        regime: the settings.
        out: folder for the files; made if missing.
        cells: a model.py, ``builtin``, or None: ``./model.py`` if there is one, else the built-in cells.
        engine: ``autograd`` trains any cell by its own code; ``fused`` is fast, and refuses cells that are not shown to
            compute what the built-in ones do; ``auto`` is fused where that can be shown, else autograd, and says so.
        resume: go on from ``{name}_state.npz``; without one, start over and say so.
        echo: receives what the run has to say, block by block.
        progress: show a progress bar with the time left.
        on_check: called after each check with the trainer and the checkpoint.

    Returns:
        Path of the final record.

    Raises:
        RegimeError, CellsError, RecordError, OutputError: a bad value, before any work.
        BrokenCell: a model.py broke on the way; the message names the line and its question.
    """
    say = echo or (lambda text: None)
    check_device(regime)
    lookup(dict.fromkeys(CHOICES), engine, "engine")
    found = find_cells(cells)
    announce(found)
    make_cell(regime, found)
    files = RunFiles(out, regime.name)
    files.make_folder()
    with ExitStack() as stack:
        stack.enter_context(files.lock())
        state, notice = files.stored(regime, engine, found.sha256) if resume else (None, "")
        if state is not None and str(state["status"]) != "running":
            say(f"{regime.name}: already {state['status']}, nothing to do; see {files.final}")
            return files.final
        trainer = Trainer(regime, found)
        if state is not None:
            trainer.restore(state)
        handed_over = hand_over(trainer, engine)
        if state is not None:
            notice = f"{regime.name}: resumed after {trainer.updates} updates"
            if trainer.updates and not anchors_of(state):
                notice += "; the state is of an older rnnkit: anchors from here on only"
        elif kept := files.keep_aside():
            notice = f"{notice}\n{regime.name}: an earlier run's files are kept in {kept}"

        log = stack.enter_context(open(files.log, "a", encoding="utf-8", buffering=1))
        bar = stack.enter_context(
            tqdm(total=regime.maxiters, initial=trainer.updates, desc=regime.name, unit="update", disable=not progress)
        )
        tell = _teller(log, say, bar)
        tell("\n".join(filter(None, [regime.command("rnnkit.train"), _cells_line(found), handed_over, notice.strip()])))
        _loop(trainer, files, tell, bar, on_check)
        save(files.final, trimmed(content(trainer)))
        files.state.unlink(missing_ok=True)
        tell(closing_line(regime, trainer.status, trainer.updates))
        tell(f"{regime.name}: record in {files.final}")
    return files.final


def can_resume(regime: Regime, *, out: str | Path = ".", cells: str | Path | None = None, engine: str = "auto") -> bool:
    """Whether ``train(..., resume=True)`` would find a run of these settings to go on from, finished or not."""
    return RunFiles(out, regime.name).can_resume(regime, engine, find_cells(cells).sha256)


def _loop(trainer: Trainer, files: RunFiles, tell: Callable, bar: tqdm, on_check: Callable | None) -> None:
    """Consumes the checkpoints: prints, saves now and then, and saves once more when it is broken off."""
    regime, saving = trainer.regime, _SaveTimes(trainer.regime.saveFreq)
    try:
        for check in trainer.checkpoints(on_update=lambda updates: bar.update()):
            tell(check_block(regime, check))
            bar.set_postfix_str(f"valid nll {check.values['valid_nll']:.3f}, error {check.values['valid_error']:.1f} %")
            if on_check:
                on_check(trainer, check)
            if saving.due():
                if trainer.engine.name == "fused" and (said := hand_over(trainer, "auto")):
                    tell(said)
                save(files.state, content(trainer))
                saving.done()
    except BaseException as error:
        if isinstance(error, SystemError) and isinstance(error.__cause__, KeyboardInterrupt):
            error = error.__cause__  # it came while compiled code was being called
        save(files.state, content(trainer))
        broken = error if isinstance(error, BrokenCell) else _blame(trainer, error)
        reason = broken or f"{type(error).__name__}: {error}"
        what = "interrupted" if isinstance(error, KeyboardInterrupt) else f"broken off ({reason})"
        tell(f"{regime.name}: {what} after {trainer.updates} updates; saved as of the last check, --resume goes on")
        _raise(broken, error)


class _SaveTimes:
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


def _raise(broken: BrokenCell | None, error: BaseException) -> NoReturn:
    """Raises what speaks of a student's line, where there is such a line, else the error as it was."""
    if broken is None or broken is error:
        raise error from error.__cause__
    raise broken from error


def _blame(trainer: Trainer, error: BaseException) -> BrokenCell | None:
    """What to raise instead of an error in the trainer's cell; None where the error is nobody's there."""

    def again() -> None:
        AutogradEngine().run(trainer.cell, trainer.head, trainer.diag_batch)

    return trainer.cells.blame(error, trainer.regime.model, again)


def content(trainer: Trainer) -> dict[str, Any]:
    """Everything that a record holds: curves, weights, random stream, anchors, settings."""
    regime = trainer.regime
    versions = {"rnnkit": rnnkit.__version__, "torch": torch.__version__, "numpy": np.__version__}
    header = {
        "regime": regime.to_json(),
        "profile": profile_of(regime),
        "engine": trainer.engine.name,
        "cells_sha256": trainer.cells.sha256,
        "versions": json.dumps(versions | {"python": platform.python_version()}),
        "valid_lengths": np.array(trainer.valid_lengths),
        "diag_len": regime.max_length,
        "diag_bs": min(regime.bs, regime.cbs),
        "checkFreq": regime.checkFreq,
        "act_name": trainer.cell.phi,
        "classif_type": trainer.task.head,
        "model_type": regime.model,
        "init": regime.init,
    }
    return with_aliases(trainer.state() | header, regime.model)


def hand_over(trainer: Trainer, engine: str) -> str:
    """Gives a trainer its engine; the fused one only for cells that compute, at its weights, what that engine does.

    Arguments:
        trainer: with the weights in use.
        engine: one of `CHOICES`.

    Returns:
        a line about it, empty where there is nothing to say.

    Raises:
        RegimeError: ``fused`` was asked for, and the cell is another one.
        BrokenCell: the cell broke when it was tried.
    """
    name, before = trainer.regime.model.upper(), trainer.engine.name
    if engine == "autograd":
        trainer.engine = get_engine(engine)
        return ""
    try:
        reason = "" if trainer.cells.source == BUILTIN else difference(trainer.cell, trainer.head, trainer.diag_batch)
    except RAISED as error:
        _raise(_blame(trainer, error), error)
    if reason and engine == "fused":
        raise RegimeError(
            f"--engine fused: expected an {name} that computes what the built-in one does, and shows it; {reason}; "
            "take --engine autograd"
        )
    trainer.engine = get_engine("autograd" if reason else "fused")
    if reason:
        return f"engine autograd, by the {name}'s own code: it is not known to be the built-in one ({reason})"
    if trainer.cells.source == BUILTIN or before == "fused":
        return ""
    return f"engine fused: this {name} computes what the built-in one does (tried at these weights)"


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
    return "" if cells.source == "builtin" else f"cells: {cells.source} (sha256 {cells.sha256[:12]})"


def _number(kind: type, words: str) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected {words}, got {text!r}") from None

    return parse


def make_parser(prog: str = "python -m rnnkit.train") -> argparse.ArgumentParser:
    """Every flag of a `Regime`, and where to read and write."""
    parser = Parser(prog=prog, description=__doc__, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    kinds = {int: _number(int, "a whole number"), float: _number(float, "a number"), str: str}
    for name, flag in FIELDS.items():
        text = f"{flag.metadata['help']} (default: {flag.default})".replace("%", "%%")
        if isinstance(flag.default, bool):
            parser.add_argument(f"--{name}", action="store_true", help=text)
        else:
            parser.add_argument(f"--{name}", type=kinds[type(flag.default)], help=text, metavar="X")
    parser.add_argument("--out", metavar="DIR", help="folder for the log and the record (default: this one)")
    parser.add_argument("--resume", action="store_true", help="go on from {name}_state.npz")
    parser.add_argument("--cells", metavar="PATH", help="a model.py, or builtin (default: ./model.py, else builtin)")
    parser.add_argument("--engine", metavar="X", help=f"one of {', '.join(CHOICES)} (default: auto)")
    return parser


def parse(argv: Sequence[str] | None) -> tuple[Regime, dict[str, Any], list[str]]:
    """A command line as a regime, the other arguments of `train`, and notices.

    Raises:
        RegimeError: an unknown flag (with the nearest match) or a bad value.
    """
    parser = make_parser()
    given, rest = parser.parse_known_args(argv)
    if rest:
        flags = [f"--{name}" for name in (*FIELDS, "out", "resume", "cells", "engine")]
        raise RegimeError(f"{unknown(rest[0].split('=')[0], flags, 'flag')}; --help explains them")
    values = vars(given)
    where = {name: values.pop(name) for name in ("out", "resume", "cells", "engine") if name in values}
    notices = []
    if values.get("model") == "gru" and "init" in values:
        notices.append("note: --init has no effect on the GRU, which always starts from its own small normal weights")
    if "diagGates" in values and not (values.get("model") == "gru" and "collectDiags" in values):
        notices.append("note: --diagGates has no effect without --collectDiags and --model gru")
    return Regime(**values), where, notices


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line; 0 when the run came to its end, 2 for a bad value, 130 when interrupted."""
    torch.set_num_threads(1)  # fastest at these sizes; many runs are parallelised over processes
    treat_as_interrupts()
    try:
        regime, where, notices = parse(argv)
        for notice in notices:
            print(notice)
        train(regime, **where, echo=lambda text: print(text, flush=True), progress=sys.stderr.isatty())
    except BadValue as error:
        print(f"rnnkit.train: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt as error:
        if str(error):
            print(f"rnnkit.train: interrupted {error}", file=sys.stderr)
        return INTERRUPTED
    except BrokenCell as error:
        print(f"rnnkit.train: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read the output went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(
            f"rnnkit.train: the run could not be written: {error}; make room or choose another --out", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
