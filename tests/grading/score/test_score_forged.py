"""Replies that no check gives: whatever the student's process sends, nothing raises and nothing is given for it."""

from __future__ import annotations

import functools
import json
import tracemalloc

import numpy as np
import pytest
from checking import every_question
from hypothesis import given
from hypothesis import strategies as st

from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks import generate, remote
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import WITH
from rnnkit.checks.report import Report
from rnnkit.common.text import one_line, plain
from rnnkit.common.wire import DEPTH, decode, encode
from rnnkit.grading.score.reply import REPLY_LIMIT, TEXT, BadReply, read
from rnnkit.grading.score.score import NO_ANSWER, score

SOLUTIONS = {id: generate.student_object(id) for id in QUESTIONS}


@functools.cache
def right(id: str, request: str) -> str:
    """The right reply to a request: one for all forgeries, as the seed is the same."""
    return remote.answer(request, SOLUTIONS[id])


def forged(id: str, forge) -> Report:
    """The score where the right reply, as JSON objects, goes through ``forge`` on its way."""
    rng = np.random.default_rng(0)
    return score(QUESTIONS[id], lambda request: json.dumps(forge(json.loads(right(id, request)))), rng)


def each_case(change):
    """A forgery of every case of a reply."""
    return lambda reply: {**reply, "cases": {name: change(case) for name, case in reply["cases"].items()}}


def each_value(change):
    """A forgery of every array of a reply; ``change`` gets the array."""
    return each_case(lambda case: case | {"values": {k: change(decode(v)) for k, v in case["values"].items()}})


def sent(change):
    """The same where ``change`` gives an array."""
    return each_value(lambda value: encode(change(value)))


def altered(**changes):
    """A forgery of every array's own JSON."""
    return each_value(lambda value: {**encode(value), **changes})


VALUES = {
    "NaN": sent(lambda v: np.full(v.shape, np.nan)),
    "one NaN": sent(lambda v: np.where(np.arange(v.size).reshape(v.shape) == v.size - 1, np.nan, v)),
    "inf": sent(lambda v: np.full(v.shape, np.inf)),
    "minus inf": sent(lambda v: np.full(v.shape, -np.inf)),
    "largest": sent(lambda v: np.full(v.shape, 1.7e308)),
    "smallest": sent(lambda v: np.full(v.shape, 5e-324)),
    "ones": sent(np.ones_like),
    "an axis more": sent(lambda v: v[None]),
    "an axis behind": sent(lambda v: v[..., None]),
    "flat": sent(lambda v: v.ravel() if v.ndim != 1 else v[:, None]),
    "scalar": sent(lambda v: np.array(v.mean()) if v.ndim else v[None]),
    "a row to be repeated": sent(lambda v: v[:1] if v.ndim and len(v) > 1 else v[None]),
    "empty": sent(lambda v: np.zeros((0, *v.shape))),
    "twice": sent(lambda v: np.stack([v, v])),
    "integers": sent(lambda v: v.astype(np.int64)),
    "bools": sent(lambda v: v > 0),
    "float32": sent(lambda v: v.astype(np.float32)),
    "float16": sent(lambda v: v.astype(np.float16)),
    "lists": each_value(lambda v: v.tolist()),
    "a number": each_value(lambda v: float(v.ravel()[0])),
    "text": each_value(lambda v: "0.5"),
    "true": each_value(lambda v: True),
    "None": each_value(lambda v: None),
    "nested": each_value(lambda v: {"values": encode(v)}),
    "wrapped": each_value(lambda v: [encode(v)]),
    "complex": altered(array="<c16"),
    "objects": altered(array="|O"),
    "another dtype": altered(array="<f4"),
    "big-endian": altered(array=">f8"),
    "shape of text": altered(shape="()"),
    "negative shape": altered(shape=[-1]),
    "huge shape": altered(shape=[2**31, 2**31, 4]),
    "no bytes": altered(bytes=""),
    "nothing": each_case(lambda case: case | {"values": {}}),
    "others' names": each_case(lambda case: case | {"values": {f" {k}": v for k, v in case["values"].items()}}),
    "a problem": each_case(lambda case: case | {"problems": {"x": "y"}}),
    "an error": each_case(lambda case: case | {"error": {"type": "E", "text": "t", "where": ["f", "l"]}}),
}


@pytest.mark.parametrize("name", VALUES)
@every_question
def test_forged_values_have_no_points(id, name):
    report = forged(id, VALUES[name])
    assert report.points == 0.0, report.text()
    assert report.status != "solved"


@every_question
def test_zeros_have_no_points(id):
    assert forged(id, sent(np.zeros_like)).points == 0.0


@every_question
def test_the_forger_changes_nothing_else(id):
    report = forged(id, lambda reply: reply)
    assert report.points == report.most


@every_question
def test_slightly_wrong_values_have_no_points(id):
    for factor in (1 + 1e-3, 1 - 1e-3):
        assert forged(id, sent(lambda v, factor=factor: v * factor + 1e-3)).points == 0.0


@every_question
def test_one_wrong_entry_costs_its_case(id):
    def forge(reply):
        case = next(iter(reply["cases"].values()))
        name, value = next((name, value) for name, value in case["values"].items())
        value = decode(value).copy()
        value.flat[-1] += 1e-3
        case["values"][name] = encode(value)
        return reply

    report = forged(id, forge)
    assert [case.passed for case in report.cases] == [False] + [True] * (len(report.cases) - 1)


@every_question
def test_the_reply_to_another_request_has_no_points(id):
    def ask(request):
        return remote.answer(remote.request(QUESTIONS[id]), SOLUTIONS[id])

    assert score(QUESTIONS[id], ask, np.random.default_rng(0)).points == 0.0


def test_inputs_handed_back_earn_only_what_handing_back_is_worth():
    """The limit of it: these cases ask for an input, or for sizes, and code that computes nothing earns them too."""

    def echo(request):
        asked = json.loads(request)
        inputs = Inputs.read(decode(asked["inputs"])) if asked["inputs"] else QUESTIONS[asked["question"]].inputs
        reply = decode(json.loads(remote.answer(request, SOLUTIONS[asked["question"]])))
        for case in reply["cases"].values():
            for name, value in case["values"].items():
                first, _, last = name.partition(WITH)
                given = inputs.rounds[last[:-1]] if last else inputs
                source = {"W": "W_hh", "h_t": "h_prev", "g": "loss_weights"}.get(first, f"g{name[6:7]}")
                size = given.sizes["T"] if name.startswith("length") else 0
                case["values"][name] = given.arrays.get(source, value * 0) if value.ndim else np.array(float(size))
        return json.dumps(encode(reply))

    points = {id: score(QUESTIONS[id], echo, np.random.default_rng(0)).points for id in QUESTIONS}
    earned = {id: number for id, number in points.items() if number}
    assert earned == {"rnn_rho": 1.0, "gru_rho": 1.0, "clip": 0.5, "diagnostic_keys": 0.5}


@pytest.mark.parametrize("used", ["torch.nn.GRU", "sys.setprofile", "solved"])
@every_question
def test_any_rule_that_is_said_to_be_broken_costs_all_points(id, used):
    report = forged(id, lambda reply: reply | {"rules": [used]})
    assert (report.points, report.status) == (0.0, "against the rules")
    assert used in report.messages[0]


def deep(levels: int, inner: str = "1") -> str:
    return "[" * levels + inner + "]" * levels


RIGHT = json.loads(remote.answer(remote.request(QUESTIONS["clip"]), SOLUTIONS["clip"]))
WHOLE = {
    "None": None, "bytes": b"{}", "a number": 3, "a dict": {}, "the request": ..., "empty": "", "null": "null",
    "true": "true", "list": "[]", "object": "{}", "number": "3.0", "points": '"3.0"', "NaN": "NaN",
    "cut off": '{"verdict"', "not JSON": "solved", "1e999": "1e999", "many digits": "9" * 5000,
    "deep": deep(100_000), "rather deep": deep(DEPTH + 2),
    "long": '"' + "x" * (REPLY_LIMIT + 1) + '"', "many": "[" + "1," * 1_000_000 + "1]", "lone surrogate": '"\\ud800"',
    "a key more": json.dumps({**RIGHT, "points": 3}),
    "a key less": json.dumps({"cases": RIGHT["cases"]}),
    "verdict": json.dumps({**RIGHT, "verdict": ["solved", "3 of 3 points"]}),
    "verdict true": json.dumps({**RIGHT, "verdict": True}),
    "verdict of numbers": json.dumps({**RIGHT, "verdict": [1, 2]}),
    "verdict of three": json.dumps({**RIGHT, "verdict": ["a", "b", "c"]}),
    "rules text": json.dumps({**RIGHT, "rules": "none"}),
    "rules object": json.dumps({**RIGHT, "rules": {}}),
    "rules of numbers": json.dumps({**RIGHT, "rules": [1]}),
    "many rules": json.dumps({**RIGHT, "rules": ["r"] * 1000}),
    "cases list": json.dumps({**RIGHT, "cases": []}),
    "no cases": json.dumps({**RIGHT, "cases": {}}),
    "cases true": json.dumps({**RIGHT, "cases": dict.fromkeys(RIGHT["cases"], True)}),
    "cases null": json.dumps({**RIGHT, "cases": dict.fromkeys(RIGHT["cases"])}),
    "cases with points": json.dumps({**RIGHT, "cases": {name: {"points": 1.5} for name in RIGHT["cases"]}}),
    "needs list": json.dumps({**RIGHT, "needs": []}),
    "needs of its own": json.dumps({**RIGHT, "needs": {"clip": RIGHT}}),
    "needs of nothing": json.dumps({**RIGHT, "needs": {"grad_norm": None}}),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_forged_replies_have_no_points_and_do_not_raise(name):
    reply = WHOLE[name]
    report = score(QUESTIONS["clip"], lambda request: request if reply is ... else reply, np.random.default_rng(0))
    assert report.points == 0.0
    assert "solved" not in report.status
    assert report.text().isprintable() or "\n" in report.text()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(encode(np.ones(3))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from([*QUESTIONS]), st.sampled_from(["verdict", "rules", "cases", "needs"]), JSON)
def test_any_part_of_a_reply_can_be_anything(id, part, anything):
    report = forged(id, lambda reply: {**reply, part: anything})
    harmless = {"verdict": None, "rules": [], "probes": {}, "needs": {}}
    assert report.points == 0.0 or (part in harmless and anything == harmless[part])


@given(st.sampled_from([*QUESTIONS]), st.sampled_from(["values", "problems", "error", "notes"]), JSON)
def test_any_part_of_a_case_can_be_anything(id, part, anything):
    report = forged(id, each_case(lambda case: case | {part: anything}))
    notes = part == "notes" and type(anything) is list and all(type(note) is str for note in anything)
    assert report.points == 0.0 or notes or (part in ("problems", "error") and anything in (None, {}))


def test_what_is_read_of_a_large_reply_is_small():
    text = "[" + "[]," * (REPLY_LIMIT // 3 - 2) + "[]]"
    tracemalloc.start()
    with pytest.raises(BadReply, match="values"):
        read(text, QUESTIONS["clip"], {})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 200 << 20


# ---- text ---------------------------------------------------------------------------------------------------------

DIRTY = (
    "\x1b[2J\x1b[31mred\x1b[0m\x1b]0;title\x07 \x1bcbell\x07 null\x00 back\x08 \r\nline \u202egnirts\u202c "
    "zero\u200bwidth \ud800 \x9b31m"
)


def test_text_is_plain():
    assert one_line(DIRTY) == "red bell null back   line gnirts zerowidth  31m"
    assert plain("one\r\ntwo\tthree") == "one\ntwo\tthree"
    assert one_line("x" * 1000) == "x" * (TEXT - 1) + "…"
    assert one_line("\x1b[" * 10_000) == ""
    assert one_line("h̃_t ∈ ℝ, τ≥1, 学生") == "h̃_t ∈ ℝ, τ≥1, 学生"


def test_text_of_the_other_process_is_cleaned_wherever_it_is_shown():
    error = {"type": DIRTY, "text": DIRTY + "x" * 2000, "where": [DIRTY, DIRTY]}
    places = [
        lambda reply: {**reply, "verdict": [DIRTY, DIRTY * 20]},
        lambda reply: {**reply, "rules": [DIRTY]},
        each_case(lambda case: case | {"problems": {DIRTY: DIRTY * 20}}),
        each_case(lambda case: case | {"notes": [DIRTY] * 50}),
        each_case(lambda case: case | {"error": error}),
    ]  # fmt: skip
    for forge in places:
        text = forged("clip", forge).text()
        assert all(line.isprintable() for line in text.splitlines()), text
        assert "red" in text
        assert len(text) < 6000


def test_a_reply_that_is_too_large_is_called_so():
    report = score(QUESTIONS["clip"], lambda request: WHOLE["long"], np.random.default_rng(0))
    assert report.status == NO_ANSWER
    assert "characters" in report.messages[0]


def test_large_results_of_honest_code_are_a_problem_of_their_case():
    def diagnostics_of(hidden):
        return np.zeros(10_000_000)

    asked = []

    def ask(request):
        asked.append(remote.answer(request, diagnostics_of))
        return asked[-1]

    report = score(QUESTIONS["sat_time"], ask, np.random.default_rng(0))
    assert max(map(len, asked)) < 10_000
    assert (report.points, report.status) == (0.0, "not right yet")
    assert "too large" in report.text() or "expected shape" in report.text()
