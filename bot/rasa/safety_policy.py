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
FORM = "safety_check_form"
Step = tuple[str | None, list[Event]]
NOTHING: Step = (None, [])
# What is said when a form is left by "back" from its first question, and what leads back to it.
LEAVES = {FORM: "utter_stopped", "journey_form": "utter_worry"}
LEFT = "utter_form_left"
PAUSES = {FORM: "utter_menu_paused"}
PAUSED = "utter_form_paused"
BRIDGES = {FORM: "utter_back_to_check"}
BACK = "utter_back_to_question"
MENDS = {"not_a_number": "utter_not_a_number", "not_an_hour": "utter_not_an_hour"}
# Asks for a yes of its own: the form makes room for it.
CONFIRMS = {"delete_data": "utter_delete_data", "start_over": "utter_start_over"}
LEAD_BACK = {*BRIDGES.values(), BACK, "utter_went_back", "utter_resumed", *MENDS.values(), None}
NO_NEED = "no_need"  # a question that was not asked this time
# What begins a form of its own: it waits until the alarm signs are through.
BEGINS = frozenset({
    "make_plan", "plan_change", "change_part", "check_in", "reminder", "reminder_time", "flare_up_today", "work_help",
    "sleep_help", "thoughts_help", "summary", "begin_journey", "movements",
})  # fmt: skip


def next_step(tracker: DialogueStateTracker, domain: Domain) -> Step:
    """What safety asks for now: an action's name and slots to set, or (None, []) to leave it to the rules."""
    message = tracker.latest_message
    intent = message.intent.get("name") if message else None
    loop = tracker.active_loop_name
    last = tracker.latest_action_name
    if intent == "alarm":
        return _alarm(tracker, loop, last)
    if intent == "clarified_no":
        return _clarified(tracker, loop, last)
    if intent == "clarify" or (intent in ("unsure", "skip") and loop == FORM):
        return _ask_about(_asked_flag(tracker), last)
    if intent == "misunderstood" and tracker.get_slot("care_flag"):
        return _ask_about(tracker.get_slot("care_flag"), last)
    if loop and intent is not None:
        return _inside_form(tracker, domain, intent, loop, last)
    if last == "action_deactivate_loop":
        return LISTEN, []
    if intent == "delete_no" and tracker.get_slot("interrupted") and last in ("utter_delete_no", BACK):
        return (BACK, []) if last != BACK else (tracker.get_slot("interrupted"), [])
    return NOTHING


def _ask_about(flag: str, last: str | None) -> Step:
    """One question about a flag, then wait."""
    return (LISTEN, []) if last != LISTEN else ("utter_clarify", [SlotSet("clarifying", flag)])


def _inside_form(tracker: DialogueStateTracker, domain: Domain, intent: str, loop: str, last: str | None) -> Step:
    """Back, menu and resume keep their meaning inside a form; a digression is answered and leads back to it."""
    leaves, pauses, bridge = LEAVES.get(loop, LEFT), PAUSES.get(loop, PAUSED), BRIDGES.get(loop, BACK)
    if last == LISTEN:
        pause = paused(tracker, loop)
        if intent == "go_back":
            alone = tracker.get_slot("plan_changing")  # the one part of a plan that is asked again
            answered = None if alone else _answered_before(tracker, domain.required_slots_for_form(loop))
            return ("utter_went_back", [SlotSet(answered, None)]) if answered else (leaves, pause)
        if intent == "leave":
            return leaves, pause
        if intent == "menu":
            return pauses, pause
        if intent == "resume":
            return "utter_resumed", []
        if intent in MENDS:
            return MENDS[intent], []
        if intent in CONFIRMS:
            return CONFIRMS[intent], pause
        if intent in ("next_topic", "resume_path") or (loop == FORM and intent in BEGINS):
            return bridge, []  # the form comes first; its own question is what is next
        return NOTHING
    if last in (leaves, pauses, *CONFIRMS.values()):
        return "action_deactivate_loop", []
    if last == "utter_delete_yes":
        return LISTEN, []  # nothing is left to go on with
    if last == loop:
        return NOTHING
    return (loop, []) if last in LEAD_BACK else (bridge, [])


def paused(tracker: DialogueStateTracker, loop: str) -> list[Event]:
    """The form waits to be resumed; another that waits already comes after it."""
    waiting = tracker.get_slot("interrupted")
    before = [SlotSet("interrupted_before", waiting)] if waiting and waiting != loop else []
    return [SlotSet("interrupted", loop), *before]


def _answered_before(tracker: DialogueStateTracker, order: list[str]) -> str | None:
    """The slot of the question before the open one, if it was answered."""
    asked = tracker.get_slot("requested_slot")
    place = order.index(asked) if asked in order else 0
    answered = (slot for slot in reversed(order[:place]) if tracker.get_slot(slot) not in (None, NO_NEED))
    return next(answered, None)


def _alarm(tracker: DialogueStateTracker, loop: str | None, last: str | None) -> Step:
    screening = screening_of(tracker)
    flags = screening.get("flags") or []
    if last == LISTEN:
        events: list[Event] = [SlotSet("care_flag", flags[0] if flags else None), SlotSet("clarifying", None)]
        asked = requested_flag(tracker)
        if asked in flags:
            events.append(SlotSet(f"check_{asked}", "yes"))
        if loop and screening.get("level") != "soon":
            events += paused(tracker, loop)
        return "utter_care", events
    if screening.get("level") == "soon" and loop:
        return (loop, []) if last != loop else (LISTEN, [])
    if last == FORM:
        return "action_safety_result", []  # it was the last question
    if last == "utter_care":
        return "action_escalate", []
    if last == "action_escalate" and loop:
        return "action_deactivate_loop", []
    return LISTEN, []


def _clarified(tracker: DialogueStateTracker, loop: str | None, last: str | None) -> Step:
    if last == LISTEN:
        withdrawn = tracker.get_slot("care_flag") and tracker.get_slot("care_flag") == tracker.get_slot("clarifying")
        events: list[Event] = [SlotSet("clarifying", None)]
        if withdrawn:
            events.append(SlotSet("care_flag", None))
            asked = f"check_{tracker.get_slot('clarifying')}"
            if tracker.slots.get(asked) and tracker.get_slot(asked) == "yes":
                events.append(SlotSet(asked, "no"))
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
        name, events = next_step(tracker, domain)
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
