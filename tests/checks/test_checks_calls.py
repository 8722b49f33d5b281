"""What a check says of calls that do not repeat, of states through time, of sums and sizes, and of results' order."""

from __future__ import annotations

import re

import numpy as np
import pytest
from bank.answers import OUTPUT, SUM, ZEROS, rnn
from bank.measure import said
from checking import answer, every_question, report_of

from rnnkit.assignments.training_dynamics.inputs import SIZES
from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks import generate, remote, repeats
from rnnkit.checks.errors import letter
from rnnkit.checks.observe import run_cases
from rnnkit.grading.score.score import score


def messages(id: str, body: str) -> list[str]:
    return report_of(id, answer(id, body)).messages


# ---- calls that do not repeat ----------------------------------------------------------------------------------------

KEPT = {
    "a default list": ("rnn_forward", "", "raises"),
    "a state in self": ("rnn_forward", rnn(start=f"getattr(self, 'last', {ZEROS})").replace(
        "hidden = torch", "object.__setattr__(self, 'last', h_t.detach())\n    hidden = torch"), "raises|is not"),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_from_call_to_call_is_no_matter_of_float32(name):
    id, body, what = KEPT[name]
    if not body:
        text = generate.patched(id, "def forward(self, x):", "def forward(self, x, hs=[]):")
        text = re.sub(r"\n +hs = \[\]\n", "\n", text)
        report = report_of(id, generate.student_object(id, text))
    else:
        report = report_of(id, answer(id, body))
    assert report.points < report.most
    assert len(report.messages) == 1, report.text()
    assert re.search(f"the first call is right, and a later one with the same inputs ({what})", report.messages[0])
    assert "float32" not in report.text()
    assert "kept from call to call (a default argument, an attribute, a global)" in report.messages[0]


def test_a_weight_that_is_kept_is_told_by_what_a_first_call_gives():
    kept = "W = self.__dict__.setdefault('kept', self.W_hh.detach().clone())"
    body = f"{kept}\n    W = self.W_hh + (W - self.W_hh).detach()\n    return PHI[self.phi]({SUM})"
    (message,) = messages("rnn_step", body.replace("@ self.W_hh", "@ W"))
    assert "asked first they come out otherwise: something is kept from call to call" in message


RANDOM = {
    "dropout": ("rnn_forward", rnn(back=f"return torch.nn.functional.dropout({OUTPUT}), hidden, None")),
    "a random h_0": ("rnn_forward", rnn(start="torch.rand(x.shape[1], self.n_hid, dtype=x.dtype)")),
    "noise": ("rnn_step", f"return PHI[self.phi]({SUM} + 1e-3 * torch.randn_like(h_prev))"),
    "of a function": ("sat_time", "return (1 - hidden.abs()).mean(dim=(1, 2)) + torch.rand(len(hidden))"),
    "a generator of its own": ("rnn_step", f"import numpy as np\n    noise = np.random.default_rng().normal()\n"
                               f"    return PHI[self.phi]({SUM} + noise)"),
}  # fmt: skip


@pytest.mark.parametrize("name", RANDOM)
def test_something_random_is_called_so_and_nothing_else_is_said(name):
    report = report_of(RANDOM[name][0], answer(*RANDOM[name]))
    assert report.messages == [f"{repeats.RANDOM}."]
    assert "float32" not in report.text()
    assert report.points < report.most


def test_what_is_kept_is_told_from_another_process():
    obj = answer(
        "rnn_step", f"self.__dict__['n'] = self.__dict__.get('n', 0) + 1\n    return PHI[self.phi]({SUM}) * self.n"
    )
    report = score(QUESTIONS["rnn_step"], lambda request: remote.answer(request, obj), np.random.default_rng(0))
    assert report.points == 0
    assert any("kept from call to call" in message for message in report.messages), report.text()


def test_float32_is_named_where_it_is_the_reason():
    text = said("rnn_step", f"return PHI[self.phi]({SUM} + torch.zeros(self.n_hid, dtype=torch.float64) @ self.W_hh)")
    assert "it fails in float32, in which training runs: x.new_zeros follows x's dtype" in text


@every_question
def test_a_solution_repeats(id):
    for outcome in run_cases(QUESTIONS[id], generate.student_object(id)).values():
        assert repeats.CALLS not in outcome.problems


# ---- states through time -------------------------------------------------------------------------------------------

STATES = {
    "h_0 is a bias": (rnn(start=f"{ZEROS} + self.b_h"), "h_0 is the bias b_h; it is 0."),
    "h_0 is 0.1": (rnn(start=f"{ZEROS} + 0.1"), "h_0 is 0.1; it is 0."),
    "h_0 from the input": (rnn(start="x[0] @ self.W_xh"), "h_0 is x[0] W_xh; it is 0."),
    "another h_0": (rnn(start=f"{ZEROS} + self.b_h ** 3"), "the first is not what step gives from h_0 = 0"),
    "a mixture": (rnn(step="h_t = 0.35 * h_t + 0.65 * self.step(x_t, h_t)"),
                  "each state is 0.65 times what step gives plus 0.35 times the state before"),
    "two steps": (rnn(step="h_t = self.step(x_t, sum(hs[-2:], 0 * h_t))"), "the sum of the last two states"),
    "one odd step": (rnn(step="h_t = self.step(x_t, h_t if len(hs) != 1 else 0 * h_t)"),
                     "the state is reset to 0 at the second step"),
    "rounded": (rnn(step="h_t = self.step(x_t, h_t)\n        h_t = (h_t * 100).round() / 100"),
                "the new state is rounded"),
    "clamped": (rnn(step="h_t = self.step(x_t, h_t).clamp(-0.5, 0.5)"), "what step gives, clamped at -0.5 and 0.5"),
    "a factor of its own": (rnn(step="h_t = self.step(x_t, h_t) / (len(hs) + 1)"), "that changes: 1, 0.5, 0.3333"),
    "late input": (rnn(step="h_t = self.step(x[max(len(hs) - 1, 0)], h_t)"), "the inputs come one step late"),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_states_are_held_against_the_steps_from_them(name):
    body, pattern = STATES[name]
    found = messages("rnn_forward", body)
    assert any(pattern in message for message in found), found


def test_nothing_else_is_said_where_the_output_follows_from_the_states():
    assert len(messages("rnn_forward", STATES["h_0 is 0.1"][0])) == 1


def test_a_wrong_step_is_not_used_to_explain_the_states():
    body = rnn(step="h_t = torch.tanh(x_t @ self.W_xh + h_t @ self.W_hh)")
    obj = answer("rnn_forward", body)
    obj.step = lambda self, x_t, h_prev: torch_wrong(h_prev)
    assert not any("step gives" in message for message in report_of("rnn_forward", obj).messages)


def torch_wrong(h_prev):
    return 0.5 * h_prev


# ---- sums, factors, digits -----------------------------------------------------------------------------------------

MADE = {
    "leaky": ("rnn_step", f"return 0.35 * h_prev + 0.65 * PHI[self.phi]({SUM})",
              r"h_t: it equals 0\.65 times the right h_t plus 0\.35 times h_prev"),
    "two matrices": ("gru_rho", "return self.W_hz + self.W_hh", r"W_hh and W_hz are added; W_hh alone"),
    "one in the sum": ("grad_norm", "return (3 + sum(float((g.double() ** 2).sum()) for g in grads)) ** 0.5",
                       r"in every round its square is the right square plus 3"),
    "summed": ("sat_time", "return (2 - 2 * hidden.abs()).sum(-1).mean(-1)",
               r"s: divided by H, it is 2 times the right answer: a sum over the units"),
    "rounded": ("grad_norm", "return round(sum(float((g.double() ** 2).sum()) for g in grads) ** 0.5, 1)",
                r"the norm is rounded"),
    "a factor that is rounded": ("clip", "norm = global_norm(grads)\n    f = round(min(1.0, cutoff / norm), 1)\n"
                                 "    return [g * f for g in grads], norm",
                                 r"the factor is rounded"),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_what_a_wrong_answer_is_made_of_is_said(name):
    id, body, pattern = MADE[name]
    assert re.search(pattern, said(id, body)), said(id, body)


def test_an_answer_that_is_never_right_gets_no_list_of_special_inputs():
    assert "it stays wrong when" not in said("sat_time", "return 3.3 - hidden.exp().mean(dim=(1, 2)) ** 2")


# ---- order and form --------------------------------------------------------------------------------------------------

FORMS = {
    "two in turn": ("rnn_forward", rnn(back=f"return hidden, {OUTPUT}, None"),
                    "output and hidden are in the wrong order"),
    "three in turn": ("rnn_forward", rnn(back=f"return hidden, None, {OUTPUT}"),
                      "in the wrong order: hidden, None, output"),
    "a dict": ("rnn_forward", rnn(back=f"return {{'output': {OUTPUT}, 'hidden': hidden}}"), "one dict came back"),
    "a generator": ("rnn_forward", rnn(back="yield hidden"), "with yield in it gives a generator"),
    "gates first": ("gru_step", "z_t, r_t = self.update_gate(x_t, h_prev), self.reset_gate(x_t, h_prev)\n    c = "
                    "self.candidate(x_t, h_prev, r_t)\n    return {'z': z_t, 'r': r_t}, h_prev + z_t * (c - h_prev)",
                    "h_t and the gates are in the wrong order"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_results_in_another_order_or_form_are_told(name):
    id, body, text = FORMS[name]
    assert text in said(id, body), said(id, body)


TRACES = {
    "complement": ("gru_step", '"z": z_t', '"z": 1 - z_t',
                   "h_t is right: only what is returned as z is wrong: it is 1 - z."),
    "last": ("gru_forward", '"z": torch.stack(zs)', '"z": torch.stack([zs[-1] for z in zs])',
             "only what is returned as z is wrong: every step holds the last step's z"),
    "number": ("gru_step", '"z": z_t', '"z": float(z_t.mean())',
               "z is one number: return the gates themselves, (B, H)"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRACES)
def test_gates_that_are_only_returned_wrongly_are_told(name):
    id, old, new, text = TRACES[name]
    (message,) = report_of(id, generate.student_object(id, generate.patched(id, old, new))).messages
    assert text in message


def test_sizes_in_torchs_messages_get_their_letters():
    assert [letter(size, SIZES) for size in (3, 20, 15, 60, 7, 12, 8, 77)] == [
        "B", "T·H", "B·H", "T·B·H", "I + H", "T·B", "T·I", "77",
    ]  # fmt: skip
    cat = rnn().replace("torch.stack(hs)", "torch.cat(hs, dim=-1)").replace("hidden[-1]", "hidden")
    assert "(B, T·H) @ (H, O)" in said("rnn_forward", cat)


def test_the_keys_in_another_order_are_what_is_named():
    text = generate.patched("diagnostic_keys", 'gates["z"]', "list(gates.values())[0]")
    report = report_of("diagnostic_keys", generate.student_object("diagnostic_keys", text))
    assert re.search(r"have not: the keys of gates come in another order \(r, z\)[^,]*\.$", report.messages[0]), (
        report.text()
    )
