"""Scripted conversations as data (tests/conversations/*.yml), their one runner, and what a step demands of replies.

The same files run in process, over the API of the running stack and over Telegram: `play` needs a patient who can
`write`, `choose` and say what came `unasked`.

A step writes, chooses, or lets `days` pass (and goes on to the next `hour` of Danish time), after which the
conversation `gets` these keys unasked. A script that names an hour begins at nine. A step may demand: `says` (content
keys, in order), `care` (the card's level; without it there must be no card), `card` (its key), `flags` (exactly
these), `flags_hold` (this one is named), `cards` (how many), `language`, `offers`, `holds` (words in the replies),
`lacks` (words in none of them), `image` (whether the last reply has one).
"""

from __future__ import annotations

from inspect import isawaitable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.dialogue.language import detect
from tests.time_travel import Clock

FILES = sorted((Path(__file__).parent / "conversations").glob("*.yml"))
SCRIPTS = [
    pytest.param(script, id=f"{path.stem}: {script['name']}")
    for path in FILES
    for script in yaml.safe_load(path.read_text(encoding="utf-8"))
]
# All of them run in one process; over the API and in Telegram every second one each, for time.
OVER_THE_API, IN_TELEGRAM = SCRIPTS[::2], SCRIPTS[1::2]


def keys(replies: list[dict[str, Any]]) -> list[str]:
    """The content keys of the replies, each once for its bubbles; a word of acknowledgement may stand before any."""
    found: list[str] = []
    for reply in replies:
        if reply["key"].startswith("ack/"):
            continue
        if not found or found[-1] != reply["key"]:
            found.append(reply["key"])
    return found


def first_hour(script: dict[str, Any]) -> int | None:
    """The Danish hour at which a script begins; None when it does not care."""
    return 9 if any("hour" in step for step in script["steps"]) else None


async def play(script: dict[str, Any], patient: Any, clock: Clock) -> None:
    """Lives through a script. Fails at the first step whose replies are not what it demands."""
    for number, step in enumerate(script["steps"], start=1):
        if "days" in step:
            clock.go(step["days"], step.get("hour"))
            got = keys(await done(patient.unasked(step.get("gets"))))
            assert "gets" not in step or got == step["gets"], f"step {number}: {step}: {got}"
        else:
            said = patient.write(step["write"]) if "write" in step else patient.choose(step["choose"])
            check(step, number, await done(said))


async def done(result: Any) -> list[dict[str, Any]]:
    """Replies as the API gives them, from a patient who answers at once or later."""
    replies = await result if isawaitable(result) else result
    return [reply if isinstance(reply, dict) else reply.model_dump() for reply in replies]


def check(step: dict[str, Any], number: int, replies: list[dict[str, Any]]) -> None:
    """Fails with the step's number when the replies are not what it demands."""
    where = f"step {number}: {step}: {keys(replies)}"
    cards = [reply for reply in replies if reply["care"]]
    assert "says" not in step or keys(replies) == step["says"], where
    if "care" in step:
        assert cards and cards[0]["care"]["level"] == step["care"], where
        named = cards[0]["care"]["flags"]
        assert "flags" not in step or named == step["flags"], f"{where}: {named}"
        assert "flags_hold" not in step or step["flags_hold"] in named, f"{where}: {named}"
        assert len(cards) == step.get("cards", len(cards)), where
        assert "card" not in step or cards[0]["key"] == step["card"], where
    else:
        assert not cards, f"{where}: {cards[0]['care']}"
    words = "\n".join(reply["text"] for reply in replies)
    assert "holds" not in step or step["holds"] in words, f"{where}: {words}"
    assert "lacks" not in step or step["lacks"] not in words, f"{where}: {words}"
    assert "image" not in step or bool(replies[-1]["image"]) == step["image"], where
    if "language" in step:
        assert detect(" ".join(reply["text"] for reply in replies)) == step["language"], where
    offered = [choice["name"] for choice in replies[-1]["choices"]]
    assert "offers" not in step or offered == step["offers"], f"{where}: {offered}"
