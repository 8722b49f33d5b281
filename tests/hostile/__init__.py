"""A class of hostile and broken submissions: what each hands in, and the automatic points that it must get.

``build(course)`` writes all of them into a course, with two honest students among them, to be graded as one batch.
A right submission (one made with ``right``) has right answers to every question and gets full points unless its own
nature costs it some; a wrong one has wrong answers to every question and gets 0.
"""

from hostile import (  # noqa: F401
    answers,
    borrowed,
    broken,
    death,
    devices,
    files,
    forgery,
    greed,
    harm,
    hoard,
    kernel,
    metadata,
    own_run,
    reading,
    replies,
    tensors,
    texts,
)  # fmt: skip
from hostile.base import CASES, FULL, HONEST, Case, Submission, build

__all__ = ["CASES", "FULL", "HONEST", "Case", "Submission", "build"]
