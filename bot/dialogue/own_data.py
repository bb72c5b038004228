"""Everything that is kept of one person, for themselves: as records for the pages, and as JSON to take away."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from bot.self_management.summary import Records
from bot.store import conversations, records, reminders
from bot.store.models import Conversation


def records_of(engine: Engine, conversation: Conversation) -> Records:
    """What a summary is made of."""
    return Records(
        began=conversation.created_at,
        plans=[(row.version, row.made_at, row.parts) for row in records.plans(engine, conversation.id)],
        check_ins=records.check_ins(engine, conversation.id),
        safety_checks=records.safety_checks(engine, conversation.id),
        alarms=records.alarms(engine, conversation.id),
        questions=conversation.questions or "",
    )


def exported(engine: Engine, conversation: Conversation) -> dict[str, Any]:
    """Everything, in plain names; moments are UTC."""
    found = records_of(engine, conversation)
    agreed = reminders.schedule(engine, conversation.id)
    return {
        "language": conversation.language,
        "region": conversation.region,
        "consent_version": conversation.consent_version,
        "consented_at": conversation.consented_at,
        "journey": conversation.journey,
        "movements": conversation.movements,
        "plans": [{"version": version, "made_at": at, **parts} for version, at, parts in found.plans],
        "check_ins": list(found.check_ins),
        "safety_checks": list(found.safety_checks),
        "alarm_signs": [{"at": at, "level": level, "flags": list(flags)} for at, level, flags in found.alarms],
        "questions_for_the_clinician": found.questions,
        "reminders": agreed.model_dump(exclude={"conversation_id"}) if agreed else None,
        "contacts": [
            row.model_dump(include={"kind", "due_at", "state"}) for row in reminders.history(engine, conversation.id)
        ],
        "shared_links": [
            row.model_dump(include={"created_at", "expires_at", "withdrawn_at", "staff_only"})
            | {"views": records.views(row)}
            for row in records.shares(engine, conversation.id)
        ],
        "questions_put_aside": conversations.put_aside(engine, conversation.id),
        "messages": conversations.transcript(engine, conversation.id),
    }
