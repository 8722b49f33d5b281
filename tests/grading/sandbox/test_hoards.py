"""What must not be changed and what must not be hoarded: each way that is known, tried in a sandbox of its own."""

from __future__ import annotations

import os
import pwd
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from confined import inside, living, mark, need_sandbox
from course import ROOT
from hostile import devices, hoard, judge

from rnnkit.grading.sandbox import enclosure, seccomp
from rnnkit.grading.sandbox.confine import Limits
from rnnkit.grading.sandbox.runtime import student_runtime

SMALL = Limits(memory_mb=400, files=20_000, wall_s=25)
REFUSED = {
    "shared_without_a_file": "PermissionError",
    "shared_zero": "PermissionError",
    "semaphores": "ENOSYS",
    "messages": "ENOSYS",
    "futex_table": "EINVAL",
    "pages_in_pipes": "ENOSYS",
}
ENDED = {
    "shared_files": "used more than 400 MB of memory",
    "nameless_files": "used more than 400 MB of memory",
    "full_sockets": "used more than 400 MB of memory",
    "memory_behind_a_zombie": "used more than 400 MB of memory",
    "files_behind_a_zombie": "made more than 20000 files",
    "pieces": "mapped memory in too many pieces",
}
QUICK = ("shared_without_a_file", "shared_files", "nameless_files", "semaphores", "files_behind_a_zombie")


@pytest.fixture(scope="module", autouse=True)
def works():
    need_sandbox()


def slowly(names):
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("way", ["BY_NAME", "BY_DESCRIPTOR", "BY_PROC", "BY_ROOT"])
def test_nothing_of_the_outside_can_be_changed(way, tmp_path):
    tmp_path.chmod(0o755)  # root's sandboxes read it as somebody else
    (tmp_path / "data.txt").write_text("x")
    (tmp_path / "large.bin").write_bytes(bytes(1 << 20))
    seen = [tmp_path, *tmp_path.iterdir(), Path("/usr/bin/env"), *student_runtime(ROOT).iterdir(), Path(sys.prefix)]
    before = judge.devices(), {path: judge.inode(path) for path in seen}
    done = inside(getattr(devices, way) + "print('end')", stage=tmp_path)
    assert (done.why, done.stdout) == (None, b"end\n"), done
    assert (judge.devices(), {path: judge.inode(path) for path in seen}) == before


def test_code_runs_with_no_rights_of_the_grader():
    """Where the grader is root it is a user whom the machine does not know, and another one each time."""
    users, words = set(), [mark(), mark()]
    with ThreadPoolExecutor() as pool:
        code = "import os, time; print(os.getresuid(), os.getgroups()); time.sleep(6)"
        runs = [pool.submit(inside, code, word) for word in words]
        while not all(run.done() for run in runs):
            users.update(set().union(*map(owners, words)) - {0})
            time.sleep(0.02)
    for ended in runs:
        assert ended.result().stdout.startswith(b"(1000, 1000, 1000)"), ended.result()
    assert len(users) == (1 if os.geteuid() else 2), users
    if os.geteuid():
        assert users == {os.geteuid()}
    for user in users - {os.geteuid()}:
        with pytest.raises(KeyError):
            pwd.getpwuid(user)


def test_where_no_mounts_are_allowed_folders_are_found_where_they_are():
    argv = ["bwrap", "--ro-bind", "/mnt/0/python", "/python", "/mnt/0/python/lib", "/mnt/0/python3"]
    found = enclosure.directly(argv, {"/root/python": "/mnt/0/python"})
    assert found == [*argv[:2], "/root/python", "/python", "/root/python/lib", "/mnt/0/python3"]


def test_it_is_the_first_to_go_and_leaves_no_dump():
    code = "import resource; print(open('/proc/self/oom_score_adj').read(), resource.getrlimit(resource.RLIMIT_CORE))"
    assert inside(code).stdout.decode().split() == ["1000", "(1,", "1)"]


def owners(word: str) -> set[int]:
    """The users of the processes that have a word among their arguments."""
    found = set()
    for pid in living(word):
        with suppress(OSError):
            found.add(os.stat(f"/proc/{pid}").st_uid)
    return found


def test_devices_work():
    code = (
        "import os, subprocess, sys\n"
        "open('/dev/null', 'w').write('x')\n"
        "print(len(os.urandom(8)), len(open('/dev/urandom', 'rb').read(8)), len(open('/dev/random', 'rb').read(8)))\n"
        "subprocess.run('echo gone >/dev/null', shell=True, check=True, stdin=subprocess.DEVNULL)\n"
        "try: open('/dev/full', 'w', 1).write('x\\n')\n"
        "except OSError as error: print(error.strerror)\n"
        "print(len(os.openpty()), sys.stdin.read() == '')\n"
    )
    assert inside(code).stdout.decode().splitlines() == ["8 8 8", "No space left on device", "2 True"]


@pytest.mark.parametrize("name", slowly(REFUSED))
def test_what_no_notebook_needs_is_refused(name):
    done = inside(hoard.ALL[name], limits=SMALL)
    assert (done.why, done.stdout) == (None, b""), done
    assert REFUSED[name] in done.stderr


@pytest.mark.parametrize("name", slowly(ENDED))
def test_what_is_hoarded_is_counted(name):
    assert inside(hoard.ALL[name], limits=SMALL).why == ENDED[name]


def test_every_way_to_hoard_is_tried():
    assert {*REFUSED, *ENDED, "locks"} == set(hoard.ALL)  # of these none is held, see below
    assert set(QUICK) <= set(hoard.ALL)


@pytest.mark.skipif(os.uname().machine not in seccomp.MACHINES, reason="no filter for this machine")
def test_no_lock_of_a_file_is_held_that_another_sandbox_could_see():
    code = (
        "import fcntl, os\n"
        "one, two = (open('/usr/bin/env') for _ in range(2))\n"
        "fcntl.lockf(one, fcntl.LOCK_SH, 1, 12345), fcntl.flock(two, fcntl.LOCK_EX)\n"
        "fcntl.fcntl(one, 37, b'\\0' * 32)\n"
        "for command in (1024, 1026):\n"
        "    try: fcntl.fcntl(os.open('/usr', os.O_RDONLY), command, 1)\n"
        "    except OSError as error: print(error.strerror)\n"
        "print(repr(open('/proc/locks').read()), fcntl.fcntl(one, fcntl.F_GETFL) & 3)\n"
    )
    done = inside(code)
    assert done.stdout.decode().splitlines() == ["Invalid argument"] * 2 + ["'' 0"], done


def test_what_honest_notebooks_use_is_there():
    """Processes that share arrays, queues, locks and semaphores; a shell; a database; a file in shared memory."""
    code = (
        "import multiprocessing as mp, numpy as np, os, sqlite3, subprocess, torch\n"
        "def work(queue, value, tensor):\n"
        "    with value.get_lock(): value.value += 1\n"
        "    tensor += 1; queue.put(np.arange(3))\n"
        "context = mp.get_context('fork')\n"
        "queue, value, tensor = context.Queue(), context.Value('i', 0), torch.zeros(1000).share_memory_()\n"
        "jobs = [context.Process(target=work, args=(queue, value, tensor)) for _ in range(2)]\n"
        "[job.start() for job in jobs]; found = [queue.get() for _ in jobs]; [job.join() for job in jobs]\n"
        "print(value.value, float(tensor[0]), len(found))\n"
        "with context.Pool(2) as pool: print(pool.map(abs, [-1, -2]))\n"
        "base = sqlite3.connect('my.db'); base.execute('create table t (x)'); base.commit()\n"
        "import multiprocessing.shared_memory as shared\n"
        "part = shared.SharedMemory(create=True, size=1 << 20); part.buf[0] = 1; part.close(); part.unlink()\n"
        "print(subprocess.run('ls | wc -l', shell=True, capture_output=True, text=True).stdout.strip())\n"
    )
    done = inside(code)
    assert done.stdout.decode().splitlines() == ["2 2.0 2", "[1, 2]", "1"], done


def test_nothing_of_it_stays_on_the_machine():
    before = judge.leftovers()
    for name in ("nameless_files", "semaphores", "messages"):
        inside(hoard.ALL[name], limits=SMALL)
    assert judge.leftovers() == before
