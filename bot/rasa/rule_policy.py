"""Rasa's rules, looking no further back than the longest of them reaches.

Rasa turns the whole conversation into states for every prediction, twice after each message, though no rule can match
beyond its own length: most of the time a message takes went there. The predictions are the same (tests/rasa).
"""

from __future__ import annotations

import json
from typing import Any

from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker

Found = tuple[str | None, str | None, bool]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class RecentRulePolicy(RulePolicy):
    """Rasa's RulePolicy on the latest states. Trained and stored as Rasa does; only a loaded one looks less far."""

    reach: int | None = None  # states that the longest rule speaks of; None looks at all of them

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> RecentRulePolicy:
        """The policy as it was stored."""
        made = super().load(*args, **kwargs)
        assert isinstance(made, RecentRulePolicy)
        made.reach = _longest(made.lookup)
        return made

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> Found:
        if use_text_for_last_user_input and self.reach is not None:
            return None, None, False  # no rule of ours is about a message's words
        found: Found = super()._find_action_from_rules(tracker, domain, use_text_for_last_user_input)
        return found

    def _prediction_states(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        use_text_for_last_user_input: bool = False,
        rule_only_data: dict[str, Any] | None = None,
    ) -> list[State]:
        if self.reach is None:
            return super()._prediction_states(tracker, domain, use_text_for_last_user_input, rule_only_data)
        states = latest_states(tracker, domain, self.reach)
        self.featurizer._choose_last_user_input([states], use_text_for_last_user_input)
        return states


def latest_states(tracker: DialogueStateTracker, domain: Domain, most: int) -> list[State]:
    """The last so many of the states before each action and now, as Rasa's featurizer makes them of all."""
    events = tracker.applied_events()
    before = sum(isinstance(event, ActionExecuted) for event in events) + 1 - most
    walked, states = tracker.init_copy(), []
    for event in events:
        if isinstance(event, ActionExecuted):
            if before <= 0:
                states.append(domain.get_active_state(walked))
            before -= 1
        walked.update(event)
    return [*states, domain.get_active_state(walked)]


def _longest(lookup: dict[str, Any]) -> int:
    rules = [*lookup.get(RULES, {}), *lookup.get(RULES_FOR_LOOP_UNHAPPY_PATH, {})]
    return max((len(json.loads(rule)) for rule in rules), default=1)
