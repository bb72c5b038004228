"""Before consent: advice on alarm signs, the language, yes or no; and nothing of it is stored.

What is said here lives in memory, for a while, so that the page can show it again: in this process's own and, where
gateways share a Redis, encrypted in that one's too.
"""

from __future__ import annotations

import json
from typing import Any

from cachetools import TTLCache
from pydantic import BaseModel

from bot.dialogue.choices import Picked
from bot.dialogue.language import detect
from bot.dialogue.replies import Reply
from bot.dialogue.voice import Voice
from bot.screening.result import Outcome, Screening
from bot.store import conversations as store
from bot.store.encryption import Cipher, WrongKey
from bot.store.models import Conversation
from bot.store.shared import Shared

MOST_CONVERSATIONS = 10_000
SECONDS_KEPT = 2 * 60 * 60
NAME = "before-consent:"


class Memory(BaseModel):
    """What was said to one person who has not consented, how often, the answers by client id, the question they were
    asked, and what they asked last."""

    said: list[dict[str, Any]] = []
    answered: dict[str, list[Reply]] = {}
    question: str | None = None
    times: dict[str, int] = {}
    asked: str = ""
    kept: int = 0  # how often it was kept for the other gateways: more is newer


class Doorstep:
    """Remembers, and answers, those who have not consented yet."""

    def __init__(self, voice: Voice, shared: Shared, cipher: Cipher) -> None:
        self.voice, self.shared, self.cipher = voice, shared, cipher
        self.memories: TTLCache[str, Memory] = TTLCache(MOST_CONVERSATIONS, SECONDS_KEPT)

    def memory(self, conversation_id: str) -> Memory:
        """What is remembered of this conversation; empty for a new one."""
        found: Memory = self.memories.setdefault(conversation_id, Memory())
        return found

    async def recall(self, conversation_id: str) -> Memory:
        """What is remembered by whichever gateway was spoken to last."""
        own = self.memory(conversation_id)
        if token := await self.shared.get(f"{NAME}{conversation_id}"):
            try:
                theirs = Memory.model_validate_json(self.cipher.decrypt(token))
            except (WrongKey, ValueError):  # another secret's or release's: a card must not fail for it
                return own
            if theirs.kept > own.kept:
                own = self.memories[conversation_id] = theirs
        return own

    async def keep(self, conversation_id: str) -> None:
        """Lets the other gateways know what is remembered here."""
        if not self.shared.near:
            return
        memory = self.memory(conversation_id)
        memory.kept += 1
        # Telegram may bring half a letter, which is no text that could be read again.
        words = json.dumps(memory.model_dump(), ensure_ascii=False).encode("utf-8", "replace").decode()
        await self.shared.put(f"{NAME}{conversation_id}", self.cipher.encrypt(words), SECONDS_KEPT)

    def said(self, conversation_id: str) -> list[dict[str, Any]]:
        """What was said, oldest first, as in the API."""
        found = self.memories.get(conversation_id)
        return list(found.said) if found else []

    def remember(self, conversation_id: str, replies: list[Reply], client_id: str = "", words: str = "") -> None:
        """Keeps what the patient said and was answered."""
        memory = self.memory(conversation_id)
        if words:
            memory.said.append(store.patient_entry(f"patient-{client_id}", words))
        memory.said += [reply.model_dump() for reply in replies]
        if client_id:
            memory.answered[client_id] = replies

    async def forget(self, conversation_id: str) -> None:
        """Drops all of it."""
        self.memories.pop(conversation_id, None)
        await self.shared.drop(f"{NAME}{conversation_id}")

    def answer(self, conversation: Conversation, picked: Picked | None, screening: Screening) -> list[Reply]:
        """The replies to anything but consent."""
        memory = self.memory(conversation.id)
        conversation.said = memory.times
        replies = self._answer(conversation, memory, picked, screening)
        memory.times = conversation.said
        return replies

    def _answer(
        self, conversation: Conversation, memory: Memory, picked: Picked | None, screening: Screening
    ) -> list[Reply]:
        question, memory.question = memory.question, None
        if screening.outcome is Outcome.ALARM:
            return [self.voice.card(conversation, screening), *self.voice.say(conversation, "welcome/need_consent")]
        if screening.outcome is Outcome.ASK:
            asked = f"screening/{screening.flags[0]}"
            memory.question = f"{asked}/explain" if question == asked else asked
            return self.voice.say(conversation, memory.question)
        if picked and picked.name == "consent_no":
            return self.voice.say(conversation, "welcome/declined")
        if picked and picked.name.startswith("language_"):
            return self.voice.say(conversation, "welcome/intro")
        return self.voice.say(conversation, "welcome/need_consent")


def language_for(conversation: Conversation, text: str | None, picked: Picked | None) -> str:
    """The language chosen; before any choice the one the patient plainly writes."""
    if text and not picked and not conversation.language_chosen and (written := detect(text)):
        return written
    return conversation.language


def other_language(language: str) -> str:
    """Danish for English and English for Danish."""
    return "en" if language == "da" else "da"
