"""So many messages a minute, of one conversation and from one network address."""

from __future__ import annotations

import hashlib
import math
import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter


class RateLimits:
    """Messages per conversation, as set, and posts per address. Each method gives the seconds to wait, or 0."""

    def __init__(self, per_conversation: str, per_address: str) -> None:
        self.off = per_conversation == "off"
        self.limiter = MovingWindowRateLimiter(MemoryStorage())
        self.rates = {} if self.off else {"conversation": parse(per_conversation), "address": parse(per_address)}

    async def conversation(self, token: str) -> int:
        """Counts a message under this session token."""
        return await self._count("conversation", hashlib.sha256(token.encode()).hexdigest())

    async def address(self, address: str) -> int:
        """Counts a post from this network address."""
        return await self._count("address", address)

    async def _count(self, kind: str, who: str) -> int:
        if self.off:
            return 0
        rate: RateLimitItem = self.rates[kind]
        if await self.limiter.hit(rate, kind, who):
            return 0
        free_at, _ = await self.limiter.get_window_stats(rate, kind, who)
        return max(1, math.ceil(free_at - time.time()))
