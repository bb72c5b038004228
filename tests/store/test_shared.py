"""What gateways share in Redis: locks, short memories, counts; and that nobody waits for a Redis that is away."""

from __future__ import annotations

import asyncio
import time

import pytest
from limits import parse

from bot.channels.limits import RateLimits
from bot.rasa.lock_store import SharedLockStore
from bot.store import shared as module
from bot.store.attempts import Attempts
from bot.store.shared import Shared
from tests.redis_server import RedisServer

NOBODY = "redis://127.0.0.1:1/0"  # nothing listens there


async def both_at_once(one: Shared, other: Shared) -> int:
    """How many were inside at the same time at most, of twenty who wanted to be."""
    inside, most = 0, 0

    async def enter(which: Shared) -> None:
        nonlocal inside, most
        async with which.lock("conversation:a"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(enter(which) for which in [one, other] * 10))
    return most


async def test_two_gateways_let_one_message_at_a_time_into_a_conversation(redis_server: RedisServer) -> None:
    one, other = Shared(redis_server.url), Shared(redis_server.url)
    assert await both_at_once(one, other) == 1
    assert not redis_server.client().keys("rygraad:lock:*")  # all were given back
    await one.close()
    await other.close()


async def test_one_gateway_alone_needs_no_redis_for_it() -> None:
    alone = Shared()
    assert await both_at_once(alone, alone) == 1
    assert not alone.near and await alone.alive()


async def test_other_conversations_do_not_wait(redis_server: RedisServer) -> None:
    one = Shared(redis_server.url)
    async with one.lock("conversation:a"), asyncio.timeout(5), one.lock("conversation:b"):
        pass
    await one.close()


async def test_the_lock_of_a_gateway_that_died_is_waited_for_no_longer_than_patience(
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    redis_server.client().set("rygraad:lock:conversation:a", "somebody who is no more")
    one = Shared(redis_server.url)
    async with asyncio.timeout(10), one.lock("conversation:a"):
        pass
    assert redis_server.client().get("rygraad:lock:conversation:a") == "somebody who is no more"
    await one.close()


async def test_a_lock_is_given_back_when_what_it_guards_fails(redis_server: RedisServer) -> None:
    one = Shared(redis_server.url)
    with pytest.raises(ValueError, match="broken"):
        async with one.lock("conversation:a"):
            raise ValueError("broken")
    assert not redis_server.client().keys("rygraad:lock:*")
    await one.close()


async def test_while_redis_is_away_everything_goes_on_and_nobody_asks_it_again_and_again() -> None:
    away = Shared(NOBODY)
    assert not await away.alive()
    began = time.monotonic()
    for _ in range(50):
        async with away.lock("conversation:a"):
            await away.put("memory", "words", 60)
        assert await away.get("memory") is None
    assert time.monotonic() - began < 20
    assert not away.near


async def test_redis_gone_in_the_middle_and_back_again(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AWAY", 0.1)
    one = Shared(redis_server.url)
    async with one.lock("conversation:a"):
        redis_server.stop()
    await one.put("memory", "words", 60)
    redis_server.start()
    await asyncio.sleep(0.3)
    await one.put("memory", "words", 60)
    assert await one.get("memory") == "words" and await one.alive()
    await one.drop("memory")
    assert await one.get("memory") is None
    await one.close()


async def test_what_is_remembered_is_gone_in_time(redis_server: RedisServer) -> None:
    one = Shared(redis_server.url)
    await one.put("memory", "words", 60)
    assert 0 < redis_server.client().ttl("rygraad:memory") <= 60
    await one.close()


async def test_attempts_at_all_gateways_count_together(redis_server: RedisServer) -> None:
    one, other = (RateLimits("3/minute", "100/minute", redis_server.url) for _ in range(2))
    waits = [await which.conversation("token") for which in (one, other, one, other)]
    assert waits[:3] == [0, 0, 0] and 0 < waits[3] <= 60
    assert await one.conversation("another token") == 0
    assert "token" not in "".join(redis_server.client().keys("*"))


async def test_without_redis_each_gateway_counts_for_itself() -> None:
    attempts, rate = Attempts(NOBODY), parse("2/minute")
    assert [await attempts.count(rate, "conversation", "a") for _ in range(2)] == [0, 0]
    assert await attempts.count(rate, "conversation", "a") > 0


async def test_rasa_workers_share_their_locks_and_go_on_alone_without_redis(redis_server: RedisServer) -> None:
    one, other = SharedLockStore(url=redis_server.url), SharedLockStore(url=redis_server.url)
    ticket = one.issue_ticket("a")
    assert other.get_lock("a") is not None and other.is_someone_waiting("a")
    one.finish_serving("a", ticket)
    redis_server.stop()
    async with one.lock("a"):
        pass
    assert SharedLockStore(url="").get_lock("a") is None
