"""What settings have in common; what those of a regime may be, and what each needs to have any effect."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterable
from typing import Any, ClassVar, Self, cast

from rnnkit.common.names import BadValue, unknown
from rnnkit.inits import Z_BIAS
from rnnkit.tasks import MIN_LENGTH, TASKS


class Fields:
    """Settings of a run: a frozen dataclass, every field with a default."""

    refusal: ClassVar[type[BadValue]] = BadValue
    aside: ClassVar[tuple[str, ...]] = ("name",)  # what does not decide the numbers

    @classmethod
    def fields(cls) -> dict[str, dataclasses.Field]:
        """The fields by name."""
        return {one.name: one for one in dataclasses.fields(cast(Any, cls))}

    def replace(self, **changes: Any) -> Self:
        """The same with other values (BadValue for an unknown field)."""
        for name in changes:
            if name not in self.fields():
                raise self.refusal(unknown(name, self.fields(), "parameter"))
        return dataclasses.replace(cast(Any, self), **changes)

    def identity(self) -> dict[str, Any]:
        """What decides the numbers: equal identity, equal run."""
        return {name: getattr(self, name) for name in self.fields() if name not in self.aside}

    def to_json(self) -> str:
        """All fields as JSON, in their order."""
        return json.dumps(dataclasses.asdict(cast(Any, self)))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The settings that `to_json` wrote."""
        return cls(**json.loads(text))


def _at_least(name: str, least: int, advice: str) -> tuple:
    return (lambda r: getattr(r, name) >= least, f"at least {least}", advice)


def _positive(name: str, advice: str) -> tuple:
    return (lambda r: 0 < getattr(r, name) < math.inf, "a positive number", advice)


NAME, NAMED = re.compile(r"\w[\w.+=-]{0,99}"), "up to 100 letters, digits and . _ + = -"  # of a run
_DEVICE = re.compile(r"cpu|cuda(:[0-9]{1,3})?")
_MAX_SEED = 2**32 - 1
# name -> (whether a regime keeps it, what is expected, what to do)
RULES = {
    "nhid": _at_least("nhid", 1, "give the number of hidden units"),
    "seed": (lambda r: 0 <= r.seed <= _MAX_SEED, f"0 to {_MAX_SEED}", "give another seed"),
    "valid_seed": (
        lambda r: r.valid_seed >= 0 and r.seed + r.valid_seed + 999 <= _MAX_SEED,
        f"at least 0, and seed + valid_seed + 999 at most {_MAX_SEED}",
        "give another one",
    ),
    "alpha": (
        lambda r: 0 <= r.alpha < math.inf and (r.alpha == 0 or r.model == "rnn"),
        "at least 0, and 0 for the GRU, because Omega is written with one W_hh and one nonlinearity, of which a gated "
        "state is no function",
        "give --alpha 0.0 or --model rnn",
    ),
    "stop_error": (lambda r: 0 < r.stop_error <= 100, "above 0, at most 100 percent", "the default is 1e-4"),
    "lr": _positive("lr", "the handout's is 0.01"),
    "min_length": _at_least("min_length", MIN_LENGTH, "shorter sequences have no room for the tasks' markers"),
    "max_length": (lambda r: r.max_length >= r.min_length, "at least min_length", "raise it or lower min_length"),
    "bs": _at_least("bs", 1, "give the training batch"),
    "cbs": _at_least("cbs", 1, "give the size of a validation chunk"),
    "ebs": (
        lambda r: r.ebs >= r.cbs and r.ebs % r.cbs == 0,
        "a positive multiple of cbs, because the set is drawn in whole chunks",
        "change ebs or cbs (10000 and 1000 in the handout)",
    ),
    "checkFreq": _at_least("checkFreq", 1, "give the updates between two checks"),
    "diagBins": _at_least("diagBins", 1, "give the number of bins"),
    "satThresh": (lambda r: 0 <= r.satThresh <= 1, "0 to 1", "the handout's is 0.05"),
    "bound": (lambda r: 1e-37 <= r.bound < math.inf, "at least 1e-37, a number of 32 bits", "the default is 1e-20"),
    "err_abs": _positive("err_abs", "the default is 0.2"),
    "cutoff": _positive("cutoff", "to train without clipping give --clipstyle nothing"),
    "maxiters": _at_least("maxiters", 1, "give the number of updates"),
    "saveFreq": (lambda r: 0 <= r.saveFreq < math.inf, "at least 0 minutes", "the default is 5.0"),
    "name": (lambda r: NAME.fullmatch(r.name), NAMED, "choose the folder with --out"),
    "device": (lambda r: _DEVICE.fullmatch(r.device), "cpu, cuda or cuda:N", "give one of them"),
    "z_bias": (lambda r: math.isfinite(r.z_bias), "a finite number", f"the default is {Z_BIAS:g}"),
}

# What a setting needs to have any effect: name -> (whether it can, why it cannot, what to add).
_REGRESSION = [name for name, task in TASKS.items() if task.head == "lastLinear"]
_MEM = (lambda r: r.task == "mem", "only the task mem has symbols to remember", "task=mem")
_OMEGA = (lambda r: r.alpha > 0, "with alpha 0 nothing looks at Omega", "alpha=2.0")
_CAN = {
    "cutoff": (lambda r: r.clipstyle != "nothing", "clipstyle nothing clips nothing", "clipstyle=rescale"),
    "init": (lambda r: r.model == "rnn", "the GRU always starts from its own small weights", "model=rnn"),
    "z_bias": (lambda r: r.model == "gru", "only the GRU has an update gate", "model=gru"),
    "diagGates": (lambda r: r.model == "gru", "only the GRU has gates", "model=gru"),
    "err_abs": (lambda r: r.task in _REGRESSION, "a classification is right or wrong", f"task={_REGRESSION[-1]}"),
    "memvalues": _MEM, "mempos": _MEM, "memall": _MEM, "omega_on": _OMEGA, "bound": _OMEGA,
}  # fmt: skip


def without_effect(regime: Any, given: Iterable[str]) -> str:
    """Why one of the settings that were given cannot change a run of this regime; empty where all can."""
    for name in given:
        can, why, add = _CAN.get(name, (lambda r: True, "", ""))
        if not can(regime):
            return f"{name} has no effect on {regime.name}: {why}; leave it out, or add {add} (--set {add})"
    return ""
