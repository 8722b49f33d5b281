"""One submission's greed: it is counted and has an end, and costs nobody else a point."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from confined import groups_of, inside, need_sandbox
from course import ASSIGNMENT, NAME, ROOT, make_course
from hostile import FULL, HONEST, build

from rnnkit.assignments.training_dynamics.questions import ASKED
from rnnkit.cli import doctor
from rnnkit.cli.grade import line
from rnnkit.grading.course import driver
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.submission import Result
from rnnkit.grading.ledger import GRADED, Ledger
from rnnkit.grading.sandbox import allowance, cgroup
from rnnkit.grading.sandbox.allowance import TIME_IS_UP, WALL, WALL_S, Allowance
from rnnkit.grading.sandbox.confine import Limits
from rnnkit.grading.sandbox.handle import Own, Supervised
from rnnkit.grading.sandbox.kernel import Kernel, Stopped, TimedOut

SPIN = "import os, signal, sys, time\n"
STARTS = {
    "children": "for _ in range(3):\n    if os.fork() == 0:\n        while True: pass\ntime.sleep(50)",
    "orphans": "for _ in range(3):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n"
    "            while True: pass\n        os._exit(0)\ntime.sleep(50)",
    "ended": "while True:\n    if os.fork() == 0:\n        while time.process_time() < 0.2: pass\n        os._exit(0)\n"
    "    os.wait()",
    "threads": "import hashlib, threading\nblock = bytes(1 << 20)\ndef spin():\n    while True: hashlib.sha256(block)\n"
    "for _ in range(3): threading.Thread(target=spin).start()",
    "hidden": "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True:\n    if (child := os.fork()) == 0:\n"
    "        while time.process_time() < 0.01: pass\n        os._exit(0)\n    try: os.waitpid(child, 0)\n"
    "    except ChildProcessError: pass",
}
FEW = ("orphans", "hidden")  # the others are slow


@pytest.fixture(params=["cgroup", "none"])
def groups(request, monkeypatch):
    """With control groups, where they may be made, and without."""
    if request.param == "none":
        monkeypatch.setattr(cgroup, "place", lambda: None)
    else:
        need_groups()
    return request.param


# ---- a submission's own clock ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [one if one in FEW else pytest.param(one, marks=pytest.mark.slow) for one in STARTS])
def test_the_processor_time_of_all_that_it_starts_counts(name, groups):
    need_sandbox()
    if (name, groups) == ("hidden", "none"):
        pytest.skip("only a control group counts the time of what nobody waits for")
    done = inside(SPIN + STARTS[name], limits=Limits(cpu_s=2, wall_s=300))
    assert done.why == "used more processor time than its limit", done


def test_the_own_clock_counts_sleep_and_not_the_wait_for_a_processor(tmp_path):
    """Ten that compute on one core: each waits nine tenths of the time, and none may be charged for that."""
    core = min(os.sched_getaffinity(0))
    code = "import os, time\nwhile time.process_time() < 0.55: pass\ntime.sleep(0.5)"
    limits = vars(Limits(wall_s=300, cores=(core,))) | {"folders": ()}
    jobs = []
    for number in range(10):
        (folder := tmp_path / str(number)).mkdir()
        how = {"environment": {}, "cwd": folder}
        jobs.append(Supervised([sys.executable, "-S", "-c", code], folder, limits, **how))
    for job in jobs:
        assert job.wait(300) == 0, job.report()
        assert job.own().cpu >= 0.5
        assert job.own().seconds < job.report()["wall_s"] / 2


class FakeTime:
    """A clock on the wall and one of a submission's own, which go on where something waits."""

    def __init__(self, monkeypatch, own_per_second):
        self.wall = self.own = self.slept = 0.0
        self.rate, self.sleeps = own_per_second, 0.0
        monkeypatch.setattr(allowance, "monotonic", lambda: self.wall)

    def pass_(self, seconds):
        self.wall += seconds
        self.own += seconds * self.rate
        self.slept += seconds * self.sleeps


class FakeKernel(Kernel):
    """A kernel that answers after some seconds of its own."""

    def __init__(self, time, needs, allowed=None):
        super().__init__(None, None, allowed or Allowance())
        self.time, self.needs, self.spent = time, needs, self._allowance
        self._client = SimpleNamespace(execute=lambda code, **how: "id")

    def _own(self):
        return Own(self.time.own, self.time.slept)

    def _messages(self, id, seconds):
        self.time.pass_(seconds)
        idle = [("execute_reply", {"status": "ok"}), ("status", {"execution_state": "idle"})]
        return idle if self.time.own >= self.needs else []

    def _death(self):
        return None

    def _revive(self):
        return True


@pytest.mark.parametrize(
    ("share", "needs", "reason"),
    [
        (1.0, 15, None),
        (0.4, 15, None),  # 37 s on the wall
        (1.0, 25, "took longer than 20 s"),
        (4.0, 25, "took longer than 20 s"),  # several processors at once
        (0.1, 15, "took longer than 60 s by the clock on the wall"),
    ],
)
def test_a_request_ends_by_the_own_clock(monkeypatch, share, needs, reason):
    kernel = FakeKernel(FakeTime(monkeypatch, share), needs)
    if reason is None:
        assert kernel.execute("pass", 20)
        assert kernel.spent.cut == []
    else:
        with pytest.raises(TimedOut, match=reason):
            kernel.execute("pass", 20)
        assert kernel.spent.cut == [reason]
    assert kernel.spent.starved == (share == 0.1)


def test_nobody_is_to_blame_for_what_sleeps(monkeypatch):
    kernel = FakeKernel(time := FakeTime(monkeypatch, 0.0), 10**9)
    time.sleeps = 1.0
    with pytest.raises(TimedOut, match="took longer than 20 s"):
        kernel.execute("pass", 20)
    assert kernel.spent.cut == []


def test_an_answer_that_the_grader_reads_late_counts(monkeypatch):
    """The grader itself had no processor for ten minutes, and the kernel slept; nothing of that is charged."""
    kernel = FakeKernel(time := FakeTime(monkeypatch, 0.001), 0)
    time.sleeps = 1.0
    read = kernel._messages

    def late(id, seconds):
        return read(id, 600)

    kernel._messages = late
    assert kernel.execute("pass", 20)
    time.sleeps = 0.0
    kernel._messages = read
    for _ in range(10):
        assert kernel.execute("pass", 20)


def test_all_requests_together_have_an_end(monkeypatch):
    time = FakeTime(monkeypatch, 1.0)
    kernel = FakeKernel(time, 10**9, Allowance(seconds=50))
    for _ in range(3):
        with pytest.raises(TimedOut):
            kernel.execute("pass", 20)
    assert time.own < 52
    for ask in (lambda: kernel.execute("pass", 20), kernel.start):
        with pytest.raises(Stopped, match=TIME_IS_UP):
            ask()
    assert not kernel.spent.starved


def test_the_wall_ends_what_its_own_clock_does_not_see(monkeypatch):
    time = FakeTime(monkeypatch, 0.0)
    kernel = FakeKernel(time, 10**9)
    for _ in range(100):
        with pytest.raises(Stopped):
            kernel.execute("pass", 60)
    assert WALL_S <= time.wall < WALL_S + WALL * 60
    assert kernel.spent.starved


def test_a_slow_drain_loses_no_output(monkeypatch):
    """The reply is there, and what was shown comes ten seconds later: the kernel had no processor."""
    kernel = FakeKernel(time := FakeTime(monkeypatch, 0.01), 0)
    late = [("stream", {"text": "shown"}), ("status", {"execution_state": "idle"})]
    came = [[("execute_reply", {"status": "ok"})], *[[]] * 20, late]

    def messages(id, seconds):
        time.pass_(seconds)
        return came.pop(0)

    kernel._messages, seen = messages, []
    limit = kernel.spent.limit(kernel._own, 20)
    kernel._reply("id", limit, lambda kind, content: seen.append(kind))
    assert seen == ["stream"]


# ---- control groups --------------------------------------------------------------------------------------------------


def need_groups() -> None:
    """Skips where no control group may be made."""
    if cgroup.place() is None:
        pytest.skip("no control group may be made here")


def test_a_group_keeps_memory_and_processes_and_goes_away():
    need_sandbox()
    need_groups()
    code = "import os, sys\nprint(*(line.split(':')[2] for line in open('/proc/self/cgroup').read().split()))"
    seen = inside(code).stdout.decode()
    assert cgroup.PREFIX not in seen  # a namespace of its own
    code = (
        "import os, time\nk = 0\ntry:\n    while k < 500:\n        if os.fork() == 0: time.sleep(50)\n        k += 1\n"
    )
    done = inside(f"{code}except OSError: print(k, flush=True)", limits=Limits(processes=40, wall_s=300))
    assert 20 < int(done.stdout) < 40
    fast = "kept = b'x' * (900 << 20)\nimport time; time.sleep(50)"
    assert inside(fast, limits=Limits(memory_mb=300, wall_s=300)).why == "used more than 300 MB of memory"
    assert groups_of(os.getpid()) == []


def test_what_a_dead_grader_left_is_swept():
    need_groups()
    code = "import os; print(os.getpid())\nfrom rnnkit.grading.sandbox import cgroup\n"
    code += "cgroup.make(64, 16)\nos.kill(os.getpid(), 9)"
    pid = subprocess.run([sys.executable, "-uc", code], stdout=subprocess.PIPE, text=True).stdout.strip()
    mine = cgroup.make(64, 16)
    assert groups_of(pid)
    cgroup.sweep()
    assert not groups_of(pid)
    assert groups_of(os.getpid())
    mine.remove()
    assert not groups_of(os.getpid())


def test_version_2_is_looked_for_upwards(tmp_path, monkeypatch):
    own = tmp_path / "user.slice" / "app.slice" / "terminal.scope"
    own.mkdir(parents=True)
    for folder, passed in ((own, ""), (own.parent, "cpu memory pids"), (own.parents[1], "memory pids")):
        (folder / "cgroup.procs").touch()
        (folder / "cgroup.subtree_control").write_text(passed)
    mounts, paths = f"cgroup2 {tmp_path} cgroup2 rw 0 0", "0::/user.slice/app.slice/terminal.scope"
    first, second = cgroup.places(mounts, paths)
    assert str(first) == "cgroup v2 (cpu, memory, pids)"
    assert set(first.above.values()) == {own.parent}
    assert str(second) == "cgroup v2 (memory, pids)"
    group = cgroup.Group(first, 100, 10)
    told = group.told()
    (folder,) = told["folders"]
    assert told["usage"] == f"{folder}/cpu.stat"
    assert Path(folder).parent == own.parent
    assert list(cgroup.places(mounts, "0::/elsewhere")) == list(cgroup.places("", paths)) == []


def test_without_a_group_each_has_processors_of_its_own(monkeypatch):
    monkeypatch.setattr(cgroup, "place", lambda: None)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 5})
    assert [cgroup.cores(k, 2) for k in range(2)] == [(0, 2), (1, 5)]
    assert [cgroup.cores(k, 6) for k in range(6)] == [(0,), (1,), (2,), (5,), (0,), (1,)]
    assert cgroup.cores(0, 1) == ()
    assert any(cgroup.WEAKER in finding.found for finding in doctor.sandbox())


def test_it_can_change_neither_its_processors_nor_its_niceness(groups):
    need_sandbox()
    core = min(os.sched_getaffinity(0))
    code = (
        "import os\n"
        "for ask in (lambda: os.sched_setaffinity(0, range(os.cpu_count())), lambda: os.setpriority(0, 0, 0)):\n"
        "    try: ask(); print('allowed')\n"
        "    except OSError as error: print('refused')\n"
        "print(os.sched_getaffinity(0), os.nice(0) > 0)"
    )
    done = inside(code, limits=Limits(cores=(core,), wall_s=60))
    assert done.stdout.decode().split("\n")[:3] == ["refused", "refused", f"{{{core}}} True"], done


# ---- tried again alone -----------------------------------------------------------------------------------------------


class FakeChild(driver.Child):
    """A grader process that has ended when it begins; `outcomes` are the results of each student's tries."""

    outcomes: dict[str, list]
    begun: list

    def __init__(self, job, place=0, first=None):
        self.job, self.place, self.first, self.alone = job, place, first, True
        self.reason, self.flags, self._late, self._cut = "", [], False, ""
        reader, writer = os.pipe()
        os.close(writer)
        self.process = SimpleNamespace(sentinel=reader)
        self.begun.append((job.student, job.seed, first is not None))
        self.found = self.outcomes[job.student].pop(0)
        if isinstance(self.found, str):
            self.reason, self._late, self.found = self.found, True, None

    def over(self):
        os.close(self.process.sentinel)
        return True

    def kill(self):
        os.close(self.process.sentinel)

    def result(self):
        return self.found


def result(student, points, cut=(), starved=False):
    """What a grader process found: so many points for one question, none for the others."""
    about = {"points": 0.0, "status": "", "text": "", "sha256": ""}
    scores = {q.id: {"notebook": q.notebook, "most": q.points, **about} for q in ASKED.values()}
    scores["rho"]["points"] = points
    notebooks = {q.notebook: {"status": "graded", "reason": "", "flags": []} for q in ASKED.values()}
    return Result(student, notebooks=notebooks, scores=scores, cut=list(cut), starved=starved)


@pytest.fixture
def faked(tmp_path, entered, monkeypatch):
    """Grades a class of students with these outcomes: the order of the tries, and the entries as they came."""
    shutil.copytree(entered, tmp_path / "grading")

    def grade(outcomes, jobs=2, stop_after=None):
        monkeypatch.setattr(driver, "Child", FakeChild)
        monkeypatch.setattr(driver, "probe", lambda: None)
        FakeChild.outcomes, FakeChild.begun = {name: list(tries) for name, tries in outcomes.items()}, []
        for name in outcomes:
            (tmp_path / "grading" / "submitted" / name / NAME).mkdir(parents=True, exist_ok=True)
        seen = []

        def on_entry(entry, done, of):
            seen.append((entry, done, of))
            if stop_after == done:
                raise KeyboardInterrupt

        with contextlib.suppress(KeyboardInterrupt):
            driver.grade_class(Course(ROOT, tmp_path), ASSIGNMENT, jobs=jobs, on_entry=on_entry)
        return FakeChild.begun, seen

    grade.ledger = lambda: Ledger(tmp_path / "grading" / "ledger.json", NAME).entries
    return grade


LATE = ["took longer than 20 s"]


def test_what_was_cut_short_beside_others_is_tried_again_alone_and_last(faked):
    tries = {"anna": [result("anna", 0.5, LATE), result("anna", 1.5)], "bert": [result("bert", 1.5)]}
    tries["cleo"] = [result("cleo", 1.5)]
    begun, seen = faked(tries)
    assert [(student, again) for student, _, again in begun] == [
        ("anna", False), ("bert", False), ("cleo", False), ("anna", True),
    ]  # fmt: skip
    assert begun[0][1] == begun[3][1]  # the same random inputs
    assert [(entry.student, done, of) for entry, done, of in seen] == [("bert", 1, 3), ("cleo", 2, 3), ("anna", 3, 3)]
    anna = seen[-1][0]
    assert anna.points == 1.5
    assert [flag for flag in anna.flags if flag.startswith("tried again alone")] == anna.flags
    assert "took longer than 20 s; 0.5 points then, 1.5 points now" in line(ASSIGNMENT, anna)
    assert faked.ledger()["anna"].flags == anna.flags


@pytest.mark.parametrize(
    ("first", "second", "jobs", "tries", "points"),
    [
        (result("anna", 0.5, LATE), result("anna", 0.0, LATE), 2, 2, 0.0),  # the one obtained alone counts, once
        (result("anna", 0.5, LATE), None, 1, 1, 0.5),  # it had the machine for itself
        (result("anna", 0.5, LATE, starved=True), result("anna", 1.5), 1, 2, 1.5),  # and did not, by the wall's clock
        (result("anna", 1.5), None, 2, 1, 1.5),
        ("took longer than 1020 s", result("anna", 1.5), 2, 2, 1.5),
        ("took longer than 1020 s", "took longer than 1020 s", 2, 2, 0.0),
    ],
)
def test_who_is_tried_again(faked, first, second, jobs, tries, points):
    begun, seen = faked({"anna": [first, second], "bert": [result("bert", 1.5)]}, jobs)
    assert sum(student == "anna" for student, _, _ in begun) == tries
    assert {entry.student: entry.points for entry, _, _ in seen} == {"anna": points, "bert": 1.5}
    flags = faked.ledger()["anna"].flags
    assert sum("tried again alone" in flag for flag in flags) == (tries == 2)


def test_killed_before_the_second_try_it_is_graded_later(faked):
    tries = {"anna": [result("anna", 0.5, LATE)], "bert": [result("bert", 1.5)]}
    faked(tries, stop_after=1)
    assert list(faked.ledger()) == ["bert"]  # nothing that is not final stands anywhere
    begun, seen = faked({"anna": [result("anna", 1.5)], "bert": []})
    assert [student for student, _, _ in begun] == ["anna"]
    assert seen[0][0].points == 1.5


# ---- for real --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_honest_student_beside_the_greedy_has_all_points(tmp_path):
    """One of them begins before both honest ones, the other after them."""
    need_sandbox()
    make_course(tmp_path)
    cases = build(tmp_path, ["g_processes", "g_threads"], brief=True)
    graded = driver.grade_class(Course(ROOT, tmp_path), ASSIGNMENT, jobs=2)
    assert {student: graded.entries[student].points for student in HONEST} == dict.fromkeys(HONEST, FULL)
    assert {graded.entries[case.student].status for case in cases} == {GRADED}
    assert graded.share == cgroup.share()
