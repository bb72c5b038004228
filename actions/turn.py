"""What an action knows of the turn: the gateway sends it along; in `rasa shell`, where nobody does, it is empty."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker


def metadata(tracker: Tracker) -> dict[str, Any]:
    """`language`, `followed`, `about` (the key last spoken of), `said` (key: times) and `journey` of the patient."""
    return dict(tracker.latest_message.get("metadata") or {})


def intent(tracker: Tracker) -> str:
    """The intent of the message."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def entities(tracker: Tracker, name: str) -> list[str]:
    """The values of an entity in the message, in order."""
    return [str(value) for value in tracker.get_latest_entity_values(name)]
