"""Texts as they are changed and as they went live. content/ is the starting text; what is published overrides it.

An edition is one change of one text by one author: draft, in_review, approved, live, then superseded; or returned, or
dropped. The database itself refuses that an author approves, and any change to what was submitted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.clock import now
from bot.store.encryption import UtcDateTime

DRAFT, IN_REVIEW, APPROVED, LIVE, SUPERSEDED, DROPPED = STATES = (
    "draft", "in_review", "approved", "live", "superseded", "dropped",
)  # fmt: skip
NOT_BY_ITS_AUTHOR = "approved_by is null or approved_by <> author_id"
NOT_LOOKED_OVER_BY_ITS_AUTHOR = "reviewed_by is null or reviewed_by <> author_id"
NOT_LIVE_UNAPPROVED = (
    "state not in ('approved', 'live', 'superseded') or approved_by is not null"
    " or emergency_reason is not null or restores is not null"
)


def _moment(*, index: bool = False, nullable: bool = True, **options: Any) -> Any:
    return Field(sa_column=Column(UtcDateTime, index=index, nullable=nullable), **options)


def _by(**options: Any) -> Any:
    return Field(foreign_key="staffuser.id", **options)


class TextVersion(SQLModel, table=True):
    """The source of every version a patient may have seen, by its hash (`Text.version`); never changed or deleted."""

    key: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    source: str = Field(sa_column=Column(Text, nullable=False))
    origin: str  # "file" or "edition"
    seen_at: datetime = _moment(nullable=False, default_factory=now)


class Edition(SQLModel, table=True):
    """One change of one text. `revision` rises with every save, so that two tabs cannot overwrite each other."""

    __table_args__ = (
        CheckConstraint(NOT_BY_ITS_AUTHOR, name="edition_not_by_its_author"),
        CheckConstraint(NOT_LOOKED_OVER_BY_ITS_AUTHOR, name="edition_not_looked_over_by_its_author"),
        CheckConstraint(NOT_LIVE_UNAPPROVED, name="edition_not_live_unapproved"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    language: str
    source: str = Field(sa_column=Column(Text, nullable=False))
    author_id: str = _by(index=True)
    state: str = Field(default=DRAFT, index=True)
    base_version: str  # what was live when the draft began
    revision: int = 1
    created_at: datetime = _moment(nullable=False, default_factory=now)
    changed_at: datetime = _moment(nullable=False, default_factory=now)
    submitted_at: datetime | None = _moment(default=None)
    approved_by: str | None = _by(default=None)
    approved_at: datetime | None = _moment(default=None)
    signed_off: bool = False  # the approver had the clinician's sign-off
    emergency_reason: str | None = None
    reviewed_by: str | None = _by(default=None)  # an emergency publication, looked over afterwards
    reviewed_at: datetime | None = _moment(default=None)
    restores: str | None = None  # the version that a rollback brings back
    version: str | None = None  # as it went live
    live_at: datetime | None = _moment(default=None)
    suite: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


class Remark(SQLModel, table=True):
    """What somebody said or did about an edition: `kind` is "said" or the new state."""

    id: int | None = Field(default=None, primary_key=True)
    edition_id: int = Field(index=True, foreign_key="edition.id")
    user_id: str = _by()
    kind: str
    words: str = ""
    at: datetime = _moment(nullable=False, default_factory=now)


class Publication(SQLModel, table=True):
    """A text went live. The newest of a key and language is in force; `edition_id` None follows the file again.

    `file_version` is the file's version at that moment: should the file change later, nothing is overridden silently.
    `kind`: approved, emergency, rollback, merged (the files have caught up), file (an
    editor took the file's text) or kept (an editor kept the edit over a newer file).
    `after` is the publication it follows, so that two at once cannot both follow the same.
    """

    __table_args__ = (UniqueConstraint("key", "language", "after"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    language: str
    version: str
    edition_id: int | None = Field(default=None, foreign_key="edition.id")
    file_version: str = ""
    kind: str
    after: int = 0
    by: str | None = _by(default=None)
    at: datetime = _moment(nullable=False, default_factory=now)
