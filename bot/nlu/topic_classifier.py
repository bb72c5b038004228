"""Which topic or control intent a message is about: the features of screening and one logistic regression.

Rasa's own LogisticRegressionClassifier on counts was right less often and never sure (docs/topics.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.special import softmax

from bot.screening.features import Features
from bot.screening.linear import LinearModel
from bot.screening.normalise import normalise

FILE = "topics.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(GraphComponent):
    """Sets `intent` and `intent_ranking`; the confidences of all intents add up to 1."""

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
        from sklearn.linear_model import LogisticRegression

        examples = [message for message in training_data.intent_examples if message.get("text")]
        answers = [message.get("intent") for message in examples]
        features, matrix = Features.fit([normalise(message.get("text")) for message in examples])
        # It need not converge: on the development messages a rough fit was as good, in a third of the time.
        regression = LogisticRegression(
            C=60.0, class_weight="balanced", solver="saga", max_iter=40, tol=1e-2, random_state=0
        ).fit(matrix, answers)
        self.model = LinearModel(features, regression.coef_, regression.intercept_, regression.classes_.tolist())
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
        """The intents by confidence (0-1), likeliest first."""
        if not self.model or not normalise(text).strip():
            return []
        chances = softmax(self.model.odds([text])[0])
        order = np.argsort(-chances)
        return [{"name": self.model.names[at], "confidence": float(chances[at])} for at in order]

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets what each message is about."""
        for message in messages:
            if ranking := self.ranking(message.get("text") or ""):
                message.set("intent", ranking[0], add_to_output=True)
                message.set("intent_ranking", ranking[:10], add_to_output=True)
        return messages
