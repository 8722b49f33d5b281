"""One run that is trained to be watched."""

from __future__ import annotations

from pathlib import Path

from rnnkit.common.looking import someone_looks
from rnnkit.plots.widgets import Watch
from rnnkit.record.file import load
from rnnkit.regimes import get_regime
from rnnkit.runs.modelfile import find_cells
from rnnkit.runs.training import RegimeExperiment, can_resume, train


def watch(run: str, cells: str | Path | None = None, out: str | Path | None = None) -> None:
    """Trains a named run in front of a person, with its states, gates and error drawn while it does.

    Where nobody looks (papermill, grading) nothing is trained. A run that has ended is shown as it ended.

    Arguments:
        run: its short or long name.
        cells: a model.py; by default that of this folder.
        out: the folder for log and record; by default the run's own in ``runs/full``.
    """
    settings = get_regime(run)
    if not someone_looks():
        print(f"{run} is trained where somebody looks; unattended: rnnkit run {run}")
        return
    out = Path(out or Path("runs") / "full" / settings.name)
    resume = can_resume(settings, out=out, cells=cells)
    follow = Watch()
    record = load(train(settings, out=out, cells=cells, resume=resume, progress=True, on_check=follow))
    if not follow.picture:  # it had ended before
        ended = RegimeExperiment().begin(settings, find_cells(cells))
        ended.restore(record)
        ended.ready()
        follow.show(ended.trainer)
    follow.finish(record)
    wrong = float(record["valid_error"][record["check_updates"] >= 0][-1])
    print(f"{settings.name}: {record['status']} after {int(record['updates'])} updates, {wrong:.2f} % wrong")
