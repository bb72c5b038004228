"""One message from the patient to its answer: screened first, stored before it is acknowledged, answered once.

The invariant of the whole product lives in `Turns._answer`: a message screened `alarm` never gets a reply
without its care card, whatever Rasa does.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
import yaml
from sqlalchemy import Engine

from bot.content.store import ContentStore
from bot.dialogue.language import detect
from bot.dialogue.rasa_client import RasaClient, RasaError
from bot.dialogue.replies import Reply, care_card, render
from bot.screening.answers import interpret
from bot.screening.result import Outcome, Screening
from bot.screening.screener import Screener
from bot.settings import Settings
from bot.store import conversations as store
from bot.store.models import Conversation, Inbound, now

CONSENT_VERSION = "2026-11"
ALARM_WAIT = 0.25
ANSWER_WAIT = 2.5
log = structlog.get_logger()


class UnknownChoice(Exception):
    """A choice this conversation was never offered."""


@dataclass(frozen=True)
class Picked:
    """A choice resolved to the reply that offered it."""

    name: str
    key: str
    leads_to: str | None
    title: str
    current: bool


@lru_cache
def choice_intents() -> dict[str, Any]:
    """bot/dialogue/choices.yml"""
    return dict(yaml.safe_load((Path(__file__).parent / "choices.yml").read_text(encoding="utf-8")))


class Turns:
    """Answers messages; one at a time in each conversation."""

    def __init__(
        self, engine: Engine, content: ContentStore, screener: Screener, rasa: RasaClient, settings: Settings
    ) -> None:
        self.engine, self.content, self.screener, self.rasa = engine, content, screener, rasa
        self.settings = settings
        self.locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.tasks: set[asyncio.Task[Any]] = set()
        # Before consent nothing is stored, so what was said lives in this process's memory only.
        self.unstored: dict[str, list[dict[str, Any]]] = defaultdict(list)

    # -- rendering -----------------------------------------------------------------------------------

    def say(self, conversation: Conversation, key: str, **values: Any) -> list[Reply]:
        """The replies of a content key for this patient."""
        known = {"operator": self.settings.operator, "retention_days": self.settings.retention_days}
        return render(self.content, key, conversation.language, conversation.region, known | values)

    def card(self, conversation: Conversation, screening: Screening) -> Reply:
        """The care card of a screening."""
        return care_card(
            self.content,
            list(screening.flags),
            screening.level,
            conversation.language,
            conversation.region,
            screening.relative,
        )

    # -- the way of a message ------------------------------------------------------------------------

    async def receive(
        self, conversation: Conversation, client_id: str, text: str | None, choice: str | None
    ) -> list[Reply]:
        """The replies to one message; the same client id gives the same replies. Raises UnknownChoice."""
        async with self.locks[conversation.id]:
            newest = await asyncio.to_thread(store.get, self.engine, conversation.id)
            conversation = newest or conversation
            before = await asyncio.to_thread(store.seen, self.engine, conversation.id, client_id)
            if before:
                return await self._again(before)
            picked = await asyncio.to_thread(self._pick, conversation, text, choice)
            screening = self._screen(conversation, text, picked)
            if not conversation.consented_at:
                return await self._before_consent(conversation, client_id, text, picked, screening)
            if picked and not picked.current and screening.outcome is not Outcome.ALARM:
                if picked.name in {"yes", "no", "unsure"}:
                    return self.say(conversation, "system/stale_choice")
            inbound, _ = await asyncio.to_thread(
                store.accept,
                self.engine,
                conversation.id,
                client_id=client_id,
                text=text if text is not None else (picked.title if picked else ""),
                choice=choice,
                screening=screening.to_dict(),
            )
            return await self._answer(conversation, inbound, picked, screening)

    async def _again(self, inbound: Inbound) -> list[Reply]:
        stored = await asyncio.to_thread(store.replies_to, self.engine, inbound.id or 0)
        return [Reply.model_validate(reply) for reply in stored]

    def _pick(self, conversation: Conversation, text: str | None, choice: str | None) -> Picked | None:
        replies = store.latest_replies(self.engine, conversation.id)
        if not conversation.consented_at:
            replies = list(reversed(self.unstored[conversation.id])) + replies
        for place, reply in enumerate(replies):
            for offered in reply["choices"]:
                same = text is not None and place == 0 and text.strip().casefold() == offered["title"].casefold()
                if offered["value"] == choice or same:
                    return Picked(
                        offered["name"],
                        reply["key"],
                        self._leads_to(reply["key"], offered["name"], conversation.language),
                        offered["title"],
                        place == 0,
                    )
        if choice is not None:
            raise UnknownChoice
        return None

    def _leads_to(self, key: str, name: str, language: str) -> str | None:
        if not self.content.has(key):
            return None
        return next((c.leads_to for c in self.content.get(key, language).choices if c.name == name), None)

    def _screen(self, conversation: Conversation, text: str | None, picked: Picked | None) -> Screening:
        if picked and text is None or picked and picked.name in {"yes", "no", "unsure"}:
            parts = picked.key.split("/")
            if parts[0] == "screening" and picked.name in {"yes", "no", "unsure"}:
                # "Not sure" after the explanation is read as the safer answer.
                answer = "yes" if picked.name == "unsure" and parts[-1] == "explain" else picked.name
                return self.screener.screen_answer(parts[1], answer)
            return Screening(Outcome.CLEAR, "none", (), ())
        return self.screener.screen(text or "", question_flag(conversation.open_question))

    async def _before_consent(
        self,
        conversation: Conversation,
        client_id: str,
        text: str | None,
        picked: Picked | None,
        screening: Screening,
    ) -> list[Reply]:
        if screening.outcome is Outcome.ALARM:
            if text and (language := detect(text)):
                conversation.language = language
            replies = [self.card(conversation, screening), *self.say(conversation, "welcome/need_consent")]
        elif screening.outcome is Outcome.ASK:
            replies = self.say(conversation, f"screening/{screening.flags[0]}")
            conversation.open_question = replies[-1].key
            await self._change(conversation, open_question=conversation.open_question)
        elif picked and picked.name == "consent_yes":
            return await self._consent(conversation, client_id)
        elif picked and picked.name == "consent_no":
            replies = self.say(conversation, "welcome/declined")
        elif picked and picked.name == "language_other":
            conversation.language = "en" if conversation.language == "da" else "da"
            await self._change(conversation, language=conversation.language, language_chosen=True)
            replies = self.say(conversation, "welcome/intro")
        else:
            replies = self.say(conversation, "welcome/need_consent")
        memory = self.unstored[conversation.id]
        if text:
            memory.append(store.patient_entry(f"patient-{client_id}", text))
        memory += [reply.model_dump() for reply in replies]
        return replies

    async def _consent(self, conversation: Conversation, client_id: str) -> list[Reply]:
        moment = now()
        await self._change(conversation, consent_version=CONSENT_VERSION, consented_at=moment, open_question=None)
        conversation.consented_at, conversation.consent_version = moment, CONSENT_VERSION
        clear = Screening(Outcome.CLEAR, "none", (), ())
        inbound, _ = await asyncio.to_thread(
            store.accept,
            self.engine,
            conversation.id,
            client_id=client_id,
            text="",
            choice="consent_yes",
            screening=clear.to_dict(),
        )
        return await self._answer(conversation, inbound, Picked("consent_given", "", None, "", True), clear)

    async def _change(self, conversation: Conversation, **fields: Any) -> None:
        await asyncio.to_thread(store.change, self.engine, conversation.id, **fields)

    # -- the answer ----------------------------------------------------------------------------------

    async def _answer(
        self, conversation: Conversation, inbound: Inbound, picked: Picked | None, screening: Screening
    ) -> list[Reply]:
        alarm = screening.outcome is Outcome.ALARM
        body = turn_body(conversation, inbound, picked, screening)
        work = asyncio.create_task(self.rasa.turn(body))
        done, _ = await asyncio.wait({work}, timeout=ALARM_WAIT if alarm else ANSWER_WAIT)
        if done and not work.exception():
            replies = await self._rendered(conversation, work.result(), screening)
            if alarm and not any(reply.care for reply in replies):
                replies.insert(0, self.card(conversation, screening))
            await self._store(conversation, inbound, replies, done=True)
            return replies
        replies = [self.card(conversation, screening)] if alarm else self.say(conversation, "system/holding")
        await self._store(conversation, inbound, replies, done=False, held=not alarm, carded=alarm)
        self._later(conversation.id, inbound, body, work, screening)
        return replies

    async def _rendered(
        self, conversation: Conversation, answer: list[dict[str, Any]], screening: Screening, *, carded: bool = False
    ) -> list[Reply]:
        replies: list[Reply] = []
        question: str | None = None
        for item in answer:
            key = str(item["key"])
            if key == "control/language_changed":
                conversation.language = item["language"]
                await self._change(conversation, language=conversation.language, language_chosen=True)
            if key == "region/set" and item.get("region"):
                conversation.region = item["region"]
                await self._change(conversation, region=conversation.region)
            if "level" in item and "flags" in item:
                if not carded:
                    replies.append(self.card(conversation, screening))
                continue
            replies += self.say(conversation, key, **{k: v for k, v in item.items() if k != "key"})
            question = ("clarify:" if item.get("clarifies") else "") + key if key.startswith("screening/") else None
        await self._change(conversation, open_question=question)
        return replies

    async def _store(
        self, conversation: Conversation, inbound: Inbound, replies: list[Reply], *, done: bool, **fields: Any
    ) -> None:
        said = [reply.model_dump() for reply in replies]
        await asyncio.to_thread(store.finish, self.engine, inbound, said, done=done, **fields)
        if any(reply.key == "control/deleted" for reply in replies):
            await asyncio.to_thread(store.erase, self.engine, conversation.id)

    # -- late answers --------------------------------------------------------------------------------

    def _later(
        self,
        conversation_id: str,
        inbound: Inbound,
        body: dict[str, Any],
        work: asyncio.Task[list[dict[str, Any]]] | None,
        screening: Screening,
    ) -> None:
        task = asyncio.create_task(self._finish_later(conversation_id, inbound, body, work, screening))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _finish_later(
        self,
        conversation_id: str,
        inbound: Inbound,
        body: dict[str, Any],
        work: asyncio.Task[list[dict[str, Any]]] | None,
        screening: Screening,
    ) -> None:
        for _ in range(900):  # half an hour: an answer later than that would only confuse
            try:
                answer = await (work or self.rasa.turn(body))
            except RasaError:
                work = None
                await asyncio.sleep(2)
                continue
            async with self.locks[conversation_id]:
                conversation = await asyncio.to_thread(store.get, self.engine, conversation_id)
                if conversation:
                    carded = screening.outcome is Outcome.ALARM
                    replies = await self._rendered(conversation, answer, screening, carded=carded)
                    await self._store(conversation, inbound, replies, done=True)
            return
        conversation = await asyncio.to_thread(store.get, self.engine, conversation_id)
        if conversation:
            await self._store(conversation, inbound, self.say(conversation, "system/expired"), done=True)

    async def recover(self) -> None:
        """Takes up the messages that a stop of the gateway left without an answer."""
        for inbound in await asyncio.to_thread(store.waiting, self.engine):
            conversation = await asyncio.to_thread(store.get, self.engine, inbound.conversation_id)
            if conversation:
                screening = Screening.from_dict(inbound.screening)
                picked = None
                if inbound.choice == "consent_yes":
                    picked = Picked("consent_given", "", None, "", True)
                elif inbound.choice:
                    picked = await asyncio.to_thread(self._pick, conversation, None, inbound.choice)
                body = turn_body(conversation, inbound, picked, screening)
                self._later(conversation.id, inbound, body, None, screening)


def question_flag(open_question: str | None) -> str | None:
    """The flag that the open question asks about."""
    return open_question.removeprefix("clarify:").split("/")[1] if open_question else None


def turn_body(
    conversation: Conversation, inbound: Inbound, picked: Picked | None, screening: Screening
) -> dict[str, Any]:
    """What Rasa gets: the words for its NLU, or the intent a choice stands for; never a typed command."""
    metadata: dict[str, Any] = {"screening": screening.to_dict(), "language": conversation.language}
    body: dict[str, Any] = {"conversation": conversation.id, "metadata": metadata}
    clarifying = (conversation.open_question or "").startswith("clarify:")
    if screening.outcome is Outcome.ALARM:
        return body | {"intent": "alarm"}
    if screening.outcome is Outcome.ASK:
        return body | {"intent": "clarify"}
    if picked is None:
        text = inbound.text.lstrip("/\uff0f\u2044\u2215\u200b\u200c\u200d\u2060\ufeff ") or "-"
        if conversation.open_question:
            answer = interpret(inbound.text)
            metadata["answer"] = "clarified_no" if clarifying and answer == "no" else answer
        return body | {"text": text}
    if picked.leads_to:
        entity = {"entity": "leads_to", "value": picked.leads_to}
        return body | {"intent": "check_answer", "entities": [entity]}
    if picked.name == "no" and clarifying:
        return body | {"intent": "clarified_no"}
    meaning = choice_intents().get(picked.name, {"intent": picked.name})
    entities = [{"entity": name, "value": value} for name, value in meaning.get("entities", {}).items()]
    return body | {"intent": meaning["intent"], "entities": entities}
