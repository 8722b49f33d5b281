"""Extras: what of the kit needs further packages, whether they are there, how they come. Standard library only."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path
from typing import NamedTuple

from rnnkit.common.names import BadValue
from rnnkit.common.places import PACKAGE, in_a_clone


class Extra(NamedTuple):
    """One of pyproject.toml's optional dependencies: the modules that it brings, and what needs them."""

    modules: tuple[str, ...]
    purpose: str


EXTRAS = {
    "lab": Extra(("jupyterlab", "ipywidgets", "ipykernel", "nbgrader"), "rnnkit lab, and what moves in notebooks"),
    "batch": Extra(("papermill", "ipykernel", "yaml"), "runs that execute a notebook, and sweeps in YAML"),
    "pdf": Extra(("pypandoc", "typst"), "the report's PDF that rnnkit pack makes"),
    "grading": Extra(("nbgrader", "ipykernel", "tornado", "setuptools", "pypandoc"), "the instructors' verbs"),
    "cluster": Extra(("distributed",), "rnnkit sweep --dask"),
    "dev": Extra(("setuptools", "pytest", "xdist", "hypothesis", "ruff", "mypy", "playwright"), "tests and linter"),
    "docs": Extra(("material", "mkdocstrings_handlers", "pypandoc"), "rnnkit site"),
}
STUDENTS = ("lab", "batch", "pdf")  # as requirements.txt asks; what needs the others is in a clone


def absent_of(extra: str) -> list[str]:
    """The modules of an extra that are not there."""
    return [module for module in EXTRAS[extra].modules if not is_there(module)]


def lacks(extra: str) -> str:
    """Which extra is needed and what to do, in one line; nothing where it is installed."""
    absent = absent_of(extra)
    return f"needs the extra {extra} (no {', no '.join(absent)} here); {how_to_install(extra)}" if absent else ""


def need(extra: str) -> None:
    """Goes on where an extra is installed.

    Raises:
        BadValue: it is not.
    """
    if line := lacks(extra):
        raise BadValue(line)


def how_to_install(what: str) -> str:
    """What to do about an extra, or about a package by the name that it is imported by."""
    root = PACKAGE.parent
    if in_a_clone() and Path(sys.prefix).parent != root:
        return f"run `make setup` (or `python3.11 -m rnnkit setup`) in {root}, then {Path('.venv', 'bin', 'rnnkit')}"
    extra = next((name for name, one in EXTRAS.items() if what == name or what in one.modules), "")
    if extra and (wheel := _wheel()):
        wanted = f'"rnnkit[{extra}] @ {wheel}"'
        return (
            f"run `uvx --torch-backend cpu --from {wanted} rnnkit …`"
            if _is_uvs()
            else f"run `python -m pip install {wanted}`"
        )
    return f"run `python -m pip install {' '.join(_requirements(what, extra))}`"


def is_there(module: str) -> bool:
    """Whether a module can be imported, without importing it."""
    if module in sys.modules:
        return sys.modules[module] is not None
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:
        return False


def _requirements(module: str, extra: str) -> list[str]:
    """What the kit asks for as an extra, or of a module; the module itself where it asks for nothing like it."""
    try:
        asked = importlib.metadata.requires("rnnkit") or []
    except importlib.metadata.PackageNotFoundError:
        asked = []
    if extra:
        chosen = [text for text in asked if text.replace("'", '"').endswith(f'extra == "{extra}"')]
    else:
        chosen = [text for text in asked if text.lower().replace("-", "_").startswith(module.lower())][:1]
    return [f'"{text.partition(";")[0].strip()}"' for text in chosen] or [f'"{module}"']


def _wheel() -> str:
    """The address of the file that this rnnkit was installed from, where that is known."""
    try:
        told = importlib.metadata.distribution("rnnkit").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return ""
    address = str(json.loads(told or "{}").get("url", ""))
    return address if address.endswith(".whl") else ""


def _is_uvs() -> bool:
    """Whether uv has made this environment, which then has no pip."""
    settings = Path(sys.prefix, "pyvenv.cfg")
    return settings.is_file() and "\nuv = " in settings.read_text(encoding="utf-8") and not is_there("pip")
