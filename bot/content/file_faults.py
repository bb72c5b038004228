"""Faults of one text by itself: front matter, buttons, lengths, reading, words that frighten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.content.errors import ContentFault
from bot.content.readability import flesch, lix, words
from bot.content.texts import FIELDS, PLACEHOLDER, Text, line_of

MAX_BUBBLE = 500
MAX_TITLE = 40
MIN_WORDS = 30
MAX_LIX = 30
MAX_LIX_SAFETY = 25
MIN_FLESCH = 70
SAFETY = ("welcome/", "safety_check/", "screening/", "care/", "system/", "telegram/")
NEEDS_SOURCE = ("topic/", "care/", "screening/")
PLACEHOLDERS = frozenset({
    "operator", "total", "step", "limit", "wait", "retention_days", "inactive_days", "path", "subject", "situation",
    # plan, check-ins and progress
    "plan", "helps", "tell", "count", "weeks", "pain", "hindrance", "confidence", "pain_before", "hindrance_before",
    "pain_first", "pain_now", "hindrance_first", "hindrance_now", "confidence_now", "confidence_first",
    # reminders and the summary
    "rhythm", "hour", "first", "next", "until", "date", "link",
    # Telegram, and moving from one channel to another
    "address", "contacts", "minutes",
    # from contacts.yml
    "lifeline",
})  # fmt: skip
OWN_CHOICE = "option_"
ASK = "/ask/"

Words = Mapping[str, Any]


@dataclass(frozen=True)
class File:
    """One text file: its source for line numbers, its front matter, and the text if it could be read."""

    path: Path
    key: str
    language: str
    source: str
    head: dict[str, Any]
    text: Text | None

    def fault(self, needle: str, message: str) -> ContentFault:
        """A fault at the first line that holds `needle`."""
        return ContentFault(self.path, line_of(self.source, needle), message)


@dataclass(frozen=True)
class Shared:
    """What the texts lean on: button titles by language, sources by short name, words that frighten."""

    titles: dict[str, dict[str, str]]
    sources: dict[str, Any]
    frightening: dict[str, Words]


def file_faults(file: File, shared: Shared, today: date) -> Iterator[ContentFault]:
    """Every fault of a text that could be read."""
    if file.text is None:
        return
    yield from _front_matter_faults(file, shared, today)
    yield from _choice_faults(file, file.text, shared.titles[file.language])
    yield from _phrasing_faults(file, file.text)
    for bubbles in file.text.phrasings:
        yield from _bubble_faults(file, bubbles)
        yield from _reading_faults(file, bubbles)
    yield from _frightening_faults(file, file.text, shared.frightening.get(file.language) or {})


def _front_matter_faults(file: File, shared: Shared, today: date) -> Iterator[ContentFault]:
    head = file.head
    for name in sorted(FIELDS - {"image", "scale", *head}):
        yield file.fault("---", f"front matter lacks '{name}'")
    if not head.get("title"):
        yield file.fault("title:", "the text has no title")
    for name in head.get("sources") or []:
        if name not in shared.sources:
            yield file.fault("sources:", f"unknown source '{name}'; known are {', '.join(shared.sources)}")
    if file.key.startswith(NEEDS_SOURCE) and not head.get("sources"):
        yield file.fault("sources:", "this text must name at least one source")
    if bool(head.get("reviewed_by")) != bool(head.get("reviewed_on")):
        yield file.fault("reviewed_", "'reviewed_by' and 'reviewed_on' belong together")
    due = head.get("review_due")
    if due is None:
        yield file.fault("review_due:", "'review_due' is missing")
    elif due < today:
        yield file.fault("review_due:", f"review was due on {due}")


def _choice_faults(file: File, text: Text, titles: dict[str, str]) -> Iterator[ContentFault]:
    seen: set[str] = set()
    slot = file.key.partition(ASK)[2] or OWN_CHOICE  # a form's question has options of its own
    for choice in text.choices:
        if choice.name in seen:
            yield file.fault(choice.name, f"choice '{choice.name}' is there twice")
        seen.add(choice.name)
        if choice.name.startswith((OWN_CHOICE, f"{slot}_")):
            if choice.title == choice.name:
                yield file.fault(choice.name, f"choice '{choice.name}' has no title")
        elif choice.name not in titles:
            yield file.fault(choice.name, f"unknown choice '{choice.name}'; choices.yml does not have it")
        if choice.title != titles.get(choice.name) and len(choice.title) > MAX_TITLE:
            yield file.fault(choice.name, too_long_title(choice.name, choice.title))


def too_long_title(name: str, title: str) -> str:
    """What is wrong with a button's title of this length."""
    return f"the title of '{name}' has {len(title)} characters; {MAX_TITLE} is the most a button shows"


def _phrasing_faults(file: File, text: Text) -> Iterator[ContentFault]:
    """Phrasings stand in for each other, so they fill in the same values and differ in their words."""
    first, *others = [placeholders("\n".join(bubbles)) for bubbles in text.phrasings]
    for number, other in enumerate(others, 2):
        if other != first:
            yield file.fault("+++", f"phrasing {number} has other placeholders than the first")
    if len(set(text.phrasings)) < len(text.phrasings):
        yield file.fault("+++", "two phrasings are the same")


def _bubble_faults(file: File, bubbles: tuple[str, ...]) -> Iterator[ContentFault]:
    for number, bubble in enumerate(bubbles, 1):
        if len(bubble) > MAX_BUBBLE:
            yield file.fault(bubble, f"bubble {number} has {len(bubble)} characters, over {MAX_BUBBLE}")
        for name in PLACEHOLDER.findall(bubble):
            if name not in PLACEHOLDERS:
                known = ", ".join(sorted(PLACEHOLDERS))
                yield file.fault(f"{{{name}}}", f"unknown placeholder '{{{name}}}'; known are {known}")


def _reading_faults(file: File, bubbles: tuple[str, ...]) -> Iterator[ContentFault]:
    """Whether a phrasing is easy enough; a very short one cannot be measured."""
    body = "\n\n".join(bubbles)
    if len(words(body)) < MIN_WORDS:
        return
    if file.language == "da":
        bar = MAX_LIX_SAFETY if file.key.startswith(SAFETY) else MAX_LIX
        if (figure := lix(body)) > bar:
            yield file.fault(bubbles[0], f"hard to read: LIX {figure:.1f}, at most {bar} is asked")
    elif (figure := flesch(body)) < MIN_FLESCH:
        message = f"hard to read: Flesch {figure:.1f}, at least {MIN_FLESCH} is asked"
        yield file.fault(bubbles[0], message)


def _frightening_faults(file: File, text: Text, known: Words) -> Iterator[ContentFault]:
    """Word stems that frighten, unless the list lets this very key explain them."""
    explained = (known.get("explained") or {}).get(file.key) or []
    begin = file.source.index(text.bubbles[0], file.source.index("\n---\n"))
    for stem, instead in (known.get("words") or {}).items():
        if stem in explained:
            continue
        found = re.compile(rf"\b{re.escape(stem)}\w*", re.IGNORECASE).search(file.source, begin)
        if found:
            line = file.source.count("\n", 0, found.start()) + 1
            yield ContentFault(file.path, line, f"'{found[0]}' may frighten; {instead}")


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return set(PLACEHOLDER.findall(text))
