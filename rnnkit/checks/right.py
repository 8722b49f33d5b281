"""The right numbers for the public inputs, as they are shipped."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any


@functools.cache
def expectations() -> dict[str, Any]:
    """question -> ``{"expected": {case: {quantity: numbers}}}``: shipped instead of answers."""
    folder = resources.files("rnnkit.assignments.training_dynamics") / "expected"
    found: dict[str, Any] = {}
    for name in ("cells.json", "diagnostics.json", "extra.json"):
        found |= json.loads((folder / name).read_text(encoding="utf-8"))
    return found
