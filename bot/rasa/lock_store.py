"""Rasa's locks: in its own memory or, where several Rasa workers share a Redis, there.

The gateways let one message at a time into each conversation; a late answer and an alarm sign may still meet in Rasa.
While Redis is away each worker goes on with its own memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from rasa.core.lock import TicketLock
from rasa.core.lock_store import InMemoryLockStore, LockStore, RedisLockStore
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.settings import get_settings
from bot.store.shared import AWAY, OPTIONS, PREFIX

Found = TypeVar("Found")


class SharedLockStore(LockStore):
    """The lock store that the settings ask for; Rasa makes it with its endpoint's configuration."""

    def __init__(self, endpoint_config: Any = None, url: str | None = None) -> None:
        super().__init__()
        self.own = InMemoryLockStore()
        self.all = _in_redis(get_settings().redis_url if url is None else url)
        self.away_until = 0.0

    def get_lock(self, conversation_id: str) -> TicketLock | None:
        """The lock of a conversation, if there is one."""
        return self._ask(lambda store: store.get_lock(conversation_id))

    def save_lock(self, lock: TicketLock) -> None:
        """Keeps a lock."""
        self._ask(lambda store: store.save_lock(lock))

    def delete_lock(self, conversation_id: str) -> None:
        """Keeps it no more."""
        self._ask(lambda store: store.delete_lock(conversation_id))

    def _ask(self, question: Callable[[LockStore], Found]) -> Found:
        if self.all and time.monotonic() >= self.away_until:
            try:
                return question(self.all)
            except RedisError:
                self.away_until = time.monotonic() + AWAY
        return question(self.own)


def _in_redis(url: str) -> RedisLockStore | None:
    if not url:
        return None
    store = RedisLockStore(key_prefix=PREFIX.strip(":"))  # connects to nothing yet
    # Rasa asks it in its event loop: a Redis that is away must not hold up every conversation by retries.
    store.red = Redis.from_url(url, retry=Retry(NoBackoff(), 0), **OPTIONS)
    return store
