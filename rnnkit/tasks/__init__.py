"""Synthetic tasks with long dependencies. `get_task` finds one by the handout's name."""

from __future__ import annotations

from rnnkit.common.names import lookup
from rnnkit.tasks.base import MIN_LENGTH, Batch, Floor, Task, draw_length
from rnnkit.tasks.marker import Addition, Multiplication
from rnnkit.tasks.mem import Memorization
from rnnkit.tasks.order import TemporalOrder, TemporalOrder3
from rnnkit.tasks.perm import Permutation

TASKS: dict[str, type[Task]] = {
    task.name: task for task in (TemporalOrder, TemporalOrder3, Addition, Multiplication, Memorization, Permutation)
}


def get_task(name: str, *, memvalues: int = 5, mempos: int = 10, memall: bool = False) -> Task:
    """The task of this name.

    Arguments:
        name: one of torder, torder3, add, mul, mem, perm.
        memvalues, mempos, memall: for ``mem`` only: symbols V, pattern length P, all V^P patterns in each batch.

    Raises:
        ValueError: an unknown name, or a pattern that cannot be.
    """
    kind = lookup(TASKS, name, "task")
    if kind is Memorization:
        return Memorization(values=memvalues, positions=mempos, all_patterns=memall)
    return kind()


__all__ = [
    "MIN_LENGTH", "TASKS", "Batch", "Floor", "Task", "draw_length", "get_task",
    "Addition", "Memorization", "Multiplication", "Permutation", "TemporalOrder", "TemporalOrder3",
]  # fmt: skip
