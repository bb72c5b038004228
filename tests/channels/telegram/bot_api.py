"""A strict stand-in for Telegram's Bot API server, on a loopback port of its own."""

from __future__ import annotations

import asyncio
import copy
import re
import threading
import time
from typing import Any

import aiohttp
from aiohttp import web

from tests.channels.telegram.bot_profile import Profile
from tests.channels.telegram.calls import Call, Fault, read_params
from tests.channels.telegram.files import Files
from tests.channels.telegram.limits import Flood
from tests.channels.telegram.person import Channel, Group, Person
from tests.channels.telegram.refusals import Json, Refused
from tests.channels.telegram.updates import Updates

__all__ = ["BotApi", "Call"]

METHODS = (
    "getMe getUpdates setWebhook deleteWebhook getWebhookInfo sendMessage sendPhoto sendDocument sendChatAction "
    "answerCallbackQuery editMessageReplyMarkup pinChatMessage unpinChatMessage unpinAllChatMessages "
    "deleteMessage leaveChat setMyCommands getMyCommands deleteMyCommands setMyDescription "
    "setMyShortDescription setMyName getMyDescription getMyShortDescription getChat"
).split()
BY_LOWER = {method.lower(): method for method in METHODS}
SENDS = {"sendMessage", "sendPhoto", "sendDocument"}


def hang_up(request: web.Request) -> web.Response:
    """Closes the connection without an answer."""
    if request.transport:
        request.transport.abort()
    return web.Response()


class BotApi(Updates, Files, Profile):
    """The server with its chats; start it and point a bot at `base_url` with `token`."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        self.impatient: list[Call] = []
        self._faults: list[Fault] = []
        self._lost: list[str] = []
        self._flood = Flood()

    # Running

    @property
    def base_url(self) -> str:
        """What python-telegram-bot wants as its base_url."""
        return f"http://127.0.0.1:{self.port}/bot"

    @property
    def base_file_url(self) -> str:
        """What python-telegram-bot wants as its base_file_url."""
        return f"http://127.0.0.1:{self.port}/file/bot"

    def start(self) -> BotApi:
        """Starts serving; after a stop it is the same port again."""
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="bot-api", daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the fake Bot API did not start")
        return self

    def stop(self) -> None:
        """Stops serving."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10)

    def __enter__(self) -> BotApi:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _serve(self, ready: threading.Event) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        self.port, self._stopping = runner.addresses[0][1], asyncio.Event()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as self._http:
            self._loop = asyncio.get_running_loop()
            self._dispatch()
            ready.set()
            await self._stopping.wait()
            self._loop = None
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await runner.cleanup()

    # What a test does to it

    def person(self, language: str | None = "da") -> Person:
        """Somebody new."""
        with self.lock:
            return Person(self, language)

    def group(self) -> Group:
        """A new group, without the bot."""
        with self.lock:
            return Group(self)

    def channel(self) -> Channel:
        """A new channel with the bot in it."""
        with self.lock:
            return Channel(self)

    def flood(self, per_chat: int, seconds: float, retry_after: int) -> None:
        """From now on a chat may get no more than so many messages in so many seconds; 0 lifts it."""
        with self.lock:
            self._flood = Flood(per_chat, seconds, retry_after)

    def fail_next(
        self,
        method: str,
        status: int,
        description: str,
        retry_after: int | None = None,
        chat: int | None = None,
        times: int = 1,
    ) -> None:
        """Lets the next calls of a method fail, perhaps only those to one chat."""
        refusal = Refused(description, status, **({"retry_after": retry_after} if retry_after else {}))
        with self.lock:
            self._faults.append(Fault(BY_LOWER[method.lower()], refusal, chat, times))

    def lose_next_answer(self, method: str, times: int = 1) -> None:
        """Performs the next calls of a method without answering them."""
        with self.lock:
            self._lost += [BY_LOWER[method.lower()]] * times

    # Answering calls

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        params, method = await read_params(request), BY_LOWER.get(request.match_info["method"].lower(), "")
        if self.down:
            return hang_up(request)
        answer, status = await self._answer(method, params, request)
        with self.lock:
            is_lost = method in self._lost and status == 200
            if is_lost:
                self._lost.remove(method)
        return hang_up(request) if is_lost or self.down else web.json_response(answer, status=status)

    async def _answer(self, method: str, params: Json, request: web.Request) -> tuple[Json, int]:
        try:
            if request.match_info["token"] != self.token:
                raise Refused("Unauthorized", 401)
            if not method or request.method not in ("GET", "POST"):
                raise Refused("Not Found", 404)
            return {"ok": True, "result": await self._perform(method, params, request)}, 200
        except Refused as refused:
            return refused.answer(), refused.status

    async def _perform(self, method: str, params: Json, request: web.Request) -> Any:
        with self.lock:
            call = Call(method, params, time.monotonic())
            self.calls.append(call)
            self._interfere(call)
            if method != "getUpdates":
                action = getattr(self, re.sub("([A-Z])", r"_\1", f"_{method}").lower())
                return copy.deepcopy(action(params))
        return await self._get_updates(params, request)

    def _interfere(self, call: Call) -> None:
        """Flood limits and injected errors."""
        chat = call.params.get("chat_id")
        if call.method in SENDS and self._flood.is_waiting(chat, call.at):
            self.impatient.append(call)
        for fault in self._faults:
            if fault.method == call.method and fault.chat in (None, chat) and fault.times > 0:
                fault.times -= 1
                if wait := fault.refusal.parameters.get("retry_after"):
                    self._flood.told_only[chat] = call.at + wait
                raise fault.refusal
        if call.method in SENDS:
            self._flood.check(chat, call.at)
