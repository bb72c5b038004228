"""Somebody who chats over Telegram with the real Application, polling or called by webhook, in this process."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from sqlmodel import Session

from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.html import TAG
from bot.channels.telegram.messages import Message
from bot.dialogue.replies import Reply
from bot.store import telegram
from bot.store.models import TelegramUpdate
from tests.channels.telegram.bot_api import BotApi
from tests.channels.telegram.person import Sent

PATIENCE = 60.0  # seconds


class Noting:
    """Remembers which reply each message was made of, so that what arrives can be told by its content key."""

    def __init__(self, channel: Telegram) -> None:
        self.made: dict[str, Reply] = {}
        self.make = channel.outbox.messages
        channel.outbox.messages = self.messages  # type: ignore[method-assign]

    def messages(self, conversation: Any, reply: Reply, offering: Reply | None) -> list[Message]:
        """The messages as the outbox makes them."""
        made = self.make(conversation, reply, offering)
        self.made |= {words(message.html): reply for message in made}
        return made

    def reply(self, sent: Sent) -> Reply:
        """The reply a message was made of."""
        return self.made[words(sent.html)]


def words(html: str) -> str:
    """HTML without its tags."""
    return TAG.sub("", html)


class TelegramPatient:
    """One private chat. `write` and `choose` give what arrives in it, as the replies it was made of."""

    def __init__(self, channel: Telegram, api: BotApi, noting: Noting, language: str = "da") -> None:
        self.channel, self.api, self.noting = channel, api, noting
        self.person = api.person(language=language)
        self.seen = 0
        self.offered: dict[str, tuple[int, str]] = {}

    async def start(self, payload: str = "") -> list[Reply]:
        """Presses Start."""
        return await self.answer(self.person.start(payload))

    async def write(self, text: str) -> list[Reply]:
        """Sends a text."""
        return await self.answer(self.person.write(text))

    async def choose(self, name: str) -> list[Reply]:
        """Presses the newest button of this name, wherever it stood."""
        message_id, value = self.offered[name]
        return await self.answer(self.person.press_on(message_id, value))

    async def unasked(self, _: list[str] | None = None) -> list[Reply]:
        """What came without being asked for, what is due now included."""
        self.channel.turns.appointments.deliver_due()
        return await self.arrived()

    async def answer(self, update_id: int) -> list[Reply]:
        """Waits until this update is processed; what has arrived since the last look."""
        await until(lambda: self._processed(update_id))
        return await self.arrived()

    async def arrived(self) -> list[Reply]:
        """Waits until nothing waits to be sent; what has arrived since the last look."""
        await until(self._all_sent)
        fresh = self.person.messages[self.seen :]
        self.seen += len(fresh)
        replies: list[Reply] = []
        for sent in fresh:
            reply = self.noting.reply(sent)
            if not replies or replies[-1].id != reply.id:
                replies.append(reply)
        for sent in fresh:
            for _, value in (one for row in sent.buttons for one in row):
                names = [
                    one.name for reply in replies for one in reply.choices if value in (one.value, f"/{one.name}")
                ]
                self.offered |= {name: (sent.message_id, value) for name in names}
        # The page shows a card before what follows it; here it comes last, to stay in sight.
        return sorted(replies, key=lambda reply: reply.care is None)

    def _processed(self, update_id: int) -> bool:
        with Session(self.channel.turns.engine) as session:
            row = session.get(TelegramUpdate, update_id)
            return row is not None and row.done_at is not None

    def _all_sent(self) -> bool:
        engine = self.channel.turns.engine
        chat = telegram.chat(engine, self.person.chat_id)
        return not chat or not telegram.unsent(engine, chat.conversation_id)


async def until(true: Any, seconds: float = PATIENCE) -> None:
    """Waits for a condition. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(true):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        await asyncio.sleep(0.005)
