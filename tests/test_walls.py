"""The walls of the house: what may import what, who may touch global state, and that every public name is explained."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import random
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

import rnnkit
from rnnkit.common.places import PACKAGE
from rnnkit.regimes import get_regime
from rnnkit.train import train

ROOT = PACKAGE.parent
FOREIGN = {
    "IPython",
    "nbgrader",
    "papermill",
    "dask",
    "distributed",
    "matplotlib",
    "ipywidgets",
    "nbformat",
    "jupyter_client",
}
CORE = [
    "rnnkit.tasks", "rnnkit.cells", "rnnkit.inits", "rnnkit.heads", "rnnkit.engines", "rnnkit.diagnostics",
    "rnnkit.optim", "rnnkit.trainer", "rnnkit.record", "rnnkit.regimes", "rnnkit.runs.modelfile", "rnnkit.runs.files",
    "rnnkit.record.facts", "rnnkit.runs.report_text", "rnnkit.common.names", "trainingRNNs_torch.model",
    "trainingRNNs_torch.tasks",
]  # fmt: skip
MAY_NEED_MORE = {"rnnkit.__main__"}
MODULES = sorted(
    found.name for found in pkgutil.walk_packages(rnnkit.__path__, "rnnkit.") if found.name not in MAY_NEED_MORE
)


def python(*arguments, **how) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=120, **how)


def tops_after(*modules) -> set[str]:
    """The top-level modules that are loaded after these imports, in a fresh interpreter."""
    done = python("-c", f"import {', '.join(modules)}, sys; print(*{{name.split('.')[0] for name in sys.modules}})")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


# ---- imports ----------------------------------------------------------------------------------------------------


def test_core_knows_nothing_of_notebooks_and_figures():
    assert not tops_after(*CORE) & FOREIGN


def test_training_command_knows_nothing_of_notebooks_and_figures():
    assert not tops_after("rnnkit.train", "trainingRNNs_torch.train") & FOREIGN


def test_plots_need_matplotlib_without_its_state_machine():
    code = "import rnnkit.plots, sys; print('matplotlib.pyplot' in sys.modules, 'IPython' in sys.modules)"
    assert python("-c", code).stdout == "False False\n"


def test_the_package_alone_costs_nothing():
    found = tops_after("rnnkit")
    assert not found & {"torch", "numpy", *FOREIGN}


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--version"], ["rum"]], ids=" ".join)
def test_command_line_needs_no_package_until_a_verb_does(tmp_path, arguments):
    shutil.copytree(ROOT / "rnnkit", tmp_path / "rnnkit", ignore=shutil.ignore_patterns("__pycache__"))
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
    code += f"from rnnkit.cli.verbs import main; sys.exit(main({arguments}))"
    done = python("-S", "-E", "-I", "-c", code, cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert done.returncode == (2 if arguments == ["rum"] else 0)
    assert bool(done.stdout) != bool(done.stderr)


def test_set_up_needs_no_package(tmp_path):
    shutil.copytree(ROOT / "rnnkit", tmp_path / "rnnkit", ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from rnnkit.clone.setup_env import main; main(['--help'])"
    )
    done = python("-S", "-E", "-I", "-c", code, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", MODULES)
def test_modules_import_without_side_effects(name, capsys):
    importlib.import_module(name)
    assert capsys.readouterr() == ("", "")


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
SOWS = {ROOT / "rnnkit" / "checks" / "repeats.py", ROOT / "rnnkit" / "grading" / "sandbox" / "launcher.py"}


@pytest.mark.parametrize(
    "path", sorted({*(ROOT / "rnnkit").rglob("*.py")} - SOWS), ids=lambda p: str(p.relative_to(ROOT))
)
def test_nothing_reads_or_sets_global_random_state(path):
    text = path.read_text(encoding="utf-8")
    for words in ("np.random.seed", "torch.manual_seed", "random.seed(", "np.random.rand", "np.random.normal"):
        assert words not in text, words


# ---- public names -----------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("name", ["rnnkit", *MODULES])
def test_every_listed_name_is_there(name):
    module = importlib.import_module(name)
    listed = getattr(module, "__all__", [])
    assert len(listed) == len(set(listed))
    for entry in listed:
        assert getattr(module, entry) is not None


def test_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = rnnkit.nothing


@pytest.mark.parametrize("name", MODULES)
def test_modules_functions_and_classes_are_explained(name):
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip(), name
    for entry, value in public(module):
        # a dataclass without one gets its signature as text, and a subclass its parent's
        assert value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__, entry
        assert not (value.__doc__ or "").startswith(f"{entry}("), entry


@pytest.mark.parametrize("name", MODULES)
def test_functions_have_type_hints(name):
    for entry, function in functions(importlib.import_module(name)):
        signature = inspect.signature(function)
        assert signature.return_annotation is not signature.empty, entry
        for parameter in signature.parameters.values():
            if parameter.name not in ("self", "cls"):
                assert parameter.annotation is not parameter.empty, f"{entry}({parameter.name})"


@pytest.mark.parametrize("path", sorted((ROOT / "rnnkit").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350
