"""The limits that Telegram documents for bots, refused with Telegram's own errors."""

from __future__ import annotations

import math
import re
import struct
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.channels.telegram.calls import Upload
from tests.channels.telegram.formatting import Parsed, parse
from tests.channels.telegram.refusals import Json, Refused, bad, size

__all__ = [
    "ACTIONS",
    "CHAT_SCOPES",
    "DOCUMENT_BYTES",
    "Flood",
    "Json",
    "LOOPBACK",
    "PHOTO_BYTES",
    "Parsed",
    "Refused",
    "SCOPES",
    "bad",
    "check_at_most",
    "check_commands",
    "check_document",
    "check_language",
    "check_markup",
    "check_photo",
    "check_text",
    "check_webhook",
    "parse",
    "size",
]

ACTIONS = {"typing", "choose_sticker", "find_location"} | {
    f"{verb}_{what}" for verb in ("record", "upload") for what in ("video", "voice", "video_note")
}
ACTIONS |= {"upload_photo", "upload_document"}
SCOPES = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
CHAT_SCOPES = {"chat", "chat_administrators", "chat_member"}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
PHOTO_BYTES = 10 * 1024 * 1024
DOCUMENT_BYTES = 50 * 1024 * 1024


def check_text(plain: str) -> None:
    """A message's text has 1 to 4096 characters after its entities are parsed."""
    if not plain:
        raise bad("message text is empty")
    if size(plain) > 4096:
        raise bad("message is too long")


def check_at_most(text: str, most: int, problem: str) -> None:
    """A text has no more characters than it may."""
    if size(text) > most:
        raise bad(problem)


def check_markup(markup: Any) -> None:
    """A reply markup is one of the four kinds, and an inline keyboard keeps to its limits."""
    kinds = {"inline_keyboard", "keyboard", "remove_keyboard", "force_reply"}
    if not isinstance(markup, dict) or len(kinds & set(markup)) != 1:
        raise bad("object expected as reply markup")
    rows = markup.get("inline_keyboard", [])
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad("can't parse inline keyboard: expected an Array of Array")
    if sum(map(len, rows)) > 100 or any(len(row) > 8 for row in rows):
        raise bad("reply markup is too long")
    for button in (button for row in rows for button in row):
        _check_button(button)


def _check_button(button: Json) -> None:
    if not str(button.get("text", "")).strip():
        raise bad('can\'t parse inline keyboard button: field "text" must be non-empty')
    actions = set(button) - {"text", "icon_custom_emoji_id", "style"}
    if len(actions) != 1:
        raise bad("can't parse inline keyboard button: exactly one action must be used")
    if "callback_data" in actions and not 1 <= len(str(button["callback_data"]).encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")
    if "url" in actions and urlsplit(str(button["url"])).scheme not in ("http", "https", "tg"):
        raise bad("BUTTON_URL_INVALID")


def check_photo(content: Any) -> tuple[int, int]:
    """The width and height of an uploaded photo; a JPEG's are not read."""
    if not isinstance(content, bytes) or not content:
        raise bad("there is no photo in the request")
    if len(content) > PHOTO_BYTES:
        raise bad(
            f"file of size {len(content)} bytes is too big for a photo; the maximum size is {PHOTO_BYTES} bytes"
        )
    if content.startswith(b"\xff\xd8\xff"):
        return 1280, 1280
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR" or len(content) < 24:
        raise bad("IMAGE_PROCESS_FAILED")
    width, height = struct.unpack(">II", content[16:24])
    if not width or not height or width + height > 10000 or max(width, height) > 20 * min(width, height):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    return width, height


def check_document(content: Any) -> Upload:
    """An uploaded file of any type, with its name."""
    if not isinstance(content, Upload):
        raise bad("there is no document in the request")
    if not content:
        raise bad("file must be non-empty")
    if len(content) > DOCUMENT_BYTES:
        raise Refused("Request Entity Too Large", 413)
    return content


def check_commands(commands: Any) -> list[Json]:
    """The commands of a menu, as they are kept."""
    if not isinstance(commands, list):
        raise bad("can't parse commands: expected an Array")
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch("[a-z0-9_]{1,32}", str(command.get("command", ""))):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= size(str(command.get("description", ""))) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return commands


def check_language(code: Any) -> str:
    """A two-letter language code or none."""
    if not re.fullmatch("([a-z]{2})?", str(code or "")):
        raise bad("invalid language code specified")
    return str(code or "")


def check_webhook(url: str, secret: str, connections: Any) -> None:
    """A webhook is an HTTPS address on one of four ports, or any on this machine, and its secret is well formed."""
    address = urlsplit(url)
    if address.hostname not in LOOPBACK or address.scheme not in ("http", "https"):
        if address.scheme != "https" or not address.hostname:
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if (address.port or 443) not in (80, 88, 443, 8443):
            raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if not re.fullmatch("[A-Za-z0-9_-]{0,256}", secret):
        raise bad("secret token contains unallowed characters")
    if not isinstance(connections, int) or not 1 <= connections <= 100:
        raise bad("max_connections must be between 1 and 100")


@dataclass
class Flood:
    """How many messages a chat may get in a while, and who has been told to wait."""

    per_chat: int = 0
    seconds: float = 0
    retry_after: int = 0
    times: dict[Any, list[float]] = field(default_factory=lambda: defaultdict(list))
    until: dict[Any, float] = field(default_factory=dict)
    told_only: dict[Any, float] = field(default_factory=dict)

    def is_waiting(self, chat: Any, now: float) -> bool:
        """Whether the bot has been told to leave this chat alone for now."""
        return now < max(self.until.get(chat, 0), self.told_only.get(chat, 0))

    def check(self, chat: Any, now: float) -> None:
        """Counts a send, or refuses it."""
        if now >= self.until.get(chat, 0) and self.per_chat:
            recent = [at for at in self.times[chat] if at > now - self.seconds]
            self.times[chat] = [*recent, now]
            if len(recent) < self.per_chat:
                return
            self.times[chat], self.until[chat] = recent, now + self.retry_after
        if now < self.until.get(chat, 0):
            wait = math.ceil(self.until[chat] - now)
            raise Refused(f"Too Many Requests: retry after {wait}", 429, retry_after=wait)
