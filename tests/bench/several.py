"""Two of everything against one of each, on one PostgreSQL and one Redis: how much more is answered a second."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from threading import Thread
from typing import Any

from tests.bench.crowd import of_their_own
from tests.bench.measures import SATURATING
from tests.bench.processes import family, named, processor_seconds
from tests.bench.sides import Rygraad, folder, wait_for_answer
from tests.databases import postgres
from tests.redis_server import RedisServer


def measure(seconds: float) -> dict[str, Any]:
    """By number of stacks: messages a second, and how many cores each process kept busy meanwhile."""
    return {str(number): of(number, seconds) for number in (1, 2)}


def of(number: int, seconds: float) -> dict[str, Any]:
    """So many stacks, each request at the next."""
    with ExitStack() as stack:
        place = stack.enter_context(folder())
        redis = RedisServer(place)
        redis.start()
        stack.callback(redis.stop)
        database = postgres()
        url = next(database)
        stack.callback(lambda: next(database, None))
        sides = []
        for _ in range(number):
            side = Rygraad(place, database_url=url, redis_url=redis.url)
            stack.callback(side.stop)
            side.start()
            sides.append(side)
        for side in sides:
            wait_for_answer(side)
        return saturated(sides, seconds)


def saturated(sides: list[Rygraad], seconds: float) -> dict[str, Any]:
    """The rate, and the cores used in the middle of it, when the last have begun and none has ended."""
    common: dict[str, Any] = {
        "what": "crowd",
        "side": "rygraad",
        "urls": [side.url for side in sides],
        "think": False,
    }
    of_their_own(**common, patients=8, seconds=5)  # warm
    found: dict[str, Any] = {}
    client = Thread(target=lambda: found.update(of_their_own(**common, patients=SATURATING, seconds=seconds)))
    client.start()
    time.sleep(seconds * 0.2)
    cores = busy(sides, seconds * 0.6)
    client.join()
    return {"rate": found["rate"], "odd": found["odd"], "cores": cores}


def busy(sides: list[Rygraad], seconds: float) -> dict[str, float]:
    """Cores each process keeps busy over the next seconds."""

    def used() -> dict[str, dict[int, float]]:
        own = {
            f"{name} {at}": processor_seconds(family(pid))
            for at, side in enumerate(sides, start=1)
            for name, pid in side.processes().items()
        }
        parts = {pid for side in sides for pid in side.processes().values()}
        others = {"PostgreSQL": named("postgres"), "Redis": named("redis-server")}
        client = family(os.getpid()) - {member for pid in parts for member in family(pid)} - others["Redis"]
        shared = {name: processor_seconds(pids) for name, pids in (others | {"patients": client}).items()}
        return own | shared | {"the whole machine": {0: everything()}}

    before, began = used(), time.perf_counter()
    time.sleep(seconds)
    after, took = used(), time.perf_counter() - began
    # A process that has gone meanwhile is left out, one that came counts from nothing.
    return {
        name: sum(value - before[name].get(pid, 0) for pid, value in each.items()) / took
        for name, each in after.items()
    }


def everything() -> float:
    """Processor seconds of the whole machine so far, also of what has nothing to do with this."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(value) for value in file.readline().split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK")
