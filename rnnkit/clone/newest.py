"""``rnnkit test-newest``: the tests with the newest versions that pyproject.toml allows, in an environment of its own.

``constraints.txt`` says what is known to work; this says what will break when it is renewed. ``.venv`` stays as it is.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnkit.clone.setup_env import (
    TORCH_CPU_INDEX,
    TORCH_CPU_ONLY,
    install_torch,
    make_venv,
    pip_install,
    probe_venv,
    say,
    venv_python,
)
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

    uv installs where there is one, in a fraction of pip's time; it knows nothing of pip's configuration.

    torch is the newest of PyTorch's own index for CPUs. Where that cannot be reached it is the pinned one: the newest
    of any other index would be gigabytes of CUDA libraries.

    Raises:
        SetupError: no versions are found that go together, or they cannot be installed.
    """
    make_venv(root, FOLDER)
    python, uv = venv_python(root, FOLDER), shutil.which("uv")
    probe_venv(python)
    say("looking for the newest torch")
    cpu_only = [] if sys.platform == "darwin" else ["--index-url", TORCH_CPU_INDEX] if uv else TORCH_CPU_ONLY
    words = ["--no-deps", "--upgrade", *cpu_only, "torch"]
    failure = uv_install(uv, root, python, *words) if uv else pip_install(root, python, *words)
    if failure is not None or (sys.platform != "darwin" and not probe_venv(python).endswith("+cpu")):
        # The latter where pip is configured to look elsewhere, too.
        say("PyTorch's own index gave none: torch is the pinned one, which nothing is learned about")
        install_torch(root, python, probe_venv(python))
    kept = root / FOLDER / KEPT
    kept.write_text(f"torch=={probe_venv(python)}\n", encoding="utf-8")
    say("installing the newest of all else that pyproject.toml allows")
    words = ["-c", str(kept), "-e", ".[all]"]
    if uv:  # not --upgrade: it would look for torch's build again
        others = [f"--upgrade-package={name}" for name in installed(python) if name != "torch"]
        failure = uv_install(uv, root, python, *others, *words)
    else:
        failure = pip_install(root, python, "--upgrade", "--upgrade-strategy", "eager", *words)
    if failure is not None:
        print(failure, file=sys.stderr)
        raise SetupError("expected the newest versions to go together, it is said above that they do not")
    return python


def uv_install(uv: str, root: Path, python: Path, *words: str) -> str | None:
    """``uv pip install``: None when it worked; else uv has said why not."""
    # Without the sources of pyproject.toml: PyTorch's index was asked before, and may be out of reach.
    command = [uv, "pip", "install", "--python", str(python), "--no-sources", *words]
    return None if subprocess.run(command, cwd=root).returncode == 0 else "uv could not install them"


def installed(python: Path) -> dict[str, str]:
    """Package -> version, of an environment."""
    command = [str(python), "-m", "pip", "list", "--format=freeze"]
    return versions(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def newer(root: Path, python: Path) -> list[str]:
    """What an environment has in other versions than ``constraints.txt``, a line each."""
    pinned, here = versions((root / "constraints.txt").read_text(encoding="utf-8")), installed(python)
    return [f"{name} {pinned[name]} -> {here[name]}" for name in pinned if here.get(name, pinned[name]) != pinned[name]]


def versions(text: str) -> dict[str, str]:
    """Package -> version, of lines ``name==version``; the build after a ``+`` is left out."""
    pairs = re.findall(r"^([\w.-]+)==([^\s;+]+)", text, re.MULTILINE)
    return {name.lower().replace("_", "-"): version for name, version in pairs}
