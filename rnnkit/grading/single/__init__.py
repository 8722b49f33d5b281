"""One submission, or one after the other as they arrive, without a class around them."""

from rnnkit.grading.single.single import grade_one

__all__ = ["grade_one"]
