"""Code that nobody has read, run without network, without the course and home folders, and within limits.

Built on bubblewrap (Linux): namespaces of its own, a read-only system, folders in memory to write to.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rnnkit.common.names import BadValue
from rnnkit.common.places import clone_root
from rnnkit.grading.sandbox import enclosure
from rnnkit.grading.sandbox.handle import Supervised
from rnnkit.grading.sandbox.mounts import Places, large, system
from rnnkit.grading.sandbox.runtime import FONTS, fonts, student_runtime
from rnnkit.grading.sandbox.scoring import hidden
from rnnkit.grading.sandbox.seccomp import program

HOME, RUNTIME, STAGE, SUBMISSION = "/home/student", "/runtime", "/in", "/submission"
MATPLOTLIB = ".matplotlib"  # its folder below home
OUTSIDE = {"PATH": "/usr/local/bin:/usr/bin:/bin"}  # the environment of bubblewrap itself
SOCKETS = "/kernel"  # a file system of its own, which the grader reaches through the supervisor's handle on it
IN_MEMORY = (SOCKETS, "/dev/shm", "/tmp", HOME, SUBMISSION)
SOCKETS_SIZE = 1 << 20  # bytes
PENDING = 1024  # signals and timers that wait
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
CONTAINERS = ("/.dockerenv", "/run/.containerenv")  # files that are there inside of one
COPY = f'cp -rn --no-preserve=mode {STAGE}/. {SUBMISSION}/ 2>/dev/null; exec "$@"'
FINISHED = ("--remount-ro", "/dev", "--remount-ro", "/proc", "--remount-ro", "/", "--chdir", SUBMISSION)
USER = 1000  # what the sandbox's user is called inside
NAMESPACES = ("user", "pid", "net", "ipc", "uts", "cgroup-try")

APPARMOR = """\
This system keeps ordinary users from making namespaces (Ubuntu since 23.10 does). Allow it for bwrap alone: as root,
write this into /etc/apparmor.d/bwrap and run  systemctl reload apparmor

    abi <abi/4.0>,
    include <tunables/global>
    profile bwrap /usr/bin/bwrap flags=(unconfined) {
      userns,
      include if exists <local/bwrap>
    }
"""
CONTAINER = """\
Inside a container this needs one that may make namespaces: grade outside of it, in a virtual machine, or start it with
--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined
"""


class SandboxError(BadValue):
    """Code of students cannot be confined here: the message says why, and what to do."""


@dataclass(frozen=True)
class Limits:
    """What a submission's process tree may use.

    ``memory_mb``, ``processes`` (threads count) and ``cpu_s`` are sums over the tree, ``wall_s`` is from start to end;
    ``address_mb`` and ``file_mb`` hold for each process; ``tmp_mb`` for each of the folders in memory, ``files`` for
    all of them. ``cores`` are the processors that it may use, all where empty.
    """

    memory_mb: int = 4096
    address_mb: int = 8192
    processes: int = 128
    cpu_s: int = 900
    wall_s: float = 900
    file_mb: int = 64
    tmp_mb: int = 256
    files: int = 100_000
    cores: tuple[int, ...] = ()


@dataclass(frozen=True)
class Finished:
    """How a process ended; ``why`` says why it was killed, None where it ended by itself."""

    returncode: int
    stdout: bytes
    why: str | None
    stderr: str = ""


def environment(home: str, runtime: str) -> dict[str, str]:
    """All variables that confined code finds."""
    return {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": home,
        "USER": "student",
        "LANG": "C.UTF-8",
        **dict.fromkeys(THREADS, "1"),
        "PYTHONPATH": runtime,
        "PYTHONSAFEPATH": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": f"{home}/{MATPLOTLIB}",
        "NBGRADER_EXECUTION": "autograde",
    }


def command(
    argv: Sequence[str], *, stage: Path | None, runtime: Path, limits: Limits, base: Path
) -> tuple[list[str], dict[str, Any]]:
    """The whole command that runs another one confined, in ``/submission``, and what its supervisor is told.

    The regular files of the stage are there, as copies (large ones as links to what cannot be written to). Limits that
    are summed over the tree are the supervisor's to watch.
    """
    words, told = enclosed(stage=stage, runtime=runtime, limits=limits, base=base)
    words += ["--", *_prlimit(rlimits(limits) | of_user(limits))]
    if stage is not None:
        words += ["/bin/sh", "-c", COPY, "sh"]
    return [*words, *argv], asdict(limits) | {"enclosure": told}


def enclosed(*, stage: Path | None, runtime: Path, limits: Limits, base: Path) -> tuple[list[str], dict[str, Any]]:
    """Bubblewrap with all that makes a sandbox, but for what runs in it, and what surrounds it."""
    places = Places(base, runtime, stage or base)
    texts = {enclosure.NOTHING: b""}
    words = [places.bubblewrap(OUTSIDE["PATH"]), "--info-fd", str(enclosure.INFO), "--block-fd", str(enclosure.BEGIN)]
    if filter := filter_of(runtime):
        texts[enclosure.FILTER] = filter
        words += ["--seccomp", str(enclosure.FILTER)]
    words += [*(f"--unshare-{name}" for name in NAMESPACES), "--uid", str(USER), "--gid", str(USER)]
    words += ["--disable-userns", "--die-with-parent", "--new-session", "--hostname", "grader", "--cap-drop", "ALL"]
    words += ["--clearenv"]
    for name, value in environment(HOME, RUNTIME).items():
        words += ["--setenv", name, value]
    words += inside(places, runtime, limits, enclosure.NOTHING)
    if stage is not None:
        words += ["--ro-bind", places.of_grader(stage), STAGE]
        for path in large(stage):
            words += ["--symlink", f"{STAGE}/{path}", f"{SUBMISSION}/{path}"]
    told = {"folders": IN_MEMORY, "places": places.places, "folder": places.folder}
    told["texts"] = {number: text.hex() for number, text in texts.items()}
    return [*words, *FINISHED], told


def inside(places: Places, runtime: Path, limits: Limits, nothing: int) -> list[str]:
    """What is mounted in every sandbox with a runtime; `nothing` is the number of an open file without a byte."""
    # the first process is bubblewrap's, of the same user, and outlives every kernel: nobody looks into it
    words = ["--proc", "/proc", "--tmpfs", "/proc/1", "--remount-ro", "/proc/1", "--dev", "/dev"]
    # memory that is mapped from it and shared is nobody's, so nobody may open it
    words += ["--perms", "0000", "--ro-bind-data", str(nothing), "/dev/zero"]
    for folder in IN_MEMORY:
        size = SOCKETS_SIZE if folder == SOCKETS else limits.tmp_mb << 20
        words += ["--size", str(size), "--tmpfs", folder]
    words += system(places)
    own = places.of_grader(runtime)
    words += ["--ro-bind", own, RUNTIME]
    for name in fonts(runtime):
        words += ["--ro-bind", f"{own}/{FONTS}/{name}", f"{HOME}/{MATPLOTLIB}/{name}"]
    for path, place in hidden(runtime).items():
        words += ["--ro-bind", f"{own}/{place}", path]
    return words


def filter_of(runtime: Path) -> bytes | None:
    """The filter of system calls in a sandbox with a runtime; None where there is none for this machine."""
    return program(narrower=bool(hidden(runtime)))


def rlimits(limits: Limits) -> dict[str, tuple[int, int]]:
    """What each process may use: soft and hard limits by their names."""
    address, file, cpu = limits.address_mb << 20, limits.file_mb << 20, limits.cpu_s
    core = 1  # bytes: none at all, nor a start of the machine's own program that takes them
    alike = {"as": address, "fsize": file, "core": core, "nofile": 512}
    return {"cpu": (cpu, cpu + 5)} | {name: (value, value) for name, value in alike.items()}


def of_user(limits: Limits) -> dict[str, tuple[int, int]]:
    """What all processes of a sandbox's user may use together, as `rlimits`."""
    return {"nproc": (limits.processes,) * 2, "sigpending": (PENDING,) * 2}


def _prlimit(values: Mapping[str, tuple[int, int]]) -> list[str]:
    return ["prlimit", *(f"--{name}={soft}:{hard}" for name, (soft, hard) in values.items()), "--"]


def supervised(
    argv: Sequence[str],
    base: Path,
    *,
    stage: Path | None,
    runtime: Path,
    limits: Limits,
    confined: bool = True,
    stdout: int = subprocess.DEVNULL,
) -> Supervised:
    """Starts a command, confined and supervised; arguments as for `command` and `run`."""
    if confined:
        words, watched = command(argv, stage=stage, runtime=runtime, limits=limits, base=base)
        return Supervised(words, base, watched, environment=OUTSIDE, stdout=stdout)
    home, work = base / "home", base / "submission"
    home.mkdir()
    if stage is None:
        work.mkdir()
    else:
        shutil.copytree(stage, work, symlinks=True)
    words = [*_prlimit(rlimits(limits)), *argv] if shutil.which("prlimit") else list(argv)
    variables = environment(str(home), str(runtime))
    return Supervised(words, base, asdict(limits), environment=variables, cwd=work, stdout=stdout)


def run(
    argv: Sequence[str],
    *,
    stage: Path | None = None,
    limits: Limits | None = None,
    confined: bool = True,
    most_output: int = 16 << 20,
    runtime: Path | None = None,
) -> Finished:
    """Runs a command to its end, confined and supervised; ``python`` is this Python.

    Arguments:
        stage, runtime: as for `command`; by default no files, and the clone's student runtime.
        confined: False for submissions that are trusted: limits and a clean environment only.
        most_output: bytes of output after which it is killed.
    """
    limits = limits or Limits()
    runtime = runtime or student_runtime(clone_root())
    with tempfile.TemporaryDirectory(prefix="rk-", ignore_cleanup_errors=True) as folder:
        how: Any = {"stage": stage, "runtime": runtime, "limits": limits, "confined": confined}
        job = supervised(argv, Path(folder), stdout=subprocess.PIPE, **how)
        try:
            output = _read(job, most_output)
            code = job.wait(limits.wall_s + 30)
        except BaseException:
            job.stop()
            job.wait()
            raise
        return Finished(code, output, job.why(), job.report().get("stderr", ""))


def _read(job: Supervised, most: int) -> bytes:
    """The output of a process until its end; it is stopped where there is too much."""
    parts, left = [], most
    assert job.process.stdout is not None
    with job.process.stdout as pipe:
        while text := os.read(pipe.fileno(), 1 << 16):
            parts.append(text[:left])
            left -= len(text)
            if left < 0:
                job.stop(f"wrote more than {most >> 20} MB of output")
                break
    return b"".join(parts)


def probe() -> None:
    """Runs a program and a Python confined.

    Raises:
        SandboxError: that does not work here.
    """
    if not sys.platform.startswith("linux"):
        raise SandboxError(
            f"expected Linux, got {sys.platform}: students' code can be confined on Linux only; on Windows grade in "
            "WSL2, on macOS in a Linux virtual machine"
        )
    for name, package in (("bwrap", "bubblewrap"), ("prlimit", "util-linux")):
        if shutil.which(name) is None:
            raise SandboxError(f"expected the program {name}, found none: sudo apt install {package}")
    wanted = "import importlib.util as u; print([n for n in ('ipykernel', 'torch', 'rnnkit') if not u.find_spec(n)])"
    limits = Limits(wall_s=180)
    for argv, expected in ((["/bin/true"], b""), (["python", "-c", wanted], b"[]\n")):
        done = run(argv, limits=limits)
        if done.returncode or done.stdout != expected:
            raise SandboxError(_explain(argv, done))


def _explain(argv: Sequence[str], done: Finished) -> str:
    got = done.why or done.stderr.strip() or done.stdout.decode("utf-8", "replace").strip()
    text = f"expected {argv[0]} to run confined, it did not (exit status {done.returncode}): {got}\n"
    if "Unknown option" in got:
        return text + "bubblewrap 0.8 or newer is needed."
    if any(os.path.exists(name) for name in CONTAINERS):
        return text + CONTAINER
    if any(words in got for words in ("uid map", "No permissions", "RTM_NEWADDR", "new namespace")):
        return text + APPARMOR
    if argv[0] == "python" or "source path" in got:
        return text + f"Install Python and the packages so that every user may read them: {sys.prefix}"
    return text
