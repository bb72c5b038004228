"""Rasa's tracker, bounded and without message text, in our own database.

A cache of where the dialogue is: the record of what was said is the gateway's. Bounded, because Rasa's cost
per message grows with every stored event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy import Engine, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from bot.rasa.channel import Turn, current_turn
from bot.settings import get_settings
from bot.store.database import open_database
from bot.store.models import DialogueState

MOST_EVENTS = 60


class BoundedTrackerStore(TrackerStore):
    """Keeps the latest events of each conversation, from the beginning of a patient's turn."""

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: EndpointConfig | None = None,
        engine: Engine | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker)
        # Lost power loses nothing that counts: what the gateway stores after it is synced, and this with it.
        self.engine = engine or open_database(get_settings(), synced=False)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Stores the tracker and the turn's answer in one step.

        A failed turn is dropped, so it can be tried again; and one whose message was answered before.
        """
        turn = current_turn.get()
        if turn and (turn.failed or turn.answered is not None):
            return
        answered = {"message": turn.message, "replies": turn.replies} if turn and turn.message else None
        with failing(turn):
            await asyncio.to_thread(self._save, tracker.sender_id, bounded(tracker), answered)

    def _save(self, sender_id: str, events: list[dict[str, Any]], answered: dict[str, Any] | None) -> None:
        with Session(self.engine) as session:
            mine = update(DialogueState).where(col(DialogueState.conversation_id) == sender_id)
            fresh = mine.values(events=events, answered=answered)  # without reading what it replaces
            if not session.execute(fresh).rowcount:  # type: ignore[attr-defined]
                session.add(DialogueState(conversation_id=sender_id, events=events, answered=answered))
            session.commit()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker, or None for a conversation Rasa has not seen."""
        turn = current_turn.get()
        with failing(turn):
            state = await asyncio.to_thread(self._load, sender_id)
        if state is None:
            return None
        if turn and turn.message and state.answered:
            if state.answered["message"] == turn.message:
                turn.answered = state.answered["replies"]
            # A gateway that has not heard of it yet: read as new, its "no" would answer a question asked since.
            turn.outdated = number_of(turn.message) < number_of(state.answered["message"])
        return DialogueStateTracker.from_dict(sender_id, state.events, self.domain.slots)

    def _load(self, sender_id: str) -> DialogueState | None:
        with Session(self.engine) as session:
            return session.get(DialogueState, sender_id)

    async def keys(self) -> Iterable[str]:
        """All conversations Rasa knows."""
        with Session(self.engine) as session:
            return list(session.exec(select(DialogueState.conversation_id)))


@contextmanager
def failing(turn: Turn | None) -> Iterator[None]:
    """A turn whose state cannot be read or written fails. Rasa goes on without it, as if nothing had been said."""
    try:
        yield
    except SQLAlchemyError:
        if turn:
            turn.stateless = True
        raise


def number_of(message: str) -> int:
    """The number of a gateway's message, which rises; 0 for what has none."""
    first = message.partition(" ")[0]
    return int(first) if first.isdecimal() else 0


def bounded(tracker: DialogueStateTracker) -> list[dict[str, Any]]:
    """The latest events as dictionaries, with slots and loop as they were before the cut, and no text."""
    events = list(tracker.events)
    if len(events) > MOST_EVENTS:
        turns = [i for i, event in enumerate(events) if isinstance(event, UserUttered)]
        cut = next((i - 1 for i in turns if len(events) - i <= MOST_EVENTS), len(events))
        events = _standing(events[:cut]) + events[cut:]
    return [_without_text(event.as_dict()) for event in events]


def _standing(past: list[Event]) -> list[Event]:
    """The slots and the loop as they stood after these events."""
    slots: dict[str, Event] = {}
    loop: Event | None = None
    for event in past:
        if isinstance(event, SlotSet):
            slots[event.key] = event
        elif isinstance(event, ActiveLoop):
            loop = event
    return [*slots.values(), *([loop] if loop else [])]


def _without_text(event: dict[str, Any]) -> dict[str, Any]:
    if event.get("event") == "user":
        event["text"] = "-"
        event["metadata"] = {}
        event["parse_data"] = {**event.get("parse_data", {}), "text": "-", "text_tokens": []}
    return event
