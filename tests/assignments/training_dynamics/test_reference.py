"""The answers in plain numpy are those of the notebooks' solutions, and random inputs are as they are said to be."""

from __future__ import annotations

import numpy as np
import pytest
from checking import every_question

from rnnkit.assignments.training_dynamics.inputs import SIZES
from rnnkit.assignments.training_dynamics.key import draw, right
from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks import generate
from rnnkit.checks.observe import run_cases
from rnnkit.checks.outcome import equal, later
from rnnkit.checks.right import expected
from rnnkit.checks.sandbox import quiet


@every_question
def test_the_answers_to_the_public_inputs_are_those_that_are_shipped(id):
    shipped, found = expected(QUESTIONS[id]), right(id, QUESTIONS[id].inputs)
    assert list(found) == list(shipped)
    for case, quantities in shipped.items():
        assert found[case].keys() == quantities.keys()
        for name, value in quantities.items():
            rounding = 1e-6 if "1e28" in name else 1e-8  # what float32 and twelve digits leave
            np.testing.assert_allclose(found[case][name], value, rtol=rounding, atol=rounding)


@every_question
@pytest.mark.parametrize("seed", range(5))
def test_the_solution_gives_the_same_for_random_inputs(id, seed):
    inputs = draw(id, np.random.default_rng(seed))
    answers = right(id, inputs)
    with quiet():
        outcomes = run_cases(QUESTIONS[id], generate.student_object(id), inputs)
    for case, quantities in answers.items():
        assert (outcomes[case].error, outcomes[case].problems) == (None, {})
        assert quantities.keys() <= outcomes[case].values.keys()
        for name, value in quantities.items():
            precision = 1e-5 if "1e28" in name else 1e-11
            np.testing.assert_allclose(outcomes[case].values[name], value, rtol=precision, atol=precision)


@every_question
def test_a_draw_depends_on_its_seed_only_and_differs_from_the_public_inputs(id):
    one, same, other = (draw(id, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.sizes == same.sizes
    assert one.arrays.keys() == same.arrays.keys()
    assert all(np.array_equal(one[name], same[name]) for name in one.arrays)
    numbers = {inputs["W_hh" if "W_hh" in inputs.arrays else min(inputs.arrays)].tobytes() for inputs in (one, other)}
    assert len(numbers) == 2
    public = QUESTIONS[id].inputs.arrays
    assert not any(
        value.shape == public.get(name, np.zeros(0)).shape and np.allclose(value, public[name])
        for name, value in one.arrays.items()
    )


@pytest.mark.parametrize("seed", range(50))
def test_sizes_differ_from_one_another_and_from_the_public_ones(seed):
    sizes = draw("gru_forward", np.random.default_rng(seed)).sizes
    assert sizes.keys() == SIZES.keys()
    assert len(set(sizes.values())) == len(sizes)
    assert all(2 <= sizes[letter] != SIZES[letter] for letter in sizes)


@every_question
def test_no_answer_is_nothing_or_the_same_everywhere(id):
    """Zeros, or one number for all, must not pass for an answer."""
    for seed in range(20):
        for case, quantities in right(id, draw(id, np.random.default_rng(seed))).items():
            if case != "keys and lengths":
                assert not all(equal(np.zeros_like(value), value) for value in quantities.values())
                assert not any(
                    value.any() and value.size > 1 and equal(np.full_like(value, value.mean()), value)
                    for name, value in quantities.items()
                    if not later(name)
                )


@pytest.mark.parametrize("seed", range(30))
def test_matrices_have_a_clear_radius_of_the_kind_that_their_case_names(seed):
    inputs = draw("rho", np.random.default_rng(seed))
    for name, turning in [("W", False), ("W_turning", True)]:
        values = np.linalg.eigvals(inputs[name])
        top = values[np.abs(values).argmax()]
        assert (abs(top.imag) > 0.3 * abs(top)) if turning else (top.imag == 0 and top.real < 0)
        assert not np.allclose(inputs[name], inputs[name].T)


@pytest.mark.parametrize("seed", range(30))
def test_gradients_are_above_and_below_the_cutoff(seed):
    inputs = draw("clip", np.random.default_rng(seed))
    answers = right("clip", inputs)
    assert answers["above the cutoff"]["norm"] > 2 * inputs["cutoff"]
    assert answers["below the cutoff"]["norm"] < 0.9 * inputs["cutoff"]
    assert abs(inputs["cutoff"] - 1) > 0.1
