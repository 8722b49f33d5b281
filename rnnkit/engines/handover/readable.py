"""Whether the code of a cell's step is plain enough that trying it out proves what it computes.

Two functions that are composed of analytic functions, and agree on random inputs, agree everywhere. So a cell that only
multiplies, adds and squashes tensors, the same way at every call, can be known by its numbers; one that counts calls,
looks at sizes, keeps state or asks the clock cannot. The two are told apart here, by bytecode, before anything runs.
"""

from __future__ import annotations

import dis
import inspect
import types
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import nn

from rnnkit.cells import PHI, Cell

# What tensors may be asked for: analytic functions, and ways of arranging numbers.
_WORDS = (
    "tanh sigmoid exp reciprocal square pow div true_divide add sub rsub mul multiply subtract neg negative lerp "
    "matmul mm addmm bmm baddbmm addbmm linear einsum T mT t transpose swapaxes permute "
    "cat concat stack chunk split unsqueeze squeeze expand expand_as reshape view contiguous "
    "zeros_like ones_like new_zeros"
)
TENSOR_NAMES = frozenset(_WORDS.split())
MODULES = (torch, F, nn, torch.special)
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
        elif not (_is_module(value) or value is PHI or _is_torch_function(value, name) or _is_number(value)):
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


def _is_module(value: object) -> bool:
    return any(value is module for module in MODULES)


def _is_torch_function(value: object, name: str) -> bool:
    return name in TENSOR_NAMES and isinstance(value, types.BuiltinFunctionType) and getattr(torch, name, None) is value


def _is_number(value: object) -> bool:
    return type(value) in (int, float, str)
