"""Kernels of students' notebooks: they start, stop and start again, confined, and leave nothing behind."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
import zmq
from confined import both, empty_in_the_end, living, mark, need_sandbox, said, started, until
from course import ROOT

from rnnkit.grading.sandbox import kernel as kernel_of_grader
from rnnkit.grading.sandbox import nursery
from rnnkit.grading.sandbox.kernel import Stopped, TimedOut
from rnnkit.grading.sandbox.outputs import CUT
from rnnkit.grading.sandbox.runtime import student_runtime


@pytest.fixture(scope="module", autouse=True)
def works():
    need_sandbox()


@both
def test_a_kernel_answers(confined, tmp_path):
    (tmp_path / "data.txt").write_text("from the stage")
    with started(tmp_path, confined=confined) as kernel:
        assert said(kernel, "print(open('data.txt').read())") == "from the stage\n"
        package = Path("/runtime") if confined else student_runtime(ROOT)
        assert said(kernel, "import rnnkit, os; print(rnnkit.__file__)") == f"{package}/rnnkit/__init__.py\n"
        home = said(kernel, "print(os.environ['HOME'], os.getcwd())")
        assert home == "/home/student /submission\n" if confined else str(Path.home()) not in home
        if confined:
            code = "import socket; print([n for _, n in socket.if_nameindex()], os.path.exists({!r}), os.getppid())"
            assert said(kernel, code.format(str(ROOT / "notebooks"))) == "['lo'] False 2\n"
            assert said(kernel, "print(open('/proc/self/status').read().split('Seccomp:')[1].split()[0])") == "2\n"


@both
def test_a_kernel_starts_again(confined):
    with started(confined=confined) as kernel:
        said(kernel, "x = 1")
        for _ in range(2):
            kernel.start()
            assert said(kernel, "print('x' in dir())\nx = 2") == "False\n"


@pytest.mark.parametrize(
    "code",
    ["while True: pass", "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')", "import time; time.sleep(60)"],
    ids=["python", "compiled", "sleep"],
)
@both
def test_interrupts_arrive(code, confined, monkeypatch):
    monkeypatch.setattr(kernel_of_grader, "REVIVE_S", 30)
    with started(confined=confined) as kernel:
        with pytest.raises(TimedOut, match="took longer than") as stopped:
            kernel.execute(code, 1)
        assert stopped.value.alive
        assert said(kernel, "print('here')") == "here\n"


@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        ("x = bytearray(b'x') * (600 << 20)", {"memory_mb": 400}, "used more than 400 MB of memory"),
        ("import time; time.sleep(60)", {"wall_s": 15}, "took longer than 15 s"),  # the next one starts in less
        ("while True: pass", {"cpu_s": 3}, "used more processor time than its limit"),
        ("import ctypes; ctypes.string_at(0)", {}, "ended by SIGSEGV"),
        ("import os; os._exit(0)", {}, "the kernel died"),
    ],
    ids=["memory", "time", "processor", "crash", "exit"],
)
def test_why_a_kernel_died_and_that_another_one_starts(code, limits, reason):
    with started(confined=False, **limits) as kernel:
        with pytest.raises(Stopped, match=reason):
            said(kernel, code)
        kernel.start()
        assert said(kernel, "print('here')") == "here\n"


@pytest.mark.parametrize("size", [0, 20 << 20], ids=["many", "large"])
def test_the_folder_of_the_sockets_is_inside_and_has_an_end(size):
    """Nothing that is written there is on a disk of the grader's, and its files count as all others."""
    code = (
        f"import errno\ntry:\n    for n in range(500): open(f'/kernel/{{n}}', 'wb').write(bytes({size}))\n"
        "    print('all')\nexcept OSError as error: print(errno.errorcode[error.errno])\n"
    )
    with empty_in_the_end() as place, started() as kernel:
        assert said(kernel, code) == ("ENOSPC\n" if size else "all\n")
        assert [path for path in place.rglob("*") if path.is_file()] == []
        assert said(kernel, "print(1)") == "1\n"


def test_a_message_of_some_size_is_taken_and_a_huge_one_is_not():
    with started() as kernel:
        assert len(said(kernel, "print('x' * (4 << 20))")) == (4 << 20) + 1
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert said(kernel, "print('x' * (200 << 20))") in ("", CUT)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 << 10


def test_a_client_connects_once_and_does_not_follow_a_socket_that_was_replaced():
    code = "import os\nos.remove('/kernel/k-1'); os.symlink('/run/elsewhere', '/kernel/k-1'); print('done')"
    with started() as kernel:
        for channel in (kernel._client.shell_channel, kernel._client.iopub_channel):
            assert channel.socket.getsockopt(zmq.RECONNECT_IVL) == -1
            assert channel.socket.getsockopt(zmq.MAXMSGSIZE) == kernel_of_grader.LARGEST_MESSAGE
        assert said(kernel, code) == "done\n"
        assert said(kernel, "print(1)") == "1\n"


def test_a_kernel_that_cannot_start_says_why(monkeypatch):
    monkeypatch.setattr(nursery, "KERNEL", ("python", "-c", "raise SystemExit('no kernel today')"))
    with pytest.raises(Stopped, match="no kernel today"), started(confined=False):
        pass


@both
def test_nothing_stays(confined):
    word = mark()
    with started(confined=confined) as kernel:
        code = "import subprocess, sys\nfor _ in range(5): subprocess.Popen([sys.executable, '-c', {!r}, {!r}])"
        said(kernel, code.format("import os, time; os.setsid(); time.sleep(600)", word))
        assert until(lambda: len(living(word)) == 5, 10)
    assert not living(word)
