"""A regime names a run: every setting of a training, under the handout's flags; the handout's seven by name."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnkit.cells import CLASS_NAMES
from rnnkit.common import variant
from rnnkit.common.names import BadValue, lookup, unknown
from rnnkit.inits import INITS, Z_BIAS
from rnnkit.omega import FLOWS
from rnnkit.optim import CLIPSTYLES
from rnnkit.settings import RULES, Fields, without_effect
from rnnkit.tasks import TASKS, get_task
from rnnkit.tasks.base import Task

try:
    from rnnkit.key.solving import SETTINGS as SOLVING
except ModuleNotFoundError:  # the student's package; any other trouble is one
    SOLVING = {}


class RegimeError(BadValue):
    """A setting that cannot be."""


def _flag(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class Regime(Fields):
    """Every setting of one training run; the field names are the flags of ``python -m rnnkit.train``.

    Raises:
        RegimeError: a value that cannot be, before any work.

    *Source:* handout sections 3.1-3.4.
    """

    refusal = RegimeError
    aside = ("name", "saveFreq")

    task: str = _flag("mem", "task: " + ", ".join(TASKS))
    model: str = _flag("rnn", "model: rnn or gru")
    init: str = _flag("basic_tanh", f"initial weights of the RNN: {', '.join(INITS)} (no effect on the GRU)")
    nhid: int = _flag(50, "hidden units H")
    seed: int = _flag(52, "seed of the initial weights and training batches")
    alpha: float = _flag(0.0, "weight of the regulariser Omega; RNN only")
    omega_on: str = _flag(
        "total", "what Omega looks at: total (dL/dh_t), or direct (its direct term, for the contrast)"
    )
    lr: float = _flag(0.01, "learning rate")
    min_length: int = _flag(50, "shortest nominal length L (steps)")
    max_length: int = _flag(200, "lengths stay below it (steps), unless it equals min_length")
    bs: int = _flag(20, "training batch B (sequences)")
    ebs: int = _flag(10000, "validation set (sequences), a multiple of cbs")
    cbs: int = _flag(1000, "sequences in a validation chunk, all of one length")
    checkFreq: int = _flag(20, "updates between two checks")
    collectDiags: bool = _flag(False, "collect diagnostics through time at every check")
    diagGates: bool = _flag(False, "with collectDiags, also the GRU's gates")
    diagBins: int = _flag(50, "bins of the histograms")
    satThresh: float = _flag(0.05, "distance below which a unit or step counts as saturated")
    bound: float = _flag(1e-20, "smallest squared gradient norm that the regulariser looks at")
    err_abs: float = _flag(0.2, "regression: an answer further off than this is wrong")
    valid_seed: int = _flag(12345, "added to seed: the seed of the validation set")
    clipstyle: str = _flag("rescale", "rescale or nothing")
    cutoff: float = _flag(1.0, "largest global gradient norm with clipstyle rescale")
    maxiters: int = _flag(20000, "updates")
    stop_error: float = _flag(1e-4, "training stops as solved when less than this is wrong (percent)")
    saveFreq: float = _flag(5.0, "minutes between two saves of the state; 0 saves at every check")
    name: str = _flag("test_torch", "prefix of the files that the run writes")
    memvalues: int = _flag(5, "mem: different symbols V")
    mempos: int = _flag(10, "mem: symbols to remember P")
    memall: bool = _flag(False, "mem: every batch is all V^P patterns")
    device: str = _flag("cpu", "cpu or cuda")
    z_bias: float = _flag(Z_BIAS, "initial bias of the GRU's update gate")

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            object.__setattr__(self, f.name, _typed(f.name, getattr(self, f.name), type(f.default)))
        for name, known in _WORDS.items():
            if getattr(self, name) not in known:
                raise RegimeError(unknown(getattr(self, name), known, name))
        for name, (ok, expected, advice) in RULES.items():
            if not ok(self):
                raise RegimeError(f"{name}: expected {expected}, got {getattr(self, name)!r}; {advice}")
        try:
            self.make_task()
        except ValueError as error:
            raise RegimeError(str(error)) from None

    def make_task(self) -> Task:
        """The regime's task."""
        return get_task(self.task, memvalues=self.memvalues, mempos=self.mempos, memall=self.memall)

    @property
    def checkpoints(self) -> int:
        """Slots C of the record: the untrained network, then one for each check."""
        return (self.maxiters - 1) // self.checkFreq + 1

    @property
    def chunks(self) -> int:
        """Validation chunks."""
        return self.ebs // self.cbs

    def command(self, module: str = "trainingRNNs_torch.train") -> str:
        """The command line that runs this regime, in the handout's spelling and order.

        *Source:* handout section 3.
        """
        values = {name: getattr(self, name) for name in _COMMAND_ORDER}
        shown = {name: value for name, value in values.items() if name in _ALWAYS or value != FIELDS[name].default}
        flags = [f"--{name}" if value is True else f"--{name} {value}" for name, value in shown.items()]
        return " ".join([f"python -m {module}", *flags])


FIELDS = Regime.fields()

_WORDS = dict[str, Collection[str]](task=TASKS, model=CLASS_NAMES, init=INITS, clipstyle=CLIPSTYLES, omega_on=FLOWS)

# The handout's order; what it never names comes before the name.
_HANDOUT = [
    *("task", "model", "init", "alpha", "clipstyle", "cutoff", "diagGates"),
    *("nhid", "lr", "bs", "min_length", "max_length", "maxiters", "ebs", "cbs", "checkFreq"),
    *("seed", "valid_seed", "collectDiags", "diagBins", "satThresh"),
]
_COMMAND_ORDER = [*_HANDOUT, *(name for name in FIELDS if name not in _HANDOUT and name != "name"), "name"]
_ALWAYS = {*_HANDOUT, "name"} - {"init", "cutoff", "diagGates", "collectDiags"}


def _typed(name: str, value: Any, kind: type) -> Any:
    """``value`` as ``kind``, where nothing is lost; booleans are no numbers."""
    if isinstance(value, np.generic):
        value = value.item()
    if kind is float and type(value) is int and abs(value) < 2**53:
        value = float(value)
    if type(value) is not kind:
        words = {int: "a whole number", float: "a number", bool: "True or False", str: "a word"}
        raise RegimeError(f"{name}: expected {words[kind]}, got {value!r} ({type(value).__name__})")
    return value


# What all of the handout's commands share (section 3.1).
_COMMON = Regime(maxiters=50000, collectDiags=True, diagBins=60)


def _regime(name: str, **changes: Any) -> Regime:
    return _COMMON.replace(name=name, **changes)


def _order(name: str, **changes: Any) -> Regime:
    settings = {"task": "torder", "init": "smart_tanh", "cutoff": 0.05, "maxiters": 25001, "checkFreq": 500}
    return _regime(name, **(settings | changes))


REGIMES: dict[str, Regime] = {
    "A1": _regime("A1_mem_rnn_tanh_noclip", clipstyle="nothing"),
    "A2": _regime("A2_mem_rnn_tanh_clip005", cutoff=0.05),
    "A3": _regime("A3_mem_rnn_tanh_clip001", cutoff=0.01),
    "A4": _regime("A4_mem_gru_noclip", model="gru", clipstyle="nothing", diagGates=True),
    "A5": _regime("A5_mem_gru_clip005", model="gru", cutoff=0.05, diagGates=True),
    "B1": _regime("B1_mul_rnn_tanh_noclip", task="mul", clipstyle="nothing"),
    "B2": _regime("B2_mul_gru_noclip", task="mul", model="gru", clipstyle="nothing", diagGates=True),
    # Not in the handout: its fourth goal, tanh against sigmoid, has no command of its own.
    "A1s": _regime("A1s_mem_rnn_sigmoid_noclip", init="sigmoid", clipstyle="nothing"),
    "B1s": _regime("B1s_mul_rnn_sigmoid_noclip", task="mul", init="sigmoid", clipstyle="nothing"),
    # Not in the handout either: a run that solves its task, in seconds. Most steps are blanks, which teach nothing, and
    # the loss is a mean over all of them: hence the learning rate.
    "S1": _regime(
        "S1_mem_gru_5bits",
        model="gru",
        diagGates=True,
        lr=3.0,
        memvalues=2,
        mempos=5,
        min_length=10,
        max_length=20,
        maxiters=15001,
        checkFreq=100,
    ),
    # The extra credit (section 3.4): temporal order with Omega, in the configuration that the handout calls stuck, with
    # alpha 2 and 4, and (d) the same with Omega on the direct term alone. What solves it is not among the students'.
    **{key: _order(**settings) for key, settings in SOLVING.items()},
    "C2": _order("C2_torder_omega2_clip005", alpha=2.0),
    "C2d": _order("C2d_torder_direct2_clip005", alpha=2.0, omega_on="direct"),
    "C4": _order("C4_torder_omega4_clip005", alpha=4.0),
    "C4d": _order("C4d_torder_direct4_clip005", alpha=4.0, omega_on="direct"),
}
HANDOUT_REGIMES = ("A1", "A2", "A3", "A4", "A5", "B1", "B2")
SIGMOID_REGIMES = ("A1s", "B1s")  # of the report's last question: not due, taken along where they are

# Smaller sizes of every regime. full: the handout's. smoke: minutes instead of hours, the same lengths, so that
# vanishing gradients still vanish. tiny: for tests; shows nothing.
PROFILES: dict[str, dict[str, Any]] = {
    "full": {},
    "smoke": {"maxiters": 2001, "checkFreq": 100, "ebs": 1000, "cbs": 500},
    "tiny": {"maxiters": 41, "checkFreq": 10, "ebs": 200, "cbs": 100, "min_length": 10, "max_length": 30, "nhid": 10},
}


def get_regime(key: str, profile: str = "full", **overrides: Any) -> Regime:
    """A regime by its short name (A1) or its long one (A1_mem_rnn_tanh_noclip).

    Arguments:
        key: the name.
        profile: ``full``, ``smoke`` or ``tiny``.
        overrides: other values for single fields.

    Raises:
        RegimeError: unknown name, profile or field (with the nearest match), or a bad value.
        BadValue: it varies by student, see `rnnkit.common.variant`, and whose it is to be is not known.
    """
    return _of_student(variant.current(), key, profile, **overrides)


def _of_student(own: variant.Variant | None, key: str, profile: str, **overrides: Any) -> Regime:
    """As `get_regime`, of a student's variant."""
    long_names = {regime.name: regime for regime in REGIMES.values()}
    try:
        regime = long_names[key] if key in long_names else lookup(REGIMES, key, "regime")
        changes = lookup(PROFILES, profile, "profile")
    except BadValue as error:
        raise RegimeError(str(error)) from None
    drawn = own.of(next(short for short, one in REGIMES.items() if one is regime)) if own else {}
    return regime.replace(**(drawn | changes | overrides))


def chosen_regime(key: str, profile: str = "full", **overrides: Any) -> Regime:
    """As `get_regime`, for somebody who chose the overrides: one that cannot have any effect is refused, too."""
    regime = get_regime(key, profile, **overrides)
    if reason := without_effect(regime, overrides):
        raise RegimeError(reason)
    return regime


@functools.lru_cache(1)
def _known(regimes: tuple, profiles: str, own: variant.Variant | None) -> dict[str, tuple[str, str]]:
    """Name and profile of every named regime, by its settings as text; made again where any of it has changed."""
    return {
        str(_of_student(own, key, profile).identity()): (key, profile)
        for profile in reversed(PROFILES)
        for key in reversed(REGIMES)
    }


def named(regime: Regime) -> tuple[str, str]:
    """Which named regime has exactly these settings, and at which profile: (A1, smoke); ("", custom) if none has."""
    known = _known(tuple(REGIMES.items()), str(PROFILES), variant.known())
    return known.get(str(regime.identity()), ("", "custom"))


def nearest(regime: Regime, key: str) -> str:
    """The profile of a named regime that has the most settings in common with a run."""
    mine, own = regime.identity(), variant.known()

    def apart(profile: str) -> int:
        return sum(mine[name] != value for name, value in _of_student(own, key, profile).identity().items())

    return min(PROFILES, key=apart)


def differences(regime: Regime, key: str) -> list[str]:
    """How a run differs from a named regime's nearest profile: ``lr 0.5 (handout 0.01)``, ``profile tiny, not full``.

    What was drawn for a student is that student's: ``seed 52 (yours 4711)``.
    """
    mine, own, profile = regime.identity(), variant.known(), nearest(regime, key)
    due = _of_student(own, key, profile).identity()
    drawn = own.of(key) if own else {}
    whose = {name: "yours" if name in drawn else "handout" for name in mine}
    changed = [f"{name} {mine[name]!r} ({whose[name]} {due[name]!r})" for name in mine if mine[name] != due[name]]
    return changed + ([f"profile {profile}, not full"] if changed and profile != "full" else [])
