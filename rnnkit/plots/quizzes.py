"""What the short quizzes ask of a picture, and what is said to each answer: packed where students have it."""

from __future__ import annotations

from typing import NamedTuple


class Item(NamedTuple):
    """A picture and what is asked of it.

    Fields:
        picture: its name in ``figures/``.
        asked: the question.
        choices: each with what is said to whoever chooses it.
        right: the number of the right one, from 0.
    """

    picture: str
    asked: str
    choices: dict[str, str]
    right: int


def items(topic: str) -> tuple[Item, ...]:
    """The items of a topic; none for one that is not there."""
    gradient = (
        Item(
            "quiz_1",
            "No gradient at any step, not even at the last. Why?",
            {
                "the units are saturated": "No: then the distance would be 0, and here it is 1: every state is 0.",
                "all weights are 0": "Yes. States are 0, ρ is 0, and so is the way from h_T to the output, so "
                "that nothing comes back even at T. The output's bias still learns: the loss falls to what the "
                "best constant reaches.",
                "the gradient is clipped": "No: clipping shortens the update. g_t is taken before it.",
            },
            1,
        ),
        Item(
            "quiz_2",
            "g_t is as in the right run, but the loss stays where it was, and the gradient norm with it. Why?",
            {
                "the cutoff is far too small": "Yes. The gradient that is measured is whole; what is left of it for an "
                "update has norm 0.0001, and the weights hardly move.",
                "the state is detached": "No: then g_t would be nothing at early steps, not fade like the right one.",
                "the units are saturated": "No: the distance is near 1, as in the right run.",
            },
            0,
        ),
        Item(
            "quiz_3",
            "The run ends after fewer than 100 updates. What happened?",
            {
                "the gradient exploded": "No: g_t, of the check before the first update, fades as it should; ρ below 1 "
                "cannot make it grow.",
                "the loss was summed": "No: then the loss would be 20 times as large before the first update already.",
                "the updates go uphill": "Yes. The first losses are the right ones, then they rise and rise, faster "
                "and faster, until the weights are no numbers any more.",
            },
            2,
        ),
        Item(
            "quiz_4",
            "The gradient fades faster than in the right run, though ρ is the same. Why?",
            {
                "saturation": "Yes. The inputs are ten times too large: units are pushed toward their flat ends, "
                "distance 0.6 where 0.9 is right, and each step back multiplies by a smaller slope, whatever ρ is.",
                "the spectral radius": "No: it is that of the right run. A step back needs W_hh and the slope.",
                "clipping": "No: it changes neither h_t nor g_t, and the norm is not small.",
            },
            0,
        ),
    )
    return {"gradient": gradient}.get(topic, ())
