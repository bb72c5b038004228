"""Rasa's answer, content keys with parameters, as the replies a patient sees; some keys change the conversation."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Engine

from bot.clock import now
from bot.content.journeys import guide, neighbours, unfinished
from bot.dialogue.effects import Effects
from bot.dialogue.form_answers import ASK
from bot.dialogue.invited import brought
from bot.dialogue.masking import Mask
from bot.dialogue.replies import Image, Reply, Source, choice
from bot.dialogue.values import values
from bot.dialogue.voice import Voice
from bot.dialogue.worsening import WORSENING
from bot.kill_switch import KillSwitch
from bot.screening.result import Screening
from bot.self_management.chart import as_url, chart, described
from bot.store import conversations as store
from bot.store import records, unanswered
from bot.store.models import Conversation
from bot.threads import in_thread

Answer = list[dict[str, Any]]


async def change(engine: Engine, conversation: Conversation, **fields: Any) -> None:
    """Sets fields of a conversation, here and in the store."""
    for name, value in fields.items():
        setattr(conversation, name, value)
    await in_thread(store.change, engine, conversation.id, **fields)


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
# What asks of a body; not while an alarm sign is open.
RESTFUL = ("movement/", "flare_up/expected", "flare_up/hard", "flare_up/ease", "flare_up/step")
FEW_WORDS = 4
# Where the clinic of the invite is named: with its telephone, and without one.
CLINIC_AFTER = {
    "welcome/consented": ("welcome/invited", "welcome/invited_named"),
    "control/who_to_call": ("control/clinic_phone", "control/clinic_phone_named"),
}
UNANSWERED = {"fallback/not_understood": "not_understood", "scope/out_of_scope": "out_of_scope"}


def changed(conversation: Conversation) -> dict[str, Any]:
    """What the replies to a message change of its conversation."""
    return {"open_question": conversation.open_question, "about": conversation.about, "said": conversation.said}


def is_question(key: str) -> bool:
    """Whether the patient's next words may answer this text."""
    return key.startswith("screening/") or ASK in key


class Wording:
    """Puts an answer into words for one conversation."""

    def __init__(self, engine: Engine, voice: Voice, switch: KillSwitch, mask: Mask) -> None:
        self.engine, self.voice, self.switch, self.mask = engine, voice, switch, mask
        self.effects = Effects(engine, voice.settings)

    async def replies(
        self,
        conversation: Conversation,
        answer: Answer,
        screening: Screening,
        asked: str = "",
        *,
        inbound_id: int | None = None,
        carded: bool = False,
    ) -> list[Reply]:
        """The replies, with the effects some keys have, once for each message (`inbound_id`). What they change of the
        conversation itself (`changed`) is for the caller to store, together with them.

        `asked` are the patient's own words; `carded` when the patient has the card already.
        """
        replies: list[Reply] = []
        question, about = None, conversation.about
        answer = await self._back_to_card(conversation, answer, asked)
        answer = await self._with_clinic(conversation, answer)
        for item in answer:
            key = str(item["key"])
            if key == "control/nothing_to_repeat" and (last := await self._last_said(conversation)):
                return last
            item = await self._effects(conversation, item, inbound_id)
            if item["key"] != key and any(reply.key == item["key"] for reply in replies):
                continue  # said in place of several, once is enough
            key = str(item["key"])
            if "level" in item and "flags" in item:
                about = f"care/{item['flags'][0]}" if item["flags"] else about
                if not carded:
                    replies.append(self.voice.card(conversation, screening))
                continue
            replies += self._said(conversation, key, item, replies)
            question = ("clarify:" if item.get("clarifies") else "") + key if is_question(key) else None
            about = about if key.startswith(BESIDE) else key
        replies += await self._unanswered(conversation, replies, asked)
        self._way_on(conversation, replies, question)
        conversation.open_question, conversation.about = question, about
        return replies

    def _way_on(self, conversation: Conversation, replies: list[Reply], question: str | None) -> None:
        """Nobody is left without a button, unless a question waits for words or all is erased."""
        if replies and not replies[-1].choices and not question and replies[-1].key != "control/deleted":
            replies[-1].choices = [choice("menu", self.voice.content.titles[conversation.language]["menu"])]

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
        last.image = item.get("image") or last.image
        if item.get("quiet"):
            last.choices = []
        if not unfinished(conversation.journey):
            last.choices = [one for one in last.choices if one.name != "resume_path"]
        titles, on_the_way = content.titles[language], unfinished(conversation.journey)
        near = item.get("options") or ([] if on_the_way or item.get("quiet") else neighbours(key))
        offered = [f"topic_{topic}" for topic in near]
        if (now_possible := guide(key)) and not item.get("quiet") and not item.get("options"):
            place = len(last.choices) if key.endswith("/check") else 0  # after the answers to a question
            last.choices.insert(place, choice(now_possible, titles[now_possible]))
        last.choices[:0] = [choice(name, titles[name]) for name in offered]
        last.sources += [
            Source(title=one.title, url=one.url) for one in (content.sources[language][s] for s in sources)
        ]
        return replies

    async def _effects(
        self, conversation: Conversation, item: dict[str, Any], inbound_id: int | None
    ) -> dict[str, Any]:
        """What the item does besides being said; the item with the values its text needs."""
        if item["key"] == "control/language_changed":
            await speak(self.engine, conversation, item["language"], chosen=True)
        asks_of_body = str(item["key"]).startswith(RESTFUL) and item["key"] != "movement/feel"
        if asks_of_body and await self._care_open(conversation):
            return {"key": "movement/not_now"}
        found = item
        if self.effects.has(item):
            found = item | await in_thread(self.effects.apply, conversation, item, inbound_id)
        if item.get("chart"):
            found["image"] = await in_thread(self._chart, conversation)
        return found

    async def _back_to_card(self, conversation: Conversation, answer: Answer, asked: str) -> Answer:
        """The card again for a few words right after it ("is it bad?"), which NLU takes for some topic."""
        brief = 0 < len(asked.split()) <= FEW_WORDS and (conversation.about or "").startswith("care/")
        taught = any(str(item["key"]).startswith("topic/") for item in answer)
        return [{"key": "care/again"}] if brief and taught and await self._care_open(conversation) else answer

    async def _with_clinic(self, conversation: Conversation, answer: Answer) -> Answer:
        """Who gave the link, and their telephone, beside what they belong to."""
        if not conversation.invite_hash or not any(item["key"] in CLINIC_AFTER for item in answer):
            return answer
        clinic = (await in_thread(brought, self.engine, conversation))["clinic"]
        found: Answer = []
        for item in answer:
            found.append(item)
            if clinic and item["key"] in CLINIC_AFTER:
                with_phone, named = CLINIC_AFTER[item["key"]]
                found += [{"key": with_phone if clinic["phone"] else named, **clinic}]
        return found

    async def _care_open(self, conversation: Conversation) -> bool:
        """Whether a card for today or now is still in force: then no movement is offered, whatever Rasa says."""
        care = await in_thread(store.last_care, self.engine, conversation.id, now() - WORSENING)
        return bool(care and care["level"] in ("urgent", "emergency"))

    def _chart(self, conversation: Conversation) -> Image:
        """The picture of the course, with its text alternative."""
        check_ins = records.check_ins(self.engine, conversation.id)
        page = self.voice.content.page[conversation.language]
        return Image(url=as_url(chart(check_ins, page, conversation.language)), alt=described(check_ins, page))

    async def _unanswered(self, conversation: Conversation, replies: list[Reply], asked: str) -> list[Reply]:
        """Puts a question without an answer aside for the editors, masked; says so the first time.

        What is written in answer to a question of ours is no question, and is not kept.
        """
        reason = next((UNANSWERED[reply.key] for reply in replies if reply.key in UNANSWERED), None)
        masked = self.mask(asked) if reason and not conversation.open_question else ""
        if not reason or not masked or conversation.trying is not None:
            return []
        await in_thread(
            unanswered.note, self.engine, conversation.id, language=conversation.language, reason=reason, text=masked
        )
        if conversation.said.get("understanding/noted"):
            return []
        noted = self.voice.say(conversation, "understanding/noted")
        noted[-1].choices = [*replies[-1].choices, *(one for one in noted[-1].choices if one.name != "menu")]
        return noted

    async def _last_said(self, conversation: Conversation) -> list[Reply]:
        """The latest answer again, as new replies."""
        said = await in_thread(store.last_answer, self.engine, conversation.id)
        return [Reply.model_validate(reply | {"id": secrets.token_urlsafe(12)}) for reply in said]
