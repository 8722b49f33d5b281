"""``python -m rnnkit.runs.compiled ASSIGNMENT``: compiles what trains its runs, and writes it to standard output.

As a tar file for a folder `FOLDER` beside the package: processes that find it there need not compile. Each works on a
copy of its own, so that nothing that one of them does reaches what the next one runs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from rnnkit.common.places import PACKAGE

FOLDER = "compiled"
PLACE = "NUMBA_CACHE_DIR"  # read by numba when it is imported
CHECKS = 3  # of each run: the untrained network, and training before and after a check


@contextlib.contextmanager
def compiled_before(beside: Path = PACKAGE.parent) -> Iterator[Path]:
    """A folder for compiled loops, for as long as the context lasts; with those that lie beside the package."""
    with tempfile.TemporaryDirectory(prefix="rk-compiled-") as folder, contextlib.ExitStack() as stack:
        if (beside / FOLDER).is_dir():
            shutil.copytree(beside / FOLDER, folder, dirs_exist_ok=True)
        stack.callback(os.environ.pop, PLACE, None)
        os.environ[PLACE] = folder
        yield Path(folder)


def train_a_little(assignment: str) -> None:
    """Trains the beginning of every kind of run at its smallest."""
    import torch

    from rnnkit.assignments import get_assignment
    from rnnkit.runs.modelfile import Cells

    torch.set_num_threads(1)
    experiment = get_assignment(assignment).experiment
    assert experiment is not None
    smallest = [*experiment.profiles][-1]
    kinds = {
        experiment.kind_of(settings): settings for settings in (experiment.get(n, smallest) for n in experiment.runs)
    }
    for settings in kinds.values():
        run = experiment.begin(settings, Cells())
        for _ in islice(run.checkpoints(), CHECKS):
            pass


def main(argv: Sequence[str]) -> int:
    """Trains, and writes the file."""
    with compiled_before() as folder:
        with contextlib.redirect_stdout(sys.stderr):
            train_a_little(*argv)
        with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
            archive.add(folder, ".")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
