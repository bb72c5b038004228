"""Keeps the promised times: words go after some weeks, people who stay away after a year and a warning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy
from sqlalchemy import Engine, delete, func, update
from sqlmodel import Session, col, select

from bot.clock import danish, now
from bot.store.conversations import erase
from bot.store.models import (
    Conversation,
    DialogueState,
    Inbound,
    Reminder,
    Schedule,
    TelegramUpdate,
    Transfer,
    Unanswered,
)
from bot.store.reminders import WARNING

WARNED_DAYS = 30  # between the warning and the end
WARNED = timedelta(days=WARNED_DAYS)
UPDATES_KEPT = timedelta(days=3)  # Telegram sends one again for a day; later its number may be another's
STRANGER_DAYS = 7  # for a conversation without consent, which holds nothing


def delete_expired(engine: Engine, days: int, today: datetime | None = None) -> dict[str, int]:
    """Removes words older than `days`: messages keep their place without their text. Returns how many of each."""
    before = (today or now()) - timedelta(days=days)
    old = (col(Inbound.received_at) < before, col(Inbound.text).is_not(None), col(Inbound.done_at).is_not(None))
    with Session(engine) as session:
        emptied = session.execute(update(Inbound).where(*old).values({Inbound.text: None}))
        forgotten = session.execute(delete(Unanswered).where(col(Unanswered.asked_at) < before))
        # Rasa's memory holds answers in words; it is a cache, and nobody goes on where they were a month ago.
        silent = (
            select(Inbound.conversation_id)
            .group_by(col(Inbound.conversation_id))
            .having(func.max(Inbound.received_at) < before)
        )
        session.execute(delete(DialogueState).where(col(DialogueState.conversation_id).in_(silent)))
        processed = col(TelegramUpdate.done_at) < (today or now()) - UPDATES_KEPT
        session.execute(delete(TelegramUpdate).where(processed))
        session.execute(delete(Transfer).where(col(Transfer.expires_at) < (today or now())))
        session.commit()
        return {"messages": emptied.rowcount, "unanswered": forgotten.rowcount}  # type: ignore[attr-defined]


def erase_inactive(engine: Engine, days: int, today: datetime | None = None) -> dict[str, int]:
    """Erases people not heard of for `days`, who were warned 30 days before unless they want no messages.

    Conversations that never came to consent go after a week. Returns how many were warned and erased.
    """
    today, done = today or now(), {"warned": 0, "erased": 0}
    for conversation_id, consented, heard, stopped in _people(engine):
        silent = today - heard
        if not consented:
            if silent > timedelta(days=STRANGER_DAYS):
                erase(engine, conversation_id)
        elif silent > timedelta(days=days - WARNED_DAYS):
            warned = _warned(engine, conversation_id, heard)
            if not stopped and warned is None:
                _warn(engine, conversation_id, today)
                done["warned"] += 1
            elif silent > timedelta(days=days) and (stopped or (warned and today - warned > WARNED)):
                erase(engine, conversation_id)
                done["erased"] += 1
    return done


def _people(engine: Engine) -> Iterator[tuple[str, bool, datetime, bool]]:
    """Each conversation: its id, whether there is consent, when last heard of, and whether contact is stopped."""
    with Session(engine) as session:
        heard = dict(
            session.execute(
                sqlalchemy.select(col(Inbound.conversation_id), func.max(Inbound.received_at)).group_by(
                    col(Inbound.conversation_id)
                )
            ).all()
        )
        stopped = set(session.exec(select(Schedule.conversation_id).where(Schedule.stopped)))
        for row in session.exec(select(Conversation)):
            yield row.id, row.consented_at is not None, heard.get(row.id) or row.created_at, row.id in stopped


def _warned(engine: Engine, conversation_id: str, since: datetime) -> datetime | None:
    with Session(engine) as session:
        statement = select(func.max(Reminder.due_at)).where(
            Reminder.conversation_id == conversation_id,
            Reminder.kind == WARNING,
            Reminder.due_at > since,
            col(Reminder.state).in_(("waiting", "delivered")),  # one that was missed does not count
        )
        return session.exec(statement).one()


def _warn(engine: Engine, conversation_id: str, moment: datetime) -> None:
    """Plans the warning for ten o'clock the next morning, Danish time."""
    due_at = (danish(moment) + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    with Session(engine) as session:
        session.add(Reminder(conversation_id=conversation_id, kind=WARNING, due_at=due_at))
        session.commit()
