"""Predict, run, look: what a run will do is said before its figures are drawn, and stands beside them from then on.

What is asked of a run is its experiment's, see `rnnkit.runs.experiment.Experiment.asked`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rnnkit.common.looking import in_notebook
from rnnkit.common.names import BadValue
from rnnkit.common.text import one_line, shown
from rnnkit.notebook import predictions as file
from rnnkit.plots.widgets import someone_looks
from rnnkit.runs.experiment import Experiment, Record
from rnnkit.runs.jobs import experiment_in, experiment_of

_unwritten: set[str] = set()  # runs that this session has said something of, where nothing can be written


def predict(run: str, /, *, because: str = "", skip: bool = False, **choices: str | tuple[str, ...]) -> None:
    """Says what a run will do, before its figures are drawn; works for any run's name, made yet or not.

    It is kept in ``predictions.json`` beside the notebooks with the time, and so is when a figure of the run was first
    opened. A prediction may be changed; what is changed after that is kept as such, and handed in. See
    `rnnkit.notebook.predictions` for what the file can show. Under papermill and in grading nothing is kept.

    Arguments:
        run: a regime (B1), several ("A1s B1s"), or the name of a run. As for ``rnnkit run``, the first word may be an
            assignment, whose runs are meant ("orthogonal_init addition_ortho"): the main one by default.
        because: why, in a sentence.
        skip: opens the figures without a prediction.
        choices: one for each question, ``gradient="vanishes"`` for example, or a tuple with one for each of several
            runs; left empty, it says what there is.
    """
    experiment, words = experiment_in(str(run).split())
    runs = [experiment.key_of(name)[0] or name for name in words]
    if not runs or any(len(name) > file.MOST_NAME or not name.isprintable() for name in runs):
        print(f"expected the name of a run, got {shown(repr(run))}; nothing is stored")
        return
    blank = not (skip or because or any(any(one) for one in choices.values()))
    for place, name in enumerate(runs):
        said: dict[str, Any] = {of: one[place] if _for_each(one, runs) else one for of, one in choices.items()}
        if skip:
            _store(file.Entry(file.SKIPPED, name))
        elif blank:
            if someone_looks():
                last = of_run(name).last
                call = "" if choices else f": {_call(experiment, name)}"
                print(f"{name}: predicted, {last.answers}" if last else f"{name}: not predicted yet{call}")
        elif why := file.refusal(experiment.asked, said, because):
            print(f"{name}: {why}; nothing is stored")
        else:
            _store(file.Entry(file.PREDICTED, name, said, one_line(because.strip(), file.MOST_TEXT)))


def _for_each(choice: Any, runs: Sequence[str]) -> bool:
    return isinstance(choice, tuple) and len(choice) == len(runs)


def _store(new: file.Entry) -> None:
    """Keeps an entry, where it says anything new, and says so."""
    if not someone_looks():
        return
    before = of_run(new.run)
    if before.passed and (new.what == file.SKIPPED or (before.last and before.last.said == new.said)):
        print(f"{new.run}: as before")
        return
    try:
        if said := file.append(Path(file.FILE), [new]):
            print(said)
    except BadValue as error:
        _unwritten.add(new.run)
        print(error)
        return
    now = of_run(new.run)
    done = {file.PREDICTED: "predicted", file.SKIPPED: "its figures open without a prediction"}
    what = "changed" if before.last else done[new.what]
    print(f"{new.run}: {what}, kept in {file.FILE}{now.note and f'; {now.note}'}")


def of_run(run: str) -> file.Standing:
    """What this folder's file says of a run; what cannot be read says nothing."""
    try:
        return file.standing(file.read(Path(file.FILE))[0], run)
    except (OSError, ValueError):
        return file.standing([], run)


def waits(runs: Sequence[str], experiment: Experiment | None = None) -> bool:
    """Whether figures are not to be drawn yet; says what to type first. A file that cannot be written stops nobody.

    Arguments:
        runs: named ones by their short name.
        experiment: whose they are; the main assignment's by default.
    """
    experiment = experiment or experiment_of()
    if not (experiment.asked and in_notebook() and someone_looks()):
        return False
    without = [run for run in runs if run not in _unwritten and not of_run(run).passed]
    if without:
        call = _call(experiment, without[0])
        print(f"First say what {', '.join(without)} will do, then run this cell again: {call}")
        print(f'To go on without: predict("{_before(experiment)}{" ".join(without)}", skip=True)')
    return bool(without)


def _call(experiment: Experiment, run: str) -> str:
    """What to type, with the choices."""
    choices = "".join(f'{one.name}="{" / ".join(one.answers)}", ' for one in experiment.asked)
    return f'predict("{_before(experiment)}{run}", {choices}because="one sentence")'


def _before(experiment: Experiment) -> str:
    """What stands before a run's name, where it is not the main assignment's."""
    return "" if experiment is experiment_of() else f"{experiment.assignment} "


def beside(records: Mapping[str, Record], figure: str = "", experiment: Experiment | None = None) -> None:
    """Shows what was said of runs beside what they did, and notes that their figures are open; nothing where none was.

    Arguments:
        records: by the runs' names.
        figure: that is drawn; it decides what is shown.
        experiment: whose runs they are; the main assignment's by default.
    """
    if not someone_looks():
        return
    from IPython.display import display

    from rnnkit.plots.foretold import Told, foretold

    experiment = experiment or experiment_of()
    asked, told = experiment.asked, []
    here = [one for one in asked if figure in one.figures] or (asked if len(records) == 1 else ())
    stands = {run: of_run(run) for run in records}
    for run, one in stands.items():
        if here and one.last and experiment.checked(records[run]):
            rows = [(q.name, one.last.choices.get(q.name, ""), *q.outcome(records[run])) for q in here]
            told.append(Told(run, rows, one.last.because, one.note))
    new = [run for run, one in stands.items() if one.passed and not one.opened and in_notebook()]
    if new:
        try:
            file.append(Path(file.FILE), [file.Entry(file.OPENED, run) for run in new])
        except BadValue as error:
            print(error)
    if told:
        display(foretold(told), metadata=file.FORETOLD)


def compare_prediction(record: Record, experiment: Experiment | None = None) -> None:
    """Shows what was said of a run beside what it did; nothing where nothing was said.

    Arguments:
        record: with at least one check.
        experiment: that made it; the main assignment's by default.
    """
    experiment = experiment or experiment_of()
    name = experiment.settings_of(record).name
    beside({experiment.key_of(name)[0] or name: record}, experiment=experiment)
