"""Check-ins: alarm signs first, then how it goes, and words that fit. Rules: bot/self_management/course.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.safety_check import first_alarm_signs
from actions.turn import NO_NEED, answer, end_form, metadata, number, say
from bot.self_management import course, movements, plan
from bot.self_management.rules import rules

FORM = "check_in_form"
SEE_SOMEONE = {
    "usual": "check_in/see_someone",
    "leg": "check_in/see_someone_leg",
    "work": "check_in/see_someone_work",
}


class ActionBeginCheckIn(Action):
    """Greets and asks the alarm signs; the numbers follow. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_begin_check_in"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says check_in/begin, or check_in/begin_gap after a long silence."""
        known = metadata(tracker)
        long_ago = (known.get("course") or {}).get("days_since", 0) >= rules()["check_in"]["gap_days"]
        say(dispatcher, "check_in/begin_gap" if long_ago else "check_in/begin")
        asked = {f"check_in_{scale}": None for scale in course.SCALES}
        has_step = bool((known.get("plan") or {}).get("step"))
        return first_alarm_signs(tracker, "check_in", asked | {"check_in_step": None if has_step else NO_NEED})


class ActionAskCheckInStep(Action):
    """Asks about the step in the patient's own words. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_ask_check_in_step"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says check_in/ask/step with `step`."""
        say(
            dispatcher, "check_in/ask/step", step=plan.as_words((metadata(tracker).get("plan") or {}).get("step", ""))
        )
        return []


class ActionCheckInResult(Action):
    """Words that fit the direction, the step, and the time it has taken. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_check_in_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says check_in/<direction> first; its parameter `check_in` makes the gateway keep the answers."""
        told: dict[str, Any] = {scale: number(tracker, f"check_in_{scale}") for scale in course.SCALES}
        told["step"] = answer(tracker, "check_in_step")
        known = metadata(tracker)
        passed, journey = known.get("course") or {}, known.get("journey") or {}
        way = course.direction(told, passed)
        due = course.see_someone(told, passed, journey.get("answers") or {})
        kept = told | ({"told": passed.get("weeks")} if due else {})
        numbers = _numbers(told, passed)
        said = way if "–" not in _named(way, numbers) else "unknown"
        say(dispatcher, f"check_in/{said}", check_in=kept, **numbers)
        if reached := course.milestone(passed, told["step"]):
            say(dispatcher, f"check_in/milestone_{reached}", count=passed.get("count", 0) + 1)
        if changed := movements.adapted(known.get("movements"), way, told["step"]):
            say(dispatcher, f"check_in/movement_{changed[1]}", movements=changed[0])
        if back := _look_back(known):
            say(dispatcher, f"check_in/{back}", quiet=True, **_since_first(told, passed))
        _last_words(dispatcher, way, due, told, known)
        return end_form(tracker, FORM)


def _numbers(told: Mapping[str, Any], passed: Mapping[str, Any]) -> dict[str, Any]:
    before = passed.get("last") or {}
    now = {scale: "–" if told[scale] is None else told[scale] for scale in course.SCALES}
    return now | {
        f"{scale}_before": "–" if before.get(scale) is None else before[scale] for scale in ("pain", "hindrance")
    }


def _named(way: str, numbers: Mapping[str, Any]) -> list[Any]:
    """The numbers that the text of a direction names."""
    compared = ["pain_before", "hindrance_before"] if way in ("better", "worse") else []
    return [numbers[name] for name in ("pain", "hindrance", *compared)]


def _since_first(told: Mapping[str, Any], passed: Mapping[str, Any]) -> dict[str, Any]:
    first = passed.get("first") or told
    found: dict[str, Any] = {"count": passed.get("count", 0) + 1}
    for scale in ("pain", "hindrance"):
        found |= {f"{scale}_first": first.get(scale), f"{scale}_now": told.get(scale)}
    return {name: "–" if value is None else value for name, value in found.items()}


def _look_back(known: Mapping[str, Any]) -> str | None:
    """The look back that the latest reminder asked for, if this check-in answers it."""
    asked = (known.get("reminders") or {}).get("asked")
    return asked if asked in rules()["reminders"]["look_backs"] else None


def _last_words(
    dispatcher: CollectingDispatcher, way: str, due: str | None, told: Mapping[str, Any], known: Mapping[str, Any]
) -> None:
    """The step; then, where it is due, whom to see, or help for today."""
    weeks = (known.get("course") or {}).get("weeks", 0)
    more = due or way == "worse"
    if told["step"]:
        say(dispatcher, f"check_in/step_{told['step']}", quiet=bool(more))
    if due:
        say(dispatcher, SEE_SOMEONE[due], weeks=weeks, quiet=way == "worse")
    if way == "worse":
        say(dispatcher, "check_in/help_worse")
    elif not due and not told["step"]:
        say(dispatcher, "check_in/no_plan" if not known.get("plan") else "plan/shown", plan_parts=known.get("plan"))


class ActionShowProgress(Action):
    """How it has gone, in words and with a chart. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_show_progress"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says progress/<trend>; the parameter `chart` makes the gateway add the picture."""
        passed = metadata(tracker).get("course") or {}
        first, last = passed.get("first") or {}, passed.get("last") or {}
        if not passed.get("count"):
            say(dispatcher, "progress/none")
            return []
        key = "one" if passed["count"] == 1 else course.trend(last, first)
        numbers = {f"{scale}_now": last.get(scale) for scale in course.SCALES}
        numbers |= {f"{scale}_first": first.get(scale) for scale in course.SCALES}
        shown = {name: "–" if value is None else value for name, value in numbers.items()}
        weeks = passed.get("weeks_between", passed["weeks"])
        say(dispatcher, f"progress/{key}", chart=True, weeks=weeks, count=passed["count"], **shown)
        return []
