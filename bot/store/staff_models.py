"""Those who work with Rygråd, the clinics they work for, and the invites that clinicians give to patients.

No table here holds anything about a patient. Passwords are stored as Argon2 hashes; codes and tokens as SHA-256.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from bot.clock import now
from bot.store.encryption import EncryptedText, UtcDateTime

CLINICIAN, EDITOR, REVIEWER, ADMIN = ROLES = ("clinician", "editor", "reviewer", "admin")


def _moment(*, index: bool = False, nullable: bool = False, **options: Any) -> Any:
    return Field(sa_column=Column(UtcDateTime, index=index, nullable=nullable), **options)


def _plain(**options: Any) -> Any:
    return Field(sa_column=Column(JSON, nullable=False), **options)


class Clinic(SQLModel, table=True):
    """A clinic. `origins` are the sites that may frame its chat, as in ["https://www.klinik.dk"]."""

    id: str = Field(primary_key=True)
    name: str
    phone: str = ""
    region: str | None = None
    origins: list[str] = _plain(default_factory=list)
    created_at: datetime = _moment(default_factory=now)


class User(SQLModel, table=True):
    """Somebody who signs in. `roles` are of ROLES; `signs_off`: as a reviewer they may approve safety texts."""

    __tablename__ = "staffuser"

    id: str = Field(primary_key=True)
    email: str = Field(unique=True, index=True)  # in small letters
    name: str
    roles: list[str] = _plain(default_factory=list)
    signs_off: bool = False
    clinic_id: str | None = Field(default=None, foreign_key="clinic.id")
    language: str = "da"
    active: bool = True
    password_hash: str | None = None  # None: signs in elsewhere, or has not chosen one yet
    totp_secret: str | None = Field(default=None, sa_column=Column(EncryptedText))
    totp_on: bool = False
    totp_step: int = 0  # the newest time step whose code was used; a code works once
    oidc_subject: str | None = Field(default=None, unique=True)
    created_at: datetime = _moment(default_factory=now)
    signed_in_at: datetime | None = _moment(nullable=True, default=None)


class StaffSession(SQLModel, table=True):
    """A signed-in browser. `passed` is false until a second factor, if there is one, was given."""

    token_hash: str = Field(primary_key=True)
    user_id: str = Field(index=True, foreign_key="staffuser.id")
    csrf: str
    passed: bool = True
    created_at: datetime = _moment(default_factory=now)
    seen_at: datetime = _moment(default_factory=now)


class PasswordLink(SQLModel, table=True):
    """A code to choose a password with, once."""

    code_hash: str = Field(primary_key=True)
    user_id: str = Field(index=True, foreign_key="staffuser.id")
    expires_at: datetime = _moment()


class Audit(SQLModel, table=True):
    """Who did what, when. Rows are only ever added: the database refuses all else. `who` is an e-mail address."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = _moment(index=True, default_factory=now)
    user_id: str | None = Field(default=None, index=True)
    who: str = ""
    action: str
    object: str = ""
    details: dict[str, Any] = _plain(default_factory=dict)


class Invite(SQLModel, table=True):
    """A link that a clinician gives to patients: context, no identity. Only the SHA-256 of its code is stored."""

    id: str = Field(primary_key=True)
    code_hash: str = Field(unique=True, index=True)
    user_id: str = Field(index=True, foreign_key="staffuser.id")
    clinic_id: str | None = Field(default=None, foreign_key="clinic.id")
    label: str = ""  # to recognise it by, as in "Waiting room, autumn"
    language: str = "da"
    region: str | None = None
    clinic_name: str = ""
    clinic_phone: str = ""
    stress: list[str] = _plain(default_factory=list)  # names from content/journeys.yml, `stress`
    most: int  # how many may use it
    used: int = 0
    opened: int = 0
    created_at: datetime = _moment(default_factory=now)
    expires_at: datetime = _moment()
    revoked_at: datetime | None = _moment(nullable=True, default=None)
