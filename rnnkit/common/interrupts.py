"""What ends a command politely: Ctrl-C, and the signals that are treated like it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

POLITE = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def treat_as_interrupts() -> None:
    """A polite kill and a terminal that is closed save, like Ctrl-C; what is ignored (by nohup) stays so."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in POLITE:
        if number != signal.SIGINT and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def interruption_in(error: BaseException | None) -> KeyboardInterrupt | None:
    """The interruption that an error came of: compiled code turns one into an error of its own."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


@contextmanager
def held_back() -> Iterator[None]:
    """Holds an interruption back until the work inside is done, for work in whose compiled code one can get lost."""
    here = threading.current_thread() is threading.main_thread()
    held = [number for number in POLITE if here and signal.getsignal(number) is signal.default_int_handler]
    came: list[int] = []
    for number in held:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number in held:
            signal.signal(number, signal.default_int_handler)
    if came:
        raise KeyboardInterrupt
