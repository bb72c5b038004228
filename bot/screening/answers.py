"""Yes, no or not sure, as people say it in a few words. Data: nlu_data/screening/answers.yml."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from bot.screening.normalise import normalise

ANSWERS = Path(__file__).resolve().parents[2] / "nlu_data" / "screening" / "answers.yml"
MOST_WORDS = 8


@lru_cache
def _phrases() -> list[tuple[str, str]]:
    raw = yaml.safe_load(ANSWERS.read_text(encoding="utf-8"))["answers"]
    pairs = [(_words(phrase), answer) for answer, phrases in raw.items() for phrase in phrases]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9']+", normalise(text)))


def interpret(text: str) -> str | None:
    """'yes', 'no', 'unsure', or None for what is not a short answer. The longest phrase at the start decides."""
    words = _words(text)
    if not words or len(words.split()) > MOST_WORDS or "?" in text:
        return None
    return next((answer for phrase, answer in _phrases() if f"{words} ".startswith(f"{phrase} ")), None)
