"""Beginning and end of the safety check."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import end_form, metadata, say
from bot.content.journeys import progress, unfinished
from bot.screening.flags import load_flags


def slots() -> list[str]:
    """The slots of the safety check's questions, in order."""
    return [f"check_{flag}" for flag in load_flags().safety_check]


def first_alarm_signs(tracker: Tracker, after: str | None, asked: dict[str, Any]) -> list[Any]:
    """The events that ask the alarm signs anew and then go on with the form `after`_form, whose slots are `asked`.

    Another form that is open waits to be resumed.
    """
    emptied = dict.fromkeys([*slots(), "care_flag", "clarifying", "interrupted"])
    loop = tracker.active_loop.get("name") if tracker.active_loop else tracker.get_slot("interrupted")
    waiting = loop if loop != "safety_check_form" else None
    values = emptied | asked | {"after_check": after, "interrupted": waiting}
    return [*(SlotSet(slot, value) for slot, value in values.items()), FollowupAction("safety_check_form")]


class ActionBeginSafetyCheck(Action):
    """Forgets earlier answers: every check asks anew. Domain: utter_safety_intro."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_begin_safety_check"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says safety_check/intro and empties the answers."""
        dispatcher.utter_message(response="utter_safety_intro", total=len(slots()))
        return first_alarm_signs(tracker, None, {})


class ActionSafetyResult(Action):
    """Sums the answers up; then what the check was for, or what worries most. Domain: utter_worry."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_safety_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says safety_check/clear (check_in/clear), /soon or /follow_card; the parameter `safety_check` makes the
        gateway keep the answers. Then the form that waits, journey/resumed or worry/ask."""
        answers = {slot.removeprefix("check_"): tracker.get_slot(slot) for slot in slots()}
        kept = {flag: answer for flag, answer in answers.items() if answer}
        graver = any(told == "yes" and load_flags().flags[flag].level != "soon" for flag, told in kept.items())
        after, done = tracker.get_slot("after_check"), end_form(tracker, "safety_check_form")
        clear = "check_in/clear" if after else "safety_check/clear"
        key = "safety_check/follow_card" if graver else "safety_check/soon" if "yes" in kept.values() else clear
        say(dispatcher, key, safety_check=kept)
        if after:
            return [SlotSet("after_check", None), *done, FollowupAction(f"{after}_form")]
        journey = metadata(tracker).get("journey")
        if journey and unfinished(journey):
            dispatcher.utter_message(response="utter_journey_resumed", **progress(journey))
        else:
            dispatcher.utter_message(response="utter_worry")
        return done
