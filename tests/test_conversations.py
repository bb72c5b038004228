"""Scripted conversations through gateway, screening, Rasa model and actions; tests/stack runs them over the API."""

from typing import Any

import pytest

from bot.dialogue.turns import Turns
from tests.patient import Patient
from tests.scripts import SCRIPTS, check
from tests.time_travel import let_days_pass


@pytest.mark.parametrize("script", SCRIPTS)
async def test_conversation(turns: Turns, script: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "bot.dialogue.answers.ALARM_WAIT", 10.0
    )  # what is said, not how fast: tests/stack sees to that
    patient = Patient(turns, script["language"])
    for number, step in enumerate(script["steps"], start=1):
        if "days" in step:
            let_days_pass(turns.engine, step["days"])
            continue
        replies = await (patient.write(step["write"]) if "write" in step else patient.choose(step["choose"]))
        check(step, number, [reply.model_dump() for reply in replies])
