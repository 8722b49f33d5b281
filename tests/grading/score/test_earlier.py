"""One mistake is charged once: a question is also judged with right earlier ones in the place of the student's."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest
import torch
from checking import BANK, stub
from confined import need_sandbox
from graded import edit, grade, scores, submit

from rnnkit.assignments.training_dynamics import key
from rnnkit.assignments.training_dynamics.questions import CELLS, DIAGNOSTICS, QUESTIONS
from rnnkit.checks import generate, remote
from rnnkit.checks.report import Report
from rnnkit.checks.standins import Call, weights_of
from rnnkit.common.shapes import SHAPES
from rnnkit.grading.score.score import AGAINST, NO_ANSWER, NoAnswer, answers, score

DEPENDENT = [id for id, question in QUESTIONS.items() if question.needs]
NEEDS = [(id, need) for id in DEPENDENT for need in QUESTIONS[id].needs]
slow = pytest.mark.slow
RETURNS = {  # the right result's place in each solution, and something of another shape
    "rnn_step": ("return h_t", "return h_t[0]"),
    "gru_update_gate": ("return z_t", "return z_t[0, 0]"),
    "gru_reset_gate": ("return r_t", "return torch.cat([r_t, r_t])"),
    "gru_candidate": ("return h_new", "return h_new.T"),
    "gru_step": ('return h_t, {"z": z_t, "r": r_t}', 'return h_t[:1], {"z": z_t[:1], "r": r_t[:1]}'),
    "grad_norm": ("return float(squares.sqrt())", "return [g.norm() for g in grads]"),
    "grad_time": ("return g", "return g[1:]"),
    "sat_time": ("return distance.mean(dim=(1, 2))", "return distance.mean(0)"),
    "gate_sat_time": ("return distance.mean(dim=(1, 2))", "return distance"),
}


def first(id: str) -> str:
    """A solution cell with the first known mistake of a question that leaves it no point for values."""
    mistake = next(one for one in BANK if one.question == id and "detach" not in one.name)
    return generate.patched(id, mistake.old, mistake.new)


def raising(id: str) -> str:
    old = RETURNS[id][0]
    return generate.patched(id, old, f"torch.zeros(2) @ torch.zeros(3)\n    {old}")


OTHER_WAYS = ("another shape", "no such name")
WAYS = {
    "wrong formula": first,
    "raises": raising,
    "another shape": lambda id: generate.patched(id, *RETURNS[id]),
    "not written": stub,
    "no such name": lambda id: "pass",
}


def scored(id: str, text: str | None = None, seed: int = 0, hangs: bool = False, **others: str) -> Report:
    """The score of a question where the cells of some others are not the right ones.

    Arguments:
        hangs: whether the earlier ones never end, which is no answer to every request that asks for them.
    """
    obj = generate.student_object(id, text, **others)

    def ask(request):
        if hangs and "known" not in json.loads(request):
            raise NoAnswer("took longer than 20 s")
        return remote.answer(request, obj)

    return score(QUESTIONS[id], ask, np.random.default_rng(seed))


# ---- who made one mistake -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "need", "way"),
    [
        pytest.param(id, need, way, marks=slow if way in OTHER_WAYS or need != QUESTIONS[id].needs[-1] else ())
        for id, need in NEEDS
        for way in WAYS
    ],
)
def test_what_is_right_by_itself_has_full_points_whatever_is_wrong_before(id, need, way):
    report = scored(id, **{need: WAYS[way](need)})
    assert (report.points, report.status) == (report.most, "solved"), report.text()
    told = next(message for message in report.messages if message.startswith("judged with"))
    assert QUESTIONS[need].name in told
    assert told.endswith(f"in the place of yours: {report.most:g} of {report.most:g} points")


@pytest.mark.parametrize("id", DEPENDENT)
def test_so_it_has_where_an_earlier_one_hangs(id):
    report = scored(id, hangs=True)
    assert (report.points, report.status) == (report.most, "solved"), report.text()
    assert report.messages[0] == "took longer than 20 s"


@pytest.mark.parametrize("way", ["wrong formula", "raises", "not written"])
def test_a_sequence_counts_where_a_part_of_its_step_is_wrong(way):
    report = scored("gru_forward", gru_candidate=WAYS[way]("gru_candidate"))
    assert report.points == report.most, report.text()


def test_all_earlier_ones_may_be_wrong_at_once():
    wrong = {need: first(need) for need in QUESTIONS["gru_step"].needs}
    assert scored("gru_step", **wrong).points == 3
    wrong = {need: stub(need) for need in QUESTIONS["diagnostic_keys"].needs}
    assert scored("diagnostic_keys", **wrong).points == 2


def test_nothing_more_is_asked_where_all_is_right_or_the_earlier_ones_are():
    asked = []

    def ask(request):
        asked.append(json.loads(request))
        return remote.answer(request, obj)

    right = {need: Report(need, "", 3.0, 3.0, "solved") for need in QUESTIONS}
    for text in (None, first("gru_step")):
        obj = generate.student_object("gru_step", text)
        for earlier in (None, right):
            score(QUESTIONS["gru_step"], ask, np.random.default_rng(0), earlier)
    assert asked
    assert not any("known" in one for one in asked)


def test_what_is_right_in_public_alone_is_known_from_its_report():
    hidden = generate.patched("rnn_step", "return h_t", "return h_t if x_t.shape[0] in (1, 3, 7) else 0 * h_t")
    obj = generate.student_object("rnn_forward", rnn_step=hidden)
    earlier = {"rnn_step": Report("rnn_step", "", 0.0, 3.0, "not right yet")}
    ask = functools.partial(remote.answer, obj=obj)
    report = score(QUESTIONS["rnn_forward"], ask, np.random.default_rng(0), earlier)
    assert report.points == 3, report.text()


# ---- who made another one as well ---------------------------------------------------------------------------------

OWN = [one for one in BANK if one.question in DEPENDENT]
FEW = [next(one for one in OWN if one.question == id) for id in DEPENDENT]
FEW += [one for one in OWN if one.name in ("r twice", "detached", "traces swapped", "norm after")]


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(one, id=f"{one.question}-{one.name}".replace(" ", "_"), marks=() if one in FEW else slow)
        for one in OWN
    ],
)
def test_a_mistake_of_its_own_costs_what_it_costs_and_is_named(mistake):
    id, need = mistake.question, QUESTIONS[mistake.question].needs[-1]
    text = generate.patched(id, mistake.old, mistake.new)
    report, alone = scored(id, text, **{need: first(need)}), scored(id, text)
    assert report.points == alone.points < report.most, report.text()
    assert mistake.message in report.text()


def test_a_mistake_of_its_own_is_named_beside_the_earlier_one():
    swapped = generate.patched("gru_step", "(1 - z_t) * h_prev + z_t * h_new", "z_t * h_prev + (1 - z_t) * h_new")
    told = scored("gru_step", swapped, gru_candidate=generate.patched("gru_candidate", " + self.b_h)", ")")).messages
    assert "mend question gru_candidate first" in told[0]
    assert told[1].endswith("0 of 3 points; GRU.step has a mistake of its own")
    assert "z_t and 1 - z_t are swapped" in told[2]


def test_the_better_counts():
    """A step that mends its own wrong gates is right as it is, and not with right ones."""
    turned = generate.patched("gru_update_gate", "return z_t", "return 1 - z_t")
    mended = generate.patched("gru_step", "self.update_gate(x_t, h_prev)", "1 - self.update_gate(x_t, h_prev)")
    assert scored("gru_step", mended, gru_update_gate=turned).points == 3


# ---- other ways to call them --------------------------------------------------------------------------------------

CALLS = {
    "by name": ("gru_step", "self.candidate(x_t, h_prev, r_t)", "self.candidate(x_t, r_t=r_t, h_prev=h_prev)"),
    "of the class": ("gru_step", "self.candidate(x_t, h_prev, r_t)", "GRU.candidate(self, x_t, h_prev, r_t)"),
    "as a function": ("gru_step", "self.candidate(x_t, h_prev, r_t)", "candidate(self, x_t, h_prev, r_t)"),
    "one row": ("gru_forward", "x.new_zeros(x.shape[1], self.W_hh.shape[0])", "x.new_zeros(1, self.W_hh.shape[0])"),
    "one axis": ("rnn_forward", "x.new_zeros(x.shape[1], self.W_hh.shape[0])", "x.new_zeros(self.W_hh.shape[0])"),
    "float32": ("rnn_forward", "x.new_zeros(", "torch.zeros("),
    "one by one": (
        "rnn_forward",
        "h_t = self.step(x_t, h_t)",
        "h_t = torch.cat([self.step(x_t[b : b + 1], h_t[b : b + 1]) for b in range(len(x_t))])",
    ),
    "gates once more": ("gru_forward", 'zs.append(gates["z"])', "zs.append(self.update_gate(x_t, [0 * h_t, *hs][-2]))"),
    "item": ("clip", "norm = global_norm(grads)", "norm = global_norm(grads).item()"),
    "float": ("clip", "norm = global_norm(grads)", "norm = global_norm(grads)\n    assert type(norm) is float"),
    "generator": ("clip", "norm = global_norm(grads)", "norm = global_norm(g for g in grads)"),
    "array": ("diagnostic_keys", "saturation_tanh(hidden)", "saturation_tanh(hidden).astype(float)"),
    "tensor": ("diagnostic_keys", "saturation_tanh(hidden)", "saturation_tanh(hidden).detach().tolist()"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_it_may_call_them_in_any_way_that_right_ones_allow(name):
    id, old, new = CALLS[name]
    others = {"gates once more": "gru_update_gate", "array": "sat_time", "tensor": "sat_time"}
    need = others.get(name, QUESTIONS[id].needs[-1])
    report = scored(id, generate.patched(id, old, new), **{need: WAYS["not written"](need)})
    assert report.points == report.most, report.text()


WRONG_CALLS = {
    "stacked states": ("diagnostic_keys", "gradient_through_time(loss, hs)", "gradient_through_time(loss, hidden)"),
    "copy": ("diagnostic_keys", "gradient_through_time(loss, hs)", "gradient_through_time(loss, [1 * h for h in hs])"),
    "another loss": ("diagnostic_keys", "gradient_through_time(loss, hs)", "gradient_through_time(2 * loss, hs)"),
    "a list": ("diagnostic_keys", "saturation_tanh(hidden)", "saturation_tanh(hs)"),
    "a trace for the state": ("diagnostic_keys", 'gate_distance(gates["r"])', "gate_distance(hidden)"),
    "swapped arguments": ("gru_step", "self.candidate(x_t, h_prev, r_t)", "self.candidate(h_prev, x_t, r_t)"),
    "overwritten": ("gru_step", "h_t = (1 - z_t) * h_prev + z_t * h_new", "h_t = (1 - z_t) * h_prev + h_new.mul_(z_t)"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_CALLS)
def test_what_right_ones_do_not_allow_has_no_points_for_it(name):
    id, old, new = WRONG_CALLS[name]
    wrong = {need: WAYS["not written"](need) for need in QUESTIONS[id].needs}
    report, alone = scored(id, generate.patched(id, old, new), **wrong), scored(id, generate.patched(id, old, new))
    assert report.points == alone.points < report.most, report.text()


# ---- right code, outside ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["rnn_step", "gru_update_gate", "gru_reset_gate", "gru_candidate", "gru_step"])
def test_right_code_and_its_gradients_are_those_of_the_reference(id):
    question, inputs = QUESTIONS[id], key.draw(id, np.random.default_rng(1))
    given = [*question.arguments, *weights_of(question)]
    right = key.right(id, inputs)
    call = Call(id, "tanh", [inputs[name] for name in given], [])
    (found,) = answers(key, {"a": call}, inputs).values()
    values = next(iter(right.values()))
    names = [name for name in values if " (with" not in name]
    for name, value in zip(names, found["values"], strict=True):
        np.testing.assert_allclose(value, values[name], rtol=0, atol=1e-12)
    state = found["values"][0]
    weights = np.cos(1.3 * np.arange(state.size)).reshape(state.shape)
    back = [weights] + [np.zeros_like(state)] * (len(names) - 1)
    (found,) = answers(key, {"a": Call(id, "tanh", call.arrays, back)}, inputs).values()
    gradients = right[next(case for case in right if "gradients" in case)]
    for name, value in zip(given, found["values"], strict=True):
        np.testing.assert_allclose(value, gradients[f"d{names[0]}/d{name}"], rtol=0, atol=1e-12)


def test_calls_that_fit_nowhere_are_errors_and_large_ones_are_refused():
    ones = [np.ones(shape) for shape in ((2, 3), (2, 4), (3, 4), (4, 4), (4,))]
    wide = [np.ones(shape) for shape in ((200, 1, 1), (1, 200, 1), (1, 1, 200), (1, 1), (200, 1), (4,))]
    calls = {
        "too few": Call("gru_update_gate", "", ones[:2], []),
        "shapes": Call("gru_update_gate", "", [ones[1], *ones[1:]], []),
        "way back": Call("gru_update_gate", "", ones, [np.ones((9, 9))]),
        "phi": Call("rnn_step", "relu", ones, []),
        "large": Call("gru_candidate", "", wide, []),
        "axes": Call("gru_update_gate", "", [*ones[:4], np.ones((2, 2, 4))], []),
        "nothing": Call("sat_time", "", [], []),
        "no graph": Call("grad_time", "", [np.array(1.0), np.ones((2, 4))], []),
    }  # fmt: skip
    inputs = key.draw("diagnostic_keys", np.random.default_rng(1))
    assert {name: [*given] for name, given in answers(key, calls, inputs).items()} == {
        name: ["error"] for name in calls
    }


# ---- who attacks it -----------------------------------------------------------------------------------------------


# Takes all right values out of the process's memory.
STASH = """
_stash = {}

def _books():
    for function in (RNN.step, GRU.step, GRU.candidate):
        for cell in function.__closure__ or ():
            if type(cell.cell_contents).__name__ == "Book":
                yield cell.cell_contents

def _all():
    for book in _books():
        for entry in book.given.values():
            for value in entry.get("values", ()):
                _stash[value.tobytes(), value.shape] = torch.tensor(value)
    return [value for value in _stash.values()]
"""


def hostile(code: str, *ids: str) -> dict[str, Report]:
    """The scores of some questions, one after the other in one process; a later cell has `STASH` and this code."""
    obj = generate.student_object(ids[0], gru_rho=f"{generate.solution('gru_rho')}\n{STASH}{code}")
    reports: dict[str, Report] = {}
    for seed, id in enumerate(ids):
        target = obj if QUESTIONS[id].target == obj.__name__ else None
        ask = functools.partial(remote.answer, obj=target)
        reports[id] = score(QUESTIONS[id], ask, np.random.default_rng(seed))
    return reports


def test_what_is_stashed_answers_nothing_later():
    code = """
@method_of(GRU)
def step(self, x_t, h_prev):
    z, r = self.update_gate(x_t, h_prev), self.reset_gate(x_t, h_prev)
    c = self.candidate(x_t, h_prev, r)
    near = [one for one in _all() if one.shape == h_prev.shape]
    return (near[-1].to(h_prev) if near else c) + 0 * c, {"z": z, "r": r}

@method_of(GRU)
def candidate(self, x_t, h_prev, r_t):
    near = [one for one in _all() if one.shape == h_prev.shape]
    return near[-1].to(h_prev) + 0 * (h_prev @ self.W_hh) if near else 0 * h_prev

@method_of(GRU)
def forward(self, x):
    near = [one for one in _all() if one.shape == x.shape[1:2] + self.b_h.shape]
    hidden = torch.stack([near[t % len(near)].to(x) for t in range(len(x))]) if near else x @ self.W_xh
    h = hidden if self.head == "softmax" else hidden[-1]
    return h @ self.W_ho + self.b_o, hidden, {"z": hidden, "r": hidden}
"""
    reports = hostile(code, "gru_step", "gru_candidate", "gru_forward", "gru_step")
    assert {id: report.points for id, report in reports.items()} == dict.fromkeys(reports, 0.0)


@pytest.mark.parametrize(
    "given",
    [
        "h_t + 1e-3",
        *(pytest.param(one, marks=slow) for one in ("h_t.round(decimals=2)", "(hs[-2] if hs[1:] else h_t)")),
    ],
)
def test_a_sequence_that_hands_on_other_states_is_wrong_for_every_table(given):
    text = generate.patched("rnn_forward", "self.step(x_t, h_t)", f"self.step(x_t, {given})")
    report = scored("rnn_forward", text, rnn_step=first("rnn_step"))
    assert report.cases[0].passed is report.cases[3].passed is False
    assert report.points < 1.5


def test_a_sequence_that_enumerates_the_table_has_nothing_but_what_it_asked_for():
    code = """
@method_of(RNN)
def step(self, x_t, h_prev):
    return x_t @ self.W_xh

@method_of(RNN)
def forward(self, x):
    zero = x.new_zeros(x.shape[1], self.W_hh.shape[0])
    asked = [self.step(x_t, zero) for x_t in x]
    near = [one.to(x) for one in _all() if one.shape == zero.shape]
    hidden = torch.stack((near * len(x) + asked)[: len(x)]) + 0 * torch.stack(asked)
    h = hidden if self.head == "softmax" else hidden[-1]
    return h @ self.W_ho + self.b_o, hidden, None
"""
    assert hostile(code, "rnn_forward")["rnn_forward"].points == 0


BEHAVES = {
    "takes the candidate for the state": "return c, {'z': z, 'r': r}",
    "asks for the step itself": """
    import numpy as np
    from rnnkit.assignments.training_dynamics.questions import QUESTIONS as table
    names = ['W_xz', 'W_hz', 'b_z', 'W_xr', 'W_hr', 'b_r', 'W_xh', 'W_hh', 'b_h']
    arrays = [one.detach().numpy() for one in (x_t, h_prev, *(getattr(self, name) for name in names))]
    for book in _books():
        found = book.look(table['gru_step'], arrays)
        if found is not None:
            return torch.tensor(found[0]) + 0 * c, {'z': z, 'r': r}
    return 0 * c, {'z': z, 'r': r}""",
    "says that it was called": """
    for book in _books():
        book.calls.clear()
        book.called.update(['gru_candidate', 'gru_step'])
    return 0 * c, {'z': z, 'r': r}""",
}


@pytest.mark.parametrize("name", BEHAVES)
def test_one_that_knows_the_stand_in_has_the_points_of_its_own_work(name):
    code = f"""
@method_of(GRU)
def candidate(self, x_t, h_prev, r_t):
    return 0 * h_prev

@method_of(GRU)
def step(self, x_t, h_prev):
    z, r = self.update_gate(x_t, h_prev), self.reset_gate(x_t, h_prev)
    c = self.candidate(x_t, h_prev, r)
    if GRU.candidate.__module__ == "__main__":
        return 0 * c, {{'z': z, 'r': r}}
    {BEHAVES[name]}
"""
    assert hostile(code, "gru_step")["gru_step"].points == 0


def test_what_is_forbidden_is_so_while_calls_are_found_out():
    """A ready-made sequence that runs before the last request alone, and hands out what it kept."""
    code = """
_kept = {}

@method_of(RNN)
def step(self, x_t, h_prev):
    return 0 * h_prev

@method_of(RNN)
def forward(self, x):
    key = x.detach().numpy().tobytes()
    if key not in _kept:
        call = getattr(torch, "rnn_" + "tanh")
        weights = [self.W_xh.T, self.W_hh.T, self.b_h, 0 * self.b_h]
        _kept[key] = call(x, x.new_zeros(1, x.shape[1], len(self.b_h)), weights, True, 1, 0.0, False, False, False)[0]
    self.step(x[0], 0 * _kept[key][0])
    hidden = _kept[key]
    h = hidden if self.head == "softmax" else hidden[-1]
    return h @ self.W_ho + self.b_o, hidden, None
"""
    obj = generate.student_object("rnn_forward", f"{generate.solution('rnn_forward')}\n{code}")
    earlier = {"rnn_step": Report("rnn_step", "", 0.0, 3.0, "not right yet")}

    def ask(request):
        if "known" not in json.loads(request):
            raise NoAnswer("it does not want to be seen")
        return remote.answer(request, obj)

    report = score(QUESTIONS["rnn_forward"], ask, np.random.default_rng(0), earlier)
    assert (report.points, report.status) == (0.0, NO_ANSWER)


def test_what_is_against_the_rules_is_not_judged_again():
    cell = generate.patched("gru_candidate", "return h_new", "return torch.nn.GRUCell(2, 2) and h_new")
    report = scored("gru_step", gru_candidate=cell)
    assert (report.points, report.status) == (0.0, AGAINST)


def test_only_what_was_asked_for_is_ever_sent_and_nothing_stays():
    obj = generate.student_object("gru_step", gru_candidate=stub("gru_candidate"))
    before, noted = dict(vars(obj)), set()

    def ask(request):
        assert set(json.loads(request).get("known", ())) <= noted
        reply = remote.answer(request, obj)
        noted.update(json.loads(reply).get("calls", ()))
        assert dict(vars(obj)) == before
        return reply

    assert score(QUESTIONS["gru_step"], ask, np.random.default_rng(0)).points == 3
    assert noted
    function = generate.student_object("clip", grad_norm=stub("grad_norm"))
    space = dict(function.__globals__)
    report = score(QUESTIONS["clip"], lambda request: remote.answer(request, function), np.random.default_rng(0))
    assert report.points == 3
    assert function.__globals__ == space


FORGED = {
    "no calls": lambda reply: {key: value for key, value in reply.items() if key != "calls"},
    "a list of calls": lambda reply: reply | {"calls": []},
    "many calls": lambda reply: reply | {"calls": {str(k): None for k in range(5000)}},
    "another question": lambda reply: reply | {"calls": {"a": _call("rho")}},
    "this question": lambda reply: reply | {"calls": {"a": _call("gru_step")}},
    "no arrays": lambda reply: reply | {"calls": {"a": _call("gru_candidate") | {"arrays": [1, "x"]}}},
    "always one more": lambda reply: reply | {"calls": {"a": _call("gru_candidate")}},
    "called numbers": lambda reply: reply | {"called": [3]},
}


def _call(question: str) -> dict:
    return {"question": question, "phi": "", "arrays": [], "back": []}


@pytest.mark.parametrize("name", FORGED)
def test_forged_calls_change_nothing(name):
    obj = generate.student_object("gru_step", gru_candidate=stub("gru_candidate"))

    def ask(request):
        reply = remote.answer(request, obj)
        return json.dumps(FORGED[name](json.loads(reply))) if "known" in json.loads(request) else reply

    report = score(QUESTIONS["gru_step"], ask, np.random.default_rng(0))
    assert report.points == 0
    assert "judged with" not in report.text()


@slow
def test_a_submission_whose_candidate_hangs_has_the_points_of_step_and_sequence(tmp_path):
    need_sandbox()
    folder = submit(tmp_path, "one", CELLS, DIAGNOSTICS)
    hanging = raising("gru_candidate").replace("torch.zeros(2)", "any(iter(int, 1))")
    edit(folder / CELLS, "gru_candidate_solution", hanging)
    edit(folder / DIAGNOSTICS, "grad_norm_solution", raising("grad_norm"))
    grade(tmp_path)
    found = {id: about[0] for id, about in scores(tmp_path)["one"].items() if id in QUESTIONS}
    wrong = {"gru_candidate", "grad_norm", "omega"}
    assert found == {id: 0 if id in wrong else question.points for id, question in QUESTIONS.items()}


def test_tables_agree():
    assert {need.id for id in DEPENDENT for need in QUESTIONS[id].behind} == set(RETURNS)
    assert weights_of(QUESTIONS["gru_candidate"]) == ["W_xh", "W_hh", "b_h"]
    assert weights_of(QUESTIONS["gru_step"]) == [*SHAPES["GRU"]][:9]
    assert torch.get_default_dtype() == torch.float32
