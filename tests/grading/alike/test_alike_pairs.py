"""Honest students' pairs stay below the threshold; copies are found, whatever hides them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from course import ASSIGNMENT, ROOT
from honest import HIDDEN, Notebooks, copied, honest
from honest_prose import answers, told_otherwise

from rnnkit.assignments import get_assignment, names
from rnnkit.grading.alike.pairs import CODE, PROSE, SAME_NUMBERS, THRESHOLD, Compared, compare
from rnnkit.grading.alike.rare import Usual, common
from rnnkit.grading.alike.usual import Background, background
from rnnkit.grading.alike.work import PASTED, Work, own_cells
from rnnkit.grading.ledger import GRADED, Entry
from rnnkit.grading.notebooks.copied import curves_of

STUDENTS = 32


@cache
def usual() -> Background:
    return background(ROOT, ASSIGNMENT)


@cache
def notebooks(seed: int) -> Notebooks:
    return honest(seed, answers(seed))


def work(student: str, of: Notebooks) -> Work:
    return Work(student, [cell for name, notebook in of.items() for cell in own_cells(name, notebook)])


@cache
def class_of_honest() -> tuple[Work, ...]:
    return tuple(work(f"student{seed}", notebooks(seed)) for seed in range(STUDENTS))


def compared(*more: Work, known: Background | None = None, **entries: Entry) -> Compared:
    return compare([*class_of_honest(), *more], entries, known or usual())


def test_of_32_honest_students_no_pair_reaches_the_threshold():
    found = compared()
    assert sum(found.counts) == STUDENTS * (STUDENTS - 1) // 2
    assert found.above == 0
    assert found.groups == []
    assert max(pair.code for pair in found.pairs) < THRESHOLD - 0.05
    assert max(pair.prose for pair in found.pairs) < THRESHOLD - 0.2


def test_nor_without_any_known_way_but_the_sources():
    assert compared(known=background(ROOT, ASSIGNMENT, {})).above == 0


def test_the_code_of_two_students_alone_is_below_it_too_if_honest():
    for left in range(0, STUDENTS, 2):
        (pair,) = compare(class_of_honest()[left : left + 2], {}, usual()).pairs
        assert pair.code < THRESHOLD - 0.1


@pytest.mark.parametrize("how", HIDDEN)
def test_copied_code_is_found_whatever_hides_it(how):
    copies = [work(f"copy{seed}", copied(notebooks(seed), how, notebooks(90 + seed))) for seed in range(4)]
    found = compared(*copies)
    pairs = {(pair.left, pair.right) for pair in found.pairs[: found.above]}
    assert pairs == {(seed, STUDENTS + seed) for seed in range(4)}
    assert found.groups == [[seed, STUDENTS + seed] for seed in range(4)]


def test_a_copy_is_found_in_a_class_of_two():
    both = [class_of_honest()[3], work("copy", copied(notebooks(3), "all of it", notebooks(93)))]
    assert compare(both, {}, usual()).above == 1


def test_copied_answers_are_found_in_another_order_and_with_words_changed():
    theirs = answers(5)
    for text in (str, told_otherwise):
        copy = honest(95, {id: text(answer) for id, answer in theirs.items()})
        found = compared(work("copy", copy))
        (pair,) = found.pairs[: found.above]
        assert (pair.left, pair.right) == (5, STUDENTS)
        assert pair.prose >= THRESHOLD > pair.code


def test_one_long_answer_in_common_is_not_half_of_a_work():
    both = {f"long {number}": 200 for number in range(200)}
    sets = [both | {f"{name} {cell} {number}": 20 for cell in range(9) for number in range(20)} for name in "ab"]
    assert 0.05 < common(sets, Usual(), CODE).share[0, 1] < common(sets, Usual(), PROSE).share[0, 1] < 0.4


def test_nothing_is_made_of_what_was_given_out_or_left_empty():
    empty = [work(name, honest(0, {})) for name in ("a", "b")]
    for one in empty:
        one.cells = [cell for cell in one.cells if not cell.is_code]
    found = compare(empty, {}, usual())
    assert found.pairs[0].score == 0


def graded(student: str, **findings) -> Entry:
    return Entry(student, GRADED, **findings)


def test_records_are_told_by_file_by_clock_and_by_curves():
    times = np.geomspace(0.1, 3, 20).tolist()
    entries = {
        "student0": graded("student0", records={"A1": "x", "B1": "u"}, times={"B1": times}, curves={"A4": "c"}),
        "student1": graded("student1", records={"A1": "x"}, curves={"A4": "d"}),
        "student2": graded("student2", records={"B1": "v"}, times={"B1": [2 * one for one in times]}),
        "student3": graded("student3", records={"A4": "w"}, curves={"A4": "c"}),
    }
    found = compare([Work(student) for student in entries], entries, usual())
    said = {(pair.left, pair.right): (pair.records, *pair.said) for pair in found.pairs if pair.said}
    assert said[0, 1] == (1.0, "the same record of A1")
    assert said[0, 2] == (1.0, "the same run of B1, saved again")
    assert said[0, 3][0] == SAME_NUMBERS < THRESHOLD
    assert "curves of A4" in said[0, 3][1]
    assert len(said) == 3
    assert found.groups == [[0, 1, 2]]


def test_curves_are_the_same_whatever_the_clock_says():
    curves = {"valid_nll": np.array([1.0, 0.5]), "wall_time": np.array([1.0, 2.0])}
    same = curves_of(curves | {"wall_time": np.array([3.0, 4.0])})
    assert curves_of(curves) == same != curves_of(curves | {"valid_nll": np.array([1.0, 0.4])})
    assert curves_of({}) == ""


def test_a_picture_that_all_have_tells_nothing_and_one_that_two_pasted_does():
    works = [Work(f"s{number}", pictures={"all": "plot.png"}) for number in range(10)]
    for one in works[:2]:
        one.pictures["two"] = f"screenshot.png{PASTED}rho_mem"
    found = compare(works, {}, usual())
    assert [(pair.left, pair.right) for pair in found.pairs[: found.above]] == [(0, 1)]
    assert found.pairs[1].score == 0


@pytest.mark.parametrize("name", [name for name in names() if name != ASSIGNMENT.name])
def test_every_assignment_can_be_compared_by_its_class_alone(name):
    known = background(ROOT, get_assignment(name))
    assert known.code.given
    assert known.code.shares
    assert known.prose.given
    assert not known.code.given & known.prose.given
