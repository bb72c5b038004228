"""Caps: 64 KiB a body, chunked ones included, and so many messages a minute."""

from __future__ import annotations

import hashlib
import json
import math
import time
from typing import Any

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024


class RateLimits:
    """Messages per conversation, as set, and posts per address. Each method gives the seconds to wait, or 0."""

    def __init__(self, per_conversation: str, per_address: str) -> None:
        self.off = per_conversation == "off"
        self.limiter = MovingWindowRateLimiter(MemoryStorage())
        self.rates = {} if self.off else {"conversation": parse(per_conversation), "address": parse(per_address)}

    async def conversation(self, token: str) -> int:
        """Counts a message under this session token."""
        return await self._count("conversation", hashlib.sha256(token.encode()).hexdigest())

    async def address(self, address: str) -> int:
        """Counts a post from this network address."""
        return await self._count("address", address)

    async def _count(self, kind: str, who: str) -> int:
        if self.off:
            return 0
        rate: RateLimitItem = self.rates[kind]
        if await self.limiter.hit(rate, kind, who):
            return 0
        free_at, _ = await self.limiter.get_window_stats(rate, kind, who)
        return max(1, math.ceil(free_at - time.time()))


class BodyCap:
    """Answers 413 as soon as a body passes the cap. FastAPI ignores Starlette's own setting."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reads the body up to the cap, then hands it on whole."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MOST_BYTES:
                await _too_big(send)
                return
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, replay, send)


async def _too_big(send: Send) -> None:
    detail: dict[str, Any] = {"detail": {"code": "too_big", "message": "The message is larger than 64 KiB."}}
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(detail).encode()})
