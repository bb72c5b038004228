"""One message, two topics: which of two plausible ones is meant, or a question that is about both."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Ranking = list[dict[str, Any]]
# Two topics are plausible when neither is likely by itself, the second is not far behind, and nothing else is likely.
LIKELY = 0.5
NEAR = 0.6
TOGETHER = 0.55
SURE = 0.8  # confidence (0-1) from which a part of a message is a question of its own
FEWEST = 3  # words of a part
ASKING = "hva|hvor|kan jeg|skal|må jeg|what|how|can i|should|do i|will|where|who|when|why"
JOINED = re.compile(rf",? (?:og|men|samt|and|but|also) (?=(?:{ASKING})\w* )", re.IGNORECASE)
PARTS = re.compile(rf"[.?!;\n]+|{JOINED.pattern}", re.IGNORECASE)


def two_plausible(ranking: Ranking, topics: frozenset[str]) -> tuple[str, str] | None:
    """The two topics a message may be about, likeliest first, when it would be a guess to take one."""
    if len(ranking) < 2:
        return None
    (first, one), (second, two) = [(found["name"], found["confidence"]) for found in ranking[:2]]
    if {first, second} <= topics and one < LIKELY and two >= NEAR * one and one + two >= TOGETHER:
        return first, second
    return None


def parts(text: str) -> list[str]:
    """The questions of a message, where each is long enough to be one."""
    return [part.strip() for part in PARTS.split(text) if len(part.split()) >= FEWEST]


def two_questions(text: str, rank: Callable[[str], Ranking], topics: frozenset[str]) -> tuple[str, str] | None:
    """The two topics of a message of two questions, in their order; None for one question, or more than two."""
    asked: list[str] = []
    pieces = parts(text)
    if not 2 <= len(pieces) <= 4 or not (text.count("?") >= 2 or JOINED.search(text)):
        return None
    for piece in pieces:
        best = next(iter(rank(piece)), None)
        if best and best["confidence"] >= SURE and best["name"] in topics and best["name"] not in asked:
            asked.append(best["name"])
    return (asked[0], asked[1]) if len(asked) == 2 else None
