"""A Redis of a test's own, which it may stop and start."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from bot.supervisor import free_port
from tests.running import wait_until


class RedisServer:
    """A server on a free port that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.child = subprocess.Popen(
            ["redis-server", *options, "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        wait_until(self.answers, 20)

    def answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.exceptions.ConnectionError:
            return False

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, decode_responses=True)

    def stop(self) -> None:
        if self.child:
            self.child.kill()
            self.child.wait()
            self.child = None


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A running server."""
    yield from serving(tmp_path)


def serving(folder: Path) -> Iterator[RedisServer]:
    """A running server, stopped afterwards; skips the test where there is none."""
    if not shutil.which("redis-server"):
        pytest.skip("no redis-server on this machine")
    server = RedisServer(folder)
    server.start()
    yield server
    server.stop()
