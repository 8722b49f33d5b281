"""Scoring from outside: right answers have full points, known mistakes lose the same as in the public check."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from bank.answers import RULES, VARIANTS, WRONG
from checking import BANK, answer, every_question, of_many, report_of, scored, stub

from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks import generate, remote
from rnnkit.checks.outcome import named
from rnnkit.checks.right import expected
from rnnkit.grading.release.wheel import student_source
from rnnkit.grading.score.score import ELSEWHERE, NO_ANSWER, NoAnswer, score

# ---- right answers ------------------------------------------------------------------------------------------------


@every_question
def test_a_solution_has_full_points_for_many_draws(id):
    obj, requests = generate.student_object(id), []

    def ask(request):
        requests.append(request)
        return remote.answer(request, obj)

    for seed in range(15):
        report = score(QUESTIONS[id], ask, np.random.default_rng(seed))
        assert (report.points, report.status) == (QUESTIONS[id].points, "solved"), report.text()
        assert report.messages == []
    assert len(set(requests)) == 30
    assert not any(json.loads(request)["inputs"] is None for request in requests)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_right_variant_has_full_points(name):
    id, body = VARIANTS[name]
    for seed in range(2):
        report = scored(id, answer(id, body), seed)
        assert report.points == report.most, report.text()


def test_what_is_no_known_mistake_has_no_name():
    report = scored("rho", stub("rho"))
    assert report.messages
    assert not report.mistakes


def test_notes_of_the_code_reach_the_report():
    id, body = VARIANTS["float32 start"]
    assert any("checked in float32" in message for message in scored(id, answer(id, body)).messages)


# ---- wrong answers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mistake", of_many(BANK, lambda one: f"{one.question}-{one.name}", lambda one: one.question))
def test_a_known_mistake_is_named_and_loses_in_public_what_it_loses_in_hiding(mistake):
    obj = generate.student_object(mistake.question, generate.patched(mistake.question, mistake.old, mistake.new))
    report, shown = scored(mistake.question, obj), report_of(mistake.question, obj)
    assert report.points == shown.points < report.most
    assert [case.passed for case in report.cases] == [case.passed for case in shown.cases]
    assert report.messages[0] == shown.messages[0] == mistake.message
    assert report.mistakes == shown.mistakes == [mistake.message]
    assert mistake.message in shown.text()


@pytest.mark.parametrize("name", WRONG)
def test_other_wrong_answers_lose_points_too(name):
    id, body, told = WRONG[name]
    report = scored(id, answer(id, body))
    assert report.points < report.most
    assert told is None or told in report.text(), report.text()


@pytest.mark.parametrize("name", RULES)
def test_ready_made_answers_are_against_the_rules(name):
    id, body, used = RULES[name]
    report = scored(id, answer(id, body))
    assert (report.points, report.status) == (0.0, "against the rules")
    assert used in report.messages[0]


@every_question
def test_a_stub_is_called_a_stub(id):
    obj = generate.student_object(id, stub(id))
    report = scored(id, obj)
    assert (report.points, report.status) == (0.0, "not written yet")
    assert report.messages == report_of(id, obj).messages


@pytest.mark.parametrize(
    "obj", [None, 3, len, torch.nn.Linear, lambda *a: a], ids=lambda obj: getattr(obj, "__name__", str(obj))
)
@every_question
def test_something_else_has_no_points_and_the_same_status(id, obj):
    report, shown = scored(id, obj), report_of(id, obj)
    assert report.points == 0.0
    assert (report.status, report.messages) == (shown.status, shown.messages)


def test_a_mistake_in_an_earlier_question_is_named_as_such_and_costs_nothing_here():
    wrong = generate.patched("gru_update_gate", " + self.b_z)", ")")
    report = scored("gru_forward", generate.student_object("gru_forward", gru_update_gate=wrong))
    assert "gru_step" not in report.messages[0]  # it has no mistake of its own
    assert "mend question gru_update_gate first" in report.messages[0]
    assert "the bias b_z is missing" in report.messages[0]
    assert report.messages[1] == "judged with a right GRU.step in the place of yours: 3 of 3 points"
    assert report.points == 3
    wrong = generate.patched("grad_norm", "squares.sqrt()", "squares")
    report = scored("clip", generate.student_object("clip", grad_norm=wrong))
    assert "mend question grad_norm first" in report.messages[0]
    assert report.points == 3


# ---- right in public only -----------------------------------------------------------------------------------------


def test_hard_coded_sizes_are_told_with_the_sizes_that_show_it():
    text = generate.patched("rnn_forward", "x.new_zeros(x.shape[1], self.W_hh.shape[0])", "x.new_zeros(3, 5)")
    obj = generate.student_object("rnn_forward", text)
    assert "T = B = 1" in report_of("rnn_forward", obj).text()
    report = scored("rnn_forward", obj)
    assert report.points == 0.0
    assert "with the same cell, new weights" in report.cases[0].details[0]


def test_answers_by_heart_have_no_points():
    inputs, right = QUESTIONS["rho"].inputs, expected(QUESTIONS["rho"])
    known = [
        (given[source], float(right[case][named("rho", name) if name else "rho"]))
        for source, case in zip(("W", "W_turning"), right, strict=True)
        for name, given in [("", inputs), *inputs.of(case).rounds.items()]
    ]

    def spectral_radius(W):
        for matrix, radius in known:
            if matrix.shape == tuple(W.shape) and np.allclose(matrix, W.numpy(), atol=1e-6):
                return radius
        return 1.0

    assert report_of("rho", spectral_radius).status == "solved"
    report = scored("rho", spectral_radius)
    assert report.points == 0.0
    assert report.messages == [ELSEWHERE]
    assert "got 1" in report.cases[0].details[0]


def test_what_is_right_for_one_draw_only_has_no_points():
    right, calls = generate.student_object("sat_time"), []

    def sometimes(hidden):
        calls.append(1)
        return right(hidden) if len(calls) <= 2 else 0 * right(hidden)

    assert scored("sat_time", sometimes).points == 0.0


# ---- no answer ----------------------------------------------------------------------------------------------------


@every_question
def test_no_answer_is_no_points_and_its_reason(id):
    def ask(request):
        raise NoAnswer("the kernel \x1b[31mdied")

    report = score(QUESTIONS[id], ask, np.random.default_rng(0))
    assert (report.points, report.status, report.messages) == (0.0, NO_ANSWER, ["the kernel died"])


def test_no_answer_to_the_second_draw_is_no_points_but_to_the_last_question_is_only_less_said():
    right, wrong = (generate.student_object("clip", text) for text in
                    (None, generate.patched("clip", "return new, norm", "return new, cutoff")))  # fmt: skip

    def first(count, obj):
        def ask(request):
            asked.append(request)
            if len(asked) > count:
                raise NoAnswer("timeout")
            return remote.answer(request, obj)

        asked = []
        return score(QUESTIONS["clip"], ask, np.random.default_rng(0))

    assert (first(1, right).points, first(1, right).status) == (0.0, NO_ANSWER)
    assert first(2, right).status == "solved"
    assert first(2, wrong).points == first(3, wrong).points == 0.5
    assert first(3, wrong).messages == ["you return the cutoff; the norm before clipping is wanted."]
    assert first(2, wrong).messages == []
    assert "expected" in first(2, wrong).cases[0].details[0]


# ---- the student's side -------------------------------------------------------------------------------------------


def test_the_students_wheel_can_answer(tmp_path):
    student_source(generate.ROOT, tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import rnnkit, torch\n"
        "assert rnnkit.__file__.startswith(sys.argv[1])\n"
        "from rnnkit.checks.remote import answer\n"
        "space = {}\nexec(sys.argv[2], space)\n"
        "for line in sys.stdin:\n    print(answer(line, space[sys.argv[3]]), flush=True)\n"
        "assert 'rnnkit.grading' not in sys.modules\n"
    )
    text = generate.solution("rho")
    command = [sys.executable, "-c", program, str(tmp_path), f"import numpy as np\n{text}", "spectral_radius"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:

        def ask(request):
            process.stdin.write(request + "\n")
            process.stdin.flush()
            return process.stdout.readline()

        report = score(QUESTIONS["rho"], ask, np.random.default_rng(5))
        process.stdin.close()
    assert process.returncode == 0
    assert report.status == "solved", report.text()
