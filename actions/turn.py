"""What an action knows of the turn, says in it, and how it begins and ends a form.

The gateway sends along what it knows of the patient; in `rasa shell`, where nobody does, that is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

NO_NEED = "no_need"  # a question of a form that is not asked this time


def metadata(tracker: Tracker) -> dict[str, Any]:
    """`language`, `followed`, `about` (the key last spoken of), `said` (key: times), `journey`, `plan` (its parts),
    `course` (bot/self_management/course.py), `reminders`, `movements` and `checked_today` of the patient."""
    return dict(tracker.latest_message.get("metadata") or {})


def intent(tracker: Tracker) -> str:
    """The intent of the message."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def entities(tracker: Tracker, name: str) -> list[str]:
    """The values of an entity in the message, in order."""
    return [str(value) for value in tracker.get_latest_entity_values(name)]


def say(dispatcher: CollectingDispatcher, key: str, **parameters: Any) -> None:
    """Says a content key; the gateway acts on parameters such as `plan` or `check_in` (bot/dialogue/effects.py)."""
    dispatcher.utter_message(response="utter_content", key=key, **parameters)


def begin_form(tracker: Tracker, form: str, slots: Mapping[str, Any]) -> list[Any]:
    """The events that start a form with these slots; a form that is open then waits to be resumed."""
    events = [SlotSet(slot, value) for slot, value in slots.items()]
    if tracker.active_loop and tracker.active_loop.get("name") != form:
        waiting = tracker.get_slot("interrupted")
        events.append(SlotSet("interrupted", tracker.active_loop["name"]))
        events += [SlotSet("interrupted_before", waiting)] if waiting != tracker.active_loop["name"] else []
    return [*events, FollowupAction(form)]


def end_form(tracker: Tracker, form: str) -> list[Any]:
    """The events after a form's last question; another form that waits goes on waiting."""
    before = tracker.get_slot("interrupted_before")
    if tracker.get_slot("interrupted") == form:
        return [SlotSet("interrupted", before if before != form else None), SlotSet("interrupted_before", None)]
    return [SlotSet("interrupted_before", None)] if before == form else []


def answer(tracker: Tracker, slot: str) -> str | None:
    """What a form's slot holds; None for skipped, not asked, or not there."""
    value = tracker.get_slot(slot)
    return None if value in (None, "skipped", NO_NEED) else str(value)


def number(tracker: Tracker, slot: str) -> int | None:
    """The number from 0 to 10 that a slot holds, or None."""
    value = answer(tracker, slot)
    return int(value) if value and value.isdigit() else None
