"""Code that is handed in as data: a text that something runs, or an archive that something imports."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

MOST = 32 << 20  # bytes of a file that is looked through
CODE = re.compile(rb"\bdef\s+\w+\s*\(|\blambda\b[^\n]{,200}:")
IN_ARCHIVE = re.compile(r"\.pyc?$|(^|/)code/")  # a module; what torch.jit and torch.package save


def holds_code(path: Path) -> bool:
    """Whether a regular file holds code; nothing of it runs.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            file.seek(0)
            return CODE.search(file.read(MOST)) is not None
        try:
            return any(IN_ARCHIVE.search(name) for name in zipfile.ZipFile(file).namelist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return False
