"""The running parts over HTTP: somebody who chats with them, and waiting for what they do."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

import httpx

from bot.supervisor import Parts

ALARM = "jeg kan ikke tisse og er følelsesløs i skridtet"


def wait_until(true: Any, seconds: float) -> None:
    """Waits for a condition. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.1)


class HttpPatient:
    """Somebody who chats over the API."""

    def __init__(
        self,
        stack: Parts,
        language: str | None = "da",
        *,
        waits: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.waits = waits  # for what comes after a card, which on a busy machine comes alone
        self.numbers = count(1)
        self.http = httpx.Client(base_url=stack.gateway_url, timeout=30, transport=transport)
        started = self.http.post("/api/chat", json={"language": language, "invite": None})
        assert started.status_code == 201, started.text
        self.http.headers["Authorization"] = f"Bearer {started.json()['token']}"
        self.offered: dict[str, str] = {}
        self.look(started.json()["messages"])

    def look(self, replies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.replies = replies
        self.offered |= {choice["name"]: choice["value"] for reply in replies for choice in reply["choices"]}
        return replies

    def send(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self.http.post("/api/chat/messages", json={"id": f"m{next(self.numbers)}"} | body)
        assert answer.status_code == 200, answer.text
        replies = answer.json()["messages"]
        if self.waits and replies and all(reply["care"] for reply in replies):
            replies += self.late(replies[-1]["id"])
        return self.look(replies)

    def late(self, last: str, seconds: float = 5) -> list[dict[str, Any]]:
        """What is said after the reply with this id, waiting for it a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            said = self.http.get("/api/chat/messages").json()["messages"]
            if found := said[[entry["id"] for entry in said].index(last) + 1 :]:
                return found
            time.sleep(0.05)
        return []

    def unasked(self, expected: list[str] | None) -> list[dict[str, Any]]:
        """What has come since the last answer without being asked for; with `expected` it waits for something, or
        long enough to see that nothing comes."""
        if expected is None:
            time.sleep(1)  # the gateway looks five times a second: what came due is settled at this hour
            return []
        fresh = self.late(self.replies[-1]["id"], 10 if expected else 2)
        return self.look(fresh) if fresh else []

    def write(self, text: str) -> list[dict[str, Any]]:
        return self.send({"text": text})

    def choose(self, name: str) -> list[dict[str, Any]]:
        return self.send({"choice": self.offered[name]})

    def history(self) -> list[str]:
        """The content keys of the whole conversation."""
        return [entry["key"] for entry in self.http.get("/api/chat/messages").json()["messages"]]
