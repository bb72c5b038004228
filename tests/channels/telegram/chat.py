"""What every chat on Telegram's side keeps: the messages both ways, pins and actions."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.channels.telegram.refusals import Json, bad, size

if TYPE_CHECKING:
    from tests.channels.telegram.bot_api import BotApi

UNCHANGED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)


@dataclass
class Sent:
    """A message the bot sent; `call` is the index of its call in `api.calls`."""

    message_id: int
    text: str
    html: str
    entities: list[Json]
    buttons: list[list[tuple[str, str]]]
    photo: bytes | None
    at: float
    call: int
    edited: bool = False
    pinned: bool = False
    deleted: bool = False
    document: tuple[str, bytes] | None = None


def buttons_of(markup: Json | None) -> list[list[tuple[str, str]]]:
    """The texts of an inline keyboard's buttons with what they send, or where they lead."""
    rows = (markup or {}).get("inline_keyboard", [])
    return [
        [(button["text"], str(button.get("callback_data", button.get("url", "")))) for button in row] for row in rows
    ]


def a_file(**more: Any) -> Json:
    """A file as a message carries it."""
    return {
        "file_id": secrets.token_urlsafe(40),
        "file_unique_id": secrets.token_urlsafe(11),
        "file_size": 2048,
    } | more


class Chat:
    """A chat with the bot in it; all messages both ways are kept as Telegram shows them."""

    kind = "private"

    def __init__(self, api: BotApi, chat_id: int) -> None:
        self.api, self.chat_id = api, chat_id
        self.history: dict[int, Json] = {}
        self.sent: dict[int, Sent] = {}
        self.pins: list[int] = []
        self.action_log: list[tuple[str, float]] = []
        api.chats[chat_id] = self

    @property
    def messages(self) -> list[Sent]:
        """What the bot sent into the chat, oldest first."""
        with self.api.lock:
            return list(self.sent.values())

    @property
    def actions(self) -> list[tuple[str, float]]:
        """The chat actions the bot showed, with when."""
        with self.api.lock:
            return list(self.action_log)

    def as_json(self) -> Json:
        """The chat as Telegram describes it."""
        return {"id": self.chat_id, "type": self.kind, "title": "Rygtest"}

    def check_known(self) -> None:
        """Refuses what is asked about a chat the bot has never met."""

    def check_open(self) -> None:
        """Refuses what the bot may not do to this chat now."""
        self.check_known()

    def add(self, sender: Json | None, **content: Any) -> Json:
        """A new message in the chat."""
        message: Json = {"message_id": self.api.next_message_id(), "date": int(time.time()), "chat": self.as_json()}
        message |= ({"from": sender} if sender else {}) | content
        self.history[message["message_id"]] = message
        return message

    def change_keyboard(self, message_id: Any, markup: Json | None) -> Json:
        """The bot puts another keyboard under a message, or none."""
        message = self.found(message_id, "message to edit not found")
        if message_id not in self.sent:
            raise bad("message can't be edited")
        wanted = markup if (markup or {}).get("inline_keyboard") else None
        if message.get("reply_markup") == wanted:
            raise bad(UNCHANGED)
        changed = {key: value for key, value in message.items() if key != "reply_markup"} | {
            "edit_date": int(time.time())
        }
        self.history[message_id] = changed | ({"reply_markup": wanted} if wanted else {})
        self.sent[message_id].buttons, self.sent[message_id].edited = buttons_of(wanted), True
        return self.history[message_id]

    def found(self, message_id: Any, problem: str) -> Json:
        """The message, or the refusal to do something with it."""
        if message_id not in self.history:
            raise bad(problem)
        return self.history[message_id]

    def pin(self, message_id: Any) -> None:
        """The bot pins a message."""
        self.found(message_id, "message to pin not found")
        self.pins = [pinned for pinned in self.pins if pinned != message_id] + [message_id]
        self.mark_pins()

    def unpin(self, message_id: Any = None) -> None:
        """The bot unpins a message, by default the one pinned last."""
        last = self.pins[-1] if self.pins else None
        if (message_id or last) not in self.pins:
            raise bad("message to unpin not found")
        self.pins = [pinned for pinned in self.pins if pinned != (message_id or last)]
        self.mark_pins()

    def mark_pins(self) -> None:
        """Shows in the records what is pinned now."""
        for sent in self.sent.values():
            sent.pinned = sent.message_id in self.pins

    def delete(self, message_id: Any) -> None:
        """The bot deletes a message."""
        self.found(message_id, "message to delete not found")
        del self.history[message_id]
        self.pins = [pinned for pinned in self.pins if pinned != message_id]
        if message_id in self.sent:
            self.sent[message_id].deleted, self.sent[message_id].pinned = True, False

    def membership(self, sender: Json, old: str, new: str) -> int:
        """Queues that the bot's place in the chat has changed."""
        until = {"until_date": 0}
        change: Json = {"chat": self.as_json(), "from": sender, "date": int(time.time())}
        for name, status in (("old_chat_member", old), ("new_chat_member", new)):
            change[name] = {"user": self.api.me(), "status": status} | (until if status == "kicked" else {})
        return self.api.put({"my_chat_member": change})


def written(text: str) -> Json:
    """The content of a text message, with the command in it."""
    command = text.split()[0] if text.startswith("/") else ""
    entities = [{"type": "bot_command", "offset": 0, "length": size(command)}] if len(command) > 1 else []
    return {"text": text} | ({"entities": entities} if entities else {})
