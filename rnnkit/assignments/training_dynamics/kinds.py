"""What may be wrong with a GRU that a student's test is tried on, by its sort."""

from __future__ import annotations

MIXTURE = "the mixture of old and new"
RESET = "what the reset gate does"
UPDATE_SUM = "the update gate itself"
RESET_SUM = "the reset gate itself"
CANDIDATE = "the candidate's sum and tanh"
RETURNED = "what step returns"
GRADIENTS = "the way back of the gradient"
KINDS = (MIXTURE, RESET, UPDATE_SUM, RESET_SUM, CANDIDATE, RETURNED, GRADIENTS)


def of_gate(letter: str) -> str:
    """The kind of a mistake in the sum of a gate."""
    return {"z": UPDATE_SUM, "r": RESET_SUM}[letter]
