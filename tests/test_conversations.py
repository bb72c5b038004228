"""Scripted conversations through gateway, screening, Rasa model and actions.

tests/stack runs them over the API, tests/channels/telegram in a messenger.
"""

from typing import Any

import pytest

from bot.dialogue.turns import Turns
from tests.patient import Patient
from tests.scripts import SCRIPTS, first_hour, play
from tests.time_travel import Clock


@pytest.mark.parametrize("script", SCRIPTS)
async def test_conversation(turns: Turns, clock: Clock, script: dict[str, Any]) -> None:
    clock.go(hour=first_hour(script))
    await play(script, Patient(turns, script["language"]), clock)
