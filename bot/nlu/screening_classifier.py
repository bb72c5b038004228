"""Turns the screening of a message into the intent the dialogue acts on. Last in the pipeline: it decides."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message

from bot.screening.model import ensure_trained
from bot.screening.screener import Screener

# What somebody may want instead of answering a question that takes any words.
INSTEAD = frozenset({
    "menu", "go_back", "skip", "unsure", "repeat", "resume", "human", "who_to_call", "who_to_contact", "delete_data",
    "export_data", "my_data", "privacy", "change_language", "safety_check", "bot_challenge", "misunderstood",
    "start_over", "why", "sources", "reminder_stop",
})  # fmt: skip
SURE = 0.98  # below this it is an answer
SHORT = 3  # words; so short a text at a scale is a try to answer
LOST = ("nlu_fallback", "out_of_scope", "affirm", "deny", "which_of_two", "two_questions", "greet")
INTENT_OF_OUTCOME = {"alarm": "alarm", "ask": "clarify"}
INTENT_OF_ANSWER = {"yes": "affirm", "no": "deny", "unsure": "unsure", "clarified_no": "clarified_no"}


@lru_cache
def _screener() -> Screener:
    """Loaded when somebody talks to Rasa without the gateway: its memory would be wasted on a worker."""
    return Screener.load(ensure_trained())


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class ScreeningClassifier(GraphComponent):
    """Uses the gateway's screening from the metadata; in `rasa shell`, where there is none, screens itself."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        """The classifier; it has nothing to learn."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the intent of every message that raises an alarm sign or answers the question just asked."""
        for message in messages:
            metadata = message.get("metadata") or {}
            screening = metadata.get("screening") or _screener().screen(message.get("text") or "").to_dict()
            message.set("screening", screening, add_to_output=True)
            message.set("understood", understood(message), add_to_output=True)
            intent = INTENT_OF_OUTCOME.get(screening["outcome"]) or INTENT_OF_ANSWER.get(metadata.get("answer") or "")
            if not intent:
                intent = answers(message, metadata.get("expects") or [])
            if intent:
                found = {"name": intent, "confidence": 1.0}
                message.set("intent", found, add_to_output=True)
                message.set("intent_ranking", [found], add_to_output=True)
            if intent == "answer":
                words = [{"entity": "answer", "value": message.get("text")}]
                message.set("entities", words, add_to_output=True)
        return messages


def answers(message: Message, expects: list[str]) -> str | None:
    """'answer' when the message is one to a question that takes any words; 'not_a_number' or 'not_an_hour' when that
    is missing. A question back, unless questions are asked for, or something plainly wanted instead is neither.
    """
    text = str(message.get("text") or "")
    intent = message.get("intent") or {}
    instead = intent.get("name") in INSTEAD and intent.get("confidence", 0) >= SURE
    if "questions" in expects or ("words" in expects and "?" not in text):
        return None if instead else "answer"
    short = len(text.split()) <= SHORT and "?" not in text and not instead
    if short or intent.get("name") in LOST:
        return "not_a_number" if "scale" in expects else "not_an_hour" if "hour" in expects else None
    return None


def understood(message: Message) -> dict[str, Any] | None:
    """The one intent that NLU took the message for, whatever the dialogue makes of it."""
    intent: dict[str, Any] | None = message.get("intent")
    return message.get("likeliest") if intent and intent["name"] in ("two_questions", "which_of_two") else intent
