"""What is compared: all parts of Rygråd, and `rasa run` of the plain project, each as processes to start and stop."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx

from bot.evaluation.plain.run import ANSWERING, ENVIRONMENT, answering_model, launcher
from bot.settings import Settings
from bot.store.database import migrate
from bot.supervisor import Parts, answers, free_port
from tests.bench.crowd import PATIENCE, session
from tests.bench.patients import QUESTIONS, Figures, RygraadPatient

STARTING = 180  # seconds at most
OFTEN = 0.05  # seconds between two looks whether it answers


class Rygraad:
    """Gateway, Rasa and action server on a database of their own."""

    name = "rygraad"

    def __init__(self, folder: Path, *, database_url: str = "", redis_url: str = "") -> None:
        shared = {"data_dir": folder, "rate_limit": "off", "database_url": database_url, "redis_url": redis_url}
        self.settings = Settings(port=free_port(), **shared)
        migrate(self.settings)
        self.parts = Parts(self.settings)
        self.parts.env |= {f"RYGRAAD_{name.upper()}": str(value) for name, value in shared.items()}
        self.url = self.parts.gateway_url

    def start(self) -> None:
        self.parts.start_all()

    def ready(self) -> bool:
        return self.parts.ready()

    def processes(self) -> dict[str, int]:
        """The number of each process, by what it is."""
        return {name: child.pid for name, child in self.parts.children.items()}

    def stop(self) -> None:
        self.parts.stop_all()

    def answered(self) -> bool:
        """Whether a question is answered: after consent and the safety check, which come first."""
        return asyncio.run(self._ask())

    async def _ask(self) -> bool:
        async with session() as http:
            patient = RygraadPatient(http, cycle([self.url]), Figures(), 0, False)
            patient.language = "da"
            await patient.through_the_check()
            await patient.say("question", QUESTIONS["da"][0])
            return any(reply["key"].startswith("topic/") for reply in patient.replies)


class Plain:
    """`rasa run` of the plain project, as its documentation starts it; the conversations stay in memory."""

    name = "plain"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = (folder / "plain.log").open("ab")
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--enable-api", "--model", str(answering_model()), "--credentials", "credentials.yml"]
        command = [str(ENVIRONMENT / "python"), str(launcher()), "rasa", "run", *options]
        quiet = {"LOG_LEVEL": "WARNING", "LOG_LEVEL_LIBRARIES": "ERROR", "SANIC_ACCESS_LOG": "false"}
        self.child = subprocess.Popen(
            [*command, "--endpoints", "endpoints.yml", "--interface", "127.0.0.1", "--port", str(self.port)],
            cwd=ANSWERING, env={**os.environ, **quiet, "RASA_TELEMETRY_ENABLED": "false"},
            stdout=self.log, stderr=self.log, start_new_session=True,
        )  # fmt: skip

    def ready(self) -> bool:
        if self.child and self.child.poll() is not None:
            raise RuntimeError(f"plain Rasa ended, status {self.child.returncode}; see {self.log.name}")
        return answers(self.url)

    def processes(self) -> dict[str, int]:
        return {"rasa": self.child.pid} if self.child else {}

    def stop(self) -> None:
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.log.close()

    def answered(self) -> bool:
        body = {"sender": "first", "message": QUESTIONS["da"][0]}
        answer = httpx.post(f"{self.url}/webhooks/rest/webhook", json=body, timeout=PATIENCE)
        return answer.status_code == 200 and bool(answer.json())


Side = Rygraad | Plain


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for what one measurement leaves behind."""
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        yield Path(made)


def wait_for_answer(side: Side) -> float:
    """Seconds until a question is answered. Raises TimeoutError."""
    began = time.perf_counter()
    while time.perf_counter() - began < STARTING:
        try:
            if side.ready() and side.answered():
                return time.perf_counter() - began
        except (httpx.HTTPError, OSError, KeyError):
            pass  # it listens, and has not got further
        time.sleep(OFTEN)
    raise TimeoutError(f"{side.name} gave no answer within {STARTING} s")


@contextmanager
def running(kind: type[Any], **options: Any) -> Iterator[Any]:
    """A side that answers, warm, and stopped afterwards."""
    with folder() as place:
        side = kind(place, **options)
        try:
            side.start()
            wait_for_answer(side)
            yield side
        finally:
            side.stop()
