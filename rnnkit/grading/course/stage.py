"""The data files of a submission, where sandboxes may read them."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from rnnkit.common.text import one_line
from rnnkit.grading.evidence.scan import holds_code
from rnnkit.grading.sandbox.room import no_room
from rnnkit.grading.walk import walk

MOST_DATA = 400 << 20  # bytes of data files
NO_DATA = (".ipynb", ".py", ".pyc", ".so", ".pth", ".pyd", ".dll", ".dylib")  # code is not staged


def stage_data(folder: Path, stage: Path) -> list[str]:
    """Puts a submission's plain data files where the kernel may read them; returns flags about what was left out.

    No code and no notebooks: a module beside a notebook would be imported in the place of the real one.
    """
    stage.mkdir(parents=True)
    flags, left = [], MOST_DATA
    for inside, status in walk(folder):
        shown, target = one_line(inside), stage / inside
        if status is None:
            flags.append(f"{shown}: too deep, too many, or closed; ignored")
        elif not stat.S_ISREG(status.st_mode):
            flags.append(f"{shown}: no regular file, ignored")
        elif any(part.endswith(NO_DATA) for part in Path(inside).parts) or inside == "timestamp.txt":
            continue
        elif status.st_size > left:
            flags.append(f"{shown}: too large ({status.st_size >> 20} MB), ignored")
        else:
            left -= status.st_size
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / inside, target, follow_symlinks=False)
                flags += [f"{shown}: code that is handed in as data"] * holds_code(target)
            except OSError as error:
                if no_room(error):
                    raise
                flags.append(f"{shown}: cannot be copied ({error.strerror}), ignored")
    return flags
