"""What being late costs: whatever the rule, lateness and points are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnkit.grading.dates.rule import CUT_OFF, DAY, GIVEN, HAND_IN, PERIODS, SEEN, WORKSHEET, Amount, Rule

DUE = datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
NUMBERS = st.floats(0, 1000, allow_nan=False)
AMOUNTS = st.builds(Amount, NUMBERS, st.booleans())
LATE = st.timedeltas(timedelta(days=-30), timedelta(days=400))
GRACES = st.timedeltas(timedelta(0), timedelta(days=2))
RULES = st.builds(
    Rule,
    st.just(DUE),
    GRACES,
    st.none() | AMOUNTS | st.just(CUT_OFF),
    st.sampled_from([*PERIODS.values()]),
    st.none() | AMOUNTS,
)


@given(RULES, NUMBERS, LATE)
def test_it_is_never_below_nothing_and_never_above_the_points(rule, points, late):
    assert 0 <= rule.penalty(points, late) <= points


@given(RULES, NUMBERS, LATE, LATE)
def test_who_is_later_never_loses_less(rule, points, one, other):
    assert rule.penalty(points, min(one, other)) <= rule.penalty(points, max(one, other))


@given(RULES, NUMBERS, NUMBERS, LATE)
def test_who_has_more_points_never_keeps_fewer(rule, one, other, late):
    left = [points - rule.penalty(points, late) for points in sorted((one, other))]
    assert left[0] <= left[1] + 1e-9


@given(RULES, NUMBERS, LATE)
def test_nothing_is_lost_before_due_and_grace(rule, points, late):
    came = DUE + min(late, rule.grace)
    assert rule.late("ada", came.isoformat(), WORKSHEET) == timedelta(0)
    assert rule.penalty(points, min(late, rule.grace)) == 0


@given(RULES, NUMBERS, LATE, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_an_extension_never_costs_anything(rule, points, late, longer):
    came = (DUE + late).isoformat()
    later = Rule(**{**rule.__dict__, "extensions": {"ada": DUE + longer}})
    lost = [one.penalty(points, one.late("ada", came, WORKSHEET)) for one in (rule, later)]
    assert lost[1] <= lost[0]
    assert later.late("bob", came, WORKSHEET) == rule.late("bob", came, WORKSHEET)


@pytest.mark.parametrize(
    ("each", "most", "late", "lost"),
    [
        (Amount(10, True), None, timedelta(minutes=16), 4),
        (Amount(10, True), None, DAY, 4),
        (Amount(10, True), None, DAY + timedelta(seconds=1), 8),
        (Amount(3, False), Amount(50, True), DAY * 30, 20),
        (Amount(3, False), Amount(7, False), DAY * 3, 7),
        (Amount(300, False), None, DAY, 40),
        (CUT_OFF, None, timedelta(minutes=16), 40),
        (CUT_OFF, None, timedelta(minutes=15), 0),
        (None, None, DAY * 30, 0),
    ],
)
def test_what_40_points_lose(each, most, late, lost):
    assert Rule(DUE, timedelta(minutes=15), each, most=most).penalty(40, late) == pytest.approx(lost)


def test_who_was_only_seen_late_loses_nothing_and_is_named():
    rule = Rule(DUE, each=CUT_OFF, given={"bob": DUE + DAY})
    late = (DUE + DAY).isoformat()
    assert rule.late("ada", late, SEEN) == rule.late("ada", late, "") == timedelta(0)
    assert rule.doubtful("ada", late, SEEN)
    assert not rule.doubtful("ada", DUE.isoformat(), SEEN)
    assert rule.late("ada", late, HAND_IN) == DAY
    assert rule.came("bob", DUE.isoformat(), SEEN) == (late, GIVEN)
    assert rule.came("bob", DUE.isoformat(), WORKSHEET) == (DUE.isoformat(), WORKSHEET)
    assert rule.came("ada", late, HAND_IN) == (late, HAND_IN)
