"""The file that describes a sweep: settings, each combination of which is a run, times seeds.

.. code-block:: toml

    name = "figure7"
    seeds = [1, 2, 3]
    regime = "C2"                # optional, with profile = "smoke" or so: where the settings start from

    [base]                       # settings that all runs share
    task = "torder"

    [grid]                       # every combination of these
    length = [20, 50]            # short for min_length and max_length
    init = ["sigmoid", "smart_tanh"]

    [[cases]]                    # each combination with each of these
    method = "SGD-C"             # a label of the case, not a setting
    alpha = 0.0

The same in YAML. Runs stand in the file's order, the first key of the grid varying slowest and the seeds fastest.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnkit.common.names import BadValue, unknown
from rnnkit.regimes import FIELDS, Regime, RegimeError, get_regime, without_effect

KEYS = {"name": str, "regime": str, "profile": str, "seeds": list, "base": dict, "grid": dict, "cases": list}
METHOD, LENGTH = "method", "length"


class SweepError(BadValue):
    """A sweep that cannot begin."""


@dataclass(frozen=True)
class Run:
    """One run of a sweep: its settings, and what tells it from the others, in the order of the table's columns."""

    regime: Regime
    labels: dict[str, Any]

    @property
    def name(self) -> str:
        """Short and unique in its sweep."""
        return self.regime.name


@dataclass(frozen=True)
class Sweep:
    """A name and its runs, in order."""

    name: str
    runs: list[Run]


def read_sweep_file(path: str | Path) -> Sweep:
    """Every run that a file describes, each checked.

    Raises:
        SweepError: no such file, not TOML or YAML, an unknown key (with the nearest match), a bad value, twice the
            same run; the message begins with the file's name.
    """
    path = Path(path)
    try:
        content = _parse(path)
        _check_form(content)
        return Sweep(content["name"], _expand(content))
    except BadValue as error:
        raise SweepError(f"{path}: {error}") from None


def _parse(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".toml":
            content = tomllib.loads(text)
        elif path.suffix in (".yaml", ".yml"):
            import yaml

            content = yaml.safe_load(text)
        else:
            raise SweepError(f"expected a file that ends in .toml, .yaml or .yml, got {path.suffix or 'no ending'!r}")
    except OSError as error:
        raise SweepError(f"expected a sweep file, got: {error.strerror}") from None
    except BadValue:
        raise
    except ValueError as error:
        raise SweepError(f"expected TOML, got: {error}") from None
    except Exception as error:  # yaml's errors have no base of Python's
        raise SweepError(f"expected YAML, got: {error}") from None
    if not isinstance(content, dict):
        raise SweepError("expected settings by name, got something else")
    return content


def _check_form(content: dict[str, Any]) -> None:
    for key, value in content.items():
        if key not in KEYS:
            raise SweepError(unknown(key, KEYS, "key"))
        if not isinstance(value, KEYS[key]):
            raise SweepError(f"{key}: expected a {KEYS[key].__name__}, got {value!r}")
    if not re.fullmatch(r"\w[\w.+=-]{0,49}", content.get("name", "")):
        raise SweepError(f"name: expected up to 50 letters, digits and . _ + = -, got {content.get('name')!r}")
    for key, values in [("seeds", content.get("seeds", [52])), *content.get("grid", {}).items()]:
        if not isinstance(values, list) or not values:
            raise SweepError(f"{key}: expected a list with at least one value, got {values!r}")
    for case in content.get("cases", [{}]):
        if not isinstance(case, dict):
            raise SweepError(f"cases: expected settings by name, got {case!r}")
    for group in (content.get("base", {}), content.get("grid", {}), *content.get("cases", [])):
        for key in group:
            if key not in (*FIELDS, METHOD, LENGTH):
                raise SweepError(unknown(key, (*FIELDS, METHOD, LENGTH), "parameter"))
            if key in ("name", "seed"):
                raise SweepError(f"{key}: expected no {key} here; runs are named by what varies, and seeds is a list")
    for case in content.get("cases", []):
        if both := [key for key in case if key in content.get("grid", {})]:
            raise SweepError(f"{both[0]}: expected it in the grid or in the cases, got it in both")


def _expand(content: dict[str, Any]) -> list[Run]:
    start = {"key": content["regime"], "profile": content.get("profile", "full")} if "regime" in content else {}
    if "profile" in content and not start:
        raise SweepError("profile: expected a regime beside it, found none; name one, or give the settings in [base]")
    grid, cases = content.get("grid", {}), content.get("cases") or [{}]
    runs: dict[str, Run] = {}
    names: dict[tuple, str] = {}  # by settings
    for values in itertools.product(*grid.values()):
        for case in cases:
            for seed in content.get("seeds", [52]):
                labels = dict(zip(grid, values, strict=True)) | case
                shown = labels if METHOD not in case else dict(zip(grid, values, strict=True)) | {METHOD: case[METHOD]}
                name = "-".join([*(_word(key, value) for key, value in shown.items()), f"seed{seed}"])
                run = _run(start, content.get("base", {}) | labels | {"seed": seed}, labels | {"seed": seed}, name)
                if name in runs:
                    raise SweepError(f"expected every run once, got {name!r} twice; give the cases a method each")
                same = names.setdefault(tuple(run.regime.identity().values()), name)
                if same != name:
                    raise SweepError(f"expected every run once, got {name!r} with the settings of {same!r}")
                runs[name] = run
    for key in content.get("base", {}):  # may be there for some of the runs only
        if all(reasons := [without_effect(run.regime, [key]) for run in runs.values()]):
            raise SweepError(f"base: {reasons[0]}")
    return list(runs.values())


def _run(start: dict[str, str], settings: dict[str, Any], labels: dict[str, Any], name: str) -> Run:
    settings = {key: value for key, value in settings.items() if key != METHOD}
    if LENGTH in settings and {"min_length", "max_length"} & settings.keys():
        raise SweepError(f"run {name}: expected length, or min_length and max_length, got both")
    if LENGTH in settings:
        settings["min_length"] = settings["max_length"] = settings.pop(LENGTH)
    try:
        regime = (get_regime(**start).replace(**settings) if start else Regime(**settings)).replace(name=name)
        if reason := without_effect(regime, labels):
            raise RegimeError(reason)
        return Run(regime, labels)
    except RegimeError as error:
        raise SweepError(f"run {name}: {error}") from None


def _word(key: str, value: Any) -> str:
    """``smart_tanh`` for a word, ``length20`` for a number; without what a file's name may not have."""
    text = value if isinstance(value, str) else f"{key}{value}"
    return re.sub(r"[^\w.+=-]", "_", text)
