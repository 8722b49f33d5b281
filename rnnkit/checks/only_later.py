"""What is said of an answer that is right with its first inputs, and wrong in later rounds alone."""

from __future__ import annotations

from typing import Any

from rnnkit.checks import repeats
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.mixtures import curve
from rnnkit.checks.outcome import WITH, later
from rnnkit.checks.question import Question
from rnnkit.checks.wrong import Wrong


def only_later(answer: Wrong) -> str | None:
    """What to say where every failed case is right with its first inputs; None where one is not."""
    rounds: dict[str, None] = {}
    alike: list[list[str]] = []
    for case in answer.failed:
        outcome = answer.outcomes[case]
        wrong = [*answer.names(case), *outcome.problems]
        if outcome.error is not None or not all(map(later, wrong)):
            return None
        names = dict.fromkeys(name.split(WITH, 1)[1][:-1] for name in wrong)
        rounds |= names
        alike.append(_alike(answer.question, answer.question.inputs.of(case), set(names)))
    if sentence := curve(answer):
        return sentence
    first = answer.probed.get(repeats.FIRST)
    if first is not None and any(_of_round(name, first.notes) for name in rounds):
        return (
            "the first call is right; later calls of the same cell are not, and with the same inputs asked first they "
            f"come out otherwise: something is kept from call to call {repeats.WHAT}. "
            f"It shows with: {'; '.join(rounds)}."
        )
    common = [one for one in alike[0] if all(one in rest for rest in alike)][:2]
    shared = f" What these have and the others have not: {', '.join(common)}." if common else ""
    return f"right with the first inputs, not with others: {'; '.join(rounds)}.{shared}"


def _of_round(name: str, notes: list[str]) -> bool:
    return any(name.startswith(note) or note.startswith(name) for note in notes)


def _alike(question: Question, inputs: Inputs, wrong: set[str]) -> list[str]:
    """What is common to the inputs of the rounds that are wrong and to no other, the first included."""
    features = {"": {"phi": "tanh", "last": "lastLinear", "gates": "zr"} | _features(inputs, question)}
    features |= {name: {"gates": "zr"} | _features(given, question) for name, given in inputs.rounds.items()}
    failing = [features[name] for name in wrong if name in features]
    passing = [one for name, one in features.items() if name not in wrong]
    if not failing:
        return []
    common = [
        (key, value)
        for key, value in failing[0].items()
        if all(one.get(key) == value for one in failing) and not any(one.get(key) == value for one in passing)
    ]
    said = list(dict.fromkeys(_feature(key, value) for key, value in common))
    telling = [one for one in said if one.startswith("the keys") or one == "h_prev is 0"]
    single = [one.removesuffix(" = 1") for one in said if one.endswith(" = 1")]
    return telling or [one for one in said if not any(one.startswith(f"{letter} is not") for letter in single)]


def _features(inputs: Inputs, question: Question) -> dict[str, Any]:
    """What may be said of a round, the most telling first."""
    letters = {"forward": "TBIHO", None: "TBH" if question.in_time else ""}.get(question.method, "BIH")
    keys = [key for key in ("last", "head", "phi", "grad", "gates") if key in inputs.options]
    features: dict[str, Any] = {key: inputs.options[key] for key in keys}
    if "h_prev" in question.arguments and not inputs.arrays["h_prev"].any():
        features["h_prev is 0"] = True
    sizes = [inputs.sizes[letter] for letter in letters]
    features |= {f"{letter} = 1": True for letter in letters if inputs.sizes[letter] == 1}
    if len(sizes) > 1 and len(set(sizes)) == 1:
        features["all sizes are equal"] = True
    public = question.inputs.sizes
    others = (letter for letter in letters if inputs.sizes[letter] != public[letter])
    return features | {f"{letter} is not {public[letter]}": True for letter in others}


def _feature(key: str, value: Any) -> str:
    if value is True:
        return key
    if key == "gates":
        return f"the keys of gates come in another order ({', '.join(value)}): a dict is read by its keys"
    if key == "grad":
        return "torch.no_grad and eval()" if value == "off" else "no gradient is asked for"
    return f"{'head' if key == 'last' else key} = {value}"
