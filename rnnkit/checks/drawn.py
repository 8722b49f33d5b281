"""What the answer keys of labs share: random inputs, and what is right for them. Never in what students have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from rnnkit.checks.inputs import Expected, Inputs
from rnnkit.checks.makers import Make, Makers, Sizes
from rnnkit.checks.observe import answers
from rnnkit.checks.question import Question


def draw(makers: Makers, question_id: str, rng: np.random.Generator, most: int = 8, **more: int) -> Inputs:
    """Random inputs of a question, in sizes that differ from one another and from the public ones.

    Arguments:
        makers: the lab's.
        most: the largest size.
        more: by how much a size is larger than it is drawn.
    """
    sizes = _sizes(makers.sizes, rng, most)
    sizes |= {letter: sizes[letter] + by for letter, by in more.items()}
    return makers.made(question_id, sizes, uniform(rng))


def uniform(rng: np.random.Generator) -> Make:
    """Numbers from a generator."""
    return lambda shape, low, high: np.asarray(rng.uniform(low, high, shape))


def _sizes(public: Sizes, rng: np.random.Generator, most: int) -> Sizes:
    """3 to 6 units and more than 3 steps; a digit stays."""
    letters = [letter for letter in public if letter.isalpha()]
    while True:
        sizes = dict(zip(letters, (int(size) for size in rng.permutation(np.arange(2, most + 1))), strict=False))
        if all(size != public[letter] for letter, size in sizes.items()) and 3 <= sizes["H"] <= 6 and sizes["T"] > 3:
            return public | sizes


def right(code: Iterable[Question], functions: Mapping[str, Any], question_id: str, inputs: Inputs) -> Expected:
    """What right code gives, by case and quantity.

    Arguments:
        code: the lab's questions.
        functions: what is right, by question.
    """
    (question,) = (question for question in code if question.id == question_id)
    return answers(question, functions[question_id], inputs)


def in_numpy(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, called with arrays where tensors come."""
    return lambda *given: function(*(one.numpy() if isinstance(one, Tensor) else one for one in given))
