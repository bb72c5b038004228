"""Questions without an answer, masked, for the editors' worklist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete
from sqlmodel import Session, col, select

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
    with Session(engine) as session:
        asked = session.exec(select(Unanswered).where(col(Unanswered.asked_at) >= since)).all()
    found: dict[tuple[str, str, str], list[datetime]] = {}
    for row in asked:  # the words are encrypted: no database can group by them
        found.setdefault((row.language, row.reason, row.text or ""), []).append(row.asked_at)
    rows = [
        {"language": language, "reason": reason, "text": text, "times": len(times), "last": max(times)}
        for (language, reason, text), times in found.items()
    ]
    return sorted(rows, key=lambda row: (row["times"], row["last"]), reverse=True)
