"""Files of a student's, as the last cells of the notebooks write them, with mistakes where a test wants them."""

from __future__ import annotations

import json
from pathlib import Path

from course import SOURCE

from rnnkit.notebook import assemble


def model_file(folder: Path, *changes: tuple[str, str]) -> Path:
    """``model.py`` of the solved 1_cells, each change an (old, new) pair in its text."""
    return _changed(folder / "model.py", assemble.model_of(_solved("1_cells.ipynb")).text, changes)


def diagnostics_file(folder: Path, *changes: tuple[str, str]) -> Path:
    """``diagnostics.py`` of the solved 2_diagnostics."""
    return _changed(folder / "diagnostics.py", assemble.diagnostics_of(_solved("2_diagnostics.ipynb")).text, changes)


def _solved(name: str) -> dict:
    return json.loads((SOURCE / name).read_text(encoding="utf-8"))


def _changed(path: Path, text: str, changes: tuple[tuple[str, str], ...]) -> Path:
    for old, new in changes:
        assert text.count(old) == 1, (text.count(old), old)
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def line_of(path: Path, part: str) -> int:
    """The number of the one line with this part in it."""
    (found,) = [number for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1) if part in line]
    return found
