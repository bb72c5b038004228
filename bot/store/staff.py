"""Users, their sessions, and the audit log. Every function takes the engine and plain values, and commits."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.clock import now
from bot.store.conversations import hash_token
from bot.store.staff_models import ADMIN, ROLES, Audit, PasswordLink, StaffSession, User

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
LINK_WORKS = timedelta(hours=48)
SEEN_EVERY = timedelta(seconds=30)


class EmailTaken(Exception):
    """Another user has this e-mail address."""


class LastAdmin(Exception):
    """Nobody would be left who may add and change users."""


def add_user(engine: Engine, *, email: str, name: str, roles: list[str], **fields: Any) -> User:
    """A new user, without a password yet. Raises EmailTaken; ValueError for a role there is not."""
    if unknown := sorted(set(roles) - set(ROLES)):
        raise ValueError(f"no such role: {', '.join(unknown)}")
    user = User(id=secrets.token_hex(8), email=email.strip().casefold(), name=name.strip(), roles=roles, **fields)
    with Session(engine, expire_on_commit=False) as session:
        session.add(user)
        try:
            session.commit()
        except IntegrityError:
            raise EmailTaken(user.email) from None
        return user


def user(engine: Engine, user_id: str) -> User | None:
    """The user of an id."""
    with Session(engine, expire_on_commit=False) as session:
        return session.get(User, user_id)


def by_email(engine: Engine, email: str) -> User | None:
    """The user of an e-mail address."""
    with Session(engine, expire_on_commit=False) as session:
        return session.exec(select(User).where(User.email == email.strip().casefold())).first()


def users(engine: Engine) -> list[User]:
    """Everybody, by name."""
    with Session(engine, expire_on_commit=False) as session:
        return sorted(session.exec(select(User)), key=lambda each: each.name.casefold())


def change_user(engine: Engine, user_id: str, **fields: Any) -> None:
    """Sets fields of a user; whoever is no longer active, or has another password, is signed out everywhere.

    Raises LastAdmin, also for the second of two admins who take the role from each other at once.
    """
    guarded = "roles" in fields or "active" in fields
    with Session(engine) as session:
        had_admins = bool(guarded and _admins(session))
        session.execute(update(User).where(col(User.id) == user_id).values(**fields))
        if had_admins and not _admins(session):
            session.rollback()
            raise LastAdmin
        if fields.get("active") is False:
            session.execute(delete(PasswordLink).where(col(PasswordLink.user_id) == user_id))
        if fields.get("active") is False or "password_hash" in fields:
            session.execute(delete(StaffSession).where(col(StaffSession.user_id) == user_id))
        session.commit()


def _admins(session: Session) -> list[str]:
    """The active admins, with every user locked until the commit (SQLite: the update before it locks all)."""
    rows = session.exec(select(User.id, User.roles, User.active).order_by(User.id).with_for_update())
    return [user_id for user_id, roles, active in rows if active and ADMIN in roles]


def renew_hash(engine: Engine, user_id: str, old: str, fresh: str) -> None:
    """The same password under today's parameters; nothing when it was changed meanwhile."""
    with Session(engine) as session:
        mine = update(User).where(col(User.id) == user_id, col(User.password_hash) == old)
        session.execute(mine.values(password_hash=fresh))
        session.commit()


def bind_subject(engine: Engine, user_id: str, subject: str) -> bool:
    """Ties a user to an identity elsewhere at the first sign-in; False when either is tied to another."""
    with Session(engine) as session:
        mine = update(User).where(col(User.id) == user_id, col(User.oidc_subject).is_(None))
        try:
            session.execute(mine.values(oidc_subject=subject))
            session.commit()
        except IntegrityError:
            return False
        return session.get_one(User, user_id).oidc_subject == subject


def spend_totp_step(engine: Engine, user_id: str, step: int) -> bool:
    """Notes that the code of this time step was used; False when it, or a later one, was before."""
    with Session(engine) as session:
        mine = update(User).where(col(User.id) == user_id, col(User.totp_step) < step)
        done = session.execute(mine.values(totp_step=step))
        session.commit()
        return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def password_link(engine: Engine, user_id: str) -> str:
    """A code (22 characters) to choose a password with, once, for 48 hours; earlier ones no longer work."""
    code = secrets.token_urlsafe(16)
    with Session(engine) as session:
        session.execute(delete(PasswordLink).where(col(PasswordLink.user_id) == user_id))
        link = PasswordLink(code_hash=hash_token(code), user_id=user_id, expires_at=now() + LINK_WORKS)
        session.add(link)
        session.commit()
    return code


def user_of_link(engine: Engine, code: str) -> User | None:
    """Whose password a code would set; None when it is used, expired or made up."""
    with Session(engine, expire_on_commit=False) as session:
        link = session.get(PasswordLink, hash_token(code))
        owner = session.get(User, link.user_id) if link and link.expires_at > now() else None
        return owner if owner and owner.active else None


def use_link(engine: Engine, code: str, password_hash: str) -> User | None:
    """Sets the password and uses the code up; None for the second of two at once."""
    found = user_of_link(engine, code)
    with Session(engine) as session:
        gone = session.execute(delete(PasswordLink).where(col(PasswordLink.code_hash) == hash_token(code)))
        if not found or gone.rowcount != 1:  # type: ignore[attr-defined]
            return None
        session.execute(update(User).where(col(User.id) == found.id).values(password_hash=password_hash))
        session.execute(delete(StaffSession).where(col(StaffSession.user_id) == found.id))
        session.commit()
    return found


def open_session(engine: Engine, user_id: str, *, passed: bool) -> str:
    """Signs in: the new session's token (256 bits)."""
    token, fresh = _fresh(user_id, passed=passed)
    with Session(engine) as session:
        session.add(fresh)
        session.commit()
    return token


def _fresh(user_id: str, *, passed: bool) -> tuple[str, StaffSession]:
    token = secrets.token_urlsafe(32)
    csrf = secrets.token_urlsafe(24)
    return token, StaffSession(token_hash=hash_token(token), user_id=user_id, csrf=csrf, passed=passed)


def session_of(engine: Engine, token: str) -> tuple[StaffSession, User] | None:
    """The session of a token and its user, and notes that it was used; None when it has ended, or the user has."""
    with Session(engine, expire_on_commit=False) as session:
        found = session.get(StaffSession, hash_token(token))
        owner = session.get(User, found.user_id) if found else None
        if not found or not owner:
            return None
        at = now()
        if at - found.seen_at > IDLE or at - found.created_at > LONGEST or not owner.active:
            session.execute(delete(StaffSession).where(col(StaffSession.token_hash) == found.token_hash))
            session.commit()
            return None
        if at - found.seen_at > SEEN_EVERY:  # no error when another request has just signed out
            mine = update(StaffSession).where(col(StaffSession.token_hash) == found.token_hash)
            session.execute(mine.values(seen_at=at).execution_options(synchronize_session=False))
            session.commit()
        return found, owner


def pass_second(engine: Engine, token: str) -> str | None:
    """The second factor was given: a new token for the session, which is now open; None when it has ended."""
    with Session(engine) as session:
        found = session.get(StaffSession, hash_token(token))
        if not found:
            return None
        opened, fresh = _fresh(found.user_id, passed=True)
        gone = session.execute(delete(StaffSession).where(col(StaffSession.token_hash) == hash_token(token)))
        if gone.rowcount != 1:  # type: ignore[attr-defined]
            return None
        session.add(fresh)
        session.commit()
    return opened


def close_session(engine: Engine, token: str) -> None:
    """Signs out."""
    with Session(engine) as session:
        session.execute(delete(StaffSession).where(col(StaffSession.token_hash) == hash_token(token)))
        session.commit()


def close_sessions(engine: Engine, user_id: str) -> None:
    """Signs a user out everywhere."""
    with Session(engine) as session:
        session.execute(delete(StaffSession).where(col(StaffSession.user_id) == user_id))
        session.commit()


def forget_sessions(engine: Engine) -> None:
    """Deletes what has ended: sessions, and links to choose a password."""
    with Session(engine) as session:
        ended = (col(StaffSession.created_at) < now() - LONGEST) | (col(StaffSession.seen_at) < now() - IDLE)
        session.execute(delete(StaffSession).where(ended))
        session.execute(delete(PasswordLink).where(col(PasswordLink.expires_at) < now()))
        session.commit()


def note(engine: Engine, user: User | None, action: str, object: str = "", *, who: str = "", **details: Any) -> None:
    """Writes a line of the audit log: names and numbers, never what a patient said."""
    with Session(engine) as session:
        session.add(
            Audit(
                user_id=user.id if user else None,
                who=user.email if user else who,
                action=action,
                object=object,
                details=details,
            )
        )
        session.commit()


def audit(
    engine: Engine, *, before: int | None = None, limit: int = 100, who: str = "", action: str = ""
) -> list[Audit]:
    """The newest lines of the audit log, newest first; `before` an id, for the next page; of one person or action."""
    statement = select(Audit).order_by(col(Audit.id).desc()).limit(limit)
    for wanted in (
        col(Audit.id) < before if before else None,
        col(Audit.who) == who if who else None,
        col(Audit.action) == action if action else None,
    ):
        statement = statement if wanted is None else statement.where(wanted)
    with Session(engine, expire_on_commit=False) as session:
        return list(session.exec(statement))


def audited(engine: Engine) -> tuple[list[str], list[str]]:
    """Everybody and every action the audit log speaks of, sorted."""
    with Session(engine) as session:
        people = session.exec(select(Audit.who).distinct()).all()
        actions = session.exec(select(Audit.action).distinct()).all()
    return sorted(filter(None, people)), sorted(actions)
