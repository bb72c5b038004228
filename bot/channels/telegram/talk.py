"""What is answered to an update. Words, buttons and commands go the same way as on the page: Turns.receive."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from cachetools import TTLCache
from sqlalchemy.exc import SQLAlchemyError
from telegram import Update
from telegram.error import TelegramError
from telegram.ext import CallbackContext

from bot.channels.limits import RateLimits
from bot.channels.telegram.commands import NAMES, Commands, is_move, language_of
from bot.channels.telegram.inbox import Inbox
from bot.channels.telegram.outbox import Outbox
from bot.channels.telegram.saying import Saying
from bot.channels.telegram.sending import Unreachable
from bot.channels.telegram.updates import Heard, Kind, read
from bot.dialogue.choices import UnknownChoice
from bot.dialogue.replies import Reply
from bot.dialogue.turns import Turns
from bot.metrics import TELEGRAM_UPDATES
from bot.screening.result import Outcome
from bot.store import conversations as store
from bot.store import telegram
from bot.store.models import TELEGRAM, Conversation, TelegramChat

MOST_TRIES = 3
AT_ONCE = ("screening/", "telegram/akut", "telegram/move_expired")
WHOM_TO_CALL = re.compile(r"/akut\b", re.IGNORECASE)
AGAIN = 1.0  # seconds before an update is tried once more
# What is said to that which is no words, and what follows it.
SAID_TO = {
    Kind.VOICE: "telegram/voice",
    Kind.FILE: "telegram/file",
    Kind.STICKER: "telegram/sticker",
    Kind.LOCATION: "telegram/location",
    Kind.CONTACT: "telegram/contact",
    Kind.OTHER: "telegram/other",
    Kind.EDITED: "telegram/edited",
    Kind.FORWARDED: "telegram/forwarded",
}
log = structlog.get_logger()


class Talk:
    """Answers updates; PTB calls `hear` for each, in order in each chat."""

    def __init__(self, turns: Turns, inbox: Inbox, outbox: Outbox, limits: RateLimits) -> None:
        self.turns, self.inbox, self.outbox, self.limits = turns, inbox, outbox, limits
        self.engine, self.bot = turns.engine, outbox.bot
        self.commands, self.saying = Commands(turns, self._receive), Saying(outbox)
        turns.answers.farewell = self.saying.farewell
        self.parted: TTLCache[int, bool] = TTLCache(10_000, 30)  # chats that were just erased
        self.told_to_wait: TTLCache[str, bool] = TTLCache(10_000, 60)
        inbox.meanwhile = self.without_database

    async def hear(self, update: Update, _: CallbackContext[Any, Any, Any, Any] | None = None) -> None:
        """Answers one update. After three failures it is set aside, so that it holds up nobody."""
        count = True
        while True:
            try:
                try_update = partial(telegram.try_update, self.engine, update.update_id, count=count)
                tries, sent = await asyncio.to_thread(try_update)
                count = True
                if tries > MOST_TRIES:
                    await self._set_aside(update)
                else:
                    await self._answer(update, sent)
                    await asyncio.to_thread(telegram.finish_update, self.engine, update.update_id)
                break
            except SQLAlchemyError as error:  # not the update's fault: it waits
                log.error("update_waits_for_database", error=type(error).__name__)
                count = False
            except Unreachable:
                await self._blocked(update)
                break
            except Exception as error:
                log.error("update_failed", error=type(error).__name__)
            await asyncio.sleep(AGAIN)
        self.inbox.processed(update.update_id)

    async def without_database(self, update: Update) -> None:
        """The card for an alarm sign while nothing can be stored."""
        heard = read(update, NAMES)
        if replies := self.turns.without_database(heard.words, language_of(heard)):
            stranger = Conversation(id="", token_hash="", language=language_of(heard))
            with suppress(Unreachable):
                await self.saying.say(heard, stranger, replies, sent=0, note=False)

    async def _set_aside(self, update: Update) -> None:
        """Says that something went wrong, as far as that is possible, and lets the update go."""
        TELEGRAM_UPDATES.labels("set_aside").inc()
        log.error("update_set_aside")
        with suppress(Exception):
            heard = read(update, NAMES)
            chat = await asyncio.to_thread(telegram.chat, self.engine, heard.chat_id)
            if chat and (conversation := await asyncio.to_thread(store.get, self.engine, chat.conversation_id)):
                trouble = self.turns.voice.say(conversation, "system/trouble")
                await self.saying.say(heard, conversation, trouble, sent=0)
        await asyncio.to_thread(telegram.finish_update, self.engine, update.update_id, set_aside=True)

    async def _blocked(self, update: Update) -> None:
        chat = update.effective_chat
        found = await asyncio.to_thread(telegram.chat, self.engine, chat.id) if chat else None
        if found:
            await asyncio.to_thread(self.outbox.part_with, found.conversation_id)
        await asyncio.to_thread(telegram.finish_update, self.engine, update.update_id)

    # -- which answer ----------------------------------------------------------------------------------

    async def _answer(self, update: Update, sent: int) -> None:
        heard = read(update, NAMES)
        if heard.kind is Kind.NOTHING:
            return
        if heard.kind is Kind.GROUP:
            await self._leave_group(heard, sent)
            return
        chat = await asyncio.to_thread(telegram.chat, self.engine, heard.chat_id)
        if heard.kind is Kind.BLOCKED:
            if chat:
                await asyncio.to_thread(self.outbox.part_with, chat.conversation_id)
            return
        if chat and chat.blocked_at:  # who writes again is back
            await asyncio.to_thread(telegram.change_chat, self.engine, chat.conversation_id, blocked_at=None)
        if heard.kind is Kind.UNBLOCKED:
            return
        if heard.kind is Kind.PRESS and not chat and heard.chat_id in self.parted:
            return  # the second of two quick presses: the farewell stays the last word
        await self._answer_in(heard, chat, sent)

    async def _answer_in(self, heard: Heard, chat: TelegramChat | None, sent: int) -> None:
        conversation = await asyncio.to_thread(store.get, self.engine, chat.conversation_id) if chat else None
        if heard.kind is Kind.COMMAND and is_move(heard):
            conversation, replies = await self.commands.move_here(heard, conversation)
        else:
            if conversation is None:
                conversation = await asyncio.to_thread(self.commands.open, heard)
            refused = await self._too_many(heard, conversation)
            replies = refused or []
            if refused is None:
                sent -= await self.saying.say(heard, conversation, self._seen(heard, conversation), sent)
                async with self.saying.typing(heard.chat_id):
                    replies = await self._replies(heard, conversation)
        # The language may have changed on the way, and consent may have been given.
        conversation = await asyncio.to_thread(store.get, self.engine, conversation.id) or conversation
        if not conversation.consented_at:
            await self.turns.doorstep.recall(conversation.id)
        replies = self._welcomed(conversation, replies)
        if not conversation.consented_at:
            await self.turns.doorstep.keep(conversation.id)
        stored = await asyncio.to_thread(telegram.stored, self.engine, [reply.id for reply in replies])
        if chat:
            await self.saying.take_used_buttons(heard, chat, replies)
            await self._part(chat, replies)
        self.outbox.news.set()
        unstored = [reply for reply in replies if reply.id not in stored]
        await self.saying.say(heard, conversation, unstored, max(0, sent))

    async def _part(self, chat: TelegramChat, replies: list[Reply]) -> None:
        if any(reply.key == "control/deleted" for reply in replies):
            self.parted[int(chat.chat_id)] = True
            await self.saying.unpin(chat)
            await self.outbox.take_buttons(chat, chat.keyboard_message)

    def _seen(self, heard: Heard, conversation: Conversation) -> list[Reply]:
        """What is said first to a picture or file: it is not looked at, the words beside it are read."""
        spoken = heard.kind in (Kind.EDITED, Kind.FORWARDED, Kind.WORDS, Kind.COMMAND, Kind.PRESS)
        if spoken or self.turns.switch.closed():
            return []
        if heard.words:
            return self.turns.voice.say(conversation, "telegram/photo_with_words")
        return self.turns.voice.say(conversation, "telegram/photo") if heard.kind is Kind.PHOTO else []

    def _welcomed(self, conversation: Conversation, replies: list[Reply]) -> list[Reply]:
        """Nobody is asked to consent before the welcome was said; who needs help at once gets that first, alone."""
        times = self.turns.doorstep.memory(conversation.id).times
        if conversation.consented_at or times.get("welcome/intro") or not replies:
            return replies
        if any(reply.key in ("control/deleted", "system/closed") for reply in replies):
            return replies
        others = [reply for reply in replies if not reply.key.startswith("welcome/")]
        if any(reply.care or reply.key.startswith(AT_ONCE) for reply in others):
            return others
        return others + self.commands.welcome(conversation)

    async def _replies(self, heard: Heard, conversation: Conversation) -> list[Reply]:
        if self.turns.switch.closed():
            return self.turns.voice.closed(conversation)
        if heard.kind is Kind.COMMAND:
            return await self.commands.answer(heard.value, heard, conversation)
        if heard.kind is Kind.PRESS:
            return await self._pressed(heard, conversation)
        alarming = self._outcome(heard, conversation) is Outcome.ALARM
        if heard.kind is Kind.WORDS and not alarming and WHOM_TO_CALL.match(heard.words):
            return await self.commands.answer("akut", heard, conversation)
        if heard.words and (alarming or heard.kind not in (Kind.EDITED, Kind.FORWARDED)):
            return await self._receive(heard, conversation, heard.words)
        if heard.kind is Kind.PHOTO:
            return await self._receive(heard, conversation, command="topic_scan_findings")
        return self.turns.voice.say(conversation, SAID_TO[heard.kind])

    def _outcome(self, heard: Heard, conversation: Conversation) -> Outcome:
        return self.turns.outcome(conversation, heard.words) if heard.words else Outcome.CLEAR

    async def _too_many(self, heard: Heard, conversation: Conversation) -> list[Reply] | None:
        """What is said to a flood of words, once a minute; buttons, commands and what may be a sign get through."""
        button = heard.kind in (Kind.PRESS, Kind.COMMAND)
        if button or self._outcome(heard, conversation) is not Outcome.CLEAR:
            return None
        wait = await self.limits.conversation(conversation.id)
        if not wait:
            return None
        told = self.told_to_wait.get(conversation.id)
        self.told_to_wait[conversation.id] = True
        return [] if told else self.turns.voice.say(conversation, "telegram/too_many", wait=wait)

    async def _receive(
        self,
        heard: Heard,
        conversation: Conversation,
        text: str | None = None,
        choice: str | None = None,
        command: str | None = None,
    ) -> list[Reply]:
        number = f"{TELEGRAM}-{heard.update_id}"
        return await self.turns.receive(conversation, number, text, choice, command=command, channel=TELEGRAM)

    async def _pressed(self, heard: Heard, conversation: Conversation) -> list[Reply]:
        try:
            if heard.value.startswith("/"):
                return await self.commands.answer(heard.value.removeprefix("/"), heard, conversation)
            return await self._receive(heard, conversation, choice=heard.value)
        except UnknownChoice:
            if conversation.consented_at and heard.title in self.commands.titles("consent_yes"):
                return []  # pressed twice
            if conversation.consented_at or not heard.title:
                return self.turns.voice.say(conversation, "system/unknown_choice")
            # What is said before consent lives in memory: after a restart its buttons are known by their words only.
            self.commands.welcome(conversation)
            return await self._receive(heard, conversation, heard.title)

    async def _leave_group(self, heard: Heard, sent: int) -> None:
        stranger = Conversation(id="", token_hash="", language=language_of(heard), channel=TELEGRAM)
        with suppress(Unreachable):
            await self.saying.say(heard, stranger, self.turns.voice.say(stranger, "telegram/private_only"), sent)
        with suppress(TelegramError):
            await self.bot.leave_chat(heard.chat_id)
