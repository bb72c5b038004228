"""What a clinician's invite brings into a conversation: language, region, whom to call, what to stress."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from bot.content.journeys import stressed
from bot.store import conversations, invites
from bot.store.database import Bind
from bot.store.models import WEB, Conversation


def open_conversation(
    engine: Engine, *, language: str | None, usual: str, invite: str | None = None, channel: str = WEB
) -> tuple[str, Conversation]:
    """A new conversation and its token. `language` is the one asked for, `usual` what is spoken when nobody says.

    An invite that is no longer in force, or never was, changes nothing: nobody is turned away.
    """
    found = invites.use(engine, invite) if invite else None
    fields: dict[str, Any] = {"invite_hash": found.code_hash, "region": found.region} if found else {}
    chosen = language or (found.language if found else usual)
    return conversations.create(engine, language=chosen, channel=channel, **fields)


def brought(engine: Bind, conversation: Conversation) -> dict[str, Any]:
    """`clinic`: {"clinic", "phone"} as texts say them, or None; `stress`: topics to give early."""
    found = invites.of_hash(engine, conversation.invite_hash)
    named = found if found and found.clinic_name else None
    return {
        "clinic": {"clinic": named.clinic_name, "phone": named.clinic_phone} if named else None,
        "stress": stressed(found.stress) if found else [],
    }
