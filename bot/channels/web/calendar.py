"""The agreed times as an iCalendar file (RFC 5545), for patients on the web, whom nothing can reach once the page is
closed. Like every reminder it says nothing of health."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.clock import DANISH, now
from bot.self_management.rules import rules
from bot.self_management.schedule import Agreement, next_contact
from bot.store.models import Schedule

MINUTES = 10
STAMP = "%Y%m%dT%H%M%SZ"
LINE = 75  # octets; a longer line is folded


def calendar(agreed: Schedule, title: str, link: str) -> str:
    """One repeating event from the next contact on, with an alarm at its time."""
    contact = next_contact(Agreement(agreed.rhythm, agreed.hour, agreed.began_at, agreed.paused_until), now())
    begin = contact.due_at.astimezone(DANISH)
    days = rules()["reminders"]["rhythms"][agreed.rhythm]
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Rygraad//DA", "BEGIN:VEVENT",
        f"UID:{agreed.conversation_id}@rygraad", f"DTSTAMP:{_utc(now())}",
        f"DTSTART;TZID=Europe/Copenhagen:{begin:%Y%m%dT%H%M%S}",
        f"DTEND;TZID=Europe/Copenhagen:{begin + timedelta(minutes=MINUTES):%Y%m%dT%H%M%S}",
        f"RRULE:FREQ=DAILY;INTERVAL={days}", f"SUMMARY:{_escaped(title)}", f"URL:{link}",
        "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:PT0M", f"DESCRIPTION:{_escaped(title)}", "END:VALARM",
        "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return "\r\n".join(map(_folded, lines)) + "\r\n"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(STAMP)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """The line in pieces of at most 75 octets, never inside a letter."""
    pieces, piece = [], ""
    for letter in line:
        if len((piece + letter).encode()) > LINE - 1:
            pieces.append(piece)
            piece = ""
        piece += letter
    return "\r\n ".join([*pieces, piece])
