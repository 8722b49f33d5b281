"""``rnnkit doctor``: whether everything is in place, and what to do where it is not.

On Colab the versions are the machine's own, which nobody is asked to change: they are told, and are no faults.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rnnkit.cli.guard import Parser
from rnnkit.common.extras import EXTRAS, STUDENTS, absent_of, how_to_install, is_there
from rnnkit.common.looking import on_colab
from rnnkit.common.places import in_a_clone

FREE_SPACE = 2.0  # GB: seven full records with their notebooks are far below it
PYTHONS = ((3, 11), (3, 13))


class Finding(NamedTuple):
    """One thing looked at: what it is, how it is, and what to do (empty where it is in order)."""

    what: str
    found: str
    advice: str = ""


def again() -> str:
    """What installs everything again: on Colab, in a clone, or in the folder that students unpack."""
    if on_colab():
        return "run the first cell of README.md again"
    if in_a_clone():
        return "run make setup (or rnnkit setup)"
    return "run python -m pip install -c constraints.txt -r requirements.txt"


def python() -> Finding:
    """The interpreter's version."""
    version = ".".join(map(str, sys.version_info[:3]))
    ok = PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]
    if ok or on_colab():
        return Finding("Python", version if ok else _hosts(version, "Python 3.11 to 3.13"))
    return Finding("Python", version, "make .venv with Python 3.11 to 3.13 and install again")


def _hosts(version: str, expected: object) -> str:
    return f"{version}, Colab's own; the kit is made for {expected}"


def packages() -> Iterator[Finding]:
    """Every package that the kit asks for: is it there, and of a version that fits. Of extras, those that are there."""
    from packaging.requirements import Requirement

    asked = {text.partition(";")[0]: Requirement(text) for text in importlib.metadata.requires("rnnkit") or []}
    for requirement in asked.values():
        optional = requirement.marker is not None and not requirement.marker.evaluate({"extra": ""})
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            if not optional:
                yield Finding(requirement.name, "missing", again())
            continue
        if requirement.name == "rnnkit":  # which asks for its own extras, by "all"
            continue
        fits = requirement.specifier.contains(version, prereleases=True)
        if fits or on_colab():
            yield Finding(requirement.name, version if fits else _hosts(version, requirement.specifier))
        else:
            yield Finding(requirement.name, version, f"expected {requirement.specifier}; {again()}")


def extras() -> Iterator[Finding]:
    """What is only needed for some things: who lacks it hears what for, and how it comes."""
    for name in EXTRAS if in_a_clone() else STUDENTS:
        extra, absent = EXTRAS[name], absent_of(name)
        lacking = f"not here (no {', no '.join(absent)}); to have it, {how_to_install(name)}"
        yield Finding(f"extra {name}, for {extra.purpose}", lacking if absent else "here")


def threads() -> Finding:
    """Threads that torch would use, and cores."""
    import torch

    cuda = "CUDA device found" if torch.cuda.is_available() else "no CUDA device (none is needed)"
    used = f"{torch.get_num_threads()} by default, 1 in training"
    return Finding("torch threads", f"{used}; {os.cpu_count()} cores; {cuda}")


def disk() -> Finding:
    """Free space where runs would go."""
    free = shutil.disk_usage(".").free / 1e9
    advice = "" if free > FREE_SPACE else f"make room: {FREE_SPACE:g} GB are advised"
    return Finding("disk", f"{free:.1f} GB free", advice)


def writing() -> Finding:
    """Whether this folder may be written to."""
    try:
        with tempfile.TemporaryFile(dir="."):
            return Finding("writing", f"allowed in {Path.cwd().name or '/'}/")
    except OSError as error:
        return Finding("writing", error.strerror or "not allowed", "go to a folder that you may write to")


def kernel() -> Finding:
    """Whether notebooks run in this Python."""
    if not is_there("jupyter_client"):
        return Finding("kernel python3", "none; it comes with the extra lab or batch")
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    name, advice = "kernel python3", "run python -m ipykernel install --sys-prefix"
    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return Finding(name, "missing", advice)
    if command in ("python", "python3") or Path(command).resolve() == Path(sys.executable).resolve():
        return Finding(name, "this Python")
    return Finding(name, command, f"another Python; {advice}")


def extensions() -> Iterator[Finding]:
    """JupyterLab's extensions: widgets and nbgrader's Validate button; on Colab there is no JupyterLab."""
    if on_colab() or not is_there("jupyterlab"):
        return
    from jupyter_core.paths import jupyter_path

    for name, package in {"@jupyter-widgets/jupyterlab-manager": "ipywidgets", "@jupyter/nbgrader": "nbgrader"}.items():
        there = any(Path(folder, "labextensions", name).is_dir() for folder in jupyter_path())
        advice = "" if there else f"run pip install --force-reinstall {package}"
        yield Finding(f"JupyterLab extension of {package}", "installed" if there else "missing", advice)


def sandbox() -> Iterator[Finding]:
    """Only instructors need it."""
    there = shutil.which("bwrap") is not None
    yield Finding("bubblewrap", "found" if there else "not found (only needed to grade other people's notebooks)")
    if there and importlib.util.find_spec("rnnkit.grading") is not None:
        from rnnkit.grading.sandbox import cgroup, enclosure

        whom = "the user who grades" if os.geteuid() else "a user of its own"
        weaker = enclosure.weaker()
        yield Finding("confined code", f"runs as {whom}" + (f"; weaker here: {weaker}" if weaker else ""))
        weaker = "" if cgroup.place() else f"; {cgroup.WEAKER}"
        yield Finding("shares when grading", f"{cgroup.share()}{weaker}")


CHECKS: tuple[Callable[[], Finding | Iterator[Finding]], ...] = (
    python, packages, extras, threads, disk, writing, kernel, extensions, sandbox,
)  # fmt: skip


def findings() -> Iterator[Finding]:
    """Everything looked at; a check that fails itself is a finding, too."""
    for check in CHECKS:
        try:
            seen = check()
            yield from [seen] if isinstance(seen, Finding) else seen
        except Exception as error:
            yield Finding(check.__name__, f"{type(error).__name__}: {error}", again())


def main(argv: Sequence[str]) -> int:
    """Prints a line for each finding; 0 when all is in order, 1 when something is to be done."""
    Parser(prog="rnnkit doctor", description="Say whether everything is in place.").parse_args(argv)
    bad = 0
    for finding in findings():
        bad += bool(finding.advice)
        print(f"{'DO' if finding.advice else 'OK':3} {finding.what}: {finding.found}")
        if finding.advice:
            print(f"    -> {finding.advice}")
    print("all in order" if not bad else f"{bad} to be done")
    return 1 if bad else 0
