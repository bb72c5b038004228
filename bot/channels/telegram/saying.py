"""Saying at once what is not stored, and the small manners around an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.channels.telegram.messages import Message
from bot.channels.telegram.outbox import Outbox
from bot.channels.telegram.sending import Unreachable
from bot.channels.telegram.updates import Heard
from bot.dialogue.replies import Choice, Reply
from bot.store import telegram
from bot.store.models import Conversation, TelegramChat

TYPING_AFTER, TYPING_EVERY = 0.4, 4.5  # seconds
# What the channel says by itself, beside the dialogue: the question that was open stays open, its buttons too.
BESIDE = ("telegram/", "control/", "system/")


class Saying:
    """Says replies to chats."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox, self.engine, self.bot = outbox, outbox.engine, outbox.bot
        self.under_way: set[asyncio.Task[None]] = set()

    async def say(
        self, heard: Heard, conversation: Conversation, replies: Sequence[Reply], sent: int, *, note: bool = True
    ) -> int:
        """Says what is not stored; a card last, with the buttons of what the page would show last. How many parts."""
        ordered = sorted(replies, key=lambda reply: reply.care is not None)
        parts: list[Message] = []
        for reply in ordered:
            offering = with_names(replies[-1]) if reply is ordered[-1] else None
            parts += await asyncio.to_thread(self.outbox.messages, conversation, reply, offering)
        who = conversation.id or str(heard.chat_id)
        beside = bool(replies) and replies[-1].key.startswith(BESIDE)
        number = heard.update_id if note else None
        await self.outbox.say(heard.chat_id, who, parts, number, sent, beside=beside)
        return len(parts)

    async def farewell(self, conversation_id: str, replies: Sequence[Reply]) -> None:
        """The last word of a conversation that is about to be erased; it goes out behind the erasing."""
        chat = await asyncio.to_thread(telegram.chat_of, self.engine, conversation_id)
        if chat:
            await self.unpin(chat)
            heard = Heard(0, kind=None, chat_id=int(chat.chat_id))  # type: ignore[arg-type]
            task = asyncio.create_task(self._say_later(heard, list(replies)))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)

    async def _say_later(self, heard: Heard, replies: list[Reply]) -> None:
        with suppress(Unreachable):
            await self.say(heard, Conversation(id="", token_hash=""), replies, 0, note=False)

    async def take_used_buttons(self, heard: Heard, chat: TelegramChat, replies: Sequence[Reply]) -> None:
        """Those of the message that was pressed; those of the newest when the dialogue has gone on."""
        gone_on = any(not reply.key.startswith(BESIDE) for reply in replies)
        for message_id in {heard.message_id, chat.keyboard_message if gone_on else None}:
            await self.outbox.take_buttons(chat, message_id)

    async def unpin(self, chat: TelegramChat) -> None:
        """Nothing of a conversation that is erased stays in sight."""
        if chat.pinned_message:
            with suppress(TelegramError):
                await self.bot.unpin_chat_message(int(chat.chat_id), chat.pinned_message)

    @asynccontextmanager
    async def typing(self, chat_id: int) -> AsyncIterator[None]:
        """Shows that an answer is being thought of, when it takes more than a moment."""

        async def show() -> None:
            await asyncio.sleep(TYPING_AFTER)
            while True:
                with suppress(TelegramError):
                    await self.bot.send_chat_action(chat_id, ChatAction.TYPING)
                await asyncio.sleep(TYPING_EVERY)

        showing = asyncio.create_task(show())
        try:
            yield
        finally:
            showing.cancel()


def with_names(reply: Reply) -> Reply:
    """What the channel says itself is not stored, so its buttons carry names, which mean the same at any time."""
    if not reply.key.startswith(BESIDE):
        return reply
    choices = [Choice(name=one.name, title=one.title, value=f"/{one.name}") for one in reply.choices]
    return reply.model_copy(update={"choices": choices})
