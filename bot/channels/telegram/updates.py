"""What a Telegram update is, to a bot that talks with one person at a time about words and buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from telegram import CallbackQuery, ChatMemberUpdated, Message, Update
from telegram.constants import ChatMemberStatus, ChatType

# What is asked of Telegram: not what is said in channels, nor who reacts to what.
WANTED = ["message", "edited_message", "callback_query", "my_chat_member"]
COMMAND = re.compile(r"/([a-zA-Z_]+)(?:@\w+)?(?:\s+(\S+))?\s*")
SCANS = ("image/", "application/pdf", "application/dicom")


class Kind(StrEnum):
    """What was sent."""

    WORDS = "words"
    COMMAND = "command"
    PRESS = "press"
    EDITED = "edited"
    FORWARDED = "forwarded"
    VOICE = "voice"
    PHOTO = "photo"
    FILE = "file"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    OTHER = "other"
    GROUP = "group"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    NOTHING = "nothing"  # handled by silence


@dataclass(frozen=True)
class Heard:
    """An update, read. `words` are those written, or under a picture; `value` is a button's or a command's."""

    update_id: int
    kind: Kind
    chat_id: int = 0
    words: str = ""
    value: str = ""
    title: str = ""  # of the button that was pressed
    message_id: int = 0  # of the message whose button was pressed
    query_id: str = ""
    language: str = ""


def read(update: Update, commands: frozenset[str] = frozenset()) -> Heard:
    """What an update is; the words after a command are words, except the payload of /start."""
    if update.callback_query:
        return _press(update.update_id, update.callback_query)
    if update.my_chat_member:
        return _member(update.update_id, update.my_chat_member)
    message = update.message or update.edited_message
    if message is None or message.chat.type == ChatType.CHANNEL:
        return Heard(update.update_id, Kind.NOTHING)
    who = message.from_user.language_code if message.from_user else None
    heard = Heard(update.update_id, Kind.NOTHING, message.chat.id, language=who or "")
    if message.chat.type != ChatType.PRIVATE:
        spoken = message.text or message.caption or message.group_chat_created or message.new_chat_members
        return _as(heard, Kind.GROUP) if spoken else heard
    kind, words = _kind(message)
    if update.edited_message:
        kind = Kind.EDITED if words else Kind.NOTHING
    elif kind is Kind.WORDS and message.forward_origin:
        kind = Kind.FORWARDED
    elif kind is Kind.WORDS and (found := COMMAND.fullmatch(words)) and found[1].lower() in commands:
        name, payload = found[1].lower(), found[2] or ""
        if not payload or name == "start":
            return _as(heard, Kind.COMMAND, payload, name)
    return _as(heard, kind, words)


def _as(heard: Heard, kind: Kind, words: str = "", value: str = "") -> Heard:
    return Heard(heard.update_id, kind, heard.chat_id, words, value, language=heard.language)


def _kind(message: Message) -> tuple[Kind, str]:
    caption = message.caption or ""
    if message.text:
        return Kind.WORDS, message.text
    if message.voice or message.audio or message.video_note or message.video:
        return Kind.VOICE, caption
    if message.animation or message.sticker or message.dice:
        return Kind.STICKER, caption
    if message.document:
        scan = (message.document.mime_type or "").startswith(SCANS)
        return Kind.PHOTO if scan else Kind.FILE, caption
    if message.photo:
        return Kind.PHOTO, caption
    if message.location or message.venue:
        return Kind.LOCATION, ""
    if message.contact:
        return Kind.CONTACT, ""
    if message.poll or message.game or message.invoice or message.story or message.paid_media or message.checklist:
        return Kind.OTHER, caption
    return Kind.NOTHING, ""  # what Telegram tells of itself: something was pinned, a timer set


def _press(update_id: int, query: CallbackQuery) -> Heard:
    message = query.message
    if message is None or message.chat.type != ChatType.PRIVATE:
        return Heard(update_id, Kind.NOTHING, query_id=query.id)
    rows = message.reply_markup.inline_keyboard if isinstance(message, Message) and message.reply_markup else ()
    title = next((one.text for row in rows for one in row if one.callback_data == query.data), "")
    return Heard(
        update_id,
        Kind.PRESS,
        message.chat.id,
        value=query.data or "",
        title=title,
        message_id=message.message_id,
        query_id=query.id,
        language=query.from_user.language_code or "",
    )


def _member(update_id: int, change: ChatMemberUpdated) -> Heard:
    status = change.new_chat_member.status
    away = status in (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT)
    if change.chat.type == ChatType.PRIVATE:
        return Heard(update_id, Kind.BLOCKED if away else Kind.UNBLOCKED, change.chat.id)
    if change.chat.type == ChatType.CHANNEL or away:
        return Heard(update_id, Kind.NOTHING)
    return Heard(update_id, Kind.GROUP, change.chat.id, language=change.from_user.language_code or "")
