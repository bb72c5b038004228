"""What follows an alarm sign, once its care card is out."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher


class ActionEscalate(Action):
    """Gives the way back: resume, "you misunderstood", menu. Domain: utter_care_after."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_escalate"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says care/after."""
        dispatcher.utter_message(response="utter_care_after")
        return []
