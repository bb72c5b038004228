"""A second, worsening contact within 48 hours of an alarm sign goes one level up.

Source: docs/safety/hazards.yaml H17; serious disease is to be watched for again and again, not once (`forloeb` 6.1).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.screening.flags import load_flags
from bot.screening.result import Outcome, Screening

WORSENING = timedelta(hours=48)
ONE_UP = {"soon": "urgent", "urgent": "emergency", "emergency": "emergency"}
RANK = ("none", "soon", "urgent", "emergency")


def raised(screening: Screening, care: dict[str, Any] | None) -> Screening:
    """The screening of a message that says it got worse, after a card `care` ({"level", "flags"}) still in force.

    What the message itself says stands where it is at least as grave: its own alarm, or its question about
    something graver than the raised card.
    """
    if not care or not care["flags"] or care["level"] not in ONE_UP:
        return screening
    level = ONE_UP[care["level"]]
    grave, graver = RANK.index(screening.level), RANK.index(level)
    if grave > graver or (screening.outcome is Outcome.ALARM and grave == graver):
        return screening
    own = screening.flags if screening.outcome is Outcome.ALARM else ()
    return replace(screening, outcome=Outcome.ALARM, level=level, flags=load_flags().in_order({*care["flags"], *own}))
