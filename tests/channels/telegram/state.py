"""What all parts of the fake Bot API share: the bot, its chats and its calls."""

from __future__ import annotations

import secrets
import threading
from typing import Any

from tests.channels.telegram.calls import Call
from tests.channels.telegram.chat import Chat
from tests.channels.telegram.person import Person
from tests.channels.telegram.refusals import Json, bad


class State:
    """The bot, its chats and its calls; whoever changes any of it holds the lock."""

    def __init__(self) -> None:
        self.token, self.username = f"123456789:AA{secrets.token_hex(16)}", "rygraad_test_bot"
        self.lock = threading.RLock()
        self.chats: dict[Any, Chat] = {}
        self.calls: list[Call] = []
        self.presses: dict[str, tuple[Person, float]] = {}
        self.down = False
        self._message_id = secrets.randbelow(1000)
        self._profile: dict[tuple[str, str], str] = {}

    def next_message_id(self) -> int:
        """An id for a new message."""
        self._message_id += 1
        return self._message_id

    def me(self) -> Json:
        """The bot as a user."""
        name = self._profile.get(("name", ""), "Rygråd test")
        return {"id": int(self.token.split(":")[0]), "is_bot": True, "first_name": name, "username": self.username}

    def _chat(self, params: Json) -> Chat:
        if "chat_id" not in params:
            raise bad("chat_id is empty")
        chat = self.chats.get(params["chat_id"]) if isinstance(params["chat_id"], int) else None
        if not chat:
            raise bad("chat not found")
        return chat

    def _open_chat(self, params: Json) -> Chat:
        chat = self._chat(params)
        chat.check_open()
        return chat
