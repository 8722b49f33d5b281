"""The assignments with their keys, imported once by the server that grader processes are forked from; for it alone."""

from __future__ import annotations

import gc

from rnnkit.assignments import get_assignment, names
from rnnkit.grading.course import submission  # noqa: F401

for name in names():
    get_assignment(name).key  # noqa: B018
gc.collect()
gc.freeze()  # a collection in a grader process would else copy all of it
