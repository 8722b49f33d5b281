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
    method = "SGD-C"             # a label of the case, where it is no setting
    alpha = 0.0

The same in YAML. Runs stand in the file's order, the first key of the grid varying slowest and the seeds fastest.
``assignment = "NAME"`` makes it a sweep of that one's experiment; its settings start from ``run = "..."`` where its
named runs are no regimes.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rnnkit.assignments import MAIN
from rnnkit.common.extras import need
from rnnkit.common.names import BadValue, lookup, unknown
from rnnkit.runs.experiment import Experiment
from rnnkit.runs.given import parse_overrides
from rnnkit.runs.jobs import Job, experiment_of
from rnnkit.runs.modelfile import Cells

KEYS = {"name": str, "assignment": str, "profile": str, "seeds": list, "base": dict, "grid": dict, "cases": list}
SEED = 52  # where a file names no seeds
METHOD, LENGTH = "method", "length"


class SweepError(BadValue):
    """A sweep that cannot begin."""


class Variant(NamedTuple):
    """One run of a sweep: its settings, and what tells it from the others, in the order of the table's columns."""

    settings: Any
    labels: dict[str, Any]


class Sweep(NamedTuple):
    """A name and its runs, in order."""

    name: str
    runs: list[Variant]
    assignment: str = MAIN

    def jobs(self, out: str | Path, cells: Cells) -> list[Job]:
        """A job for each run, in a folder each."""
        return [
            Job(
                self.assignment, settings.name, settings, str(Path(out, settings.name).resolve()), cells.place,
                cells.sha256, cells.text, labels=labels,
            )
            for settings, labels in self.runs
        ]  # fmt: skip


def read_sweep_file(path: str | Path, profile: str = "", pairs: Sequence[str] = ()) -> Sweep:
    """Every run that a file describes, each checked (SweepError: the message begins with the file's name).

    Arguments:
        profile: makes every run smaller, in what the sweep does not vary and has no smaller itself.
        pairs: ``FLAG=VALUE``, for every run. The sweep's name tells of both.
    """
    path = Path(path)
    try:
        content = _parse(path)
        experiment = experiment_of(content.get("assignment", MAIN))
        _check_form(content, experiment)
        content["base"] = content.get("base", {}) | _changes(content, experiment, profile, pairs)
        name = "-".join([content["name"], *filter(None, [profile]), *(_word("", pair) for pair in pairs)])
        return Sweep(name, _expand(content, experiment), experiment.assignment)
    except BadValue as error:
        raise SweepError(f"{path}: {error}") from None


def _parse(path: Path) -> dict[str, Any]:
    if path.suffix not in (".toml", ".yaml", ".yml"):
        raise SweepError(f"expected a file that ends in .toml, .yaml or .yml, got {path.suffix or 'no ending'!r}")
    kind = "TOML" if path.suffix == ".toml" else "YAML"
    if kind == "YAML":
        need("batch")
    try:
        text = path.read_text(encoding="utf-8")
        if kind == "TOML":
            content = tomllib.loads(text)
        else:
            import yaml

            content = yaml.safe_load(text)
    except OSError as error:
        raise SweepError(f"expected a sweep file, got: {error.strerror}") from None
    except Exception as error:  # yaml's errors have no base of Python's
        raise SweepError(f"expected {kind}, got: {error}") from None
    if not isinstance(content, dict):
        raise SweepError("expected settings by name, got something else")
    return content


def _check_form(content: dict[str, Any], experiment: Experiment) -> None:
    keys, fields = KEYS | {experiment.names_run: str}, (*experiment.settings.fields(), METHOD, LENGTH)
    for key, value in content.items():
        if key not in keys:
            raise SweepError(unknown(key, keys, "key"))
        if not isinstance(value, keys[key]):
            raise SweepError(f"{key}: expected a {keys[key].__name__}, got {value!r}")
    if not re.fullmatch(r"\w[\w.+=-]{0,49}", content.get("name", "")):
        raise SweepError(f"name: expected up to 50 letters, digits and . _ + = -, got {content.get('name')!r}")
    for key, values in [("seeds", content.get("seeds", [SEED])), *content.get("grid", {}).items()]:
        if not isinstance(values, list) or not values:
            raise SweepError(f"{key}: expected a list with at least one value, got {values!r}")
    for case in content.get("cases", [{}]):
        if not isinstance(case, dict):
            raise SweepError(f"cases: expected settings by name, got {case!r}")
    for group in (content.get("base", {}), content.get("grid", {}), *content.get("cases", [])):
        for key in group:
            if key not in fields:
                raise SweepError(unknown(key, fields, "parameter"))
            if key in ("name", "seed"):
                raise SweepError(f"{key}: expected no {key} here; runs are named by what varies, and seeds is a list")
    for case in content.get("cases", []):
        if both := [key for key in case if key in content.get("grid", {})]:
            raise SweepError(f"{both[0]}: expected it in the grid or in the cases, got it in both")


def _changes(content: dict[str, Any], experiment: Experiment, profile: str, pairs: Sequence[str]) -> dict[str, Any]:
    """What a profile and flags make of a sweep's base."""
    varied, base = {*content.get("grid", {})}.union(*content.get("cases", [])), content.get("base", {})
    if LENGTH in {*varied, *base}:
        varied |= {"min_length", "max_length"}
    sizes = lookup(experiment.profiles, profile or "full", "profile")
    smaller = {name: min(value, base.get(name, value)) for name, value in sizes.items() if name not in varied}
    typed = parse_overrides(pairs, experiment)
    if both := [name for name in typed if name in varied]:
        raise SweepError(f"--set {both[0]}: expected what the sweep does not vary")
    return smaller | typed


def _expand(content: dict[str, Any], experiment: Experiment) -> list[Variant]:
    start: Callable[..., Any] = experiment.settings
    if experiment.names_run in content:
        start = experiment.get(content[experiment.names_run], content.get("profile", "full")).replace
    elif "profile" in content:
        raise SweepError(
            f"profile: expected a {experiment.names_run} beside it, found none; "
            "name one, or give the settings in [base]"
        )
    grid, cases = content.get("grid", {}), content.get("cases") or [{}]
    label = METHOD if METHOD not in experiment.settings.fields() else ""
    runs: dict[str, Variant] = {}
    names: dict[tuple, str] = {}  # by settings
    for values in itertools.product(*grid.values()):
        for case in cases:
            for seed in content.get("seeds", [SEED]):
                labels = dict(zip(grid, values, strict=True)) | case | {"seed": seed}
                shown = {key: value for key, value in labels.items() if label not in case or key in (*grid, label)}
                name = "-".join([*(_word(key, value) for key, value in (shown | {"seed": seed}).items())])
                run = _variant(experiment, start, content.get("base", {}) | labels, labels, name)
                if name in runs:
                    raise SweepError(f"expected every run once, got {name!r} twice; give the cases a method each")
                same = names.setdefault(tuple(run.settings.identity().values()), name)
                if same != name:
                    raise SweepError(f"expected every run once, got {name!r} with the settings of {same!r}")
                runs[name] = run
    for key in content.get("base", {}):  # may be there for some of the runs only
        if all(reasons := [experiment.without_effect(run.settings, [key]) for run in runs.values()]):
            raise SweepError(f"base: {reasons[0]}")
    return list(runs.values())


def _variant(
    experiment: Experiment, start: Callable[..., Any], settings: dict[str, Any], labels: dict[str, Any], name: str
) -> Variant:
    known = experiment.settings.fields()
    settings = {key: value for key, value in settings.items() if key != METHOD or key in known}
    if LENGTH in settings and {"min_length", "max_length"} & settings.keys():
        raise SweepError(f"run {name}: expected length, or min_length and max_length, got both")
    if LENGTH in settings:
        settings["min_length"] = settings["max_length"] = settings.pop(LENGTH)
    try:
        made = start(**settings, name=name)
        if reason := experiment.without_effect(made, labels):
            raise BadValue(reason)
        return Variant(made, labels)
    except (BadValue, TypeError) as error:
        raise SweepError(f"run {name}: {error}") from None


def _word(key: str, value: Any) -> str:
    """``smart_tanh`` for a word, ``length20`` for a number; without what a file's name may not have."""
    text = value if isinstance(value, str) else f"{key}{value}"
    return re.sub(r"[^\w.+=-]", "_", text)
