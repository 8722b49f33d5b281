"""Whether a cell of one's own computes what the built-in one does, so that the fast engine may train in its place.

Two functions that are composed of analytic functions, and agree on random inputs, agree everywhere. So a cell that only
multiplies, adds and squashes tensors, the same way at every call, can be known by its numbers; one that counts calls,
looks at sizes, keeps state or asks the clock cannot. The two are told apart first, by bytecode, before anything runs.
"""

from __future__ import annotations

import copy
import dis
import inspect
import types
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from rnnkit.cells import PHI, Cell
from rnnkit.engines.autograd import AutogradEngine
from rnnkit.engines.base import Pass
from rnnkit.engines.fused import FusedEngine
from rnnkit.heads import Head
from rnnkit.tasks import Batch

SHORT = 20  # steps: over more of them rounding alone could part two equal cells at weights that make gradients explode
TOLERANCE = 1e-9  # of the largest entry, float64
NORM = 0.9  # of the recurrent matrices, for whole sequences: no gradient grows
# Arithmetic that is analytic, and ways of arranging numbers; of comparisons, random numbers and reading out, none.
_OPERATIONS = (
    "mm addmm bmm baddbmm matmul add sub rsub mul div neg tanh sigmoid exp reciprocal pow addcmul lerp t transpose "
    "permute view _unsafe_view reshape expand unsqueeze squeeze cat stack split split_with_sizes slice select unbind "
    "narrow detach alias zeros_like ones_like new_zeros zeros ones clone _to_copy contiguous as_strided linear "
    "special_expit mv dot"
)
PLAIN = frozenset(_OPERATIONS.split())
# What tensors may be asked for: analytic functions, and ways of arranging numbers.
_TENSOR_WORDS = (
    "tanh sigmoid exp reciprocal square pow div true_divide add sub rsub mul multiply subtract neg negative lerp "
    "matmul mm addmm bmm baddbmm addbmm linear einsum T mT t transpose swapaxes permute "
    "cat concat stack chunk split unsqueeze squeeze expand expand_as reshape view contiguous "
    "zeros_like ones_like new_zeros"
)
TENSOR_NAMES = frozenset(_TENSOR_WORDS.split())
GIVEN = (torch, F, nn, torch.special, PHI)
MODULE_NAMES = frozenset({"nn", "functional", "special"})
TORCH_PHI = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}
# What would let one call leave something for the next, or do more than compute.
FORBIDDEN = {
    "STORE_ATTR", "DELETE_ATTR", "STORE_SUBSCR", "DELETE_SUBSCR", "STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF",
    "STORE_SLICE", "IMPORT_NAME", "IMPORT_FROM", "LOAD_BUILD_CLASS", "LOAD_CLOSURE", "MAKE_FUNCTION", "YIELD_VALUE",
    "RETURN_GENERATOR", "BEFORE_WITH", "SETUP_WITH", "SEND", "GET_ITER", "LIST_APPEND", "SET_ADD", "MAP_ADD",
    "LIST_EXTEND", "DICT_UPDATE", "SET_UPDATE", "PRINT_EXPR", "CALL_FUNCTION_EX", "DELETE_DEREF",
}  # fmt: skip
MOST_FUNCTIONS = 50


def difference(cell: Cell, head: Head, batch: Batch) -> str:
    r"""Why a cell is not known to be the built-in one; empty where it is.

    Its step must be plain arithmetic (see `obstacle`), run the same operations at every call, and give the same hidden
    states, gates, outputs and gradients, the total dL/dh_t among them, in float64: at the weights in use over 20 steps,
    and over whole sequences at weights that let nothing grow. Several batch sizes, random and real inputs.

    Arguments:
        cell: with the weights in use; neither it nor its gradients are changed.
        head: of the task.
        batch: a real one, inputs ``(T, B, I)``.

    Raises:
        whatever the cell raises.
    """
    if reason := obstacle(cell):
        return reason
    double = copy.deepcopy(cell).double()
    for parameter in double.parameters():
        parameter.requires_grad_(True)
    real = batch.to(next(cell.parameters()).device, torch.float64)
    if reason := _operations(double, real):
        return reason
    for name, tried, given in _probes(double, head, real):
        if reason := _unlike(tried, head, given):
            return f"{reason} ({name})"
    return ""


def obstacle(cell: nn.Module) -> str:
    """Why the step of a cell cannot be known by its numbers; empty where it can.

    Arguments:
        cell: any cell of the contract.
    """
    if reason := _of_class(cell):
        return reason
    if PHI.keys() - {"tanh", "sigmoid", "identity"} or any(PHI[name] is not TORCH_PHI[name] for name in TORCH_PHI):
        return "PHI was changed"
    waiting, seen = [_method(type(cell), "step")], set()
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        if len(seen) > MOST_FUNCTIONS:
            return "it is spread over too many functions"
        for reached in _reached(function, cell):
            if isinstance(reached, str):
                return f"{function.__name__ if function else 'step'} {reached}"
            waiting.append(reached)
    return ""


def _of_class(cell: nn.Module) -> str:
    """Classes that do more than hold parameters and methods."""
    for cls in type(cell).__mro__:
        if cls in (Cell, nn.Module, object):
            continue
        for name, value in vars(cls).items():
            if not isinstance(value, types.FunctionType) and hasattr(type(value), "__get__"):
                return f"{name} is not a plain method"
            if name.startswith("__") and isinstance(value, types.FunctionType) and name != "__init__":
                return f"it defines {name}"
    hooks = [name for name in vars(cell) if name.endswith("_hooks") and getattr(cell, name)]
    if hooks or any(True for _ in cell.children()) or any(True for _ in cell.buffers()):
        return "it has hooks, buffers or modules inside"
    if any(type(parameter) is not nn.Parameter for parameter in cell.parameters()):
        return "its parameters are not plain ones"
    return ""


def _method(cls: type, name: str) -> types.FunctionType | None:
    method = inspect.getattr_static(cls, name, None)
    return method if isinstance(method, types.FunctionType) else None


def _reached(function: types.FunctionType | None, cell: nn.Module) -> Iterator[types.FunctionType | str]:
    """The functions that a function calls, or what it does that is not plain."""
    if function is None:
        yield "is not a plain function"
        return
    code = function.__code__
    if function.__defaults__ or function.__kwdefaults__ or function.__closure__:
        yield "has default values or a closure"
    elif code.co_exceptiontable or code.co_flags & (0x04 | 0x08 | 0x20 | 0x80 | 0x200):
        yield "has try, with, *arguments or yield"
    else:
        for step in dis.get_instructions(code):
            yield from _instruction(step, function, cell)


def _instruction(
    step: dis.Instruction, function: types.FunctionType, cell: nn.Module
) -> Iterator[types.FunctionType | str]:
    name = step.argval
    if step.opname in FORBIDDEN or "JUMP_BACKWARD" in step.opname or step.opname.startswith("FOR_ITER"):
        yield f"is not plain arithmetic ({step.opname.lower()})"
    elif step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
        value = function.__globals__.get(name, None)
        if isinstance(value, types.FunctionType) and value not in PHI.values():
            if value.__module__.split(".")[0] == "torch":
                if name not in TENSOR_NAMES or getattr(F, name, None) is not value:
                    yield f"uses {name}"
            else:
                yield value
        elif not (any(value is one for one in GIVEN) or _is_torch_function(value, name) or _is_number(value)):
            yield f"uses {name}"
    elif step.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
        yield from _attribute(str(name), cell)


def _attribute(name: str, cell: nn.Module) -> Iterator[types.FunctionType | str]:
    if name in TENSOR_NAMES or name in MODULE_NAMES or name in dict(cell.named_parameters()) or name == "phi":
        return
    method = _method(type(cell), name)
    if method is not None and name not in vars(nn.Module):
        yield method
    elif not _is_number(vars(cell).get(name)):
        yield f"uses .{name}"


def _is_torch_function(value: object, name: str) -> bool:
    return name in TENSOR_NAMES and isinstance(value, types.BuiltinFunctionType) and getattr(torch, name, None) is value


def _is_number(value: object) -> bool:
    return type(value) in (int, float, str)


class _Ops(TorchDispatchMode):
    """Notes which operations run."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


def _operations(cell: Cell, batch: Batch) -> str:
    """Operations that are not plain, or not the same at every call, for whatever sizes."""
    seen = []
    for size in (batch.inputs.shape[1], 1, 3, batch.inputs.shape[1]):
        x_t = torch.randn(size, batch.inputs.shape[2], dtype=torch.float64, device=batch.inputs.device)
        h_t = torch.randn(size, len(cell.W_hh), dtype=torch.float64, device=batch.inputs.device)
        for _ in range(2):
            with _Ops() as ops, torch.no_grad():
                cell.step(x_t, h_t)
            seen.append(ops.names)
    if odd := sorted({name for names in seen for name in names} - PLAIN):
        return f"step uses {', '.join(odd)}"
    return "" if all(names == seen[0] for names in seen) else "step does not do the same at every call"


def _probes(cell: Cell, head: Head, real: Batch) -> Iterator[tuple[str, Cell, Batch]]:
    generator = torch.Generator().manual_seed(0)
    steps, size, _ = real.inputs.shape
    yield "the weights in use", cell, first(real, head, SHORT, size)
    for few in (1, 3):
        yield "the weights in use", cell, _noise(first(real, head, SHORT, few), generator)
    other = copy.deepcopy(cell)
    with torch.no_grad():
        for parameter in other.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64).to(parameter.device)
            parameter.copy_(0.5 * noise)
    yield "random weights", other, _noise(first(real, head, SHORT, size), generator)
    calm = copy.deepcopy(cell)
    with torch.no_grad():
        for name, parameter in calm.named_parameters():
            if name in ("W_hh", "W_hz", "W_hr"):
                parameter.mul_(NORM / max(float(torch.linalg.matrix_norm(parameter, 2)), 1e-12))
    yield "a whole sequence", calm, first(real, head, steps, size)


def first(batch: Batch, head: Head, steps: int, size: int) -> Batch:
    """The first steps and sequences of a batch.

    Arguments:
        batch: inputs ``(T, B, I)``.
        head: of the task: whether there is a target at every step.
        steps, size: as many as there are, at most.
    """
    inputs = batch.inputs[:steps, :size]
    if head.name == "softmax":
        return Batch(inputs, batch.targets[:steps, :size])
    return Batch(inputs, batch.targets[:size])


def _noise(batch: Batch, generator: torch.Generator) -> Batch:
    noise = torch.randn(batch.inputs.shape, generator=generator, dtype=torch.float64)
    return Batch(noise.to(batch.inputs.device), batch.targets)


def _unlike(cell: Cell, head: Head, batch: Batch) -> str:
    """The first quantity in which a cell and the built-in equations differ."""
    own, built_in = AutogradEngine().run(cell, head, batch), FusedEngine().run(cell, head, batch)
    if (own.gates is None) != (built_in.gates is None):
        return "it has no gates" if own.gates is None else "it has gates"
    right = _quantities(built_in)
    for name, value in _quantities(own).items():
        if name not in right or value.shape != right[name].shape:
            return f"{name} has another shape"
        if not bool((value - right[name]).abs().max() <= TOLERANCE * (right[name].abs().max() + 1e-6)):
            return f"{name} differs"
    return ""


def _quantities(run: Pass) -> dict[str, Tensor]:
    states = {"hidden": run.hidden, **(run.gates or {}), "output": run.output, "flow": run.flow, "direct": run.direct}
    gradients = {f"dL/d{name}": gradient for name, gradient in run.grads.items()}
    return {name: value for name, value in states.items() if value is not None} | gradients
