"""Scripted conversations through gateway, screening, Rasa model and actions; tests/stack runs them over the API."""

from typing import Any

import pytest

from bot.dialogue.turns import Turns
from tests.patient import Patient, keys
from tests.scripts import SCRIPTS, check, first_hour
from tests.time_travel import Clock


@pytest.mark.parametrize("script", SCRIPTS)
async def test_conversation(
    turns: Turns, clock: Clock, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "bot.dialogue.answers.ALARM_WAIT", 10.0
    )  # what is said, not how fast: tests/stack sees to that
    clock.go(hour=first_hour(script))
    patient = Patient(turns, script["language"])
    for number, step in enumerate(script["steps"], start=1):
        if "days" in step:
            clock.go(step["days"], step.get("hour"))
            turns.appointments.deliver_due()
            got = patient.unasked()
            assert "gets" not in step or keys(got) == step["gets"], f"step {number}: {step}: {keys(got)}"
            continue
        replies = await (patient.write(step["write"]) if "write" in step else patient.choose(step["choose"]))
        check(step, number, [reply.model_dump() for reply in replies])
