"""What a graded cell may not use: ready-made recurrent networks and, for the diagnostics, the kit's own answers.

Three looks at a student's object: at the classes it comes from, at the names its code loads, and at the calls that it
makes while it runs (so that an alias helps nobody).
"""

from __future__ import annotations

import builtins
import dis
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import nn

import rnnkit.cells
from rnnkit.checks.forbidden import CALLS, CHECKS, CLIPPERS, NETWORKS, inside
from rnnkit.checks.question import Question, beside
from rnnkit.common.places import PACKAGE

TORCH_CLASSES = tuple(getattr(nn, name) for name in NETWORKS)
_TORCH_CALLS = {prefix + name for name in CALLS for prefix in ("", "quantized_")}
_TORCH_CALLS |= {"_thnn_fused_gru_cell", "_cudnn_rnn", "mkldnn_rnn_layer"}
KIT_CELLS = (rnnkit.cells.RNN, rnnkit.cells.GRU)
_KIT_FUNCTIONS = (rnnkit.cells.unroll, rnnkit.cells.Cell.forward, rnnkit.cells.Cell.recurrent_weight_for_rho)
SWITCHED_OFF = "sys.setprofile"
_PRINTED = torch._tensor_str._str_intern.__code__  # to print a tensor torch asks forward_ad whether it is a dual


def banned_name(value: Any, question: Question) -> str | None:
    """What to call a forbidden class, function or module; None for anything else."""
    if isinstance(value, types.ModuleType):
        name = value.__name__
        return name if inside(name, question.forbids.modules + CHECKS) else None
    if isinstance(value, type):
        if issubclass(value, TORCH_CLASSES):
            return next(f"torch.nn.{cls.__name__}" for cls in value.__mro__ if cls in TORCH_CLASSES)
        if issubclass(value, KIT_CELLS):
            return next(f"rnnkit.cells.{cls.__name__}" for cls in value.__mro__ if cls in KIT_CELLS)
    if isinstance(value, types.BuiltinFunctionType):
        return f"torch.{value.__name__}" if _is_torch_call(value) else None
    if isinstance(value, types.FunctionType):
        if value in _KIT_FUNCTIONS and question.forbids.cells:
            return f"rnnkit.cells.{value.__qualname__}"
        if inside(value.__module__, CHECKS):  # in the source only: they do run
            return f"{value.__module__}.{value.__name__}"
        return _banned_code(value.__code__, str(value.__module__), question)
    return None


def _is_torch_call(value: Any) -> bool:
    return value.__name__ in _TORCH_CALLS and "torch" in repr(getattr(value, "__self__", "")) + str(value.__module__)


def _banned_code(code: types.CodeType, module: str, question: Question) -> str | None:
    if inside(f"{module}.{code.co_name}", question.forbids.modules):
        return f"{module}.{code.co_name}"
    name = code.co_name.removeprefix("_")  # torch calls what is behind get_total_norm _get_total_norm
    if question.forbids.clipping and module == "torch.nn.utils.clip_grad" and name in CLIPPERS:
        return f"torch.nn.utils.{name}"
    return None


# ---- before it runs ----------------------------------------------------------------------------------------------


def in_source(obj: Any, question: Question) -> list[str]:
    """Forbidden things that the class comes from, or that the code of this question names; sorted."""
    used: set[str] = set()
    if isinstance(obj, type):
        used |= {name for cls in obj.__mro__ if (name := banned_name(cls, question))}
    elif name := banned_name(obj, question):
        used.add(name)
    for function in _functions(obj, question):
        used |= set(_named_in(function.__code__, function, question))
    return sorted(used)


def _functions(obj: Any, question: Question) -> Iterator[types.FunctionType]:
    """The graded function, and the student's own functions that it reaches."""
    waiting = [_method(obj, question.method), _method(obj, "__init__")] if question.method else [obj]
    waiting += [beside(obj, name) for name in question.also]
    seen: set[int] = set()
    while waiting:
        function = waiting.pop()
        function = getattr(function, "__func__", function)
        if not isinstance(function, types.FunctionType) or id(function) in seen or _is_library(function.__code__):
            continue
        seen.add(id(function))
        yield function
        for name in {n for code in _codes(function.__code__) for n in code.co_names}:
            waiting.append(function.__globals__.get(name))
            if question.method:
                waiting.append(_method(obj, name))


def _method(cls: Any, name: str) -> Any:
    """Looks a method up without running descriptors."""
    return next((vars(base)[name] for base in getattr(cls, "__mro__", ()) if name in vars(base)), None)


def _is_library(code: types.CodeType) -> bool:
    path = code.co_filename
    return "site-packages" in path or path.startswith(str(PACKAGE)) or path.startswith("<frozen")


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _named_in(code: types.CodeType, function: types.FunctionType, question: Question) -> Iterator[str]:
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
    for part in _codes(code):
        value: Any = None
        for step in dis.get_instructions(part):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                value = function.__globals__.get(step.argval, getattr(builtins, str(step.argval), None))
            elif step.opname == "LOAD_DEREF" and step.argval in cells:
                value = None
                with suppress(ValueError):  # it is empty
                    value = cells[step.argval].cell_contents
            elif step.opname == "IMPORT_NAME":
                value = sys.modules.get(step.argval)
            elif step.opname in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"):
                module = value if isinstance(value, types.ModuleType) else None
                value = getattr(module, step.argval, None) if module else None
                if step.opname == "IMPORT_FROM":
                    if name := banned_name(value, question):
                        yield name
                    value = module
            elif step.opname in ("PUSH_NULL", "CACHE", "PRECALL"):
                continue
            else:
                value = None
            if name := banned_name(value, question):
                yield name


# ---- while it runs -----------------------------------------------------------------------------------------------


@contextmanager
def tripwire(question: Question) -> Iterator[set[str]]:
    """Notes every forbidden call in this thread, whatever name it went by."""
    used: set[str] = set()
    codes = {
        _code_of(cls, name): f"torch.nn.{cls.__name__}" for cls in TORCH_CLASSES for name in ("__init__", "forward")
    }
    if question.forbids.cells:
        codes |= {_code_of(cls, "step"): f"rnnkit.cells.{cls.__name__}" for cls in KIT_CELLS}
        codes |= {function.__code__: f"rnnkit.cells.{function.__qualname__}" for function in _KIT_FUNCTIONS}
    known: dict[types.CodeType | None, str | None] = {**codes}

    def watch(frame: types.FrameType, event: str, argument: Any) -> None:
        if event == "call":
            code = frame.f_code
            if code not in known:
                known[code] = _banned_code(code, str(frame.f_globals.get("__name__", "")), question)
            if name := known[code]:
                if getattr(frame.f_back, "f_code", None) is not _PRINTED:
                    used.add(name)
            elif code.co_name == "__call__" and code.co_filename.endswith("_ops.py"):
                called = getattr(frame.f_locals.get("self"), "__name__", "").split(".")[0]
                if called in _TORCH_CALLS:
                    used.add(f"torch.ops.aten.{called}")
        elif event == "c_call" and getattr(argument, "__name__", "") in _TORCH_CALLS and _is_torch_call(argument):
            used.add(f"torch.{argument.__name__}")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield used
    finally:
        if sys.getprofile() is not watch:
            used.add(SWITCHED_OFF)
        sys.setprofile(before)


def _code_of(cls: type, name: str) -> types.CodeType | None:
    return getattr(vars(cls).get(name), "__code__", None)


def verdict(names: list[str], question: Question) -> str:
    """The message about what was found."""
    used, how = ", ".join(names), question.forbids.instead
    return f"{question.name} uses {used}: this question is to be written {how}, without it (0 points)"
