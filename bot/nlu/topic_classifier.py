"""Which topic or control intent a message is about: the features of screening and a linear support vector machine.

It was right more often than Rasa's classifiers on messages by people it had not learned from (docs/topics.md).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.special import softmax

from bot.content.store import CONTENT
from bot.nlu.questions import two_plausible, two_questions
from bot.screening.features import Features
from bot.screening.linear import LinearModel
from bot.screening.normalise import normalise

FILE = "topics.npz"
SHARPNESS = 8.0  # turns margins into log-odds, so that confidences are about as often right as they say
NOTHING = -0.55  # the margin of "none of these": nonsense lies below it, hardly any question does


@lru_cache
def topics() -> frozenset[str]:
    """The education topics: the intents that have a text."""
    return frozenset(path.stem for path in (CONTENT / "da" / "topic").glob("*.md")) - {"unavailable"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(GraphComponent):
    """Sets `intent` and `intent_ranking`, or `nlu_fallback` for no words at all."""

    def __init__(self, storage: ModelStorage, resource: Resource) -> None:
        self.storage, self.resource = storage, resource
        self.model: LinearModel | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TopicClassifier:
        """An untrained classifier."""
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from every example with an intent, and stores the result."""
        from sklearn.svm import LinearSVC

        examples = [message for message in training_data.intent_examples if message.get("text")]
        answers = [message.get("intent") for message in examples]
        features, matrix = Features.fit([normalise(message.get("text")) for message in examples])
        # Unweighted: what lies outside the scope has the most examples, because it has the most to be told from.
        machine = LinearSVC(C=0.5, random_state=0).fit(matrix, answers)
        weights, bias = SHARPNESS * machine.coef_.T, SHARPNESS * machine.intercept_
        self.model = LinearModel(features, weights, bias, machine.classes_.tolist())
        with self.storage.write_to(self.resource) as folder:
            self.model.save(folder / FILE)
        return self.resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> TopicClassifier:
        """The classifier as it was stored."""
        made = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder:
            made.model = LinearModel.load(folder / FILE)
        return made

    def ranking(self, text: str) -> list[dict[str, Any]]:
        """The intents by confidence (0-1), likeliest first; what is missing to 1 is that it is none of them."""
        if not self.model or not normalise(text).strip():
            return []
        odds = self.model.odds([text])[0]
        chances = softmax(np.append(odds, SHARPNESS * NOTHING))[: len(odds)]
        order = np.argsort(-chances)
        return [{"name": self.model.names[at], "confidence": float(chances[at])} for at in order]

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets what each message is about; `likeliest` is the intent that one guess would be."""
        for message in messages:
            text = message.get("text") or ""
            if ranking := self.ranking(text):
                message.set("intent", ranking[0], add_to_output=True)
                message.set("intent_ranking", ranking[:10], add_to_output=True)
                message.set("likeliest", ranking[0])
                self._two(message, text, ranking)
            else:
                message.set("intent", {"name": "nlu_fallback", "confidence": 0.0}, add_to_output=True)
        return messages

    def _two(self, message: Message, text: str, ranking: list[dict[str, Any]]) -> None:
        """A question about two topics, or one that may be about either of two, gets an intent of its own."""
        for intent, found in (
            ("two_questions", two_questions(text, self.ranking, topics())),
            ("which_of_two", two_plausible(ranking, topics())),
        ):
            if found:
                message.set("intent", {"name": intent, "confidence": 1.0}, add_to_output=True)
                named = [{"entity": "topic", "value": topic} for topic in found]
                message.set("entities", [*(message.get("entities") or []), *named], add_to_output=True)
                return
