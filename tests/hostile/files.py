"""What else lies in the folder that is handed in: links, devices, bombs, modules, odd names."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np

from hostile.base import WITHOUT_CELLS, deep, right, wrong
from rnnkit.assignments.training_dynamics.questions import CELLS, DIAGNOSTICS

RECORD = "runs/full/A1/A1_final_state.npz"


@right()
def h_symlink_file(s):
    """data.txt is a link to the gradebook, data.csv one to the roster."""
    s.finish.append(lambda folder: os.symlink("../../../gradebook.db", folder / "data.txt"))
    s.finish.append(lambda folder: os.symlink(s.course / "grading" / "roster.csv", folder / "data.csv"))


def _link_notebooks(s, where: str) -> None:
    for name in (CELLS, DIAGNOSTICS):
        del s.notebooks[name]
        s.finish.append(lambda folder, name=name: os.symlink(f"{where}/{name}", folder / name))


@wrong(rejected=True)
def h_symlink_nb(s):
    """The notebooks are links to the instructor's."""
    _link_notebooks(s, "../../../../notebooks/training_dynamics")


@wrong(rejected=True)
def h_symlink_peer(s):
    """The notebooks are links to a classmate's."""
    _link_notebooks(s, "../../honest_z/training_dynamics")


@right()
def h_symlink_dangling(s):
    """There is a link to nowhere, one to itself and one to its own folder."""
    for name, target in {"data.txt": "/nonexistent/x", "self": "self", "loop": "."}.items():
        s.finish.append(lambda folder, name=name, target=target: os.symlink(target, folder / name))


@right()
def h_symlink_dir(s):
    """runs/ is a link to the root of the machine."""
    s.finish.append(lambda folder: os.symlink("/", folder / "runs"))


@right()
def h_fifo(s):
    """There is a pipe, which blocks whoever opens it, and a socket."""

    def make(folder: Path) -> None:
        os.mkfifo(folder / "data.txt")
        os.mkfifo(folder / "model.py")

    s.finish.append(make)


@right(WITHOUT_CELLS, rejected=True)
def h_fifo_nb(s):
    """1_cells.ipynb is a pipe."""
    del s.notebooks[CELLS]
    s.finish.append(lambda folder: os.mkfifo(folder / CELLS))


FAKE = b"""
import builtins
try:
    get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])
except NameError:
    pass
def __getattr__(name):
    return lambda *a, **k: 99.0
"""


@wrong()
def h_shadow_module(s):
    """Folders named numpy, torch and json lie beside the notebooks."""
    for name in ("numpy", "torch", "json", "IPython", "ipykernel"):
        s.files[f"{name}/__init__.py"] = FAKE


@wrong()
def r_fake_rnnkit(s):
    """A package rnnkit lies beside the notebooks, whose checks give full points."""
    for name in ("rnnkit/__init__.py", "rnnkit/checks/__init__.py", "rnnkit/checks/remote.py", "rnnkit/cells.py"):
        s.files[name] = FAKE
    s.everywhere("""
        import os, sys
        sys.path.insert(0, os.getcwd())
        for name in [name for name in sys.modules if name.startswith('rnnkit')]:
            del sys.modules[name]
    """)


@wrong()
def h_startup_files(s):
    """Files lie there that Python, IPython, pytest, git and nbgrader run or read when they start."""
    for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "model.py", "nbgrader_config.py"):
        s.files[name] = FAKE
    for name in ("ipython_config.py", ".ipython/profile_default/startup/00.py", "jupyter_config.py", "x.pth", ".env"):
        s.files[name] = FAKE
    s.files["pyproject.toml"] = b"["
    s.files[".git/hooks/post-checkout"] = b"#!/bin/sh\nexit 1\n"


@right()
def h_timestamp(s):
    """timestamp.txt is garbage."""
    s.files["timestamp.txt"] = b"yesterday-ish \0\n"


@right()
def h_timestamp_old(s):
    """timestamp.txt says 1999."""
    s.files["timestamp.txt"] = b"1999-01-01 00:00:00 UTC"


@right()
def h_names(s):
    """Files have names with line breaks, quotes, options, terminal codes, no encoding, and 255 letters."""
    for name in (
        "a\nb.txt",
        "-rf",
        "$(touch PWNED).txt",
        "'; drop table grade; --",
        "\x1b[2J.txt",
        "x" * 255,
        " ",
        "=1+1",
    ):
        s.files[name] = b"x"
    s.finish.append(lambda folder: open(os.fsencode(folder) + b"/\xff\xfe.txt", "wb").close())


@right(rejected=True)
def h_many_files(s):
    """There are 3000 files, and folders 200 deep."""
    s.files |= {f"data/{k}.txt": b"x" for k in range(3000)}
    s.files["/".join(["d"] * 200) + "/x.txt"] = b"x"


@right()
def h_path_too_long(s):
    """Folders lie so deep that their paths are longer than the system allows."""
    s.finish.append(lambda folder: deep(folder, 150))


@right(rejected=True)
def h_sparse_file(s):
    """A file is 50 GB long and holds nothing."""

    def make(folder: Path) -> None:
        with open(folder / "large.bin", "wb") as file:
            file.truncate(50 << 30)

    s.finish.append(make)


def _zip(members: dict[str, bytes], zeros: int = 0) -> bytes:
    """A zip file with these members, the first of them followed by zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in members.items():
            with archive.open(name, "w") as member:
                member.write(data)
                for _ in range(0, zeros, 1 << 20):
                    member.write(bytes(1 << 20))
            zeros = 0
    return out.getvalue()


def _header(text: str) -> bytes:
    """The beginning of an .npy file that claims this."""
    body = text.encode().ljust(118 - len(text) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body


@right()
def x_npz_bomb(s):
    """A run's record unpacks to 1 GB of zeros."""
    claims = _header("{'descr': '<f8', 'fortran_order': False, 'shape': (134217728,), }")
    s.files[RECORD] = _zip({"train_nll.npy": claims}, zeros=1 << 30)


class Bomb:
    """Runs a command where it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@right()
def x_npz_pickle(s):
    """A run's record holds a pickle that runs a command, another is nothing but a pickle."""
    out = io.BytesIO()
    with np.errstate(all="ignore"):
        np.savez(out, train_nll=np.array([Bomb(f"touch {s.course}/PWNED")], dtype=object))
    s.files[RECORD] = out.getvalue()
    s.files[RECORD.replace("A1", "A2")] = pickle.dumps(Bomb(f"touch {s.course}/PWNED"))


@right()
def x_npz_header(s):
    """The headers of a run's arrays claim 10^12 numbers, negative sizes, code and texts."""
    shapes = ("(1000000000000,)", "(-1,)", "(2**60,)", "__import__('os').system('true')", "((1,),)", "(" * 2000)
    claims = {
        f"{k}.npy": _header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {x}, }}") for k, x in enumerate(shapes)
    }
    s.files[RECORD] = _zip({**claims, "command.npy": b"\x93NUMPY\x09\x00", "status.npy": b"status"})


@right()
def x_npz_members(s):
    """A run's record has 100,000 members, with names that lead elsewhere."""
    members = {f"{k}.npy": b"" for k in range(100_000)}
    s.files[RECORD] = _zip(members | {"../../PWNED.npy": b"x", "/PWNED.npy": b"x"})


@right()
def x_npz_link(s):
    """Runs' records are links to devices and to a classmate's."""
    for run, target in {
        "A1": "/dev/zero",
        "A2": "/dev/random",
        "A3": "../../../../honest_z",
        "A4": "/proc/kcore",
    }.items():

        def link(folder: Path, run: str = run, target: str = target) -> None:
            path = folder / RECORD.replace("A1", run)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(target, path)

        s.finish.append(link)


@right(0, rejected=True, student="=1+1")
def h_name_formula(s):
    """The student's folder is named as a formula of a spreadsheet."""


@right(0, rejected=True, student="--force")
def h_name_option(s):
    """The student's folder is named as an option of a command."""


@right(0, rejected=True, student="a b;c\n<script>")
def h_name_script(s):
    """The student's folder has a line break, a semicolon and a tag in its name."""
