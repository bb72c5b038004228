"""A text's file taken apart into what an editor may change, and put together again; all else stays as it was."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import yaml

from bot.content.texts import FRONT_MATTER

QUOTED = r'"(?:[^"\\]|\\.)*"'
# What no text needs and what could make it read otherwise than it stands there: controls, surrogates, marks that turn
# letters round or have no width.
UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
# Joins pictures to one, as in a family; between letters nobody sees it.
PICTURE = "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
JOINER = re.compile(f"(?<!{PICTURE})\u200d|\u200d(?!{PICTURE})")
PLAIN_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class Parts:
    """What an editor changes: the words, the title, own titles of buttons by name, the picture's text alternative,
    the sources by short name, and when the text must be looked at again."""

    body: str
    title: str
    titles: Mapping[str, str] = field(default_factory=dict)
    alt: str | None = None
    sources: tuple[str, ...] = ()
    review_due: date | None = None


def cleaned(words: str) -> str:
    """The words without what cannot be seen; line ends are those of Unix, tabs are spaces, å is one letter."""
    words = UNSEEN.sub("", words.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    return unicodedata.normalize("NFC", JOINER.sub("", words))


def parts(source: str) -> Parts:
    """Takes a source apart. The source must be one that `bot.content.texts.parse` can read."""
    match = FRONT_MATTER.match(source)
    if not match:
        return Parts(source, "")
    head = yaml.safe_load(match["head"]) or {}
    own = {
        item["name"]: item["title"]
        for item in head.get("choices") or []
        if isinstance(item, dict) and "title" in item
    }
    return Parts(
        body=match["body"].strip("\n"),
        title=str(head.get("title") or ""),
        titles=own,
        alt=(head.get("image") or {}).get("alt"),
        sources=tuple(head.get("sources") or ()),
        review_due=head.get("review_due"),
    )


def put_together(source: str, changed: Parts) -> str:
    """The source with these parts. Names, places and order of all else stay, and each line that is the same."""
    before = parts(source)
    match = FRONT_MATTER.match(source)
    head = match["head"] if match else ""
    if _quoted(changed.title) != _quoted(before.title):
        head = _line(head, "title", _quoted(changed.title))
    if changed.sources != before.sources:
        # A name that is none is quoted, so that the check names it; as it stands it could end the line.
        names = (name if PLAIN_NAME.fullmatch(name) else _quoted(name) for name in changed.sources)
        head = _line(head, "sources", f"[{', '.join(names)}]")
    if changed.review_due != before.review_due:
        head = _line(head, "review_due", str(changed.review_due or "null"))
    for name, title in changed.titles.items():
        if title != before.titles.get(name):
            own = re.compile(rf"(\bname: {re.escape(name)}(?:,\s*|\s*\n\s+)title: ){QUOTED}")
            head = own.sub(lambda found, title=title: found[1] + _quoted(title), head, count=1)
    if changed.alt is not None and changed.alt != before.alt:
        head = re.sub(rf"(\balt: ){QUOTED}", lambda found: found[1] + _quoted(changed.alt or ""), head, count=1)
    return f"---\n{head}---\n{cleaned(changed.body).strip()}\n"


def signed(source: str, by: str | None, on: date | None) -> str:
    """The source with a clinician's signature; with None and None, without one."""
    match = FRONT_MATTER.match(source)
    if not match:
        return source
    head = _line(match["head"], "reviewed_by", _quoted(by) if by else "null")
    head = _line(head, "reviewed_on", str(on or "null"))
    return f"---\n{head}---\n{match['body']}"


def _line(head: str, name: str, value: str) -> str:
    return re.sub(rf"^{name}:.*$", lambda _: f"{name}: {value}", head, count=1, flags=re.MULTILINE)


def _quoted(words: str) -> str:
    # JSON's strings are YAML's double-quoted ones.
    return json.dumps(" ".join(cleaned(words).split()), ensure_ascii=False)
