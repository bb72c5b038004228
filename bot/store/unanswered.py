"""Questions without an answer, masked, for the editors' worklist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import Engine, delete, func
from sqlmodel import Session, col

from bot.store.models import Unanswered


def note(engine: Engine, conversation_id: str, *, language: str, reason: str, text: str) -> None:
    """Puts a masked question aside; `reason` is 'not_understood' or 'out_of_scope'."""
    with Session(engine) as session:
        session.add(Unanswered(conversation_id=conversation_id, language=language, reason=reason, text=text))
        session.commit()


def forget(engine: Engine, conversation_id: str) -> None:
    """Removes all that was put aside in a conversation."""
    with Session(engine) as session:
        session.execute(delete(Unanswered).where(col(Unanswered.conversation_id) == conversation_id))
        session.commit()


def worklist(engine: Engine, since: datetime) -> list[dict[str, Any]]:
    """The questions asked since then, often asked ones first: language, reason, text, times, last."""
    names = ("language", "reason", "text", "times", "last")
    times, last = func.count(), func.max(Unanswered.asked_at)
    with Session(engine) as session:
        statement = (
            sqlalchemy.select(*(col(getattr(Unanswered, name)) for name in names[:3]), times, last)
            .where(col(Unanswered.asked_at) >= since)
            .group_by(*(col(getattr(Unanswered, name)) for name in names[:3]))
            .order_by(times.desc(), last.desc())
        )
        return [dict(zip(names, row, strict=True)) for row in session.execute(statement)]
