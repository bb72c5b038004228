"""Does the patient say that it got worse? Data: nlu_data/screening/worsening.yml."""

from __future__ import annotations

import re
from functools import lru_cache

import yaml

from bot.screening.examples import DATA
from bot.screening.normalise import normalise

BEFORE = 25  # characters before the word in which a denial takes it back


@lru_cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    raw = yaml.safe_load((DATA / "screening" / "worsening.yml").read_text(encoding="utf-8"))
    return _any_of(raw["words"]), _any_of(raw["denials"])


def _any_of(words: list[str]) -> re.Pattern[str]:
    options = [re.escape(normalise(word.rstrip("*"))) + (r"\w*" if word.endswith("*") else "") for word in words]
    return re.compile(r"\b(?:" + "|".join(options) + r")\b")


def got_worse(text: str) -> bool:
    """Whether the text says, and does not deny or ask, that it got worse."""
    words, denials = _patterns()
    clean = normalise(text)
    if "?" in clean:
        return False
    return any(not denials.search(clean[max(0, at.start() - BEFORE) : at.start()]) for at in words.finditer(clean))
