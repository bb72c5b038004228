"""Queries for Telegram: which chat belongs to which conversation, updates seen, and what waits to be sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, case, func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.clock import now
from bot.store.encryption import cipher_of
from bot.store.models import TELEGRAM, Outbound, TelegramChat, TelegramUpdate

CLAIM = timedelta(seconds=20)  # longer than sending one message takes


# -- chats ---------------------------------------------------------------------------------------


def chat(engine: Engine, chat_id: int) -> TelegramChat | None:
    """The chat with this id."""
    marks = cipher_of(engine.dialect).marks(str(chat_id))
    with Session(engine, expire_on_commit=False) as session:
        return session.exec(select(TelegramChat).where(col(TelegramChat.mark).in_(marks))).first()


def chat_of(engine: Engine, conversation_id: str) -> TelegramChat | None:
    """The chat of a conversation."""
    with Session(engine, expire_on_commit=False) as session:
        return session.get(TelegramChat, conversation_id)


def link(engine: Engine, chat_id: int, conversation_id: str) -> None:
    """Makes this the conversation's chat, instead of any it had."""
    mark = cipher_of(engine.dialect).marks(str(chat_id))[0]
    with Session(engine) as session:
        session.merge(TelegramChat(conversation_id=conversation_id, mark=mark, chat_id=str(chat_id)))
        session.commit()


def change_chat(engine: Engine, conversation_id: str, **fields: Any) -> None:
    """Sets fields of a chat."""
    with Session(engine) as session:
        session.execute(
            update(TelegramChat).where(col(TelegramChat.conversation_id) == conversation_id).values(**fields)
        )
        session.commit()


def forget_keyboard(engine: Engine, conversation_id: str, message_id: int) -> None:
    """The message has no buttons any more, unless a newer one has taken its place meanwhile."""
    with Session(engine) as session:
        mine = (
            col(TelegramChat.conversation_id) == conversation_id,
            col(TelegramChat.keyboard_message) == message_id,
        )
        session.execute(update(TelegramChat).where(*mine).values(keyboard_message=None))
        session.commit()


def close_chat(engine: Engine, conversation_id: str) -> None:
    """The person cannot be reached there any more: nothing that waits is sent."""
    change_chat(engine, conversation_id, blocked_at=now())
    drop_unsent(engine, conversation_id)


def move_chat(engine: Engine, chat_id: int, new_id: int) -> None:
    """Telegram has given a chat another id."""
    if found := chat(engine, chat_id):
        mark = cipher_of(engine.dialect).marks(str(new_id))[0]
        change_chat(engine, found.conversation_id, mark=mark, chat_id=str(new_id))


def mark_anew(engine: Engine) -> None:
    """Marks every chat with the first secret, before the older ones go."""
    with Session(engine) as session:
        for row in session.exec(select(TelegramChat)):
            row.mark = cipher_of(engine.dialect).marks(row.chat_id)[0]
            session.add(row)
        session.commit()


# -- updates -------------------------------------------------------------------------------------


def keep_update(engine: Engine, update_id: int, payload: dict[str, Any] | None) -> bool:
    """Stores an update once; False when it is there already and needs nothing more."""
    with Session(engine) as session:
        session.add(TelegramUpdate(update_id=update_id, payload=payload))
        try:
            session.commit()
        except IntegrityError:
            session.rollback()
            known = session.get(TelegramUpdate, update_id)
            # One from before consent has no payload: when it comes again unfinished, it is processed again.
            return known is not None and known.done_at is None and known.payload is None
        return True


def try_update(engine: Engine, update_id: int, *, count: bool = True) -> tuple[int, int]:
    """Counts a try; how many there were with this one, and how many parts of its answer were sent."""
    with Session(engine) as session:
        row = session.get(TelegramUpdate, update_id)
        if row is None:
            return 1, 0
        row.tries += count
        tries, sent = row.tries, row.parts_sent
        session.add(row)
        session.commit()
        return tries, sent


def note_part(engine: Engine, update_id: int) -> None:
    """One more part of an answer that is not stored was sent."""
    with Session(engine) as session:
        mine = update(TelegramUpdate).where(col(TelegramUpdate.update_id) == update_id)
        session.execute(mine.values(parts_sent=TelegramUpdate.parts_sent + 1))
        session.commit()


def finish_update(engine: Engine, update_id: int, *, set_aside: bool = False) -> None:
    """It is processed, or set aside: its content goes, its number stays."""
    with Session(engine) as session:
        mine = update(TelegramUpdate).where(col(TelegramUpdate.update_id) == update_id)
        session.execute(mine.values({"payload": None, "done_at": now(), "set_aside": set_aside}))
        session.commit()


def unfinished_updates(engine: Engine) -> list[dict[str, Any]]:
    """The content of the updates that a stop left unprocessed, oldest first."""
    with Session(engine) as session:
        statement = select(TelegramUpdate).where(col(TelegramUpdate.done_at).is_(None))
        rows = session.exec(statement.order_by(col(TelegramUpdate.received_at), col(TelegramUpdate.update_id)))
        return [row.payload for row in rows if row.payload is not None]


# -- what waits to be sent -----------------------------------------------------------------------


def due(engine: Engine, resting: Collection[str]) -> str | None:
    """The conversation to send to next: one with a care card before any other, then the longest waiting."""
    with Session(engine) as session:
        unsent = (col(Outbound.channel) == TELEGRAM, col(Outbound.sent_at).is_(None))
        card_first = func.max(case((col(Outbound.urgent), 1), else_=0)).desc()
        statement = select(Outbound.conversation_id).where(*unsent, col(Outbound.conversation_id).not_in(resting))
        statement = statement.group_by(col(Outbound.conversation_id))
        return session.exec(statement.order_by(card_first, func.min(Outbound.created_at)).limit(1)).first()


def claim(engine: Engine, conversation_id: str, process: str) -> TelegramChat | None:
    """The chat, for this process alone for a while; None when it is another's or is gone."""
    free = (
        col(TelegramChat.claimed_until).is_(None)
        | (col(TelegramChat.claimed_until) < now())
        | (col(TelegramChat.claimed_by) == process)
    )
    with Session(engine, expire_on_commit=False) as session:
        mine = update(TelegramChat).where(col(TelegramChat.conversation_id) == conversation_id, free)
        session.execute(mine.values({"claimed_by": process, "claimed_until": now() + CLAIM}))
        session.commit()
        row = session.get(TelegramChat, conversation_id)
        return row if row and row.claimed_by == process else None


def unsent(engine: Engine, conversation_id: str) -> list[Outbound]:
    """What waits for a chat, in the order in which it is to be sent.

    Answers with a care card come first of all; within one answer the card comes last, where it stays in sight.
    """
    with Session(engine, expire_on_commit=False) as session:
        of_chat = (Outbound.conversation_id == conversation_id, Outbound.channel == TELEGRAM)
        statement = select(Outbound).where(*of_chat, col(Outbound.sent_at).is_(None))
        rows = list(session.exec(statement.order_by(col(Outbound.position))))
    carded = {answer_of(row) for row in rows if row.urgent}
    firsts: dict[Any, int] = {}
    for row in rows:
        firsts.setdefault(answer_of(row), row.position)
    return sorted(
        rows, key=lambda row: (answer_of(row) not in carded, firsts[answer_of(row)], row.urgent, row.position)
    )


def answer_of(row: Outbound) -> Any:
    """What belongs to one answer: the replies to one message; what came unasked stands for itself."""
    return row.inbound_id if row.inbound_id is not None else row.id


def last_of_answer(engine: Engine, row: Outbound) -> Outbound:
    """The reply that the page shows last in the same answer; its buttons are those on offer."""
    if row.inbound_id is None:
        return row
    with Session(engine, expire_on_commit=False) as session:
        statement = select(Outbound).where(Outbound.inbound_id == row.inbound_id)
        return session.exec(statement.order_by(col(Outbound.position).desc()).limit(1)).one()


def note_sent(engine: Engine, outbound_id: str, parts: int, *, done: bool) -> None:
    """So many parts of a reply are sent; with `done` all of it."""
    with Session(engine) as session:
        mine = update(Outbound).where(col(Outbound.id) == outbound_id)
        session.execute(mine.values({"parts_sent": parts, "sent_at": now() if done else None}))
        session.commit()


def drop_unsent(engine: Engine, conversation_id: str) -> None:
    """Nothing that waits for this chat is to be sent any more."""
    with Session(engine) as session:
        mine = (col(Outbound.conversation_id) == conversation_id, col(Outbound.channel) == TELEGRAM)
        session.execute(update(Outbound).where(*mine, col(Outbound.sent_at).is_(None)).values(sent_at=now()))
        session.commit()


def stored(engine: Engine, reply_ids: Collection[str]) -> set[str]:
    """Which of these replies are stored, and therefore sent by themselves."""
    with Session(engine) as session:
        return set(session.exec(select(Outbound.id).where(col(Outbound.id).in_(reply_ids))))
