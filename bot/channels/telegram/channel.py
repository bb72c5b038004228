"""Telegram as one part of the gateway: long polling, or a webhook where there is a public address."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog
from fastapi import APIRouter, Header, HTTPException, Request, Response
from sqlalchemy.exc import SQLAlchemyError
from telegram import BotCommand, Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, CallbackContext, TypeHandler
from telegram.request import HTTPXRequest

from bot.channels.limits import RateLimits
from bot.channels.telegram.commands import COMMANDS
from bot.channels.telegram.inbox import Inbox, InOrder, OurBot, readable
from bot.channels.telegram.outbox import Outbox
from bot.channels.telegram.talk import Talk
from bot.channels.telegram.updates import WANTED
from bot.content.store import LANGUAGES
from bot.dialogue.turns import Turns
from bot.store.encryption import derived

PATH = "/telegram/webhook"
API = "https://api.telegram.org"
AGAIN = 10.0  # seconds before Telegram is called again when it cannot be reached at the start
LARGEST = 2**63  # what a database takes as a number
SENDING, POLLING = 10.0, 30.0  # seconds
router = APIRouter()
log = structlog.get_logger()


class Telegram:
    """The bot: `start` returns at once, and goes on trying where Telegram cannot be reached."""

    def __init__(self, turns: Turns, limits: RateLimits) -> None:
        self.turns, self.settings = turns, turns.settings
        token = self.settings.telegram_token.get_secret_value()
        api = (self.settings.telegram_api or API).rstrip("/")
        bot = OurBot(
            token,
            base_url=f"{api}/bot",
            base_file_url=f"{api}/file/bot",
            request=HTTPXRequest(16, read_timeout=SENDING, connect_timeout=SENDING, media_write_timeout=SENDING),
            get_updates_request=HTTPXRequest(2, read_timeout=POLLING + 5),
        )
        self.inbox = Inbox(turns.engine)
        bot.deliver_to(self.inbox)
        self.outbox = Outbox(turns, bot)
        self.talk = Talk(turns, self.inbox, self.outbox, limits)
        building = Application.builder().bot(bot).update_queue(self.inbox).concurrent_updates(InOrder())
        self.application: Application[Any, Any, Any, Any, Any, Any] = building.build()
        self.application.add_handler(TypeHandler(Update, self.talk.hear))
        self.application.add_error_handler(failed)
        # Known to whoever knows our secret; the same in every process and after a restart.
        self.secret = derived(self.settings.secrets()[0], "telegram webhook").hex()
        self.tasks: list[asyncio.Task[None]] = []

    @property
    def username(self) -> str:
        """The bot's name in t.me links; empty until Telegram has told it."""
        with suppress(RuntimeError):
            return str(self.application.bot.username)
        return ""

    def start(self) -> None:
        """Begins in the background."""
        self.tasks = [asyncio.create_task(self._begin()), asyncio.create_task(self.outbox.keep())]

    async def _begin(self) -> None:
        """What a stop left is taken up first; then it listens; what Telegram shows of it can wait."""
        bot = self.outbox.bot
        for step in (self.application.initialize, lambda: self.inbox.recover(bot), self._listen, self._introduce):
            while not await self._reached(step):
                await asyncio.sleep(AGAIN)
        log.info("telegram_ready", mode="webhook" if self.settings.by_webhook else "polling")

    async def _reached(self, step: Callable[[], Awaitable[None]]) -> bool:
        """Takes a step of the beginning; whether it succeeded."""
        try:
            await step()
        except InvalidToken:
            log.error("telegram_token_refused")
        except TelegramError as error:
            log.error("telegram_not_reached", error=type(error).__name__)
        except SQLAlchemyError as error:
            log.error("database_down", error=type(error).__name__)
        else:
            return True
        return False

    async def _listen(self) -> None:
        if not self.application.running:
            await self.application.start()
        if self.settings.by_webhook:
            address = f"{self.settings.address}{PATH}"
            await self.application.bot.set_webhook(address, secret_token=self.secret, allowed_updates=WANTED)
        elif self.application.updater and not self.application.updater.running:
            await self.application.updater.start_polling(
                timeout=int(POLLING), allowed_updates=WANTED, bootstrap_retries=-1, error_callback=said_already
            )

    async def _introduce(self) -> None:
        """What Telegram shows before the first message, in both languages; Danish where it knows no other."""
        bot = self.application.bot
        for language in LANGUAGES:
            page = self.turns.content.page[language]
            commands = [BotCommand(name, page[f"command_{name}"]) for name in COMMANDS]
            code = "" if language == "da" else language
            await bot.set_my_commands(commands, language_code=code)
            await bot.set_my_description(page["bot_description"], language_code=code)
            await bot.set_my_short_description(page["bot_short_description"], language_code=code)

    async def stop(self) -> None:
        """Ends; what is under way is finished or taken up at the next start."""
        for task in self.tasks:
            task.cancel()
        with suppress(TelegramError, RuntimeError):
            if self.application.updater and self.application.updater.running:
                await self.application.updater.stop()
            if self.application.running:
                await self.application.stop()
            await self.application.shutdown()
        self.outbox.identity.lock.close()


def said_already(_: TelegramError) -> None:
    """OurBot logs it; the library's own log would hold more than it should."""


async def failed(_: object, context: CallbackContext[Any, Any, Any, Any]) -> None:
    """What no handler caught; only its kind is logged."""
    log.error("update_failed", error=type(context.error).__name__)


@router.post(PATH, include_in_schema=False)
async def webhook(request: Request, x_telegram_bot_api_secret_token: str = Header("")) -> Response:
    """An update from Telegram: 200 once it is stored, 503 while it cannot be, 403 without the secret."""
    channel: Telegram | None = request.app.state.telegram
    if channel is None or not channel.settings.by_webhook:
        raise HTTPException(404)
    if not hmac.compare_digest(x_telegram_bot_api_secret_token.encode(), channel.secret.encode()):
        raise HTTPException(403)
    try:
        item = await request.json()
        update = readable(item, channel.outbox.bot)
        if type(update.update_id) is not int or not 0 <= update.update_id < LARGEST:
            raise ValueError("update_id")
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return Response(status_code=200)  # not an update at all: sent again it would be no better
    await channel.inbox.receive([update])
    return Response(status_code=200)
