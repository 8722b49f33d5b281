"""The journal: what its lines come to, whatever has cut them short, and what is taken back."""

from __future__ import annotations

import json

import pytest

from rnnkit.common.names import BadValue
from rnnkit.grading.marking.journal import FIRST, SECOND, SETTLED, Given, Journal

Q = "q"


def mark(journal, points, *, role=FIRST, by="ann", student="s", was=None, comment=""):
    rows = {student: (was or Given(), Given(points, comment, False))} if role != SECOND else {}
    return journal.append(
        {
            "do": "mark", "role": role, "by": by, "question": Q, "students": [student], "answer": "hash",
            "items": {}, "adjust": points, "comment": comment, "points": points, "rows": rows,
        }
    )  # fmt: skip


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "marking" / "x.jsonl")


def test_what_was_appended_is_there_for_the_next_process(journal):
    mark(journal, 1)
    mark(journal, 2, was=Given(1, "", False))
    again = Journal(journal.path)
    assert again.events == json.loads(json.dumps(journal.events))
    assert again.salt == journal.salt
    assert again.state.effective(Q, "s").adjust == 2
    assert again.state.expected[Q, "s"] == Given(2, "", False)


@pytest.mark.parametrize("cut", range(1, 30, 7))
def test_a_line_cut_short_does_not_count_and_spoils_nothing_after_it(journal, cut):
    mark(journal, 1)
    size = journal.path.stat().st_size
    mark(journal, 2)
    with open(journal.path, "r+b") as file:
        file.truncate(size + cut)
    again = Journal(journal.path)
    assert again.torn == 1
    assert again.state.effective(Q, "s").adjust == 1
    mark(again, 3)
    after = Journal(journal.path)
    assert after.torn == 1
    assert after.state.effective(Q, "s").adjust == 3


def test_a_whole_line_counts_without_its_end(journal):
    mark(journal, 2)
    journal.path.write_bytes(journal.path.read_bytes()[:-1])
    again = Journal(journal.path)
    mark(again, 3)
    assert [event["n"] for event in Journal(journal.path).events] == [1, 2, 3]


def test_lines_of_two_journals_are_refused(journal):
    mark(journal, 1)
    journal.path.write_bytes(journal.path.read_bytes() * 2)
    with pytest.raises(BadValue, match="expected line 3, got 1"):
        Journal(journal.path)


def test_undo_leaves_the_mark_before_it_and_goes_further_back_each_time(journal):
    first, second = mark(journal, 1), mark(journal, 2)
    assert journal.last("ann", [FIRST]) == second
    journal.append({"do": "undo", "by": "ann", "of": second["n"], "question": Q, "rows": {}})
    assert journal.state.effective(Q, "s").adjust == 1
    assert journal.last("ann", [FIRST]) == first
    journal.append({"do": "undo", "by": "ann", "of": first["n"], "question": Q, "rows": {}})
    assert journal.state.effective(Q, "s") is None
    assert journal.last("ann", [FIRST]) is None
    assert Journal(journal.path).state == journal.state


def test_a_marker_takes_back_their_own_alone(journal):
    own = mark(journal, 1)
    mark(journal, 2, by="bob")
    mark(journal, 3, by="ann", role=SECOND)
    assert journal.last("ann", [FIRST]) == own


def test_what_was_settled_counts_before_the_first_mark(journal):
    mark(journal, 2, role=SETTLED)
    mark(journal, 1)
    mark(journal, 5, role=SECOND)
    assert journal.state.effective(Q, "s").adjust == 2


def test_what_may_not_be_in_the_gradebook_is_told_until_it_is(journal):
    one = mark(journal, 1)
    assert list(journal.open_rows()) == [(Q, "s", Given(), Given(1, "", False))]
    journal.append({"do": "entered", "of": one["n"]})
    assert not list(Journal(journal.path).open_rows())


def test_a_full_disk_leaves_no_half_line(journal, monkeypatch):
    mark(journal, 1)
    before = journal.path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        mark(journal, 2)
    assert journal.path.read_bytes() == before
    assert journal.state.effective(Q, "s").adjust == 1
