"""A student's diagnostics on the diagnostic batch of a run, beside the kit's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.assignments.training_dynamics.questions import DIAGNOSTICS, QUESTIONS
from rnnkit.cells import Cell, readout
from rnnkit.common.names import BadValue
from rnnkit.diagnostics import gate_sat_time, grad_time, gradient_norm, rho_Whh, sat_time
from rnnkit.engines.autograd import AutogradEngine
from rnnkit.heads import get_head
from rnnkit.inits import set_weights
from rnnkit.notebook.calls import OWN_DIAGNOSTICS
from rnnkit.optim import clip
from rnnkit.record.facts import Record
from rnnkit.record.file import regime_of
from rnnkit.runs.broken import RAISED, fault_of, go_back, reason_of
from rnnkit.runs.modelfile import BUILTIN, Cells, find_cells, make_cell, run_file
from rnnkit.trainer import diagnostic_batch

AGREE = 1e-3  # largest relative difference: float32, summed in any order
FLOOR = 1e-12  # added to what is divided by: the floor of the histogram of g_t
BY_TARGET = {question.target: id for id, question in QUESTIONS.items() if question.notebook == DIAGNOSTICS}


Asking = Callable[[Callable[..., Any]], Any]  # calls a student's function


@dataclass
class Compared:
    """One quantity, by a student's function and by the kit, ``(T,)`` or one number; without an own value a problem."""

    label: str
    question: str
    right: np.ndarray
    own: np.ndarray | None = None
    problem: str = ""

    @property
    def off(self) -> float:
        """The largest relative difference; NaN without an own value."""
        if self.own is None:
            return float("nan")
        both = np.isnan(self.own) & np.isnan(self.right)
        off = np.abs(self.own - self.right) / (np.abs(self.right) + FLOOR)
        return float(np.max(np.where(both, 0.0, np.where(np.isnan(off), np.inf, off)), initial=0.0))

    def line(self) -> str:
        """Whether they agree, and where to go back to if not."""
        if self.own is None:
            return f"{self.label}: {self.problem}"
        if self.off <= AGREE:
            return f"{self.label}: yours and ours agree (largest relative difference {self.off:.0e})"
        where = f"go back to question {self.question} in {DIAGNOSTICS}, then write {OWN_DIAGNOSTICS} again"
        return f"{self.label}: yours differs from ours (largest relative difference {self.off:.2g}); {where}"


@dataclass
class _Functions:
    """A diagnostics.py: its name, text and content."""

    file: str
    text: str
    content: dict[str, Any]

    def compare(self, label: str, target: str, right: Any, call: Asking) -> Compared:
        """A quantity by its function ``target``; a fault of it is a line, never an error."""
        question, right = BY_TARGET[target], np.asarray(right, dtype=np.float64)
        try:
            return Compared(label, question, right, self._own(target, question, right, call))
        except BadValue as problem:
            return Compared(label, question, right, problem=str(problem))

    def _own(self, target: str, question: str, right: np.ndarray, call: Asking) -> np.ndarray:
        function = self.content.get(target)
        if not callable(function):
            raise BadValue(
                f"no {target} in {self.file} yet; solve question {question} in {DIAGNOSTICS}, and write it again"
            )
        if not np.isfinite(right).any():
            raise BadValue("no finite numbers to compare: ours, of the same network, are not finite either")
        try:
            own = as_array(call(function))
        except RAISED as error:
            fault = fault_of(error, self.file, self.text, question)
            said, where = (str(fault), fault.question) if fault else (reason_of(error), question)
            raise BadValue(said + go_back(self.text, where, OWN_DIAGNOSTICS)) from None
        if own.shape != right.shape:
            raise BadValue(f"{target} gives shape {own.shape}, expected {right.shape}; go back to question {question}")
        return own


def compare_own(record: Record, cells: str | Path | None = None) -> None:
    """Draws a student's diagnostics of an ended run over the kit's, and says in a line each whether they agree.

    The functions are those of ``diagnostics.py`` beside ``cells``, or here. Where there is none, a line says how to get
    one; nothing here fails a run.

    Arguments:
        record: of the run.
        cells: whose cells it trained, as `rnnkit.train.train` takes them.
    """
    from IPython.display import display

    from rnnkit.plots.own import own_and_ours

    try:
        chosen = find_cells(cells)
        beside = Path(chosen.source).parent / OWN_DIAGNOSTICS
        functions = _read(beside if chosen.source != BUILTIN and beside.is_file() else Path(OWN_DIAGNOSTICS))
        if functions is None:
            print(f"no {OWN_DIAGNOSTICS} here: the last cell of {DIAGNOSTICS} writes it, then run this cell again")
            return
        if str(record["status"]) == "diverged":
            print("no finite numbers to compare: the run diverged, the weights at its end are not finite")
            return
        compared = compare(record, chosen, functions)
    except BadValue as error:
        print(error)
        return
    for one in compared:
        print(one.line())
    display(own_and_ours(record, compared))


def _read(path: Path) -> _Functions | None:
    """A diagnostics.py; None where there is none, and BadValue where it does not run."""
    if not path.is_file():
        return None
    return _Functions(str(path), *run_file(path, path.read_bytes(), OWN_DIAGNOSTICS))


def compare(record: Record, cells: Cells, functions: _Functions) -> list[Compared]:
    """Every quantity on the diagnostic batch of a run, with the record's weights in these cells."""
    regime = regime_of(record).replace(device="cpu")
    cell = make_cell(regime, cells).eval()
    set_weights(cell, {name: record[name] for name, _ in cell.named_parameters()})
    batch, head = diagnostic_batch(regime, cell.W_hh.dtype), get_head(regime.make_task().head, regime.err_abs)
    ours = AutogradEngine().run(cell, head, batch)

    gates = ours.gates or {}
    over_time = {"grad_time": grad_time(ours), "sat_time": sat_time(ours)}
    over_time |= {f"gate_{gate}_sat_time": gate_sat_time(ours, gate) for gate in gates}

    def forward() -> tuple[Tensor, list[Tensor]]:
        """Loss and states, with a graph of their own for each function: one may have used it up."""
        hs = states(cell, batch.inputs)
        return head.loss(readout(cell, torch.stack(hs), head.name), batch.targets), hs

    def of(values: Tensor) -> Asking:
        return lambda function: function(values.clone())

    def grads() -> list[Tensor]:
        return [gradient.clone() for gradient in ours.grads.values()]

    def all_keys(function: Callable[..., Any]) -> np.ndarray:
        values = function(*forward(), {gate: trace.clone() for gate, trace in gates.items()})
        return np.stack([as_array(values[key]) for key in over_time])

    def clipped(function: Callable[..., Any]) -> float:
        new, _ = function(grads(), regime.cutoff)
        return gradient_norm({str(k): gradient for k, gradient in enumerate(new)})

    saturation = "gate_distance" if ours.phi == "sigmoid" else "saturation_tanh"
    W = torch.as_tensor(cell.recurrent_weight_for_rho())
    rows: list[tuple[str, str, Any, Asking]] = [
        ("g_t", "gradient_through_time", over_time["grad_time"], lambda f: f(*forward())),
        ("saturation", saturation, over_time["sat_time"], of(ours.hidden)),
    ]
    for gate, trace in gates.items():
        rows.append((f"gate {gate}", "gate_distance", over_time[f"gate_{gate}_sat_time"], of(trace)))
    if gates:
        rows.append(("all of them, by name", "diagnostics", np.stack([*over_time.values()]), all_keys))
    rows.append(("rho", "spectral_radius", rho_Whh(cell), lambda f: f(W)))
    rows.append(("gradient norm", "global_norm", gradient_norm(ours.grads), lambda f: f(grads())))
    if regime.clipstyle != "nothing":
        right = clip(ours.grads, cell.W_hh, regime.clipstyle, regime.cutoff).norm_clipped
        rows.append(("norm after clipping", "clip_rescale", right, clipped))
    return [functions.compare(*row) for row in rows]


def states(cell: Cell, x: Tensor) -> list[Tensor]:
    """The list of states that a cell's step goes through, from h_0 = 0: each on the path to the next."""
    h_t, hs = x.new_zeros(x.shape[1], cell.W_hh.shape[0]), []
    for x_t in x:
        stepped = cell.step(x_t, h_t)
        h_t = stepped[0] if isinstance(stepped, tuple | list) else stepped
        hs.append(h_t)
    return hs


def as_array(value: Any) -> np.ndarray:
    """A tensor, array, list or number as float64."""
    return np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value, dtype=np.float64)
