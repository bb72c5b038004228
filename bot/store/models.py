"""The record of truth: conversations, what patients sent and were answered, and what they do for their backs.

What patients say or answer stands in encrypted columns; what must be searched for (times, states) does not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.clock import now
from bot.store.encryption import EncryptedJson, EncryptedText, UtcDateTime

WEB, TELEGRAM = "web", "telegram"


def _words(**options: Any) -> Any:
    return Field(sa_column=Column(EncryptedText), **options)


def _record(nullable: bool = False, **options: Any) -> Any:
    return Field(sa_column=Column(EncryptedJson, nullable=nullable), **options)


def _moment(*, index: bool = False, nullable: bool = False, **options: Any) -> Any:
    return Field(sa_column=Column(UtcDateTime, index=index, nullable=nullable), **options)


def _cause() -> Any:
    """The message that had this effect; it has it once, however often it is processed."""
    return Field(default=None, unique=True)


def _owner(**options: Any) -> Any:
    return Field(index=True, foreign_key="conversation.id", **options)


class Conversation(SQLModel, table=True):
    """One patient's conversation. The token itself is never stored, only its SHA-256."""

    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True, index=True)
    language: str = "da"
    language_chosen: bool = False
    channel: str = WEB  # where the person wrote last; some texts differ
    region: str | None = None
    consent_version: str | None = None
    consented_at: datetime | None = _moment(nullable=True, default=None)
    open_question: str | None = _words(default=None)
    about: str | None = _words(default=None)  # the content key that "shorter", "why" and "source" refer to
    said: dict[str, int] = _record(default_factory=dict)  # content key: times
    journey: dict[str, Any] | None = _record(nullable=True, default=None)
    movements: dict[str, Any] | None = _record(nullable=True, default=None)
    questions: str | None = _words(default=None)  # for the clinician, on the summary
    invite_hash: str | None = Field(default=None, index=True)  # SHA-256 of the code the person came with
    trying: int | None = None  # an editor tries this edition of a text; no patient, and gone after a day
    created_at: datetime = _moment(default_factory=now)


class Inbound(SQLModel, table=True):
    """A message from the patient, stored before it is acknowledged; `done_at` is empty until it is answered."""

    __table_args__ = (UniqueConstraint("conversation_id", "client_id"),)

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = _owner()
    client_id: str
    # None: a message without words, or with words past their retention.
    text: str | None = Field(default=None, sa_column=Column("words", EncryptedText))
    choice: str | None = None
    screening: dict[str, Any] = _record(default_factory=dict)
    held: bool = False
    carded: bool = False
    channel: str = WEB
    received_at: datetime = _moment(default_factory=now)
    done_at: datetime | None = _moment(index=True, nullable=True, default=None)


class Outbound(SQLModel, table=True):
    """One reply, exactly as the patient got it."""

    id: str = Field(primary_key=True)
    position: int  # in its conversation; indexed with it (migration 0006)
    conversation_id: str = _owner()
    inbound_id: int | None = Field(default=None, index=True, foreign_key="inbound.id")
    reply: dict[str, Any] = _record(default_factory=dict)
    channel: str = WEB
    urgent: bool = False  # a care card
    parts_sent: int = 0  # of the messages it makes in Telegram
    sent_at: datetime | None = _moment(nullable=True, default=None)  # the page fetches, so this is Telegram's only
    created_at: datetime = _moment(default_factory=now)


class DialogueState(SQLModel, table=True):
    """Rasa's bounded tracker: a cache of where the dialogue is, without any message text.

    `answered` is its latest turn, {"message", "replies"}: a message that comes again gets the same answer.
    """

    conversation_id: str = Field(primary_key=True)
    events: list[dict[str, Any]] = _record(default_factory=list)
    answered: dict[str, Any] | None = _record(nullable=True, default=None)


class Unanswered(SQLModel, table=True):
    """A question the assistant could not answer, masked, for editors; gone with its conversation or retention."""

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = _owner()
    language: str
    reason: str
    text: str | None = _words()
    settled: str | None = None  # "text" or "no": what an editor made of it
    asked_at: datetime = _moment(index=True, default_factory=now)


class Plan(SQLModel, table=True):
    """One version of a patient's plan; the highest is in force."""

    __table_args__ = (UniqueConstraint("conversation_id", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = _owner()
    version: int
    parts: dict[str, str] = _record(default_factory=dict)
    inbound_id: int | None = _cause()
    made_at: datetime = _moment(default_factory=now)


class CheckIn(SQLModel, table=True):
    """How it went: {"pain", "hindrance", "confidence": 0-10 or None, "step": "done", "partly", "not" or None}."""

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = _owner()
    answers: dict[str, Any] = _record(default_factory=dict)
    inbound_id: int | None = _cause()
    made_at: datetime = _moment(default_factory=now)


class SafetyCheck(SQLModel, table=True):
    """One finished safety check: {flag: "yes" or "no"}."""

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = _owner()
    answers: dict[str, str] = _record(default_factory=dict)
    inbound_id: int | None = _cause()
    made_at: datetime = _moment(default_factory=now)


class Schedule(SQLModel, table=True):
    """When a patient wants to be asked how it goes. `rhythm` and the rules: bot/self_management/schedule.py."""

    conversation_id: str = Field(primary_key=True, foreign_key="conversation.id")
    rhythm: str
    hour: int  # Danish time
    began_at: datetime = _moment()
    paused_until: datetime | None = _moment(nullable=True, default=None)
    stopped: bool = False


class Reminder(SQLModel, table=True):
    """One contact that is due at a time. `state`: waiting, delivered, missed or cancelled."""

    __table_args__ = (UniqueConstraint("conversation_id", "kind", "due_at"),)

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = _owner()
    kind: str
    due_at: datetime = _moment(index=True)
    state: str = Field(default="waiting", index=True)
    settled_at: datetime | None = _moment(nullable=True, default=None)


class Share(SQLModel, table=True):
    """A link to the summary. Only the SHA-256 of its code is stored; `views` are {"at", "by"} of each opening.

    `staff_only`: the patient wants whoever reads it to be signed in here.
    """

    code_hash: str = Field(primary_key=True)
    conversation_id: str = _owner()
    language: str
    created_at: datetime = _moment(default_factory=now)
    expires_at: datetime = _moment()
    withdrawn_at: datetime | None = _moment(nullable=True, default=None)
    staff_only: bool = False
    views: list[Any] = _record(default_factory=list)


class TelegramChat(SQLModel, table=True):
    """A private chat and the conversation it belongs to. `mark` is a keyed hash of the chat's id, to find it by.

    One gateway at a time sends to a chat: the one that holds the claim.
    """

    conversation_id: str = Field(primary_key=True, foreign_key="conversation.id")
    mark: str = Field(unique=True)
    chat_id: str = _words()
    keyboard_message: int | None = Field(default=None, sa_type=BigInteger)  # whose buttons are in force
    pinned_message: int | None = Field(default=None, sa_type=BigInteger)  # the care card
    blocked_at: datetime | None = _moment(nullable=True, default=None)
    claimed_by: str | None = None
    claimed_until: datetime | None = _moment(nullable=True, default=None)


class TelegramUpdate(SQLModel, table=True):
    """An update, kept by its id so that it has one effect; its content only until it is processed.

    What is written before consent is never stored: `payload` stays empty, and Telegram keeps the update until then.
    """

    update_id: int = Field(primary_key=True, sa_type=BigInteger)
    payload: dict[str, Any] | None = _record(nullable=True, default=None)
    tries: int = 0
    parts_sent: int = 0  # of an answer that is not stored
    set_aside: bool = False
    received_at: datetime = _moment(default_factory=now)
    done_at: datetime | None = _moment(index=True, nullable=True, default=None)


class Transfer(SQLModel, table=True):
    """A code that moves a conversation to another channel, once. Only its SHA-256 is stored."""

    code_hash: str = Field(primary_key=True)
    conversation_id: str = _owner()
    expires_at: datetime = _moment()


# Everything that belongs to one conversation, in the order in which it can be deleted.
BELONGINGS = (
    Outbound, Inbound, Unanswered, Plan, CheckIn, SafetyCheck, Reminder, Schedule, Share, DialogueState,
    TelegramChat, Transfer,
)  # fmt: skip
