"""Made-up answers to the report's questions: sentences of clauses that are drawn, with figures that are drawn, too."""

from __future__ import annotations

import random
import re

ABOUT = {
    "gradient_mem": ("the gradient through time", "memorization", ("A1", "A4")),
    "saturation_mem": ("the distance to saturation", "memorization", ("A1", "A2")),
    "rho_mem": ("the spectral radius", "memorization", ("A1", "A4")),
    "clip_rnn": ("the validation loss under clipping", "memorization", ("A2", "A3")),
    "clip_gru": ("the clipped norm", "memorization", ("A4", "A5")),
    "gates_mem": ("the update gate", "memorization", ("A4", "A5")),
    "gradient_mul": ("the gradient through time", "multiplication", ("B1", "B2")),
    "saturation_mul": ("the share of saturated units", "multiplication", ("B1", "B2")),
    "rho_mul": ("the largest eigenvalue", "multiplication", ("B1", "B2")),
    "gates_mul": ("the reset gate", "multiplication", ("B2", "B1")),
    "sigmoid": ("the slope of the units", "both tasks", ("A1", "B1")),
    "own_experiment": ("the number of updates until the loss falls", "my own setting", ("A4", "mine")),
}
OPEN = (
    "In my runs {what} of {a} lies near {n} at the end, while {b} stays at {m}.",
    "Looking at the curves, {b} ({m}) is clearly apart from {a}, where {what} reaches {n}.",
    "{a}: {n}. {b}: {m}. So {what} differs by more than I had guessed.",
    "At the last check I read {n} for {a} and {m} for {b} off the figure of {what}.",
    "What surprised me on {task} is that {what} moves so little in {a}, from {m} to {n}.",
    "For {task} we compare {what}: it drops to {n} with {a}, whereas {b} only gets to {m}.",
    "My figure shows {what} between {m} and {n} over all checks of {a} and {b}.",
    "Over training, {what} in {a} climbs to {n}; I do not see the same in {b}, which ends with {m}.",
)
PREMISE = (
    "each step back multiplies by the same matrix",
    "a product of a hundred factors below one is tiny",
    "the units sit where tanh is flat",
    "the unit's slope enters at every lag",
    "the cell may copy what it had before",
    "the bias pulls the gate shut at first",
    "the loss speaks at all positions here",
    "W contracts whenever its radius is under one",
    "only the last output is asked for",
    "shorter steps keep their direction",
    "early symbols get hardly any credit",
    "without gates there is a single long path",
    "noise of the batch is larger than the signal",
    "norms of other parameters dominate the sum",
)
LINK = (
    "{p}, so {c}.",
    "I think {c}, because {p}.",
    "Since {p}, {c}.",
    "{c}: {p}.",
    "As we saw in the lecture, {p}; hence {c}.",
    "One sees that {c}. Presumably {p}.",
    "If {p}, then {c}, which is what happens.",
    "That {c} would follow from the bound, given that {p}.",
)
CONCLUSION = (
    "whatever lies far back fades",
    "old content survives and its derivative does too",
    "a change of the first input cannot be noticed",
    "nothing has to travel over the whole sequence",
    "training stays at what the marginal gives",
    "it takes many more updates to get anywhere",
    "the Jacobian is close to the identity",
    "long lags are learned last, or never",
    "the two curves part after a few thousand updates",
    "the histogram has its mass on the left",
    "credit is given to recent symbols alone",
    "one outlier does not ruin the run",
    "the diagonal of the derivative stays near one",
    "the weights drift without learning the task",
)
BUT = (
    "With one seed only I would not bet on it.",
    "A second seed looked alike to me.",
    "The smoke profile is short, so a longer run may tell another story.",
    "I had predicted the opposite before the figure opened.",
    "At check 40 the order is still the other way round.",
    "Towards the end the curve is flat, hence I trust the last value.",
    "The histogram says the same as the mean does.",
    "One outlier among the time steps makes the mean misleading, the median is better here.",
    "",
    "Error bars would help; the difference might be noise.",
)


def answers(seed: int) -> dict[str, str]:
    """One student's answers, by question."""
    rng = random.Random(seed)
    written = {}
    for id, (what, task, (a, b)) in ABOUT.items():
        numbers = {"n": f"{rng.uniform(0.1, 12):.3g}", "m": f"{-rng.uniform(0.1, 12):.3g}"}
        opening = rng.choice(OPEN).format(what=what, task=task, a=a, b=b, **numbers)
        reasons = zip(rng.sample(LINK, 2), rng.sample(PREMISE, 2), rng.sample(CONCLUSION, 2), strict=True)
        sentences = [opening, *(link.format(p=premise, c=end) for link, premise, end in reasons), rng.choice(BUT)]
        written[id] = " ".join(one[0].upper() + one[1:] for one in sentences if one)
    return written


def told_otherwise(text: str) -> str:
    """An answer with some words changed and its sentences turned round, as who hides a copy does."""
    for old, new in {"tiny": "very small", "I think": "We believe", "figure": "plot", "because": "as"}.items():
        text = re.sub(rf"\b{old}\b", new, text)
    return " ".join(reversed(re.split(r"(?<=[.;]) ", text)))
