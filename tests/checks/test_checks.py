"""The checks: solutions pass, stubs give nothing, every known mistake is named, no right variant is refused."""

from __future__ import annotations

import ast
import json
import re
import time

import pytest
import torch
from bank.answers import VARIANTS, WRONG
from checking import BANK, answer, every_question, report_of, stub

from rnnkit.assignments.training_dynamics import ASSIGNMENT, check
from rnnkit.assignments.training_dynamics.questions import ASKED, CELLS, DIAGNOSTICS, QUESTIONS
from rnnkit.checks import generate, known
from rnnkit.checks.outcome import PROJECTIONS, same_print
from rnnkit.common.places import PACKAGE

EXPECTED = PACKAGE / "assignments" / ASSIGNMENT.name / "expected"


def source_cells(notebook: str) -> dict[str, dict]:
    cells = json.loads((generate.ROOT / "notebooks" / ASSIGNMENT.name / notebook).read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: cell for cell in cells}


# ---- table, notebooks and data agree ------------------------------------------------------------------------------


@every_question
def test_points_are_those_of_the_cells_and_of_the_cases(id):
    question = QUESTIONS[id]
    cells = source_cells(question.notebook)
    about = cells[id]["metadata"]["nbgrader"]
    assert about == {
        "grade": True, "grade_id": id, "locked": True, "points": 0 if question.extra else question.points,
        "schema_version": 3,
        "solution": False, "task": False,
    }  # fmt: skip
    call = f'check("{id}", {question.target})' + ";" * question.extra  # nbgrader takes a shown number for points
    assert "".join(cells[id]["source"]) == call
    assert sum(case.weight for case in question.cases) == question.points


@pytest.mark.parametrize("notebook", [CELLS, DIAGNOSTICS])
def test_cells_are_named_and_locked(notebook):
    graded = []
    for id, cell in source_cells(notebook).items():
        about = cell["metadata"]["nbgrader"]
        assert about["grade_id"] == id
        assert about["schema_version"] == 3
        assert about["locked"] is not about["solution"]
        graded += [id] if about["grade"] else []
    assert graded == [id for id, question in ASKED.items() if question.notebook == notebook]


@every_question
def test_the_solution_cell_keeps_signature_and_docstring_in_the_release(id):
    question = QUESTIONS[id]
    function = ast.parse(stub(id)).body[0]
    assert function.name == (question.method or question.target)
    assert [argument.arg for argument in function.args.args] == ["self"] * bool(question.method) + [*question.arguments]
    assert ast.get_docstring(function)


@every_question
def test_the_text_before_states_goal_equation_minutes_points_and_hints(id):
    question = QUESTIONS[id]
    text = "".join(source_cells(question.notebook)[f"{id}_text"]["source"])
    assert "**Goal.**" in text
    assert "$$" in text
    assert f"{question.minutes} minutes" in text
    assert f"{question.points} point" in text
    assert "<details>" in text


def close(one, other) -> bool:
    """Equal, numbers to 1e-7."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(close(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float | int) and isinstance(other, float | int):
        return abs(one - other) <= 1e-7 * (1 + abs(other))
    return one == other


def test_data_is_what_a_rebuild_gives():
    for name, contents in generate.build(ASSIGNMENT).items():
        stored = json.loads((EXPECTED / name).read_text(encoding="utf-8"))
        assert stored.keys() == contents.keys()
        for id in stored:
            assert close(stored[id]["expected"], contents[id]["expected"]), id


@pytest.mark.parametrize("name", ["probes", "terms"])
def test_numbers_beside_the_right_ones_are_what_a_rebuild_gives(name):
    made = {"probes": generate.probe_numbers, "terms": generate.terms}[name]
    stored = json.loads((EXPECTED / f"{name}.json").read_text(encoding="utf-8"))
    assert stored.keys() == QUESTIONS.keys()
    for id in QUESTIONS:
        assert close(stored[id], made(QUESTIONS[id])), id


def same(one, other) -> bool:
    """Whether two known mistakes are the same one."""
    prints = zip(one.prints.values(), other.prints.values(), strict=True)
    return (one.kind, one.says, one.line) == (other.kind, other.says, other.line) and all(
        a is b if a is None or b is None else same_print(a, b) for a, b in prints
    )


@pytest.mark.slow
@every_question
def test_what_is_known_is_what_a_rebuild_gives(id):
    made = known.read(generate.known(id))
    assert len(made) == len(known.known(QUESTIONS[id]))
    assert all(same(one, other) for one, other in zip(made, known.known(QUESTIONS[id]), strict=True))


@every_question
def test_known_mistakes_are_those_of_the_bank(id):
    """The whole rebuild is slow; the mistakes written by hand come first and are checked one by one below."""
    assert [one.says[0] for one in known.known(QUESTIONS[id]) if one.kind == known.ALONE] == [
        mistake.message for mistake in BANK if mistake.question == id
    ]


def test_data_holds_numbers_and_no_code():
    for id in QUESTIONS:
        for one in known.known(QUESTIONS[id]):
            assert one.kind != known.SLIP or not re.search(r"\bself\.\w|BEGIN|import ", " ".join(one.says)), one.says
            for fingerprint in filter(None, one.prints.values()):
                assert len(fingerprint) == 1 + PROJECTIONS, id


# ---- solutions and stubs ------------------------------------------------------------------------------------------


@every_question
def test_the_solution_has_full_points_and_says_so(id, capfd):
    points = check(id, generate.student_object(id))
    assert type(points) is float
    assert points == QUESTIONS[id].points
    said = capfd.readouterr()
    assert "solved" in said.out
    assert "FAIL" not in said.out
    assert said.err == ""


@every_question
def test_the_stub_has_no_points_and_is_called_a_stub(id, capfd):
    points = check(id, generate.student_object(id, stub(id)))
    assert type(points) is float
    assert points == 0.0
    said = capfd.readouterr()
    assert "not written yet" in said.out
    assert said.err == ""


@every_question
def test_no_later_question_is_needed(id):
    later = list(QUESTIONS)[list(QUESTIONS).index(id) + 1 :]
    stubs = {other: stub(other) for other in later if QUESTIONS[other].notebook == QUESTIONS[id].notebook}
    assert report_of(id, generate.student_object(id, **stubs)).status == "solved"


def test_a_check_takes_less_than_a_second_of_the_processor():
    for id in QUESTIONS:
        obj = generate.student_object(id)
        start = time.process_time()
        report_of(id, obj)
        assert time.process_time() - start < 1, id


# ---- the bank -----------------------------------------------------------------------------------------------------


def test_the_bank_is_large_and_covers_every_question():
    assert len(BANK) >= 200
    assert {mistake.question for mistake in BANK} == set(QUESTIONS)
    assert len({(mistake.question, mistake.name) for mistake in BANK}) == len(BANK)


@every_question
def test_fingerprints_differ_from_the_right_answer_and_from_one_another(id):
    alone = [one for one in known.known(QUESTIONS[id]) if one.kind == known.ALONE]
    assert all(any(one.prints.values()) for one in alone)
    for k, one in enumerate(alone):
        for other in alone[:k]:
            assert not all(one.fits(case, print) for case, print in other.prints.items()), (one.says, other.says)


REQUIRED = {
    "rnn_step": "no bias, doubled bias, sigmoid for tanh, tanh always, W_hh transposed, detached",
    "rnn_forward": "batch and time swapped, h_0 reused, off by one, only the last state, h_0 included, detached, "
    "in place, log-softmax",
    "gru_candidate": "r after the product, r missing, no bias, doubled bias, sigmoid for tanh, W_hh transposed",
    "gru_update_gate": "tanh, transposed, no sigmoid",
    "gru_step": "z and 1 - z swapped, torch's GRU, gates before the sigmoid",
    "gru_forward": "traces before the sigmoid, in place, h_0 included, only the last state",
    "grad_time": "direct term only, zeros of the stack, norm over the batch, mean before norm",
    "sat_time": "1 - h^2, sigmoid's distance",
    "rho": "singular value",
    "clip": "per parameter, by value",
}


@pytest.mark.parametrize("id", REQUIRED)
def test_the_usual_suspects_are_in_the_bank(id):
    assert set(REQUIRED[id].split(", ")) <= {mistake.name for mistake in BANK if mistake.question == id}


# ---- right answers written otherwise ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VARIANTS)
def test_a_right_variant_has_full_points(name):
    id, body = VARIANTS[name]
    report = report_of(id, answer(id, body))
    assert report.points == report.most, report.text()


def test_a_solution_works_as_a_plain_class_too():
    class Mine(torch.nn.Module):
        def __init__(self, n_in, n_hid, n_out, *, phi="tanh", head="softmax", dtype=torch.float32):
            super().__init__()
            self.phi, self.head = phi, head
            recurrent = {"W_xh": (n_in, n_hid), "W_hh": (n_hid, n_hid), "b_h": (n_hid,)}
            for name, size in (recurrent | {"W_ho": (n_hid, n_out), "b_o": (n_out,)}).items():
                setattr(self, name, torch.nn.Parameter(torch.randn(size, dtype=dtype)))

        def step(self, inputs, state):
            a = inputs @ self.W_xh + state @ self.W_hh + self.b_h
            return {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "identity": lambda v: v}[self.phi](a)

    assert check("rnn_step", Mine) == 3.0


# ---- wrong answers that are in no bank ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRONG)
def test_other_wrong_answers_fail_and_are_told_something(name, capfd):
    id, body, told = WRONG[name]
    obj = answer(id, body)
    assert check(id, obj, more=2) < QUESTIONS[id].points
    said = capfd.readouterr()
    assert said.err == ""
    assert "FAIL" in said.out
    assert told is None or told in said.out, said.out


def test_a_mistake_in_an_earlier_question_is_named_as_such():
    wrong = generate.patched("gru_update_gate", " + self.b_z)", ")")
    report = report_of("gru_step", generate.student_object("gru_step", gru_update_gate=wrong))
    assert "mend question gru_update_gate first" in report.messages[0]
    assert "the bias b_z is missing" in report.messages[0]
    report = report_of("gru_step", generate.student_object("gru_step", gru_reset_gate=stub("gru_reset_gate")))
    assert "question gru_reset_gate comes first" in report.messages[0]


def test_an_exception_is_told_with_its_line_and_not_raised(capfd):
    obj = answer("rnn_step", "a = x_t @ self.W_xh\n    return a / [1]")
    assert check("rnn_step", obj) == 0.0
    said = capfd.readouterr().out
    assert "line 5: return a / [1]" in said
    assert "TypeError" in said


def test_float64_only_code_is_told_that_training_is_in_float32():
    body = (
        "h, hs = torch.zeros(x.shape[1], self.n_hid, dtype=torch.float64), []\n"
        "    for x_t in x:\n        h = self.step(x_t, h)\n        hs.append(h)\n    hidden = torch.stack(hs)\n"
        "    return (hidden if self.head == 'softmax' else h) @ self.W_ho + self.b_o, hidden, None"
    )
    report = report_of("rnn_forward", answer("rnn_forward", body))
    assert report.points == 0.0
    assert any("float32" in message for message in report.messages)
