"""The tailored path: begun by a worry, made from three answers, gone step by step."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.topics import ask_three, tell
from actions.turn import end_form, entities, intent, metadata
from bot.content.journeys import QUESTIONS, path, progress, rules, unfinished


class ActionBeginJourney(Action):
    """Answers the worry at once; the three short questions follow. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_begin_journey"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says the topic of the chosen worry, the entity `worry`."""
        topic = rules()["worries"].get(next(iter(entities(tracker, "worry")), ""), rules()["core"][0])
        tell(dispatcher, topic, metadata(tracker).get("said") or {}, check=False)
        return ask_three(tracker, topic)


class ActionMakeJourney(Action):
    """Makes the path of the answers. Domain: utter_journey_begin."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_make_journey"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says journey/begin with the parameters `journey`, `path` (topics) and `total`."""
        first = tracker.get_slot("journey_first")
        answers = {question: tracker.get_slot(f"journey_{question}") for question in QUESTIONS}
        topics = path(first, answers, metadata(tracker).get("stress") or ())
        journey = {"topics": topics, "at": 1 if first else 0, "answers": answers}
        dispatcher.utter_message(response="utter_journey_begin", journey=journey, path=topics, total=len(topics))
        return end_form(tracker, "journey_form")


class ActionNextTopic(Action):
    """The next step of the path; without a path the list of topics. Domain: utter_journey_*, utter_topics."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_next_topic"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says journey/step, the topic and its check question; journey/finished after the last."""
        known = metadata(tracker)
        journey = known.get("journey")
        if journey and intent(tracker) == "skip":
            dispatcher.utter_message(response="utter_journey_skipped")
        if not journey:
            dispatcher.utter_message(response="utter_topics")
        elif not unfinished(journey):
            dispatcher.utter_message(response="utter_journey_finished", total=len(journey["topics"]))
        else:
            step(dispatcher, journey, known.get("said") or {})
        return []


def step(dispatcher: CollectingDispatcher, journey: dict[str, Any], said: dict[str, int]) -> None:
    """Says the next topic of a path that has one."""
    topic = journey["topics"][journey["at"]]
    gone = journey | {"at": journey["at"] + 1}
    dispatcher.utter_message(response="utter_journey_step", **progress(gone), subject=topic, journey=gone)
    tell(dispatcher, topic, said, check=True)


class ActionWelcomeBack(Action):
    """The way back into the path, for whoever greets or asks to go on. Domain: utter_journey_resumed, utter_greet."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_welcome_back"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says journey/resumed when a path waits and no form is open; else a greeting, or that nothing waits."""
        journey = metadata(tracker).get("journey")
        if journey and unfinished(journey) and not tracker.active_loop:
            dispatcher.utter_message(response="utter_journey_resumed", **progress(journey))
        else:
            greeted = intent(tracker) == "greet"
            dispatcher.utter_message(response="utter_greet" if greeted else "utter_nothing_to_resume")
        return []
