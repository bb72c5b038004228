"""One message from the patient to its answer: screened first, stored before it is acknowledged, answered once.

The invariant of the whole product lives in `Turns._answer`: a message screened `alarm` never gets a reply
without its care card, whatever Rasa does.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import Engine

from bot.content.store import ContentStore
from bot.dialogue.choices import ANSWERS, CLEAR, CONSENTED, Picked, pick, screen, turn_body
from bot.dialogue.doorstep import Doorstep, language_for, other_language
from bot.dialogue.language import detect
from bot.dialogue.rasa_client import RasaClient, RasaError
from bot.dialogue.replies import Reply
from bot.dialogue.voice import Voice
from bot.kill_switch import KillSwitch
from bot.metrics import LATE, RASA_FAILED, SCREENED
from bot.screening.flags import load_flags
from bot.screening.result import Outcome, Screening
from bot.screening.screener import Screener
from bot.screening.worsening import got_worse
from bot.settings import Settings
from bot.store import conversations as store
from bot.store.models import Conversation, Inbound, now

CONSENT_VERSION = "2026-11"
ALARM_WAIT = 0.15  # seconds Rasa has before the card goes out without its words
ANSWER_WAIT = 2.5  # seconds before the holding reply
LATE_TRIES = 900  # at two seconds: half an hour; an answer later than that would only confuse
LATE_PAUSE = 2.0
WORSENING = timedelta(hours=48)
ONE_UP = {"soon": "urgent", "urgent": "emergency", "emergency": "emergency"}
Answer = list[dict[str, Any]]
log = structlog.get_logger()


class Turns:
    """Answers messages; one at a time in each conversation."""

    def __init__(
        self, engine: Engine, content: ContentStore, screener: Screener, rasa: RasaClient, settings: Settings
    ) -> None:
        self.engine, self.content, self.screener, self.rasa = engine, content, screener, rasa
        self.settings = settings
        self.voice = Voice(content, settings)
        self.switch = KillSwitch(settings.data_dir)
        self.doorstep = Doorstep(self.voice)
        self.locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.catching_up: dict[str, asyncio.Task[None]] = {}

    # -- the way of a message ------------------------------------------------------------------------

    async def receive(
        self, conversation: Conversation, client_id: str, text: str | None, choice: str | None
    ) -> list[Reply]:
        """The replies to one message; the same client id gives the same replies. Raises UnknownChoice."""
        async with self._lock(conversation.id):
            newest = await asyncio.to_thread(store.get, self.engine, conversation.id)
            conversation = newest or conversation
            if self.switch.closed():
                return self.voice.closed(conversation)
            if not conversation.consented_at:
                return await self._before_consent(conversation, client_id, text, choice)
            if before := await asyncio.to_thread(store.seen, self.engine, conversation.id, client_id):
                return await self._again(before)
            offered = await asyncio.to_thread(store.latest_replies, self.engine, conversation.id)
            picked = pick(self.content, conversation.language, offered, text, choice)
            screening = screen(self.screener, conversation.open_question, text, picked)
            screening = await self._raised(conversation, screening, text)
            SCREENED.labels(screening.outcome, screening.level).inc()
            stale = picked is not None and not picked.current and picked.name in ANSWERS
            if stale and screening.outcome is not Outcome.ALARM:
                return self.voice.say(conversation, "system/stale_choice")
            words = text if text is not None else picked.title if picked else ""
            inbound = await self._accept(conversation, client_id, words, choice, screening)
            before_it = conversation.language
            await self._speak(conversation, language_for(conversation, text, picked))
            followed = conversation.language != before_it
            return await self._answer(conversation, inbound, picked, screening, followed=followed)

    async def _raised(self, conversation: Conversation, screening: Screening, text: str | None) -> Screening:
        """One level up when it got worse within 48 hours of an alarm sign that was not withdrawn."""
        if not text or screening.level == "emergency" or not got_worse(text):
            return screening
        care = await asyncio.to_thread(store.last_care, self.engine, conversation.id, now() - WORSENING)
        if not care or not care["flags"] or care["level"] not in ONE_UP:
            return screening
        flags = load_flags().in_order({*care["flags"], *screening.flags})
        return replace(screening, outcome=Outcome.ALARM, level=ONE_UP[care["level"]], flags=flags)

    def without_database(self, text: str | None, language: str) -> list[Reply]:
        """The card for an alarm sign while nothing can be stored; nothing for any other message."""
        screening = self.screener.screen(text or "")
        if screening.outcome is not Outcome.ALARM:
            return []
        stranger = Conversation(id="", token_hash="", language=detect(text or "") or language)
        return [self.voice.card(stranger, screening)]

    def _lock(self, conversation_id: str) -> asyncio.Lock:
        return self.locks.setdefault(conversation_id, asyncio.Lock())

    async def _again(self, inbound: Inbound) -> list[Reply]:
        stored = await asyncio.to_thread(store.replies_to, self.engine, inbound.id or 0)
        return [Reply.model_validate(reply) for reply in stored]

    async def _accept(
        self, conversation: Conversation, client_id: str, words: str, choice: str | None, screening: Screening
    ) -> Inbound:
        inbound, _ = await asyncio.to_thread(
            store.accept,
            self.engine,
            conversation.id,
            client_id=client_id,
            text=words,
            choice=choice,
            screening=screening.to_dict(),
        )
        return inbound

    async def _change(self, conversation: Conversation, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(conversation, name, value)
        await asyncio.to_thread(store.change, self.engine, conversation.id, **fields)

    async def _speak(self, conversation: Conversation, language: str, *, chosen: bool = False) -> None:
        if chosen or language != conversation.language:
            await self._change(conversation, language=language, language_chosen=chosen)

    # -- before consent ------------------------------------------------------------------------------

    async def _before_consent(
        self, conversation: Conversation, client_id: str, text: str | None, choice: str | None
    ) -> list[Reply]:
        memory = self.doorstep.memory(conversation.id)
        if client_id in memory.answered:
            return memory.answered[client_id]
        offered = [entry for entry in reversed(memory.said) if entry["key"] != "patient"]
        picked = pick(self.content, conversation.language, offered, text, choice)
        screening = screen(self.screener, memory.question, text, picked)
        SCREENED.labels(screening.outcome, screening.level).inc()
        if picked and picked.name == "consent_yes":
            await self._change(conversation, consent_version=CONSENT_VERSION, consented_at=now())
            inbound = await self._accept(conversation, client_id, "", "consent_yes", CLEAR)
            return await self._answer(conversation, inbound, CONSENTED, CLEAR)
        if picked and picked.name == "language_other":
            await self._speak(conversation, other_language(conversation.language), chosen=True)
        else:
            await self._speak(conversation, language_for(conversation, text, picked))
        replies = self.doorstep.answer(conversation, picked, screening)
        words = text or (picked.title if picked else "")
        self.doorstep.remember(conversation.id, replies, client_id, words)
        return replies

    # -- the answer ----------------------------------------------------------------------------------

    async def _answer(
        self,
        conversation: Conversation,
        inbound: Inbound,
        picked: Picked | None,
        screening: Screening,
        *,
        followed: bool = False,
    ) -> list[Reply]:
        alarm = screening.outcome is Outcome.ALARM
        work: asyncio.Task[Answer] | None = None
        if conversation.id not in self.catching_up:  # else earlier messages come first
            body = turn_body(conversation, inbound, picked, screening)
            body["metadata"]["followed"] = followed  # the language, to the one the patient writes
            work = asyncio.create_task(self.rasa.turn(body))
            done, _ = await asyncio.wait({work}, timeout=ALARM_WAIT if alarm else ANSWER_WAIT)
            if done and not work.exception():
                replies = await self._rendered(conversation, work.result(), screening)
                if alarm and not any(reply.care for reply in replies):
                    replies.insert(0, self.voice.card(conversation, screening))
                await self._store(conversation, inbound, replies, done=True)
                return replies
            RASA_FAILED.inc()
        replies = (
            [self.voice.card(conversation, screening)] if alarm else self.voice.say(conversation, "system/holding")
        )
        await self._store(conversation, inbound, replies, done=False, held=not alarm, carded=alarm)
        self._catch_up_soon(conversation.id, work)
        return replies

    async def _rendered(
        self, conversation: Conversation, answer: Answer, screening: Screening, *, carded: bool = False
    ) -> list[Reply]:
        """Rasa's content keys as replies, with the effects some keys have on the conversation."""
        replies: list[Reply] = []
        question: str | None = None
        for item in answer:
            key = str(item["key"])
            if key == "control/nothing_to_repeat" and (last := await self._last_said(conversation)):
                return last
            if key == "control/language_changed":
                await self._speak(conversation, item["language"], chosen=True)
            if key == "region/set" and item.get("region"):
                await self._change(conversation, region=item["region"])
            if "level" in item and "flags" in item:
                if not carded:
                    replies.append(self.voice.card(conversation, screening))
                continue
            if key.startswith("topic/") and self.switch.topic_closed(key.split("/")[1]):
                key = "topic/unavailable"
            replies += self.voice.say(conversation, key, **{k: v for k, v in item.items() if k != "key"})
            question = ("clarify:" if item.get("clarifies") else "") + key if key.startswith("screening/") else None
        await self._change(conversation, open_question=question)
        return replies

    async def _last_said(self, conversation: Conversation) -> list[Reply]:
        """The latest answer again, as new replies."""
        said = await asyncio.to_thread(store.last_answer, self.engine, conversation.id)
        return [Reply.model_validate(reply | {"id": secrets.token_urlsafe(12)}) for reply in said]

    async def _store(
        self, conversation: Conversation, inbound: Inbound, replies: list[Reply], *, done: bool, **fields: Any
    ) -> None:
        said = [reply.model_dump() for reply in replies]
        await asyncio.to_thread(store.finish, self.engine, inbound, said, done=done, **fields)
        if any(reply.key == "control/deleted" for reply in replies):
            await self.erase(conversation)

    async def erase(self, conversation: Conversation) -> None:
        """Removes all that is known of a conversation."""
        await asyncio.to_thread(store.erase, self.engine, conversation.id)
        self.doorstep.forget(conversation.id)

    # -- late answers --------------------------------------------------------------------------------

    def _catch_up_soon(self, conversation_id: str, work: asyncio.Task[Answer] | None = None) -> None:
        if conversation_id not in self.catching_up:
            self.catching_up[conversation_id] = asyncio.create_task(self._catch_up(conversation_id, work))

    async def _catch_up(self, conversation_id: str, work: asyncio.Task[Answer] | None) -> None:
        """Answers what waits in a conversation, in order. `work` is a turn Rasa is still at."""
        try:
            while await self._answer_next(conversation_id, work):
                work = None
        except Exception as error:  # the message stays stored and waiting; the next message or start takes it up
            log.error("catch_up_failed", error=type(error).__name__)
            self.catching_up.pop(conversation_id, None)

    async def _answer_next(self, conversation_id: str, work: asyncio.Task[Answer] | None) -> bool:
        """Answers the oldest waiting message; False when none waits."""
        async with self._lock(conversation_id):
            waiting = await asyncio.to_thread(store.waiting, self.engine, conversation_id)
            conversation = await asyncio.to_thread(store.get, self.engine, conversation_id)
            if not waiting or not conversation:
                self.catching_up.pop(conversation_id, None)  # inside the lock: a new message sees it at once
                return False
            inbound, screening = waiting[0], Screening.from_dict(waiting[0].screening)
            body = turn_body(conversation, inbound, await self._picked_then(conversation, inbound), screening)
        LATE.inc()
        answer = await self._insist(body, work)
        async with self._lock(conversation_id):
            conversation = await asyncio.to_thread(store.get, self.engine, conversation_id)
            if conversation:
                replies = await self._rendered(conversation, answer, screening, carded=inbound.carded)
                await self._store(conversation, inbound, replies, done=True)
        return True

    async def _picked_then(self, conversation: Conversation, inbound: Inbound) -> Picked | None:
        if inbound.choice == "consent_yes":
            return CONSENTED
        offered = await asyncio.to_thread(store.latest_replies, self.engine, conversation.id)
        return pick(self.content, conversation.language, offered, None, inbound.choice) if inbound.choice else None

    async def _insist(self, body: dict[str, Any], work: asyncio.Task[Answer] | None) -> Answer:
        for _ in range(LATE_TRIES):
            try:
                return await (work or self.rasa.turn(body))
            except Exception as error:  # whatever it is, the patient waits for an answer
                if not isinstance(error, RasaError):
                    log.error("turn_failed", error=type(error).__name__)
                work = None
                await asyncio.sleep(LATE_PAUSE)
        return [{"key": "system/expired"}]

    async def recover(self) -> None:
        """Takes up the messages that a stop of the gateway left without an answer."""
        for inbound in await asyncio.to_thread(store.waiting, self.engine):
            self._catch_up_soon(inbound.conversation_id)
