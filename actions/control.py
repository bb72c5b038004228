"""Language and region, chosen at any time. The gateway applies what the reply's parameters say."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher


class ActionChangeLanguage(Action):
    """Switches to the language named, or to the other one. Domain: utter_language_changed."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_change_language"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says control/language_changed with the parameter `language` ('da' or 'en')."""
        now = (tracker.latest_message.get("metadata") or {}).get("language", "da")
        wanted = next(tracker.get_latest_entity_values("language"), "en" if now == "da" else "da")
        dispatcher.utter_message(response="utter_language_changed", language=wanted)
        return []


class ActionSetRegion(Action):
    """Remembers the region whose numbers to show. Domain: utter_region_set."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_set_region"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says region/set with the parameter `region`."""
        region = next(tracker.get_latest_entity_values("region"), None)
        dispatcher.utter_message(response="utter_region_set", region=region)
        return []
