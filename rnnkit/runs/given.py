"""Settings that were typed on a command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnnkit.common.names import BadValue, unknown
from rnnkit.runs.experiment import KINDS, Experiment


def parse_overrides(pairs: Sequence[str], experiment: Experiment) -> dict[str, Any]:
    """``["maxiters=200"]`` to ``{"maxiters": 200}``, by the types of the settings' fields (BadValue: it cannot be)."""
    overrides: dict[str, Any] = {}
    fields = experiment.settings.fields()
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BadValue(f"--set: expected FLAG=VALUE, got {pair!r}")
        if name not in fields:
            raise BadValue(unknown(name, fields, "parameter"))
        kind: Any = type(fields[name].default)
        try:
            overrides[name] = {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
        except (ValueError, KeyError):
            raise BadValue(f"--set {name}: expected {KINDS[kind]}, got {text!r}") from None
    return overrides
