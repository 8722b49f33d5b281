"""What every module of the package keeps to: no side effects, no global state, and names that are explained."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import random

import numpy as np
import pytest
import torch

import rnnkit
from rnnkit.common.places import PACKAGE
from rnnkit.regimes import get_regime
from rnnkit.train import train

PATHS = sorted(PACKAGE.rglob("*.py"))
MODULES = sorted(
    found.name for found in pkgutil.walk_packages(rnnkit.__path__, "rnnkit.") if found.name != "rnnkit.__main__"
)


def test_modules_import_without_side_effects(capsys):
    for name in MODULES:
        importlib.import_module(name)
        assert capsys.readouterr() == ("", ""), name


# ---- global state -----------------------------------------------------------------------------------------------


def states():
    algorithm, keys, *rest = np.random.get_state()
    return {
        "numpy": (algorithm, keys.tolist(), *rest),
        "torch": torch.get_rng_state().tolist(),
        "python": random.getstate(),
        "dtype": torch.get_default_dtype(),
        "grad": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "errors of numpy": np.geterr(),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
    }


@pytest.mark.parametrize("key", ["A2", "B2"])
def test_training_leaves_global_state_alone(tmp_path, key):
    before = states()
    train(get_regime(key, "tiny"), out=tmp_path, cells="builtin")
    after = states()
    for name, value in before.items():
        assert after[name] == value, name


def test_training_does_not_depend_on_global_random_state(tmp_path):
    from rnnkit.record.file import load

    found = []
    for seed in (1, 2):
        kept = torch.get_rng_state(), np.random.get_state()
        torch.manual_seed(seed)
        np.random.seed(seed)
        found.append(load(train(get_regime("B2", "tiny"), out=tmp_path / str(seed), cells="builtin")))
        torch.set_rng_state(kept[0])
        np.random.set_state(kept[1])
    for name in ("train_nll", "valid_nll", "W_hh", "grad_time"):
        np.testing.assert_array_equal(found[0][name], found[1][name])


# The first seeds what a student's code draws, to ask it twice, and `sandbox.quiet` around it puts every state back; the
# second gives each forked kernel a state of its own.
SOWS = {PACKAGE / "checks" / "repeats.py", PACKAGE / "grading" / "sandbox" / "launcher.py"}


def test_nothing_reads_or_sets_global_random_state():
    for path in {*PATHS} - SOWS:
        text = path.read_text(encoding="utf-8")
        for words in ("np.random.seed", "torch.manual_seed", "random.seed(", "np.random.rand", "np.random.normal"):
            assert words not in text, path


# ---- public names ---------------------------------------------------------------------------------------------------


def public(module):
    """The public functions and classes that a module defines."""
    for name, value in vars(module).items():
        ours = getattr(value, "__module__", None) == module.__name__
        if not name.startswith("_") and ours and (inspect.isfunction(value) or inspect.isclass(value)):
            yield name, value


def overrides_another_packages(cls, method) -> bool:
    bases = [base for base in cls.__mro__[1:] if method in vars(base)]
    return any(not base.__module__.startswith("rnnkit") for base in bases)


def functions(module):
    """Public functions, and public methods of public classes, that a module defines."""
    for name, value in public(module):
        if inspect.isfunction(value):
            yield name, value
        else:
            for method, attribute in vars(value).items():
                function = getattr(attribute, "fget", getattr(attribute, "__func__", attribute))
                if method.startswith("_") or not inspect.isfunction(function) or function.__name__ == "<lambda>":
                    continue
                if not overrides_another_packages(value, method):
                    yield f"{name}.{method}", function


def test_every_listed_name_is_there():
    for name in ("rnnkit", *MODULES):
        module = importlib.import_module(name)
        listed = getattr(module, "__all__", [])
        assert len(listed) == len(set(listed)), name
        assert not [entry for entry in listed if getattr(module, entry) is None], name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = rnnkit.nothing


def test_modules_functions_and_classes_are_explained():
    for name in MODULES:
        module = importlib.import_module(name)
        assert (module.__doc__ or "").strip(), name
        for entry, value in public(module):
            # a dataclass without one gets its signature as text, and a subclass its parent's
            doc = (value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__) or ""
            assert doc.partition(f"{entry}(")[0], f"{name}.{entry}"


def test_functions_have_type_hints():
    for name in MODULES:
        for entry, function in functions(importlib.import_module(name)):
            signature = inspect.signature(function)
            assert signature.return_annotation is not signature.empty, f"{name}.{entry}"
            for parameter in signature.parameters.values():
                typed = parameter.name in ("self", "cls") or parameter.annotation is not parameter.empty
                assert typed, f"{name}.{entry}({parameter.name})"


def test_files_are_short():
    assert not [path for path in PATHS if len(path.read_text(encoding="utf-8").splitlines()) > 350]
