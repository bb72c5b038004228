"""Rasa's rules looked at from near (bot/rasa/rule_policy.py) say what they say of the whole conversation."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session, select

from bot.dialogue.turns import Turns
from bot.rasa import launcher
from bot.store.models import DialogueState
from tests.patient import Patient
from tests.scripts import SCRIPTS, first_hour, play
from tests.time_travel import Clock

launcher.install()

from rasa.core.actions.action import RemoteAction  # noqa: E402
from rasa.shared.core.events import ActionExecuted, Event  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402

from bot.rasa.rule_policy import RecentRulePolicy, latest_states  # noqa: E402
from bot.rasa.shortcuts import check_action_result  # noqa: E402


@pytest.fixture
def policy(real_rasa: Any) -> RecentRulePolicy:
    nodes = real_rasa.agent.processor.graph_runner._instantiated_nodes.values()
    found = [node._component for node in nodes if isinstance(node._component, RecentRulePolicy)]
    assert len(found) == 1 and found[0].reach
    return found[0]


def said(policy: RecentRulePolicy, tracker: DialogueStateTracker, domain: Any) -> tuple[Any, ...]:
    prediction = policy.predict_action_probabilities(tracker, domain)
    return prediction.probabilities, prediction.is_no_user_prediction, prediction.events


@pytest.mark.parametrize("script", SCRIPTS[::10])
async def test_near_and_far_sight_predict_the_same_at_every_step(
    script: dict[str, Any], turns: Turns, clock: Clock, policy: RecentRulePolicy, real_rasa: Any
) -> None:
    clock.go(hour=first_hour(script))
    await play(script, Patient(turns, script["language"]), clock)
    with Session(turns.engine) as session:
        stored = session.exec(select(DialogueState)).all()
    domain, compared = real_rasa.agent.domain, 0
    for state in stored:
        events = [Event.from_parameters(each) for each in state.events]
        for end in [at for at, event in enumerate(events) if isinstance(event, ActionExecuted)][-40:]:
            tracker = DialogueStateTracker.from_events("x", [e for e in events[:end] if e], domain.slots)
            near = said(policy, tracker, domain)
            reach, policy.reach = policy.reach, None
            try:
                assert said(policy, tracker, domain) == near
            finally:
                policy.reach = reach
            whole = tracker.past_states(domain)
            assert latest_states(tracker, domain, 3) == whole[-3:]
            compared += 1
    assert compared or not stored


@pytest.mark.parametrize(
    "answer",
    [
        {"events": [], "responses": []},
        {},
        {"events": [{"event": "slot", "name": "a", "value": 1}], "responses": [{}]},
    ],
)
def test_an_answer_of_the_action_server_in_its_form_is_taken(answer: dict[str, Any]) -> None:
    assert check_action_result(None, answer)
    assert RemoteAction._validate_action_result is check_action_result


@pytest.mark.parametrize(
    "answer", [None, [], "x", {"events": {}}, {"responses": "hej"}, {"events": ["slot"]}, {"responses": [None]}]
)
def test_another_form_fails_the_turn_it_was_for(answer: Any) -> None:
    with pytest.raises(ValueError, match="action server"):
        check_action_result(None, answer)
