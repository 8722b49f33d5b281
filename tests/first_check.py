"""Times a student's first minute: from dist/student.zip, by pip or uv, to what the first check says.

``python tests/first_check.py pip`` (or ``uv``, which has to be there) types what the archive's README.md says into a
fresh folder, tells what each line took, and leaves nothing behind. Run it twice: the first time fills the local cache.
Variables of pip and uv (``PIP_FIND_LINKS``, ``UV_FIND_LINKS``) say where else packages are; ``--own-index`` leaves
PyTorch's index out.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ARCHIVE = Path(__file__).resolve().parent.parent / "dist" / "student.zip"
FIRST = """
import json
for cell in json.load(open("1_cells.ipynb", encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        exec("".join(cell["source"]))
        if cell["id"] == "rnn_step":
            break
"""


def main() -> None:
    """Prints a line for each command, and how long all took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("by", choices=["pip", "uv"])
    parser.add_argument("--own-index", action="store_true", help="leave PyTorch's index out")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        with zipfile.ZipFile(ARCHIVE) as archive:
            archive.extractall(folder)
        (home,) = Path(folder).iterdir()
        text = (home / "README.md").read_text(encoding="utf-8")
        start = {"pip": "python -m pip install", "uv": "uv pip install"}[asked.by]
        lines = [line for line in text.splitlines() if line.startswith(start)]
        if asked.own_index:
            lines = [re.sub(r" --extra-index-url \S+", "", line) for line in lines]
        python = f"{home}/.venv/bin/python"
        made = f"uv venv --python {sys.executable}" if asked.by == "uv" else f"{sys.executable} -m venv"
        types(f"{made} {home}/.venv", home)
        for line in lines:
            types(line.replace("python -m", f"{python} -m", 1), home)
        types([python, "-c", FIRST], home)
        load = os.getloadavg()[0]
        print(
            f"{asked.by}: {time.monotonic() - begun:.0f} s from the archive to the first check, at a load of {load:.1f}"
        )


def types(command: str | list[str], home: Path) -> None:
    """Runs a command and tells how long it took; what a check says is shown."""
    begun = time.monotonic()
    words = command.split() if isinstance(command, str) else command
    done = subprocess.run(words, cwd=home, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(words[:4])}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    told = command[:90] if isinstance(command, str) else done.stdout.strip()
    print(f"{time.monotonic() - begun:6.1f} s  {told}", flush=True)


if __name__ == "__main__":
    main()
