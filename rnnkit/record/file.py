"""The record of a run: one npz with every curve, diagnostic and weight. Saved whole or not at all, loaded, resumed."""

from __future__ import annotations

import io
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import rnnkit
from rnnkit.common.names import BadValue
from rnnkit.common.shapes import SHAPES, shape_of
from rnnkit.common.whole import whole
from rnnkit.engines import ENGINES
from rnnkit.record.keys import ALIASES, KEYS, NEWER, REGRESSION_ONLY, RNG_KEYS, WEIGHT_ALIASES
from rnnkit.regimes import Regime, named


class RecordError(BadValue):
    """A record that cannot be read or does not belong to this run."""


def empty_arrays(regime: Regime) -> dict[str, np.ndarray]:
    """The arrays of a run that has not begun, by their keys."""
    task = regime.make_task()
    steps = task.max_steps(regime.max_length)
    sizes = {"N": regime.maxiters, "C": regime.checkpoints, "D": steps, "B": regime.diagBins}
    return {
        name: np.full(shape_of(key.shape, sizes), -1 if key.dtype is np.int64 else np.nan, key.dtype)
        for name, key in KEYS.items()
        if task.head == "lastLinear" or name not in REGRESSION_ONLY
    }


def trimmed(content: dict[str, Any]) -> dict[str, Any]:
    """A record without the empty rows of what was to come; all of it where the run came to its last update."""
    size = {"N": int(content["updates"]), "C": last_filled(content) + 1}
    keys = KEYS | {alias: KEYS[name] for alias, name in ALIASES.items()}
    return content | {name: content[name][: size[key.shape[0]]] for name, key in keys.items() if name in content}


def weights_of(cell: nn.Module) -> dict[str, np.ndarray]:
    """Copies of a cell's parameters, by name."""
    return {name: parameter.detach().cpu().numpy().copy() for name, parameter in cell.named_parameters()}


def rng_state(rng: np.random.RandomState) -> dict[str, np.ndarray]:
    """The state of a legacy generator as plain arrays."""
    _, *state = rng.get_state(legacy=True)
    return {name: np.asarray(value) for name, value in zip(RNG_KEYS, state, strict=True)}


def set_rng_state(rng: np.random.RandomState, arrays: dict[str, np.ndarray]) -> None:
    """Puts a legacy generator where `rng_state` found it."""
    keys, position, has_gauss, cached = (arrays[name] for name in RNG_KEYS)
    rng.set_state(("MT19937", keys, int(position), int(has_gauss), float(cached)))


def versions() -> str:
    """The versions that decide a run's numbers, as JSON."""
    ours = {"rnnkit": rnnkit.__version__, "torch": torch.__version__, "numpy": np.__version__}
    return json.dumps(ours | {"python": platform.python_version()})


def made_by(content: Mapping[str, Any]) -> str:
    """The version of rnnkit that made a record; empty where it does not say."""
    try:
        return str(json.loads(str(content["versions"]))["rnnkit"])
    except (KeyError, TypeError, ValueError):
        return ""


def of_another_major(content: Mapping[str, Any]) -> bool:
    """Whether a record says that another major version made it: its keys, settings and numbers may be others."""
    return made_by(content).partition(".")[0] not in ("", rnnkit.__version__.partition(".")[0])


def unreadable(what: str, content: Mapping[str, Any], error: Exception) -> RecordError:
    """Why a record's settings cannot be had, with the version that has them where that is another one."""
    made = made_by(content)
    by = f"; rnnkit {made} made it" if made not in ("", rnnkit.__version__) else ""
    return RecordError(f"the record's {what} cannot be read by this version of rnnkit ({error}){by}")


def refuse_another_major(content: Mapping[str, Any], path: Path) -> None:
    """Refuses a state that nothing may go on from, as another major version left it (RecordError)."""
    if of_another_major(content):
        raise RecordError(
            f"{path}: expected a run of this rnnkit, {rnnkit.__version__}, got one of {made_by(content)}, which may "
            "come to other numbers; its figures can be drawn; to go on, train again (the old files are kept aside)"
        )


def header(regime: Regime, engine: str, cells_sha256: str, phi: str) -> dict[str, Any]:
    """What a record says of how it was made: settings, engine, cells and their nonlinearity, versions."""
    return {
        "regime": regime.to_json(),
        "profile": named(regime)[1],
        "engine": engine,
        "cells_sha256": cells_sha256,
        "versions": versions(),
        "diag_len": regime.max_length,
        "diag_bs": min(regime.bs, regime.cbs),
        "checkFreq": regime.checkFreq,
        "act_name": phi,
        "classif_type": regime.make_task().head,
        "model_type": regime.model,
        "init": regime.init,
    }


def with_aliases(content: dict[str, Any], model: str) -> dict[str, Any]:
    """``content`` with the handout's and the starter's further names for the same arrays."""
    aliases = ALIASES | WEIGHT_ALIASES[model]
    return content | {alias: content[name] for alias, name in aliases.items() if name in content}


def save(path: Path | str, content: dict[str, Any]) -> None:
    """Writes a compressed npz, whole or not at all: a reader or a crash never meets half a file.

    Raises:
        OSError: the folder cannot be written or the disk is full; an earlier file of this name stays as it was.
    """
    with whole(Path(path)) as file:
        np.savez_compressed(file, **content)


def load(path: Path | str) -> dict[str, np.ndarray]:
    """Everything in a record, as plain arrays; nothing in it is executed.

    Raises:
        RecordError: no such file, cut short, not a record, or one of another major version that lacks what we read.
    """
    path = Path(path)
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            content = {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise RecordError(f"{path}: expected a record, found no such file; train the regime first") from None
    except Exception as error:  # whatever zipfile, zlib and numpy say of bytes that are no npz
        raise RecordError(
            f"{path}: expected a whole npz, got a damaged or foreign file ({error}); move it away and train again"
        ) from None
    if not {"regime", "settings"} & content.keys():
        raise RecordError(f"{path}: expected a record of rnnkit, got an npz without the key 'regime'")
    missing = [name for name in KEYS if name not in content and name not in (*NEWER, *REGRESSION_ONLY)]
    if missing and "regime" in content and of_another_major(content):
        raise RecordError(
            f"{path}: expected the key {missing[0]!r}, a record of rnnkit {made_by(content)} has none; "
            f"look at it with that version, or train again with this one, {rnnkit.__version__}"
        )
    return content


def regime_of(content: Mapping[str, Any]) -> Regime:
    """The regime that a record was made with (RecordError: it has none, or one of another version)."""
    if "regime" not in content:
        raise RecordError("expected a record of a regime of the main assignment, got one of another assignment's run")
    try:
        return Regime.from_json(str(content["regime"]))
    except (TypeError, ValueError) as error:
        raise unreadable("regime", content, error) from None


def last_filled(content: dict[str, np.ndarray]) -> int:
    """The last slot that holds a check."""
    return int(np.flatnonzero(content["check_updates"] >= 0)[-1])


def check_belongs(content: dict[str, np.ndarray], regime: Regime, engine: str, cells_sha256: str, path: Path) -> None:
    """Refuses a state that another run wrote.

    Raises:
        RecordError: another regime, engine or another model.py; the message names the first difference.
    """
    advice = "give the settings it was made with, or train without --resume (the old files are kept aside)"
    weights = SHAPES[regime.model.upper()]
    for name in (*empty_arrays(regime), *weights, *RNG_KEYS, "updates", "status", "engine", "cells_sha256", "versions"):
        if name not in content and name not in NEWER:
            raise RecordError(f"{path}: expected the key {name!r}, found none; move the file away and train again")
    stored = regime_of(content).identity()
    for name, value in regime.identity().items():
        if stored[name] != value:
            raise RecordError(f"{path}: expected a run with {name} {value!r}, got one with {stored[name]!r}; {advice}")
    if engine == "auto" and str(content["engine"]) in ENGINES:  # it goes on from what either left
        engine = str(content["engine"])
    for name, value in {"engine": engine, "cells_sha256": cells_sha256}.items():
        if str(content[name]) != value:
            raise RecordError(f"{path}: expected {name} {value!r}, got {str(content[name])!r}; {advice}")
