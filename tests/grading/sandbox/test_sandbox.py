"""Code that nobody has read: what it can reach, what it may use, and that nothing of it stays."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from confined import both, empty_in_the_end, groups_of, inside, living, mark, need_sandbox, until
from course import ROOT, plain, secret_lines

from rnnkit.grading.sandbox import cgroup
from rnnkit.grading.sandbox import confine as sandbox
from rnnkit.grading.sandbox.confine import Limits
from rnnkit.grading.sandbox.mounts import LARGE
from rnnkit.grading.sandbox.runtime import student_runtime


@pytest.fixture(scope="module", autouse=True)
def works():
    need_sandbox()


# ---- what students have of rnnkit ----------------------------------------------------------------------------------


def test_runtime_has_no_answers_and_no_instructors_side():
    runtime = student_runtime(ROOT)
    texts = {path: path.read_text(encoding="utf-8") for path in runtime.rglob("*.py")}
    assert runtime / "rnnkit" / "checks" / "__init__.py" in texts
    assert not list(runtime.rglob("grading"))
    secrets = secret_lines()
    assert not [line for text in texts.values() for line in map(plain, text.splitlines()) if line in secrets]


def test_runtime_is_made_once_and_again_when_it_is_damaged(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = student_runtime(ROOT)
    changed = first.stat().st_mtime_ns
    assert student_runtime(ROOT) == first
    assert first.stat().st_mtime_ns == changed
    (first / "rnnkit" / "cells.py").write_text("x = 1\n")
    assert student_runtime(ROOT) == first
    assert "class RNN" in (first / "rnnkit" / "cells.py").read_text(encoding="utf-8")
    assert [path.name for path in (tmp_path / "rnnkit").iterdir()] == [first.name]


def test_rnnkit_inside_is_the_students():
    code = (
        "import importlib.util as u, rnnkit, trainingRNNs_torch, sys\n"
        "print(rnnkit.__file__, trainingRNNs_torch.__file__, u.find_spec('rnnkit.grading'))\n"
        "print([n for n in sys.modules if 'editable' in n])"
    )
    done = inside(code)
    assert done.stdout.decode().splitlines() == [
        "/runtime/rnnkit/__init__.py /runtime/trainingRNNs_torch/__init__.py None",
        "[]",
    ], done


# ---- what it can reach -----------------------------------------------------------------------------------------------


def test_course_and_home_are_not_there():
    home = Path.home()
    paths = [ROOT / name for name in ("notebooks", "rnnkit", "pyproject.toml", ".git", "release", "grading")]
    paths += [home / ".cache", home / ".ssh", home / ".bashrc", "/etc/passwd", "/etc/shadow", "/var", "/sys", "/run"]
    done = inside("import os, sys; print([p for p in sys.argv[1:] if os.path.exists(p)])", *map(str, paths))
    assert done.stdout == b"[]\n", done
    assert (ROOT / "notebooks").exists()


def test_no_variable_of_the_grader(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    done = inside("import os, json; print(json.dumps(dict(os.environ)))")
    found = json.loads(done.stdout)
    assert found.pop("PWD") == "/submission"
    found.pop("LC_CTYPE", None)  # Python's own
    assert found == sandbox.environment(sandbox.HOME, sandbox.RUNTIME)


def test_no_network():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        code = (
            "import socket, sys\n"
            "print([name for _, name in socket.if_nameindex()])\n"
            "for host in ('127.0.0.1', '10.0.0.1', '1.1.1.1'):\n"
            "    try: socket.create_connection((host, int(sys.argv[1])), 1); print('connected')\n"
            "    except OSError: pass\n"
        )
        done = inside(code, str(port))
        assert done.stdout == b"['lo']\n", done
        with pytest.raises(TimeoutError):
            server.accept()
        with socket.create_connection(("127.0.0.1", port), 1):
            pass  # it does listen


def test_writes_only_where_it_may(tmp_path):
    (tmp_path / "data.txt").write_text("x")
    code = (
        "import os, sys\n"
        "for folder in sys.argv[1:]:\n"
        "    try: open(os.path.join(folder, 'mine'), 'w').close(); print(folder)\n"
        "    except OSError: pass\n"
    )
    places = ["/", "/in", "/runtime", "/runtime/rnnkit", "/usr", "/usr/bin", "/bin", "/etc", "/dev", "/proc", "/home"]
    places += [sys.prefix, sys.base_prefix]
    places += [] if str(ROOT).startswith("/tmp/") else [str(ROOT)]  # there the name alone is in its own /tmp
    places += ["/submission", "/tmp", "/dev/shm", "/home/student"]
    done = inside(code, *places, stage=tmp_path)
    assert done.stdout.decode().split() == ["/submission", "/tmp", "/dev/shm", "/home/student"], done
    assert not (ROOT / "mine").exists()


def test_sees_its_own_processes_only():
    done = inside("import os; print([p for p in os.listdir('/proc') if p.isdigit()], os.getuid(), os.uname().nodename)")
    assert done.stdout == b"['1', '2'] 1000 grader\n", done


def test_no_way_into_another_process():
    """The first one is bubblewrap's and outlives every kernel of a submission."""
    code = (
        "import os\n"
        "names = ('mem', 'environ', 'cmdline', 'maps', 'fd', 'root', 'cwd', 'task/1/mem')\n"
        "print(os.listdir('/proc/1'), [name for name in names if os.path.lexists(f'/proc/1/{name}')])\n"
        "try: os.open('/proc/self/mem', os.O_RDWR); print('open')\n"
        "except OSError as error: print(error.strerror)\n"
    )
    done = inside(code)
    assert done.stdout == b"[] []\nRead-only file system\n", done


def test_has_no_open_files_of_the_grader():
    assert inside("import os; print(sorted(os.listdir('/proc/self/fd')))").stdout == b"['0', '1', '2', '3']\n"


def test_cannot_change_the_system():
    code = (
        "import ctypes, errno, os, socket\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def refused(name, *arguments):\n"
        "    return getattr(libc, name)(*arguments) == -1 and errno.errorcode[ctypes.get_errno()]\n"
        "print(refused('unshare', 0x10000000), refused('ptrace', 0, 0, 0, 0), refused('memfd_create', b'x', 0))\n"
        "print(refused('mount', b'none', b'/tmp', b'tmpfs', 0, None), refused('shmget', 0, 4096, 0o1600))\n"
        "for family in (socket.AF_PACKET, socket.AF_VSOCK, socket.AF_ALG):\n"
        "    try: socket.socket(family, socket.SOCK_RAW); print('open', family)\n"
        "    except OSError as error: print(errno.errorcode[error.errno])\n"
        "try: open('/proc/sys/kernel/core_pattern', 'w'); print('open')\n"
        "except OSError: print('closed')\n"
        "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith(('Cap', 'NoNewPrivs'))))\n"
    )
    done = inside(code)
    assert done.stdout.decode().splitlines() == [
        "ENOSYS ENOSYS ENOSYS",
        "ENOSYS ENOSYS",
        *["EAFNOSUPPORT"] * 3,
        "closed",
        "0" * 16 + " " + " ".join(["0" * 16] * 4) + " 1",
    ], done


def test_the_files_of_a_submission_are_copies(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "small.txt").write_text("small")
    (tmp_path / "runs" / "large.bin").write_bytes(bytes(LARGE))
    os.chmod(tmp_path / "runs" / "small.txt", 0o444)
    code = (
        "import os\n"
        "os.chdir('runs')\n"
        "open('small.txt', 'a').write('er')\n"
        "print(open('small.txt').read(), len(open('large.bin', 'rb').read()))\n"
        "try: open('large.bin', 'ab')\n"
        "except OSError as error: print(error.strerror)\n"
        "open('new', 'w').write('x'); os.replace('new', 'large.bin'); print(open('large.bin').read())\n"
    )
    done = inside(code, stage=tmp_path)
    refused = "Read-only file system" if os.geteuid() else "Permission denied"  # there it is another user's, too
    assert done.stdout.decode().splitlines() == ["smaller 1048576", refused, "x"], done
    assert (tmp_path / "runs" / "small.txt").read_text() == "small"
    assert (tmp_path / "runs" / "large.bin").stat().st_size == LARGE


# ---- what it may use -------------------------------------------------------------------------------------------------

FORK = (
    "import os, time\n"
    "count = 0\n"
    "try:\n"
    "    while count < 2000:\n"
    "        if os.fork() == 0: time.sleep(60)\n"
    "        count += 1\n"
    "except OSError: pass\n"
    "print(count, flush=True)\n"
)


@both
def test_what_forks_all_the_time_ends(confined):
    code = (
        "import os, time\n"
        "until = time.time() + 8\n"  # whatever happens
        "while time.time() < until:\n"
        "    try: os.fork()\n"
        "    except OSError: pass\n"
    )
    word = mark()
    done = inside(code, word, limits=Limits(processes=64, wall_s=6), confined=confined)
    assert done.why in ("started more than 64 processes", "took longer than 6 s"), done
    assert not living(word)


def test_processes_are_counted_and_a_few_are_fine():
    limits = Limits(processes=64, wall_s=30)
    assert 32 < int((done := inside(FORK, limits=limits)).stdout) <= 64, done
    done = inside(FORK.replace("2000", "40").replace("60", "0.5"), limits=limits)
    assert (done.why, done.stdout) == (None, b"40\n"), done


MEMORY = (  # all processes have their memory at the same time, for so many seconds
    "import os, sys, time\n"
    "before = bytearray(b'x') * (int(sys.argv[1]) << 20)\n"
    "reader, writer = os.pipe()\n"
    "for _ in range(6):\n"
    "    if (child := os.fork()) == 0:\n"
    "        mine = bytearray(b'x') * (int(sys.argv[2]) << 20)\n"
    "        os.write(writer, b'x'); time.sleep(60); os._exit(0)\n"
    "for _ in range(6): os.read(reader, 1)\n"
    "time.sleep(float(sys.argv[3])); print('done')\n"
)


@pytest.mark.parametrize(
    ("code", "limits", "why"),
    [
        (MEMORY, {"memory_mb": 400}, "used more than 400 MB of memory"),  # the sum of all
        ("import signal, time\nfor n in (1, 2, 10, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: time.sleep(1)",
         {"wall_s": 1}, "took longer than 1 s"),
        ("while True: pass", {"cpu_s": 1}, "used more processor time than its limit"),
    ],
    ids=["memory", "time", "processor"],
)  # fmt: skip
@both
def test_what_goes_over_a_limit_ends(code, limits, why, confined):
    done = inside(code, "1", "100", "25", limits=Limits(**{"wall_s": 30} | limits), confined=confined)
    assert done.why == why, done


@both
def test_shared_memory_counts_once(confined):
    done = inside(MEMORY, "150", "1", "1.5", limits=Limits(memory_mb=400, wall_s=30), confined=confined)
    assert (done.why, done.stdout) == (None, b"done\n"), done


@both
def test_one_process_runs_out_of_memory_by_itself(confined):
    done = inside(
        "try: bytearray(3 << 30)\nexcept MemoryError: print('refused')",
        limits=Limits(address_mb=2048, wall_s=30),
        confined=confined,
    )
    assert done.stdout == b"refused\n", done


@pytest.mark.parametrize("folder", ["/submission", "/tmp", "/dev/shm", "/home/student"])
def test_folders_in_memory_have_an_end(folder):
    code = (
        "import errno, sys\n"
        "written = 0\n"
        "try:\n"
        "    for number in range(20):\n"
        "        written += open(f'{sys.argv[1]}/{number}', 'wb', 0).write(bytes(1 << 20))\n"
        "except OSError as error: print(errno.errorcode[error.errno], written >> 20)\n"
    )
    done = inside(code, folder, limits=Limits(tmp_mb=8, wall_s=30))
    assert done.stdout == b"ENOSPC 8\n", done


@both
def test_a_file_has_a_largest_size(confined):
    code = (
        "import errno\n"
        "try:\n"
        "    with open('large', 'wb', 0) as file:\n"
        "        for _ in range(20): file.write(bytes(1 << 20))\n"
        "except OSError as error: print(errno.errorcode[error.errno])\n"
    )
    assert inside(code, limits=Limits(file_mb=8, wall_s=30), confined=confined).stdout == b"EFBIG\n"


def test_files_are_counted():
    code = "import time\nfor n in range(3000): open(f'/tmp/{n}', 'w').close()\ntime.sleep(20)"
    done = inside(code, limits=Limits(files=2000, wall_s=30))
    assert done.why == "made more than 2000 files", done


@both
def test_output_has_an_end(confined):
    done = inside("while True: print('x' * 10000)", most_output=1 << 20, confined=confined)
    assert done.why == "wrote more than 1 MB of output"
    assert len(done.stdout) == 1 << 20


@both
def test_errors_are_read_and_only_their_end_is_kept(confined):
    done = inside("import sys; sys.stderr.write('x' * 10_000_000 + 'end'); print('done')", confined=confined)
    assert (done.returncode, done.stdout, done.why) == (0, b"done\n", None)
    assert done.stderr.endswith("end")
    assert len(done.stderr) < 10_000


def test_it_may_go_on_without_its_output():
    done = inside("import os, time; os.write(1, b'x'); os.close(1); os.close(2); time.sleep(1); os._exit(4)")
    assert (done.returncode, done.stdout, done.why) == (4, b"x", None)


@pytest.mark.parametrize(
    ("code", "status", "why"),
    [
        ("raise SystemExit(3)", 3, None),
        ("import os; os.kill(os.getpid(), 9)", 137, "ended by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", 139, "ended by SIGSEGV"),
    ],
    ids=["exit", "kill", "crash"],
)
@both
def test_the_way_it_ended(code, status, why, confined):
    done = inside(code, confined=confined)
    assert (done.returncode, done.why) == (status, why)


def test_torch_works_within_the_limits():
    code = (
        "import torch\n"
        "y, _ = torch.nn.LSTM(4, 8)(torch.zeros(5, 2, 4)); y.sum().backward()\n"
        "data = torch.utils.data.DataLoader(torch.arange(8.0), 4, num_workers=2)\n"
        "print(len(list(data)), torch.get_num_threads())"
    )
    done = inside(code)
    assert (done.why, done.stdout) == (None, b"2 1\n"), done


# ---- that nothing stays ----------------------------------------------------------------------------------------------

DAEMON = (
    "import os, time\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork() == 0: time.sleep(600)\n"
    "    os._exit(0)\n"
    "os.wait(); print('left', flush=True)\n"
)


@both
def test_a_daemon_ends_with_its_parent(confined):
    word = mark()
    done = inside(DAEMON, word, confined=confined)
    assert done.stdout == b"left\n", done
    assert not living(word)


@both
def test_nothing_stays_when_the_grader_is_killed(confined):
    word = mark()
    with empty_in_the_end() as place:
        code = (
            "import tempfile\nfrom rnnkit.grading.sandbox import confine as sandbox\n"
            f"tempfile.tempdir = {str(place)!r}\n"
            f"code = {DAEMON!r} + 'import signal; signal.signal(15, signal.SIG_IGN); time.sleep(600)'\n"
            f"sandbox.run(['python', '-c', code, {word!r}], confined={confined})\n"
        )
        grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
        try:
            assert until(lambda: len(living(word)) >= 3, 300)  # however busy the machine is
            assert cgroup.place() is None or groups_of(grader.pid)
        finally:
            grader.send_signal(signal.SIGKILL)
            grader.wait()
        assert until(lambda: not living(word)), living(word)
    assert until(lambda: not groups_of(grader.pid), 20)


def test_nothing_stays_after_an_interrupt_of_the_grader():
    word = mark()

    def soon():
        until(lambda: living(word), 20)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    threading.Thread(target=soon).start()
    with pytest.raises(KeyboardInterrupt):
        inside("import time; time.sleep(600)", word)
    assert until(lambda: not living(word))


def test_runs_leave_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    for confined in (True, False):
        assert inside("open('file', 'w').write('x'); print(1)", confined=confined).stdout == b"1\n"
    assert list(tmp_path.iterdir()) == []


# ---- where it does not work ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "advice"),
    [
        ("echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1", "/etc/apparmor.d/bwrap"),
        ("echo 'bwrap: Unknown option --disable-userns' >&2; exit 1", "0.8 or newer"),
        ("while [ $1 != /bin/true ] && [ $# -gt 1 ]; do shift; done; echo $1 | grep -q true", "sys.prefix"),
    ],
    ids=["namespaces", "old", "python"],
)
def test_probe_says_what_to_do(script, advice, tmp_path, monkeypatch):
    fake = tmp_path / "bwrap"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setitem(sandbox.OUTSIDE, "PATH", f"{tmp_path}:{sandbox.OUTSIDE['PATH']}")
    monkeypatch.setattr(sandbox, "CONTAINERS", ())
    with pytest.raises(sandbox.SandboxError) as caught:
        sandbox.probe()
    assert (sys.prefix if advice == "sys.prefix" else advice) in str(caught.value)


def test_probe_without_bubblewrap(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(sandbox.SandboxError, match="apt install bubblewrap"):
        sandbox.probe()


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_probe_on_other_systems(system, monkeypatch):
    monkeypatch.setattr(sandbox.sys, "platform", system)
    with pytest.raises(sandbox.SandboxError, match="expected Linux"):
        sandbox.probe()
