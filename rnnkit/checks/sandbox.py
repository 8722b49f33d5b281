"""Runs a student's code so that nothing of it is left behind: no stderr, no warnings, no changed global state."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

Setting = tuple[Callable[[], Any], Callable[[Any], object]]  # how it is read, and put back


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallows stderr, warnings and logging, and puts random states and torch's settings back afterwards."""
    states, settings = ([(put, read()) for read, put in table] for table in (STATES, SETTINGS))
    streams, inference = (sys.stdout, sys.stderr), torch.is_inference_mode_enabled()
    try:
        with (
            _no_file_two(),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            torch.inference_mode(False) if inference else contextlib.nullcontext(),
            torch.enable_grad(),
        ):
            warnings.simplefilter("ignore")
            logging.disable(logging.CRITICAL)
            torch.set_default_dtype(torch.float32)
            yield
    finally:
        sys.stdout, sys.stderr = streams
        for put, value in states:
            put(value)
        for (read, _), (put, value) in zip(SETTINGS, settings, strict=True):
            if read() != value:  # some setters load half of torch
                put(value)


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def _go_to(folder: str) -> None:
    with contextlib.suppress(OSError):
        os.chdir(folder)


def _set_environment(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


STATES: tuple[Setting, ...] = (
    (random.getstate, random.setstate),
    (np.random.get_state, np.random.set_state),
    (torch.get_rng_state, torch.set_rng_state),
    (sys.getprofile, sys.setprofile),
)
SETTINGS: tuple[Setting, ...] = (
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (sys.gettrace, sys.settrace),
    (lambda: logging.root.manager.disable, logging.disable),
    (lambda: dict(os.environ), _set_environment),
    (_folder, _go_to),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (
        lambda: (torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()),
        lambda both: torch.use_deterministic_algorithms(both[0], warn_only=both[1]),
    ),
)


@contextlib.contextmanager
def _no_file_two() -> Iterator[None]:
    """Sends what compiled code writes to stderr nowhere."""
    try:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # no stderr to begin with
        yield
        return
    try:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
