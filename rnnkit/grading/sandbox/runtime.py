"""What students have of rnnkit, as a folder to run their code with."""

from __future__ import annotations

import compileall
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from py_compile import PycInvalidationMode

from rnnkit.grading.release.wheel import student_source
from rnnkit.grading.sandbox import scoring

ALIAS = "starter/trainingRNNs_torch", "trainingRNNs_torch"  # the folder in rnnkit, and the name it is imported by
ONE_AT_A_TIME = threading.Lock()  # two threads that parse at once disturb each other in Python 3.11
FONTS = "fonts"  # the folder of a runtime with matplotlib's list of them
LISTED = "afmlist", "ttflist"


def student_runtime(root: Path) -> Path:
    """A folder that holds a clone's rnnkit as students have it: without the instructor's side and the solutions.

    It is made once for each state of the sources, and appears whole or not at all.
    """
    return _made("runtime", lambda fresh: _as_students(root, fresh))


def scoring_runtime(root: Path) -> Path:
    """A folder that holds what a student's answers are scored with, see `scoring`; made as `student_runtime`."""
    return _made("scoring", lambda fresh: scoring.fill(root, fresh))


def _as_students(root: Path, fresh: Path) -> None:
    source = fresh.with_name("source")
    source.mkdir()
    student_source(root, source)
    shutil.move(source / "rnnkit", fresh / "rnnkit")
    shutil.copytree(fresh / "rnnkit" / ALIAS[0], fresh / ALIAS[1])


def _made(name: str, fill: Callable[[Path], None]) -> Path:
    """The folder of this name for what `fill` writes into an empty one."""
    kept = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "rnnkit"
    kept.mkdir(parents=True, exist_ok=True)
    with ONE_AT_A_TIME, tempfile.TemporaryDirectory(prefix=".runtime-", dir=kept) as folder:
        fresh = Path(folder) / "fresh"
        fresh.mkdir(0o755)
        fill(fresh)
        (fresh / FONTS).mkdir()
        for one, text in _fonts().items():
            (fresh / FONTS / one).write_text(text, encoding="utf-8")
        wanted = digest(fresh)
        runtime = kept / f"{name}-{wanted[:16]}"
        if not runtime.is_dir() or digest(runtime) != wanted:
            compileall.compile_dir(fresh, quiet=2, stripdir=fresh, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
            if (fresh / scoring.LIST).is_file():
                scoring.compile_hidden(fresh)
            shutil.rmtree(runtime, ignore_errors=True)
            try:
                os.rename(fresh, runtime)
            except OSError:  # another process was quicker
                if not runtime.is_dir():
                    raise
    return runtime


@functools.cache
def _fonts() -> dict[str, str]:
    """Name -> text of the list of fonts that matplotlib makes where it finds none: else every sandbox would."""
    with tempfile.TemporaryDirectory(prefix="rk-") as home:
        known = {"PATH": "/usr/bin:/bin", "HOME": home, "MPLCONFIGDIR": f"{home}/m"}
        words = [sys.executable, "-I", "-c", "import matplotlib.font_manager"]
        subprocess.run(words, env=known, cwd=home, check=False, stdin=subprocess.DEVNULL, capture_output=True)
        return {path.name: _in_order(path.read_text(encoding="utf-8")) for path in Path(home).glob("m/fontlist-*.json")}


def _in_order(text: str) -> str:
    """The same list of fonts in the order of their files: as it comes it is another one each time."""
    known = json.loads(text)
    ordered = {kind: sorted(known[kind], key=lambda one: json.dumps(one, sort_keys=True)) for kind in LISTED}
    return json.dumps(known | ordered, indent=1)


def fonts(runtime: Path) -> list[str]:
    """The names of the lists of fonts in a runtime."""
    return sorted(path.name for path in (runtime / FONTS).glob("fontlist-*.json"))


def digest(folder: Path) -> str:
    """One number for the names and contents of all files in a folder."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        name = path.relative_to(folder).as_posix()
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()
