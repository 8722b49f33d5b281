"""Sandboxes that begin as copies of one process: each is as one of its own, and has nothing of another."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from contextlib import ExitStack, closing

import pytest
from confined import empty_in_the_end, groups_of, kernels, living, mark, need_sandbox, said, started, until
from course import ROOT

from rnnkit.grading.course.driver import _Grading
from rnnkit.grading.sandbox import cgroup, enclosure, preloaded
from rnnkit.grading.sandbox.kernel import Stopped
from rnnkit.grading.sandbox.nursery import begun_before
from rnnkit.grading.sandbox.remote import Remote
from rnnkit.grading.sandbox.runtime import scoring_runtime, student_runtime

root = pytest.mark.skipif(os.geteuid() != 0, reason="sandboxes begin as copies for root alone")


@pytest.fixture(scope="module")
def addresses():
    need_sandbox()
    with begun_before([one(ROOT).resolve() for one in (student_runtime, scoring_runtime)]) as addresses:
        assert len(addresses) == 2
        yield addresses


def process_of(kernel) -> object:
    return kernel._nest.job.process


LOOK = r"""
import ctypes, os, re, signal, sys
def lines(path, *without):
    text = open(path).read().replace("\0", "\n")
    return [line for line in text.splitlines() if not line.startswith(without)]
# numbers of its own, what it holds and did just now; the parent of a copy is outside
OWN = ("Vm", "Rss", "Hugetlb", "vol", "nonvol", "Pid", "Tgid", "Ngid", "NS", "PPid", "State", "Threads", "FDSize",
       "SigPnd", "ShdPnd", "Mems", "x86_", "untag")
for who in ("self", "2"):
    print(lines(f"/proc/{who}/status", *OWN), lines(f"/proc/{who}/limits"))
    names = ("cgroup", "uid_map", "gid_map", "setgroups", "oom_score_adj", "timerslack_ns", "loginuid", "sessionid")
    print([lines(f"/proc/{who}/{name}") for name in names if os.path.exists(f"/proc/{who}/{name}")])
mounts = [re.sub(r"\d{5,}|bindfile\w+", "N", line).split()[3:] for line in lines("/proc/self/mountinfo")]
print(*mounts, sep="\n")
print(sorted(lines("/proc/self/environ")), sorted(os.environ.items()))
files = [(int(name), os.readlink(f"/proc/self/fd/{name}")) for name in os.listdir("/proc/self/fd") if int(name) < 3]
print(sorted((number, re.sub(r"\d+", "N", what)) for number, what in files))
print(os.getresuid(), os.getresgid(), os.getgroups(), os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid())
print(os.nice(0), os.sched_getaffinity(0), oct(os.umask(0o22)), os.uname()[:2])
print(os.getcwd(), os.readlink("/proc/self/exe"))
option = ctypes.CDLL(None).prctl
print([option(number, 0, 0, 0, 0) for number in (3, 7, 21, 27, 30, 39)])  # dumpable, keepcaps, seccomp, securebits, …
print([signal.getsignal(number) for number in range(1, 65) if number not in (32, 33)])
print(sys.flags, sys.path, sys.argv, sorted(name for name in sys.modules if name.startswith(("rnnkit", "torch"))))
print(sorted(os.listdir("/proc/1")), sorted(os.listdir("/dev")), os.listdir("/kernel"), os.path.ismount("/proc/1"))
"""


@pytest.fixture
def limited():
    """This process has a limit and a signal's action of its own, as processes of the grader may."""
    before, action = resource.getrlimit(resource.RLIMIT_DATA), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_DATA, (8 << 30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_DATA, before)
    signal.signal(signal.SIGHUP, action)


@root
@pytest.mark.parametrize("runtime", [student_runtime, scoring_runtime])
def test_it_is_as_one_of_its_own_seen_from_inside(addresses, tmp_path, runtime, limited):
    found = []
    for known in ({}, addresses):
        with started(tmp_path, runtime=runtime(ROOT), addresses=known) as kernel:
            assert isinstance(process_of(kernel), Remote) == bool(known)
            found.append(said(kernel, LOOK).splitlines())
    assert "Error" not in "".join(found[0])
    assert found[0] == found[1]


SEEK = """
first, rest, hits = bytes(reversed(WORD[-8:])), bytes(reversed(WORD[:-8])), 0  # never together in what seeks
for line in open("/proc/self/maps").read().splitlines():
    ends, kind = line.split()[:2]
    if kind.startswith("rw"):  # what is a file's is not a process's own
        start, end = (int(one, 16) for one in ends.split("-"))
        with open("/proc/self/mem", "rb", 0) as memory:
            memory.seek(start)
            while start < end and (part := memory.read(min(end - start, 1 << 20))):
                start, place = start + len(part), -1
                while (place := part.find(first, place + 1)) >= 0:
                    hits += part[place + 8 : place + 8 + len(rest)] == rest
print(hits)
"""


def seek(kernel, word: str) -> int:
    """How often a word is in a kernel's memory, of which the kernel knows only the reverse."""
    return int(said(kernel, SEEK.replace("WORD", repr(word[::-1].encode())), 60))


@root
def test_nothing_of_one_is_seen_in_another(addresses, tmp_path):
    word, change = (
        mark(),
        "torch.nn.LEFT = 1; torch.manual_seed(3); os.environ['LEFT'] = '1'; sys.path.insert(0, 'LEFT')",
    )
    leave = f"import os, sys, torch\n{change}\nword = bytes(reversed({word[::-1].encode()!r}))"
    leave += (
        "\nfor place in ('/tmp', '/dev/shm', '/submission', '/home/student'): open(f'{place}/left', 'wb').write(word)"
    )
    look = "import os, sys, torch; print(hasattr(torch.nn, 'LEFT'), 'LEFT' in os.environ, 'LEFT' in sys.path, "
    look += (
        "torch.initial_seed() == 3, [p for p in ('/tmp', '/dev/shm', '.', '/home/student') if 'left' in os.listdir(p)])"
    )
    with ExitStack() as stack:
        first = stack.enter_context(started(tmp_path, addresses=addresses))
        beside = stack.enter_context(started(tmp_path, addresses=addresses))
        said(first, leave)
        assert seek(first, word) > 0
        after = stack.enter_context(started(tmp_path, addresses=addresses))
        for kernel in (beside, after):
            assert isinstance(process_of(kernel), Remote)
            assert said(kernel, look) == "False False False False []\n"
            assert seek(kernel, word) == 0
        assert len({said(kernel, "print(torch.initial_seed())") for kernel in (beside, after)}) == 2
        assert said(first, "print('LEFT' in sys.path, torch.initial_seed())") == "True 3\n"


@root
def test_nothing_of_the_grader_is_in_its_memory(addresses, tmp_path):
    with started(tmp_path, addresses=addresses) as kernel:
        base = str(kernel._nest.base)
        assert base in str(kernel._nest.job.status)
        assert [seek(kernel, word) for word in (base, str(ROOT / "rnnkit"), tmp_path.name)] == [0, 0, 0]


@root
def test_its_first_process_is_out_of_reach_and_ends_orphans(addresses, tmp_path):
    code = """
import os, signal, time, warnings
warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGCHLD, signal.SIGHUP): os.kill(1, number)
if (pid := os.fork()) == 0:
    if os.fork() == 0: os._exit(0)
    os._exit(0)
os.waitpid(pid, 0)
until = time.monotonic() + 20
def there(): return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
while there() != [1, 2, os.getpid()] and time.monotonic() < until: time.sleep(0.01)
print(there() == [1, 2, os.getpid()], os.listdir("/proc/1"))
"""
    with started(tmp_path, addresses=addresses) as kernel:
        assert said(kernel, code) == "True []\n"
        firsts = [name for name in os.listdir("/proc") if name.isdigit() and named(name) == enclosure.FIRST]
        assert firsts
        assert {os.stat(f"/proc/{name}/mem").st_uid for name in firsts} == {0}  # root's: of its own user nobody may


def named(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except OSError:
        return ""


@root
def test_its_processes_are_counted_and_its_group_is_its_own(addresses, tmp_path):
    code = """
import os, time, warnings
warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads
count = 0
try:
    while count < 200:
        if os.fork() == 0: time.sleep(20); os._exit(0)
        count += 1
except OSError: pass
print(count)
"""
    with started(tmp_path, addresses=addresses, processes=64) as kernel:
        if cgroup.place():
            pids = [
                int(line) for folder in groups_of(os.getpid()) for line in (folder / "cgroup.procs").read_text().split()
            ]
            assert kernel._nest.job.process.pid not in pids
            assert {named(str(pid)) for pid in pids} >= {"rk-launcher", enclosure.FIRST, "python"}
        assert 32 < int(said(kernel, code)) <= 64


@root
def test_where_the_process_is_killed_copies_go_on_and_the_next_one_begins_by_itself(tmp_path):
    with begun_before([student_runtime(ROOT).resolve()]) as known:
        (address,) = known.values()
        zygote = int(re.match(r"/proc/(\d+)/", address)[1])
        with kernels(tmp_path, addresses=known) as make, closing(make()) as kernel:
            kernel.start()
            assert isinstance(process_of(kernel), Remote)
            os.kill(zygote, signal.SIGKILL)
            assert until(lambda: not os.path.exists(address), 20)
            assert said(kernel, "x = 3; print(x)") == "3\n"
            with pytest.raises(Stopped, match="ended by SIGKILL"):
                kernel.execute("import os; os.kill(os.getpid(), 9)", 30)
        with started(tmp_path, addresses=known) as kernel:
            assert isinstance(process_of(kernel), subprocess.Popen)
            assert said(kernel, "print(4)") == "4\n"


@root
def test_all_is_gone_when_the_grader_is_killed():
    word = mark()
    with empty_in_the_end() as place:
        code = f"""
import sys, tempfile, time
sys.path.append({str(ROOT / "tests")!r})
from pathlib import Path
from course import ROOT
from rnnkit.grading.sandbox.confine import Limits
from rnnkit.grading.sandbox.kernel import Kernel
from rnnkit.grading.sandbox.allowance import Allowance
from rnnkit.grading.sandbox.nursery import Nursery, begun_before
from rnnkit.grading.sandbox.runtime import student_runtime
tempfile.tempdir = {str(place)!r}
runtime = student_runtime(ROOT).resolve()
with begun_before([runtime]) as known:
    kernel = Kernel(Nursery(None, Limits(wall_s=300), True, known), runtime, Allowance())
    kernel.start()
    start = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', '{word}'])"
    kernel.execute(start, 30)
    print(*known.values(), kernel._nest.job.process.pid, flush=True)
    time.sleep(600)
"""
        grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        try:
            address, supervisor = grader.stdout.readline().split()
            assert living(word)
            assert os.path.exists(address)
        finally:
            grader.kill()
            grader.wait()
            grader.stdout.close()
        there = [address.split("/root")[0], f"/proc/{supervisor}"]
        assert until(lambda: not living(word) and not [path for path in there if os.path.exists(path)], 20)
    assert until(lambda: not groups_of(grader.pid), 20)


@root
def test_who_listens_in_its_place_is_told_nothing(tmp_path):
    code = (
        "import os, socket, sys\n"
        "listener = socket.socket(socket.AF_UNIX)\n"
        "listener.bind('/tmp/' + sys.argv[1])\n"
        "os.setresuid(4321, 4321, 4321)\n"
        "listener.listen(1)\n"
        "print(1, flush=True)\n"
        "print(len(listener.accept()[0].recv(10)))\n"
    )
    address = f"/tmp/{mark()}"
    other = subprocess.Popen([sys.executable, "-I", "-c", code, address[5:]], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "1\n"
        with pytest.raises(PermissionError, match="a process of root's"):
            Remote(address, {"secret": 1}, [])
        assert other.communicate(timeout=60)[0] == "0\n"
    finally:
        other.kill()
        os.unlink(address)


def test_for_other_users_and_where_it_is_late_there_is_none(monkeypatch):
    need_sandbox()
    runtime = student_runtime(ROOT).resolve()
    monkeypatch.setattr(preloaded, "READY_S", 0)
    with begun_before([runtime]) as known:
        assert known == {}
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(preloaded, "Preloaded", None)  # is not even begun
    with begun_before([runtime]) as known:
        assert known == {}


def test_a_grading_begins_it_where_there_is_more_than_one_submission_and_a_sandbox(monkeypatch):
    begun = []
    monkeypatch.setattr(_Grading, "prepare", lambda self: None)
    monkeypatch.setattr(_Grading, "grade", lambda self, waiting: iter(()))
    monkeypatch.setattr("rnnkit.grading.course.driver.begun_before", lambda known: begun.append(known) or ExitStack())
    for students, trust in ((["anna"], False), (["anna", "bert"], True), (["anna", "bert"], False)):
        run = object.__new__(_Grading)
        run.trust, run.shared, run.ends = trust, {"runtime": 1, "scoring": 2}, ExitStack()
        assert list(run.all(students)) == []
    assert begun == [(1, 2)]
