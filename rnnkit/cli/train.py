"""``python -m rnnkit.train``: trains one regime, with the handout's flags, and writes its log and record."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import torch

from rnnkit.cli.guard import FAILED, INTERRUPTED, REFUSED, Parser
from rnnkit.common.interrupts import treat_as_interrupts
from rnnkit.common.names import BadValue, unknown
from rnnkit.regimes import FIELDS, Regime, RegimeError
from rnnkit.runs.broken import BrokenCell
from rnnkit.runs.experiment import KINDS
from rnnkit.runs.training import CHOICES, train

PLACES = ("out", "resume", "cells", "engine")  # flags that are no settings


def _as(kind: type) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected {KINDS[kind]}, got {text!r}") from None

    return parse


def make_parser(prog: str = "python -m rnnkit.train") -> argparse.ArgumentParser:
    """Every flag of a `Regime`, and where to read and write."""
    parser = Parser(prog=prog, description=__doc__, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    for name, flag in FIELDS.items():
        text = f"{flag.metadata['help']} (default: {flag.default})".replace("%", "%%")
        if isinstance(flag.default, bool):
            parser.add_argument(f"--{name}", action="store_true", help=text)
        else:
            parser.add_argument(f"--{name}", type=_as(type(flag.default)), help=text, metavar="X")
    parser.add_argument("--out", metavar="DIR", help="folder for the log and the record (default: this one)")
    parser.add_argument("--resume", action="store_true", help="go on from {name}_state.npz")
    parser.add_argument("--cells", metavar="PATH", help="a model.py, or builtin (default: ./model.py, else builtin)")
    parser.add_argument("--engine", metavar="X", help=f"one of {', '.join(CHOICES)} (default: auto)")
    return parser


def parse(argv: Sequence[str] | None) -> tuple[Regime, dict[str, Any], list[str]]:
    """A command line as a regime, the other arguments of `train`, and notices (RegimeError: it cannot be)."""
    parser = make_parser()
    given, rest = parser.parse_known_args(argv)
    if rest:
        flags = [f"--{name}" for name in (*FIELDS, *PLACES)]
        raise RegimeError(f"{unknown(rest[0].split('=')[0], flags, 'flag')}; --help explains them")
    values = vars(given)
    where: dict[str, Any] = {name: values.pop(name) for name in PLACES if name in values}
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
    except KeyboardInterrupt as error:
        return _say(f"interrupted {error}", INTERRUPTED) if str(error) else INTERRUPTED
    except (BadValue, BrokenCell) as error:
        return _say(str(error), REFUSED if isinstance(error, BadValue) else FAILED)
    except BrokenPipeError:  # whoever read the output went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        return _say(f"the run could not be written: {error}; make room or choose another --out", FAILED)
    return 0


def _say(text: str, status: int) -> int:
    print(f"rnnkit.train: {text}", file=sys.stderr)
    return status
