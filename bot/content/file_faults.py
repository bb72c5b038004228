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
SAFETY = ("welcome/", "safety_check/", "screening/", "care/", "system/", "telegram/", "clinic/handout_alarm")
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
    # what a clinician's invite brings
    "clinic", "phone",
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

    def fault(self, needle: str, message: str, code: str, **values: Any) -> ContentFault:
        """A fault at the first line that holds `needle`."""
        return ContentFault(self.path, line_of(self.source, needle), message, code=code, values=values)


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
    for phrasing, bubbles in enumerate(file.text.phrasings, 1):
        yield from _bubble_faults(file, phrasing, bubbles)
        yield from _reading_faults(file, phrasing, bubbles)
    yield from frightening_faults(file, file.text, shared.frightening.get(file.language) or {})


def _front_matter_faults(file: File, shared: Shared, today: date) -> Iterator[ContentFault]:
    head = file.head
    for name in sorted(FIELDS - {"image", "scale", *head}):
        yield file.fault("---", f"front matter lacks '{name}'", code="field_missing", name=name)
    if not head.get("title"):
        yield file.fault("title:", "the text has no title", code="no_title")
    for name in head.get("sources") or []:
        if name not in shared.sources:
            message = f"unknown source '{name}'; known are {', '.join(shared.sources)}"
            yield file.fault("sources:", message, code="unknown_source", name=name)
    if file.key.startswith(NEEDS_SOURCE) and not head.get("sources"):
        yield file.fault("sources:", "this text must name at least one source", code="needs_source")
    if bool(head.get("reviewed_by")) != bool(head.get("reviewed_on")):
        yield file.fault("reviewed_", "'reviewed_by' and 'reviewed_on' belong together", code="half_signed")
    due = head.get("review_due")
    if due is None:
        yield file.fault("review_due:", "'review_due' is missing", code="no_review_due")
    elif due < today:
        yield file.fault("review_due:", f"review was due on {due}", code="review_overdue", date=due)


def _choice_faults(file: File, text: Text, titles: dict[str, str]) -> Iterator[ContentFault]:
    seen: set[str] = set()
    slot = file.key.partition(ASK)[2] or OWN_CHOICE  # a form's question has options of its own
    for choice in text.choices:
        if choice.name in seen:
            message = f"choice '{choice.name}' is there twice"
            yield file.fault(choice.name, message, code="choice_twice", name=choice.name)
        seen.add(choice.name)
        if choice.name.startswith((OWN_CHOICE, f"{slot}_")):
            if choice.title == choice.name:
                message = f"choice '{choice.name}' has no title"
                yield file.fault(choice.name, message, code="choice_without_title", name=choice.name)
        elif choice.name not in titles:
            message = f"unknown choice '{choice.name}'; choices.yml does not have it"
            yield file.fault(choice.name, message, code="unknown_choice", name=choice.name)
        if choice.title != titles.get(choice.name) and len(choice.title) > MAX_TITLE:
            message, length = too_long_title(choice.name, choice.title), len(choice.title)
            values = {"name": choice.name, "title": choice.title, "length": length, "most": MAX_TITLE}
            yield file.fault(choice.name, message, code="title_too_long", **values)


def too_long_title(name: str, title: str) -> str:
    """What is wrong with a button's title of this length."""
    return f"the title of '{name}' has {len(title)} characters; {MAX_TITLE} is the most a button shows"


def _phrasing_faults(file: File, text: Text) -> Iterator[ContentFault]:
    """Phrasings stand in for each other, so they fill in the same values and differ in their words."""
    first, *others = [placeholders("\n".join(bubbles)) for bubbles in text.phrasings]
    for number, other in enumerate(others, 2):
        if other != first:
            message = f"phrasing {number} has other placeholders than the first"
            yield file.fault("+++", message, code="phrasing_placeholders", phrasing=number)
    if len(set(text.phrasings)) < len(text.phrasings):
        again = next(n for n, each in enumerate(text.phrasings) if each in text.phrasings[:n])
        yield file.fault("+++", "two phrasings are the same", code="same_phrasings", phrasing=again + 1)


def _bubble_faults(file: File, phrasing: int, bubbles: tuple[str, ...]) -> Iterator[ContentFault]:
    for number, bubble in enumerate(bubbles, 1):
        where = {"phrasing": phrasing, "bubble": number}
        if (length := len(bubble)) > MAX_BUBBLE:
            message = f"bubble {number} has {length} characters, over {MAX_BUBBLE}"
            yield file.fault(bubble, message, code="bubble_too_long", length=length, most=MAX_BUBBLE, **where)
        for name in PLACEHOLDER.findall(bubble):
            if name not in PLACEHOLDERS:
                message = f"unknown placeholder '{{{name}}}'; known are {', '.join(sorted(PLACEHOLDERS))}"
                yield file.fault(f"{{{name}}}", message, code="unknown_placeholder", name=name, **where)


def _reading_faults(file: File, phrasing: int, bubbles: tuple[str, ...]) -> Iterator[ContentFault]:
    """Whether a phrasing is easy enough; a very short one cannot be measured."""
    body = "\n\n".join(bubbles)
    if len(words(body)) < MIN_WORDS:
        return
    if file.language == "da":
        bar = MAX_LIX_SAFETY if file.key.startswith(SAFETY) else MAX_LIX
        if (figure := lix(body)) > bar:
            message = f"hard to read: LIX {figure:.1f}, at most {bar} is asked"
            values = {"phrasing": phrasing, "figure": round(figure, 1), "bar": bar}
            yield file.fault(bubbles[0], message, code="hard_lix", **values)
    elif (figure := flesch(body)) < MIN_FLESCH:
        message = f"hard to read: Flesch {figure:.1f}, at least {MIN_FLESCH} is asked"
        values = {"phrasing": phrasing, "figure": round(figure, 1), "bar": MIN_FLESCH}
        yield file.fault(bubbles[0], message, code="hard_flesch", **values)


def frightening_faults(file: File, text: Text, known: Words) -> Iterator[ContentFault]:
    """Word stems that frighten, unless the list lets this very key explain them."""
    explained = (known.get("explained") or {}).get(file.key) or []
    begin = file.source.index(text.bubbles[0], file.source.index("\n---\n"))
    for stem, instead in (known.get("words") or {}).items():
        if stem in explained:
            continue
        found = re.compile(rf"\b{re.escape(stem)}\w*", re.IGNORECASE).search(file.source, begin)
        if found:
            line = file.source.count("\n", 0, found.start()) + 1
            message, values = f"'{found[0]}' may frighten; {instead}", {"word": found[0], "instead": instead}
            yield ContentFault(file.path, line, message, code="frightening", values=values)


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return set(PLACEHOLDER.findall(text))
