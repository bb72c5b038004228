"""Rasa's answer, content keys with parameters, as the replies a patient sees; some keys change the conversation."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from sqlalchemy import Engine

from bot.content.journeys import neighbours, unfinished
from bot.content.store import ContentStore
from bot.dialogue.masking import Mask
from bot.dialogue.replies import Reply, Source, choice
from bot.dialogue.voice import Voice
from bot.kill_switch import KillSwitch
from bot.screening.result import Screening
from bot.store import conversations as store
from bot.store import unanswered
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


# What comes along with an answer, or is said about one, is not what "shorter" or "why" refer to.
BESIDE = (
    "system/",
    "bridge/",
    "ack/",
    "journey/back",
    "journey/reordered",
    "understanding/noted",
    "control/sources_of",
    "control/no_",
    "control/nothing_",
)
ASKED = ("screening/", "journey/ask/")
UNANSWERED = {"fallback/not_understood": "not_understood", "scope/out_of_scope": "out_of_scope"}


class Wording:
    """Puts an answer into words for one conversation."""

    def __init__(self, engine: Engine, voice: Voice, switch: KillSwitch, mask: Mask) -> None:
        self.engine, self.voice, self.switch, self.mask = engine, voice, switch, mask

    async def replies(
        self,
        conversation: Conversation,
        answer: Answer,
        screening: Screening,
        asked: str = "",
        *,
        carded: bool = False,
    ) -> list[Reply]:
        """The replies, with the effects some keys have.

        `asked` are the patient's own words; `carded` when the patient has the card already.
        """
        replies: list[Reply] = []
        question, about = None, conversation.about
        for item in answer:
            key = str(item["key"])
            if key == "control/nothing_to_repeat" and (last := await self._last_said(conversation)):
                return last
            await self._effects(conversation, key, item)
            if "level" in item and "flags" in item:
                about = f"care/{item['flags'][0]}" if item["flags"] else about
                if not carded:
                    replies.append(self.voice.card(conversation, screening))
                continue
            replies += self._said(conversation, key, item, replies)
            question = ("clarify:" if item.get("clarifies") else "") + key if key.startswith(ASKED) else None
            about = about if key.startswith(BESIDE) else key
        replies += await self._unanswered(conversation, replies, asked)
        await change(self.engine, conversation, open_question=question, about=about, said=conversation.said)
        return replies

    def _said(self, conversation: Conversation, key: str, item: dict[str, Any], before: list[Reply]) -> list[Reply]:
        if key.startswith("topic/") and self.switch.topic_closed(key.split("/")[1]):
            key = "topic/unavailable"
            if any(reply.key == key for reply in before):  # once is enough for a topic and its question
                return []
        language, content = conversation.language, self.voice.content
        sources = content.get(item["sources_of"], language).sources if content.has(item.get("sources_of", "")) else ()
        if key == "control/sources_of" and not sources:
            key = "control/no_sources"
        replies = self.voice.say(conversation, key, **values(content, language, item))
        last = replies[-1]
        if item.get("quiet"):
            last.choices = []
        if not unfinished(conversation.journey):
            last.choices = [one for one in last.choices if one.name != "resume_path"]
        titles, on_the_way = content.titles[language], unfinished(conversation.journey)
        offered = item.get("options") or ([] if on_the_way or item.get("quiet") else neighbours(key))
        last.choices[:0] = [choice(f"topic_{topic}", titles[f"topic_{topic}"]) for topic in offered]
        last.sources += [
            Source(title=one.title, url=one.url) for one in (content.sources[language][s] for s in sources)
        ]
        return replies

    async def _effects(self, conversation: Conversation, key: str, item: dict[str, Any]) -> None:
        if key == "control/language_changed":
            await speak(self.engine, conversation, item["language"], chosen=True)
        if key == "region/set" and item.get("region"):
            await change(self.engine, conversation, region=item["region"])
        if item.get("journey"):
            await change(self.engine, conversation, journey=item["journey"])
        if key == "understanding/forgotten":
            await asyncio.to_thread(unanswered.forget, self.engine, conversation.id)

    async def _unanswered(self, conversation: Conversation, replies: list[Reply], asked: str) -> list[Reply]:
        """Puts a question without an answer aside for the editors, masked; says so the first time.

        What is written in answer to a question of ours is no question, and is not kept.
        """
        reason = next((UNANSWERED[reply.key] for reply in replies if reply.key in UNANSWERED), None)
        masked = self.mask(asked) if reason and not conversation.open_question else ""
        if not reason or not masked:
            return []
        await asyncio.to_thread(
            unanswered.note, self.engine, conversation.id, language=conversation.language, reason=reason, text=masked
        )
        if conversation.said.get("understanding/noted"):
            return []
        noted = self.voice.say(conversation, "understanding/noted")
        noted[-1].choices = [*replies[-1].choices, *(one for one in noted[-1].choices if one.name != "menu")]
        return noted

    async def _last_said(self, conversation: Conversation) -> list[Reply]:
        """The latest answer again, as new replies."""
        said = await asyncio.to_thread(store.last_answer, self.engine, conversation.id)
        return [Reply.model_validate(reply | {"id": secrets.token_urlsafe(12)}) for reply in said]


def values(content: ContentStore, language: str, item: dict[str, Any]) -> dict[str, Any]:
    """The parameters of an item as they stand in a text: topics by their titles, a situation in words."""
    found = {name: value for name, value in item.items() if name != "key"}
    if "subject" in found:
        found["subject"] = content.get(f"topic/{found['subject']}", language).title
    if "path" in found:
        found["path"] = "\n".join(f"- {content.get(f'topic/{topic}', language).title}" for topic in found["path"])
    if "situation" in found:
        found["situation"] = content.situations[language].get(found["situation"], found["situation"])
    return found
