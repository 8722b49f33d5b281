"""Hints: which numbers an answer quotes, and whose figures they are."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from course import ASSIGNMENT, NOTEBOOKS
from hypothesis import given
from hypothesis import strategies as st
from runtools import here

from rnnkit.assignments.training_dynamics.key.hints import END_OF_SCHEME, facts, settings, with_hints
from rnnkit.assignments.training_dynamics.key.quoted import hints, numbers_in
from rnnkit.grading.evidence.evidence import SubmittedRun, evidence
from rnnkit.record.file import load
from rnnkit.record.verdict import verdict
from rnnkit.regimes import get_regime
from rnnkit.train import train

ASKED = (*ASSIGNMENT.hand_in.runs, *ASSIGNMENT.hand_in.welcome)  # the runs that the report asks about


def values(text) -> list[float]:
    return [number.value for number in numbers_in(text)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, tuple[SubmittedRun, Any]]:
    folder = tmp_path_factory.mktemp("runs")
    for key in ("A2", "B2"):
        train(get_regime(key, "tiny"), out=folder, cells="builtin")
    train(get_regime("A2", "tiny", task="torder", name="extra_torder"), out=folder, cells="builtin")
    records = {path.stem.split("_")[0]: load(path) for path in folder.glob("*.npz")}
    keys = {run.key.split("_")[0]: run for run in evidence(folder, here, ASSIGNMENT)}
    return {key: (run, records.get(key)) for key, run in keys.items()}


# ---- reading numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("median −4.39, -4.5 and –3.63", [-4.39, -4.5, -3.63]),
        ("between −4.4 and −3.6", [-4.4, -3.6]),
        ("0.05–0.06, and 10–20", [0.05, 0.06, 10, 20]),
        ("5e−15, 1e-12, 3·10^-4, $2.5 \\times 10^{-3}$", [5e-15, 1e-12, 3e-4, 2.5e-3]),
        ("after 50,000 updates, 2 000 more", [50_000]),
        ("82 % of them, 7%, $5\\%$", [82, 7, 5]),
        ("A1 and B2, h_2, W_1, x^2, 10^-8 and v1.2.3", []),
        ("3 of 7 runs, in 2 steps", []),
        ("In (2) and 1. we see −8.", [-8]),
        ("below 10^−14, 10^{-14} and 0.72^{100}", []),
        (".5 and 0.71.", [0.5, 0.71]),
        ("1e999 and 9e-999", [0]),
        ("", []),
    ],
)
def test_numbers_that_say_something(text, expected):
    assert values(text) == pytest.approx(expected)


def test_units_of_the_last_digit():
    halves = [number.half for number in numbers_in("0.5 0.50 50 5e-3 −12")]
    assert halves == pytest.approx([0.05, 0.005, 0.5, 5e-4, 0.5])


@given(text=st.text(st.sampled_from("0123456789.,-−–eE^{}%\\ ×·_xA$\n")))
def test_any_text_has_numbers_or_none(text):
    assert all(np.isfinite(number.half) for number in numbers_in(text))
    assert isinstance(hints(text, [{"rho: end value": 0.7}], [FACTS]), str)


def test_many_numbers_and_long_texts_are_cut():
    assert len(numbers_in(" ".join(f"{n}.5" for n in range(10, 99)))) == 30
    assert len(numbers_in("1" * 10**6)) <= 1
    assert numbers_in("," * 10**6) == []


# ---- comparing --------------------------------------------------------------------------------------------------

FACTS = {
    "log10 g_t: median": -4.3912,
    "distance to saturation: mean": 0.5478,
    "clipped updates %": 81.6,
    "updates": 2001.0,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("−4.39", "−4.39 is the median of log10 g_t"),
        ("-4.4", "−4.4 is the median of log10 g_t"),
        ("about −4.38", "−4.38 is the median of log10 g_t (−4.391)"),
        ("4.39 decades down", "4.39 is the median of log10 g_t (−4.391)"),
        ("0.55 then", "0.55 is the mean of distance to saturation"),
        ("82 % are clipped", "82 % is clipped updates"),
        ("after 2001 updates", "2001 is updates"),
        ("0.9", "0.9 is none of these runs' figures"),
        ("0.9 and 0.8", "0.9, 0.8 are none of these runs' figures"),
        ("−4.39; 0.9", "−4.39 is the median of log10 g_t; 0.9 is none of these runs' figures"),
        ("0.55 %", "0.55 % is none of these runs' figures"),
        ("no number", ""),
    ],
)
def test_what_a_number_is(text, expected):
    assert hints(text, [FACTS]) == expected


OTHERS = {"A1's rho: end value": 0.55, "the cutoff": 0.05}
OF_ANOTHER = {"A4's distance to saturation: mean": 0.8608}
LARGEST = {"gradient norm: largest": 0.8666}


@pytest.mark.parametrize(
    ("text", "mine", "others", "expected"),
    [
        # own figures come before others
        ("0.55", [FACTS, OTHERS], [], "0.55 is the mean of distance to saturation"),
        ("0.05", [FACTS, OTHERS], [], "0.05 is the cutoff"),
        ("0.5", [FACTS, OTHERS], [], "0.5 is the mean of distance to saturation"),
        ("−4", [FACTS, {"the other": -4.0}], [], "−4 is the median of log10 g_t"),
        ("0.6", [{}, OTHERS], [], "0.6 is none of these runs' figures"),  # one digit: too little to say so
        # a figure of another run comes before what is only near
        ("0.86", [LARGEST, OF_ANOTHER], [], "0.86 is the mean of A4's distance to saturation"),
        ("0.86", [LARGEST], [], "0.86 is the largest of gradient norm (0.8666)"),
        ("0.86", [LARGEST], [{"rho: end value": 0.86}], "0.86 is the largest of gradient norm (0.8666)"),
        ("0.87", [{}], [LARGEST], "0.87 is the largest of gradient norm"),
        # what is far off is another figure
        ("0.012", [{"saturated units %": 0.0135}], [], "0.012 is none of these runs' figures"),
        ("−0.80", [{"correlation": -0.9287}], [], "−0.80 is none of these runs' figures"),
        # limits are limits, and figures that are none are no ones
        ("below −8", [{"log10 g_t: mean": -8.376}], [], "−8 is the limit of vanishing"),
        ("1e−12", [FACTS], [], "1e−12 is what is added to g_t before its logarithm"),
        ("0.55", [{"rho: end value": np.nan, "updates": np.inf}], [], "0.55 is none of these runs' figures"),
    ],
)
def test_whose_figure_a_number_is(text, mine, others, expected):
    assert hints(text, mine, others) == expected


@pytest.mark.parametrize("text", ["0.01", "1e-12", "0.001 %"])
def test_only_zero_is_zero(text):
    zeros = {"saturated units %": 0.0, "rho: start value": 0.0}
    assert " of " not in hints(text, [zeros, zeros], [zeros]).replace("none of", "")
    assert hints("0.0", [zeros]) == "0.0 is saturated units or the start value of rho"


# ---- figures of a run -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["A2", "B2"])
def test_facts_are_those_that_the_verdict_states(runs, key):
    run, record = runs[key]
    figures, row = facts(run), verdict(record)
    low, mid, high = (figures[f"log10 g_t: {name}"] for name in ("5th percentile", "median", "95th percentile"))
    assert row["log10 g: median (5th to 95th percentile)"] == f"{mid:.2f} ({low:.2f} to {high:.2f})"
    assert row["mean distance"] == f"{figures['distance to saturation: mean']:.3f}"
    assert row["rho: start, end"] == f"{figures['rho: start value']:.3f}, {figures['rho: end value']:.3f}"
    norms = figures["gradient norm: median"], figures["gradient norm: largest"]
    assert row["gradient norm: median, largest"] == f"{norms[0]:.3g}, {norms[1]:.3g}"
    if key == "A2":
        assert figures["clipped updates %"] == 100
        assert row["clipped updates"] == "100 % to 0.05"
    else:
        z = figures["update gate: mean value"], figures["update gate: mean"]
        assert row["gates: mean value, distance"].startswith(f"z {z[0]:.2f}, {z[1]:.2f}; r ")
    assert all(np.isfinite(value) and type(value) is float for value in figures.values())


def test_a_run_that_cannot_be_read_has_no_figures(runs):
    run, _ = runs["A2"]
    assert facts(SubmittedRun("A1")) == {}
    assert settings(SubmittedRun("A1")) == {}
    for missing in ("checks", "last", "curves", "texts", "norms"):
        content = run.content | {missing: {}}
        assert isinstance(facts(SubmittedRun("A2", "a", (), run.regime, "tiny", content)), dict)
    content = run.content | {"checks": run.content["checks"] | {"rho_Whh": np.zeros(2)}}
    assert facts(SubmittedRun("A2", "a", (), run.regime, "tiny", content)) == {}


# ---- in a notebook ----------------------------------------------------------------------------------------------


def notebook(**answers):
    book = nbformat.v4.new_notebook()
    for name, answer in answers.items():
        scheme = f"Question.\n\n=== BEGIN MARK SCHEME ===\n- 1: all of it\n{END_OF_SCHEME}"
        for id, source in ((f"{name}_task", scheme), (name, answer)):
            cell = nbformat.v4.new_markdown_cell(source)
            cell.metadata["nbgrader"] = {"grade_id": id}
            book.cells.append(cell)
    return book


def hint_of(runs, **answer) -> str:
    book = notebook(**answer)
    with_hints(book, [run for run, _ in runs.values()])
    scheme = book.cells[0].source
    assert scheme.startswith("Question.\n\n=== BEGIN MARK SCHEME ===\n- 1: all of it\n")
    assert scheme.endswith(f".\n\n{END_OF_SCHEME}")  # a paragraph of its own
    assert [cell.source for cell in book.cells[1:]] == list(answer.values())
    return scheme


def test_hints_stand_in_the_mark_scheme_for_each_run_that_is_compared(runs):
    rho = facts(runs["A2"][0])["rho: end value"]
    other = facts(runs["B2"][0])["log10 g_t: median"]
    text = hint_of(runs, rho_mem=f"It ends at {rho:.3f}, B2's median is {other:.2f}, cutoff 0.05, and 77.7.")
    assert "- A1: cannot be read.\n- A2 (tiny): rho: start value " in text
    assert f"end value {rho:.4g}, largest" in text
    assert f"{rho:.3f} is the start value of A2's rho or the end value of A2's rho" in text  # it hardly moves
    assert f"{other:.2f}".replace("-", "−") + " is the median of B2's log10 g_t" in text
    assert "0.05 is A2's cutoff" in text
    assert "77.7 is none of these runs' figures" in text


def test_each_question_shows_its_own_figures(runs):
    assert "log10 g_t: median" in hint_of(runs, gradient_mul="x")
    assert "distance to saturation: median" in hint_of(runs, saturation_mul="x")
    assert "update gate: median" in hint_of(runs, gates_mul="x")
    assert "gradient norm: median" in hint_of(runs, clip_rnn="x")
    assert "log10 g_t" not in hint_of(runs, saturation_mem="x")
    assert "**Quoted numbers:** none." in hint_of(runs, saturation_mem="x")
    assert "validation error: last value 76 %, best value 76 %" in hint_of(runs, extra_torder="x")


def test_a_run_of_the_students_own_is_known_by_its_name(runs):
    run, _ = runs["A2"]
    own = {"own": (dataclasses.replace(run, key="own_experiment"), None)}
    text = hint_of(runs | own, own_experiment=f"ρ ends at {facts(run)['rho: end value']:.3f}.")
    assert text.count("\n- ") == 2
    assert "- own_experiment (tiny): " in text  # the other line is of the scheme
    assert "end value of own_experiment's rho" in text


def test_without_a_record_that_is_said(runs):
    assert "none of these runs can be read" in hint_of({}, rho_mem="From 0.71 to 1.15.")
    assert "none of these runs can be read" in hint_of(runs, own_experiment="From 0.71 to 1.15.")


def test_answers_leave_nothing_but_numbers_in_the_scheme(runs):
    evil = "0.5<script>alert(1)</script> 7.5\n=== END MARK SCHEME ===\n[x](javascript:1) 8.25 \\% $\\href{x}{1.5}$"
    text = hint_of(runs, rho_mem=evil)
    assert text.count(END_OF_SCHEME) == 1
    assert not {"<", ">", "[", "$", "\\"} & set(text)


def test_cells_without_a_question_or_a_scheme_stay(runs):
    book = notebook(rho_mem="0.5")
    book.cells[0].source = "Question without a scheme."
    book.cells.append(nbformat.v4.new_markdown_cell("free"))
    before = json.dumps(book)
    with_hints(book, [run for run, _ in runs.values()])
    assert json.dumps(book) == before


# ---- the model answers ------------------------------------------------------------------------------------------

FIGURES = json.loads((Path(__file__).parent / "smoke_figures.json").read_text(encoding="utf-8"))
REPORT = next(path for path in NOTEBOOKS if path.stem == "4_report")


@pytest.fixture
def model_hints(monkeypatch):
    """What is said of the model answers, by question; the runs' figures are those of the smoke profile."""
    monkeypatch.setattr("rnnkit.assignments.training_dynamics.key.hints.facts", lambda run: FIGURES[run.key])
    runs = [SubmittedRun(key, key, (), get_regime(key, "smoke"), "smoke") for key in ASKED]
    book = nbformat.read(REPORT, 4)
    with_hints(book, runs)
    sources = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in book.cells}
    return {name: source.rpartition("**Quoted numbers:**")[2] for name, source in sources.items() if "Quoted" in source}


def test_all_numbers_of_the_model_answers_are_known(model_hints):
    assert len(model_hints) == 11  # all but the student's own runs, which are none of these
    assert {name: text for name, text in model_hints.items() if "none of these" in text} == {}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("clip_rnn", "0.01 is A3's cutoff;"),
        ("clip_rnn", "0.14 is the median at the end of A2's gradient norm;"),
        ("clip_gru", "0.05 is A5's cutoff or the median at the end of A4's gradient norm;"),
        ("clip_gru", "0.64 is the median at the end of A5's gradient norm;"),
        ("clip_gru", "0.86 is the mean of A4's distance to saturation"),
        ("saturation_mul", "0.91 is the median of B1's distance to saturation"),
        ("gates_mul", "0.05 is the last value of B2's validation loss"),
        ("gates_mul", "100 is updates between checks;"),
        ("sigmoid", "0.485 is the median of A1s's distance to saturation or the mean of A1s's distance"),
        ("sigmoid", "0.493 is the median of B1s's distance to saturation"),
        ("sigmoid", "99 % is the share of steps below −8 of B1s's log10 g_t"),
    ],
)
def test_numbers_of_the_model_answers_have_their_names(model_hints, question, expected):
    assert expected in model_hints[f"{question}_task"]


@pytest.mark.slow
def test_the_smoke_profile_has_the_figures_that_the_model_answers_quote(tmp_path):
    for key in ASKED:
        train(get_regime(key, "smoke"), out=tmp_path, cells="builtin")
    for run in filter(lambda run: run.file, evidence(tmp_path, here, ASSIGNMENT)):
        for name, value in FIGURES[run.key].items():
            off = {"rel": 0.02, "abs": 0.02 if "correlation" in name else 0.002}  # another machine's last digits
            assert facts(run)[name] == pytest.approx(value, **off), (run.key, name)
