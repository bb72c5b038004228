"""The page for the clinician: what to ask, the page, and a link that can be withdrawn. The gateway makes both."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import answer, begin_form, end_form, entities, metadata, say

FORM = "summary_form"


class ActionBeginSummary(Action):
    """Asks what the patient wants to ask. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_begin_summary"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Starts the one question; says summary/empty when there is nothing to sum up."""
        known = metadata(tracker)
        if not (known.get("plan") or (known.get("course") or {}).get("count") or known.get("checked")):
            say(dispatcher, "summary/empty")
            return []
        return begin_form(tracker, FORM, {"summary_questions": None})


class ActionSummaryReady(Action):
    """The page is there. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_summary_ready"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says summary/ready; the parameter `questions` makes the gateway keep them. Skipped, the old ones stay."""
        questions = answer(tracker, "summary_questions")
        say(dispatcher, "summary/ready", **({"questions": questions} if questions else {}))
        return [SlotSet("summary_questions", None), *end_form(tracker, FORM)]


class ActionShareSummary(Action):
    """Makes a link. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_share_summary"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says summary/shared, or summary/shared_staff for a link that only clinicians who sign in can open (the
        entity `readers`); the gateway fills in the link."""
        if "staff" in entities(tracker, "readers"):
            say(dispatcher, "summary/shared_staff", share="staff")
        else:
            say(dispatcher, "summary/shared", share="make")
        return []


class ActionWithdrawShare(Action):
    """Withdraws every link. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_withdraw_share"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says summary/withdrawn, or summary/no_link when there is none."""
        linked = metadata(tracker).get("shared")
        say(dispatcher, "summary/withdrawn" if linked else "summary/no_link", share="withdraw")
        return []
