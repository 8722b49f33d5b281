"""What a check says about a wrong answer is borne out by what the answer did, and says where to look."""

from __future__ import annotations

import collections
import re
import subprocess
import sys

import numpy as np
import pytest
from bank.answers import OUTPUT, SUM, ZEROS, rnn
from bank.measure import of_pair, said, told
from checking import BANK, answer, every_question, report_of, scored

from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks import generate, known, right
from rnnkit.checks.observe import run_probes
from rnnkit.checks.outcome import Outcome
from rnnkit.checks.relations import bias_alike, relation
from rnnkit.grading.release.wheel import student_source

GATE = "x_t @ self.W_xz + h_prev @ self.W_hz + self.b_z"
CUBED = f"return torch.sigmoid({GATE.replace('h_prev', '(h_prev + 0.3 * h_prev ** 3)')})"


# ---- no claim without evidence ------------------------------------------------------------------------------------


def test_a_known_mistake_must_fit_the_cases_that_passed():
    body = f"a = {SUM}\n    return torch.sigmoid(a) if self.phi == 'tanh' else PHI[self.phi](a)"
    report = report_of("rnn_step", answer("rnn_step", body))
    assert any(case.passed for case in report.cases)
    assert "you always use the sigmoid" not in report.text()


def test_two_things_are_not_taken_for_one():
    text = said("rnn_forward", rnn(back=f"return {OUTPUT}, hidden"))
    assert "only the output comes back" not in text
    assert "got tuple of 2" in text


def test_contract_problems_tell_two_outcomes_apart():
    one, other = (Outcome(sizes={"B": 3, "H": 5}) for _ in range(2))
    one.put("h_t", None, "BH")
    other.put("h_t", "text", "BH")
    assert one.fingerprint() != other.fingerprint()


@pytest.mark.parametrize(
    "body",
    ["return torch.zeros(2, device='meta').item()", "return torch.eye(2, dtype=torch.float64).to_sparse().exp()"],
    ids=["meta", "sparse"],
)
def test_what_torch_does_not_implement_is_no_stub(body):
    report = report_of("rnn_step", answer("rnn_step", body))
    assert report.status != "not written yet"
    assert "not written yet" not in report.text()


def test_a_missing_step_is_called_by_its_own_question():
    report = report_of("rnn_forward", generate.student_object("rnn_forward", rnn_step="pass"))
    assert report.messages == ["RNN.step, which this calls, is not written yet: question rnn_step comes first"]


def test_advice_goes_by_the_exception_and_its_place():
    text = said("grad_norm", "return grads.total()")
    assert "has no attribute 'total'" in text
    assert "self" not in text
    text = said("clip", "return tuple(grads) + 1")
    assert "self.step" not in text
    assert "Your cell has no W_xx; is self.W_xh meant?" in said("rnn_step", "return torch.tanh(x_t @ self.W_xx)")
    assert "That is (B, I) @ (H, H)" in said("rnn_step", "return torch.tanh(x_t @ self.W_hh)")


def test_h_0_is_spoken_of_only_where_a_probe_shows_it():
    wrong = said("rnn_forward", rnn(start=f"{ZEROS} + 0.123"))
    assert "look at h_0" in wrong
    other = said("rnn_forward", rnn().replace("hs.append(h_t)", "hs.append(h_t * 1.7 - 0.2 * h_t ** 3)"))
    assert "h_0" not in other
    assert "hidden[0], the state after x_1, is wrong already" in other


def test_the_bias_is_spoken_of_where_all_sequences_differ_alike():
    assert "look at the bias" in said("gru_update_gate", f"return torch.sigmoid({GATE} + 0.7 * self.b_z.tanh())")
    a = np.random.default_rng(0).normal(size=(3, 5))
    assert bias_alike(np.tanh(a + np.arange(5) / 9), np.tanh(a))
    assert not bias_alike(np.tanh(1.1 * a), np.tanh(a))


def test_clipping_in_place_is_not_called_no_clipping():
    start = "norm = global_norm(grads)\n    factor = min(1.0, cutoff / norm)"
    text = said("clip", f"{start}\n    for g in grads:\n        g *= factor\n    return grads, norm")
    assert "in place" in text
    assert "no clipping" not in text
    assert "no clipping" not in said("clip", "return torch.cat([g.flatten() for g in grads]), global_norm(grads)")


@pytest.mark.parametrize(
    ("got", "right"),
    [(1.0, 0.0), (0.25, 0.5), (16.0, 4.0), (2.0, 4.0)],
    ids=["complement", "square", "square2", "root"],
)
def test_one_number_that_could_be_chance_is_no_relation(got, right):
    outcome = Outcome(values={"length of s": np.array(got)})
    assert relation({"length of s": np.array(right)}, outcome) is None


def test_a_part_is_not_said_to_explain_all():
    text = generate.patched("rnn_forward", " + self.b_o", "").replace("output, hidden", "output, hidden * 1.3 + 0.01")
    report = report_of("rnn_forward", generate.student_object("rnn_forward", text))
    assert not any(message.endswith("b_o is missing.") for message in report.messages)


def test_a_mistake_that_gives_other_numbers_in_a_failed_case_is_not_named():
    text = generate.patched("rnn_forward", "for x_t in x:", "for x_t in x[:-1]:")
    report = report_of("rnn_forward", generate.student_object("rnn_forward", text))
    assert "one step late" not in report.text()
    assert re.search(r"last (entry|step) is left out|only 3 of 4", report.text())


# ---- slips --------------------------------------------------------------------------------------------------------

SLIPS = {
    "another gate's bias": ("gru_update_gate", "self.b_z", "self.b_r", r"b_r stands where b_z should"),
    "another gate's input weights": ("gru_reset_gate", "self.W_xr", "self.W_xz", r"W_xz stands where W_xr should"),
    "two of another gate's": ("gru_candidate", "self.W_xh + (r_t * h_prev) @ self.W_hh",
        "self.W_xz + (r_t * h_prev) @ self.W_hz", r"W_xz and W_hz stand where W_xh and W_hh should"),
    "the state for the input": ("rnn_step", "h_prev @", "h_prev.abs() @", r"h_prev.*absolute value"),
    "one axis": ("sat_time", "dim=(1, 2)", "dim=2", r"dim=2 stands where|dim=-1|mean over the batch is missing"),
    "turned comparison": ("omega", "length >= bound", "length < bound", r"< stands where >= should"),
    "the mixture's share": ("gru_step", "z_t * h_new", "r_t * h_new", r"r_t stands where z_t should|share is r_t"),
}  # fmt: skip


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_told_by_what_stands_where(name):
    id, old, new, pattern = SLIPS[name]
    report = report_of(id, generate.student_object(id, generate.patched(id, old, new)))
    assert report.points < report.most
    assert re.search(pattern, report.messages[0]), report.text()


# ---- probes -------------------------------------------------------------------------------------------------------


@every_question
def test_the_solution_is_right_with_every_probe(id):
    expected = right.probe_expected(QUESTIONS[id])
    for name, outcome in run_probes(QUESTIONS[id], generate.student_object(id)).items():
        assert outcome.error is None, (name, outcome.error)
        assert not outcome.problems, (name, outcome.problems)
        for quantity, numbers in expected[name].items():
            np.testing.assert_allclose(outcome.values[quantity], numbers, rtol=1e-7, atol=1e-9)


def test_probes_say_when_an_answer_is_right():
    text = said("gru_update_gate", CUBED)
    assert "right when h_prev = 0; when W_hz = 0" in text
    assert "wrong, too, when x_t = 0" in text
    gated = "(r_t.square() * 0.9 * h_prev + 0.1 * r_t * h_prev) @ self.W_hh"
    text = said("gru_candidate", f"return torch.tanh(x_t @ self.W_xh + {gated} + self.b_h)")
    assert "right when r_t = 1; when r_t = 0" in text


PARTS = {
    "z, and h_t with it": ("z_t = 0.9 * z_t ** 1.1", "z is wrong and r is right; h_t follows"),
    "h_t alone": ("h_prev = 1.1 * h_prev", "z and r are right, h_t is not"),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_of_the_grus_step_it_is_said_which_part_is_wrong(name):
    start, told_of = PARTS[name]
    gates = "z_t, r_t = self.update_gate(x_t, h_prev), self.reset_gate(x_t, h_prev)"
    end = 'h_new = self.candidate(x_t, h_prev, r_t)\n    return h_prev + z_t * (h_new - h_prev), {"z": z_t, "r": r_t}'
    assert told_of in said("gru_step", f"{gates}\n    {start}\n    {end}")


def test_probes_come_back_from_another_process():
    obj = answer("gru_update_gate", CUBED)
    report = scored("gru_update_gate", obj)
    assert any("right when h_prev = 0" in message for message in report.messages), report.text()


@every_question
def test_probes_have_the_sizes_that_they_say(id):
    for name, given in QUESTIONS[id].probe_inputs.items():
        for letter, size in re.findall(r"\((\w) = (\d)\)", name):
            assert given.sizes[letter] == int(size)
    assert set(right.probe_expected(QUESTIONS[id])) == set(QUESTIONS[id].probe_inputs)
    assert QUESTIONS[id].inputs.sizes["B"] == 3


# ---- two mistakes at once -----------------------------------------------------------------------------------------


def _one_alone(said: str, alone: list[str]) -> bool:
    """Whether a sentence claims, of all cases, a known mistake or slip."""
    return said in alone or (said.startswith(known.SLIPPED) and not known.PART.search(said))


def _told(id: str, every: int) -> None:
    """Two may be right together (no phi, and phi twice), or do exactly what a third mistake or a slip does, which is
    what is said then."""
    found, alone = {}, [mistake.message for mistake in BANK if mistake.question == id]
    pairs = list(generate.pairs(id))[::every]
    for one, other, text in pairs:
        report = report_of(id, generate.student_object(id, text))
        word = of_pair(one, other, report)
        if word not in ("true", "passed") and not _one_alone(report.messages[0], alone):
            found[one.name, other.name] = (word, report.messages)
    assert all(word == "clue" for word, _ in found.values()), found
    assert len(found) <= 0.05 * len(pairs), found


@every_question
def test_two_known_mistakes_at_once_are_told(id):
    _told(id, 17)


@pytest.mark.slow
@every_question
def test_every_two_known_mistakes_are_told(id):
    _told(id, 1)


def test_a_report_on_two_mistakes_does_not_blame_one_of_them_alone():
    one = generate.patched("gru_candidate", " + self.b_h)", ")").replace("torch.tanh", "torch.sigmoid")
    report = report_of("gru_candidate", generate.student_object("gru_candidate", one))
    assert "the bias b_h is missing" in report.messages[0]
    assert "you use the sigmoid" in report.messages[0]


# ---- always something ---------------------------------------------------------------------------------------------


@every_question
def test_no_wrong_answer_is_left_without_a_word(id):
    for one in known.known(QUESTIONS[id])[::29]:
        assert all(one.says)
    given = (*QUESTIONS[id].arguments, "self.W_hh")[0]
    given += "[0]" if given in ("hs", "grads") else ""
    assert told(report_of(id, answer(id, f"return 0.123 + 0 * {given}")))


def test_points_stand_where_the_diagnosis_fails(monkeypatch):
    def fails(*_):
        raise ValueError("odd numbers")

    text = generate.patched("rnn_forward", " + self.b_o", "")
    before = report_of("rnn_forward", generate.student_object("rnn_forward", text))
    monkeypatch.setattr("rnnkit.checks.judge.diagnosis", fails)
    after = report_of("rnn_forward", generate.student_object("rnn_forward", text))
    assert (after.points, after.messages) == (before.points, [])
    assert before.points > 0


def test_parts_of_one_name_are_told_apart_by_their_case():
    body = "flow = torch.stack(torch.autograd.grad(loss, hs)).half().double()\n    return flow.norm(dim=-1).mean(-1)"
    assert "g in “loss at every step” is right, g in “loss at the last step” and g x 1e28 are not." in said(
        "grad_time", body
    )


def test_what_the_failing_rounds_have_in_common_is_said():
    head = """hidden if self.head == "softmax" else hidden[-1]"""
    text = generate.patched("rnn_forward", head, head.replace('self.head == "softmax"', '"oftmax" in self.head'))
    report = report_of("rnn_forward", generate.student_object("rnn_forward", text))
    assert "What these have and the others have not: head = lastSoftmax." in report.messages[0]


def test_the_line_that_called_what_raised_is_shown():
    text = generate.patched("gru_step", "self.candidate(x_t, h_prev, r_t)", "self.candidate(x_t, x_t, r_t)")
    report = report_of("gru_step", generate.student_object("gru_step", text))
    assert "(called in step, line 7: h_new = self.candidate(x_t, x_t, r_t)" in report.text()


# ---- where students have it ---------------------------------------------------------------------------------------


def test_the_students_wheel_tells_slips_pairs_and_probes(tmp_path):
    student_source(generate.ROOT, tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import rnnkit\n"
        "assert rnnkit.__file__.startswith(sys.argv[1])\n"
        "import torch\nfrom rnnkit.cells import Cell\nfrom rnnkit.assignments.training_dynamics import check\n"
        "class GRU(Cell):\n"
        "    shapes = {a + b: s for b in 'zrh' for a, s in (('W_x', 'IH'), ('W_h', 'HH'), ('b_', 'H'))}\n"
        "for text in sys.argv[2:]:\n"
        "    space = {'torch': torch}\n"
        "    exec('def update_gate(self, x_t, h_prev):\\n    ' + text, space)\n"
        "    GRU.update_gate = space['update_gate']\n"
        "    check('gru_update_gate', GRU, more=1)\n"
    )
    slip = f"return torch.sigmoid({GATE.replace('b_z', 'b_r')})"
    both = f"return torch.tanh({GATE.removesuffix(' + self.b_z')})"
    command = [sys.executable, "-c", program, str(tmp_path), slip, both, CUBED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True, cwd=tmp_path)
    assert done.stderr == ""
    assert "b_r stands where b_z should" in done.stdout
    assert "Two mistakes at once" in done.stdout
    assert "right when h_prev = 0; when W_hz = 0" in done.stdout


def test_a_wrong_answer_costs_few_calls():
    """Counted, as they are nearly the same however fast and busy a machine is."""
    costs = []
    for id in QUESTIONS:
        for mistake in [one for one in BANK if one.question == id][:4]:
            obj = generate.student_object(id, generate.patched(id, mistake.old, mistake.new))
            report_of(id, obj)
            calls: collections.Counter[str] = collections.Counter()
            sys.setprofile(lambda frame, event, argument, calls=calls: calls.update([event]))
            try:
                report_of(id, obj)
            finally:
                sys.setprofile(None)
            costs.append(calls["call"] + calls["c_call"])
    assert np.median(costs) < 15_000
    assert max(costs) < 300_000
