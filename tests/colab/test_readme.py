"""What the README and the students' say of Colab: one cell for all, and badges whose notebooks are there."""

from __future__ import annotations

import re

import pytest
from course import ROOT

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.grading.release import release

README = (ROOT / "README.md").read_text(encoding="utf-8")
BADGE = re.compile(r"\(https://colab\.research\.google\.com/github/OWNER/RELEASE/blob/main/(\w+)/(\w+\.ipynb)\)")


def first_cell(text: str) -> str:
    """The cell that a README has for Colab."""
    (cell,) = re.findall(r"```\n(from google\.colab .*?)```", text, re.DOTALL)
    return cell


def test_each_assignment_has_a_badge_of_its_first_notebook():
    assert dict(BADGE.findall(README)) == {name: get_assignment(name).notebooks[0] for name in names()}
    for name, notebook in BADGE.findall(README):
        assert (ROOT / "release" / name / notebook).is_file()
        assert f"| `{name}` | `{release.archive(ROOT, name).relative_to(ROOT)}` |" in README


@pytest.mark.parametrize("name", names())
def test_students_of_every_assignment_have_the_same_cell_for_their_folder(name):
    theirs = (ROOT / "notebooks" / name / "README.md").read_text(encoding="utf-8")
    assert first_cell(theirs) == first_cell(README).replace(MAIN, name)
    assert not [
        path for path in (ROOT / "notebooks" / name).glob("*.ipynb") if "pip install" in path.read_text("utf-8")
    ]
