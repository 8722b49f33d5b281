"""Set up ``.venv``, or another folder, in the clone: standard library only, to run before anything is installed.

``python3.11 -m rnnkit setup`` does it. With an up-to-date stamp nothing is done.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rnnkit.cli.guard import Parser
from rnnkit.common.places import SetupError, clone_root, pinned_torch

OLDEST, NEWEST = (3, 11), (3, 13)
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
TORCH_CPU_ONLY = ["--index-url", TORCH_CPU_INDEX, "--timeout", "20", "--retries", "1"]  # pip's words for it
VENV, STAMP = ".venv", "rnnkit-setup.stamp"
PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--progress-bar", "off"]
EVERY = 30.0  # seconds between two lines of a log
ON_A_TERMINAL = 1.0  # seconds between two states of the one line there
_FILE = re.compile(r"\s*(?:Downloading|Using cached) (?:\S*/)?(?P<name>[\w.]+-\d[\w.]*)\S*(?P<size> \([\d.]+ \w+\))?")
# What a usable .venv's Python prints: its version, then the torch it has (or none). Without pip it fails.
PROBE = """
import pip, sys
from importlib.metadata import PackageNotFoundError, version
try:
    torch = version("torch")
except PackageNotFoundError:
    torch = "none"
print(sys.version_info[0], sys.version_info[1], torch)
"""


def say(message: str) -> None:
    """Print one line of progress at once."""
    print(f"rnnkit setup: {message}", flush=True)


def check_python(version: tuple[int, int], what: str, remedy: str) -> None:
    """Refuse a Python outside the supported range."""
    if not OLDEST <= version <= NEWEST:
        wanted = f"Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
        raise SetupError(f"{wanted} is needed, {what} is {version[0]}.{version[1]}; {remedy}", status=2)


def venv_python(root: Path, folder: str = VENV) -> Path:
    """The path of an environment's own Python."""
    return root / folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def stamp_text(root: Path) -> str:
    """What an up-to-date stamp holds: the digest of what was asked for, and the place (a venv cannot be moved)."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        path = root / name
        if not path.is_file():
            raise SetupError(f"expected {name} in {root}, found none; run `git checkout {name}` there.")
        digest.update(path.read_bytes())
    return f"{digest.hexdigest()}\n{root}\n"


def check_place(root: Path, stamped: str, folder: str = VENV) -> None:
    """Refuse an environment that came with a copied or moved clone: its scripts would run the other place's code."""
    made_for = stamped.splitlines()[1:]
    if made_for and made_for[0] != str(root):
        raise SetupError(
            f"expected a {folder} made for {root}, this one was made for {made_for[0]} and cannot be moved; "
            f"delete the folder {root / folder} and run this again."
        )


def check_made_with(root: Path, folder: str) -> None:
    """Refuse an environment of another Python than the one that sets it up, which would go unused without a word."""
    made = root / folder / "pyvenv.cfg"
    found = (
        re.search(r"^version(?:_info)? *= *(\d+\.\d+)", made.read_text("utf-8"), re.MULTILINE)
        if made.exists()
        else None
    )
    mine = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if found and found[1] != mine:
        raise SetupError(
            f"{folder} was made with Python {found[1]}, this is {mine}; delete that folder, or give this Python one of "
            f"its own: `--folder {VENV}-{mine}` (make: `VENV={VENV}-{mine}`).",
            status=2,
        )


def make_venv(root: Path, folder: str = VENV) -> None:
    """Make an environment unless it has a Python already."""
    if venv_python(root, folder).exists():
        return
    say(f"making {folder} with Python {sys.version_info[0]}.{sys.version_info[1]}")
    if subprocess.run([sys.executable, "-m", "venv", str(root / folder)]).returncode:
        raise SetupError(
            f"expected `python -m venv {folder}` to work, it failed as shown above. On Debian and Ubuntu install "
            f"python3-venv (or python3.11-venv); then delete the folder {folder} and run this again."
        )


def probe_venv(python: Path) -> str:
    """An environment's torch version ("none" without one); refuses one that is broken or of a wrong Python."""
    folder = python.parents[1].name
    again = f"delete the folder {folder} and run this again."
    try:
        probe = subprocess.run([str(python), "-c", PROBE], capture_output=True, text=True)
    except OSError as error:
        raise SetupError(f"expected a Python that starts in {folder}, got: {error}; {again}") from error
    if probe.returncode:
        reason = (probe.stderr.strip().splitlines() or ["no message"])[-1]
        raise SetupError(f"expected a working Python with pip in {folder}, got: {reason}; {again}")
    major, minor, torch = probe.stdout.split()
    check_python((int(major), int(minor)), f"the one in {folder}", again)
    return torch


def torch_attempts(version: str, platform: str = sys.platform) -> list[tuple[str, list[str]]]:
    """Where torch is looked for, in order: what to announce, and pip's arguments. Never an unpinned torch."""
    own, plain, cpu = "from the indexes configured for pip", f"torch=={version}", f"torch=={version}+cpu"
    if platform == "darwin":  # there are no +cpu builds for a Mac: its plain build is the CPU build
        return [(f"{plain} {own}", [plain])]
    last = f"plain {plain} {own} (on Linux that may be the large CUDA build)"
    return [(f"{cpu} {own}", [cpu]), (f"{cpu} from {TORCH_CPU_INDEX}", [*TORCH_CPU_ONLY, cpu]), (last, [plain])]


class Progress:
    """What pip has done so far, from the lines that it writes."""

    def __init__(self) -> None:
        self.packages: set[str] = set()
        self.doing = "asking for packages"

    def read(self, line: str) -> None:
        """Takes in a line of pip's."""
        word, _, rest = line.strip().partition(" ")
        if word == "Collecting" or line.startswith("Requirement already satisfied:"):
            name = re.match(r"[\w.-]+", rest.removeprefix("already satisfied: "))
            self.packages |= {name.group().lower().replace("_", "-")} if name else set()
        elif word == "Processing":  # a file of this machine's
            self.packages.add(rest.split()[0].split("/")[-1].split("-")[0].lower().replace("_", "-"))
        elif file := _FILE.match(line):
            self.doing = f"downloading {file['name']}{file['size'] or ''}"
        elif word in ("Building", "Preparing", "Getting"):
            self.doing = line.strip()[:60]
        elif line.startswith("Installing collected packages:"):
            self.doing = f"installing {line.count(',') + 1} packages"

    def text(self, seconds: float) -> str:
        """One line: packages looked up, what is being done, and for how long all of it has been going on."""
        return f"{len(self.packages)} packages looked up, {self.doing}, {seconds:.0f} s so far"


def watched(command: Sequence[str], folder: Path, say: Callable[[str], None]) -> tuple[int, str]:
    """Runs pip (without -q) to its end: its exit status and all that it wrote.

    ``say`` prints a line of progress every half minute, unless there is a terminal, whose last line is rewritten.
    """
    terminal, progress, lines, start = sys.stdout.isatty(), Progress(), [], time.monotonic()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    ) as process:

        def take() -> None:
            for line in process.stdout or ():
                lines.append(line)
                progress.read(line)

        reader = threading.Thread(target=take, daemon=True)
        reader.start()
        while True:
            reader.join(ON_A_TERMINAL if terminal else EVERY)
            if not reader.is_alive():
                break
            text = progress.text(time.monotonic() - start)
            if terminal:
                print(f"\r\x1b[K  {text[:76]}", end="", flush=True)
            else:
                say(text)
    if terminal:
        print("\r\x1b[K", end="", flush=True)
    return process.returncode, "".join(lines)


def pip_install(root: Path, python: Path, *arguments: str) -> str | None:
    """``pip install`` in the clone, with lines of progress: None when it worked, else all that pip had to say."""
    status, told = watched([str(python), *PIP, *arguments], root, say)
    return told if status else None


def install_torch(root: Path, python: Path, present: str) -> None:
    """Install the pinned torch from the first place that has it, unless some build of it is there."""
    version = pinned_torch(root)
    if present.split("+")[0] == version:
        say(f"torch {present} is there already")
        return
    for announcement, arguments in torch_attempts(version):
        say(f"installing {announcement}")
        # This one pinned wheel and nothing else: what it needs comes with rnnkit, under constraints.txt.
        failure = pip_install(root, python, "--no-deps", *arguments)
        if failure is None:
            return
        lines = failure.strip().splitlines() or ["pip said nothing"]
        say(f"not there: {next((line for line in reversed(lines) if line.startswith('ERROR')), lines[-1])}")
    print(failure, file=sys.stderr)
    raise SetupError(
        f"expected torch {version} from one of the places above, none gave it (above: pip on the last). Check the "
        "network, pip's configuration (`pip config list`) and whether PyTorch has a build for this machine; "
        "then run this again."
    )


def install_rnnkit(root: Path, python: Path) -> None:
    """Install rnnkit, editable, with everything it needs at the pinned versions."""
    pinned = len(re.findall(r"^[^#\s][^#\n]*==", (root / "constraints.txt").read_text("utf-8"), re.MULTILINE))
    say(
        f"installing rnnkit and what it needs, up to {pinned} packages at the versions of constraints.txt; "
        "how long that takes depends on network and machine, so here is what it is doing:"
    )
    failure = pip_install(root, python, "-c", "constraints.txt", "-e", ".[all]")
    if failure is not None:
        print(failure, file=sys.stderr)
        raise SetupError(
            "expected `pip install -c constraints.txt -e .[all]` to work, it failed as shown above. "
            "Check the network and pip's configuration (`pip config list`), then run this again."
        )


def set_up(force: bool = False, folder: str = VENV) -> None:
    """Bring an environment of the clone up to date, or do nothing where its stamp says that it is."""
    with_another = f"run this with one, e.g. `python3.11 -m rnnkit setup`; a {folder} made with another must be deleted"
    check_python(sys.version_info[:2], sys.executable, f"{with_another} beforehand.")
    root = clone_root()
    python, stamp, wanted = venv_python(root, folder), root / folder / STAMP, stamp_text(root)
    if python.exists():
        check_made_with(root, folder)
        stamped = stamp.read_text("utf-8") if stamp.is_file() else ""
        check_place(root, stamped, folder)
        if stamped == wanted and not force:
            return
    stamp.unlink(missing_ok=True)
    make_venv(root, folder)
    install_torch(root, python, probe_venv(python))
    install_rnnkit(root, python)
    stamp.write_text(wanted, "utf-8")
    say("done")


def main(argv: Sequence[str]) -> int:
    """``rnnkit setup``: 0 done, 1 something failed, 2 wrong Python or no clone."""
    parser = Parser(prog="rnnkit setup", description="Make or update an environment in this clone.")
    parser.add_argument("--folder", default=VENV, help=f"where it stands, {VENV} unless given")
    parser.add_argument("--force", action="store_true", help="do it even where nothing seems to have changed")
    asked = parser.parse_args(argv)
    set_up(asked.force, asked.folder)
    return 0
