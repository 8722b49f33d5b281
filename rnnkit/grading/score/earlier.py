"""What right code of the earlier questions gives for the calls that a student's code makes: computed here, outside.

Only numbers come in and only numbers go out, so that no right code is within reach of the student's process.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from rnnkit.checks.inputs import Inputs
from rnnkit.checks.standins import ERRORS, Call


def answers(key: ModuleType, calls: dict[str, Call], inputs: Inputs) -> dict[str, Any]:
    """key of a call -> what right code does in it: its values, or the error that it raises.

    Arguments:
        key: of the assignment, with ``called(call, inputs)``.
        calls: by key.
        inputs: what the question was asked with.
    """
    return {name: _answer(key, call, inputs) for name, call in calls.items()}


def _answer(key: ModuleType, call: Call, inputs: Inputs) -> dict[str, Any]:
    try:
        return {"values": key.called(call, inputs)}
    except tuple(ERRORS.values()) as error:
        kind = next(name for name, known in ERRORS.items() if isinstance(error, known))
        return {"error": [kind, str(error)]}
