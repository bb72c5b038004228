"""How often somebody did something in a moving window of time; counted for all gateways where they share a Redis."""

from __future__ import annotations

import math
import time
from typing import Any

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot.store.shared import OPTIONS, PREFIX, Shared


class Attempts:
    """Counts in this process, or in the Redis of `url`; while that is away, in this process."""

    def __init__(self, url: str = "") -> None:
        self.shared = Shared(url)
        self.own = MovingWindowRateLimiter(MemoryStorage())
        self.all: MovingWindowRateLimiter | None = None
        if url:
            options: dict[str, Any] = {**OPTIONS, "retry": Retry(NoBackoff(), 0)}
            storage = RedisStorage(
                f"async+{url}",
                wrap_exceptions=True,
                implementation="redispy",
                key_prefix=f"{PREFIX}limits",
                **options,
            )
            self.all = MovingWindowRateLimiter(storage)

    async def count(self, rate: RateLimitItem, kind: str, who: str) -> int:
        """Counts an attempt; the seconds to wait when it is one too many, else 0."""
        if self.all and self.shared.near:
            try:
                return await _count(self.all, rate, kind, who)
            except StorageError as error:
                self.shared.missed(error)
        return await _count(self.own, rate, kind, who)


async def _count(limiter: MovingWindowRateLimiter, rate: RateLimitItem, kind: str, who: str) -> int:
    if await limiter.hit(rate, kind, who):
        return 0
    free_at, _ = await limiter.get_window_stats(rate, kind, who)
    return max(1, math.ceil(free_at - time.time()))
