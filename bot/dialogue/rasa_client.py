"""Asks Rasa what to say next.

RasaError            base
├── RasaUnreachable  not there or too slow: worth retrying
└── RasaSilent       Rasa's way of failing, status 200 and nothing said: worth retrying
"""

from __future__ import annotations

from typing import Any

import httpx


class RasaError(Exception):
    """Rasa gave no answer."""


class RasaUnreachable(RasaError):
    """No connection, an error status, or too late."""


class RasaSilent(RasaError):
    """Status 200 without an answer."""


class RasaClient:
    """One turn at a time per conversation; the caller sees to that."""

    def __init__(self, url: str, secret: str) -> None:
        self.http = httpx.AsyncClient(base_url=url, headers={"x-rygraad-secret": secret}, timeout=20.0)

    async def turn(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """The content keys of the answer, with their parameters. Raises RasaError."""
        try:
            response = await self.http.post("/webhooks/gateway/turn", json=body)
            response.raise_for_status()
            replies = response.json()["replies"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise RasaUnreachable(type(error).__name__) from error
        if not replies:
            raise RasaSilent("empty answer")
        return list(replies)

    async def alive(self) -> bool:
        """Whether Rasa answers at all."""
        try:
            return (await self.http.get("/webhooks/gateway/", timeout=1.0)).status_code == 200
        except httpx.HTTPError:
            return False

    async def close(self) -> None:
        """Gives the connections back."""
        await self.http.aclose()
