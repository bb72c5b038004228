"""What can be counted in a text: how easy it is to read, how long its bubbles and sentences are, what it fills in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.channels.markdown import INLINE
from bot.content.file_faults import MAX_BUBBLE, MAX_LIX, MAX_LIX_SAFETY, MIN_FLESCH, MIN_WORDS, PLACEHOLDERS
from bot.content.readability import WORD, flesch, lix, sentences
from bot.content.readability import words as words_of
from bot.content.texts import PLACEHOLDER, Text
from bot.editorial.workflow import is_safety

MOST_SENTENCES = 3
LIKE_A_LINK = re.compile(r"\[[^\[\]\n]{0,200}\]\([^()\n]{0,300}\)")


@dataclass(frozen=True)
class Reading:
    """How easy a phrasing is: `kind` lix (at most `bar`) or flesch (at least); `value` None for too few words."""

    kind: str
    value: float | None
    bar: int
    good: bool


@dataclass(frozen=True)
class Figures:
    """The figures of a text. `lengths` are characters per bubble of each phrasing; `sentences` (words, sentence) are
    the longest of a safety text; `links` (label, address); `no_links` are written like links and will not be any."""

    readings: list[Reading]
    lengths: list[list[int]]
    most: int
    sentences: list[tuple[int, str]]
    average: float
    placeholders: list[str]
    unknown: list[str]
    gone: list[str]  # filled in by the text that is live, and no longer by this one
    links: list[tuple[str, str]]
    no_links: list[str]


def figures(text: Text, live: Text | None) -> Figures:
    """The figures of a text beside the one that is live."""
    whole = _all(text)
    counted = [(len(WORD.findall(each)), each) for each in sentences(whole)] if is_safety(text.key) else []
    names = placeholders(text)
    # The program fills shared words in by themselves, each with what they have always had.
    known = PLACEHOLDERS if not text.shared else PLACEHOLDERS | {*(placeholders(live) if live else ())}
    return Figures(
        readings=[_reading(text, phrasing) for phrasing in text.phrasings],
        lengths=[[len(bubble) for bubble in phrasing] for phrasing in text.phrasings],
        most=MAX_BUBBLE,
        sentences=sorted(counted, key=lambda each: -each[0])[:MOST_SENTENCES],
        average=sum(count for count, _ in counted) / len(counted) if counted else 0.0,
        placeholders=[name for name in names if name in known],
        unknown=[name for name in names if name not in known],
        gone=[name for name in placeholders(live) if name not in names] if live else [],
        links=_links(whole),
        no_links=[each for each in LIKE_A_LINK.findall(whole) if not INLINE.search(each)],
    )


def _reading(text: Text, phrasing: tuple[str, ...]) -> Reading:
    body = "\n\n".join(phrasing)
    bar = (MAX_LIX_SAFETY if is_safety(text.key) else MAX_LIX) if text.language == "da" else MIN_FLESCH
    kind = "lix" if text.language == "da" else "flesch"
    if len(words_of(body)) < MIN_WORDS:
        return Reading(kind, None, bar, True)
    value = lix(body) if kind == "lix" else flesch(body)
    return Reading(kind, value, bar, value <= bar if kind == "lix" else value >= bar)


def placeholders(text: Text) -> list[str]:
    """What a text fills in, each once, in order."""
    return list(dict.fromkeys(PLACEHOLDER.findall(_all(text))))


def _links(words: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for each in INLINE.finditer(words):
        found += _links(each["bold"]) if each["bold"] else [(each["label"], each["url"])]
    return found


def lacks(text: Text, other: Text) -> list[tuple[str, dict[str, Any]]]:
    """What the text has and the one in the other language has not: names lacks_<name> in editing.yml, and values."""
    found: list[tuple[str, dict[str, Any]]] = []
    mine, theirs = len(text.phrasings), len(other.phrasings)
    if mine != theirs:
        found.append(("phrasings", {"here": mine, "there": theirs}))
    elif (bubbles := len(text.bubbles)) != len(other.bubbles):
        found.append(("bubbles", {"here": bubbles, "there": len(other.bubbles)}))
    there = {address for _, address in _links(_all(other))}
    found += [("link", {"label": label}) for label, address in _links(_all(text)) if address not in there]
    found += [("source", {"name": name}) for name in text.sources if name not in other.sources]
    return found


def _all(text: Text) -> str:
    return "\n\n".join(bubble for phrasing in text.phrasings for bubble in phrasing)
