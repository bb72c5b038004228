"""The rules of plan, check-ins, reminders and movements: content/self_management.yml."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import yaml

from bot.content.store import CONTENT


@lru_cache
def rules() -> dict[str, Any]:
    """The rules by what they are for."""
    return dict(yaml.safe_load((CONTENT / "self_management.yml").read_text(encoding="utf-8")))
