"""The alarm signs: content/red_flags.yml, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

RED_FLAGS = Path(__file__).resolve().parents[2] / "content" / "red_flags.yml"


@dataclass(frozen=True)
class Flag:
    """One alarm sign: its level of advice, whom to call, and the source of the level."""

    level: str
    contacts: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Flags:
    """All alarm signs, most severe first, and those the safety check asks about."""

    safety_check: tuple[str, ...]
    flags: dict[str, Flag]

    def in_order(self, names: set[str]) -> tuple[str, ...]:
        """These flags, most severe first."""
        return tuple(name for name in self.flags if name in names)


@lru_cache
def load_flags() -> Flags:
    """Reads the file."""
    raw = yaml.safe_load(RED_FLAGS.read_text(encoding="utf-8"))
    flags = {
        name: Flag(item["level"], tuple(item["contacts"]), item["source"]) for name, item in raw["flags"].items()
    }
    return Flags(tuple(raw["safety_check"]), flags)
