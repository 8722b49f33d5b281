"""What verbs have in common: how flags are refused, and what becomes of an error. Standard library only."""

from __future__ import annotations

import argparse
import os
import select
import sys
from collections.abc import Callable
from typing import NoReturn

from rnnkit.common.extras import how_to_install
from rnnkit.common.interrupts import treat_as_interrupts
from rnnkit.common.names import BadValue, Untraced

began = 0.0  # time.process_time() when the verb was called, before any package was imported for it
FAILED, REFUSED, INTERRUPTED, UNREAD = 1, 2, 130, 141  # exit codes; the last two as shells give them


class Parser(argparse.ArgumentParser):
    """Raises `BadValue` where argparse would print and exit."""

    def error(self, message: str) -> NoReturn:
        """Refuses the flags."""
        raise BadValue(f"{message.removeprefix('argument ')}; {self.prog} --help says what there is")


def guarded(name: str, work: Callable[[], int]) -> int:
    """The exit code of all that a command does; whatever goes wrong on the way is one line, after the command's name.

    2 (or the error's own ``status``) for a bad value, 2 for a package that is not installed, 1 for another error that
    speaks for itself and for a file that cannot be read or written, 130 for Ctrl-C and what is treated like it, 141
    without a line where whoever reads the output has gone.
    """
    treat_as_interrupts()
    try:
        try:
            return work()
        finally:
            sys.stdout.flush()
    except BadValue as error:
        return _say(name, str(error), getattr(error, "status", REFUSED))
    except ModuleNotFoundError as error:
        package = (error.name or "rnnkit").partition(".")[0]
        if package == "rnnkit":
            raise
        return _say(name, f"expected the package {package}, found none; {how_to_install(package)}", REFUSED)
    except KeyboardInterrupt as error:
        return _say(name, f"interrupted {error}" if str(error) else "interrupted; run it again to go on", INTERRUPTED)
    except RuntimeError as error:
        if not isinstance(error, Untraced):
            raise
        return _say(name, str(error), FAILED)
    except OSError as error:
        if _output_is_gone():
            return UNREAD
        return _say(name, f"a file cannot be read or written ({error}); make room or choose another place", FAILED)


def _say(name: str, text: str, status: int) -> int:
    print(f"{name}: {text}", file=sys.stderr)
    return status


def _output_is_gone() -> bool:
    """Whether nobody reads what is printed any more; then the rest of it is dropped."""
    try:
        reader = select.poll()  # Windows has none
        reader.register(sys.stdout.fileno(), 0)
        gone = bool(reader.poll(0))
    except (AttributeError, OSError):
        return False
    if gone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return gone
