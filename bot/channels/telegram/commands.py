"""The commands (commands.yml), and moving between Telegram and the page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import yaml

from bot.channels.telegram.html import phone
from bot.channels.telegram.updates import Heard
from bot.dialogue.choices import UnknownChoice
from bot.dialogue.invited import open_conversation
from bot.dialogue.replies import Reply, contact_list
from bot.dialogue.turns import Turns
from bot.store import conversations as store
from bot.store import telegram, transfer
from bot.store.models import TELEGRAM, Conversation

INVITE = re.compile(r"[\w-]{1,64}")
MOVE = "t-"  # begins the payload of /start that moves a conversation here
MOVING = re.compile(MOVE + r"[\w-]{22}")  # two longer than an invite, which may begin so too
COMMANDS: dict[str, dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "commands.yml").read_text(encoding="utf-8")
)
NAMES = frozenset(COMMANDS)
Receive = Callable[..., Awaitable[list[Reply]]]


def language_of(heard: Heard) -> str:
    """English for whoever's Telegram is in English, else Danish."""
    return "en" if heard.language.startswith("en") else "da"


def is_move(heard: Heard) -> bool:
    """Whether this asks for a conversation from the page."""
    return heard.value == "start" and MOVING.fullmatch(heard.words) is not None


class Commands:
    """Answers commands; `receive` hands on what the dialogue answers."""

    def __init__(self, turns: Turns, receive: Receive) -> None:
        self.turns, self.receive = turns, receive
        self.engine = turns.engine

    def open(self, heard: Heard) -> Conversation:
        """A new conversation in this chat, with the invite it came with."""
        invite = heard.words if heard.value == "start" and INVITE.fullmatch(heard.words) else None
        _, opened = open_conversation(
            self.engine, language=None, usual=language_of(heard), invite=invite, channel=TELEGRAM
        )
        telegram.link(self.engine, heard.chat_id, opened.id)
        return opened

    def welcome(self, conversation: Conversation) -> list[Reply]:
        """The welcome, with the question of consent."""
        if self.turns.switch.closed():
            return self.turns.voice.closed(conversation)
        replies = self.turns.voice.say(conversation, "welcome/intro")
        self.turns.doorstep.remember(conversation.id, replies)
        self.turns.doorstep.memory(conversation.id).times["welcome/intro"] = 1
        return replies

    def titles(self, name: str) -> set[str]:
        """The words of a button, in every language."""
        return {titles[name] for titles in self.turns.content.titles.values()}

    async def answer(self, name: str, heard: Heard, conversation: Conversation) -> list[Reply]:
        """The replies to a command, or to a button of this name. Raises UnknownChoice when there is none."""
        does = COMMANDS.get(name) or {"button": name}
        if does.get("does") == "akut":
            return self._who_to_call(conversation)
        if does.get("does") == "web":
            return await asyncio.to_thread(self._way_to_the_page, conversation)
        if "says" in does and (conversation.consented_at or does["says"].startswith("telegram/")):
            return self.turns.voice.say(conversation, does["says"])
        if not conversation.consented_at:
            return await self._before_consent(name, heard, conversation)
        button = does.get("button", "menu")
        if button not in self.turns.content.titles[conversation.language]:
            raise UnknownChoice
        return await self.receive(heard, conversation, command=button)

    async def _before_consent(self, name: str, heard: Heard, conversation: Conversation) -> list[Reply]:
        """Nothing is stored yet: the language can change, everything else comes back to the question."""
        if name == "language":
            self.welcome(conversation)
            return await self.receive(
                heard, conversation, self.turns.content.titles[conversation.language]["language_other"]
            )
        if name == "delete":
            deleted = self.turns.voice.say(conversation, "control/deleted")
            await self.turns.erase(conversation.id)
            return deleted
        return self.welcome(conversation)

    def _who_to_call(self, conversation: Conversation) -> list[Reply]:
        lines = contact_list(["own_region_line"], conversation.language, conversation.region)
        listed = "\n".join(f"- {one.name}: {phone(one.phone)}" for one in lines)
        return self.turns.voice.say(conversation, "telegram/akut", contacts=listed)

    def _way_to_the_page(self, conversation: Conversation) -> list[Reply]:
        code = transfer.offer(self.engine, conversation.id)
        link = f"{self.turns.settings.address}/move/{code}"
        minutes = transfer.MINUTES
        return self.turns.voice.say(conversation, "telegram/to_web", link=link, minutes=minutes)

    async def move_here(self, heard: Heard, here: Conversation | None) -> tuple[Conversation, list[Reply]]:
        """A conversation from the page goes on here; but two with a content of their own are not made one."""
        code = heard.words.removeprefix(MOVE)
        wanted = await asyncio.to_thread(transfer.look_at, self.engine, code)
        here = here if here is not None else await asyncio.to_thread(self.open, heard)
        if wanted is None or wanted == here.id:
            return here, self.turns.voice.say(here, "telegram/moved_here" if wanted else "telegram/move_expired")
        if here.consented_at:
            return here, self.turns.voice.say(here, "telegram/has_own")
        if await asyncio.to_thread(transfer.use, self.engine, code) is None:
            return here, self.turns.voice.say(here, "telegram/move_expired")
        await self.turns.erase(here.id)
        await asyncio.to_thread(telegram.link, self.engine, heard.chat_id, wanted)
        moved = await asyncio.to_thread(store.get, self.engine, wanted)
        assert moved
        moved.channel = TELEGRAM
        return moved, self.turns.voice.say(moved, "telegram/moved_here")
