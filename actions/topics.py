"""Teach-back: the answer to a check question opens the explanation that fits it."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher


class ActionCheckAnswer(Action):
    """Opens the content key the chosen answer leads to. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_check_answer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says the text named by the entity `leads_to`."""
        key = next(tracker.get_latest_entity_values("leads_to"), "topic/unavailable")
        dispatcher.utter_message(response="utter_content", key=key)
        return []
