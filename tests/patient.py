"""Somebody who chats: writes, presses buttons by their names, and keeps what was answered."""

from __future__ import annotations

from itertools import count, takewhile

from bot.dialogue.replies import Reply
from bot.dialogue.turns import Turns
from bot.store import conversations as store


class Patient:
    """One conversation with the gateway's service."""

    def __init__(self, turns: Turns, language: str = "da") -> None:
        self.turns = turns
        self.numbers = count(1)
        self.token, self.conversation = store.create(turns.engine, language=language)
        self.replies = turns.voice.say(self.conversation, "welcome/intro")
        turns.doorstep.remember(self.conversation.id, self.replies)
        self.offered: dict[str, str] = {}
        self._look(self.replies)

    def _look(self, replies: list[Reply]) -> list[Reply]:
        self.replies = replies
        self.offered |= {choice.name: choice.value for reply in replies for choice in reply.choices}
        return replies

    async def write(self, text: str) -> list[Reply]:
        """Sends a text."""
        return self._look(await self.turns.receive(self.conversation, f"m{next(self.numbers)}", text, None))

    async def choose(self, name: str) -> list[Reply]:
        """Presses the newest button of this name."""
        value = self.offered[name]
        return self._look(await self.turns.receive(self.conversation, f"m{next(self.numbers)}", None, value))

    def unasked(self, _: list[str] | None = None) -> list[Reply]:
        """What has come since the last answer without being asked for, what is due now included."""
        self.turns.appointments.deliver_due()
        known = {reply.id for reply in self.replies}
        rows = store.latest_replies(self.turns.engine, self.conversation.id, 10)
        fresh = [Reply.model_validate(row) for row in takewhile(lambda row: row["id"] not in known, rows)]
        return self._look(fresh[::-1]) if fresh else []

    @property
    def names(self) -> list[str]:
        """The buttons under the newest reply."""
        return [choice.name for choice in self.replies[-1].choices]


def keys(replies: list[Reply]) -> list[str]:
    """The content keys of the replies, each once for its bubbles."""
    found: list[str] = []
    for reply in replies:
        if not found or found[-1] != reply.key:
            found.append(reply.key)
    return found
