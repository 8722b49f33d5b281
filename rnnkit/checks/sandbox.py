"""Runs a student's code so that nothing of it is left behind: no stderr, no warnings, no changed global state."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import random
import sys
import warnings
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallows stderr, warnings and logging, and puts random states and torch's settings back afterwards."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    grad, anomaly = torch.is_grad_enabled(), torch.is_anomaly_enabled()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    inference, recursion, level = (
        torch.is_inference_mode_enabled(),
        sys.getrecursionlimit(),
        logging.root.manager.disable,
    )
    environment, folder = dict(os.environ), _folder()
    streams, profile, tracer = (sys.stdout, sys.stderr), sys.getprofile(), sys.gettrace()
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
        sys.setrecursionlimit(recursion)
        sys.setprofile(profile)
        if sys.gettrace() is not tracer:
            sys.settrace(tracer)
        logging.disable(level)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        with contextlib.suppress(OSError):
            os.chdir(folder)
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        if torch.is_anomaly_enabled() != anomaly:
            torch.autograd.set_detect_anomaly(anomaly)
        if torch.are_deterministic_algorithms_enabled() != deterministic:  # the setter loads half of torch
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


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
