"""Codes that move a conversation to another channel: each works once, and not for long."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import Engine, delete, update
from sqlmodel import Session, col

from bot.clock import now
from bot.store.conversations import hash_token
from bot.store.models import Conversation, Transfer

MINUTES = 15


def offer(engine: Engine, conversation_id: str) -> str:
    """A code (22 characters) that moves this conversation; only its SHA-256 is stored."""
    code = secrets.token_urlsafe(16)
    with Session(engine) as session:
        until = now() + timedelta(minutes=MINUTES)
        session.add(Transfer(code_hash=hash_token(code), conversation_id=conversation_id, expires_at=until))
        session.commit()
    return code


def look_at(engine: Engine, code: str) -> str | None:
    """The conversation a code would move; None when it is used, expired or made up."""
    with Session(engine) as session:
        row = session.get(Transfer, hash_token(code))
        return row.conversation_id if row and row.expires_at > now() else None


def use(engine: Engine, code: str) -> str | None:
    """The conversation to move; the code is used up. None for the second of two at once."""
    conversation_id = look_at(engine, code)
    with Session(engine) as session:
        gone = session.execute(delete(Transfer).where(col(Transfer.code_hash) == hash_token(code)))
        session.commit()
        return conversation_id if gone.rowcount == 1 else None  # type: ignore[attr-defined]


def new_token(engine: Engine, conversation_id: str) -> str:
    """A fresh session token; the one before it opens nothing any more."""
    token = secrets.token_urlsafe(32)
    with Session(engine) as session:
        mine = update(Conversation).where(col(Conversation.id) == conversation_id)
        session.execute(mine.values(token_hash=hash_token(token)))
        session.commit()
    return token
