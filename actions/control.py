"""Language and region, chosen at any time. The gateway applies what the reply's parameters say."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher


class ActionChangeLanguage(Action):
    """Switches to the language the patient named; asks which when that is not plain."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_change_language"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says control/language_changed with the parameter `language` ('da' or 'en'), or control/language_ask."""
        metadata = tracker.latest_message.get("metadata") or {}
        now = metadata.get("language", "da")
        named = list(tracker.get_latest_entity_values("language"))
        if "other" in named:
            named = ["en" if now == "da" else "da"]
        # Whoever writes "English, please" in English has been followed by the gateway already.
        followed = now if metadata.get("followed") else None
        wanted = next((language for language in named if language != now), followed)
        if wanted in ("da", "en"):
            dispatcher.utter_message(response="utter_language_changed", language=wanted)
        else:
            dispatcher.utter_message(response="utter_language_ask")
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
