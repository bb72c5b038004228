"""Beginning and end of the safety check."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import metadata
from bot.content.journeys import progress, unfinished
from bot.screening.flags import load_flags


def slots() -> list[str]:
    """The slots of the safety check's questions, in order."""
    return [f"check_{flag}" for flag in load_flags().safety_check]


class ActionBeginSafetyCheck(Action):
    """Forgets earlier answers: every check asks anew. Domain: utter_safety_intro."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_begin_safety_check"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says safety_check/intro and empties the answers."""
        dispatcher.utter_message(response="utter_safety_intro", total=len(slots()))
        return [SlotSet(slot, None) for slot in [*slots(), "interrupted", "care_flag", "clarifying"]]


class ActionSafetyResult(Action):
    """Sums the answers up and asks what worries most."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_safety_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says safety_check/clear or safety_check/soon; then worry/ask, or journey/resumed when a path waits."""
        told = any(tracker.get_slot(slot) == "yes" for slot in slots())
        dispatcher.utter_message(response="utter_content", key="safety_check/soon" if told else "safety_check/clear")
        journey = metadata(tracker).get("journey")
        if journey and unfinished(journey):
            dispatcher.utter_message(response="utter_journey_resumed", **progress(journey))
        else:
            dispatcher.utter_message(response="utter_worry")
        return [SlotSet("interrupted", None)]
