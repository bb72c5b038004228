"""What was said before consent, at one gateway and at the next."""

from __future__ import annotations

import pytest

from bot.content.store import ContentStore
from bot.dialogue.doorstep import NAME, Doorstep
from bot.dialogue.voice import Voice
from bot.settings import Settings
from bot.store.encryption import Cipher
from bot.store.models import Conversation
from bot.store.shared import Shared
from tests.redis_server import RedisServer

SECRET = "a secret of the tests that is long enough"


def doorstep(content: ContentStore, settings: Settings, url: str) -> Doorstep:
    return Doorstep(Voice(content, settings), Shared(url), Cipher([SECRET]))


@pytest.mark.parametrize("words", ["hvad hjælper?", "halvt tegn \ud800", "\x00", "😀" * 2000, '{"kept": 9}'])
async def test_the_next_gateway_knows_what_was_said_and_redis_cannot_read_it(
    content: ContentStore, settings: Settings, redis_server: RedisServer, words: str
) -> None:
    one, other = (doorstep(content, settings, redis_server.url) for _ in range(2))
    replies = one.voice.say(Conversation(id="a", token_hash=""), "welcome/need_consent")
    one.remember("a", replies, "m1", words)
    one.memory("a").asked = words
    await one.keep("a")
    known = await other.recall("a")
    readable = words.encode("utf-8", "replace").decode()
    assert known.asked == readable and known.said[0]["text"] == readable
    assert known.answered["m1"] == replies
    kept = redis_server.client().get(f"rygraad:{NAME}a") or ""
    assert kept and words not in kept and "need_consent" not in kept
    await other.forget("a")
    assert not redis_server.client().keys("*")
    for each in (one, other):
        await each.shared.close()


async def test_what_is_newer_here_is_not_forgotten_for_what_is_older_there(
    content: ContentStore, settings: Settings, redis_server: RedisServer
) -> None:
    one = doorstep(content, settings, redis_server.url)
    one.memory("a").asked = "først"
    await one.keep("a")
    one.memory("a").asked = "siden"
    assert (await one.recall("a")).asked == "siden"
    await one.shared.close()


async def test_alone_nothing_is_written_anywhere(content: ContentStore, settings: Settings) -> None:
    alone = doorstep(content, settings, "")
    alone.memory("a").asked = "halvt tegn \ud800"
    await alone.keep("a")
    assert (await alone.recall("a")).asked == "halvt tegn \ud800"


@pytest.mark.parametrize("damage", ["another secret", "another release", "nonsense"])
async def test_what_cannot_be_read_in_redis_stops_nobody(
    content: ContentStore, settings: Settings, redis_server: RedisServer, damage: str
) -> None:
    one = doorstep(content, settings, redis_server.url)
    one.memory("a").asked = "her"
    kept = {
        "another secret": Cipher(["another secret of the tests, long enough"]).encrypt("{}"),
        "another release": Cipher([SECRET]).encrypt('{"kept": "many", "said": 1}'),
        "nonsense": "nonsense \u00e6",
    }
    redis_server.client().set(f"rygraad:{NAME}a", kept[damage])
    assert (await one.recall("a")).asked == "her"
    await one.shared.close()
