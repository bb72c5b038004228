"""How many messages a second the database takes in for good: each is one committed row before it is acknowledged."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from bot.settings import Settings
from bot.store.conversations import accept, create
from bot.store.database import migrate, open_database
from tests.bench.patients import QUESTIONS
from tests.bench.sides import folder
from tests.databases import postgres

MESSAGES = 3000
THREADS = (1, 8)


def measure(with_postgres: bool) -> dict[str, Any]:
    """By database and number of threads: messages a second, and processor seconds of this process per 1,000."""
    with folder() as place:
        found: dict[str, Any] = {"sync_ms": sync_milliseconds(place / "sync"), "SQLite": of(Settings(data_dir=place))}
        if with_postgres:
            for url in postgres():
                found["PostgreSQL"] = of(Settings(data_dir=place, database_url=url))
    return found


def of(settings: Settings) -> dict[str, Any]:
    """One database."""
    migrate(settings)
    engine = open_database(settings)
    try:
        return {str(threads): rate(engine, threads) for threads in THREADS}
    finally:
        engine.dispose()


def rate(engine: Engine, threads: int) -> dict[str, float]:
    """So many threads, each with a conversation of its own."""
    talks = [create(engine, language="da")[1].id for _ in range(threads)]
    words = QUESTIONS["da"]

    def send(place: int) -> None:
        for number in range(MESSAGES // threads):
            _, new = accept(
                engine, talks[place], client_id=f"m{number}", text=words[number % len(words)], choice=None,
                screening={"outcome": "clear", "level": None, "flags": [], "evidence": []},
            )  # fmt: skip
            if not new:
                raise RuntimeError("stored before")

    with ThreadPoolExecutor(threads) as pool:
        began, used = time.perf_counter(), time.process_time()
        list(pool.map(send, range(threads)))
        took, used = time.perf_counter() - began, time.process_time() - used
    sent = MESSAGES // threads * threads
    return {"a_second": sent / took, "cpu_per_1000": 1000 * used / sent}


def sync_milliseconds(path: Path, times: int = 200) -> float:
    """What this disk takes for 4 KB that must survive a power cut."""
    with path.open("wb") as file:
        began = time.perf_counter()
        for _ in range(times):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        return 1000 * (time.perf_counter() - began) / times
