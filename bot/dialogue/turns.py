"""One message from the patient: screened before anything else, stored before it is acknowledged, then answered."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from cachetools import TTLCache
from sqlalchemy import Engine

from bot.clock import now
from bot.content.store import ContentStore
from bot.dialogue.answers import Answers
from bot.dialogue.asked_before import LOOKED_AT, settled
from bot.dialogue.choices import (
    CLEAR,
    COMMAND,
    CONSENTED,
    Picked,
    UnknownChoice,
    commanded,
    is_stale,
    pick,
    screen,
)
from bot.dialogue.doorstep import Doorstep, language_for, other_language
from bot.dialogue.language import detect
from bot.dialogue.masking import mask, without_cpr
from bot.dialogue.rasa_client import RasaClient
from bot.dialogue.reminders import Appointments
from bot.dialogue.replies import Reply
from bot.dialogue.voice import Voice
from bot.dialogue.wording import Wording, change, speak
from bot.dialogue.worsening import WORSENING, raised
from bot.kill_switch import KillSwitch
from bot.metrics import SCREENED
from bot.screening.result import Outcome, Screening
from bot.screening.screener import Screener
from bot.screening.worsening import got_worse
from bot.settings import Settings
from bot.store import conversations as store
from bot.store.encryption import cipher_of
from bot.store.models import WEB, Conversation, Inbound
from bot.store.shared import Shared
from bot.threads import hurry, in_thread

CONSENT_VERSION = "2026-11-21"
MOST_TRIALS = 200
SECONDS_TRIED = 24 * 60 * 60
Trial = tuple[Hashable, ContentStore]  # which words exactly, and the content with them


class Turns:
    """Receives messages; one at a time in each conversation."""

    def __init__(
        self, engine: Engine, content: ContentStore, screener: Screener, rasa: RasaClient, settings: Settings
    ) -> None:
        self.engine, self.content, self.screener, self.rasa = engine, content, screener, rasa
        self.settings = settings
        self.voice = Voice(content, settings)
        self.switch = KillSwitch(settings.data_dir)
        self.shared = Shared(settings.redis_url)
        self.doorstep = Doorstep(self.voice, self.shared, cipher_of(engine.dialect))
        self.appointments = Appointments(engine, self.voice)
        hide = partial(mask, common=screener.common_words())
        self.answers = Answers(engine, rasa, Wording(engine, self.voice, self.switch, hide), self.erase, self.shared)
        # What an edition of a text would make of the content; bot/editorial sets it.
        self.trial: Callable[[int], Trial | None] = lambda _: None
        self.trials: TTLCache[Hashable, Turns] = TTLCache(MOST_TRIALS, SECONDS_TRIED)

    def serving(self, conversation: Conversation) -> Turns:
        """Who answers a conversation: these turns, or for an editor's trial the same with the text that is tried."""
        trial = self.trial(conversation.trying) if conversation.trying is not None else None
        if trial is None:
            return self
        name, content = trial
        if name not in self.trials:
            self.trials[name] = Turns(self.engine, content, self.screener, self.rasa, self.settings)
        return self.trials[name]

    async def receive(
        self,
        conversation: Conversation,
        client_id: str,
        text: str | None,
        choice: str | None,
        *,
        command: str | None = None,
        channel: str = WEB,
    ) -> list[Reply]:
        """The replies to one message; the same client id gives the same replies. Raises UnknownChoice.

        A message is a text, a choice on offer, or a command: the name of a button that is always there.
        """
        text = without_cpr(text) if text is not None else None
        async with self.answers.lock(conversation.id):
            found = await in_thread(store.arrived, self.engine, conversation.id, client_id)
            conversation = found.conversation or conversation
            if self.switch.closed():
                return self.voice.closed(conversation)
            if conversation.channel != channel:
                await change(self.engine, conversation, channel=channel)
            if not conversation.consented_at:
                return await self._before_consent(conversation, client_id, text, choice, command, channel)
            if found.before:
                return await self._again(conversation, found.before)
            picked = commanded(command) or await self._pick(conversation, found.offered, text, choice)
            screening = screen(self.screener, conversation.open_question, text, picked)
            if text and got_worse(text):
                recent = await in_thread(store.last_care, self.engine, conversation.id, now() - WORSENING)
                screening = raised(screening, recent)
            SCREENED.labels(screening.outcome, screening.level).inc()
            if screening.outcome is Outcome.ALARM:
                hurry()
            if text and screening.outcome is Outcome.ASK:
                lately = await in_thread(store.recent, self.engine, conversation.id, LOOKED_AT)
                screening = CLEAR if settled(screening, text, lately) else screening
            stale = picked is not None and is_stale(picked, conversation.open_question)
            if stale and screening.outcome is not Outcome.ALARM:
                return self.voice.say(conversation, "system/stale_choice")
            words = text if text is not None else picked.title if picked else ""
            # A button's words are kept as the button: should the answer come late, they still mean the same.
            kept = f"{COMMAND}{command}" if command else picked.value if picked else choice
            inbound = await self._accept(conversation, client_id, words, kept, screening, channel)
            before_it = conversation.language
            await speak(self.engine, conversation, language_for(conversation, text, picked))
            followed = conversation.language != before_it
            return await self.answers.answer(
                conversation, inbound, picked, screening, followed=followed, behind=found.behind
            )

    def outcome(self, conversation: Conversation, text: str) -> Outcome:
        """What screening makes of these words, for whoever must decide what to do with them; nothing is stored."""
        return screen(self.screener, conversation.open_question, text, None).outcome

    def without_database(self, text: str | None, language: str) -> list[Reply]:
        """The card for an alarm sign while nothing can be stored; nothing for any other message."""
        stranger = Conversation(id="", token_hash="", language=detect(text or "") or language)
        if self.switch.closed():
            return self.voice.closed(stranger)
        screening = self.screener.screen(text or "")
        return [self.voice.card(stranger, screening)] if screening.outcome is Outcome.ALARM else []

    async def recover(self) -> None:
        """Takes up the messages that a stop of the gateway left without an answer."""
        await self.answers.recover()

    async def erase(self, conversation_id: str) -> None:
        """Removes all that is known of a conversation."""
        await in_thread(store.erase, self.engine, conversation_id)
        await self.doorstep.forget(conversation_id)

    async def _pick(
        self, conversation: Conversation, offered: list[dict[str, Any]], text: str | None, choice: str | None
    ) -> Picked | None:
        """The choice among the replies on offer, older ones too if it must be. Raises UnknownChoice."""
        try:
            return pick(self.content, conversation.language, offered, text, choice)
        except UnknownChoice:
            older = await in_thread(store.latest_replies, self.engine, conversation.id)
            return pick(self.content, conversation.language, older, text, choice)

    async def _again(self, conversation: Conversation, inbound: Inbound) -> list[Reply]:
        """What the message was answered; when its gateway died over it, a card or a holding reply, and the answer."""
        stored = await in_thread(store.replies_to, self.engine, inbound.id or 0)
        if not stored and inbound.done_at is None:
            return await self.answers.hold(conversation, inbound, Screening.from_dict(inbound.screening))
        return [Reply.model_validate(reply) for reply in stored]

    async def _accept(
        self,
        conversation: Conversation,
        client_id: str,
        words: str,
        choice: str | None,
        screening: Screening,
        channel: str,
        **changed: Any,
    ) -> Inbound:
        """Stores a message and, with it, what it changes of its conversation."""
        fields: dict[str, Any] = {"text": words, "choice": choice, "screening": screening.to_dict()}
        fields |= {"channel": channel, "conversation": changed}
        inbound, _ = await in_thread(store.accept, self.engine, conversation.id, client_id=client_id, **fields)
        for name, value in changed.items():
            setattr(conversation, name, value)
        return inbound

    async def _before_consent(
        self,
        conversation: Conversation,
        client_id: str,
        text: str | None,
        choice: str | None,
        command: str | None,
        channel: str,
    ) -> list[Reply]:
        memory = await self.doorstep.recall(conversation.id)
        if client_id in memory.answered:
            return memory.answered[client_id]
        offered = [entry for entry in reversed(memory.said) if entry["key"] != "patient"]
        picked = commanded(command) or pick(self.content, conversation.language, offered, text, choice)
        screening = screen(self.screener, memory.question, text, picked)
        SCREENED.labels(screening.outcome, screening.level).inc()
        if picked and picked.name == "consent_yes":
            consent = {"consent_version": CONSENT_VERSION, "consented_at": now()}
            inbound = await self._accept(conversation, client_id, "", "consent_yes", CLEAR, channel, **consent)
            return await self.answers.answer(conversation, inbound, CONSENTED, CLEAR, asked=memory.asked)
        if picked and picked.name == "language_other":
            await speak(self.engine, conversation, other_language(conversation.language), chosen=True)
        else:
            await speak(self.engine, conversation, language_for(conversation, text, picked))
        if text and not picked and screening.outcome is Outcome.CLEAR:
            memory.asked = text
        replies = self.doorstep.answer(conversation, picked, screening)
        words = text or (picked.title if picked else "")
        self.doorstep.remember(conversation.id, replies, client_id, words)
        await self.doorstep.keep(conversation.id)
        return replies
