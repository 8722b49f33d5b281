"""The names of known mistakes go with the sentences that tell them, from the diagnosis to what the ledger keeps."""

from __future__ import annotations

import copy
from dataclasses import replace

from rnnkit.checks.report import Named, Report
from rnnkit.grading.course.submission import score_of

TWO = Named("Two mistakes at once. First: one. And: other.", "one.", "other.")


def report(*messages: str, points: float = 0.0) -> Report:
    return Report("rho", "rho", points, 2.0, "not right yet", [], [*messages])


def test_a_sentence_is_its_own_name_unless_it_tells_several():
    assert report("a note", Named("one."), TWO).mistakes == ["one.", "other."]
    assert report("a note").mistakes == []


def test_an_answer_with_all_points_has_no_mistake():
    assert report(TWO, points=2.0).mistakes == []
    assert replace(report(TWO), points=2.0).mistakes == []


def test_names_outlive_copies_and_stand_in_the_ledger():
    assert copy.deepcopy(report(TWO)).mistakes == ["one.", "other."]
    assert score_of(report(TWO))["mistakes"] == ["one.", "other."]
