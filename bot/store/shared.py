"""What several gateways share beside the database: locks, and short memories that must not be stored. In Redis.

Without RYGRAAD_REDIS_URL there is one gateway, and all of it lives in this process. While Redis is away each gateway
goes on alone: what may be lost is the order of two messages sent at the same moment to two gateways, never a message
and never a second answer, which the database sees to. A patient in need never waits for Redis.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

import structlog
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import LockError, RedisError

from bot.metrics import ALONE

PREFIX = "rygraad:"
HELD = 15.0  # seconds after which the lock of a gateway that died is free; no turn holds one that long
PATIENCE = 4.0  # seconds to wait for another gateway, which holds a lock for some three at most
AWAY = 2.0  # seconds before Redis is asked again once it did not answer
TIMEOUT = 0.3  # seconds; it lies next door
OPTIONS: dict[str, Any] = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
log = structlog.get_logger()


class Shared:
    """Locks and memories of this process or, with a Redis URL, of all gateways. No method raises for a Redis that is
    away."""

    def __init__(self, url: str = "") -> None:
        # The client makes its connections when they are needed; it is used in one event loop.
        self.redis = (
            Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 0), **OPTIONS) if url else None
        )
        self.locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.away_until = 0.0

    @property
    def near(self) -> bool:
        """Whether there is a Redis, and it answered when it was last asked."""
        return self.redis is not None and time.monotonic() >= self.away_until

    def missed(self, error: Exception) -> None:
        """Notes that Redis did not answer: for a moment nobody asks it."""
        self.away_until = time.monotonic() + AWAY
        ALONE.inc()
        log.warning("redis_away", error=type(error).__name__)

    # -- locks ---------------------------------------------------------------------------------------

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[None]:
        """One at a time under this name; whoever comes first in this process goes first."""
        async with self.locks.setdefault(name, asyncio.Lock()):
            held = await self._take(name)
            try:
                yield
            finally:
                if held:
                    await asyncio.shield(self._give_back(held))

    async def _take(self, name: str) -> Lock | None:
        if not self.near or self.redis is None:
            return None
        lock = self.redis.lock(f"{PREFIX}lock:{name}", timeout=HELD, sleep=0.02, blocking_timeout=PATIENCE)
        try:
            if await lock.acquire():
                return lock
            log.warning("lock_not_free")  # its holder has died, or is very slow: nobody waits for that
        except RedisError as error:
            self.missed(error)
        return None

    async def _give_back(self, lock: Lock) -> None:
        try:
            await lock.release()
        except LockError:
            log.warning("lock_lost")
        except RedisError as error:
            self.missed(error)

    # -- memories ------------------------------------------------------------------------------------

    async def get(self, name: str) -> str | None:
        """What is kept under this name; None without Redis, too."""
        found: str | None = await self._ask(self.redis.get(PREFIX + name)) if self.near and self.redis else None
        return found

    async def put(self, name: str, value: str, seconds: int) -> None:
        """Keeps it for so long."""
        if self.near and self.redis:
            await self._ask(self.redis.set(PREFIX + name, value, ex=seconds))

    async def drop(self, name: str) -> None:
        """Keeps it no more."""
        if self.near and self.redis:
            await self._ask(self.redis.delete(PREFIX + name))

    async def alive(self) -> bool:
        """Whether Redis answers now; True where none is needed."""
        if self.redis is None:
            return True
        try:
            return bool(await self.redis.ping())
        except RedisError:
            return False

    async def _ask(self, question: Awaitable[Any]) -> Any:
        try:
            return await question
        except RedisError as error:
            self.missed(error)
            return None

    async def close(self) -> None:
        """Closes the connections."""
        if self.redis is not None:
            await self.redis.aclose()
