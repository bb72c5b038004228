"""Queries. Every function takes the engine and plain values, and commits before it returns."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, func, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.clock import now
from bot.store.models import BELONGINGS, WEB, Conversation, Inbound, Outbound, Unanswered

LIKELY = 4  # replies; each costs a decryption
# The two writes that every message needs go to the tables themselves: the mapper's share of them is the larger one.
CONVERSATION, INBOUND, OUTBOUND = (SQLModel.metadata.tables[each] for each in ("conversation", "inbound", "outbound"))


def hash_token(token: str) -> str:
    """What is stored of a session token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def create(engine: Engine, *, language: str, channel: str = WEB, **fields: Any) -> tuple[str, Conversation]:
    """A new conversation and its token (256 bits), of which only the SHA-256 is stored."""
    token = secrets.token_urlsafe(32)
    with Session(engine, expire_on_commit=False) as session:
        conversation = Conversation(
            id=secrets.token_hex(12),
            token_hash=hash_token(token),
            language=language,
            channel=channel,
            **fields,
        )
        session.add(conversation)
        session.commit()
        return token, conversation


def find(engine: Engine, token: str) -> Conversation | None:
    """The conversation of a token."""
    with Session(engine, expire_on_commit=False) as session:
        return session.exec(select(Conversation).where(Conversation.token_hash == hash_token(token))).first()


def get(engine: Engine, conversation_id: str) -> Conversation | None:
    """The conversation of an id."""
    with Session(engine, expire_on_commit=False) as session:
        return session.get(Conversation, conversation_id)


def change(engine: Engine, conversation_id: str, **fields: Any) -> None:
    """Sets fields of a conversation."""
    with Session(engine) as session:
        if conversation := session.get(Conversation, conversation_id):
            for name, value in fields.items():
                setattr(conversation, name, value)
            session.add(conversation)
            session.commit()


def accept(
    engine: Engine,
    conversation_id: str,
    *,
    client_id: str,
    text: str,
    choice: str | None,
    screening: dict[str, Any],
    channel: str = WEB,
    conversation: dict[str, Any] | None = None,
) -> tuple[Inbound, bool]:
    """Stores a message once, and in the same step what it changes of its conversation. The second value says whether
    it is new."""
    message: dict[str, Any] = {
        "conversation_id": conversation_id, "client_id": client_id, "text": text or None, "choice": choice,
        "screening": screening, "channel": channel, "received_at": now(), "held": False, "carded": False,
    }  # fmt: skip
    row = {"words" if name == "text" else name: value for name, value in message.items()}
    try:
        with engine.begin() as connection:
            if conversation:
                connection.execute(
                    update(CONVERSATION).where(CONVERSATION.c.id == conversation_id).values(conversation)
                )
            stored = connection.execute(insert(INBOUND).returning(INBOUND.c.id), [row]).scalar_one()
    except IntegrityError:
        with Session(engine, expire_on_commit=False) as session:
            return _existing(session, conversation_id, client_id), False
    return Inbound(id=stored, **message), True


def seen(engine: Engine, conversation_id: str, client_id: str) -> Inbound | None:
    """The message with this client id, if it was stored before."""
    with Session(engine, expire_on_commit=False) as session:
        statement = select(Inbound).where(Inbound.conversation_id == conversation_id, Inbound.client_id == client_id)
        return session.exec(statement).first()


def _existing(session: Session, conversation_id: str, client_id: str) -> Inbound:
    statement = select(Inbound).where(Inbound.conversation_id == conversation_id, Inbound.client_id == client_id)
    found = session.exec(statement).one()
    session.expunge(found)
    return found


@dataclass(frozen=True)
class Arrival:
    """What must be known when a message arrives: the conversation as it is now, the message if it was stored before,
    whether earlier messages still wait, and the replies whose buttons are likeliest to be pressed, newest first."""

    conversation: Conversation | None
    before: Inbound | None
    behind: bool
    offered: list[dict[str, Any]]


def arrived(engine: Engine, conversation_id: str, client_id: str) -> Arrival:
    """One look at the database for all of it."""
    with Session(engine, expire_on_commit=False) as session:
        conversation = session.get(Conversation, conversation_id)
        same = select(Inbound).where(Inbound.conversation_id == conversation_id, Inbound.client_id == client_id)
        before = session.exec(same).first()
        waits = select(Inbound.id).where(Inbound.conversation_id == conversation_id, col(Inbound.done_at).is_(None))
        behind = session.exec(waits.limit(1)).first() is not None
        offered = [row.reply for row in session.exec(_newest(conversation_id, LIKELY))]
        return Arrival(conversation, before, behind, offered)


def finish(
    engine: Engine,
    inbound: Inbound,
    replies: list[dict[str, Any]],
    *,
    done: bool,
    conversation: dict[str, Any] | None = None,
    **fields: Any,
) -> bool:
    """Stores the replies to a message, that it is answered, and what that changes of its conversation, in one step.

    False, and nothing stored, when it was answered before or is erased: however many gateways try, one answer stands.
    """
    of_patient = CONVERSATION.c.id == inbound.conversation_id
    waits = (INBOUND.c.id == inbound.id) & INBOUND.c.done_at.is_(None)
    if not done:  # one card or holding reply, whichever gateway is first
        waits &= INBOUND.c.held.is_(False) & INBOUND.c.carded.is_(False)
    with engine.connect() as connection:
        # A write, be it one that changes nothing, holds the row: one writer at a time in each conversation, so that
        # positions are in order. SQLite has one writer anyway.
        changed = conversation or {"language": CONVERSATION.c.language}
        connection.execute(update(CONVERSATION).where(of_patient).values(changed))
        marked = connection.execute(update(INBOUND).where(waits).values(done_at=now() if done else None, **fields))
        if marked.rowcount != 1:
            connection.rollback()
            return False
        places = select(func.coalesce(func.max(OUTBOUND.c.position), 0))
        last = connection.execute(places.where(OUTBOUND.c.conversation_id == inbound.conversation_id)).scalar_one()
        rows = [
            {
                "id": reply["id"], "position": place, "conversation_id": inbound.conversation_id,
                "inbound_id": inbound.id, "reply": reply, "channel": inbound.channel,
                "urgent": bool(reply.get("care")), "parts_sent": 0, "created_at": now(),
            }
            for place, reply in enumerate(replies, start=last + 1)
        ]  # fmt: skip
        if rows:
            connection.execute(insert(OUTBOUND), rows)
        connection.commit()
        return True


def replies_to(engine: Engine, inbound_id: int) -> list[dict[str, Any]]:
    """The replies a message got, in order."""
    with Session(engine) as session:
        statement = select(Outbound).where(Outbound.inbound_id == inbound_id).order_by(col(Outbound.position))
        return [row.reply for row in session.exec(statement)]


def latest_replies(engine: Engine, conversation_id: str, limit: int = 40) -> list[dict[str, Any]]:
    """The newest replies of a conversation, newest first."""
    with Session(engine) as session:
        return [row.reply for row in session.exec(_newest(conversation_id, limit))]


def _newest(conversation_id: str, limit: int) -> SelectOfScalar[Outbound]:
    of_patient = select(Outbound).where(Outbound.conversation_id == conversation_id)
    return of_patient.order_by(col(Outbound.position).desc()).limit(limit)


def last_care(engine: Engine, conversation_id: str, since: datetime) -> dict[str, Any] | None:
    """The newest care card given since then: {'level', 'flags', ...}; nothing when it was withdrawn afterwards."""
    with Session(engine) as session:
        statement = (
            select(Outbound)
            .where(Outbound.conversation_id == conversation_id, col(Outbound.created_at) >= since)
            .order_by(col(Outbound.position).desc())
        )
        for row in session.exec(statement):
            if row.reply["key"] == "care/withdrawn":
                return None
            if row.reply["care"]:
                return dict(row.reply["care"])
    return None


def last_answer(engine: Engine, conversation_id: str) -> list[dict[str, Any]]:
    """The replies to the latest message that has any, in order."""
    with Session(engine) as session:
        latest = session.exec(
            select(func.max(Outbound.inbound_id)).where(Outbound.conversation_id == conversation_id)
        ).one()
    return replies_to(engine, latest) if latest else []


def transcript(engine: Engine, conversation_id: str) -> list[dict[str, Any]]:
    """What patient and assistant said, in order; the patient's messages have the key `patient`."""
    with Session(engine) as session:
        inbound = session.exec(
            select(Inbound).where(Inbound.conversation_id == conversation_id).order_by(col(Inbound.id))
        ).all()
        outbound = session.exec(
            select(Outbound).where(Outbound.conversation_id == conversation_id).order_by(col(Outbound.position))
        ).all()
    # By place, not by time: clocks are set back. Answers stand with their message, late ones too; what goes out
    # unasked stands where it came in.
    entries: list[dict[str, Any]] = []
    answers: dict[int | None, list[Outbound]] = defaultdict(list)
    for row in outbound:
        answers[row.inbound_id].append(row)
    unasked = answers[None]
    for message in inbound:
        answer = answers[message.id]
        while unasked and _came_before(unasked[0], message, answer):
            entries.append(unasked.pop(0).reply)
        entries += [patient_entry(f"patient-{message.id}", message.text)] if message.text else []
        entries += [row.reply for row in answer]
    return [*entries, *(row.reply for row in unasked)]


def _came_before(row: Outbound, message: Inbound, answer: list[Outbound]) -> bool:
    return row.position < answer[0].position if answer else row.created_at < message.received_at


def put_aside(engine: Engine, conversation_id: str) -> list[str]:
    """The masked questions of a conversation that wait for an editor."""
    with Session(engine) as session:
        rows = session.exec(select(Unanswered).where(Unanswered.conversation_id == conversation_id)).all()
    return [row.text or "" for row in rows]


def patient_entry(entry_id: str, text: str) -> dict[str, Any]:
    """A patient's message in the shape of a reply."""
    empty: dict[str, Any] = {"care": None, "image": None, "topic": None, "choices": [], "sources": []}
    return {"id": entry_id, "key": "patient", "version": "", "text": text, **empty}


def recent(engine: Engine, conversation_id: str, limit: int) -> list[Inbound]:
    """The newest messages of a patient, newest first."""
    with Session(engine, expire_on_commit=False) as session:
        statement = select(Inbound).where(Inbound.conversation_id == conversation_id)
        return list(session.exec(statement.order_by(col(Inbound.id).desc()).limit(limit)))


def waiting(engine: Engine, conversation_id: str | None = None, before: datetime | None = None) -> list[Inbound]:
    """Messages whose answer is due, oldest first; of one conversation or of all, or only those received before."""
    statement = select(Inbound).where(col(Inbound.done_at).is_(None)).order_by(col(Inbound.id))
    if before is not None:
        statement = statement.where(col(Inbound.received_at) < before)
    if conversation_id is not None:
        statement = statement.where(Inbound.conversation_id == conversation_id)
    with Session(engine, expire_on_commit=False) as session:
        return list(session.exec(statement))


def how_many_wait(engine: Engine) -> int:
    """How many messages have no answer yet."""
    with Session(engine) as session:
        return session.exec(select(func.count()).where(col(Inbound.done_at).is_(None))).one()


def is_waiting(engine: Engine, inbound: Inbound) -> bool:
    """Whether nobody has answered this message yet."""
    with Session(engine) as session:
        mine = select(Inbound.id).where(Inbound.id == inbound.id, col(Inbound.done_at).is_(None))
        return session.exec(mine).first() is not None


def erase(engine: Engine, conversation_id: str) -> None:
    """Removes a conversation and all that belongs to it, Rasa's state included."""
    with Session(engine) as session:
        for table in BELONGINGS:
            session.execute(delete(table).where(col(table.conversation_id) == conversation_id))
        session.execute(delete(Conversation).where(col(Conversation.id) == conversation_id))
        session.commit()
