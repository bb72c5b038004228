"""Sends one message at a time, the urgent first, and says what came of it.

Wait         not now: Telegram told us to wait, or does not answer; worth trying again
Unreachable  the person has blocked the bot, or is gone; never again
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import structlog
from sqlalchemy import Engine
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.channels.telegram.html import TAG
from bot.channels.telegram.messages import Buttons, Message
from bot.metrics import TELEGRAM_SENT
from bot.store import telegram

APART = 1 / 30  # seconds between two messages
LONGEST_BACKOFF = 30.0
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
log = structlog.get_logger()


class Wait(Exception):
    """Not now; `seconds` until it may be tried again. `everybody`: it is not about this chat alone."""

    def __init__(self, seconds: float, *, everybody: bool = False) -> None:
        super().__init__(f"{seconds} s")
        self.seconds, self.everybody = seconds, everybody


class Unreachable(Exception):
    """The person has blocked the bot, or is gone from Telegram."""


class Lane:
    """Lets one in at a time, the urgent before those who came earlier."""

    def __init__(self) -> None:
        self.busy, self.numbers = False, count()
        self.queue: list[tuple[bool, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def turn(self, *, urgent: bool) -> AsyncIterator[None]:
        """One's turn."""
        if self.busy:
            mine = asyncio.get_running_loop().create_future()
            heapq.heappush(self.queue, (not urgent, next(self.numbers), mine))
            try:
                await mine
            except asyncio.CancelledError:
                if mine.done() and not mine.cancelled():
                    self._let_in()
                raise
        self.busy = True
        try:
            yield
        finally:
            self._let_in()

    def _let_in(self) -> None:
        while self.queue:
            following = heapq.heappop(self.queue)[2]
            if not following.done():
                following.set_result(None)
                return
        self.busy = False


class Sender:
    """The lane to Telegram."""

    def __init__(self, engine: Engine, bot: ExtBot[Any]) -> None:
        self.engine, self.bot = engine, bot
        self.lane, self.last_sent, self.failures = Lane(), 0.0, 0

    async def post(self, chat_id: int, message: Message) -> int | None:
        """Sends a message; its id, or None where Telegram will never take it. Raises Wait, Unreachable."""
        async with self.lane.turn(urgent=message.urgent):
            await asyncio.sleep(max(0.0, self.last_sent + APART - time.monotonic()))
            try:
                return await self._try(chat_id, message)
            except ChatMigrated as moved:
                await asyncio.to_thread(telegram.move_chat, self.engine, chat_id, moved.new_chat_id)
                return await self._try(moved.new_chat_id, message)
            finally:
                self.last_sent = time.monotonic()

    async def _try(self, chat_id: int, message: Message) -> int | None:
        try:
            try:
                sent_as = self._note("sent", await self._send(chat_id, message))
                self.failures = 0
                return sent_as
            except BadRequest as refused:
                if "chat not found" in str(refused).lower():
                    raise Unreachable from None
                log.error("message_refused", reason=str(refused))  # Telegram's words, never the patient's
                self._note("refused", None)
                return await self._send(chat_id, message, plain=True)
        except RetryAfter as told:
            wait = told.retry_after
            self._note("told_to_wait", None)
            raise Wait(wait.total_seconds() if isinstance(wait, timedelta) else float(wait)) from None
        except Forbidden:
            raise Unreachable from None
        except BadRequest:
            return None
        except TelegramError as error:
            self._note("no_answer", None)
            self.failures += 1
            log.warning("telegram_does_not_answer", error=type(error).__name__)
            raise Wait(min(2.0 ** (self.failures - 1), LONGEST_BACKOFF), everybody=True) from None

    def _note(self, outcome: str, sent_as: int | None) -> int | None:
        TELEGRAM_SENT.labels(outcome).inc()
        return sent_as

    async def _send(self, chat_id: int, message: Message, *, plain: bool = False) -> int:
        """As HTML with its picture, or where that was refused as plain words."""
        html = TAG.sub("", message.html) if plain else message.html
        mode = None if plain else ParseMode.HTML
        keyboard = as_keyboard(message.buttons)
        if message.photo and not (plain and html):
            sent = await self.bot.send_photo(
                chat_id, message.photo, caption=html or None, parse_mode=mode, reply_markup=keyboard
            )
        elif message.file:
            name, body = message.file
            sent = await self.bot.send_document(
                chat_id, body, filename=name, caption=html, parse_mode=mode, reply_markup=keyboard
            )
        else:
            sent = await self.bot.send_message(
                chat_id, html, parse_mode=mode, reply_markup=keyboard, link_preview_options=NO_PREVIEW
            )
        return sent.message_id


def as_keyboard(buttons: Buttons) -> InlineKeyboardMarkup | None:
    """Buttons as Telegram takes them."""
    rows = [[InlineKeyboardButton(title, callback_data=value) for title, value in row] for row in buttons]
    return InlineKeyboardMarkup(rows) if rows else None
