"""When to get in touch: first after two days, then in the rhythm chosen, and to look back after months.

Everything is decided in Danish time, so that 17 stays 17 when the clocks change. A contact that could not be made
within its window is skipped; the next one comes at its own time. Rules: content/self_management.yml.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.clock import DANISH, danish
from bot.self_management.rules import rules


@dataclass(frozen=True)
class Agreement:
    """What a patient chose: `rhythm` of the rules, `hour` (Danish time, 8 to 20), and since when."""

    rhythm: str
    hour: int
    began_at: datetime
    paused_until: datetime | None = None


@dataclass(frozen=True)
class Contact:
    """One contact: 'check_in' or a look back such as 'look_back_3', and when (UTC)."""

    kind: str
    due_at: datetime


def possible_hour(hour: int) -> bool:
    """Whether patients can choose this hour; at night nobody is woken."""
    limits = rules()["reminders"]
    return bool(limits["first_hour"] <= hour <= limits["last_hour"])


def at_hour(day: date, hour: int) -> datetime:
    """The moment (UTC) when Danish clocks show this hour on this day."""
    return datetime.combine(day, time(hour), tzinfo=DANISH).astimezone(UTC)


def next_contact(agreed: Agreement, after: datetime) -> Contact:
    """The first contact later than `after`."""
    limits = rules()["reminders"]
    first = danish(agreed.began_at).date() + timedelta(days=limits["first_after_days"])
    after = max(after, agreed.paused_until) if agreed.paused_until else after
    every = limits["rhythms"][agreed.rhythm]
    past = max(0, (danish(after).date() - first).days // every)
    day = next(
        day for n in range(past, past + 3) if at_hour(day := first + timedelta(days=n * every), agreed.hour) > after
    )
    return Contact(_kind(agreed, day, every), at_hour(day, agreed.hour))


def _kind(agreed: Agreement, day: date, every: int) -> str:
    """A look back takes the place of the check-in on, or next after, its day."""
    since = (day - danish(agreed.began_at).date()).days
    for name, days in rules()["reminders"]["look_backs"].items():
        if days <= since < days + every:
            return str(name)
    return "check_in"


def is_missed(due_at: datetime, moment: datetime) -> bool:
    """Whether it is too late, or too late in the evening, for a contact that was due then."""
    limits = rules()["reminders"]
    late = moment - due_at > timedelta(hours=limits["window_hours"])
    shown = danish(moment)
    return late or not limits["first_hour"] <= shown.hour < limits["quiet_hour"]
