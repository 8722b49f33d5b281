"""The training loop. It yields checkpoints; whoever wants to print, draw or save subscribes by iterating."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from rnnkit.cells import MODELS, Cell
from rnnkit.diagnostics import over_time, over_units, rho_Whh, sigma_max_Whh
from rnnkit.engines import Engine, get_engine
from rnnkit.heads import get_head, mean_metrics
from rnnkit.inits import get_init, init_gru, init_rnn, set_weights
from rnnkit.record.anchors import Anchors
from rnnkit.record.file import empty_arrays, header, rng_state, set_rng_state, weights_of, with_aliases
from rnnkit.regimes import Regime, RegimeError
from rnnkit.tasks import Batch, draw_length
from rnnkit.update import Update, one_update

DIAG_SEED_OFFSET = 999  # the diagnostic batch has a stream of its own


def check_device(regime: Regime) -> None:
    """Refuses a regime for a device that is not there (RegimeError)."""
    if regime.device == "cpu":
        return
    there = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if regime.device not in ("cuda", *there) or not there:
        found = ", ".join(there) or "none"
        raise RegimeError(f"device: expected a CUDA device for {regime.device!r}, found {found} here; use --device cpu")


def diagnostic_batch(regime: Regime, dtype: torch.dtype = torch.float32) -> Batch:
    """The one batch of a regime on which every check's diagnostics are taken, on the regime's device."""
    rng = np.random.RandomState(regime.seed + regime.valid_seed + DIAG_SEED_OFFSET)
    batch = regime.make_task().sample(rng, regime.max_length, min(regime.bs, regime.cbs))
    return batch.to(regime.device, dtype)


def draw_weights(cell: Cell, regime: Regime, rng: np.random.RandomState) -> None:
    """A regime's initial weights, in place."""
    if regime.model == "gru":
        init_gru(cell, rng, regime.z_bias)
    else:
        init_rnn(cell, regime.init, rng)


def phi_of(regime: Regime) -> str:
    """The nonlinearity of a regime's cell, by name."""
    return get_init(regime.init).phi if regime.model == "rnn" else "tanh"


def builtin_cell(regime: Regime) -> Cell:
    """The regime's cell, of the built-in classes, on its device; its weights are not drawn yet."""
    task = regime.make_task()
    cell = MODELS[regime.model](task.n_in, regime.nhid, task.n_out, phi=phi_of(regime), head=task.head)
    return cell.to(regime.device)


@dataclass(frozen=True)
class Checkpoint:
    """What one check found.

    Fields:
        slot: row k of the record; 0 is the untrained network.
        updates: updates seen by then; k * checkFreq + 1 for k > 0.
        values: the record's numbers of this row, by key.
        over_time: the record's diagnostics of this row, by key, each ``(T,)``; empty without collectDiags.
        train_nll, gradient_norm, gradient_norm_clipped: means over the updates since the check before; NaN at slot 0.
        best_error: smallest valid_error so far, this check included (percent).
        Omega, steps_in_past: means over the same updates; NaN where alpha is 0.
    """

    slot: int
    updates: int
    values: dict[str, float]
    over_time: dict[str, np.ndarray]
    train_nll: float
    gradient_norm: float
    gradient_norm_clipped: float
    best_error: float
    Omega: float = math.nan
    steps_in_past: float = math.nan


class Trainer:
    """Trains one regime, update by update.

    Each update draws a length and a fresh batch; at every ``checkFreq`` the network is tried on a frozen validation
    set and on a frozen diagnostic batch. Three legacy random streams, all from the regime's seeds: weights and
    training batches; validation set; diagnostic batch.

    Arguments:
        regime: the settings.
        cell: the network, made for this regime on its device; its weights are drawn here. A built-in one by default.
        engine: forward and backward; by default ``fused`` where no cell is given and ``autograd`` for a given one. It
            may be exchanged between checks.

    Attributes:
        arrays: the record's arrays so far.
        anchors: the moments that are kept whole, for doing a stretch of the training again.
        status: ``running``, then ``finished`` (all updates done), ``solved`` (no validation sequence wrong) or
            ``diverged`` (the weights are no longer finite).

    *Source:* handout sections 1 and 2.3.
    """

    def __init__(self, regime: Regime, cell: Cell | None = None, engine: Engine | None = None) -> None:
        self.regime = regime
        self.engine = engine or get_engine("autograd" if cell is not None else "fused")
        self.task = regime.make_task()
        self.head = get_head(self.task.head, regime.err_abs)
        self.cell = (builtin_cell(regime) if cell is None else cell).eval()
        self.rng = np.random.RandomState(regime.seed)
        draw_weights(self.cell, regime, self.rng)
        self.valid_lengths, self.valid_set = self._draw_valid_set()
        self.diag_batch = diagnostic_batch(regime, self.cell.W_hh.dtype)
        self._ready: tuple[Engine | None, list[Any]] = (None, [])
        self.arrays = empty_arrays(regime)
        self.anchors = Anchors(regime, weights_of(self.cell))
        self.updates = 0
        self.status = "running"
        self._elapsed = 0.0
        self._remember()

    def checkpoints(self, on_update: Callable[[int], object] | None = None) -> Iterator[Checkpoint]:
        """Trains until the last update, a solved task or a diverged network; yields what each check found.

        After every update ``on_update`` is called with the updates done.
        """
        begun = time.perf_counter() - self._elapsed
        every = self.regime.checkFreq
        if self.status == "running" and self.arrays["check_updates"][0] < 0:
            yield self._check(0, time.perf_counter() - begun)
        while self.status == "running" and self.updates < self.regime.maxiters:
            n = self.updates
            self._update(n)
            if on_update:
                on_update(self.updates)
            if self.status == "running" and n > 0 and n % every == 0:
                yield self._check(n // every, time.perf_counter() - begun)
        if self.status == "running":
            self.status = "finished"
        self._keep_anchor()
        self._remember()

    def train_until(self, updates: int) -> None:
        """Trains without checks until so many updates are done, or the network has diverged."""
        while self.status == "running" and self.updates < updates:
            self._update(self.updates)

    def state(self) -> dict[str, Any]:
        """Everything needed to go on, as of the last check (or the end): arrays, weights, random stream."""
        arrays = {name: array.copy() for name, array in self.arrays.items()}
        for name in Update._fields:
            arrays[name][self._remembered["updates"] :] = np.nan  # updates after the last check are done again
        return arrays | self.anchors.until(self._remembered["updates"]) | self._remembered

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Goes on from what `state` returned for an equal regime, cells and engine.

        A state without anchors (an older rnnkit wrote it) gets its first one here; arrays that it lacks begin here.
        """
        self.arrays = {name: state[name].copy() if name in state else empty for name, empty in self.arrays.items()}
        self.go_to(int(state["updates"]), state)
        self.status = str(state["status"])
        self._elapsed = float(np.nanmax(self.arrays["wall_time"], initial=0.0))
        if not self.anchors.restore(state) and self.updates:
            self._keep_anchor()
        self._remember()

    def go_to(self, updates: int, then: dict[str, np.ndarray]) -> None:
        """Puts the network and the training stream where they were after so many updates, by the record's names."""
        set_weights(self.cell, {name: then[name] for name, _ in self.cell.named_parameters()})
        set_rng_state(self.rng, then)
        self.updates, self.status = updates, "running"

    def _keep_anchor(self) -> None:
        self.anchors.keep(self.updates, weights_of(self.cell) | rng_state(self.rng), self.arrays)

    def _remember(self) -> None:
        now: dict[str, Any] = {"updates": self.updates, "status": self.status}
        self._remembered = now | weights_of(self.cell) | rng_state(self.rng)

    def _update(self, n: int) -> None:
        """Update number ``n`` (0-based): a length, a batch, a gradient, a clipped step."""
        update = one_update(self.regime, self.task, self.head, self.engine, self.cell, self.rng)
        for name, value in update._asdict().items():
            self._put(name, n, value)
        self.updates = n + 1
        # Weights that broke in this update make the next norm NaN; only after the last there is no next.
        suspicious = not math.isfinite(update.gradient_norm) or self.updates == self.regime.maxiters
        if suspicious and not all(torch.isfinite(p).all() for p in self.cell.parameters()):
            self.status = "diverged"

    def _put(self, name: str, index: Any, value: Any) -> None:
        """Into the record's array; what is too large for its float32 becomes infinite there."""
        with np.errstate(over="ignore"):
            self.arrays[name][index] = value

    def look(self, slot: int) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        """Validation and diagnostics of the network as it is now, into row ``slot`` of the arrays, and nothing else.

        Returns:
            The row's numbers, and its diagnostics over time, by key.
        """
        r = self.regime
        if self._ready[0] is not self.engine:  # which wants the validation set its own way
            self._ready = self.engine, [self.engine.prepare(chunk) for chunk in self.valid_set]
        metrics = mean_metrics([self.engine.metrics(self.cell, self.head, chunk) for chunk in self._ready[1]])
        values = {
            "valid_nll": metrics["nll"],
            "valid_error": 100 * metrics["error"],
            "rho_Whh": rho_Whh(self.cell),
            "sigma_max_Whh": sigma_max_Whh(self.cell),
        }
        if "mae" in metrics:
            percent = {"valid_err_005": 100 * metrics["err_005"], "valid_err_010": 100 * metrics["err_010"]}
            values |= {"valid_mae": metrics["mae"], "valid_maxae": metrics["maxae"]} | percent
        diagnostics: dict[str, np.ndarray] = {}
        histograms: dict[str, np.ndarray] = {}
        if r.collectDiags:
            run = self.engine.run(self.cell, self.head, self.diag_batch)
            diagnostics = over_time(run, satThresh=r.satThresh, gates=r.diagGates)
            histograms = over_units(run, bins=r.diagBins, gates=r.diagGates)
            values |= {"diag_loss": float(run.loss), "diag_err": float(run.error)}
        for name, value in values.items():
            self._put(name, slot, value)
        for name, curve in (diagnostics | histograms).items():
            self._put(name, (slot, slice(len(curve))), curve)
        return values, diagnostics

    def _check(self, slot: int, elapsed: float) -> Checkpoint:
        """Looks at the network, keeps an anchor where one is due, and says what was found."""
        values, diagnostics = self.look(slot)
        self.arrays["check_updates"][slot] = self.updates
        self.arrays["wall_time"][slot] = self._elapsed = elapsed
        if slot and values["valid_error"] < self.regime.stop_error and math.isfinite(values["valid_nll"]):
            self.status = "solved"
        if slot in self.anchors.slots or self.status == "solved":
            self._keep_anchor()
        self._remember()
        means = dict.fromkeys(Update._fields, math.nan)
        if slot:
            since = int(self.arrays["check_updates"][slot - 1])
            means = {name: float(self.arrays[name][since : self.updates].mean(dtype=np.float64)) for name in means}
        best = float(np.nanmin(self.arrays["valid_error"][: slot + 1]))
        return Checkpoint(slot, self.updates, values, diagnostics, best_error=best, **means)

    def _draw_valid_set(self) -> tuple[list[int], list[Batch]]:
        r = self.regime
        rng = np.random.RandomState(r.seed + r.valid_seed)
        lengths, chunks = [], []
        for _ in range(r.chunks):
            lengths.append(draw_length(rng, r.min_length, r.max_length))
            chunks.append(self.task.sample(rng, lengths[-1], r.cbs).to(r.device, self.cell.W_hh.dtype))
        return lengths, chunks


def content(trainer: Trainer, cells_sha256: str = "builtin") -> dict[str, Any]:
    """Everything that a record holds, as of the last check: curves, weights, random stream, anchors, settings.

    The hash is that of the file in which the cell's class stands.
    """
    made = header(trainer.regime, trainer.engine.name, cells_sha256, trainer.cell.phi)
    whole = trainer.state() | made | {"valid_lengths": np.array(trainer.valid_lengths)}
    return with_aliases(whole, trainer.regime.model)
