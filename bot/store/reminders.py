"""Agreements and the contacts that follow from them; each contact is settled once, whoever tries.

A contact changes its state by one conditional update, and what it says is stored in the same transaction: of several
processes, or after a restart, only one finds it waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, update
from sqlmodel import Session, col, select

from bot.clock import now
from bot.store.database import Bind
from bot.store.models import TELEGRAM, WEB, Conversation, Inbound, Outbound, Reminder, Schedule, TelegramChat

WARNING = "erase_warning"
WAITING, DELIVERED, MISSED, CANCELLED = "waiting", "delivered", "missed", "cancelled"
Following = Callable[[Schedule, datetime | None], tuple[str, datetime]]  # with the latest contact made


def schedule(engine: Bind, conversation_id: str) -> Schedule | None:
    """What was agreed, stopped or not."""
    with Session(engine, expire_on_commit=False) as session:
        return session.get(Schedule, conversation_id)


def agree(engine: Engine, conversation_id: str, following: Following, **fields: Any) -> datetime | None:
    """Sets fields of the agreement (made anew when there is none) and plans the next contact; returns when that is.

    `following` gives kind and time of the contact after now. With `stopped` nothing is planned, and None returned.
    """
    with Session(engine) as session:
        agreed = session.get(Schedule, conversation_id)
        agreed = agreed or Schedule(conversation_id=conversation_id, began_at=now(), rhythm="", hour=0)
        for name, value in fields.items():
            setattr(agreed, name, value)
        session.add(agreed)
        waiting = (col(Reminder.conversation_id) == conversation_id, col(Reminder.state) == WAITING)
        session.execute(update(Reminder).where(*waiting).values(state=CANCELLED, settled_at=now()))
        due_at = None if agreed.stopped else _plan_next(session, agreed, following)
        session.commit()
        return due_at


def _plan_next(session: Session, agreed: Schedule, following: Following) -> datetime:
    made = select(func.max(Reminder.settled_at)).where(
        Reminder.conversation_id == agreed.conversation_id, Reminder.state == DELIVERED, Reminder.kind != WARNING
    )
    kind, due_at = following(agreed, session.exec(made).one())
    same = select(Reminder).where(
        Reminder.conversation_id == agreed.conversation_id, Reminder.kind == kind, Reminder.due_at == due_at
    )
    if planned := session.exec(same).first():  # cancelled by a change that led back to the same time
        planned.state, planned.settled_at = WAITING, None
        session.add(planned)
    else:
        session.add(Reminder(conversation_id=agreed.conversation_id, kind=kind, due_at=due_at))
    return due_at


def due(engine: Engine, moment: datetime, limit: int = 200) -> list[Reminder]:
    """The contacts that wait and are due, oldest first."""
    with Session(engine, expire_on_commit=False) as session:
        statement = select(Reminder).where(Reminder.state == WAITING, Reminder.due_at <= moment)
        return list(session.exec(statement.order_by(col(Reminder.due_at), col(Reminder.id)).limit(limit)))


def settle(
    engine: Engine,
    reminder: Reminder,
    state: str,
    following: Following,
    replies: list[dict[str, Any]] | None = None,
    said: dict[str, int] | None = None,
) -> bool:
    """Delivers (`replies`) or skips a contact and plans the next, in one step. False when another process has."""
    with Session(engine) as session:
        mine = update(Reminder).where(col(Reminder.id) == reminder.id, col(Reminder.state) == WAITING)
        done = session.execute(mine.values(state=state, settled_at=now()))
        agreed = session.get(Schedule, reminder.conversation_id)
        if done.rowcount != 1:  # type: ignore[attr-defined]
            session.rollback()
            return False
        if replies:
            _say(session, reminder.conversation_id, replies, said or {})
        if agreed and not agreed.stopped:
            _plan_next(session, agreed, following)
        session.commit()
        return True


def _say(session: Session, conversation_id: str, replies: list[dict[str, Any]], said: dict[str, int]) -> None:
    of_patient = Outbound.conversation_id == conversation_id
    conversation = session.get(Conversation, conversation_id, with_for_update=True)  # positions in order
    last = session.exec(select(func.coalesce(func.max(Outbound.position), 0)).where(of_patient)).one()
    chat = session.get(TelegramChat, conversation_id)
    channel = TELEGRAM if chat and not chat.blocked_at else WEB  # a closed page cannot be reached
    for place, reply in enumerate(replies, start=last + 1):
        row = Outbound(id=reply["id"], position=place, conversation_id=conversation_id, reply=reply, channel=channel)
        session.add(row)
    if conversation:
        conversation.said = said
        session.add(conversation)


def history(engine: Bind, conversation_id: str) -> list[Reminder]:
    """Every contact of a patient, oldest first."""
    with Session(engine, expire_on_commit=False) as session:
        statement = select(Reminder).where(Reminder.conversation_id == conversation_id)
        return list(session.exec(statement.order_by(col(Reminder.due_at), col(Reminder.id))))


def last_heard(engine: Engine, conversation_id: str) -> datetime | None:
    """When the patient last sent anything (UTC)."""
    with Session(engine) as session:
        statement = select(Inbound.received_at).where(Inbound.conversation_id == conversation_id)
        return session.exec(statement.order_by(col(Inbound.id).desc()).limit(1)).first()
