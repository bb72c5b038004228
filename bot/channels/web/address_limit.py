"""A limit on posts from one network address, and the header that every answer has.

Plain ASGI: Starlette's own middleware for functions runs each request as a task of its own, which costs as much as
the rest of the framework.
"""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.limits import RateLimits
from bot.channels.telegram import channel
from bot.channels.web import api

# Telegram speaks for many; the workplaces ask who somebody is, and a whole clinic may sit behind one address.
OF_MANY = (channel.PATH, "/editor", "/clinic", "/admin")


class AddressLimit:
    """Answers 429 to posts beyond the limit; every answer gets `nosniff`."""

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self.app, self.limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands the request on, unless there were too many."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        if scope["method"] == "POST" and not scope["path"].startswith(OF_MANY):
            request = Request(scope)
            if wait := await self.limits.address(request.client.host if request.client else ""):
                refused = api.problem(request.app.state.turns, 429, "rate_limited", api.preferred(request), wait=wait)
                answer = JSONResponse({"detail": refused.detail}, 429, {"Retry-After": str(wait)})
                await answer(scope, receive, with_header)
                return
        await self.app(scope, receive, with_header)
