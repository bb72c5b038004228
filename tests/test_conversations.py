"""Scripted conversations (tests/conversations/*.yml) through gateway, screening, Rasa model and actions."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.dialogue.language import detect
from bot.dialogue.turns import Turns
from tests.patient import Patient, keys

FILES = sorted((Path(__file__).parent / "conversations").glob("*.yml"))
SCRIPTS = [
    pytest.param(script, id=f"{path.stem}: {script['name']}")
    for path in FILES
    for script in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("script", SCRIPTS)
async def test_conversation(turns: Turns, script: dict[str, Any]) -> None:
    patient = Patient(turns, script["language"])
    for number, step in enumerate(script["steps"], start=1):
        where = f"step {number}: {step}"
        replies = await (patient.write(step["write"]) if "write" in step else patient.choose(step["choose"]))
        cards = [reply.care for reply in replies if reply.care]
        if "says" in step:
            assert keys(replies) == step["says"], where
        if "care" in step:
            assert cards and cards[0].level == step["care"], f"{where}: {keys(replies)}"
            assert not step.get("flags") or cards[0].flags == step["flags"], where
        else:
            assert not cards, f"{where}: {keys(replies)}"
        if "language" in step:
            assert detect(" ".join(reply.text for reply in replies)) == step["language"], where
        assert not step.get("offers") or patient.names == step["offers"], where
