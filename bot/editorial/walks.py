"""Whole conversations with the words that are tried, as patients would have them: does every alarm sign get its card?

They run through the gateway's own turns and the real dialogue, one after another, on conversations that belong to
nobody and are erased at once.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import takewhile

from bot.channels.telegram.html import phone
from bot.channels.telegram.messages import PINNED, messages
from bot.clock import now
from bot.content.safety_rules import data
from bot.content.store import LANGUAGES
from bot.dialogue.replies import Reply, contact_list
from bot.dialogue.turns import CONSENT_VERSION, Turns
from bot.screening.flags import load_flags
from bot.store import conversations as store
from bot.store.models import TELEGRAM, WEB, Conversation

LATE = 20.0  # seconds a walk waits for an answer that was put off
CLEARED = "safety_check/clear"
BUTTONS = ["yes", "no", "unsure"]


class Strayed(Exception):
    """A conversation went another way than it must; the message says where."""


class Walker:
    """One conversation of the suite: writes, presses buttons by their names, and keeps what was answered."""

    def __init__(self, served: Turns, conversation: Conversation, channel: str) -> None:
        self.served, self.conversation, self.channel = served, conversation, channel
        self.replies: list[Reply] = []
        self.offered: dict[str, str] = {}

    async def write(self, text: str) -> list[Reply]:
        """Says something in own words."""
        return await self._send(text, None)

    async def choose(self, name: str) -> list[Reply]:
        """Presses the newest button of this name. Raises Strayed when there is none."""
        if name not in self.offered:
            raise Strayed(f"no button {name}")
        return await self._send(None, self.offered[name])

    async def _send(self, text: str | None, choice: str | None) -> list[Reply]:
        client_id = secrets.token_hex(8)
        return await self.take(
            await self.served.receive(self.conversation, client_id, text, choice, channel=self.channel)
        )

    async def take(self, replies: list[Reply]) -> list[Reply]:
        """What was answered, waiting for what was put off. Raises Strayed when that never comes."""
        known = {reply.id for reply in self.replies}
        if late := self.served.answers.catching_up.get(self.conversation.id):
            _, pending = await asyncio.wait({late}, timeout=LATE)
            if pending:
                raise Strayed("no answer from the dialogue")
            rows = await asyncio.to_thread(store.latest_replies, self.served.engine, self.conversation.id)
            fresh = list(takewhile(lambda row: row["id"] not in known, rows))
            replies = [Reply.model_validate(row) for row in reversed(fresh)]
        return self.look(replies)

    def look(self, replies: list[Reply]) -> list[Reply]:
        """Takes note of what was answered and the buttons below it."""
        self.replies = replies or self.replies
        self.offered |= {choice.name: choice.value for reply in replies for choice in reply.choices}
        return replies

    def at(self, key: str) -> None:
        """Raises Strayed unless this is what was said last, with the buttons of an answer below a question."""
        said = self.replies[-1] if self.replies else None
        if said is None or said.key != key:
            raise Strayed(f"{said.key if said else 'nothing'} instead of {key}")
        if key.startswith("screening/") and [one.name for one in said.choices][:3] != BUTTONS:
            raise Strayed(f"buttons below {key}")


@asynccontextmanager
async def walker(served: Turns, edition_id: int, language: str, channel: str = WEB) -> AsyncIterator[Walker]:
    """A new conversation that begins at the welcome; it is erased in the end, whatever happened."""
    engine = served.engine
    _, opened = await asyncio.to_thread(store.create, engine, language=language, channel=channel)
    await asyncio.to_thread(store.change, engine, opened.id, trying=edition_id)
    opened.trying = edition_id
    found = Walker(served, opened, channel)
    try:
        served.doorstep.remember(opened.id, found.look(served.voice.say(opened, "welcome/intro")))
        yield found
    finally:
        if late := served.answers.catching_up.pop(opened.id, None):
            late.cancel()
        await served.erase(opened.id)


async def give_consent(walk: Walker) -> None:
    """Notes consent without a word, where the way to it is not what is walked."""
    consent = {"consented_at": now(), "consent_version": CONSENT_VERSION}
    await asyncio.to_thread(store.change, walk.served.engine, walk.conversation.id, **consent)


async def put_question(walk: Walker, flag: str) -> None:
    """Lets the dialogue ask about a sign as it does when somebody's words are not clear, with consent given."""
    served, conversation = walk.served, walk.conversation
    await give_consent(walk)
    screening = served.screener.screen_answer(flag, "unsure")
    accepted = partial(store.accept, text="", choice=None, screening=screening.to_dict(), channel=walk.channel)
    inbound, _ = await asyncio.to_thread(accepted, served.engine, conversation.id, client_id="unclear")
    fresh = await asyncio.to_thread(store.get, served.engine, conversation.id)
    async with served.answers.lock(conversation.id):
        replies = await served.answers.answer(fresh or conversation, inbound, None, screening)
    await walk.take(replies)
    walk.at(f"screening/{flag}")


def ask_before_consent(walk: Walker, question: str) -> None:
    """Asks as it is asked of those who have not consented yet, and wrote something that is not clear."""
    doorstep, conversation = walk.served.doorstep, walk.conversation
    doorstep.memory(conversation.id).question = question
    doorstep.remember(conversation.id, walk.look(walk.served.voice.say(conversation, question)))
    walk.at(question)


def expect_card(walk: Walker, replies: list[Reply], flag: str) -> None:
    """Raises Strayed unless the first reply is the card for this sign: level, text, contacts, in Telegram as well."""
    card = replies[0] if replies else None
    if card is None or card.care is None:
        raise Strayed("no card")
    if flag not in card.care.flags:
        raise Strayed(f"the card is for {', '.join(card.care.flags)}")
    first = load_flags().flags[card.care.flags[0]]
    text = walk.served.content.get(f"care/{card.care.flags[0]}", walk.conversation.language)
    if (card.key, card.version, card.text) != (text.key, text.version, text.bubbles[0]):
        raise Strayed(f"the card says {card.key} {card.version}")
    if card.care.level != first.level:
        raise Strayed(f"the level is {card.care.level}")
    wanted = contact_list(list(first.contacts), walk.conversation.language, walk.conversation.region)
    if card.care.contacts != wanted:
        raise Strayed("the contacts are others")
    _expect_in_telegram(walk, card)


def _expect_in_telegram(walk: Walker, card: Reply) -> None:
    parts = messages(card, card.choices, walk.served.content.page[walk.conversation.language])
    html = "\n".join(part.html for part in parts)
    missing = [one.phone for one in card.care.contacts if phone(one.phone) not in html] if card.care else []
    if missing:
        raise Strayed(f"Telegram lacks {', '.join(missing)}")
    if card.care and (parts[-1].pin is True) != (card.care.level in PINNED):
        raise Strayed("Telegram pins it otherwise")


# ---------------------------------------------------------------- the walks


async def _yes(served: Turns, edition_id: int, flag: str, language: str) -> None:
    asked = load_flags().safety_check
    async with walker(served, edition_id, language) as walk:
        if flag not in asked:
            await put_question(walk, flag)
        else:
            await walk.choose("consent_yes")
            for before in asked[: asked.index(flag)]:
                walk.at(f"screening/{before}")
                await walk.choose("no")
        walk.at(f"screening/{flag}")
        expect_card(walk, await walk.choose("yes"), flag)


async def _told(served: Turns, edition_id: int, flag: str, language: str) -> None:
    told = data()["told"][flag][language]
    async with walker(served, edition_id, language) as walk:
        await walk.choose("consent_yes")
        expect_card(walk, await walk.write(told), flag)
    async with walker(served, edition_id, language, TELEGRAM) as walk:
        await give_consent(walk)
        expect_card(walk, await walk.write(told), flag)


async def _told_before(served: Turns, edition_id: int, flag: str, language: str) -> None:
    async with walker(served, edition_id, language) as walk:
        expect_card(walk, await walk.write(data()["told"][flag][language]), flag)
        walk.at("welcome/need_consent")


async def _unsure(served: Turns, edition_id: int, flag: str, language: str) -> None:
    async with walker(served, edition_id, language) as walk:
        ask_before_consent(walk, f"screening/{flag}")
        await walk.choose("unsure")
        walk.at(f"screening/{flag}/explain")
        expect_card(walk, await walk.choose("unsure"), flag)  # twice counts as yes


async def _clear(served: Turns, edition_id: int, _: str, language: str) -> None:
    async with walker(served, edition_id, language) as walk:
        replies = await walk.choose("consent_yes")
        for flag in load_flags().safety_check:
            walk.at(f"screening/{flag}")
            await walk.choose("unsure")
            walk.at(f"screening/{flag}/explain")
            replies = await walk.choose("no")
        if CLEARED not in [reply.key for reply in replies]:
            raise Strayed(", ".join(dict.fromkeys(reply.key for reply in replies)))


Way = Callable[[Turns, int, str, str], Awaitable[None]]
WALKS: dict[str, Way] = {
    "walk_yes": _yes,
    "walk_told": _told,
    "walk_told_before": _told_before,
    "walk_unsure": _unsure,
    "walk_clear": _clear,
}


async def walked(served: Turns, edition_id: int, name: str) -> tuple[int, list[str]]:
    """Walks one way for every sign and language: how many walks, and where they strayed."""
    flags = list(load_flags().flags) if name != "walk_clear" else [""]
    strayed: list[str] = []
    for language in LANGUAGES:
        for flag in flags:
            try:
                await WALKS[name](served, edition_id, flag, language)
            except Exception as error:  # a walk that breaks off has strayed as well
                why = str(error) if isinstance(error, Strayed) else type(error).__name__
                strayed.append(f"{language}{f'/{flag}' if flag else ''}: {why}")
    return len(LANGUAGES) * len(flags), strayed
