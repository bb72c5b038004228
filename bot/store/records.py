"""What patients do for their backs: plans, check-ins, safety checks and the links to their summary.

Every function takes the engine and plain values, and commits before it returns.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, exists, func, update
from sqlmodel import Session, SQLModel, col, select

from bot.clock import now
from bot.store.conversations import hash_token
from bot.store.database import Bind
from bot.store.models import CheckIn, Inbound, Outbound, Plan, SafetyCheck, Share
from bot.store.staff_models import CLINICIAN

KEPT = ("plan", "checkin", "safetycheck", "schedule", "share")
LINK = "link"  # who opened a shared summary: whoever has the link, or a CLINICIAN


def _had(session: Session, table: type[Plan | CheckIn | SafetyCheck], inbound_id: int | None) -> bool:
    """Whether a message has had this effect already, before it was processed once more."""
    return inbound_id is not None and bool(session.exec(select(table).where(table.inbound_id == inbound_id)).first())


def kept(engine: Bind, conversation_id: str) -> frozenset[str]:
    """Which tables of KEPT hold anything of a patient. In one query: most messages come from patients of whom none
    does."""
    tables = [SQLModel.metadata.tables[name] for name in KEPT]
    there = [exists().where(table.c.conversation_id == conversation_id).label(table.name) for table in tables]
    with Session(engine) as session:
        found = session.execute(select(*there)).one()
    return frozenset(name for name, is_there in zip(KEPT, found, strict=True) if is_there)


def keep_plan(engine: Engine, conversation_id: str, parts: dict[str, str], inbound_id: int | None = None) -> None:
    """Keeps a plan as the newest version; the earlier ones stay."""
    with Session(engine) as session:
        if _had(session, Plan, inbound_id):
            return
        of_patient = Plan.conversation_id == conversation_id
        newest = session.exec(select(func.coalesce(func.max(Plan.version), 0)).where(of_patient)).one()
        session.add(Plan(conversation_id=conversation_id, version=newest + 1, parts=parts, inbound_id=inbound_id))
        session.commit()


def plans(engine: Engine, conversation_id: str) -> list[Plan]:
    """Every version, the newest first."""
    with Session(engine, expire_on_commit=False) as session:
        statement = select(Plan).where(Plan.conversation_id == conversation_id).order_by(col(Plan.version).desc())
        return list(session.exec(statement))


def plan(engine: Bind, conversation_id: str) -> dict[str, str] | None:
    """The parts of the newest version."""
    with Session(engine) as session:
        statement = select(Plan).where(Plan.conversation_id == conversation_id).order_by(col(Plan.version).desc())
        newest = session.exec(statement.limit(1)).first()
        return dict(newest.parts) if newest else None


def add_check_in(
    engine: Engine, conversation_id: str, answers: dict[str, Any], inbound_id: int | None = None
) -> None:
    """Keeps a check-in."""
    with Session(engine) as session:
        if not _had(session, CheckIn, inbound_id):
            session.add(CheckIn(conversation_id=conversation_id, answers=answers, inbound_id=inbound_id))
            session.commit()


def check_ins(engine: Bind, conversation_id: str) -> list[dict[str, Any]]:
    """Every check-in, oldest first: its answers and `at` (UTC)."""
    with Session(engine) as session:
        statement = select(CheckIn).where(CheckIn.conversation_id == conversation_id).order_by(col(CheckIn.id))
        return [row.answers | {"at": row.made_at} for row in session.exec(statement)]


def add_safety_check(
    engine: Engine, conversation_id: str, answers: dict[str, str], inbound_id: int | None = None
) -> None:
    """Keeps the answers of a finished safety check."""
    with Session(engine) as session:
        if not _had(session, SafetyCheck, inbound_id):
            session.add(SafetyCheck(conversation_id=conversation_id, answers=answers, inbound_id=inbound_id))
            session.commit()


def safety_checks(engine: Engine, conversation_id: str) -> list[dict[str, Any]]:
    """Every finished safety check, oldest first: `answers` and `at` (UTC)."""
    with Session(engine) as session:
        of_patient = SafetyCheck.conversation_id == conversation_id
        statement = select(SafetyCheck).where(of_patient).order_by(col(SafetyCheck.id))
        return [{"answers": row.answers, "at": row.made_at} for row in session.exec(statement)]


def last_safety_check(engine: Bind, conversation_id: str) -> datetime | None:
    """When the latest safety check was finished (UTC)."""
    with Session(engine) as session:
        statement = select(SafetyCheck.made_at).where(SafetyCheck.conversation_id == conversation_id)
        return session.exec(statement.order_by(col(SafetyCheck.id).desc()).limit(1)).first()


class StaffOnly(Exception):
    """The patient wants this link to open only for clinicians who are signed in."""


def share(engine: Engine, conversation_id: str, language: str, until: datetime, *, staff_only: bool = False) -> str:
    """A new link's code (22 characters); only its hash is stored. `staff_only`: it opens for clinicians alone."""
    code = secrets.token_urlsafe(16)
    with Session(engine) as session:
        link = Share(
            code_hash=hash_token(code),
            conversation_id=conversation_id,
            language=language,
            expires_at=until,
            staff_only=staff_only,
        )
        session.add(link)
        session.commit()
    return code


def shares(engine: Bind, conversation_id: str) -> list[Share]:
    """Every link of a patient, newest first."""
    with Session(engine, expire_on_commit=False) as session:
        statement = select(Share).where(Share.conversation_id == conversation_id)
        return list(session.exec(statement.order_by(col(Share.created_at).desc())))


def open_share(engine: Engine, code: str, *, by: str = LINK, clinic: str = "") -> Share | None:
    """The link of a code, if it is neither withdrawn nor expired; this view of it is noted for the patient.

    `by` is LINK, or CLINICIAN with the name of their clinic. Raises StaffOnly, and then notes nothing.
    """
    with Session(engine, expire_on_commit=False) as session:
        link = session.get(Share, hash_token(code))
        if not link or link.withdrawn_at or link.expires_at <= now():
            return None
        if link.staff_only and by != CLINICIAN:
            raise StaffOnly
        # A write that changes nothing holds the row, so that two views at once are two views.
        mine = update(Share).where(col(Share.code_hash) == link.code_hash)
        held = session.execute(mine.values(language=Share.language))
        if held.rowcount != 1:  # type: ignore[attr-defined]
            return None  # erased just now
        session.refresh(link)
        link.views = [*link.views, {"at": now().isoformat(timespec="minutes"), "by": by, "clinic": clinic}]
        session.add(link)
        session.commit()
        return link


def views(link: Share) -> list[dict[str, str]]:
    """Who opened a link, oldest first: {"at": ISO moment in UTC, "by": LINK or CLINICIAN, "clinic": name or ""}.

    Before clinicians could sign in, a view was noted as its moment alone.
    """
    return [{"at": view, "by": LINK, "clinic": ""} if isinstance(view, str) else dict(view) for view in link.views]


def withdraw_shares(engine: Engine, conversation_id: str) -> int:
    """Withdraws every link that still works; how many."""
    with Session(engine) as session:
        statement = select(Share).where(Share.conversation_id == conversation_id, col(Share.withdrawn_at).is_(None))
        links = list(session.exec(statement))
        for link in links:
            link.withdrawn_at = now()
            session.add(link)
        session.commit()
        return len(links)


def alarms(engine: Engine, conversation_id: str) -> list[tuple[datetime, str, list[str]]]:
    """Every alarm sign the patient told of and did not take back, oldest first: when, the level, the flags."""
    with Session(engine) as session:
        told = session.exec(select(Inbound).where(Inbound.conversation_id == conversation_id)).all()
        said = session.exec(select(Outbound).where(Outbound.conversation_id == conversation_id)).all()
    events = [(row.received_at, row.screening) for row in told if row.screening.get("outcome") == "alarm"]
    events += [(row.created_at, {}) for row in said if row.reply["key"] == "care/withdrawn"]
    found: list[tuple[datetime, str, list[str]]] = []
    for at, screening in sorted(events, key=lambda event: event[0]):
        if screening:
            found.append((at, screening["level"], list(screening["flags"])))
        elif found:
            found.pop()  # "you misunderstood me", and the answer to the question was no
    return found
