"""What a batch will take, in sum and in words."""

from __future__ import annotations

import pytest

from rnnkit.runs import estimate


@pytest.mark.parametrize(
    ("durations", "at_once", "expected"),
    [([3, 3, 3], 1, 9), ([3, 3, 3], 2, 6), ([5, 1, 1, 1], 2, 5), ([], 2, 0), ([4], 3, 4)],
)
def test_makespan(durations, at_once, expected):
    assert estimate.makespan(durations, at_once) == expected


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7200, "2.0 h")]
)
def test_durations_in_words(seconds, words):
    assert estimate.in_words(seconds) == words
