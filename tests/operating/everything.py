"""Something in every table, with what is hard to copy: emoji, quotes, nothing, the year 1, numbers of 64 bits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, func, select

from bot.clock import now
from bot.store.editorial_models import Edition, Publication, Remark, TextVersion
from bot.store.models import BELONGINGS, Conversation, TelegramUpdate
from bot.store.staff_models import Audit, Clinic, Invite, PasswordLink, StaffSession, User
from tests.store.test_encryption import CANARY, tell_everything

CSRF = "the-csrf-token-of-a-session"
HARD = "æøå 🦴 'quoted' \"twice\" \\ \t\n\r\x01 \u2028 ; drop table audit; --"
STAFF: tuple[type[SQLModel], ...] = (
    Clinic, User, StaffSession, PasswordLink, Audit, Invite, TextVersion, Edition, Remark, Publication,
)  # fmt: skip
ALL: tuple[Any, ...] = (*BELONGINGS, Conversation, TelegramUpdate, *STAFF)

__all__ = ["ALL", "CANARY", "CSRF", "HARD", "fill", "how_many"]


def fill(engine: Engine) -> None:
    """Two conversations, and staff who did something."""
    tell_everything(engine)
    tell_everything(engine)
    moment = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    rows: list[list[SQLModel]] = [
        [Clinic(id="c", name=HARD, origins=["https://klinik.dk", HARD]), Clinic(id="C", name="", origins=[])],
        [
            User(id="u", email="a@b.dk", name=HARD, roles=["editor"], clinic_id="c", totp_secret=CANARY),
            User(id="å", email="c@d.dk", name="", created_at=datetime(1, 1, 1, tzinfo=UTC)),
            User(id="z", email="e@f.dk", name="Z", signs_off=True, password_hash="$argon2id$v=19$…"),
        ],
        [
            StaffSession(token_hash="t", user_id="u", csrf=CSRF),
            PasswordLink(code_hash="p", user_id="u", expires_at=moment),
            Audit(id=7, who=HARD, action="x", details={"roles": [HARD, None, 1.5, True], "\x00": "\ud83d"}),
            Audit(id=2**31 - 9, action="y", at=moment),
            Invite(id="i", code_hash="h", user_id="u", clinic_id="c", most=5, expires_at=now(), stress=["a"]),
            TextVersion(key="topic/x", language="da", version="v", source=HARD * 100, origin="file"),
            TextVersion(key="Topic/x", language="da", version="v", source="", origin="edition"),
            TextVersion(key="topic/å", language="da", version="v", source="x", origin="edition"),
            Edition(id=3, key="topic/x", language="da", source="x", author_id="u", base_version="v", suite=None),
            Edition(id=4, key="k", language="en", source="y", author_id="u", base_version="v", suite={"ok": True}),
        ],
        [
            Remark(edition_id=3, user_id="u", kind="said", words=HARD),
            Publication(key="k", language="en", version="v", edition_id=4, kind="approved", by="u"),
        ],
    ]  # fmt: skip
    with Session(engine) as session:
        for together in rows:
            session.add_all(together)
            session.flush()
        session.add(TelegramUpdate(update_id=2**53))
        session.commit()


def how_many(engine: Engine) -> dict[str, int]:
    """The rows of every table."""
    with Session(engine) as session:
        return {str(t.__tablename__): session.exec(select(func.count()).select_from(t)).one() for t in ALL}
