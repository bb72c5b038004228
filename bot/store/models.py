"""The record of truth: conversations, what patients sent, and what they were answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel


def now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class Conversation(SQLModel, table=True):
    """One patient's conversation. The token itself is never stored, only its SHA-256."""

    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True, index=True)
    language: str = "da"
    language_chosen: bool = False
    region: str | None = None
    consent_version: str | None = None
    consented_at: datetime | None = None
    open_question: str | None = None
    about: str | None = None  # the content key that "shorter", "why" and "source" refer to
    said: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # key: times
    journey: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    created_at: datetime = Field(default_factory=now)


class Inbound(SQLModel, table=True):
    """A message from the patient, stored before it is acknowledged; `done_at` is empty until it is answered."""

    __table_args__ = (UniqueConstraint("conversation_id", "client_id"),)

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = Field(index=True, foreign_key="conversation.id")
    client_id: str
    text: str = ""
    choice: str | None = None
    screening: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    held: bool = False
    carded: bool = False
    received_at: datetime = Field(default_factory=now)
    done_at: datetime | None = Field(default=None, index=True)


class Outbound(SQLModel, table=True):
    """One reply, exactly as the patient got it."""

    id: str = Field(primary_key=True)
    position: int = Field(index=True)
    conversation_id: str = Field(index=True, foreign_key="conversation.id")
    inbound_id: int | None = Field(default=None, index=True, foreign_key="inbound.id")
    reply: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(default_factory=now)


class DialogueState(SQLModel, table=True):
    """Rasa's bounded tracker: a cache of where the dialogue is, without any message text."""

    conversation_id: str = Field(primary_key=True)
    events: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class Unanswered(SQLModel, table=True):
    """A question the assistant could not answer, masked, for editors; gone with its conversation or retention."""

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = Field(index=True, foreign_key="conversation.id")
    language: str
    reason: str
    text: str
    asked_at: datetime = Field(default_factory=now, index=True)
