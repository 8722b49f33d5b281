"""The tasks, under the handout's module name."""

from rnnkit.tasks import TASKS, get_task

__all__ = ["TASKS", "get_task"]
