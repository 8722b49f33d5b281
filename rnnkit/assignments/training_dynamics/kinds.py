"""What may be wrong with a GRU that a student's test is tried on, by its sort."""

from __future__ import annotations

MIXTURE = "the mixture of old and new"
RESET = "what the reset gate does"
UPDATE_SUM = "the update gate's own equation"
RESET_SUM = "the reset gate's own equation"
CANDIDATE = "the candidate's sum and tanh"
TRACES = "which gates come back"
GRADIENTS = "gradients that are cut off"
KINDS = (MIXTURE, RESET, UPDATE_SUM, RESET_SUM, CANDIDATE, TRACES, GRADIENTS)


def of_gate(letter: str) -> str:
    """The kind of a mistake in the sum of a gate."""
    return {"z": UPDATE_SUM, "r": RESET_SUM}[letter]
