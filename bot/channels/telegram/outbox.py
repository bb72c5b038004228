"""Sends what waits: care cards first, in order in each chat, patient when told to wait, one message at a time.

One at a time, because Telegram cannot be asked whether a message has arrived: whatever moment the process dies at, at
most the one message under way is sent twice. At Telegram's own limit of some thirty a second little is lost by it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
from fastapi.encoders import jsonable_encoder
from sqlalchemy.exc import SQLAlchemyError
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.channels.telegram.identity import identity
from bot.channels.telegram.messages import Message, messages
from bot.channels.telegram.sending import LONGEST_BACKOFF, Sender, Unreachable, Wait
from bot.dialogue.own_data import exported
from bot.dialogue.replies import Reply
from bot.dialogue.turns import Turns
from bot.store import conversations, telegram
from bot.store.models import Conversation, Outbound, TelegramChat

LOOK = 0.5  # seconds between looks for what other processes have stored
log = structlog.get_logger()


class Outbox:
    """Sends for one process; several share the chats by claims."""

    def __init__(self, turns: Turns, bot: ExtBot[Any]) -> None:
        self.engine, self.bot, self.content = turns.engine, bot, turns.content
        self.appointments = turns.appointments
        self.identity = identity(turns.settings.data_dir)
        self.sender, self.news = Sender(turns.engine, bot), asyncio.Event()
        self.resting: dict[str, float] = {}  # conversations told to wait, until when (monotonic)
        self.unnoted: dict[str, int] = {}  # parts sent of a reply, while the database has not taken note of them
        self.others: dict[str, float] = {}  # conversations another process sends to, until we look again
        self.everybody_rests = 0.0

    # -- what is stored ------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Sends what is stored, for ever."""
        while True:
            sent = False
            try:
                sent = await self.send_next()
            except SQLAlchemyError as error:
                log.error("sending_paused", error=type(error).__name__)
            except Exception as error:
                log.error("sending_failed", error=type(error).__name__)
            if not sent:
                self.news.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.news.wait(), LOOK)

    async def send_next(self) -> bool:
        """Sends one message of what waits; whether something was done."""
        if time.monotonic() < self.everybody_rests:
            return False
        moment = time.monotonic()
        resting = [who for who, until in (self.resting | self.others).items() if until > moment]
        conversation_id = await asyncio.to_thread(telegram.due, self.engine, resting)
        if conversation_id is None:
            return False
        chat = await asyncio.to_thread(telegram.claim, self.engine, conversation_id, self.identity.name)
        if chat is None or chat.blocked_at:
            await self._leave_alone(conversation_id)
            return True
        try:
            await self._send_next_of(chat)
        except Wait as wait:
            self._rest(conversation_id, wait)
        except Unreachable:
            await asyncio.to_thread(self.part_with, conversation_id)
        except SQLAlchemyError:
            raise
        except Exception as error:  # whatever it is, the other chats go on
            log.error("sending_failed", error=type(error).__name__)
            self.others[conversation_id] = time.monotonic() + LONGEST_BACKOFF
        return True

    def part_with(self, conversation_id: str) -> None:
        """Who blocks the bot wants no messages: nothing that waits is sent, and what was agreed ends."""
        telegram.close_chat(self.engine, conversation_id)
        self.appointments.stop(conversation_id)

    async def _leave_alone(self, conversation_id: str) -> None:
        """Another process has the chat; or there is none to send to."""
        chat = await asyncio.to_thread(telegram.chat_of, self.engine, conversation_id)
        if chat is None or chat.blocked_at:
            await asyncio.to_thread(telegram.drop_unsent, self.engine, conversation_id)
        else:
            self.others[conversation_id] = time.monotonic() + LOOK

    async def _send_next_of(self, chat: TelegramChat) -> None:
        rows = await asyncio.to_thread(telegram.unsent, self.engine, chat.conversation_id)
        conversation = await asyncio.to_thread(conversations.get, self.engine, chat.conversation_id)
        if not rows or not conversation:
            return
        row = rows[0]
        parts = await asyncio.to_thread(self._parts, conversation, rows)
        sent = max(row.parts_sent, self.unnoted.get(row.id, 0))
        if sent < len(parts):
            sent_as = await self.sender.post(int(chat.chat_id), parts[sent])
            self.unnoted[row.id] = sent + 1  # a full disk must not send it again and again
            await asyncio.to_thread(telegram.note_sent, self.engine, row.id, sent + 1, done=False)
            if sent_as:
                await self._settle(chat, parts[sent], sent_as)
        if sent + 1 >= len(parts):
            await asyncio.to_thread(telegram.note_sent, self.engine, row.id, len(parts), done=True)
            self.unnoted.pop(row.id, None)

    def _parts(self, conversation: Conversation, rows: Sequence[Outbound]) -> list[Message]:
        """The messages of the first row; the answer's buttons belong to whichever of its rows is sent last."""
        row, same = rows[0], telegram.answer_of(rows[0])
        offering = None
        if not any(telegram.answer_of(each) == same for each in rows[1:]):
            offering = Reply.model_validate(telegram.last_of_answer(self.engine, row).reply)
        return self.messages(conversation, Reply.model_validate(row.reply), offering)

    def messages(self, conversation: Conversation, reply: Reply, offering: Reply | None) -> list[Message]:
        """The messages of a reply, with the buttons of the reply `offering` them."""
        page = self.content.page[conversation.language]

        def export() -> bytes:
            kept = jsonable_encoder(exported(self.engine, conversation))
            return json.dumps(kept, ensure_ascii=False, indent=2).encode()

        choices = offering.choices if offering else []
        try:
            return messages(reply, choices, page, export)
        except Exception as error:  # a picture that is gone must not keep the words
            log.error("message_not_made", error=type(error).__name__)
            return messages(reply.model_copy(update={"image": None}), choices, page)

    async def _settle(self, chat: TelegramChat, message: Message, sent_as: int) -> None:
        """Buttons hold under the newest message only; the card stays pinned until it is taken back."""
        changes: dict[str, int | None] = {}
        if message.buttons:
            await self.take_buttons(chat, chat.keyboard_message)
            changes["keyboard_message"] = sent_as
        if message.pin is not None:
            changes["pinned_message"] = await self._pin(chat, sent_as if message.pin else None)
        if changes:
            await asyncio.to_thread(telegram.change_chat, self.engine, chat.conversation_id, **changes)

    async def take_buttons(self, chat: TelegramChat, message_id: int | None) -> None:
        """Removes the buttons of a message; where that fails they still do no harm."""
        if message_id:
            with suppress(TelegramError):
                await self.bot.edit_message_reply_markup(int(chat.chat_id), message_id)
            await asyncio.to_thread(telegram.forget_keyboard, self.engine, chat.conversation_id, message_id)

    async def _pin(self, chat: TelegramChat, message_id: int | None) -> int | None:
        """Pins this message instead of the one before, or none."""
        with suppress(TelegramError):
            if chat.pinned_message:
                await self.bot.unpin_chat_message(int(chat.chat_id), chat.pinned_message)
            if message_id:
                await self.bot.pin_chat_message(int(chat.chat_id), message_id, disable_notification=True)
        return message_id

    # -- what is said at once and not stored ---------------------------------------------------------

    async def say(
        self,
        chat_id: int,
        who: str,
        parts: Sequence[Message],
        update_id: int | None = None,
        sent: int = 0,
        *,
        beside: bool = False,
    ) -> None:
        """Sends messages, patiently; the first `sent` were sent before a restart. Raises Unreachable.

        `who` is the conversation, if there is one. What is said `beside` it leaves the buttons above in force.
        """
        for message in parts[sent:]:
            sent_as = await self._insist(chat_id, who, message)
            with suppress(SQLAlchemyError):
                if update_id is not None:
                    await asyncio.to_thread(telegram.note_part, self.engine, update_id)
                if sent_as and (message.pin is not None or (message.buttons and not beside)):
                    chat = await asyncio.to_thread(telegram.chat_of, self.engine, who)
                    if chat:
                        await self._settle(chat, message, sent_as)

    async def _insist(self, chat_id: int, who: str, message: Message) -> int | None:
        while True:
            rest = max(self.everybody_rests, self.resting.get(who, 0.0)) - time.monotonic()
            if rest > 0:
                await asyncio.sleep(rest)
            try:
                return await self.sender.post(chat_id, message)
            except Wait as wait:
                self._rest(who, wait)

    def _rest(self, who: str, wait: Wait) -> None:
        """Leaves a chat alone for a while; a second chat told to wait at the same time means the bot as a whole."""
        moment = time.monotonic()
        self.resting = {each: until for each, until in self.resting.items() if until > moment}
        if wait.everybody or (self.resting and who not in self.resting):
            self.everybody_rests = max(self.everybody_rests, moment + wait.seconds)
        self.resting[who] = moment + wait.seconds
