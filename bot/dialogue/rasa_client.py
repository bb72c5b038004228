"""Asks Rasa what to say next.

RasaError            base
├── RasaUnreachable  not there or too slow: worth retrying
└── RasaSilent       Rasa's way of failing, status 200 and nothing said: worth retrying
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import aiohttp


class RasaError(Exception):
    """Rasa gave no answer."""


class RasaUnreachable(RasaError):
    """No connection, an error status, or too late."""


class RasaSilent(RasaError):
    """Status 200 without an answer."""


AT_ONCE = 4  # ordinary turns under way; more would only take turns in Rasa's one thread, and an alarm sign with them


class RasaClient:
    """One turn at a time per conversation; the caller sees to that. An alarm sign waits behind no other patient."""

    def __init__(self, url: str, secret: str) -> None:
        self.url, self.secret = url, secret
        self.lane = asyncio.Semaphore(AT_ONCE)
        self.session: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """The connections, made where they are used: in the event loop."""
        if self.session is None:
            self.session = aiohttp.ClientSession(
                self.url,
                headers={"x-rygraad-secret": self.secret},
                timeout=aiohttp.ClientTimeout(total=20),
                connector=aiohttp.TCPConnector(limit=0),  # how many wait is for the dialogue to say
            )
        return self.session

    async def turn(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """The content keys of the answer, with their parameters. Raises RasaError."""
        async with nullcontext() if body.get("intent") == "alarm" else self.lane:
            return await self._turn(body)

    async def _turn(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            try:
                replies = await self._post(body)
            except aiohttp.ServerDisconnectedError:  # an idle connection that Rasa has closed; it answers once
                replies = await self._post(body)
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
            raise RasaUnreachable(type(error).__name__) from error
        if not replies:
            raise RasaSilent("empty answer")
        return replies

    async def _post(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        async with self.http.post("/webhooks/gateway/turn", json=body) as response:
            response.raise_for_status()
            return list((await response.json())["replies"])

    async def alive(self) -> bool:
        """Whether Rasa answers at all."""
        try:
            async with self.http.get("/webhooks/gateway/", timeout=aiohttp.ClientTimeout(total=1)) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def close(self) -> None:
        """Gives the connections back."""
        if self.session is not None:
            await self.session.close()
