"""Yes, no or not sure, as people say it in a few words. Data: nlu_data/screening/answers.yml."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.screening.normalise import normalise

ANSWERS = Path(__file__).resolve().parents[2] / "nlu_data" / "screening" / "answers.yml"
MOST_WORDS = 8
DENIED_WITHIN = 2  # words behind a statement
# "Nå" (well) says nothing; once letters are normalised it would look like "næ" (no).
WELL = re.compile(r"^\W*n(?:å|aa)\b", re.IGNORECASE)


@lru_cache
def _data() -> dict[str, Any]:
    return dict(yaml.safe_load(ANSWERS.read_text(encoding="utf-8")))


@lru_cache
def _phrases() -> list[tuple[str, str]]:
    pairs = [(_words(phrase), answer) for answer, phrases in _data()["answers"].items() for phrase in phrases]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


@lru_cache
def _turned() -> tuple[frozenset[str], frozenset[str]]:
    """The statements that a denial turns round, and the denials."""
    return frozenset(map(_words, _data()["said"])), frozenset(map(_words, _data()["denials"]))


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9']+", normalise(text)))


def interpret(text: str) -> str | None:
    """'yes', 'no', 'unsure', or None for what is not a short answer. The longest phrase at the start decides."""
    words = _words(WELL.sub(" ", text))
    if not words or len(words.split()) > MOST_WORDS or "?" in text:
        return None
    found = next(((phrase, answer) for phrase, answer in _phrases() if f"{words} ".startswith(f"{phrase} ")), None)
    if not found:
        return None
    statements, denials = _turned()
    behind = words.removeprefix(found[0]).split()[:DENIED_WITHIN]
    return "no" if found[0] in statements and denials & set(behind) else found[1]
