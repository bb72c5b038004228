"""What check-ins say: direction, milestones, and when it is time to see somebody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.self_management.course import direction, facts, milestone, see_someone, trend

BEGAN = datetime(2026, 1, 5, 12, tzinfo=UTC)
SCALE = st.one_of(st.none(), st.integers(0, 10))
NUMBERS = st.fixed_dictionaries({"pain": SCALE, "hindrance": SCALE, "confidence": SCALE})


def check_in(week: int, pain: int | None, hindrance: int | None, step: str | None = None) -> dict[str, Any]:
    """A check-in so many weeks after the beginning."""
    at = BEGAN + timedelta(weeks=week)
    return {"pain": pain, "hindrance": hindrance, "confidence": 5, "step": step, "at": at}


def known(*check_ins: dict[str, Any], weeks: int = 4) -> dict[str, Any]:
    return facts(check_ins, BEGAN, BEGAN + timedelta(weeks=weeks))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ((7, 6), (4, 5), "better"), ((7, 6), (6, 5), "same"), ((4, 4), (7, 4), "worse"), ((4, 4), (4, 7), "worse"),
        ((7, 7), (7, 4), "mixed"), ((7, 4), (4, 7), "mixed"), ((7, None), (4, None), "better"),
        ((None, 7), (None, 4), "better"), ((None, None), (4, 4), "same"), ((5, 5), (5, 5), "same"),
    ],
)  # fmt: skip
def test_two_points_make_a_direction(before: Any, now: Any, expected: str) -> None:
    first, second = check_in(0, *before), check_in(1, *now)
    assert trend(second, first) == expected


def test_the_first_time_a_gap_and_skipped_numbers_have_words_of_their_own() -> None:
    assert direction(check_in(0, 5, 5), known()) == "first"
    assert direction(check_in(9, 5, 5), known(check_in(0, 5, 5), weeks=9)) == "gap"
    assert direction(check_in(1, None, None), known(check_in(0, 5, 5), weeks=1)) == "unknown"
    assert direction(check_in(1, 8, 5), known(check_in(0, 5, 5), weeks=1)) == "worse"


@given(NUMBERS, NUMBERS)
def test_any_numbers_have_a_direction_and_the_way_back_is_the_opposite(now: Any, before: Any) -> None:
    there, back = trend(now, before), trend(before, now)
    assert there in {"better", "same", "worse", "mixed"}
    assert {there, back} != {"better"} and {there, back} != {"worse"}


@pytest.mark.parametrize(
    ("weeks", "hindrance", "answers", "expected"),
    [
        (7, 6, {}, None), (8, 6, {}, "usual"), (8, 3, {}, None), (8, None, {}, None),
        (8, 6, {"duration": "long"}, None), (12, 6, {"duration": "long"}, "usual"),
        (8, 6, {"leg": "yes"}, "leg"), (8, 6, {"leg": "yes", "duration": "long"}, "leg"),
        (7, 6, {"leg": "yes"}, None),
        (4, 6, {"work": "sick"}, "work"), (4, 6, {"work": "hard"}, "work"), (3, 6, {"work": "sick"}, None),
        (4, 6, {"work": "going"}, None), (12, 6, {"work": "none", "leg": "no", "duration": "short"}, "usual"),
    ],
)  # fmt: skip
def test_when_it_is_time_to_see_somebody(
    weeks: int, hindrance: int | None, answers: Any, expected: str | None
) -> None:
    passed = known(check_in(0, 6, 6), weeks=weeks)
    assert see_someone(check_in(weeks, 6, hindrance), passed, answers) == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [((5, 5), (5, 2), "better"), ((5, 5), (2, 5), "better"), ((5, 5), (2, 8), "same"), ((5, 5), (5, 8), "worse"),
     ((5, 5), (2, 2), "better"), ((5, 5), (8, 8), "worse"), ((5, 5), (5, 5), "same")],
)  # fmt: skip
def test_one_thing_easier_and_the_other_as_before_is_easier(before: Any, now: Any, expected: str) -> None:
    assert direction(check_in(1, *now), known(check_in(0, *before), weeks=1)) == expected


def test_a_little_less_of_very_much_is_not_satisfying() -> None:
    assert see_someone(check_in(12, 8, 8), known(check_in(0, 10, 10), weeks=12), {}) == "usual"


def test_who_has_improved_is_not_sent_on() -> None:
    assert see_someone(check_in(12, 5, 5), known(check_in(0, 8, 8), weeks=12), {}) is None


def test_it_is_not_said_again_for_four_weeks() -> None:
    told = check_in(8, 6, 6) | {"told": 8}
    assert see_someone(check_in(11, 6, 6), known(check_in(0, 6, 6), told, weeks=11), {}) is None
    assert see_someone(check_in(12, 6, 6), known(check_in(0, 6, 6), told, weeks=12), {}) == "usual"


def test_milestones_are_the_first_step_and_the_fourth_and_twelfth_check_in() -> None:
    rows = [check_in(week, 5, 5, "not") for week in range(3)]
    assert milestone(known(), "done") == "step"
    assert milestone(known(*rows), "not") == "4"
    assert milestone(known(*rows[:1], check_in(1, 5, 5, "done")), "done") is None
    assert milestone(known(*(rows * 4)[:11]), None) == "12"
