"""Rasa's answer, content keys with parameters, as the replies a patient sees; some keys change the conversation."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from sqlalchemy import Engine

from bot.dialogue.replies import Reply
from bot.dialogue.voice import Voice
from bot.kill_switch import KillSwitch
from bot.screening.result import Screening
from bot.store import conversations as store
from bot.store.models import Conversation

Answer = list[dict[str, Any]]


async def change(engine: Engine, conversation: Conversation, **fields: Any) -> None:
    """Sets fields of a conversation, here and in the store."""
    for name, value in fields.items():
        setattr(conversation, name, value)
    await asyncio.to_thread(store.change, engine, conversation.id, **fields)


async def speak(engine: Engine, conversation: Conversation, language: str, *, chosen: bool = False) -> None:
    """Goes on in this language; `chosen` when the patient asked for it."""
    if chosen or language != conversation.language:
        await change(engine, conversation, language=language, language_chosen=chosen)


class Wording:
    """Puts an answer into words for one conversation."""

    def __init__(self, engine: Engine, voice: Voice, switch: KillSwitch) -> None:
        self.engine, self.voice, self.switch = engine, voice, switch

    async def replies(
        self, conversation: Conversation, answer: Answer, screening: Screening, *, carded: bool = False
    ) -> list[Reply]:
        """The replies, with the effects some keys have; `carded` when the patient has the card already."""
        replies: list[Reply] = []
        question: str | None = None
        for item in answer:
            key = str(item["key"])
            if key == "control/nothing_to_repeat" and (last := await self._last_said(conversation)):
                return last
            await self._effects(conversation, key, item)
            if "level" in item and "flags" in item:
                if not carded:
                    replies.append(self.voice.card(conversation, screening))
                continue
            if key.startswith("topic/") and self.switch.topic_closed(key.split("/")[1]):
                key = "topic/unavailable"
            replies += self.voice.say(conversation, key, **{k: v for k, v in item.items() if k != "key"})
            question = ("clarify:" if item.get("clarifies") else "") + key if key.startswith("screening/") else None
        await change(self.engine, conversation, open_question=question)
        return replies

    async def _effects(self, conversation: Conversation, key: str, item: dict[str, Any]) -> None:
        if key == "control/language_changed":
            await speak(self.engine, conversation, item["language"], chosen=True)
        if key == "region/set" and item.get("region"):
            await change(self.engine, conversation, region=item["region"])

    async def _last_said(self, conversation: Conversation) -> list[Reply]:
        """The latest answer again, as new replies."""
        said = await asyncio.to_thread(store.last_answer, self.engine, conversation.id)
        return [Reply.model_validate(reply | {"id": secrets.token_urlsafe(12)}) for reply in said]
