"""A case is run in rounds: first with its own inputs, then with others that one set of numbers would hide."""

from __future__ import annotations

from collections.abc import Callable

from rnnkit.checks.errors import of_error
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import Outcome, named


def every_round(outcome: Outcome, inputs: Inputs, one: Callable[[Outcome, Inputs], None]) -> None:
    """Runs a case with its own inputs and, where what came back has the right form, in the later rounds.

    Arguments:
        outcome: of the case. An exception in a later round is a problem of it, one in the first is raised.
        inputs: the case's, from `Inputs.of`.
        one: ``one(outcome, inputs)`` runs it once.
    """
    one(outcome, inputs)
    if outcome.problems:
        return
    for name, given in inputs.rounds.items():
        part = Outcome(sizes=given.sizes)
        try:
            one(part, given)
        except Exception as error:
            part.problems["error"] = of_error(error, None, given.sizes if "W_ho" in given.arrays else None)
        outcome.values |= {named(quantity, name): value for quantity, value in part.values.items()}
        outcome.problems |= {named(what, name): f"with {name}: {text}" for what, text in part.problems.items()}
