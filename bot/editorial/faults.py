"""Faults of a text said to its editor: in words, and at a field or a bubble instead of a line of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from bot.content.check import Finding
from bot.content.errors import ContentFault
from bot.content.store import fill
from bot.content.texts import BUBBLE_BREAK, FRONT_MATTER, PHRASING_BREAK, PLACEHOLDER
from bot.dialogue.values import LOCALES

BODY, BUTTON = "body", "button"
# The front matter's lines and the fields of the page they are written in.
FIELDS = {"title": "title", "sources": "sources", "review_due": "review_due", "image": "alt"}


@dataclass(frozen=True)
class Told:
    """A fault in words. `field` is the page's field to mend it in, "" for none; for the words `bubble` counts from 1
    over all phrasings, for the script that goes there."""

    words: str
    where: str
    field: str
    bubble: int = 0
    code: str = ""


def told(finding: Finding, source: str, words: Mapping[str, str], language: str) -> Told:
    """A finding about a source, in the words of workplaces/editing.yml; `language` is the reader's."""
    fault = finding.fault
    text = words.get(f"fault_{fault.code}")
    values = {name: shown(value, language) for name, value in _with_names(fault.values, words).items()}
    said = fill(text, values) if text else fault.message
    if finding.between:
        return Told(said, words["where_languages"], "", code=fault.code)
    field, phrasing, bubble = place(fault, source)
    count = sum(len(BUBBLE_BREAK.findall(each)) + 1 for each in _phrasings(source)[: phrasing - 1]) + max(bubble, 1)
    where = _where(words, field, source, phrasing, bubble)
    return Told(said, where, field, count if field == BODY else 0, fault.code)


def shown(value: Any, language: str) -> str:
    """A number or a date as the language writes it; anything else as it is."""
    if isinstance(value, float):
        return str(format_decimal(value, format="0.0", locale=LOCALES[language]))
    if isinstance(value, date):
        return str(format_date(value, "d. MMMM y" if language == "da" else "d MMMM y", locale=LOCALES[language]))
    return str(value)


def _with_names(values: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """Languages by their names, as in "the English text"."""
    named = {name: words[f"the_{values[name]}_text"] for name in ("language", "other") if values.get(name)}
    return {**values, **named}


def place(fault: ContentFault, source: str) -> tuple[str, int, int]:
    """The field of a fault, and for one in the words its phrasing and bubble, from 1; 0 for the whole phrasing."""
    lines = source.split("\n")
    head = _head_lines(source)
    if "phrasing" in fault.values:
        return BODY, int(fault.values["phrasing"]), int(fault.values.get("bubble", 0))
    if fault.line > head:
        before = "\n".join(lines[head : fault.line - 1]) + "\n"
        last = PHRASING_BREAK.split(before)
        return BODY, len(last), len(BUBBLE_BREAK.findall(last[-1])) + 1
    if fault.values.get("title") is not None and fault.values.get("name"):
        return f"{BUTTON}_{fault.values['name']}", 1, 0
    for line in reversed(lines[: fault.line]):
        if found := re.match(r"(\w+):", line):
            return FIELDS.get(found[1], ""), 1, 0
    return "", 1, 0


def _head_lines(source: str) -> int:
    found = FRONT_MATTER.match(source)
    return source.count("\n", 0, found.start("body")) if found else 0


def _phrasings(source: str) -> list[str]:
    found = FRONT_MATTER.match(source)
    return PHRASING_BREAK.split(found["body"] if found else source)


def _where(words: Mapping[str, str], field: str, source: str, phrasing: int, bubble: int) -> str:
    if field.startswith(BUTTON):
        return words["where_button"]
    if field != BODY:
        return words.get(f"where_{field}", words["where_text"])
    several = len(_phrasings(source)) > 1
    name = "where_phrasing" if several else "where_text"
    if bubble:
        name = "where_phrasing_bubble" if several else "where_bubble"
    return fill(words[name], {"phrasing": phrasing, "bubble": bubble})


def placeholders_of(text: str) -> list[str]:
    """The names in braces, each once, in order."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))
