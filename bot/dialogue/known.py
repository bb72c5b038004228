"""What the store knows of a patient, as the dialogue needs it: plan, course, reminders. One look per message."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from bot.clock import now
from bot.dialogue.invited import brought
from bot.self_management import course
from bot.store import records, reminders
from bot.store.database import Bind
from bot.store.models import Conversation

CHECKED_LATELY = timedelta(hours=12)


def known_of(engine: Engine, conversation: Conversation) -> dict[str, Any]:
    """`plan`, `course`, `reminders`, `checked`, `checked_today`, `shared`, and what an invite brought; as JSON for
    Rasa's metadata."""
    with engine.connect() as store:
        there, whose = records.kept(store, conversation.id), conversation.id
        check_ins = records.check_ins(store, whose) if "checkin" in there else []
        checked = records.last_safety_check(store, whose) if "safetycheck" in there else None
        latest = check_ins[-1]["at"] if check_ins else None
        links = records.shares(store, whose) if "share" in there else []
        return {
            "plan": records.plan(store, whose) if "plan" in there else None,
            "course": course.facts(check_ins, conversation.created_at, now()),
            "reminders": _reminders(store, whose, latest) if "schedule" in there else None,
            "checked": checked is not None,
            "checked_today": checked is not None and now() - checked < CHECKED_LATELY,
            **brought(store, conversation),
            "shared": any(not link.withdrawn_at for link in links),
        }


def _reminders(engine: Bind, conversation_id: str, checked_in: datetime | None) -> dict[str, Any] | None:
    """Whether something is agreed, and what the latest contact asked for that no check-in has answered yet."""
    agreed = reminders.schedule(engine, conversation_id)
    if not agreed:
        return None
    delivered = [row for row in reminders.history(engine, conversation_id) if row.state == reminders.DELIVERED]
    latest = delivered[-1] if delivered else None
    open_still = latest and latest.settled_at and (checked_in is None or checked_in < latest.settled_at)
    return {"on": not agreed.stopped, "asked": latest.kind if latest and open_still else None}
