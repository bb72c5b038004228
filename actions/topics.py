"""Education: a topic in the form that has not been said yet, teach-back, and more or less of what was said."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import begin_form, entities, intent, metadata
from bot.content.journeys import QUESTIONS, belief_topic, progress, reordered, unfinished

FORMS = ("", "/short", "/more")  # of a topic, in the order they are given when it is asked about again
WORRY = "worry/ask"


def form_of(topic: str, said: dict[str, int]) -> str:
    """The content key of the topic's first form that has not been said; the short one once all have."""
    return next(
        (f"topic/{topic}{form}" for form in FORMS if not said.get(f"topic/{topic}{form}")), f"topic/{topic}/short"
    )


def tell(dispatcher: CollectingDispatcher, topic: str, said: dict[str, int], *, check: bool) -> bool:
    """Says a topic; the first time with its check question, later in short with a word that it is known.

    Returns whether the check question was asked.
    """
    key = form_of(topic, said)
    if said.get(f"topic/{topic}"):
        dispatcher.utter_message(response="utter_bridge_again")
    dispatcher.utter_message(response="utter_content", key=key)
    asks = check and key == f"topic/{topic}"
    if asks:
        dispatcher.utter_message(response="utter_content", key=f"{key}/check")
    return asks


def acknowledge(
    dispatcher: CollectingDispatcher, feelings: list[str], situations: list[str], said: dict[str, int]
) -> None:
    """One sentence that shows the patient was heard: the worry first, then the pain, then what they mentioned.

    Every third plain question gets one too; before each it would be a habit.
    """
    if "worry" in feelings:
        dispatcher.utter_message(response="utter_ack_worry")
    elif "pain" in feelings:
        dispatcher.utter_message(response="utter_ack_pain")
    elif situations:
        dispatcher.utter_message(response="utter_ack_situation", situation=situations[0])
    elif sum(said.values()) % 3 == 2:
        dispatcher.utter_message(response="utter_ack_question")


def ask_three(tracker: Tracker, first: str) -> list[Any]:
    """The events that ask the three short questions, anew also for whoever answered them before another worry."""
    slots = {"journey_first": first, **dict.fromkeys(f"journey_{question}" for question in QUESTIONS)}
    return begin_form(tracker, "journey_form", slots)


def back_to_journey(dispatcher: CollectingDispatcher, journey: dict[str, Any] | None, seen: str) -> None:
    """Leads back to the path after a digression; reorders it when that showed a belief."""
    if not journey or not unfinished(journey):
        return
    if changed := reordered(journey, seen):
        subject = changed["topics"][changed["at"]]
        dispatcher.utter_message(response="utter_journey_reordered", subject=subject, journey=changed)
    else:
        dispatcher.utter_message(response="utter_journey_back", **progress(journey))


class ActionTellTopic(Action):
    """Answers a question about a topic. Domain: utter_content, utter_bridge_again, utter_ack_*."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_tell_topic"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says the topic the intent names. After "what worries you most?" the three short questions follow."""
        known, topic = metadata(tracker), intent(tracker)
        said, journey = known.get("said") or {}, known.get("journey")
        busy = bool(tracker.active_loop)
        worried = not busy and known.get("about") == WORRY
        acknowledge(dispatcher, entities(tracker, "feeling"), entities(tracker, "situation"), said)
        asked = tell(dispatcher, topic, said, check=not busy and not worried)
        if worried:
            return ask_three(tracker, topic)
        if not busy and not asked:  # else the answer to the check question leads back
            back_to_journey(dispatcher, journey, topic)
        return []


class ActionTellBoth(Action):
    """Answers a question about two topics in parts. Domain: utter_two_parts, utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_tell_both"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says both topics in short, with buttons for more of each."""
        first, second = entities(tracker, "topic")[:2]
        dispatcher.utter_message(response="utter_two_parts")
        dispatcher.utter_message(response="utter_content", key=f"topic/{first}/short", quiet=True)
        dispatcher.utter_message(response="utter_content", key=f"topic/{second}/short", options=[first, second])
        return []


class ActionWhichOfTwo(Action):
    """Asks which of two plausible topics is meant. Domain: utter_which_of_two."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_which_of_two"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Offers a button for each."""
        dispatcher.utter_message(response="utter_which_of_two", options=entities(tracker, "topic")[:2])
        return []


class ActionCheckAnswer(Action):
    """Teach-back: opens the explanation that fits the chosen answer. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_check_answer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says the text named by the entity `leads_to`, and leads back to the path."""
        key = next(iter(entities(tracker, "leads_to")), "topic/unavailable")
        dispatcher.utter_message(response="utter_content", key=key)
        journey = metadata(tracker).get("journey") or {"topics": [""], "at": 1}
        topic = key.split("/")[1]
        on_the_way = topic == journey["topics"][journey["at"] - 1]
        if key.startswith("topic/") and (belief_topic(key) or not on_the_way):
            back_to_journey(dispatcher, journey, key if belief_topic(key) else topic)
        return []


class ActionElaborate(Action):
    """ "Shorter", "tell me more", "why" and "source", about what was said last. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_elaborate"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says what fits, or that there is nothing more."""
        about = str(metadata(tracker).get("about") or "")
        dispatcher.utter_message(response="utter_content", **elaboration(intent(tracker), about))
        return []


def elaboration(wanted: str, about: str) -> dict[str, Any]:
    """The content key (and parameters) that gives what is `wanted` about the content key last said."""
    kind, _, rest = about.partition("/")
    topic = rest.split("/")[0]
    if wanted == "sources":
        return {"key": "control/sources_of", "sources_of": about} if about else {"key": "control/sources"}
    if kind == "screening":
        explained = rest.endswith("/explain")
        return {"key": "safety_check/why" if wanted == "why" or explained else f"screening/{topic}/explain"}
    if about.startswith("journey/ask"):
        return {"key": "journey/ask/why"}
    if "/ask/" in about:
        return {"key": "form/why"}
    if wanted == "why" and rest.endswith("/check"):
        return {"key": "control/why_check"}
    if kind != "topic":
        return {"key": "control/nothing_to_shorten" if wanted == "shorter" else "control/no_more"}
    if wanted == "shorter":
        return {"key": "control/nothing_to_shorten" if rest.endswith("/short") else f"topic/{topic}/short"}
    return {"key": "control/no_more" if rest.endswith("/more") else f"topic/{topic}/more"}
