"""The real thing: gateway, Rasa and action server as processes, spoken to over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest

from bot.rasa.project import train
from bot.settings import Settings
from bot.store.database import migrate
from bot.supervisor import Parts, free_port

ALARM = "jeg kan ikke tisse og er følelsesløs i skridtet"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Everything running on free ports with a data folder of its own."""
    train()
    settings = Settings(data_dir=tmp_path_factory.mktemp("stack"), port=free_port(), rate_limit="off")
    migrate(settings.database)
    parts = Parts(settings)
    parts.env |= {
        "RYGRAAD_DATA_DIR": str(settings.data_dir),
        "RYGRAAD_RATE_LIMIT": "off",
        "RYGRAAD_METRICS_TOKEN": "for-the-tests",
    }
    parts.start_all()
    try:
        wait_until(parts.ready, 60)
        yield parts
    finally:
        parts.stop_all()


@pytest.fixture
def running(stack: Parts) -> Parts:
    """The stack with every part alive, whatever the test before did to it."""
    for name in stack.fallen():
        stack.start(name)
    wait_until(stack.ready, 60)
    return stack


def wait_until(true: Any, seconds: float) -> None:
    """Waits for a condition. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.1)


class HttpPatient:
    """Somebody who chats over the API."""

    def __init__(self, stack: Parts, language: str | None = "da") -> None:
        self.numbers = count(1)
        self.http = httpx.Client(base_url=stack.gateway_url, timeout=30)
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
        return self.look(answer.json()["messages"])

    def write(self, text: str) -> list[dict[str, Any]]:
        return self.send({"text": text})

    def choose(self, name: str) -> list[dict[str, Any]]:
        return self.send({"choice": self.offered[name]})

    def history(self) -> list[str]:
        """The content keys of the whole conversation."""
        return [entry["key"] for entry in self.http.get("/api/chat/messages").json()["messages"]]
