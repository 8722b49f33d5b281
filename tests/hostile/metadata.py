"""Cheats and accidents in a notebook's metadata and cells: nothing but the student's own text may count."""

from __future__ import annotations

from copy import deepcopy

from hostile.base import FULL, WITHOUT_RHO, Submission, code_cell, named, right, wrong
from rnnkit.assignments.training_dynamics.questions import ASKED, CELLS, DIAGNOSTICS


def _copy(s: Submission, id: str, notebook: str) -> dict:
    copy = deepcopy(s.cell(id, notebook))
    copy["id"] = f"copy-of-{id}"
    return copy


@wrong()
def m_skip_tag(s):
    """The check cells carry the tag skip-execution."""
    for cell in s.checks():
        cell["metadata"]["tags"] = ["skip-execution"]


@wrong()
def m_delete_tests(s):
    """The check cells are deleted."""
    for notebook in s.notebooks.values():
        notebook["cells"] = [cell for cell in notebook["cells"] if named(cell) not in ASKED]


@wrong(earlier=lambda s: None)
def m_delete_after_good(s):
    """After a good grade wrong answers are handed in, without check cells."""
    m_delete_tests(s)


@wrong()
def m_dup_test(s):
    """A check cell is copied."""
    s.notebooks[CELLS]["cells"].append(_copy(s, "rnn_step", CELLS))


@right()
def m_dup_solution(s):
    """An honest student has copied a solution cell."""
    s.notebooks[CELLS]["cells"].append(_copy(s, "rnn_step_solution", CELLS))


@right()
def m_dup_stub_first(s):
    """An honest student has copied the stub, left it untouched and answered in the copy."""
    found = s.notebooks[DIAGNOSTICS]["cells"]
    place = found.index(s.cell("rho_solution"))
    found.insert(place + 1, _copy(s, "rho_solution", DIAGNOSTICS))
    stub = '    # YOUR CODE HERE (question rho)\n    raise NotImplementedError("question rho")'
    found[place]["source"] = "\n".join([*found[place]["source"].split("\n")[:2], stub])


@right(WITHOUT_RHO)
def m_dup_wrong_first(s):
    """Two copies of a solution cell, both written, the first one wrong: the first counts."""
    s.notebooks[DIAGNOSTICS]["cells"].append(_copy(s, "rho_solution", DIAGNOSTICS))
    s.answer("rho", "def spectral_radius(W):\n    return 0.0")


@right()
def m_points(s):
    """The points of a check go from 3 to 500."""
    s.cell("rnn_step")["metadata"]["nbgrader"]["points"] = 500


@right()
def m_points_str(s):
    """The points of a check are a text."""
    s.cell("rnn_step")["metadata"]["nbgrader"]["points"] = "abc"


@wrong()
def m_grade_false(s):
    """The check cells say grade: false."""
    for cell in s.checks():
        cell["metadata"]["nbgrader"]["grade"] = False


@wrong()
def m_test_as_solution(s):
    """A check cell says solution: true, as manually graded cells do."""
    s.cell("rnn_step")["metadata"]["nbgrader"]["solution"] = True


@wrong()
def m_raw_type(s):
    """The check cells are raw cells."""
    for cell in s.checks():
        cell["cell_type"] = "raw"
        del cell["outputs"], cell["execution_count"]


@wrong()
def m_edit_test(s):
    """The check cells say that all points are had."""
    for cell in s.checks():
        cell["source"] = str(cell["metadata"]["nbgrader"]["points"])


@wrong()
def m_unknown_id(s):
    """The check cells have other names."""
    for cell in s.checks():
        cell["metadata"]["nbgrader"]["grade_id"] += "_mine"


@right()
def m_schema_old(s):
    """One cell has schema_version 1."""
    s.cell("rnn_step")["metadata"]["nbgrader"]["schema_version"] = 1


@right()
def m_schema_new(s):
    """One cell has schema_version 99."""
    s.cell("rnn_step")["metadata"]["nbgrader"]["schema_version"] = 99


@right()
def m_kernelspec(s):
    """The notebooks ask for a kernel that there is none of."""
    for notebook in s.notebooks.values():
        notebook["metadata"]["kernelspec"] = {"name": "bash-evil", "display_name": "x", "language": "bash"}


@right()
def m_ng_null(s):
    """The nbgrader metadata of one check is null, of another a list."""
    s.cell("rnn_step")["metadata"]["nbgrader"] = None
    s.cell("rho")["metadata"]["nbgrader"] = []


@wrong()
def m_old_outputs(s):
    """The check cells hold outputs that show full points."""
    for cell in s.checks():
        points = str(cell["metadata"]["nbgrader"]["points"])
        data = {"text/plain": points, "application/json": {"points": float(points), "status": "solved"}}
        cell["outputs"] = [
            {"output_type": "execute_result", "execution_count": 1, "data": data, "metadata": {}},
            {"output_type": "display_data", "data": data, "metadata": {}},
        ]
        cell["execution_count"] = 1


@wrong()
def m_answers_swapped(s):
    """Manually graded answers, check cells and task cells have each other's names."""
    cells = [cell for cell in s.all(*s.notebooks) if named(cell)]
    names = [named(cell) for cell in cells]
    for cell, name in zip(cells, reversed(names), strict=True):
        cell["metadata"]["nbgrader"]["grade_id"] = cell["id"] = name


@right()
def m_solution_in_own_cell(s):
    """An honest student has deleted a solution cell and written the function in a cell of their own."""
    found = s.notebooks[DIAGNOSTICS]["cells"]
    place = found.index(s.cell("rho_solution"))
    found[place] = code_cell(found[place]["source"], "mine")


@right()
def m_lost_metadata(s):
    """Another editor has dropped the metadata of every cell but the solutions', and all ids."""
    for notebook in s.notebooks.values():
        notebook["nbformat_minor"] = 4
        for cell in notebook["cells"]:
            if not named(cell).endswith("_solution"):
                cell["metadata"] = {}
            del cell["id"]


@right()
def m_checks_first(s):
    """The check cells have been moved to the top."""
    for notebook in s.notebooks.values():
        notebook["cells"].sort(key=lambda cell: named(cell) not in ASKED)


@right()
def m_locked_edited(s):
    """Locked cells are edited: the class has no weights, the setup imports nothing."""
    s.cell("rnn_class")["source"] = "class RNN:\n    pass"
    for name in (CELLS, DIAGNOSTICS):
        s.cell("setup", name)["source"] = "pass"


assert FULL == 47
