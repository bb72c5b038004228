"""Updates on their way to the bot: the queue, polling and the webhook."""

from __future__ import annotations

import asyncio
import copy
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from tests.channels.telegram import limits
from tests.channels.telegram.refusals import Json, Refused, bad
from tests.channels.telegram.state import State

ONLY_WHEN_ASKED = {"chat_member", "message_reaction", "message_reaction_count"}
TRIES = 60


@dataclass
class Webhook:
    """Where updates are posted to."""

    url: str = ""
    secret: str = ""
    connections: int = 40
    error: Json = field(default_factory=dict)

    def is_local(self) -> bool:
        """Nothing is ever posted away from this machine."""
        return bool(self.url) and urlsplit(self.url).hostname in limits.LOOPBACK


def chat_of(update: Json) -> Any:
    """The chat an update is about, or its sender."""
    content: Json = next(value for key, value in update.items() if key != "update_id")
    place = content.get("chat") or content.get("message", {}).get("chat") or content.get("from") or {}
    return place.get("id")


class Updates(State):
    """The part of the server that queues updates and delivers them."""

    _http: aiohttp.ClientSession

    def __init__(self) -> None:
        super().__init__()
        self.redeliver = False
        self._next_update = 10**8 + secrets.randbelow(10**8)
        self._newest = self._next_update - 1
        self._archive: dict[int, Json] = {}
        self._pending: list[Json] = []
        self._again: list[Json] = []
        self._allowed: list[str] = []
        self._poll, self._poll_ended_by = 0, ""
        self._webhook = Webhook()
        self._busy: set[Any] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def put(self, update: Json) -> int:
        """Queues an update that has no id yet, and delivers it."""
        with self.lock:
            self._newest, self._next_update = self._next_update, self._next_update + 1
            self._archive[self._newest] = {"update_id": self._newest} | copy.deepcopy(update)
            kind = next(iter(update))
            if kind in self._allowed or (not self._allowed and kind not in ONLY_WHEN_ASKED):
                self._pending.append(self._archive[self._newest])
            self._kick()
            return self._newest

    def jump(self, to: int) -> None:
        """Makes the next update's id another one, also a lower one."""
        with self.lock:
            self._next_update = to

    def replay(self, update_id: int) -> None:
        """Delivers an update once more. Raises KeyError for an id never given."""
        with self.lock:
            self._again.append(dict(self._archive[update_id]))
            self._kick()

    def _kick(self) -> None:
        if self._loop:
            self._loop.call_soon_threadsafe(self._dispatch)

    async def _get_updates(self, params: Json, request: web.Request) -> list[Json]:
        mine = self._begin_poll(params)
        limit = min(max(int(params.get("limit", 100)), 1), 100)
        end = time.monotonic() + min(max(int(params.get("timeout", 0)), 0), 50)
        while request.transport and not request.transport.is_closing() and not self.down:
            with self.lock:
                if self._poll != mine:
                    raise Refused(f"Conflict: terminated by {self._poll_ended_by}", 409)
                if (found := self._collect(limit)) or time.monotonic() >= end:
                    return found
            await asyncio.sleep(0.02)
        return []

    def _begin_poll(self, params: Json) -> int:
        with self.lock:
            if self._webhook.url:
                problem = "can't use getUpdates method while webhook is active"
                raise Refused(f"Conflict: {problem}; use deleteWebhook to delete the webhook first", 409)
            self._end_poll("other getUpdates request; make sure that only one bot instance is running")
            self._allowed = params.get("allowed_updates", self._allowed)
            self._confirm(int(params.get("offset", 0)))
            return self._poll

    def _end_poll(self, by: str) -> None:
        self._poll, self._poll_ended_by = self._poll + 1, by

    def _confirm(self, offset: int) -> None:
        newest = self._pending[-1]["update_id"] if self._pending else self._newest
        if offset > newest + 10:  # as Telegram does after ids restarted lower
            return
        done = [update for update in self._pending if update["update_id"] < offset]
        done = self._pending[:offset] if offset < 0 else done
        self._pending = [update for update in self._pending if update not in done]
        self._again += [dict(update) for update in done if self.redeliver]

    def _collect(self, limit: int) -> list[Json]:
        again, self._again = self._again[:limit], self._again[limit:]
        return again + self._pending[: limit - len(again)]

    def _dispatch(self) -> None:
        """Posts what waits for the webhook, one update at a time in each chat."""
        with self.lock:
            for update in [*self._again, *self._pending] if self._webhook.is_local() and self._loop else []:
                chat = chat_of(update)
                if self._loop and chat not in self._busy and len(self._busy) < self._webhook.connections:
                    self._busy.add(chat)
                    task = self._loop.create_task(self._deliver(self._webhook, update, chat))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)

    async def _deliver(self, hook: Webhook, update: Json, chat: Any) -> None:
        times = 2 if self.redeliver and not any(update is one for one in self._again) else 1
        try:
            for _ in range(times):
                await self._post_until_accepted(hook, update)
        finally:
            with self.lock:
                self._busy.discard(chat)
                if hook is self._webhook and self._loop:
                    self._pending = [other for other in self._pending if other is not update]
                    self._again = [other for other in self._again if other is not update]
                self._kick()

    async def _post_until_accepted(self, hook: Webhook, update: Json) -> None:
        for attempt in range(TRIES):
            while self.down:
                await asyncio.sleep(0.02)
            if hook is not self._webhook or await self._post(hook, update):
                return
            await asyncio.sleep(min(0.1 * 2 ** min(attempt, 5), 2))

    async def _post(self, hook: Webhook, update: Json) -> bool:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        try:
            async with self._http.post(hook.url, json=update, headers=headers, allow_redirects=False) as answer:
                if 200 <= answer.status < 300:
                    return True
                problem = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            problem = str(failure) or type(failure).__name__
        hook.error = {"last_error_date": int(time.time()), "last_error_message": problem}
        return False

    def _set_webhook(self, params: Json) -> bool:
        url, secret = params.get("url", ""), params.get("secret_token", "")
        if not url:
            return self._delete_webhook(params)
        limits.check_webhook(url, secret, params.get("max_connections", 40))
        if params.get("secret_token") == "":
            raise bad("secret token must be non-empty")
        self._end_poll("setWebhook request")
        self._drop(params)
        self._allowed = params.get("allowed_updates", self._allowed)
        self._webhook = Webhook(url, secret, params.get("max_connections", 40))
        self._kick()
        return True

    def _delete_webhook(self, params: Json) -> bool:
        self._drop(params)
        self._webhook = Webhook()
        return True

    def _drop(self, params: Json) -> None:
        if params.get("drop_pending_updates"):
            self._pending, self._again = [], []

    def _get_webhook_info(self, _: Json) -> Json:
        hook = self._webhook
        info = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": len(self._pending)}
        extra = {"max_connections": hook.connections, "ip_address": "127.0.0.1"} if hook.url else {}
        return info | extra | hook.error | ({"allowed_updates": self._allowed} if self._allowed else {})
