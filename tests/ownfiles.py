"""Files of a student's, as the last cells of the notebooks write them, with mistakes where a test wants them."""

from __future__ import annotations

import json
from pathlib import Path

from course import SOURCE

from rnnkit import assemble


def model_file(folder: Path, *changes: tuple[str, str]) -> Path:
    """``model.py`` of the solved 1_cells, each change an (old, new) pair in its text."""
    text = assemble.model_of(json.loads((SOURCE / "1_cells.ipynb").read_text(encoding="utf-8"))).text
    for old, new in changes:
        assert text.count(old) == 1, (text.count(old), old)
        text = text.replace(old, new)
    path = folder / "model.py"
    path.write_text(text, encoding="utf-8")
    return path


def line_of(path: Path, part: str) -> int:
    """The number of the one line with this part in it."""
    (found,) = [number for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1) if part in line]
    return found
