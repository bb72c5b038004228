"""The same words are not asked about twice: whoever said no to the question they raised is not held up by it again.

Only for a question (`ask`) that was answered with a plain no at once, only for the very same words, within an hour,
and only while no alarm sign has been told since. Somebody who passed the question over is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.clock import now
from bot.screening.answers import interpret
from bot.screening.normalise import normalise
from bot.screening.result import Outcome, Screening
from bot.store.models import Inbound

LOOKED_AT = 8  # messages back
LATELY = timedelta(hours=1)


def settled(screening: Screening, text: str, before: Sequence[Inbound]) -> bool:
    """Whether these words raised this question among the messages `before` (newest first), and the next said no."""
    next_said = ""
    for message in before:
        earlier = Screening.from_dict(message.screening)
        if earlier.outcome is Outcome.ALARM or now() - message.received_at > LATELY:
            return False
        same = earlier.outcome is Outcome.ASK and earlier.flags == screening.flags
        if same and normalise(message.text or "") == normalise(text):
            return interpret(next_said) == "no"
        next_said = message.text or ""
    return False
