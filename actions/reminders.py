"""When to get in touch: chosen, changed, paused and stopped. The gateway keeps the appointment."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import NO_NEED, answer, begin_form, end_form, entities, intent, metadata, say
from bot.self_management.schedule import possible_hour

FORM = "reminders_form"
DEFAULT = {"rhythm": "weekly", "hour": "17"}  # for whoever skips the question


class ActionAskReminders(Action):
    """Asks for rhythm and hour; who has an agreement sees it. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_ask_reminders"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says reminders/status, or starts the two questions."""
        agreed = metadata(tracker).get("reminders") or {}
        if intent(tracker) == "reminder" and agreed.get("on"):
            say(dispatcher, "reminders/status", reminders="status")
            return []
        return begin_form(tracker, FORM, {"reminders_rhythm": None, "reminders_hour": None})


class ValidateRemindersForm(FormValidationAction):
    """Keeps the night free, and asks no hour of whoever wants no reminders."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "validate_reminders_form"

    def validate_reminders_rhythm(self, value: Any, *_: Any) -> dict[str, Any]:
        """No rhythm, no hour."""
        return {"reminders_rhythm": value} | ({"reminders_hour": NO_NEED} if value == "none" else {})

    def validate_reminders_hour(self, value: Any, dispatcher: CollectingDispatcher, *_: Any) -> dict[str, Any]:
        """An hour at night is refused kindly and asked for again."""
        if str(value).isdigit() and not possible_hour(int(value)):
            say(dispatcher, "reminders/quiet")
            return {"reminders_hour": None}
        return {"reminders_hour": value}


class ActionSetReminders(Action):
    """Agrees. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_set_reminders"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says reminders/set with what was chosen, or reminders/stopped."""
        rhythm = answer(tracker, "reminders_rhythm") or DEFAULT["rhythm"]
        hour = int(answer(tracker, "reminders_hour") or DEFAULT["hour"])
        if rhythm == "none":
            say(dispatcher, "reminders/stopped", reminders="stop")
        else:
            say(dispatcher, "reminders/set", reminders="set", chosen={"rhythm": rhythm, "hour": hour})
        return end_form(tracker, FORM)


class ActionPauseReminders(Action):
    """A pause of some weeks; without a number it asks. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_pause_reminders"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says reminders/paused, reminders/pause_ask or reminders/none."""
        weeks = next((int(weeks) for weeks in entities(tracker, "weeks") if weeks.isdigit()), None)
        if not (metadata(tracker).get("reminders") or {}).get("on"):
            say(dispatcher, "reminders/none")
        elif weeks is None:
            say(dispatcher, "reminders/pause_ask")
        else:
            say(dispatcher, "reminders/paused", reminders="pause", weeks=weeks)
        return []


class ActionResumeReminders(Action):
    """Begins again. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_resume_reminders"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says reminders/resumed or reminders/none."""
        if (metadata(tracker).get("reminders") or {}).get("on"):
            say(dispatcher, "reminders/resumed", reminders="resume")
        else:
            say(dispatcher, "reminders/none")
        return []


class ActionStopReminders(Action):
    """No more. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_stop_reminders"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says reminders/stopped, whether or not anything was agreed."""
        say(dispatcher, "reminders/stopped", reminders="stop")
        return []
