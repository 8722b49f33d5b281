"""Where the package is."""

from __future__ import annotations

from pathlib import Path

import rnnkit

PACKAGE = Path(rnnkit.__file__).resolve().parent  # of a clone, its parent is the clone
