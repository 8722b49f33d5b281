"""The tests that the questions of every lab pass; a lab names itself and what is its own in a subclass."""

from __future__ import annotations

import re

import numpy as np
from bank.measure import of_pair, told
from checking import of_many
from course import ROOT

from rnnkit.assignments import get_assignment
from rnnkit.checks import generate, remote
from rnnkit.checks.assignment import Assignment
from rnnkit.checks.observe import run_cases
from rnnkit.checks.outcome import equal
from rnnkit.checks.report import Report
from rnnkit.checks.right import expected
from rnnkit.checks.runner import examine
from rnnkit.checks.sandbox import quiet
from rnnkit.grading.evidence.borrowed import alike, shipped
from rnnkit.grading.score.score import score


class LabQuestions:
    """Right answers in any style pass, known mistakes are named, and what is forbidden gets nothing.

    Attributes:
        lab: its name.
        points, minutes: of all its code.
        mistakes: known ones that each question has at least.
        variants: right answers in other styles than the solutions', by name: a question and a body.
        rules: what is forbidden, by name: a question, a body, and what is found.
        above: what stands above a body, where that is not the signature of the solution, by question.
        of_form: names of quantities that may be 0.
        near: how far numbers of two ways may be apart.
        pairs: of known mistakes at once, how many are tried for each question.
    """

    lab = ""
    points, minutes, mistakes, pairs = 0.0, 0, 6, 8
    variants: dict[str, tuple[str, str]] = {}
    rules: dict[str, tuple[str, str, str]] = {}
    above: dict[str, str] = {}
    of_form = "length of|other keys|letters of"
    near = 1e-9

    def pytest_generate_tests(self, metafunc) -> None:
        bank = generate.bank(self.assignment)
        for name, values in {
            "id": [*self.assignment.questions],
            "variant": of_many(self.variants, str),
            "rule": [*self.rules],
            "mistake": of_many(bank, lambda one: f"{one.question}-{one.name}"),
        }.items():
            if name in metafunc.fixturenames:
                metafunc.parametrize(name, values)

    @property
    def assignment(self) -> Assignment:
        return get_assignment(self.lab)

    def report_of(self, id: str, text: str | None = None) -> Report:
        question = self.assignment.questions[id]
        return examine(question, generate.student_object(question, text))

    def with_body(self, id: str, body: str) -> str:
        """The cell of a question with this body under its signature."""
        above = (
            self.above.get(id) or generate.solution(self.assignment.questions[id]).split("    ### BEGIN")[0] + 4 * " "
        )
        return f"{above}{body}\n"

    def test_the_questions_have_the_points_that_the_lab_promises(self):
        bank = generate.bank(self.assignment)
        assert sum(question.points for question in self.assignment.code) == self.points
        assert sum(question.minutes for question in self.assignment.code) == self.minutes
        for question in self.assignment.code:
            assert sum(case.weight for case in question.cases) == question.points
            assert len(question.cases) >= 3
            assert sum(mistake.question == question.id for mistake in bank) >= self.mistakes

    def test_two_ways_to_compute_it_agree_on_public_and_on_random_inputs(self, id):
        question, key = self.assignment.questions[id], self.assignment.key
        public, found = expected(question), key.right(id, question.inputs)
        assert {case: [*rows] for case, rows in public.items()} == {case: [*rows] for case, rows in found.items()}
        for case, rows in public.items():
            assert all(equal(found[case][name], value, 1e-8) for name, value in rows.items()), case
        for seed in range(3):
            inputs = key.draw(id, np.random.default_rng(seed))
            with quiet():
                outcomes = run_cases(question, generate.student_object(question), inputs)
            for case, rows in key.right(id, inputs).items():
                assert (outcomes[case].error, outcomes[case].problems) == (None, {})
                assert all(equal(outcomes[case].values[name], one, self.near) for name, one in rows.items()), case

    def test_no_answer_is_nothing(self, id):
        """Zeros must not pass for an answer, but where shapes or words are asked."""
        key = self.assignment.key
        for seed in range(5):
            for case, rows in key.right(id, key.draw(id, np.random.default_rng(seed))).items():
                rows = {name: value for name, value in rows.items() if not re.match(self.of_form, name)}
                assert not rows or not all(equal(np.zeros_like(value), value) for value in rows.values()), case

    def test_right_answers_in_other_styles_get_all_points_in_both_looks(self, variant):
        id, body = self.variants[variant]
        question = self.assignment.questions[id]
        obj = generate.student_object(question, self.with_body(id, body))
        report = examine(question, obj)
        assert report.status == "solved", told(report)
        hidden = score(question, lambda request: remote.answer(request, obj), np.random.default_rng(7))
        assert hidden.status == "solved", told(hidden)

    def test_what_is_forbidden_gets_nothing_and_is_named(self, rule):
        id, body, found = self.rules[rule]
        report = self.report_of(id, self.with_body(id, body))
        assert report.points == 0
        assert "this question is to be written" in report.messages[0]
        assert found in report.messages[0]

    def test_who_prints_what_comes_in_breaks_no_rule(self):
        functions = [question for question in self.assignment.code if not question.method]
        assert functions
        for question in functions:
            above, mark, body = generate.solution(question).partition(f"def {question.target}(")
            signature, begin, solved = body.partition("    ### BEGIN SOLUTION\n")
            assert begin, question.id
            shown = f"    print(f'{{[{', '.join(question.arguments)}]}}')\n"
            report = self.report_of(question.id, above + mark + signature + shown + solved)
            assert report.status == "solved", told(report)

    def test_every_known_mistake_costs_points_and_is_named(self, mistake):
        question = self.assignment.questions[mistake.question]
        report = self.report_of(mistake.question, generate.patched(question, mistake.old, mistake.new))
        assert report.points < report.most
        assert mistake.message in " ".join(told(report)), told(report)

    def test_of_two_known_mistakes_at_once_something_true_is_said(self, id):
        pairs = list(generate.pairs(self.assignment.questions[id]))
        for one, other, text in pairs[:: -(-len(pairs) // self.pairs)]:
            said = of_pair(one, other, self.report_of(id, text), self.assignment)
            assert said in ("true", "clue"), (one.name, other.name, said)

    def test_every_failure_has_an_experiment_of_the_question_itself(self, id):
        assert not self.assignment.questions[id].tries()[-1].marks  # one that fits whatever is known

    def test_no_right_answer_is_taken_for_the_packages_own(self):
        shapes = shipped(ROOT, self.assignment)
        answers = [generate.solution(question) for question in self.assignment.code]
        answers += [self.with_body(id, body) for id, body in self.variants.values()]
        assert [found for text in answers if (found := alike(text, shapes))] == []
