"""Keeps the appointments: says what is due, once, and skips kindly what came too late.

Runs in every gateway; bot/store/reminders.py sees to it that one of them finds each contact. What goes out unasked
says nothing of health: tests/dialogue/test_reminders.py.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import now
from bot.dialogue.effects import following
from bot.dialogue.values import values
from bot.dialogue.voice import Voice
from bot.kill_switch import KillSwitch
from bot.metrics import REMINDERS
from bot.self_management.rules import rules
from bot.self_management.schedule import is_missed
from bot.store import conversations, reminders
from bot.store.models import Conversation, Reminder
from bot.store.reminders import WARNING
from bot.store.retention import WARNED_DAYS

ERASED_AFTER = timedelta(days=WARNED_DAYS)
TALKING = timedelta(minutes=15)  # whoever wrote so lately is not interrupted
log = structlog.get_logger()


class Appointments:
    """Delivers what is due for every conversation."""

    def __init__(self, engine: Engine, voice: Voice) -> None:
        self.voice, self.engine = voice, engine
        self.switch = KillSwitch(voice.settings.data_dir)

    async def keep(self, every: float) -> None:
        """Looks every so many seconds, for ever; a failure is tried again at the next."""
        while True:
            try:
                while await asyncio.to_thread(self.deliver_due):
                    pass
            except SQLAlchemyError as error:
                log.error("reminders_paused", error=type(error).__name__)
            except Exception as error:
                log.error("reminders_failed", error=type(error).__name__)
            await asyncio.sleep(every)

    def deliver_due(self, moment: datetime | None = None) -> int:
        """Settles what is due; how many contacts were. While the kill switch is on nobody is invited."""
        if self.switch.closed():
            return 0
        moment = moment or now()
        return sum(self._settle(reminder, moment) for reminder in reminders.due(self.engine, moment))

    def stop(self, conversation_id: str) -> None:
        """Nothing unasked any more, as if the person had said so; without an agreement there is nothing to do."""
        if reminders.schedule(self.engine, conversation_id):
            reminders.agree(self.engine, conversation_id, following, stopped=True)

    def _settle(self, reminder: Reminder, moment: datetime) -> bool:
        conversation = conversations.get(self.engine, reminder.conversation_id)
        heard = reminders.last_heard(self.engine, reminder.conversation_id)
        if conversation is None:
            return False
        if is_missed(reminder.due_at, moment):
            settled = reminders.settle(self.engine, reminder, reminders.MISSED, following)
        elif heard and moment - heard < TALKING:
            return False  # looked at again soon; after the window it counts as missed
        else:
            settled = self._deliver(conversation, reminder)
        if settled:
            REMINDERS.inc()
        return settled

    def _deliver(self, conversation: Conversation, reminder: Reminder) -> bool:
        key = self._key(reminder)
        item = values(self.voice.content, conversation.language, {"key": key, "date": reminder.due_at + ERASED_AFTER})
        replies = [reply.model_dump() for reply in self.voice.say(conversation, key, **item)]
        said = conversation.said
        return reminders.settle(self.engine, reminder, reminders.DELIVERED, following, replies, said)

    def _key(self, reminder: Reminder) -> str:
        """A look back, a warning, a check-in, or a kinder word to whoever has not answered the last two."""
        if reminder.kind in rules()["reminders"]["look_backs"]:
            return "reminders/look_back"
        if reminder.kind == WARNING:
            return "reminders/erase_warning"
        before = [
            row.settled_at
            for row in reminders.history(self.engine, reminder.conversation_id)
            if row.state == reminders.DELIVERED and row.settled_at
        ]
        heard = reminders.last_heard(self.engine, reminder.conversation_id)
        unanswered = [moment for moment in before if heard is None or moment > heard]
        return "reminders/after_missed" if len(unanswered) >= 2 else "reminders/check_in"
