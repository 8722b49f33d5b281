"""Common ground of the tests: one thread, reproducible hypothesis, and random cells and batches."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from confined import need_sandbox
from course import ASSIGNMENT
from filelock import FileLock
from hypothesis import settings

from rnnkit.assignments.training_dynamics.questions import ASKED
from rnnkit.cells import MODELS, Cell
from rnnkit.tasks import Batch

torch.set_num_threads(1)
# Under nohup and in background jobs SIGINT is ignored, and what the tests start would inherit that.
with contextlib.suppress(ValueError):
    signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("rnnkit", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("rnnkit")


def pytest_configure(config):
    """Every question's id is a marker: ``pytest -m gru_step``."""
    for question in ASKED.values():
        config.addinivalue_line("markers", f"{question.id}: tests of the question on {question.name}")


HEADS = ("softmax", "lastSoftmax", "lastLinear")


@pytest.fixture(scope="session")
def random_cell():
    """A factory of cells whose weights are all random, biases included."""

    def make(
        model="rnn", n_in=3, n_hid=5, n_out=2, *, phi="tanh", head="softmax", std=0.5, seed=0, dtype=torch.float64
    ) -> Cell:
        kind = MODELS[model] if isinstance(model, str) else model
        cell = kind(n_in, n_hid, n_out, phi=phi, head=head, dtype=dtype)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in cell.parameters():
                parameter.copy_(std * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        return cell

    return make


@pytest.fixture(scope="session")
def random_batch():
    """A factory of batches with normal inputs and the targets that a head wants."""

    def make(head, steps=6, size=4, n_in=3, n_out=2, *, seed=1, dtype=torch.float64) -> Batch:
        generator = torch.Generator().manual_seed(seed)
        inputs = torch.randn(steps, size, n_in, generator=generator, dtype=dtype)
        if head == "lastLinear":
            return Batch(inputs, torch.rand(size, n_out, generator=generator, dtype=dtype))
        shape = (steps, size) if head == "softmax" else (size,)
        return Batch(inputs, torch.randint(n_out, shape, generator=generator))

    return make


@pytest.fixture
def without_steps(monkeypatch):
    """The built-in cells as students have them: their ``step`` is theirs to write."""

    def refuse(self, x_t, h_prev):
        raise NotImplementedError(f"{type(self).__name__}.step is yours to write")

    for kind in MODELS.values():
        monkeypatch.setattr(kind, "step", refuse)


@pytest.fixture
def ran(monkeypatch):
    """Makes it look as if these cells had been run in a notebook."""

    def make(*sources):
        shell = SimpleNamespace(user_ns={"In": ["", *sources]})
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))

    make()
    return make


@pytest.fixture
def displayed(monkeypatch):
    """What a notebook displays, each with its metadata."""
    shown: list = []
    monkeypatch.setattr("IPython.display.display", lambda what, metadata=None: shown.append((what, metadata)))
    return shown


@pytest.fixture(params=HEADS)
def head_name(request) -> str:
    return request.param


@pytest.fixture(params=["rnn", "gru"])
def model(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """A folder of this name, filled once for all of pytest's processes: what takes long to set up and is only read."""
    own = tmp_path_factory.getbasetemp()
    place = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def filled(name: str, fill: Callable[[Path], object]) -> Path:
        folder = place / name
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                fresh = Path(tempfile.mkdtemp(dir=place))
                fill(fresh)
                fresh.rename(folder)
        return folder

    return filled


@pytest.fixture(scope="session")
def entered(once):
    """The grading folder of a course whose gradebook knows the assignment: copied, it saves nbgrader's seconds."""
    from course import NAME, ROOT

    from rnnkit.grading.course.course import Course, enter
    from rnnkit.grading.ledger import Ledger

    def fill(folder):
        course = Course(ROOT, folder)
        (folder / "grading").mkdir()
        enter(course, ASSIGNMENT, Ledger(course.ledger, NAME))

    return once("entered", fill) / "grading"


@pytest.fixture
def course(tmp_path, entered) -> Path:
    """A course without submissions, where they can be graded confined."""
    need_sandbox()
    shutil.copytree(entered, tmp_path / "grading")
    return tmp_path


@pytest.fixture
def graded_pair(tmp_path, once, entered):
    """The same where anna and bert have handed in right diagnostics, which are graded: once, and copied."""
    from graded import DIAGNOSTICS, grade, submit

    def fill(folder):
        shutil.copytree(entered, folder / "grading")
        for student in ("anna", "bert"):
            submit(folder, student, DIAGNOSTICS)
        grade(folder)

    need_sandbox()
    return shutil.copytree(once("graded_pair", fill), tmp_path / "course")


@pytest.fixture(scope="session")
def given_out(once):
    """What students are given, derived now: ``release/``, the wheel beside it, and ``dist/student.zip`` of both."""
    from student_home import give_out

    return once("given_out", give_out)
