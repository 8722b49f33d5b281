"""How commands end when they are asked to, or killed: nothing of them goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest
from matplotlib.figure import Figure

from rnnkit.cli.guard import guarded
from rnnkit.common.interrupts import POLITE
from rnnkit.runs import estimate

BESIDE = "import time; from rnnkit.runs.estimate import company\nwith company(1): print(1, flush=True); time.sleep(600)"


@pytest.fixture(autouse=True)
def handlers():
    """Ctrl-C as in a terminal, whatever started the tests; all as before in the end."""
    before = {number: signal.getsignal(number) for number in POLITE}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_what_keeps_a_core_busy_ends_with_a_killed_process():
    """It has the other's output open: that ends when both are gone."""
    process = subprocess.Popen([sys.executable, "-c", BESIDE], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "1\n"
    process.kill()
    process.communicate(timeout=120)


@pytest.mark.parametrize("number", POLITE, ids=lambda number: number.name)
def test_a_closed_terminal_and_a_polite_kill_are_like_ctrl_c(number, capsys):
    def work():
        os.kill(os.getpid(), number)
        time.sleep(600)

    before = signal.getsignal(number)
    if before is signal.SIG_IGN:  # as under nohup
        signal.signal(number, signal.SIG_DFL)
    try:
        assert guarded("rnnkit", work) == 130
    finally:
        signal.signal(number, before)
    assert capsys.readouterr().err == "rnnkit: interrupted; run it again to go on\n"


def test_an_interruption_that_a_drawing_swallows_is_not_lost(monkeypatch):
    class Swallowing(Figure):
        def savefig(self, *given, **how):
            with contextlib.suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.1)

    monkeypatch.setattr("matplotlib.figure.Figure", Swallowing)
    with pytest.raises(KeyboardInterrupt):
        estimate.machine(1.0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminals that hang up")
def test_what_nohup_ignores_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert guarded("rnnkit", lambda: os.kill(os.getpid(), signal.SIGHUP) or 7) == 7
