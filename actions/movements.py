"""Three movements at a time, at the level the patient chose. Which: bot/self_management/movements.py.

While an alarm sign is open the gateway puts movement/not_now in their place (bot/dialogue/wording.py).
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import entities, metadata, say
from bot.self_management.movements import chosen


class ActionShowMovements(Action):
    """Shows three. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_show_movements"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says movement/intro or movement/again, the three, and movement/end; the entity `wish` changes the level."""
        known = metadata(tracker).get("movements")
        shown, state, remark = chosen(known, next(iter(entities(tracker, "wish")), ""))
        say(dispatcher, "movement/again" if known else "movement/intro", movements=state)
        if remark:
            say(dispatcher, f"movement/{remark}")
        for name in shown:
            say(dispatcher, f"movement/{name}")
        say(dispatcher, "movement/end")
        return []
