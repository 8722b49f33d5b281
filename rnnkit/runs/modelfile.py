"""Which cells a run trains: the built-in ones, or those of a ``model.py``."""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from rnnkit.cells import CLASS_NAMES, MODELS, Cell
from rnnkit.common.names import BadValue
from rnnkit.regimes import Regime
from rnnkit.runs.broken import RAISED, BrokenCell, fault_of, go_back, why_left_out, why_not_run
from rnnkit.runs.contract import Breach, check_contract
from rnnkit.trainer import phi_of

BUILTIN = "builtin"
DEFAULT_FILE = "model.py"  # the handout's name


class CellsError(BadValue):
    """A model.py that cannot be used."""


@dataclass(frozen=True)
class Cells:
    """A set of cell classes by model name.

    Fields:
        source: the file they come from, or ``builtin``.
        sha256: of that file, or ``builtin``: part of a run's identity.
        classes: ``{"rnn": class, "gru": class}``, as far as the file defines them.
        text: the file's content; empty for the built-in cells.
    """

    source: str = BUILTIN
    sha256: str = BUILTIN
    classes: dict[str, type[Cell]] = field(default_factory=lambda: dict(MODELS))
    text: str = ""

    @property
    def place(self) -> str:
        """The file's absolute path, or ``builtin``."""
        return self.source if self.source == BUILTIN else str(Path(self.source).resolve())

    @property
    def told(self) -> str:
        """What a terminal and a log say of a file; nothing of the built-in cells."""
        return "" if self.source == BUILTIN else f"cells: {self.source} (sha256 {self.sha256[:12]})"

    def blame(self, error: BaseException, model: str, again: Callable[[], object] | None = None) -> BrokenCell | None:
        """What to raise instead of an error that came up in these cells; None where it is not theirs."""
        if self.source == BUILTIN or not isinstance(error, RAISED) or isinstance(error, OSError | MemoryError):
            return None
        fault = fault_of(error, self.source, self.text, f"{model}_step", again)
        return BrokenCell(f"{fault}{go_back(self.text, fault.question)}") if fault else None


def announce(cells: Cells) -> None:
    """Says on a terminal whose code runs from now on: it may take its time, or never come back."""
    if cells.source != BUILTIN and sys.stderr.isatty():
        print(f"trying the cells of {cells.source} (Ctrl-C says where they are)", file=sys.stderr, flush=True)


def find_cells(path: str | Path | None = None) -> Cells:
    """The cells to train: those of ``path``, else of ``./model.py``, else the built-in ones.

    Arguments:
        path: a Python file that defines ``RNN`` and ``GRU`` (or one of them), ``builtin``, or None.
    """
    if path is None:
        path = DEFAULT_FILE if Path(DEFAULT_FILE).is_file() else BUILTIN
    if str(path) == BUILTIN:
        return Cells()
    source = _read(path, f"--cells {path}: expected a Python file that defines RNN and GRU")
    text, content = run_file(Path(path), source, DEFAULT_FILE)
    classes = {model: content[name] for model, name in CLASS_NAMES.items() if name in content}
    if not classes:
        raise CellsError(f"{path}: expected the classes RNN and GRU, found neither; define at least one of them")
    return Cells(str(path), hashlib.sha256(source).hexdigest(), classes, text)


def _read(path: str | Path, expected: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CellsError(f"{expected}, got: {error.strerror or error}") from None


def run_file(path: Path, source: bytes, name: str) -> tuple[str, dict]:
    """A file of somebody's as text, and what running it defines; the notebook's advice calls it by ``name``."""
    text = source.decode("utf-8", "replace")
    module = types.ModuleType(f"rnnkit_own_{Path(name).stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # so that tracebacks, pickling and super() find it
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except RAISED as error:
        raise CellsError(why_not_run(error, str(path), text, name)) from error
    return text, module.__dict__


def unread_cells(path: Path) -> Cells:
    """A model.py by its hash alone: nothing of it runs here, so that it cannot break what runs it elsewhere."""
    return Cells(str(path), hashlib.sha256(_read(path, f"{path}: expected a Python file")).hexdigest(), {})


def student_files(folder: Path) -> dict[str, Path]:
    """Every student's file below a folder, by name: ``STUDENT/…/model.py``, or else ``STUDENT.py``."""
    nested = sorted(path for path in folder.rglob(DEFAULT_FILE) if path.parent != folder)
    files = {path.parent.relative_to(folder).as_posix(): path for path in nested}
    files = files or {path.stem: path for path in sorted(folder.glob("*.py"))}
    if not files:
        raise CellsError(f"--cells {folder}: expected STUDENT/{DEFAULT_FILE} or STUDENT.py in this folder, found none")
    return files


def without_file(folder: Path) -> list[str]:
    """Students' folders in which `student_files` found nothing."""
    if not any(path.parent != folder for path in folder.rglob(DEFAULT_FILE)):
        return []
    there = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [path.name for path in there if not any(path.rglob(DEFAULT_FILE))]


def make_cell(regime: Regime, cells: Cells, dtype: torch.dtype = torch.float32) -> Cell:
    """The regime's cell, its weights not drawn yet (CellsError: the class is missing, or breaks the contract)."""
    name, reference = CLASS_NAMES[regime.model], MODELS[regime.model]
    if regime.model not in cells.classes:
        expected = f"expected a class {name} for --model {regime.model}, found none; define it there"
        raise CellsError(f"{cells.source}: {why_left_out(cells.text, name) or expected}")
    cls, task, phi = cells.classes[regime.model], regime.make_task(), phi_of(regime)
    try:
        cell = cls(task.n_in, regime.nhid, task.n_out, phi=phi, dtype=dtype)
        cell.head = task.head
        cell.phi = getattr(cell, "phi", phi)
        if cell.phi != phi:
            raise Breach(
                f".phi: expected the name {phi!r} that __init__ was given, got {cell.phi!r}; keep the name there"
            )
        if cls is reference:
            with torch.no_grad():
                cell.step(cell.W_hh.new_zeros(3, task.n_in), cell.W_hh.new_zeros(3, regime.nhid))
        else:
            check_contract(cell, regime.model, task.n_in, regime.bs, cells.text)
    except Breach as breach:
        advice = go_back(cells.text, f"{regime.model}_{breach.question}")
        raise CellsError(f"{cells.source}: {name}{breach}{advice}") from None
    except KeyboardInterrupt as error:  # perhaps of somebody whose loop never ends
        raise KeyboardInterrupt(_running(error, cells)) from None
    except RAISED as error:
        if cls is reference and isinstance(error, NotImplementedError):  # the student's wheel lacks these
            raise CellsError(str(error)) from None
        if broken := cells.blame(error, regime.model):
            raise CellsError(str(broken)) from error
        reason = f"{type(error).__name__}: {error}"
        raise CellsError(f"{cells.source}: {name} cannot be used ({reason}); try it on one step first") from error
    return cell.to(regime.device)


def _running(error: KeyboardInterrupt, cells: Cells) -> str:
    """Which line and question of a file an interruption met; empty where it was none of its."""
    fault = fault_of(error, cells.source, cells.text) if cells.source != BUILTIN else None
    if fault is None or not fault.line:
        return str(error)
    return f"in {fault.place}" + (f" (question {fault.question})" if fault.question else "")
