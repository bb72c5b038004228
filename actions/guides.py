"""Four short guided conversations: a few questions, then advice that fits the answers."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.safety_check import first_alarm_signs
from actions.turn import answer, begin_form, end_form, intent, metadata, number, say

# The intent that asks for a guide, and the guide: its form is <guide>_form, its texts are below <guide>/.
GUIDES = {
    "flare_up_today": "flare_up",
    "work_help": "work_help",
    "sleep_help": "sleep_help",
    "thoughts_help": "thoughts",
}
QUESTIONS = {
    "flare_up": ("since", "hard"),
    "work_help": ("situation", "talked", "hardest"),
    "sleep_help": ("trouble", "habit", "try"),
    "thoughts": ("thought", "strength", "does"),
}
THOUGHTS = ("damage", "never", "alone", "fault")
STRONG = 8  # of 10: from here a person should share it (judgement)


class ActionBeginGuide(Action):
    """Starts a guide; help for a bad day asks the alarm signs first, unless that was done today. utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_begin_guide"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says <guide>/begin."""
        guide = GUIDES.get(intent(tracker), "flare_up")
        say(dispatcher, f"{guide}/begin")
        asked = {f"{guide}_{question}": None for question in QUESTIONS[guide]}
        if guide == "flare_up" and not metadata(tracker).get("checked_today"):
            return first_alarm_signs(tracker, guide, asked)
        return begin_form(tracker, f"{guide}_form", asked)


def says(dispatcher: CollectingDispatcher, guide: str, tracker: Tracker, *questions: str) -> None:
    """Says <guide>/<question>_<answer> for every question that has an answer."""
    for question in questions:
        if told := answer(tracker, f"{guide}_{question}"):
            say(dispatcher, f"{guide}/{question}_{told}")


class ActionFlareUpResult(Action):
    """Today's plan in five bubbles, with what the patient planned beforehand. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_flare_up_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says what to expect, what to do, what eases, what to keep, and whom to call."""
        since, hard = answer(tracker, "flare_up_since"), answer(tracker, "flare_up_hard")
        parts = metadata(tracker).get("plan") or {}
        say(dispatcher, f"flare_up/expected_{since or 'days'}")
        say(dispatcher, f"flare_up/hard_{hard or 'all'}")
        for key, part in (("ease", "helps"), ("step", "step"), ("call", "tell")):
            own = parts.get(part) not in (None, "nobody")
            say(dispatcher, f"flare_up/{key}_own" if own else f"flare_up/{key}", plan_parts=parts if own else None)
        return end_form(tracker, "flare_up_form")


class ActionWorkHelpResult(Action):
    """The talk, what to adjust, and what rules there are. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_work_help_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says what fits the answers, and where to check the rules."""
        says(dispatcher, "work_help", tracker, "talked", "hardest", "situation")
        say(dispatcher, "work_help/rules")
        return end_form(tracker, "work_help_form")


class ActionSleepHelpResult(Action):
    """What troubles, which habit, and one thing to try. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_sleep_help_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says what fits the answers, and who helps."""
        says(dispatcher, "sleep_help", tracker, "trouble", "habit", "try")
        say(dispatcher, "sleep_help/end")
        return end_form(tracker, "sleep_help_form")


class ActionThoughtsResult(Action):
    """Another way to look at a thought, and one small thing to try. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_thoughts_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says what fits the answers; a strong thought is one to share."""
        if thought := answer(tracker, "thoughts_thought"):
            say(dispatcher, f"thoughts/thought_{thought}" if thought in THOUGHTS else "thoughts/thought_own")
        says(dispatcher, "thoughts", tracker, "does")
        if (number(tracker, "thoughts_strength") or 0) >= STRONG:
            say(dispatcher, "thoughts/strong")
        say(dispatcher, "thoughts/end")
        return end_form(tracker, "thoughts_form")
