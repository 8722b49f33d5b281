"""What answers are scored with: rnnkit and torch as a student's process sees them, without anything that answers.

What the scoring runtime keeps of rnnkit is listed here; all else is left out, and says so when it is used. Of torch,
the files that hold recurrent cells and clipping are hidden behind copies without their bodies; `sitecustomize` there
takes the compiled ones away.
"""

from __future__ import annotations

import functools
import json
import py_compile
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import torch

from rnnkit.assignments import get_assignment, names
from rnnkit.grading.release.wheel import student_source, with_bodies

ANSWERING = Path(__file__).resolve().parent / "answering"
KEPT = (
    "__init__.py", "cells.py", "common/__init__.py", "common/looking.py", "common/made_for.py", "common/names.py",
    "common/places.py", "common/shapes.py",
    "notebook/__init__.py", "notebook/calls.py", "checks/__init__.py", "assignments/__init__.py",
    "checks/assignment.py", "checks/case.py", "checks/errors.py", "checks/forbidden.py", "checks/functions.py",
    "checks/inputs.py", "checks/makers.py", "checks/numbers.py", "checks/observe.py", "checks/outcome.py",
    "checks/question.py", "checks/recurrence.py", "checks/remote.py", "checks/repeats.py",
    "checks/report.py", "checks/rules.py", "checks/sandbox.py", "checks/special.py", "checks/standins.py",
    "checks/trial.py", "checks/written.py", "common/wire.py",
)  # fmt: skip  # and of every assignment what it does not lay aside
OF_CELLS = {"step", "forward", "recurrent_weight_for_rho", "unroll", "readout"}  # what is emptied in cells.py
HIDDEN, LIST = "hidden", "hidden.json"
LEFT_OUT = "left out while answers are scored: this is yours to write"
RECURRENT = re.compile("gru|lstm|rnn", re.I)
OF_TORCH = {
    "nn/modules/rnn.py": RECURRENT,
    "_decomp/decompositions.py": RECURRENT,
    "export/_patches.py": RECURRENT,
    "ao/nn/quantizable/modules/rnn.py": RECURRENT,
    "ao/nn/quantized/dynamic/modules/rnn.py": RECURRENT,
    "ao/nn/quantized/reference/modules/rnn.py": RECURRENT,
    "nn/utils/clip_grad.py": re.compile("norm"),
    "distributed/fsdp/fully_sharded_data_parallel.py": re.compile("grad_norm"),
}  # file -> whose functions and classes are emptied
STUB = '''"""{name} is left out while answers are scored."""

from rnnkit.absent import names_of

__getattr__ = names_of(__name__)
'''


def fill(root: Path, out: Path) -> None:
    """Writes a clone's scoring runtime into an empty folder, but for compiled files."""
    source = out.with_name("source")
    source.mkdir()
    student_source(root, source, packed=False)
    package = source / "rnnkit"
    aside = {f"assignments/{name}/{one}" for name in names() for one in get_assignment(name).aside}
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        target = out / "rnnkit" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        kept = name in KEPT or (name.startswith("assignments/") and name not in aside)
        dotted = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        text = path.read_text(encoding="utf-8") if kept else STUB.format(name=f"rnnkit.{dotted}")
        target.write_text(emptied(text, OF_CELLS.__contains__) if name == "cells.py" else text, encoding="utf-8")
    for folder, name in (
        (out / "rnnkit", "absent.py"),
        (out / "rnnkit/checks", "runner.py"),
        (out, "sitecustomize.py"),
    ):
        shutil.copyfile(ANSWERING / name, folder / name)
    hide(out)


def emptied(source: str, chosen: Callable[[str], object]) -> str:
    """A module in which chosen functions, and all methods of chosen classes, do nothing but raise."""
    return with_bodies(source, lambda one: f"raise RuntimeError({f'{one.name} is {LEFT_OUT}'!r})", chosen)


def hide(out: Path) -> None:
    """Writes what stands in the place of torch's files, and the list of them: path -> the file in the runtime."""
    (out / HIDDEN).mkdir()
    table: dict[str, str] = {}
    for number, (path, text) in enumerate(_without_cells().items()):
        (out / HIDDEN / f"{number}.txt").write_text(text, encoding="utf-8")
        table[str(path)] = f"{HIDDEN}/{number}.txt"
        for compiled in sorted((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")):
            table[str(compiled)] = f"{HIDDEN}/{number}.pyc"
    (out / LIST).write_text(json.dumps(table, indent=1), encoding="utf-8")


@functools.cache
def _without_cells() -> dict[Path, str]:
    """Path -> text without bodies, of the files of torch's Python that hold recurrent cells or clipping."""
    paths = {Path(torch.__file__).parent / name: pattern for name, pattern in OF_TORCH.items()}
    return {
        path: emptied(path.read_text(encoding="utf-8"), pattern.search)
        for path, pattern in paths.items()
        if path.is_file()
    }


def compile_hidden(out: Path) -> None:
    """Compiles what stands in the place of torch's files, so that no kernel has to."""
    for path, inside in json.loads((out / LIST).read_text(encoding="utf-8")).items():
        if inside.endswith(".txt"):
            compiled = str((out / inside).with_suffix(".pyc"))
            unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(str(out / inside), compiled, dfile=path, invalidation_mode=unchecked)


def hidden(runtime: Path) -> dict[str, str]:
    """What a runtime puts in the place of files outside of it: path -> file in it; empty for the students' own."""
    if not (runtime / LIST).is_file():
        return {}
    table = json.loads((runtime / LIST).read_text(encoding="utf-8"))
    return {path: inside for path, inside in table.items() if Path(path).is_file()}
