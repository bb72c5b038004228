"""The answer to an accepted message: at once, or held and given later; once in either case.

The invariant of the whole product lives in `Answers.answer`: a message screened `alarm` never gets a reply
without its care card, whatever Rasa does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import now
from bot.dialogue.choices import COMMAND, CONSENTED, Picked, commanded, pick, turn_body
from bot.dialogue.known import known_of
from bot.dialogue.rasa_client import RasaClient, RasaError
from bot.dialogue.replies import Reply
from bot.dialogue.wording import Answer, Wording, changed
from bot.metrics import DATABASE_UP, LATE, RASA_FAILED, WAITING
from bot.screening.normalise import without_command
from bot.screening.result import Outcome, Screening
from bot.store import conversations as store
from bot.store.models import Conversation, Inbound
from bot.store.shared import Shared
from bot.threads import in_thread

ALARM_WAIT = 0.12  # seconds Rasa has before the card goes out without its words
ANSWER_WAIT = 2.5  # seconds before the holding reply
LATE_TRIES = 900  # at two seconds: half an hour; an answer later than that would only confuse
LATE_PAUSE = 2.0
LOOK = 5.0  # seconds between looks for what another gateway left
ORPHANED = timedelta(seconds=15)  # waiting longer than any gateway that lives leaves a message unheld
FAILURES = 3  # after which a message that cannot be answered no longer holds up those behind it
DELETED = "control/deleted"
EXPIRED: Answer = [{"key": "system/expired"}]
Work = dict[int | None, asyncio.Task[Answer]]  # a turn under way, by the message it answers
log = structlog.get_logger()


class Answers:
    """Answers messages, one at a time in each conversation; `erase` removes a conversation."""

    def __init__(
        self,
        engine: Engine,
        rasa: RasaClient,
        wording: Wording,
        erase: Callable[[str], Awaitable[None]],
        shared: Shared,
    ) -> None:
        self.engine, self.rasa, self.wording, self.erase = engine, rasa, wording, erase
        self.voice, self.switch = wording.voice, wording.switch
        self.shared = shared
        self.catching_up: dict[str, asyncio.Task[None]] = {}
        # Says the last word where there is no request to answer: conversation and replies, before it is erased.
        self.farewell: Callable[[str, list[Reply]], Awaitable[None]] | None = None

    def lock(self, conversation_id: str) -> AbstractAsyncContextManager[None]:
        """The lock of a conversation, among all gateways."""
        return self.shared.lock(f"conversation:{conversation_id}")

    async def answer(
        self,
        conversation: Conversation,
        inbound: Inbound,
        picked: Picked | None,
        screening: Screening,
        *,
        followed: bool = False,
        asked: str = "",
        behind: bool = False,
    ) -> list[Reply]:
        """The replies to a message just accepted; a card or a holding reply when Rasa's are late.

        `followed` when the conversation has just switched to the language the patient writes; `asked` is a question
        from before consent, answered with it; `behind` when earlier messages wait, here, at another gateway or at one
        that died: they come first.
        """
        alarm = screening.outcome is Outcome.ALARM
        work: asyncio.Task[Answer] | None = None
        if not behind and conversation.id not in self.catching_up:
            known = {} if alarm else await in_thread(known_of, self.engine, conversation)
            body = turn_body(conversation, inbound, picked, screening, known)
            body["metadata"]["followed"] = followed
            work = asyncio.create_task(self._with_asked(body, asked) if asked else self.rasa.turn(body))
            done, _ = await asyncio.wait({work}, timeout=ALARM_WAIT if alarm else ANSWER_WAIT)
            if done and not work.exception():
                words = typed(inbound)
                replies = await self.wording.replies(
                    conversation, [*work.result()], screening, words, inbound_id=inbound.id
                )
                if alarm and not any(reply.care for reply in replies):
                    replies.insert(0, self.voice.card(conversation, screening))
                return await self._stored(conversation, inbound, replies)
            RASA_FAILED.inc()
        return await self.hold(conversation, inbound, screening, work)

    async def hold(
        self,
        conversation: Conversation,
        inbound: Inbound,
        screening: Screening,
        work: asyncio.Task[Answer] | None = None,
    ) -> list[Reply]:
        """The card or a holding reply now, and the answer later. `work` is the turn Rasa is still at."""
        if screening.outcome is Outcome.ALARM:
            replies, state = [self.voice.card(conversation, screening)], {"carded": True}
        else:
            replies, state = self.voice.say(conversation, "system/holding"), {"held": True}
        if not await self._store(inbound, replies, done=False, **state):
            return await self._before(inbound)
        self._catch_up_soon(conversation.id, {inbound.id: work} if work else {})
        return replies

    async def _with_asked(self, body: dict[str, Any], asked: str) -> Answer:
        """The answer to consent, and in it that to a question about a topic asked before; never stored."""
        question = {**body, "text": without_command(asked), "message": f"{body['message']} asked"}
        del question["intent"], question["entities"]
        before = [item for item in await self.rasa.turn(question) if str(item["key"]).startswith("topic/")]
        first, *rest = await self.rasa.turn(body)
        told = [{"key": "welcome/asked"}, *(item for item in before if not item["key"].endswith("/check"))]
        return [first, *(told if before else []), *rest]

    async def recover(self) -> None:
        """Takes up the messages that a stop of the gateway left without an answer."""
        await self._take_up()

    async def keep(self) -> None:
        """Takes up what a gateway that has died leaves waiting, until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                WAITING.set(await in_thread(store.how_many_wait, self.engine))
                DATABASE_UP.set(1)
                await self._take_up(now() - ORPHANED)
            except SQLAlchemyError as error:
                DATABASE_UP.set(0)
                log.error("orphans_not_seen", error=type(error).__name__)

    async def _take_up(self, before: datetime | None = None) -> None:
        for inbound in await in_thread(store.waiting, self.engine, before=before):
            self._catch_up_soon(inbound.conversation_id)

    async def _stored(self, conversation: Conversation, inbound: Inbound, replies: list[Reply]) -> list[Reply]:
        """The replies, now stored; or those that another gateway has stored meanwhile."""
        if await self._store(inbound, replies, done=True, conversation=changed(conversation)):
            return replies
        return await self._before(inbound)

    async def _before(self, inbound: Inbound) -> list[Reply]:
        """What the message has been answered."""
        before = await in_thread(store.replies_to, self.engine, inbound.id or 0)
        return [Reply.model_validate(reply) for reply in before]

    async def _store(self, inbound: Inbound, replies: list[Reply], *, done: bool, **fields: Any) -> bool:
        """Stores replies; False when the message has been answered already, and nothing is stored."""
        said = [reply.model_dump() for reply in replies]
        stored = await in_thread(store.finish, self.engine, inbound, said, done=done, **fields)
        if stored and any(reply.key == DELETED for reply in replies):
            await self.erase(inbound.conversation_id)
        return stored

    # -- late answers --------------------------------------------------------------------------------

    def _catch_up_soon(self, conversation_id: str, work: Work | None = None) -> None:
        if conversation_id not in self.catching_up:
            self.catching_up[conversation_id] = asyncio.create_task(self._catch_up(conversation_id, work or {}))

    async def _catch_up(self, conversation_id: str, work: Work) -> None:
        """Answers what waits in a conversation, in order. `work` is the turn Rasa is still at, by its message."""
        failures, more = 0, True
        while more:
            try:
                more = await self._answer_next(conversation_id, work, failures)
                failures = 0
            except SQLAlchemyError as error:  # the message waits in the database, and we for that
                log.error("catch_up_paused", error=type(error).__name__)
                await asyncio.sleep(LATE_PAUSE)
            except Exception as error:
                log.error("catch_up_failed", error=type(error).__name__)
                failures += 1
            work = {}

    async def _answer_next(self, conversation_id: str, work: Work, failures: int) -> bool:
        """Answers the oldest waiting message; False when none waits. After a failure it says it cannot."""
        async with self.lock(conversation_id):
            waiting = await in_thread(store.waiting, self.engine, conversation_id)
            conversation = await in_thread(store.get, self.engine, conversation_id)
            if not waiting or not conversation:
                self.catching_up.pop(conversation_id, None)  # inside the lock: a new message sees it at once
                return False
            inbound = waiting[0]
            if failures >= FAILURES:
                await self._store(inbound, [], done=True)
                return True
            screening = Screening.from_dict(inbound.screening)
            if screening.outcome is Outcome.ALARM and not inbound.carded:  # its gateway died before it could
                card = self.voice.card(conversation, screening)
                await self._store(inbound, [card], done=False, carded=True)
                inbound.carded = True  # by us, or meanwhile by another
            known = await in_thread(known_of, self.engine, conversation)
            body = turn_body(conversation, inbound, await self._picked_then(conversation, inbound), screening, known)
        LATE.inc()
        answer = EXPIRED if failures else await self._insist(inbound, body, work.get(inbound.id))
        async with self.lock(conversation_id):
            conversation = await in_thread(store.get, self.engine, conversation_id)
            still = [each.id for each in await in_thread(store.waiting, self.engine, conversation_id)]
            if conversation and inbound.id in still:  # and no other gateway has answered it
                replies = await self.wording.replies(
                    conversation, answer, screening, typed(inbound), inbound_id=inbound.id, carded=inbound.carded
                )
                if self.farewell and any(reply.key == DELETED for reply in replies):
                    await self.farewell(conversation_id, replies)
                await self._store(inbound, replies, done=True, conversation=changed(conversation))
        return True

    async def _picked_then(self, conversation: Conversation, inbound: Inbound) -> Picked | None:
        if inbound.choice == "consent_yes":
            return CONSENTED
        if inbound.choice and inbound.choice.startswith(COMMAND):
            return commanded(inbound.choice.removeprefix(COMMAND))
        offered = await in_thread(store.latest_replies, self.engine, conversation.id)
        return (
            pick(self.voice.content, conversation.language, offered, None, inbound.choice) if inbound.choice else None
        )

    async def _insist(self, inbound: Inbound, body: dict[str, Any], work: asyncio.Task[Answer] | None) -> Answer:
        """Rasa's answer, however long it takes; given up when another gateway has answered the message."""
        for _ in range(LATE_TRIES):
            try:
                if not work and not await in_thread(store.is_waiting, self.engine, inbound):
                    break
                answer = await (work or self.rasa.turn(body))
                while self.switch.closed():  # nothing but the fixed card is said then
                    await asyncio.sleep(LATE_PAUSE)
                return answer
            except Exception as error:  # whatever it is, the patient waits for an answer
                if not isinstance(error, RasaError):
                    log.error("turn_failed", error=type(error).__name__)
                work = None
                await asyncio.sleep(LATE_PAUSE)
        return EXPIRED


def typed(inbound: Inbound) -> str:
    """What the patient wrote; nothing when a button was pressed."""
    return "" if inbound.choice else inbound.text or ""
