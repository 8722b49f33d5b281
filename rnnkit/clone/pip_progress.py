"""Runs pip and says what it is doing while it does it: standard library only, as `rnnkit.clone.setup_env` needs it."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

EVERY = 30.0  # seconds between two lines of a log
ON_A_TERMINAL = 1.0  # seconds between two states of the one line there
_FILE = re.compile(r"\s*(?:Downloading|Using cached) (?:\S*/)?(?P<name>[\w.]+-\d[\w.]*)\S*(?P<size> \([\d.]+ \w+\))?")


class Progress:
    """What pip has done so far, from the lines that it writes."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.doing = "asking for packages"

    def read(self, line: str) -> None:
        """Takes in a line of pip's."""
        word, _, rest = line.strip().partition(" ")
        if word == "Collecting" or line.startswith("Requirement already satisfied:"):
            name = re.match(r"[\w.-]+", rest.removeprefix("already satisfied: "))
            self.found |= {name.group().lower().replace("_", "-")} if name else set()
        elif word == "Processing":  # a file of this machine's
            self.found.add(rest.split()[0].split("/")[-1].split("-")[0].lower().replace("_", "-"))
        elif file := _FILE.match(line):
            self.doing = f"downloading {file['name']}{file['size'] or ''}"
        elif word in ("Building", "Preparing", "Getting"):
            self.doing = line.strip()[:60]
        elif line.startswith("Installing collected packages:"):
            self.doing = f"installing {line.count(',') + 1} packages"

    def text(self, seconds: float) -> str:
        """One line: packages looked up, what is being done, and for how long all of it has been going on."""
        return f"{len(self.found)} packages looked up, {self.doing}, {seconds:.0f} s so far"


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
