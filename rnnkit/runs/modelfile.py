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
from rnnkit.runs.broken import RAISED, BrokenCell, broken_cell, fault_of, go_back, is_marked, why_left_out, why_not_run
from rnnkit.runs.forward_check import forward_difference
from rnnkit.runs.step_check import GATES, step_fault
from rnnkit.trainer import phi_of

BUILTIN = "builtin"
DEFAULT_FILE = "model.py"  # the handout's name


class CellsError(BadValue):
    """A model.py that cannot be used."""


class _Breach(Exception):
    """What of a class is not as the contract has it, and whose question that is."""

    def __init__(self, reason: str, question: str = "step") -> None:
        super().__init__(reason)
        self.question = question


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

    def blame(self, error: BaseException, model: str, again: Callable[[], object] | None = None) -> BrokenCell | None:
        """What to raise instead of an error that came up in these cells; None where it is not theirs.

        Arguments:
            error: with its traceback.
            model: ``rnn`` or ``gru``.
            again: does once more what failed.
        """
        if self.source == BUILTIN or not isinstance(error, RAISED) or isinstance(error, OSError | MemoryError):
            return None
        return broken_cell(fault_of(error, self.source, self.text, f"{model}_step", again), self.text)


def announce(cells: Cells) -> None:
    """Says on a terminal whose code runs from now on: it may take its time, or never come back."""
    if cells.source != BUILTIN and sys.stderr.isatty():
        print(f"trying the cells of {cells.source} (Ctrl-C says where they are)", file=sys.stderr, flush=True)


def find_cells(path: str | Path | None = None) -> Cells:
    """The cells to train: those of ``path``, else of ``./model.py``, else the built-in ones.

    Arguments:
        path: a Python file that defines ``RNN`` and ``GRU`` (or one of them), ``builtin``, or None.

    Raises:
        CellsError: no such file, it does not run, or it defines neither class.
    """
    if path is None:
        path = DEFAULT_FILE if Path(DEFAULT_FILE).is_file() else BUILTIN
    if str(path) == BUILTIN:
        return Cells()
    path = Path(path)
    try:
        source = path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise CellsError(f"--cells {path}: expected a Python file that defines RNN and GRU, got: {reason}") from None
    text = source.decode("utf-8", "replace")
    try:
        module = run_file(path, source, "rnnkit_model_file")
    except RAISED as error:
        raise CellsError(why_not_run(error, str(path), text, DEFAULT_FILE)) from error
    classes = {model: getattr(module, name) for model, name in CLASS_NAMES.items() if hasattr(module, name)}
    if not classes:
        raise CellsError(f"{path}: expected the classes RNN and GRU, found neither; define at least one of them")
    return Cells(str(path), hashlib.sha256(source).hexdigest(), classes, text)


def run_file(path: Path, source: bytes, name: str) -> types.ModuleType:
    """A file of somebody's, run as a module of this name; whatever it raises passes."""
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # so that tracebacks, pickling and super() find it
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


def unread_cells(path: str | Path) -> Cells:
    """A model.py by its hash alone: nothing of it runs here, so that it cannot break what runs it elsewhere.

    Raises:
        CellsError: it cannot be read.
    """
    try:
        return Cells(str(path), hashlib.sha256(Path(path).read_bytes()).hexdigest(), {})
    except OSError as error:
        raise CellsError(f"{path}: expected a Python file, got: {error.strerror or error}") from None


def student_files(folder: Path) -> dict[str, Path]:
    """Every student's file below a folder, by name: ``STUDENT/…/model.py``, or else ``STUDENT.py``.

    Raises:
        CellsError: there is none.
    """
    nested = sorted(path for path in folder.rglob(DEFAULT_FILE) if path.parent != folder)
    found = {path.parent.relative_to(folder).as_posix(): path for path in nested}
    found = found or {path.stem: path for path in sorted(folder.glob("*.py"))}
    if not found:
        raise CellsError(f"--cells {folder}: expected STUDENT/{DEFAULT_FILE} or STUDENT.py in this folder, found none")
    return found


def without_file(folder: Path) -> list[str]:
    """Students' folders in which `student_files` found nothing."""
    if not any(path.parent != folder for path in folder.rglob(DEFAULT_FILE)):
        return []
    there = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return [path.name for path in there if not any(path.rglob(DEFAULT_FILE))]


def make_cell(regime: Regime, cells: Cells, dtype: torch.dtype = torch.float32) -> Cell:
    """The regime's cell, held against the contract and its ``forward`` against its ``step``; weights are not drawn yet.

    Raises:
        CellsError: the class is missing, or breaks the contract; the message says where.
    """
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
            raise _Breach(
                f".phi: expected the name {phi!r} that __init__ was given, got {cell.phi!r}; keep the name there"
            )
        if cls is reference:
            _one_step(cell, task.n_in)
        else:
            _check_contract(cell, reference, task.n_in)
            marked = [method for method in GATES if is_marked(cells.text, f"{regime.model}_{method}")]
            reason, question = step_fault(cell, task.n_in, regime.bs, regime.model == "gru", marked)
            if reason:
                raise _Breach(reason, question)
            if reason := forward_difference(cell, task.n_in, regime.bs):
                raise _Breach(f".forward{reason}", "forward")
    except _Breach as breach:
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


def _check_contract(cell: Cell, reference: type[Cell], n_in: int) -> None:
    """Methods, and parameters by name and shape."""
    if not callable(getattr(cell, "step", None)):
        raise _Breach(".step: expected a method step(x_t, h_prev), found none; see the docstring of rnnkit.cells.Cell")
    for name in ("W_hh", "W_ho"):
        if not isinstance(getattr(cell, name, None), torch.Tensor):
            raise _Breach(f".{name}: expected a parameter of this name, found none; the names are the equations'")
    size = {"I": n_in, "H": cell.W_hh.shape[0], "O": cell.W_ho.shape[1]}
    found = {parameter: tuple(value.shape) for parameter, value in cell.named_parameters()}
    for parameter, letters in (reference.shapes | reference.readout_shapes).items():
        expected = tuple(size[letter] for letter in letters)
        if found.get(parameter) != expected:
            got = found.get(parameter, "none")
            raise _Breach(f".{parameter}: expected a parameter of shape {expected}, got {got}")
    extra = set(found) - set(reference.shapes | reference.readout_shapes)
    if extra:
        raise _Breach(f": expected no parameters beside the equations', got {', '.join(sorted(extra))}")
    W = getattr(cell, "recurrent_weight_for_rho", lambda: None)()
    shape = tuple(W.shape) if isinstance(W, torch.Tensor) else type(W).__name__
    if shape != (size["H"], size["H"]):
        wanted = (size["H"], size["H"])
        raise _Breach(f".recurrent_weight_for_rho: expected a matrix of shape (H, H) = {wanted}, got {shape}", "rho")


def _one_step(cell: Cell, n_in: int) -> torch.Tensor | tuple:
    """``cell.step`` on three sequences of zeros."""
    with torch.no_grad():
        return cell.step(cell.W_hh.new_zeros(3, n_in), cell.W_hh.new_zeros(3, cell.W_hh.shape[0]))
