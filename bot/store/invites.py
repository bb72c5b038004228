"""Invites: links with context and without identity. Every function takes the engine and plain values, and commits."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import Engine, func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.clock import now
from bot.store.conversations import hash_token
from bot.store.database import Bind
from bot.store.models import Conversation, Inbound, SafetyCheck
from bot.store.staff_models import Clinic, Invite


def make(engine: Engine, *, user_id: str, **fields: Any) -> tuple[str, Invite]:
    """A new invite and its code (22 base64url characters, 128 bits), which is stored nowhere."""
    code = secrets.token_urlsafe(16)
    invite = Invite(id=secrets.token_hex(8), code_hash=hash_token(code), user_id=user_id, **fields)
    with Session(engine, expire_on_commit=False) as session:
        session.add(invite)
        session.commit()
    return code, invite


def make_once(engine: Engine, code: str, *, user_id: str, **fields: Any) -> Invite:
    """The invite of this code, made if it is not there: a form that is sent twice makes one invite."""
    invite = Invite(id=secrets.token_hex(8), code_hash=hash_token(code), user_id=user_id, **fields)
    with Session(engine, expire_on_commit=False) as session:
        session.add(invite)
        try:
            session.commit()
        except IntegrityError:
            session.rollback()
            return session.exec(select(Invite).where(Invite.code_hash == hash_token(code))).one()
        return invite


def in_force(invite: Invite | None) -> bool:
    """Whether somebody may still come in by it."""
    return bool(invite and not invite.revoked_at and invite.expires_at > now() and invite.used < invite.most)


def of_code(engine: Engine, code: str) -> Invite | None:
    """The invite of a code, in force or not."""
    return of_hash(engine, hash_token(code))


def of_hash(engine: Bind, code_hash: str | None) -> Invite | None:
    """The invite a conversation came with (`Conversation.invite_hash`), in force or not."""
    with Session(engine, expire_on_commit=False) as session:
        return session.exec(select(Invite).where(Invite.code_hash == code_hash)).first() if code_hash else None


def note_opened(engine: Engine, invite_id: str) -> None:
    """One more opening of its page."""
    with Session(engine) as session:
        session.execute(update(Invite).where(col(Invite.id) == invite_id).values(opened=Invite.opened + 1))
        session.commit()


def use(engine: Engine, code: str) -> Invite | None:
    """Lets one more person in; None when the invite is revoked, expired, used up or made up. Safe for two at once."""
    with Session(engine, expire_on_commit=False) as session:
        mine = update(Invite).where(
            col(Invite.code_hash) == hash_token(code),
            col(Invite.revoked_at).is_(None),
            col(Invite.expires_at) > now(),
            col(Invite.used) < col(Invite.most),
        )
        done = session.execute(mine.values(used=Invite.used + 1))
        session.commit()
        if done.rowcount != 1:  # type: ignore[attr-defined]
            return None
        return session.exec(select(Invite).where(Invite.code_hash == hash_token(code))).one()


def of_user(engine: Engine, user_id: str) -> list[Invite]:
    """A clinician's own invites, newest first."""
    with Session(engine, expire_on_commit=False) as session:
        statement = select(Invite).where(Invite.user_id == user_id)
        return list(session.exec(statement.order_by(col(Invite.created_at).desc())))


def own(engine: Engine, user_id: str, invite_id: str) -> Invite | None:
    """An invite, if it is this clinician's."""
    with Session(engine, expire_on_commit=False) as session:
        found = session.get(Invite, invite_id.replace("\x00", ""))  # which PostgreSQL would not even look for
        return found if found and found.user_id == user_id else None


def revoke(engine: Engine, invite_id: str) -> None:
    """Nobody new comes in by it; who is in stays."""
    with Session(engine) as session:
        mine = update(Invite).where(col(Invite.id) == invite_id, col(Invite.revoked_at).is_(None))
        session.execute(mine.values(revoked_at=now()))
        session.commit()


def conversations(engine: Engine, code_hash: str) -> list[Conversation]:
    """Everybody who came by it and has not erased themselves."""
    with Session(engine, expire_on_commit=False) as session:
        return list(session.exec(select(Conversation).where(Conversation.invite_hash == code_hash)))


def people(engine: Engine, user_id: str) -> Sequence[Any]:
    """Who came by a clinician's invites and has not erased themselves: rows with `id`, `invite_hash`, `created_at`,
    `consented_at`, `journey`."""
    names = ("id", "invite_hash", "created_at", "consented_at", "journey")
    statement: Any = sqlalchemy.select(*(getattr(Conversation, name) for name in names))
    with Session(engine) as session:
        found: Sequence[Any] = session.execute(_of_their_invites(statement, user_id)).all()
        return found


def safety_answers(engine: Engine, user_id: str) -> dict[str, dict[str, str]]:
    """The latest finished safety check of each of these people: conversation id -> {flag: "yes" or "no"}."""
    statement = sqlalchemy.select(col(SafetyCheck.conversation_id), col(SafetyCheck.answers)).join(
        Conversation, col(Conversation.id) == col(SafetyCheck.conversation_id)
    )
    with Session(engine) as session:
        oldest_first = _of_their_invites(statement, user_id).order_by(col(SafetyCheck.id))
        return dict(session.execute(oldest_first).all())


def last_heard(engine: Engine, user_id: str) -> dict[str, datetime]:
    """When each of these people last sent something: conversation id -> moment (UTC)."""
    statement = sqlalchemy.select(col(Inbound.conversation_id), func.max(Inbound.received_at)).join(
        Conversation, col(Conversation.id) == col(Inbound.conversation_id)
    )
    with Session(engine) as session:
        grouped = _of_their_invites(statement, user_id).group_by(col(Inbound.conversation_id))
        return dict(session.execute(grouped).all())


def _of_their_invites(statement: Any, user_id: str) -> Any:
    same = col(Invite.code_hash) == col(Conversation.invite_hash)
    return statement.join(Invite, same).where(col(Invite.user_id) == user_id)


def clinic(engine: Engine, clinic_id: str | None) -> Clinic | None:
    """A clinic."""
    with Session(engine, expire_on_commit=False) as session:
        return session.get(Clinic, clinic_id) if clinic_id else None


def clinics(engine: Engine) -> list[Clinic]:
    """Every clinic, by name."""
    with Session(engine, expire_on_commit=False) as session:
        return sorted(session.exec(select(Clinic)), key=lambda each: each.name.casefold())


def keep_clinic(engine: Engine, clinic: Clinic) -> None:
    """Adds a clinic, or changes it."""
    with Session(engine) as session:
        session.merge(clinic)
        session.commit()
