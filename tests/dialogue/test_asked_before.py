"""One question about the same words is enough; an alarm sign, other words or another flag are asked about anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.clock import now
from bot.dialogue.asked_before import settled
from bot.screening.result import Outcome, Screening
from bot.store.models import Inbound

WORDS = "an hour, then I sit down"
ASK = Screening(Outcome.ASK, "soon", ("inflammatory",), ())
OTHER = Screening(Outcome.ASK, "emergency", ("motor_loss",), ())
ALARM = Screening(Outcome.ALARM, "soon", ("inflammatory",), ())
CLEAR = Screening(Outcome.CLEAR, "none", (), ())


def told(text: str, screening: Screening, hours: int = 0) -> Inbound:
    at = now() - timedelta(hours=hours)
    return Inbound(conversation_id="c", client_id="x", text=text, screening=screening.to_dict(), received_at=at)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ([], False),
        ([told("no", CLEAR), told(WORDS, ASK)], True),
        ([told("no", CLEAR), told(WORDS.upper() + " ", ASK)], False),
        ([told("no", CLEAR), told(WORDS.upper(), ASK)], True),
        ([told(WORDS, ASK)], False),  # not answered yet
        ([told("hvad mener du?", CLEAR), told(WORDS, ASK)], False),  # passed over
        ([told("not sure", CLEAR), told(WORDS, ASK)], False),
        ([told("no", CLEAR), told("hm", CLEAR), told(WORDS, ASK)], False),  # a no to something else
        ([told("no", CLEAR), told(WORDS, ASK, hours=2)], False),  # another day may be another matter
        ([told("yes", ALARM), told(WORDS, ASK)], False),
        ([told("hm", CLEAR), told("no", CLEAR), told(WORDS, ASK), told("ill", ALARM)], True),
        ([told("no", CLEAR), told("something else", ASK)], False),
        ([told("no", CLEAR), told(WORDS, OTHER)], False),
        ([told("no", CLEAR), told(WORDS, CLEAR)], False),
    ],
)
def test_the_same_words_are_asked_about_once(before: list[Inbound], expected: bool) -> None:
    assert settled(ASK, WORDS, before) is expected
