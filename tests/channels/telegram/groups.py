"""Where more than one person reads: a fake group and a channel."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from tests.channels.telegram.chat import Chat, written
from tests.channels.telegram.refusals import Refused, bad

if TYPE_CHECKING:
    from tests.channels.telegram.bot_api import BotApi
    from tests.channels.telegram.person import Person


class Group(Chat):
    """A group; the bot is in it after `add_bot`, and after `migrate` it goes on as `migrated_to`."""

    kind = "group"

    def __init__(self, api: BotApi, chat_id: int | None = None, bot_status: str = "") -> None:
        super().__init__(api, chat_id or -secrets.randbelow(10**9) - 10**6)
        self.bot_status, self.migrated_to = bot_status, 0
        self.upgraded: Group | None = None
        self.kind = "supergroup" if chat_id else "group"

    def check_known(self) -> None:
        """Bots only know of groups they have been in."""
        if not self.bot_status:
            raise bad("chat not found")

    def check_open(self) -> None:
        """Refuses what the bot may not do to this group now."""
        self.check_known()
        if self.migrated_to:
            problem = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(problem, migrate_to_chat_id=self.migrated_to)
        if self.bot_status != "member":
            raise Refused(f"Forbidden: bot is not a member of the {self.kind} chat", 403)

    def write(self, person: Person, text: str) -> int:
        """Somebody writes in the group. Raises RuntimeError when the bot is not in it."""
        with self.api.lock:
            here = self.upgraded or self
            if here.bot_status != "member":
                raise RuntimeError("the bot sees only the groups it is in")
            return self.api.put({"message": here.add(person.user(), **written(text))})

    def add_bot(self, person: Person) -> int:
        """Somebody adds the bot; the update of its membership comes before the message about it."""
        with self.api.lock:
            old, self.bot_status = self.bot_status or "left", "member"
            update_id = self.membership(person.user(), old, "member")
            self.api.put({"message": self.add(person.user(), new_chat_members=[self.api.me()])})
            return update_id

    def leave(self) -> None:
        """The bot leaves."""
        self.bot_status = "left"
        self.membership(self.api.me(), "member", "left")

    def migrate(self) -> int:
        """The group becomes a supergroup, told in both chats."""
        with self.api.lock:
            there = Group(self.api, -(10**12) - secrets.randbelow(10**9), self.bot_status)
            self.upgraded, self.migrated_to = there, there.chat_id
            update_id = self.api.put({"message": self.add(None, migrate_to_chat_id=there.chat_id)})
            self.api.put({"message": there.add(None, migrate_from_chat_id=self.chat_id)})
            return update_id


class Channel(Chat):
    """A channel with the bot in it."""

    kind = "channel"

    def __init__(self, api: BotApi) -> None:
        super().__init__(api, -(10**12) - secrets.randbelow(10**9))

    def post(self, text: str) -> int:
        """The channel posts something."""
        with self.api.lock:
            return self.api.put({"channel_post": self.add(None, sender_chat=self.as_json(), **written(text))})
