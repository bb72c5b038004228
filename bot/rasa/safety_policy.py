"""The dialogue's safety: an alarm sign comes before every form, and a digression leads back to it.

Rasa lets a form's own prediction beat every other policy unless that policy also predicts as "no user"
(rasa-facts: priority alone never beats a form), hence `is_no_user_prediction=True` throughout.
"""

from __future__ import annotations

from typing import Any

from rasa.core.featurizers.tracker_featurizers import TrackerFeaturizer
from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

LISTEN = "action_listen"


def next_step(tracker: DialogueStateTracker) -> tuple[str | None, list[Event]]:
    """What safety asks for now: an action's name and slots to set, or (None, []) to leave it to the rules."""
    message = tracker.latest_message
    intent = message.intent.get("name") if message else None
    loop = tracker.active_loop_name
    last = tracker.latest_action_name
    if intent == "alarm":
        return _alarm(tracker, loop, last)
    if intent in ("clarify", "unsure") and (intent == "clarify" or loop):
        if last != LISTEN:
            return LISTEN, []
        return "utter_clarify", [SlotSet("clarifying", _asked_flag(tracker))]
    if intent == "misunderstood" and tracker.get_slot("care_flag"):
        if last != LISTEN:
            return LISTEN, []
        return "utter_clarify", [SlotSet("clarifying", tracker.get_slot("care_flag"))]
    if intent == "clarified_no":
        return _clarified(tracker, loop, last)
    if loop and last not in (LISTEN, loop, None) and intent is not None:
        return loop, []  # a digression was answered: ask the open question again
    return None, []


def _alarm(tracker: DialogueStateTracker, loop: str | None, last: str | None) -> tuple[str, list[Event]]:
    screening = screening_of(tracker)
    flags = screening.get("flags") or []
    if last == LISTEN:
        events: list[Event] = [SlotSet("care_flag", flags[0] if flags else None), SlotSet("clarifying", None)]
        asked = requested_flag(tracker)
        if asked in flags:
            events.append(SlotSet(f"check_{asked}", "yes"))
        if loop and screening.get("level") != "soon":
            events.append(SlotSet("interrupted", loop))
        return "utter_care", events
    if screening.get("level") == "soon" and loop:
        return (loop, []) if last != loop else (LISTEN, [])
    if last == "utter_care":
        return "action_escalate", []
    if last == "action_escalate" and loop:
        return "action_deactivate_loop", []
    return LISTEN, []


def _clarified(tracker: DialogueStateTracker, loop: str | None, last: str | None) -> tuple[str, list[Event]]:
    if last == LISTEN:
        withdrawn = tracker.get_slot("care_flag") and tracker.get_slot("care_flag") == tracker.get_slot("clarifying")
        events: list[Event] = [SlotSet("clarifying", None)]
        if withdrawn:
            events.append(SlotSet("care_flag", None))
        return ("utter_withdrawn" if withdrawn else "utter_clarified_no"), events
    loop = loop or tracker.get_slot("interrupted")
    if loop and last in ("utter_withdrawn", "utter_clarified_no"):
        return loop, []
    return LISTEN, []


def screening_of(tracker: DialogueStateTracker) -> dict[str, Any]:
    """The screening of the latest message, or of the yes it gave to a safety question."""
    message = tracker.latest_message
    return dict((message.parse_data or {}).get("screening") or {}) if message else {}


def requested_flag(tracker: DialogueStateTracker) -> str:
    """The flag the open form asks about, or ''."""
    return str(tracker.get_slot("requested_slot") or "").removeprefix("check_")


def _asked_flag(tracker: DialogueStateTracker) -> str:
    flags = screening_of(tracker).get("flags") or []
    return flags[0] if flags else requested_flag(tracker)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class SafetyPolicy(Policy):
    """Predicts what `next_step` says, with full confidence, before any form or rule."""

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        featurizer: TrackerFeaturizer | None = None,
    ) -> None:
        super().__init__(config, model_storage, resource, execution_context, featurizer=featurizer)
        self._resource = resource

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Above every policy Rasa ships."""
        return {"priority": 100}

    def train(
        self,
        training_trackers: list[TrackerWithCachedStates],
        domain: Domain,
        **kwargs: Any,
    ) -> Resource:
        """Nothing to learn: the policy is rules."""
        return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        precomputations: Any = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """All or nothing for one action."""
        name, events = next_step(tracker)
        probabilities = self._default_predictions(domain)
        if name is None:
            return self._prediction(probabilities)
        probabilities[domain.index_for_action(name)] = 1.0
        return self._prediction(probabilities, is_no_user_prediction=True, optional_events=events)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SafetyPolicy:
        """A policy ready to predict."""
        return cls(config, model_storage, resource, execution_context)
