"""Tests that students write: what the grader gives them, what a notebook says, and that nothing but behaviour tells."""

from __future__ import annotations

import json
import textwrap

import numpy as np
import pytest
import torch
from checking import stub

from rnnkit.assignments.training_dynamics import ASSIGNMENT, check, kinds
from rnnkit.assignments.training_dynamics.key.variants import RIGHT, variants
from rnnkit.cells import Cell
from rnnkit.checks import generate, remote
from rnnkit.checks.report import Report
from rnnkit.checks.standins import FORMS, Call
from rnnkit.common.shapes import RECURRENT
from rnnkit.common.wire import decode
from rnnkit.grading.score import trials
from rnnkit.grading.score.reply import BadReply, read_several
from rnnkit.grading.score.score import NoAnswer
from rnnkit.grading.score.trials import tried
from rnnkit.notebook.assemble import model_of
from rnnkit.notebook.cells import read_notebook

QUESTION = ASSIGNMENT.asked["cell_tests"]
ALL = variants("cell_tests")
WRONG = [one for one in ALL if one.kind]
CALLS = """
n_in, n_hid = cell.W_xz.shape
x_t, h_prev = torch.randn(4, n_in), torch.randn(4, n_hid)
h_t, gates = cell.step(x_t, h_prev)
"""
VALUES = (
    CALLS
    + """
z_t = torch.sigmoid(x_t @ cell.W_xz + h_prev @ cell.W_hz + cell.b_z)
r_t = torch.sigmoid(x_t @ cell.W_xr + h_prev @ cell.W_hr + cell.b_r)
right = (1 - z_t) * h_prev + z_t * torch.tanh(x_t @ cell.W_xh + (r_t * h_prev) @ cell.W_hh + cell.b_h)
"""
)
TESTS = {  # body -> points of the grader
    "pass": 0.0,
    "assert False": 0.0,
    VALUES + "assert (h_t == right).all()": 0.0,  # a right cell has other last digits
    VALUES + "assert torch.allclose(h_t, right, atol=1e-5)": 3.5,  # neither gates nor gradients are looked at
    CALLS + "assert h_t.shape == gates['z'].shape == gates['r'].shape == h_prev.shape": 0.0,
    CALLS + "assert all(((0 < gate) & (gate < 1)).all() for gate in gates.values())": 0.5,
    "h_t, gates = cell.step(torch.randn(4, 2), torch.randn(4, 5))": 0.0,  # of one size alone
    "cell(torch.randn(3, 4, cell.W_xz.shape[0]))": 0.0,
    "raise SystemExit": 0.0,
    "x_t = torch.from_numpy(__import__('numpy').random.default_rng().normal(size=(4, cell.W_xz.shape[0]))).float()\n"
    "cell.update_gate(x_t, torch.zeros(4, cell.W_xz.shape[1]))": 0.0,
}  # fmt: skip


def function(body: str):
    return generate.student_object(QUESTION, f"def check_gru(cell):\n{textwrap.indent(body.strip(), '    ')}\n")


def graded(obj, seed: int = 0) -> Report:
    return tried(QUESTION, lambda request: remote.answer(request, obj), np.random.default_rng(seed))


def test_the_solution_catches_all_and_every_seed_has_its_own_trials():
    obj, asked = generate.student_object(QUESTION), []

    def ask(request):
        asked.append(request)
        return remote.answer(request, obj)

    reports = [tried(QUESTION, ask, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert [(one.points, one.status) for one in reports] == [(4.0, "solved")] * 3
    assert reports[0] == reports[1]
    third = len(asked) - 2 * asked.index(asked[0], 1)
    assert asked[: (len(asked) - third) // 2] == asked[(len(asked) - third) // 2 : len(asked) - third]
    assert not set(asked[:5]) & set(asked[-third:])
    assert QUESTION.judge is not None
    assert QUESTION.judge(obj).points == 4.0


@pytest.mark.parametrize("body", TESTS)
def test_points_are_by_mistakes_caught_and_none_where_a_right_cell_is_refused(body):
    report = graded(function(body))
    assert report.points == TESTS[body], report.text()
    assert QUESTION.judge is not None
    local = QUESTION.judge(function(body))
    assert abs(local.points - report.points) <= 0.5, local.text()  # the eleven wrong ones are a sample


HOSTILE = {
    "counts calls": "global count\ncount = globals().get('count', 0) + 1\nassert count % 2",
    "class name": "assert type(cell).__name__ == 'GRU' and 'Wrong' not in repr(cell)",
    "source": "import inspect\nassert 'mistake' not in inspect.getsource(type(cell).step)",
    "closure": "names = type(cell).step.__code__.co_freevars\n"
    "book = type(cell).step.__closure__[names.index('book')].cell_contents\nassert len(book.given) < 3",
    "frames": "import sys\nframe = sys._getframe()\ntexts = []\n"
    "while frame:\n    texts.append(str(frame.f_locals))\n    frame = frame.f_back\n"
    "assert 'mistake' not in ' '.join(texts)",
    "says it refused": "from rnnkit.checks import trial\ntrial.Tried = None",
    "replaces torch": "torch.allclose = lambda *given, **named: True",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_looks_at_anything_but_behaviour_gains_nothing(name, monkeypatch):
    monkeypatch.setattr(torch, "allclose", torch.allclose)
    monkeypatch.setattr("rnnkit.checks.trial.Tried", object)
    assert graded(function(HOSTILE[name])).points <= 0.0


@pytest.mark.parametrize("body", [VALUES + "assert torch.allclose(h_t, right, atol=1e-5)", "assert False"])
def test_asked_for_at_once_they_say_the_same_in_fewer_messages(body, monkeypatch):
    obj, sizes = function(body), []

    def several(requests):
        sizes.append(len(requests))
        return read_several(remote.answers(requests, obj), len(requests))

    def alone(request):
        raise AssertionError("expected to be asked for several at once")

    reports = [tried(QUESTION, alone, np.random.default_rng(0), several), graded(obj)]
    assert reports[0] == reports[1]
    assert sizes[0] == 1  # one is enough of a test that fails, or hangs
    if len(sizes) > 1:
        assert max(sizes) == trials.AT_ONCE
        assert len(sizes) < len(ALL)
        monkeypatch.setattr(remote, "SEVERAL_S", 0)  # as if each took long: what is left over is asked for again
        assert tried(QUESTION, alone, np.random.default_rng(0), several) == reports[1]


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", '["a", "b", "c"]', "[" * 100_000, '"ab"', None])
def test_what_is_no_list_of_replies_is_none(text):
    with pytest.raises(BadReply):
        read_several(text, 2)


def test_a_request_is_the_same_whatever_the_cell():
    """Before the first call nothing differs but sizes and numbers; after it nothing but the results."""
    seen = []

    def ask(request):
        seen.append(json.loads(request))
        return remote.answer(request, function(CALLS))

    tried(QUESTION, ask, np.random.default_rng(3))
    assert {tuple(one) for one in seen} == {("assignment", "question", "trial")}
    trials = [decode(one["trial"]) for one in seen]
    assert {tuple(one) for one in trials} == {("sizes", "arrays", "seed", "known")}
    assert all(set(result) <= {"values", "form", "error"} for one in trials for result in one["known"].values())
    text = json.dumps(seen)
    assert not any(one.name in text for one in WRONG if one.name not in FORMS and len(one.name) > 8)


def forged(text: str):
    return tried(QUESTION, lambda request: text, np.random.default_rng(0))


def test_replies_that_no_test_gives_have_no_points():
    for text in ("", "[]", "1" * 100, '{"verdict": null, "refused": 1, "error": null, "calls": {}}'):
        assert (forged(text).points, forged(text).status) == (0.0, "no answer")
    assert forged('{"verdict": null, "refused": true, "error": null, "calls": {}}').points == 0.0
    assert forged('{"verdict": null, "refused": false, "error": null, "calls": {}}').points == 0.0

    def hangs(request):
        raise NoAnswer("took longer than 20 s")

    assert tried(QUESTION, hangs, np.random.default_rng(0)).messages == ["took longer than 20 s"]


# ---- the variants -------------------------------------------------------------------------------------------------


def _given(cell: Cell) -> list[torch.Tensor]:
    return [getattr(cell, name) for name in RECURRENT["GRU"]]


def _inputs(seed: int = 0) -> tuple[Cell, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    cell = generate.student_object("gru_step")(3, 5, 2)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.copy_(torch.from_numpy(rng.uniform(-0.9, 0.9, parameter.shape)))
    x_t, h_prev = (torch.from_numpy(rng.uniform(-1, 1, (4, size))).float() for size in (3, 5))
    return cell, x_t, h_prev


def _by_variant(variant, cell, x_t, h_prev, back: bool) -> list[np.ndarray]:
    arrays = [one.detach().numpy() for one in (x_t, h_prev, *_given(cell))]
    ways = [np.ones((4, 5), np.float32), *[np.zeros((4, 5), np.float32)] * 2] if back else []
    return variant.called(Call("gru_step", "", arrays, ways))


@pytest.mark.parametrize("name", RIGHT)
def test_right_cells_are_right_within_rounding_and_not_all_to_the_last_digit(name):
    cell, x_t, h_prev = _inputs()
    one = next(one for one in ALL if one.name == name)
    ours, theirs = (
        [*_by_variant(each, cell, x_t, h_prev, False), *_by_variant(each, cell, x_t, h_prev, True)]
        for each in (ALL[0], one)
    )
    assert max(np.abs(a - b).max() for a, b in zip(ours, theirs, strict=True)) < 2e-6
    assert one is ALL[0] or any((a != b).any() for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("variant", WRONG, ids=lambda one: one.told)
def test_every_mistake_is_one_of_the_bank_and_does_what_it_does_there(variant):
    (mistake,) = [one for one in generate.bank() if (one.question, one.name) == (variant.question, variant.name)]
    text = generate.patched(variant.question, mistake.old, mistake.new)
    cell, x_t, h_prev = _inputs()
    wrong = generate.student_object("gru_step", **{variant.question: text})(3, 5, 2)
    wrong.load_state_dict(cell.state_dict())
    ours = _by_variant(variant, cell, x_t, h_prev, False)
    value = wrong.step(x_t, h_prev.requires_grad_())
    if variant.form:
        assert FORMS[variant.form](list(map(torch.from_numpy, ours))) is not None
        return
    theirs = [value[0], value[1]["z"], value[1]["r"]]
    assert all(np.allclose(a, b.detach(), atol=1e-5, equal_nan=True) for a, b in zip(ours, theirs, strict=True))
    back = _by_variant(variant, cell, x_t, h_prev, True)[1]
    (way,) = torch.autograd.grad(value[0].sum(), h_prev, allow_unused=True)
    assert np.allclose(back, np.zeros_like(back) if way is None else way, atol=1e-5)
    right = _by_variant(ALL[0], cell, x_t, h_prev, False), _by_variant(ALL[0], cell, x_t, h_prev, True)[1:2]
    far = [np.abs(a - b).max() for a, b in zip((*ours, back), (*right[0], *right[1]), strict=True)]
    assert max(far) > 1e-3


def test_all_forms_and_kinds_are_there():
    assert {one.kind for one in WRONG} == set(kinds.KINDS)
    assert {one.form for one in ALL} == set(FORMS)
    assert (len(RIGHT), len(WRONG)) == (9, 60)  # as the text of the notebook has it
    text = read_notebook(generate.ROOT / "notebooks/training_dynamics/1_cells.ipynb")
    (said,) = ["".join(cell["source"]) for cell in text["cells"] if cell["id"] == "cell_tests_text"]
    assert "on 60 wrong ones" in said
    assert "nine ways" in said.replace("\n", " ")


def test_model_py_does_not_hold_the_test():
    read = read_notebook(generate.ROOT / "notebooks/training_dynamics/1_cells.ipynb")
    text = model_of(read).text
    assert "def candidate" in text
    assert "check_gru" not in text


# ---- what a student sees ------------------------------------------------------------------------------------------


def test_a_kind_that_slips_through_has_an_experiment_first(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    obj = function(VALUES + "assert torch.allclose(h_t, right, atol=1e-5)")
    points = check("cell_tests", obj)
    said = capsys.readouterr().out
    assert points == 3.25
    assert "FAIL what step returns (0 of 1 caught)" in said
    assert "Lay `gates" in said  # the experiment of the first kind
    assert "z and r are swapped" not in said
    check("cell_tests", obj, more=1)
    assert "z and r are swapped" in capsys.readouterr().out


def stub_of_test() -> str:
    return "def check_gru(cell):\n    raise NotImplementedError()\n"


def test_before_the_cell_is_right_and_before_the_test_is_written():
    assert QUESTION.judge is not None
    wrong = generate.student_object(QUESTION, gru_step=stub("gru_step"))
    assert "question gru_step comes first" in QUESTION.judge(wrong).text()
    unwritten = generate.student_object(
        QUESTION, 'def check_gru(cell):\n    """Raises."""\n    raise NotImplementedError()\n'
    )
    for report in (QUESTION.judge(unwritten), graded(unwritten)):
        assert (report.points, report.status) == (0.0, "not written yet")
    assert QUESTION.judge(None).status == graded(None).status == "not a function"
