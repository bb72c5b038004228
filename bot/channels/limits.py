"""So many messages a minute, of one conversation and from one network address."""

from __future__ import annotations

import hashlib

from limits import RateLimitItem, parse

from bot.store.attempts import Attempts


class RateLimits:
    """Messages per conversation, as set, and posts per address. Each method gives the seconds to wait, or 0."""

    def __init__(self, per_conversation: str, per_address: str, redis_url: str = "") -> None:
        self.off = per_conversation == "off"
        self.attempts = Attempts(redis_url)
        self.rates: dict[str, RateLimitItem] = (
            {} if self.off else {"conversation": parse(per_conversation), "address": parse(per_address)}
        )

    async def conversation(self, token: str) -> int:
        """Counts a message under this session token."""
        return await self._count("conversation", hashlib.sha256(token.encode()).hexdigest())

    async def address(self, address: str) -> int:
        """Counts a post from this network address."""
        return await self._count("address", address)

    async def _count(self, kind: str, who: str) -> int:
        return 0 if self.off else await self.attempts.count(self.rates[kind], kind, who)
