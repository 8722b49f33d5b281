"""What verbs have in common: how flags are refused, and what is done with an error."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

import torch

from rnnkit.common.interrupts import treat_as_interrupts
from rnnkit.common.names import BadValue
from rnnkit.regimes import RegimeError


class Parser(argparse.ArgumentParser):
    """Raises `RegimeError` where argparse would print and exit."""

    def error(self, message: str) -> NoReturn:
        """Refuses the flags."""
        raise RegimeError(message.removeprefix("argument "))


def guarded(work: Callable[[], int]) -> int:
    """What ``work`` returns; 2 for a bad value, 130 for Ctrl-C, 1 where files cannot be written, each with its line."""
    torch.set_num_threads(1)  # as in the runs that are estimated
    treat_as_interrupts()
    try:
        return work()
    except BadValue as error:
        print(f"rnnkit: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print(f"rnnkit: interrupted {error}".rstrip(), file=sys.stderr)
        return 130
    except OSError as error:
        print(f"rnnkit: could not write ({error}); make room or choose another --out", file=sys.stderr)
        return 1
