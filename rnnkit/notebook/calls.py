"""What notebooks call: methods for given classes, model.py, and figures of one's own runs."""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from rnnkit.common import variant
from rnnkit.common.looking import cells_run, on_colab
from rnnkit.common.names import BadValue, unknown
from rnnkit.common.whole import free_name, save_text
from rnnkit.notebook import assemble
from rnnkit.notebook.cells import NotebookError, read_notebook
from rnnkit.notebook.session import notebook_run
from rnnkit.record.file import load, regime_of
from rnnkit.record.find import SHOWN, SMALLER, find_run, fingerprint, key_of
from rnnkit.regimes import RegimeError, differences, get_regime
from rnnkit.runs.modelfile import DEFAULT_FILE

OWN_DIAGNOSTICS = "diagnostics.py"  # what 2_diagnostics writes
F = TypeVar("F", bound=Callable)


def method_of(cls: type) -> Callable[[F], F]:
    """Decorator: makes a function a method of a class that is defined in an earlier cell.

    Arguments:
        cls: the class; the function takes ``self`` first, as methods do.
    """

    def attach(function: F) -> F:
        function.__qualname__ = f"{cls.__name__}.{function.__name__}"
        setattr(cls, function.__name__, function)
        return function

    return attach


def write_model(notebook: str | Path = "1_cells.ipynb", out: str | Path = DEFAULT_FILE) -> None:
    """Writes ``model.py`` beside a saved notebook, from its given classes and solution cells; says so in one line.

    What is written is what is saved; where no such file is here, or Colab has only an older one, what this session has
    run (see `rnnkit.notebook.session`), and the line says so. A file of this name that was not written here, or was
    changed by hand, is kept as ``model_kept_1.py``. Graded and validated notebooks write nothing.

    Arguments:
        notebook: its path.
        out: the file's name, or a path.
    """
    _write_file(Path(notebook), out, assemble.model_of, " and ".join)


def write_diagnostics(notebook: str | Path = "2_diagnostics.ipynb", out: str | Path = OWN_DIAGNOSTICS) -> None:
    """Writes ``diagnostics.py`` beside a saved notebook, from its solved functions, by the rules of `write_model`.

    Arguments:
        notebook: its path.
        out: the file's name, or a path.
    """
    _write_file(Path(notebook), out, assemble.diagnostics_of, lambda names: f"{len(names)} functions")


def _write_file(notebook: Path, out: str | Path, make: Callable, said: Callable[[Sequence[str]], str]) -> None:
    if os.environ.get("NBGRADER_EXECUTION"):
        return
    path, why = notebook.parent / out, ""
    try:
        read, why = _cells_of(notebook)
        made = make(read, notebook.name)
        kept = _write(path, made.text)
    except BadValue as error:
        advice = f"; {why}, so what you ran last counts: run all cells, then this one again" if why else ""
        print(f"{error}{advice}" + (f"; {path} is still that of before" if path.exists() else ""))
        return
    except OSError as error:
        print(f"{path}: it could not be written: {error.strerror or error}")
        return
    without = "".join(f"; without {name} until question {first} is solved" for name, first in made.left_out.items())
    aside = f"; another file of this name is kept as {kept.name}" if kept else ""
    source = f"the cells as you ran them last ({why})" if why else f"the saved {notebook.name}"
    print(f"{path}: {said(made.names)}, from {source}{without}{aside}")


def _cells_of(notebook: Path) -> tuple[dict[str, Any], str]:
    """The saved notebook; or else what was run of it, with the reason why.

    Raises:
        NotebookError: it cannot be read, or is not what was run, and what was run may not stand in for it.
    """
    try:
        read = read_notebook(notebook)
        _check_saved(assemble.code_of(read, notebook.name), notebook.name)
        return read, ""
    except NotebookError:
        there = notebook.exists()
        ran = None if there and not on_colab() else notebook_run(notebook.name)
        if ran is None:
            raise
    return ran, f"{notebook.name} as it lies here is another" if there else f"no {notebook.name} lies here"


def _write(path: Path, text: str) -> Path | None:
    """Writes the file whole; returns where a foreign one of its name went."""
    kept = None
    if path.exists():
        old = path.read_text(encoding="utf-8", errors="replace")
        if old == text:
            return None
        if not assemble.is_ours(old):
            kept = path.rename(free_name(path, path.suffix))
    save_text(path, text)
    return kept


def _check_saved(saved: dict[tuple[str, str], tuple[str, str]], name: str) -> None:
    """Compares the saved functions with those that this session ran last.

    Raises:
        NotebookError: one differs: the notebook was changed and not saved, or saved and not run.
    """
    run = {key: ast.dump(node) for source in cells_run() for key, node in assemble.defined_in(source).items()}
    for key, code in run.items():
        if key in saved and saved[key][1] != code:
            raise NotebookError(
                f"{name}: question {saved[key][0]} as saved is not what you ran last; "
                "run its cell, save the notebook (Ctrl-S), then run this cell again"
            )


def show(run: str, figure: str, folder: str | Path | None = None, log: bool = False) -> None:
    """Draws a figure from one's own run; one line with the command where the run is missing.

    What was foretold of the run stands beside it; a run of which nothing was is asked about first, see
    `rnnkit.notebook.predict`.

    Arguments:
        run: a regime (A1), several to set side by side ("A1 A2"), or the name of a run.
        figure: a function of `rnnkit.plots`, drawn for each run, or of `rnnkit.plots.compare`, drawn once for all.
        folder: where to look, itself and the folders in it; by default `runs/` (full size first) and here.
        log: a log axis for updates, of figures over training.
    """
    from IPython.display import display

    from rnnkit import plots
    from rnnkit.notebook.foretell import beside, waits
    from rnnkit.plots import compare
    from rnnkit.plots.style import left_of, marked

    if figure not in (*plots.__all__, *compare.__all__):
        raise BadValue(unknown(figure, [*plots.__all__, *compare.__all__], "figure"))
    draw = getattr(compare if figure in compare.__all__ else plots, figure)
    if log and "log" not in inspect.signature(draw).parameters:
        raise BadValue(f"log: expected a figure with an axis of updates, got {figure}")
    options = {"log": True} if log else {}
    wanted = [*dict.fromkeys(run.split())]
    paths = {name: path for name in wanted if (path := find_run(name, folder))}
    for name in (name for name in wanted if name not in paths):
        print(_missing(name))
    keys = {name: key_of(name)[0] or name for name in wanted}
    if len(paths) < len(wanted) or waits([*keys.values()]):
        return
    with explained(", ".join(map(str, paths.values()))):
        read = {name: _read(path, path.stat().st_mtime_ns, path.stat().st_size) for name, path in paths.items()}
        records = {name: record for name, (record, _) in read.items()}
        prints = {name: mark for name, (_, mark) in read.items()}
        beside({keys[name]: record for name, record in records.items()}, figure)
        if figure in compare.__all__:
            display(draw(marked(records), **options), metadata=_marks(records, prints))
        else:
            for name, record in records.items():
                display(draw(record, **options), metadata=_marks({name: record}, prints))
        for name, record in records.items():
            if said := ", ".join(filter(None, [left_of(record), _not_full(name, record)])):
                print(f"{name}: {said}: {paths[name].parent}")


def _marks(records: dict[str, dict], prints: dict[str, str]) -> dict[str, dict]:
    """The metadata of a figure: its records' fingerprints, and what varies of them by student, where anything does."""
    marks: dict[str, dict] = {SHOWN: {name: prints[name] for name in records}}
    if own := variant.known():
        regimes = {name: regime_of(record) for name, record in records.items()}
        marks[variant.DRAWN] = {n: {key: getattr(one, key) for key, _ in own.values} for n, one in regimes.items()}
    return marks


@lru_cache(maxsize=10)  # a report draws each of its runs six times
def _read(path: Path, changed: int, size: int) -> tuple[dict, str]:
    """A record, and its file's fingerprint, for as long as the file is the same."""
    return load(path), fingerprint(path.read_bytes())


def _not_full(name: str, record: dict) -> str:
    """What is said of a run that is not the handout's: its profile, or the settings in which it differs."""
    profile, (key, _) = str(record["profile"]), key_of(name)
    if profile == "custom" and key and (other := differences(regime_of(record), key)):
        return f"{SMALLER}, nor its settings: {', '.join(other)}"
    return "" if profile == "full" else f"{SMALLER}, profile {profile}"


@contextmanager
def explained(what: object) -> Iterator[None]:
    """One printed line, where a record that cannot be used would end in a traceback.

    Arguments:
        what: the record's path, for errors that do not name it.
    """
    try:
        yield
    except BadValue as error:
        print(error)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        print(f"{what}: nothing to draw yet, or not a whole record ({type(error).__name__}: {error})")


def _missing(name: str) -> str:
    try:
        return f"{name} is missing: {get_regime(name).command()}"
    except RegimeError:
        return f"{name} is missing: train it with --name {name}"
