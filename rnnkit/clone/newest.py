"""``rnnkit test-newest``: the tests with the newest versions that pyproject.toml allows, in an environment of its own.

``constraints.txt`` says what is known to work; this says what will break when it is renewed. ``.venv`` stays as it is.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnkit.clone.setup_env import TORCH_CPU_ONLY, install_torch, make_venv, pip_install, probe_venv, say, venv_python
from rnnkit.clone.workshop import ONE_THREAD, passed_on, pytest_words, run_module
from rnnkit.common.places import SetupError, clone_root

FOLDER = ".venv-newest"
KEPT = "torch.txt"  # beside that environment's files: the torch that it keeps


def main(argv: Sequence[str]) -> int:
    """``rnnkit test-newest``: pytest's exit status, or 1 where the newest versions cannot be installed together."""
    arguments = passed_on("test-newest", "pytest", argv)
    root = clone_root()
    python = resolve(root)
    for line in newer(root, python):
        say(line)
    return run_module(pytest_words("-m", "not slow", *arguments), ONE_THREAD, python)


def resolve(root: Path) -> Path:
    """Brings the environment of the newest versions up to date; returns its Python.

    torch is the newest of PyTorch's own index for CPUs. Where that cannot be reached it is the pinned one: the newest
    of any other index would be gigabytes of CUDA libraries.

    Raises:
        SetupError: pip finds no versions that go together, or cannot install them.
    """
    make_venv(root, FOLDER)
    python = venv_python(root, FOLDER)
    probe_venv(python)
    say("looking for the newest torch")
    cpu_only = [] if sys.platform == "darwin" else TORCH_CPU_ONLY
    if pip_install(root, python, "--no-deps", "--upgrade", *cpu_only, "torch") is not None:
        say("PyTorch's own index gave none: torch is the pinned one, which nothing is learned about")
        install_torch(root, python, probe_venv(python))
    kept = root / FOLDER / KEPT
    kept.write_text(f"torch=={probe_venv(python)}\n", encoding="utf-8")
    say("installing the newest of all else that pyproject.toml allows")
    eager = ("--upgrade", "--upgrade-strategy", "eager", "-c", str(kept), "-e", ".[all]")
    if failure := pip_install(root, python, *eager):
        print(failure, file=sys.stderr)
        raise SetupError("expected the newest versions to go together, pip says above that they do not")
    return python


def newer(root: Path, python: Path) -> list[str]:
    """What an environment has in other versions than ``constraints.txt``, a line each."""
    command = [str(python), "-m", "pip", "list", "--format=freeze"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pinned, here = versions((root / "constraints.txt").read_text(encoding="utf-8")), versions(listed)
    return [f"{name} {pinned[name]} -> {here[name]}" for name in pinned if here.get(name, pinned[name]) != pinned[name]]


def versions(text: str) -> dict[str, str]:
    """Package -> version, of lines ``name==version``; the build after a ``+`` is left out."""
    pairs = re.findall(r"^([\w.-]+)==([^\s;+]+)", text, re.MULTILINE)
    return {name.lower().replace("_", "-"): version for name, version in pairs}
