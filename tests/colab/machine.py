"""A machine as on Google Colab, made here: its versions, the student's wheel beside them, notebooks kept elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

from course import ROOT, filled
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rnnkit.grading.release.release import CONSTRAINTS

PINS = Path(__file__).with_name("pins.txt")
RELEASE = "release-colab-simulated"  # what COLAB_RELEASE_TAG says here
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python"]


def pinned() -> set[str]:
    """The packages that Colab brings, by their canonical names."""
    lines = PINS.read_text(encoding="utf-8").splitlines()
    return {"torch", *(canonicalize_name(Requirement(line).name) for line in lines if line and line[0] != "#")}


def install(python: Path, *arguments: str) -> str:
    """What pip says of an installation into another environment, which has to succeed."""
    run = subprocess.run([*PIP, str(python), "install", *arguments], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-3000:]
    return run.stdout


def make(folder: Path, wheel: Path) -> None:
    """An environment with Colab's versions, this one's torch, and the student's wheel without what it asks for."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install(folder / "bin" / "python", "-q", "-r", str(PINS))
    (site,) = folder.glob("lib/python*/site-packages")
    for path in Path(sysconfig.get_paths()["purelib"]).glob("*"):
        if path.name.split("-")[0] in ("torch", "torchgen", "functorch", "torch.libs"):
            (site / path.name).symlink_to(path)
    install(folder / "bin" / "python", "-q", "--no-deps", "--no-index", str(wheel))


def unpacked(archive: Path, content: Path, environment: Path) -> Path:
    """An assignment's folder on the machine, with all that the archive holds: the notebooks in it are never saved."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(content)
    (home,) = (path.parent for path in content.glob(f"*/{CONSTRAINTS}"))
    (home / ".venv").symlink_to(environment)
    return home


def opened(name: str, notebook: str, drive: Path, **texts: str) -> Path:
    """A notebook as it is open in a browser, with right solutions, and other texts in cells of these names."""
    path = drive / notebook
    filled(ROOT / "release" / name / notebook, ROOT / "notebooks" / name / notebook, path)
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        cell["source"] = texts.get(cell["id"], cell["source"])
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def download(path: Path, target: Path, ids: bool = True, marks: bool = True) -> Path:
    """A notebook as it comes down from Colab, under the name that a browser gives it.

    Arguments:
        path, target: as it was open there, and the file.
        ids: whether the cells have kept theirs.
        marks: whether their metadata has been kept.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    content["metadata"] |= {"colab": {"provenance": [], "toc_visible": True}, "accelerator": "GPU"}
    content["nbformat_minor"] = 5 if ids else 0
    for number, cell in enumerate(content["cells"]):
        cell["metadata"] = (cell["metadata"] if marks else {}) | {"id": f"cOlAb{number:03}", "colab": {"height": 34}}
        if not ids:
            del cell["id"]
        for output in cell.get("outputs", []):
            output.setdefault("metadata", {})
    target.write_text(json.dumps(content, indent=0), encoding="utf-8")
    return target
