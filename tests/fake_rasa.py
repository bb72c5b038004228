"""A Rasa that says what a test wants said, and the few steps a test takes over the API."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi.testclient import TestClient

from bot.dialogue.rasa_client import RasaUnreachable


class FakeRasa:
    """Says what the test wants said, after `delay` seconds."""

    def __init__(self) -> None:
        self.says: list[dict[str, Any]] = [{"key": "control/menu"}]
        self.delay = 0.0
        self.dead = False
        self.heard: list[dict[str, Any]] = []

    async def turn(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        self.heard.append(body)
        await asyncio.sleep(self.delay)
        if self.dead:
            raise RasaUnreachable("dead")
        return self.says

    async def alive(self) -> bool:
        return not self.dead

    async def close(self) -> None:
        pass


def begin(client: TestClient, language: str = "da", *, consent: bool = True) -> None:
    started = client.post("/api/chat", json={"language": language, "invite": None}).json()
    client.headers["Authorization"] = f"Bearer {started['token']}"
    if consent:
        choices = {choice["name"]: choice["value"] for choice in started["messages"][-1]["choices"]}
        assert (
            client.post("/api/chat/messages", json={"id": "c", "choice": choices["consent_yes"]}).status_code == 200
        )


def say(client: TestClient, text: str, client_id: str = "m1") -> list[dict[str, Any]]:
    answer = client.post("/api/chat/messages", json={"id": client_id, "text": text})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["messages"])
