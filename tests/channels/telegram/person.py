"""The chats on Telegram's side: a fake person, a group and a channel."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from tests.channels.telegram.chat import Chat, Sent, a_file, buttons_of, written
from tests.channels.telegram.groups import Channel, Group
from tests.channels.telegram.refusals import Json, Refused, bad

if TYPE_CHECKING:
    from tests.channels.telegram.bot_api import BotApi

__all__ = ["Channel", "Chat", "Group", "Person", "Sent", "a_file", "buttons_of", "captioned", "written"]

NAMES = ("Anna", "Bo", "Clara", "Dan", "Ellen", "Frida", "Gorm", "Hanne", "Ib", "Søren")


class Person(Chat):
    """Somebody with a private chat with the bot."""

    def __init__(self, api: BotApi, language: str | None = "da") -> None:
        self.id = 10**9 + secrets.randbelow(5 * 10**9)
        self.first_name, self.language = secrets.choice(NAMES), language
        self.has_written = self.has_blocked = self.is_deleted = False
        self.answer_log: list[tuple[str, float]] = []
        super().__init__(api, self.id)

    @property
    def answered(self) -> list[tuple[str, float]]:
        """The callback queries the bot answered, with the seconds since the press."""
        with self.api.lock:
            return list(self.answer_log)

    def user(self) -> Json:
        """The person as Telegram describes them to bots."""
        shape = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        return shape | ({"language_code": self.language} if self.language else {})

    def as_json(self) -> Json:
        """The private chat as Telegram describes it."""
        return {"id": self.chat_id, "type": "private", "first_name": self.first_name}

    def check_known(self) -> None:
        """Bots only know of people who wrote to them."""
        if not self.has_written:
            raise bad("chat not found")

    def check_open(self) -> None:
        """Refuses what the bot may not do to this person now."""
        if self.is_deleted:
            raise Refused("Forbidden: user is deactivated", 403)
        if self.has_blocked:
            raise Refused("Forbidden: bot was blocked by the user", 403)
        if not self.has_written:
            raise Refused("Forbidden: bot can't initiate conversation with a user", 403)

    def send(self, **content: Any) -> int:
        """Sends the bot any message content. Raises RuntimeError when the person cannot."""
        with self.api.lock:
            if self.has_blocked or self.is_deleted:
                raise RuntimeError("who has blocked the bot or deleted the account writes nothing")
            self.has_written = True
            return self.api.put({"message": self.add(self.user(), **content)})

    def write(self, text: str) -> int:
        """Writes a text."""
        return self.send(**written(text))

    def start(self, payload: str = "") -> int:
        """Presses Start, perhaps from a link with a payload."""
        return self.write(f"/start {payload}".strip())

    def edit(self, text: str, message_id: int | None = None) -> int:
        """Edits an own text, by default the last one. Raises KeyError without it."""
        with self.api.lock:
            own = [key for key, value in self.history.items() if value.get("from") == self.user() and "text" in value]
            if not own or (message_id or own[-1]) not in own:
                raise KeyError(message_id)
            key = message_id or own[-1]
            kept = {name: value for name, value in self.history[key].items() if name not in ("text", "entities")}
            self.history[key] = kept | {"edit_date": int(time.time())} | written(text)
            return self.api.put({"edited_message": self.history[key]})

    def forward(self, text: str) -> int:
        """Forwards somebody's text."""
        origin = {"type": "hidden_user", "date": int(time.time()) - 60, "sender_user_name": "Nabo"}
        return self.send(forward_origin=origin, **written(text))

    def photo(self, caption: str = "") -> int:
        """Sends a photo."""
        return self.send(photo=[a_file(width=90, height=60), a_file(width=1280, height=853)], **captioned(caption))

    def document(self, name: str, mime: str, caption: str = "") -> int:
        """Sends a file."""
        return self.send(document=a_file(file_name=name, mime_type=mime), **captioned(caption))

    def voice(self) -> int:
        """Sends a voice message."""
        return self.send(voice=a_file(duration=3, mime_type="audio/ogg"))

    def video_note(self) -> int:
        """Sends a round video."""
        return self.send(video_note=a_file(length=240, duration=3))

    def sticker(self) -> int:
        """Sends a sticker."""
        shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self.send(sticker=a_file(emoji="👍", **shape))

    def location(self) -> int:
        """Sends a place."""
        return self.send(location={"latitude": 55.6761, "longitude": 12.5683})

    def contact(self) -> int:
        """Sends the own telephone number."""
        return self.send(contact={"phone_number": "+4500000000", "first_name": self.first_name, "user_id": self.id})

    def dice(self) -> int:
        """Throws a die."""
        return self.send(dice={"emoji": "🎲", "value": 1 + secrets.randbelow(6)})

    def poll(self) -> int:
        """Sends a poll."""
        options = [{"text": text, "voter_count": 0, "persistent_id": text} for text in ("Ja", "Nej")]
        shape: Json = {"id": str(secrets.randbits(60)), "question": "Ondt?", "options": options, "type": "regular"}
        shape |= {"total_voter_count": 0, "is_closed": False, "is_anonymous": True, "allows_multiple_answers": False}
        return self.send(poll=shape | {"allows_revoting": True, "members_only": False})

    def buttons(self) -> list[tuple[str, str]]:
        """The buttons of the newest message that has any: their titles with what they send, or where they lead."""
        with self.api.lock:
            newest = self.newest_keyboard()
            return [button for row in newest.buttons for button in row] if newest else []

    def newest_keyboard(self) -> Sent | None:
        """The newest message that has buttons."""
        with_keyboard = [sent for sent in self.sent.values() if sent.buttons and not sent.deleted]
        return with_keyboard[-1] if with_keyboard else None

    def press(self, title_or_data: str) -> int:
        """Presses a button of the newest message that has any. Raises KeyError when it is not there."""
        with self.api.lock:
            newest = self.newest_keyboard()
            rows = self.history[newest.message_id]["reply_markup"]["inline_keyboard"] if newest else []
            for button in (button for row in rows for button in row if "callback_data" in button):
                if newest and title_or_data in (button["text"], button["callback_data"]):
                    return self.press_on(newest.message_id, button["callback_data"])
        raise KeyError(title_or_data)

    def press_on(self, message_id: int, data: str) -> int:
        """Presses a button of any message, also one that is no longer there."""
        with self.api.lock:
            query: Json = {
                "id": str(secrets.randbits(62)),
                "from": self.user(),
                "chat_instance": str(self.id),
                "data": data,
            }
            gone = {"message_id": message_id, "chat": self.as_json(), "date": 0}
            self.api.presses[query["id"]] = (self, time.monotonic())
            return self.api.put({"callback_query": query | {"message": self.history.get(message_id, gone)}})

    def block(self) -> int:
        """Blocks the bot."""
        with self.api.lock:
            self.has_blocked = True
            return self.membership(self.user(), "member", "kicked")

    def unblock(self) -> int:
        """Lets the bot write again."""
        with self.api.lock:
            self.has_blocked = False
            return self.membership(self.user(), "kicked", "member")

    def delete_account(self) -> None:
        """Leaves Telegram, which tells bots nothing."""
        with self.api.lock:
            self.is_deleted = True


def captioned(caption: str) -> Json:
    """The caption, if any, as a part of a message."""
    return {"caption": caption} if caption else {}
