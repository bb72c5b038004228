"""Questions without an answer, masked, for the editors' worklist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, func, update
from sqlmodel import Session, col, select

from bot.store.models import Unanswered

BY_TEXT, NOT_OURS = "text", "no"  # what an editor makes of a question: a text answers it now, or it is not for us


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


def worklist(engine: Engine, since: datetime, *, settled: bool = False) -> list[dict[str, Any]]:
    """The questions asked since then that nobody has settled (or those that somebody has), often asked ones first.

    Each: language, reason, text, times, last, settled, and the id of one of its rows, which names the group.
    """
    state = col(Unanswered.settled).is_not(None) if settled else col(Unanswered.settled).is_(None)
    with Session(engine) as session:
        asked = session.exec(select(Unanswered).where(col(Unanswered.asked_at) >= since, state)).all()
    found: dict[tuple[Any, ...], list[Unanswered]] = {}
    for row in asked:  # the words are encrypted: no database can group by them
        found.setdefault((row.language, row.reason, row.text or "", row.settled), []).append(row)
    rows = [
        {
            "language": language, "reason": reason, "text": text, "times": len(same),
            "last": max(row.asked_at for row in same), "settled": how, "id": max(row.id or 0 for row in same),
        }
        for (language, reason, text, how), same in found.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["times"], row["last"]), reverse=True)


def unsettled(engine: Engine) -> int:
    """How many questions nobody has settled yet."""
    with Session(engine) as session:
        statement = select(func.count()).select_from(Unanswered).where(col(Unanswered.settled).is_(None))
        return session.exec(statement).one()


def settle(engine: Engine, question_id: int, how: str) -> int:
    """Settles a question and all that say the same and wait: BY_TEXT or NOT_OURS. How many; 0 when there is none."""
    with Session(engine) as session:
        ids = _same(session, question_id, None)
        return _set(session, ids, how)


def reopen(engine: Engine, question_id: int) -> int:
    """Takes back how a question, and all that say the same and were settled so, was settled. How many."""
    with Session(engine) as session:
        question = session.get(Unanswered, question_id)
        ids = _same(session, question_id, question.settled) if question and question.settled else []
        return _set(session, ids, None)


def _same(session: Session, question_id: int, settled: str | None) -> list[int]:
    """The rows in this state that say what this one says."""
    question = session.get(Unanswered, question_id)
    if not question:
        return []
    alike = select(Unanswered).where(
        Unanswered.language == question.language, Unanswered.reason == question.reason, Unanswered.settled == settled
    )
    return [row.id or 0 for row in session.exec(alike) if row.text == question.text]


def _set(session: Session, ids: list[int], how: str | None) -> int:
    done = session.execute(update(Unanswered).where(col(Unanswered.id).in_(ids)).values(settled=how))
    session.commit()
    return int(done.rowcount)  # type: ignore[attr-defined]
