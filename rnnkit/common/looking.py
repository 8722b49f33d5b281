"""Whether somebody looks at what a notebook shows."""

from __future__ import annotations

import os


def someone_looks() -> bool:
    """Whether this notebook runs in front of a person."""
    return not (os.environ.get("RNNKIT_PLAIN") or grading())


def grading() -> bool:
    """Whether nbgrader is executing this notebook."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))
