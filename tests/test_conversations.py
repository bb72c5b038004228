"""Scripted conversations through gateway, screening, Rasa model and actions; tests/stack runs them over the API."""

from typing import Any

import pytest

from bot.dialogue.turns import Turns
from tests.patient import Patient
from tests.scripts import SCRIPTS, check


@pytest.mark.parametrize("script", SCRIPTS)
async def test_conversation(turns: Turns, script: dict[str, Any]) -> None:
    patient = Patient(turns, script["language"])
    for number, step in enumerate(script["steps"], start=1):
        replies = await (patient.write(step["write"]) if "write" in step else patient.choose(step["choose"]))
        check(step, number, [reply.model_dump() for reply in replies])
