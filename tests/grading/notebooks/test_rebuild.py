"""Rebuilding submitted notebooks: whatever comes, the cells that count are the master's and the texts the student's."""

from __future__ import annotations

import base64
import copy
import json
import random
import tracemalloc

import nbformat
import pytest
from course import ASSIGNMENT, NAME, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnkit.common.text import one_line, shown, storable
from rnnkit.grading.notebooks.reading import MOST_CELLS, BadSubmission, clean_image, read
from rnnkit.grading.notebooks.rebuild import MISSING, rebuild
from rnnkit.grading.notebooks.submitted import in_order_of
from rnnkit.notebook.assemble import model_of

RELEASED = sorted((ROOT / "release" / NAME).glob("*.ipynb"))
MASTERS = {path.stem: nbformat.read(path, 4) for path in RELEASED}
CELLS, REGIME, REPORT = MASTERS["1_cells"], MASTERS["3_regime"], MASTERS["4_report"]
STUB = "YOUR ANSWER HERE"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"image" * 20).decode()
ANSWER = "@method_of(RNN)\ndef step(self, x_t, h_prev):\n    return x_t"


EARLIER = """import torch

from rnnkit.cells import PHI, Cell
from rnnkit.checks import check, figures
from rnnkit.notebook import method_of, write_model

torch.set_num_threads(1)  # fastest at these sizes"""  # 1_cells' setup before check had moved


def about(cell):
    return cell["metadata"].get("nbgrader", {})


def is_theirs(cell):
    return not about(cell) or about(cell)["solution"]


def submission(master=CELLS, **texts):
    """What a student saves: the given notebook with these texts in it, as plain JSON."""
    notebook = json.loads(json.dumps(master))
    for cell in notebook["cells"]:
        cell["source"] = texts.get(cell["id"], cell["source"])
    return notebook


def cell_of(notebook, name):
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def own(source, kind="code", **more):
    return {"cell_type": kind, "metadata": {}, "source": source, "id": "mine", **more}


def after(notebook, name, *cells):
    """The notebook with cells after one of its own."""
    at = notebook["cells"].index(cell_of(notebook, name)) + 1
    notebook["cells"][at:at] = cells
    return notebook


def sound(master, built):
    """Checks what must hold for every notebook that is rebuilt; returns the student's own cells."""
    nbformat.validate(built)
    json.dumps(built).encode("utf-8")
    given = {cell.id: cell for cell in built.cells if cell.id in {given.id for given in master.cells}}
    assert list(given) == [cell.id for cell in master.cells]
    assert {key: built.metadata[key] for key in built.metadata} == dict(master.metadata)
    for cell in master.cells:
        got = given[cell.id]
        assert (got.cell_type, got.metadata) == (cell.cell_type, cell.metadata)
        if not is_theirs(cell):
            assert got == cell
        assert set(got) <= set(cell) | {"attachments"}
    extra = [cell for cell in built.cells if cell.id not in given]
    for cell in extra:
        assert cell.metadata == {}
        assert cell.cell_type in ("code", "markdown")
    for cell in built.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        for bundle in cell.get("attachments", {}).values():
            assert all(clean_image(mime, data) == data for mime, data in bundle.items())
    return extra


# ---- any JSON ----------------------------------------------------------------------------------------------------

names = st.sampled_from(
    ["cells", "source", "metadata", "nbgrader", "grade_id", "id", "cell_type", "tags", "attachments", "a.png"]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | names
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names | st.text(max_size=8), inner, max_size=5),
    max_leaves=25,
)


@st.composite
def mangled(draw, master):
    """The given cells in any order and number, with anything in any field, and anything among them."""
    cells = []
    for _ in range(draw(st.integers(0, 12))):
        cell = json.loads(json.dumps(draw(st.sampled_from(master.cells))))
        fields = st.sampled_from(["source", "metadata", "id", "cell_type", "attachments"])
        for key in draw(st.lists(fields, max_size=3)):
            cell[key] = draw(anything)
        if draw(st.booleans()) and isinstance(cell["metadata"], dict):
            cell["metadata"]["nbgrader"] = draw(anything | st.just({"grade_id": "rnn_step_solution"}))
        if draw(st.booleans()):
            cell["source"] = draw(st.text() | st.lists(st.text() | anything, max_size=3))
        cells.append(cell if draw(st.integers(0, 9)) else draw(anything))
    return {"cells": cells, "metadata": draw(anything), "nbformat": draw(anything)}


@settings(max_examples=150)
@given(anything | st.dictionaries(st.just("cells"), anything) | mangled(CELLS) | mangled(REPORT))
def test_any_json_is_refused_or_keeps_every_given_cell(content):
    for master in (CELLS, REPORT):
        kept = copy.deepcopy(master)
        try:
            built, flags = rebuild(master, content)
        except BadSubmission:
            continue
        sound(master, built)
        assert all(isinstance(flag, str) and "\n" not in flag for flag in flags)
        assert master == kept


@pytest.mark.parametrize("name", MASTERS)
def test_the_untouched_notebook_comes_back_without_flags(name):
    built, flags = rebuild(MASTERS[name], submission(MASTERS[name]))
    assert built == MASTERS[name]
    assert built is not MASTERS[name]
    assert flags == []


# ---- what a student wrote ----------------------------------------------------------------------------------------


def test_the_students_texts_and_own_cells_are_kept_in_their_places():
    notebook = after(
        submission(rnn_step_solution=ANSWER), "rnn_step_solution", own("import math"), own("## Note", "markdown")
    )
    notebook["cells"].insert(0, own("x = 1", metadata={"tags": ["skip-execution"], "nbgrader": {"points": 500}}))
    built, flags = rebuild(CELLS, notebook)
    extra = sound(CELLS, built)
    assert flags == []
    assert cell_of(built, "rnn_step_solution").source == ANSWER
    assert [cell.id for cell in extra] == ["own-1", "own-2", "own-3"]
    assert built.cells[0].source == "x = 1"
    at = built.cells.index(cell_of(built, "rnn_step_solution"))
    assert [cell.source for cell in built.cells[at + 1 : at + 3]] == ["import math", "## Note"]


def test_a_raw_cell_becomes_text_that_no_page_interprets():
    built, _ = rebuild(CELLS, after(submission(), "rnn_step", own("<script>1</script>\n# x", "raw")))
    (extra,) = sound(CELLS, built)
    assert (extra.cell_type, extra.source) == ("markdown", "    <script>1</script>\n    # x")


@pytest.mark.parametrize(
    "change",
    [
        lambda cell: cell["metadata"].update(tags=["skip-execution"]),
        lambda cell: cell["metadata"]["nbgrader"].update(points=500, grade=False, solution=True, schema_version=99),
        lambda cell: cell["metadata"].update(nbgrader=None),
        lambda cell: cell["metadata"].update(nbgrader=["x"]),
        lambda cell: cell["metadata"]["nbgrader"].update(grade_id="nope"),
        lambda cell: cell.update(cell_type="raw"),
        lambda cell: cell.update(cell_type="markdown", attachments={"a.png": {"image/png": PNG}}),
        lambda cell: cell.update(source="pass"),
        lambda cell: cell.update(outputs=[{"output_type": "execute_result", "data": {"text/plain": "3"}}]),
        lambda cell: cell.update(id="other"),
        lambda cell: cell.clear(),
    ],
)
def test_a_check_cell_is_the_masters_whatever_was_done_to_it(change):
    notebook = submission(rnn_step_solution=ANSWER)
    change(cell_of(notebook, "rnn_step"))
    notebook["metadata"] = {"kernelspec": {"name": "bash-evil"}, "widgets": {"a": 1}}
    built, _ = rebuild(CELLS, notebook)
    assert sound(CELLS, built) == []
    assert cell_of(built, "rnn_step_solution").source == ANSWER


def flags_of(notebook, master=CELLS):
    built, flags = rebuild(master, notebook)
    sound(master, built)
    return flags


def test_a_locked_cell_of_an_earlier_release_is_not_edited():
    setup = cell_of(CELLS, "setup")["source"]
    imported = "from rnnkit.assignments.training_dynamics import check, figures\n"
    old = submission(setup=EARLIER)
    assert imported in setup
    assert rebuild(CELLS, old, ASSIGNMENT.earlier) == (rebuild(CELLS, submission())[0], [])
    assert flags_of(old)


def test_what_a_person_may_want_to_know_is_flagged():
    edited = submission(rnn_step="pass")
    assert flags_of(edited) == ["locked cells were edited (ignored): rnn_step"]
    without = submission()
    without["cells"] = [cell for cell in without["cells"] if cell["id"] not in ("rnn_step", "gru_step")]
    assert flags_of(without) == ["cells are missing (put back): rnn_step, gru_step"]
    double = submission()
    double["cells"].append({**cell_of(double, "rnn_step"), "id": "copied"})
    assert flags_of(double) == ["cells are there more than once (the first written one counts): rnn_step"]
    changed = submission()
    cell_of(changed, "rnn_step")["metadata"]["nbgrader"]["grade_id"] = "nope"
    assert flags_of(changed) == ["nbgrader's metadata was changed (put back): rnn_step"]
    assert flags_of({"cells": []}) == ["not one cell of the assignment's notebook is in it: is it another notebook?"]


def test_many_names_are_counted():
    without = submission()
    del without["cells"][10:]
    other, flag = flags_of(without)
    assert other == "most cells of the assignment's notebook are missing: is it another notebook?"
    assert flag.endswith(f" and {len(CELLS.cells) - 10 - 8} more")
    assert flags_of(submission(MASTERS["2_diagnostics"]))[0] == other


def test_a_missing_solution_does_not_replace_what_is_defined_elsewhere():
    notebook = submission()
    notebook["cells"].remove(cell_of(notebook, "rnn_step_solution"))
    notebook["cells"].insert(3, own(ANSWER))
    built, flags = rebuild(CELLS, notebook)
    (extra,) = sound(CELLS, built)
    assert extra.source == ANSWER
    assert cell_of(built, "rnn_step_solution").source == MISSING
    assert built.cells.index(extra) < built.cells.index(cell_of(built, "rnn_step"))
    elsewhere = "solutions are untouched, and a cell of the student's own defines the same (look there)"
    assert flags == ["cells are missing (put back): rnn_step_solution", f"{elsewhere}: rnn_step_solution"]


def test_of_copied_solutions_the_written_one_is_taken_and_none_is_lost():
    stub = cell_of(submission(), "rnn_step_solution")
    others = (stub["source"], "", ANSWER)
    for first, second in [*((ANSWER, other) for other in others), *((other, ANSWER) for other in others)]:
        copied = {**stub, "source": second, "id": "copy"}
        notebook = after(submission(rnn_step_solution=first), "rnn_step_solution", copied)
        built, flags = rebuild(CELLS, notebook)
        assert sound(CELLS, built) == []
        assert cell_of(built, "rnn_step_solution").source == ANSWER
        assert len(flags) == 1
    later = ANSWER.replace("x_t\n", "h_prev\n") + "  # later"
    notebook = after(
        submission(rnn_step_solution=ANSWER), "rnn_step", {**stub, "source": later, "id": "copy"}, own("y = 2")
    )
    built, _ = rebuild(CELLS, notebook)
    assert cell_of(built, "rnn_step_solution").source == ANSWER
    at = built.cells.index(cell_of(built, "rnn_step"))
    assert [cell.source for cell in built.cells[at + 1 : at + 3]] == [later, "y = 2"], "they stay where they were run"


@pytest.mark.parametrize("lost", [("id",), ("metadata",), ("id", "metadata")])
def test_cells_that_lost_ids_and_metadata_are_known_by_their_texts_and_places(lost):
    notebook = after(submission(rnn_step_solution=ANSWER), "rnn_step", own("def step(self):\n    pass"), own("y = 2"))
    for cell in notebook["cells"]:
        cell.update({name: {} for name in lost})
    built, flags = rebuild(CELLS, notebook)
    assert [cell.source for cell in sound(CELLS, built)] == ["def step(self):\n    pass", "y = 2"]
    assert cell_of(built, "rnn_step_solution").source == ANSWER
    assert len(flags) == ("metadata" in lost)


def test_of_two_cells_in_a_solutions_place_none_is_taken_for_it():
    notebook = after(submission(), "rnn_step_solution", own(ANSWER), own(f"{ANSWER}  # better", id="other"))
    notebook["cells"].remove(cell_of(notebook, "rnn_step_solution"))
    built, flags = rebuild(CELLS, notebook)
    assert len(sound(CELLS, built)) == 2
    assert cell_of(built, "rnn_step_solution").source == MISSING
    assert len(flags) == 2


@pytest.mark.parametrize("place", ["setup", "rnn_step"])
def test_a_function_in_a_cell_beside_an_untouched_solution_is_flagged(place):
    built, flags = rebuild(CELLS, after(submission(), place, own(ANSWER)))
    assert len(sound(CELLS, built)) == 1
    assert [flag.split(": ")[1] for flag in flags] == ["rnn_step_solution"]
    assert "look there" in flags[0]
    _, flags = rebuild(CELLS, after(submission(rnn_step_solution=ANSWER), place, own(ANSWER)))
    assert flags == []


def test_a_notebook_without_any_marks_still_makes_a_model():
    solved = nbformat.read(ROOT / "notebooks" / NAME / "1_cells.ipynb", 4)
    texts = {cell.id: cell.source for cell in solved.cells if is_theirs(cell)}
    notebook = submission(**texts)
    for cell in notebook["cells"]:
        cell.update(id=None, metadata={})
    built, flags = rebuild(CELLS, notebook)
    assert sound(CELLS, built) == []
    assert model_of(built).names == ("RNN", "GRU")
    assert len(flags) == 1


# ---- written answers ---------------------------------------------------------------------------------------------


def test_an_answer_beside_its_cell_is_found():
    moved = ["answers stand in a new cell beside their own (moved there): rho_mem"]
    notebook = after(submission(REPORT), "rho_mem", own("It grows.", "markdown"), own("To 1.3.", "markdown"))
    built, flags = rebuild(REPORT, notebook)
    assert sound(REPORT, built) == []
    assert cell_of(built, "rho_mem").source == "It grows.\n\nTo 1.3."
    assert flags == moved

    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "rho_mem"]
    built, flags = rebuild(REPORT, notebook)
    assert cell_of(built, "rho_mem").source == "It grows.\n\nTo 1.3."
    assert flags == ["cells are missing (put back): rho_mem", *moved]

    answered = after(submission(REPORT, rho_mem="Mine."), "rho_mem", own("A note.", "markdown"))
    built, flags = rebuild(REPORT, answered)
    assert [cell.source for cell in sound(REPORT, built)] == ["A note."]
    assert flags == []


@pytest.mark.parametrize("text", ["", " \n", STUB])
def test_an_answer_that_was_not_given_is_the_stub(text):
    built, _ = rebuild(REPORT, submission(REPORT, rho_mem=text))
    assert cell_of(built, "rho_mem").source == STUB


def test_a_cell_that_is_retyped_is_still_the_answer():
    notebook = submission(REPORT, rho_mem="It grows.")
    cell_of(notebook, "rho_mem").update(cell_type="code", outputs=[], execution_count=3)
    built, _ = rebuild(REPORT, notebook)
    assert sound(REPORT, built) == []
    assert cell_of(built, "rho_mem").source == "It grows."


def test_pasted_images_are_kept_and_nothing_else():
    notebook = submission(REPORT, rho_mem="![](attachment:a.png)")
    kept = {"a.png": {"image/png": [PNG[:10] + "\n", PNG[10:]]}}
    refused = {
        "b.svg": {"image/svg+xml": "<svg onload=alert(1)>"},
        "c.png": {"image/png": base64.b64encode(b"<svg>").decode()},
        'd" onerror="x.png': {"image/png": PNG},
        "e.png": {"image/png": "%%%"},
        "f.png": None,
        "g.png": {"image/png": PNG + "\n!"},
        "h.png": {"image/png": base64.b64encode(base64.b64decode(PNG) + bytes(1 << 20)).decode()},
    }
    cell_of(notebook, "rho_mem")["attachments"] = refused | kept
    cell_of(notebook, "rho_mem_task")["attachments"] = kept
    built, flags = rebuild(REPORT, notebook)
    sound(REPORT, built)
    assert cell_of(built, "rho_mem").attachments == {"a.png": {"image/png": PNG}}
    assert "attachments" not in cell_of(built, "rho_mem_task")
    assert flags == ["attachments that are no png or jpeg, or too large, were left out: rho_mem"]


def test_all_images_together_have_a_limit():
    large = base64.b64encode(base64.b64decode(PNG) + bytes(700_000)).decode()
    notebook = submission(REPORT)
    for name in ("rho_mem", "clip_rnn", "clip_gru"):
        cell_of(notebook, name).update(source="see", attachments={"a.png": {"image/png": large}})
    built, flags = rebuild(REPORT, notebook)
    sound(REPORT, built)
    assert [cell.id for cell in built.cells if "attachments" in cell] == ["rho_mem", "clip_rnn"]
    assert len(flags) == 1


# ---- work that stands where it does not belong ----------------------------------------------------------------------

FOUND, TASK = "The answer is -4.39.", "gradient_mem_task"
TASKS_TEXT = cell_of(REPORT, TASK).source
BESIDE = {
    "above": after(submission(REPORT), TASK, own(FOUND, "markdown")),
    "raw below": after(submission(REPORT), "gradient_mem", own(FOUND, "raw")),
    "comment below": after(submission(REPORT), "gradient_mem", own("# The answer\n# is -4.39.")),
    "in the task": submission(REPORT, **{TASK: f"{TASKS_TEXT}\n\n{FOUND}"}),
}


@pytest.mark.parametrize("where", BESIDE)
def test_answers_beside_their_cell_count(where):
    built, flags = rebuild(REPORT, BESIDE[where])
    assert sound(REPORT, built) == []
    assert " ".join(cell_of(built, "gradient_mem").source.split()) == FOUND
    assert any("beside" in flag and "gradient_mem" in flag for flag in flags)


def test_an_image_alone_is_an_answer():
    notebook = submission(REPORT)
    cell_of(notebook, "rho_mem")["attachments"] = {"x.png": {"image/png": PNG}}
    answer = cell_of(rebuild(REPORT, notebook)[0], "rho_mem")
    assert answer.attachments == {"x.png": {"image/png": PNG}}
    assert "![](attachment:x.png)" in answer.source


def test_imports_in_a_locked_cell_are_kept():
    more = f"{cell_of(CELLS, 'setup').source}\nimport math\nprint('more')\n"
    built, flags = rebuild(CELLS, submission(setup=more))
    (kept,) = sound(CELLS, built)
    assert (kept.cell_type, kept.source) == ("code", "import math")
    assert built.cells.index(kept) == built.cells.index(cell_of(built, "setup")) + 1
    assert any("kept in a cell beside it: setup" in flag for flag in flags)


def test_a_function_above_its_check_is_kept_before_it():
    built, _ = rebuild(CELLS, submission(rnn_step=f"{ANSWER}\n\n{cell_of(CELLS, 'rnn_step').source}"))
    (kept,) = sound(CELLS, built)
    assert kept.source == ANSWER
    assert built.cells.index(kept) == built.cells.index(cell_of(built, "rnn_step")) - 1


def test_line_ends_of_windows_are_no_change():
    windows = {cell.id: cell.source.replace("\n", "\r\n") for cell in CELLS.cells}
    assert rebuild(CELLS, submission(**windows)) == (CELLS, [])


# ---- the notebooks with parameters -------------------------------------------------------------------------------


def test_unlocked_cells_that_were_given_are_the_students():
    built, flags = rebuild(REPORT, submission(REPORT, folder='folder = "runs/smoke"', extra_run='extra = "mine"'))
    assert sound(REPORT, built) == []
    assert cell_of(built, "folder").source == 'folder = "runs/smoke"'
    assert cell_of(built, "extra_run").source == 'extra = "mine"'
    assert flags == []
    notebook = submission(REGIME, parameters='regime = "A2"')
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "parameters"]
    built, flags = rebuild(REGIME, notebook)
    assert cell_of(built, "parameters") == cell_of(REGIME, "parameters")
    assert flags == ["cells are missing (put back): parameters"]


def test_a_notebook_of_before_the_payoff_is_rebuilt_with_it_and_without_a_word():
    notebook = submission(REGIME, parameters='regime = "A2"')
    notebook["cells"] = [cell for cell in notebook["cells"] if not cell["id"].startswith("payoff")]
    built, flags = rebuild(REGIME, notebook)
    assert sound(REGIME, built) == []
    assert cell_of(built, "payoff") == cell_of(REGIME, "payoff")
    assert cell_of(built, "parameters").source == 'regime = "A2"'
    assert flags == []


def test_what_papermill_put_in_is_left_out():
    injected = own('regime = "B2"', metadata={"tags": ["injected-parameters"]})
    built, flags = rebuild(REGIME, after(submission(REGIME), "parameters", injected))
    assert sound(REGIME, built) == []
    assert flags == ["cells that papermill put in were left out: mine"]


# ---- texts -------------------------------------------------------------------------------------------------------


def test_texts_that_cannot_be_stored_are_mended():
    notebook = submission(rnn_step_solution=["x = '\ud83d", "\ude00 \ud800 \0'"])
    built, _ = rebuild(CELLS, notebook)
    assert cell_of(built, "rnn_step_solution").source == "x = '\U0001f600 � '"
    sound(CELLS, built)


@given(st.text(st.characters(), max_size=40))
def test_text_can_be_stored(text):
    assert storable(text).encode("utf-8").decode() == storable(storable(text))
    assert "\0" not in storable(text)
    for make in (shown, one_line):
        assert len(make(text, 10)) <= 10
        assert make(text, 10).isprintable()


def test_a_text_without_end_is_cut():
    built, flags = rebuild(CELLS, submission(rnn_step_solution="#" * 300_000))
    assert len(cell_of(built, "rnn_step_solution").source) == 200_000
    assert flags == ["cells have more than 200000 characters (cut): rnn_step_solution"]


@pytest.mark.parametrize("parts", [1, 1000])
def test_the_rest_of_a_text_without_end_takes_no_memory(parts):
    text = "# \U0001f600" + "a" * (10_000_000 // parts)
    notebook = submission(rnn_step_solution=text if parts == 1 else [text] * parts)
    tracemalloc.start()
    try:
        built, _ = rebuild(CELLS, notebook)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    assert len(cell_of(built, "rnn_step_solution").source) == 200_000


def test_too_many_cells_are_refused():
    many = submission()
    many["cells"] += [own(f"{number}") for number in range(MOST_CELLS + 1 - len(many["cells"]))]
    with pytest.raises(BadSubmission, match="expected at most 400 cells, got 401"):
        rebuild(CELLS, many)
    with pytest.raises(BadSubmission, match=r"expected at most 400 cells, got 4\d\d with those"):
        rebuild(CELLS, {"cells": [own("1")] * MOST_CELLS})


def test_a_notebook_of_format_3_is_read(tmp_path):
    cells = [
        {"cell_type": "code", "input": ["x = ", "1"], "metadata": {}, "outputs": []},
        {"cell_type": "heading", "level": 1, "source": "Title", "metadata": {}},
        {"cell_type": "code", "input": ANSWER, "metadata": {"nbgrader": {"grade_id": "rnn_step_solution"}}},
        None,
    ]
    path = tmp_path / "1_cells.ipynb"
    path.write_text(json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}, 3, {"cells": 3}]}))
    built, flags = rebuild(CELLS, read(path))
    assert [cell.source for cell in sound(CELLS, built)] == ["x = 1", "Title"]
    assert cell_of(built, "rnn_step_solution").source == ANSWER
    missing = ["most cells of the assignment's notebook are missing", "cells are missing (put back)"]
    assert [flag.split(":")[0] for flag in flags] == missing


def test_the_model_is_that_of_the_students_own_order():
    """Whoever moves cells has trained with a model.py in that order: the record has its hash."""
    solved = json.loads((ROOT / "notebooks" / NAME / "1_cells.ipynb").read_text(encoding="utf-8"))
    usual = model_of(solved).text
    rng = random.Random(1)
    for _ in range(5):
        moved = json.loads(json.dumps(solved))
        rng.shuffle(moved["cells"])
        rebuilt, _ = rebuild(CELLS, moved)
        theirs = model_of(moved).text
        assert theirs != usual
        assert model_of(in_order_of(rebuilt, moved)).text == theirs
    assert model_of(in_order_of(rebuilt, {"cells": 3})).text == model_of(rebuilt).text
