"""Turns the screening of a message into the intent the dialogue acts on. Last in the pipeline: it decides."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message

from bot.screening.model import ensure_trained
from bot.screening.screener import Screener

INTENT_OF_OUTCOME = {"alarm": "alarm", "ask": "clarify"}
INTENT_OF_ANSWER = {"yes": "affirm", "no": "deny", "unsure": "unsure", "clarified_no": "clarified_no"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class ScreeningClassifier(GraphComponent):
    """Uses the gateway's screening from the metadata; in `rasa shell`, where there is none, screens itself."""

    def __init__(self, screener: Screener) -> None:
        self.screener = screener

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        """Loads the screening rules and model."""
        return cls(Screener.load(ensure_trained()))

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the intent of every message that raises an alarm sign or answers the question just asked."""
        for message in messages:
            metadata = message.get("metadata") or {}
            screening = metadata.get("screening") or self.screener.screen(message.get("text") or "").to_dict()
            message.set("screening", screening, add_to_output=True)
            message.set("understood", understood(message), add_to_output=True)
            intent = INTENT_OF_OUTCOME.get(screening["outcome"]) or INTENT_OF_ANSWER.get(metadata.get("answer") or "")
            if intent:
                found = {"name": intent, "confidence": 1.0}
                message.set("intent", found, add_to_output=True)
                message.set("intent_ranking", [found], add_to_output=True)
        return messages


def understood(message: Message) -> dict[str, Any] | None:
    """The one intent that NLU took the message for, whatever the dialogue makes of it."""
    intent: dict[str, Any] | None = message.get("intent")
    return message.get("likeliest") if intent and intent["name"] in ("two_questions", "which_of_two") else intent
