"""Deletes what patients wrote in their own words once the promised time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, update
from sqlmodel import Session, col

from bot.store.models import Inbound, Unanswered, now


def delete_expired(engine: Engine, days: int, today: datetime | None = None) -> dict[str, int]:
    """Removes words older than `days`: messages keep their place without their text. Returns how many of each."""
    before = (today or now()) - timedelta(days=days)
    old = (col(Inbound.received_at) < before, col(Inbound.text) != "", col(Inbound.done_at).is_not(None))
    with Session(engine) as session:
        emptied = session.execute(update(Inbound).where(*old).values(text=""))
        forgotten = session.execute(delete(Unanswered).where(col(Unanswered.asked_at) < before))
        session.commit()
        return {"messages": emptied.rowcount, "unanswered": forgotten.rowcount}  # type: ignore[attr-defined]
