"""A student's folder in the making, and the register of the cases."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Template
from textwrap import dedent
from typing import Any

from course import NAME, NOTEBOOKS, ROOT, cells

from rnnkit.assignments.training_dynamics.questions import ASKED, CELLS, DIAGNOSTICS

REGIME, REPORT = "3_regime.ipynb", "4_report.ipynb"
GRADED = (CELLS, DIAGNOSTICS)
FULL = sum(question.points for question in ASKED.values() if not question.extra)
HONEST = ("honest_a", "honest_z")


def points_of(*ids: str) -> float:
    """What these questions are worth together."""
    return sum(ASKED[id].points for id in ids)


def points_in(notebook: str) -> float:
    """What the questions of a notebook are worth together."""
    return sum(question.points for question in ASKED.values() if question.notebook == notebook)


WITHOUT_CELLS = points_in(DIAGNOSTICS)  # where 1_cells is lost
WITHOUT_RHO = FULL - points_of("rho")
WITHOUT_STEP = FULL - points_of("rnn_step")  # which is stood in for where forward calls it

_STEPS = {
    "rnn_step": "def step(self, x_t, h_prev):\n    return 9 * h_prev + 9",
    "rnn_forward": "def forward(self, x):\n    hidden = 9 + x.sum(-1, keepdim=True) * self.b_h\n"
    "    return 9 + hidden[-1] @ self.W_ho, hidden, None",
    "rnn_rho": "def recurrent_weight_for_rho(self):\n    return 9 * self.W_hh + 9",
    "gru_update_gate": "def update_gate(self, x_t, h_prev):\n    return 9 * h_prev + 9",
    "gru_reset_gate": "def reset_gate(self, x_t, h_prev):\n    return 9 * h_prev - 9",
    "gru_candidate": "def candidate(self, x_t, h_prev, r_t):\n    return 9 * h_prev + 7",
    "gru_step": 'def step(self, x_t, h_prev):\n    return 9 * h_prev + 9, {"z": 9 * h_prev, "r": 7 * h_prev}',
    "gru_forward": "def forward(self, x):\n    hidden = 9 + x.sum(-1, keepdim=True) * self.b_h\n"
    '    return 9 + hidden[-1] @ self.W_ho, hidden, {"z": hidden, "r": hidden}',
    "gru_rho": "def recurrent_weight_for_rho(self):\n    return 9 * self.W_hh + 9",
}
BAD = {id: f"@method_of({ASKED[id].target})\n{text}" for id, text in _STEPS.items()} | {
    "cell_tests": "def check_gru(cell):\n    return 9 * cell.b_z",
    "grad_time": "def gradient_through_time(loss, hs):\n    return torch.full((len(hs),), 9.0)",
    "sat_time": "def saturation_tanh(hidden):\n    return torch.full((len(hidden),), 9.0)",
    "gate_sat_time": "def gate_distance(v):\n    return torch.full((len(v),), 9.0)",
    "rho": "def spectral_radius(W):\n    return -1.0",
    "grad_norm": "def global_norm(grads):\n    return -1.0",
    "clip": "def clip_rescale(grads, cutoff):\n    return [g * 9 for g in reversed(grads)], -1.0",
    "diagnostic_keys": 'def diagnostics(loss, hs, gates):\n    return {"nothing": 9.0}',
    "pictures": 'def made_by():\n    return dict.fromkeys(range(1, 9), "k")',
    "omega": "def omega(flow, slope, W_hh, bound):\n    return -1.0, 9.0, 9 + W_hh",
}


@dataclass(frozen=True)
class Case:
    """One hostile or broken submission.

    Fields:
        name: of the case.
        says: what it does, in a line.
        is_right: whether its answers are right.
        points: the automatic points that it must get where it is graded.
        least: the fewest that it may get: below ``points`` where limits decide how much it costs its author.
        rejected: whether all of it may be turned away instead, with a reason and 0 points.
        student: the name of its folder.
        write: fills in the submission.
        earlier: fills in what the same student handed in before, graded first; None where nothing was.
    """

    name: str
    says: str
    is_right: bool
    points: float
    least: float
    rejected: bool
    student: str
    write: Callable[[Submission], None]
    earlier: Callable[[Submission], None] | None = None


CASES: dict[str, Case] = {}
Note = Callable[[Callable[["Submission"], None]], Callable[["Submission"], None]]  # what registers a case


def right(points: float = FULL, *, least: float | None = None, rejected: bool = False, student: str | None = None):
    """Registers a case with right answers; its first docstring line is what it does."""
    return _register(True, points, points if least is None else least, rejected, student)


def wrong(*, rejected: bool = False, student: str | None = None, earlier: Callable[[Submission], None] | None = None):
    """Registers a case with wrong answers, which must get no points."""
    return _register(False, 0.0, 0.0, rejected, student, earlier)


def partly(most: float):
    """Registers a case with wrong answers for which a part of the points cannot be ruled out."""
    return _register(False, most, 0.0, False, None)


def _register(is_right, points, least, rejected, student, earlier=None):
    def note(write: Callable[[Submission], None]) -> Callable[[Submission], None]:
        name = write.__name__
        if name in CASES:
            raise ValueError(f"{name}: expected another name, got that of a case that is there")
        says = (write.__doc__ or "").strip().splitlines()[0]
        CASES[name] = Case(name, says, is_right, float(points), float(least), rejected, student or name, write, earlier)
        return write

    return note


def cases(register: Note, put: Callable[[Submission, str], None], **texts: str) -> None:
    """Registers a case for each text: its first line says what it does, and ``put`` writes the others somewhere.

    Arguments:
        register: `right` or `wrong`, called.
        put: writes a text into a submission.
        texts: the cases, by name.
    """
    for name, text in texts.items():
        says, code = parts(text)

        def write(s: Submission, code: str = code) -> None:
            put(s, code)

        write.__name__, write.__doc__ = name, says
        register(write)


def parts(text: str) -> tuple[str, str]:
    """What a case of a table does, which is its first line, and its code."""
    says, _, code = dedent(text).strip("\n").partition("\n")
    return says, code


def answer_of(id: str) -> Callable[[Submission, str], None]:
    """What puts a text into the solution cell of this question."""
    return lambda s, text: s.answer(id, text)


@cache
def _released() -> dict[str, dict]:
    """The released notebooks, and in each solution cell the text that is right."""
    found = {}
    for path in NOTEBOOKS:
        solved = {cell["id"]: cell["source"] for cell in cells(path)}
        notebook = json.loads((ROOT / "release" / NAME / path.name).read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
            if cell["metadata"].get("nbgrader", {}).get("solution"):
                lines = solved[cell["id"]].split("\n")
                cell["source"] = "\n".join(line for line in lines if " SOLUTION" not in line)
        found[path.name] = notebook
    return found


@dataclass
class Submission:
    """What one student hands in: all four notebooks, changed as a case wants them, and files beside them.

    Fields:
        is_right: whether the answers are right to begin with.
        course: the folder of the course, which an attacker knows.
        port: where something listens on the host.
        canary: a text that stands in the instructor's modules and that nobody may find.
        notebooks: file name -> notebook; one that is taken out is not handed in.
        files: relative path -> contents, written last, over a notebook too.
        finish: run in the folder after everything is written.
    """

    is_right: bool
    course: Path
    port: int = 9
    canary: str = "nothing-of-this-name"
    notebooks: dict[str, dict] = field(default_factory=lambda: deepcopy(_released()))
    files: dict[str, bytes] = field(default_factory=dict)
    finish: list[Callable[[Path], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.is_right:
            for id, text in BAD.items():
                self.answer(id, text)

    def all(self, *notebooks: str) -> Iterator[dict]:
        """The cells of these notebooks, by default the graded two."""
        for name in notebooks or GRADED:
            yield from self.notebooks[name]["cells"]

    def cell(self, id: str, *notebooks: str) -> dict:
        """The first cell of this name; given cells that are the student's to change have only an id."""
        return next(cell for cell in self.all(*(notebooks or self.notebooks)) if id in (named(cell), cell.get("id")))

    def checks(self) -> list[dict]:
        """The cells that carry automatic points."""
        return [cell for cell in self.all() if named(cell) in ASKED]

    def answer(self, id: str, text: str) -> None:
        """Puts a text into a question's solution cell."""
        self.cell(f"{id}_solution")["source"] = self._told(text)

    def first(self, text: str, *notebooks: str) -> None:
        """A code cell of the student's own right after the setup, by default in 1_cells."""
        for name in notebooks or (CELLS,):
            found = self.notebooks[name]["cells"]
            place = next(k for k, cell in enumerate(found) if named(cell) == "setup") + 1
            found.insert(place, code_cell(self._told(text), f"own{len(found)}"))

    def everywhere(self, text: str) -> None:
        """A code cell of the student's own right after the setup of both graded notebooks."""
        self.first(text, *GRADED)

    def last(self, text: str, notebook: str = CELLS) -> None:
        """A code cell of the student's own at the end."""
        found = self.notebooks[notebook]["cells"]
        found.append(code_cell(self._told(text), f"own{len(found)}"))

    def _told(self, text: str) -> str:
        """A text with what the attacker knows of the instructor's machine; the canary in halves, not to be a hit."""
        half = len(self.canary) // 2
        known = {
            "COURSE": repr(str(self.course)),
            "CLONE": repr(str(ROOT)),
            "PORT": str(self.port),
            "CANARY": f"({self.canary[:half]!r} + {self.canary[half:]!r})",
        }
        return Template(dedent(text).strip("\n")).safe_substitute(known)

    def write(self, folder: Path) -> None:
        """Writes all of it, in the place of what is there."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        contents = {name: json.dumps(notebook).encode() for name, notebook in self.notebooks.items()}
        for name, data in (contents | self.files).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        for step in self.finish:
            step(folder)


def named(cell: dict) -> str:
    """A cell's grade_id; empty for a student's own cell."""
    about = cell["metadata"].get("nbgrader")
    return str(about.get("grade_id", "")) if isinstance(about, dict) else ""


def code_cell(text: str, id: str) -> dict:
    """A code cell that has not been run."""
    return {"cell_type": "code", "id": id, "metadata": {}, "source": text, "outputs": [], "execution_count": None}


def build(
    course: Path,
    names: Iterable[str] | None = None,
    *,
    port: int = 9,
    canary: str | None = None,
    earlier: bool = False,
    brief: bool = False,
) -> list[Case]:
    """Writes submissions and those of the two honest students into a course; what stands there is replaced.

    Arguments:
        course: its folder; they go to ``grading/submitted/STUDENT/training_dynamics``.
        names: of the cases, by default all.
        port: of a listener on this machine, for those that try the network.
        canary: a text of the instructor's modules, for those that search for it.
        earlier: what the students handed in before, of the cases that have such a thing, instead.
        brief: leave out 3_regime and 4_report where nobody did anything in them; a class is graded in half the time.

    Returns:
        the cases written.
    """
    chosen = [CASES[name] for name in (CASES if names is None else names)]
    if earlier:
        chosen = [case for case in chosen if case.earlier]
    known: dict[str, Any] = {"course": course, "port": port} | ({"canary": canary} if canary else {})

    def write(submission: Submission, student: str) -> None:
        for name in (REGIME, REPORT) if brief else ():
            if submission.notebooks.get(name) == _released()[name]:
                del submission.notebooks[name]
        submission.write(course / "grading" / "submitted" / student / NAME)

    for case in chosen:
        submission = Submission(case.is_right or earlier, **known)
        ((earlier and case.earlier) or case.write)(submission)
        write(submission, case.student)
    for student in HONEST:
        write(Submission(True, **known), student)
    return chosen


def deep(folder: Path, levels: int) -> None:
    """Folders in one another, to a path that is longer than the system takes."""
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d" * 40, dir_fd=handle)
        deeper = os.open("d" * 40, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = deeper
    os.close(os.open("deepest.txt", os.O_CREAT | os.O_WRONLY, dir_fd=handle))
    os.close(handle)
