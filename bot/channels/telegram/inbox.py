"""Updates on their way in: stored before Telegram may forget them, each once, in order in each chat.

An update counts as received when it is stored: polling then asks for the ones after it, a webhook answers 200. What
is written before consent must not be stored; there it counts when it is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

import structlog
from cachetools import TTLCache
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from telegram import CallbackQuery, Update
from telegram.error import InvalidToken, RetryAfter, TelegramError
from telegram.ext import BaseUpdateProcessor, ExtBot

from bot.channels.telegram.updates import WANTED
from bot.clock import now
from bot.metrics import TELEGRAM_UPDATES
from bot.store import conversations, telegram

AT_ONCE = 64  # chats
ANSWERED_WITHIN = 5.0  # seconds that updates from before consent hold up those fetched after them
DATABASE_PAUSE, REFUSED_PAUSE = 1, 60  # seconds
IDLE = 6 * 24 * 60 * 60  # seconds; after a week without updates their numbers begin anew, perhaps lower
log = structlog.get_logger()


class Inbox(asyncio.Queue[object]):
    """The Application's queue of updates, with the database behind it.

    While that cannot be reached `meanwhile` gets each update once: an alarm sign needs no database.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.meanwhile: Callable[[Update], Awaitable[None]] | None = None
        self.answering: TTLCache[int, asyncio.Event] = TTLCache(10_000, 600)
        self.looked_at: TTLCache[int, bool] = TTLCache(10_000, 3600)

    async def put(self, item: object) -> None:
        """What the Application says to itself; updates that the library fetched are in already: see OurBot."""
        if not isinstance(item, Update):
            await super().put(item)

    async def receive(self, updates: Sequence[Update]) -> None:
        """Takes updates in, in order. Raises SQLAlchemyError: then Telegram keeps them, and sends them again.

        All of them are looked at even so: an alarm sign may stand behind anybody's message. For what cannot be stored
        it waits, once for all of them: no stranger's flood may hold up the others for long.
        """
        answers: list[asyncio.Event] = []
        for place, update in enumerate(updates):
            try:
                answers += await self.take(update)
            except SQLAlchemyError:
                for waiting in updates[place:]:
                    await self._look_at(waiting)
                raise
        try:
            async with asyncio.timeout(ANSWERED_WITHIN):
                for answered in answers:
                    await answered.wait()
        except TimeoutError:
            log.warning("slow_before_consent")

    async def _look_at(self, update: Update) -> None:
        if self.meanwhile and update.update_id not in self.looked_at:
            self.looked_at[update.update_id] = True
            await self.meanwhile(update)

    async def take(self, update: Update) -> list[asyncio.Event]:
        """Hands an update on, stored where it may be; else with what tells that it is answered.

        One that is known already is dropped. Raises SQLAlchemyError.
        """
        if update.update_id in self.answering:
            TELEGRAM_UPDATES.labels("again").inc()
            return []
        answered = self.answering[update.update_id] = asyncio.Event()
        try:
            storable = await asyncio.to_thread(self._may_store, update)
            payload = update.to_dict() if storable else None
            new = await asyncio.to_thread(telegram.keep_update, self.engine, update.update_id, payload)
        except SQLAlchemyError:
            self.processed(update.update_id)
            raise
        TELEGRAM_UPDATES.labels("new" if new else "again").inc()
        if not new:
            self.processed(update.update_id)
            return []
        await super().put(update)
        return [] if storable else [answered]

    def _may_store(self, update: Update) -> bool:
        """Buttons and commands of ours say nothing of anybody; words do, and need consent."""
        if not (update.message or update.edited_message):
            return True
        chat = update.effective_chat
        found = telegram.chat(self.engine, chat.id) if chat else None
        talk = conversations.get(self.engine, found.conversation_id) if found else None
        return bool(talk and talk.consented_at)

    async def recover(self, bot: ExtBot[Any]) -> None:
        """Takes up the updates that a stop left unprocessed."""
        for payload in await asyncio.to_thread(telegram.unfinished_updates, self.engine):
            update = Update.de_json(payload, bot)
            self.answering[update.update_id] = asyncio.Event()
            await super().put(update)

    def processed(self, update_id: int) -> None:
        """Nobody needs to wait for this one any more."""
        if answered := self.answering.pop(update_id, None):
            answered.set()


class InOrder(BaseUpdateProcessor):
    """Many chats at once, one update at a time in each."""

    def __init__(self) -> None:
        super().__init__(AT_ONCE)
        self.locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self.answering: set[asyncio.Task[None]] = set()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Waits for the chat's turn; asyncio's locks are fair, so the order stays."""
        if isinstance(update, Update) and update.callback_query:
            # At once and aside, so that the button stops turning whatever else the chat is busy with.
            task = asyncio.create_task(stop_turning(update.callback_query))
            self.answering.add(task)
            task.add_done_callback(self.answering.discard)
        chat = update.effective_chat if isinstance(update, Update) else None
        lock = self.locks.setdefault(chat.id if chat else 0, asyncio.Lock())
        async with lock:
            await coroutine

    async def initialize(self) -> None:
        """Needs nothing."""

    async def shutdown(self) -> None:
        """Needs nothing."""


async def stop_turning(query: CallbackQuery) -> None:
    """Tells Telegram that a press was noticed; too late does not matter."""
    with suppress(TelegramError):
        await query.answer()


class OurBot(ExtBot[Any]):
    """The library's bot. What it fetches is stored before the library counts it as fetched.

    It goes on where the library would stop or forget: after an update that cannot be read, after one with a lower
    number, after a refused token, and while the database is away.
    """

    _last_heard = 0.0  # the library lets only private attributes change
    _inbox: Inbox | None = None

    def deliver_to(self, inbox: Inbox) -> None:
        """Where what is fetched goes."""
        self._inbox = inbox

    async def get_updates(self, offset: int | None = None, **options: Any) -> tuple[Update, ...]:  # type: ignore[override]
        """The updates, stored. Raises TelegramError: then the library asks again from the same number."""
        moment = now().timestamp()
        if self._last_heard < moment - IDLE:
            offset = None  # everything before was confirmed by the question before this one
        try:
            found = await self._fetch(offset, options)
            if self._inbox:
                await self._inbox.receive(found)
        except SQLAlchemyError as error:
            log.error("update_waits_for_database", error=type(error).__name__)
            raise RetryAfter(DATABASE_PAUSE) from None
        except InvalidToken:
            log.error("telegram_token_refused")
            raise RetryAfter(REFUSED_PAUSE) from None
        except TelegramError as error:
            log.warning("telegram_not_reached", error=type(error).__name__)
            raise
        self._last_heard = moment if found else self._last_heard
        return found

    async def _fetch(self, offset: int | None, options: dict[str, Any]) -> tuple[Update, ...]:
        """The updates; one that cannot be read comes as an empty one, so that it is confirmed and gone."""
        try:
            return await super().get_updates(offset=offset, **options)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.error("unreadable_update", error=type(error).__name__)
            raw = await self.do_api_request("getUpdates", {"offset": offset, "allowed_updates": WANTED})
            return tuple(readable(item, self) for item in raw)


def readable(item: dict[str, Any], bot: ExtBot[Any]) -> Update:
    """The update, or an empty one with its number where it cannot be read."""
    try:
        return Update.de_json(item, bot)
    except Exception:
        TELEGRAM_UPDATES.labels("unreadable").inc()
        return Update(int(item["update_id"]))
