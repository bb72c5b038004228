"""When the assistant gets in touch: the hour chosen, in Danish time, never at night, never piled up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import DANISH, danish
from bot.self_management.rules import rules
from bot.self_management.schedule import Agreement, at_hour, is_missed, next_contact, possible_hour

RHYTHMS = list(rules()["reminders"]["rhythms"])
BEGAN = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)  # nine days before summer time begins
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
AGREED = st.builds(
    Agreement, st.sampled_from(RHYTHMS), st.integers(8, 20), MOMENTS, st.one_of(st.none(), MOMENTS)
)  # fmt: skip


def contacts(agreed: Agreement, days: int) -> list[tuple[str, datetime]]:
    """Every contact in so many days."""
    found, at = [], agreed.began_at
    while (contact := next_contact(agreed, at)).due_at < agreed.began_at + timedelta(days=days):
        found.append((contact.kind, contact.due_at))
        at = contact.due_at
    return found


def test_the_first_contact_comes_after_two_days_and_then_every_week() -> None:
    days = [(due - BEGAN).days for _, due in contacts(Agreement("weekly", 17, BEGAN), 30)]
    assert days == [2, 9, 16, 23]


def test_seventeen_stays_seventeen_when_the_clocks_change() -> None:
    shown = [danish(due) for _, due in contacts(Agreement("weekly", 17, BEGAN), 365)]
    assert {moment.hour for moment in shown} == {17}
    assert len({moment.utcoffset() for moment in shown}) == 2


def test_a_year_has_three_look_backs_and_check_ins_between() -> None:
    kinds = [kind for kind, _ in contacts(Agreement("weekly", 17, BEGAN), 380)]
    assert [kind for kind in kinds if kind != "check_in"] == ["look_back_3", "look_back_6", "look_back_12"]
    assert kinds[0] == kinds[-1] == "check_in"


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_every_rhythm_looks_back_three_times(rhythm: str) -> None:
    kinds = [kind for kind, _ in contacts(Agreement(rhythm, 9, BEGAN), 400)]
    assert sum(kind.startswith("look_back") for kind in kinds) == 3


@given(AGREED, MOMENTS)
def test_a_contact_is_later_than_asked_at_the_hour_chosen_and_after_any_pause(
    agreed: Agreement, after: datetime
) -> None:
    contact = next_contact(agreed, after)
    assert contact.due_at > after
    assert danish(contact.due_at).hour == agreed.hour
    assert agreed.paused_until is None or contact.due_at > agreed.paused_until
    assert (danish(contact.due_at).date() - danish(agreed.began_at).date()).days >= 2
    assert not is_missed(contact.due_at, contact.due_at)


@given(AGREED, MOMENTS)
def test_the_next_contact_is_never_further_away_than_one_rhythm(agreed: Agreement, after: datetime) -> None:
    start = max(after, agreed.paused_until or after, agreed.began_at + timedelta(days=2))
    every = rules()["reminders"]["rhythms"][agreed.rhythm]
    assert next_contact(agreed, after).due_at - start <= timedelta(days=every + 1)


@given(MOMENTS, st.integers(8, 20))
def test_an_hour_exists_on_every_danish_day(day: datetime, hour: int) -> None:
    assert at_hour(day.date(), hour).astimezone(DANISH).hour == hour


@pytest.mark.parametrize(
    ("late", "missed"),
    [(timedelta(), False), (timedelta(hours=3), False), (timedelta(hours=3, minutes=59), False),
     (timedelta(hours=4, minutes=1), True), (timedelta(days=3), True)],
)  # fmt: skip
def test_a_window_is_four_hours(late: timedelta, missed: bool) -> None:
    due = at_hour(BEGAN.date(), 12)
    assert is_missed(due, due + late) is missed


def test_nobody_is_contacted_late_in_the_evening_although_the_window_is_open() -> None:
    due = at_hour(BEGAN.date(), 20)
    assert not is_missed(due, due + timedelta(minutes=59))
    assert is_missed(due, due + timedelta(minutes=61))


@pytest.mark.parametrize(
    ("hour", "possible"), [(7, False), (8, True), (20, True), (21, False), (0, False), (23, False)]
)
def test_the_night_cannot_be_chosen(hour: int, possible: bool) -> None:
    assert possible_hour(hour) is possible
