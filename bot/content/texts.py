"""One text of the assistant: a Markdown file with front matter, read into a `Text`.

The path below the language's folder, without `.md`, is the content key: `content/da/topic/imaging.md` is the
Danish text of `topic/imaging`. A line of `***` ends one bubble and begins the next; a line of `+++` ends one
phrasing of the whole text and begins another, so that a line said often need not be said in the same words. `scale:
name` in the front matter gives eleven buttons from 0 to 10 before the other choices.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.content.errors import ContentFault

FRONT_MATTER = re.compile(r"\A---\n(?P<head>.*?)^---\n(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)
PHRASING_BREAK = re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE)
BUBBLE_BREAK = re.compile(r"^\*\*\*[ \t]*$", re.MULTILINE)
PLACEHOLDER = re.compile(r"\{(\w+)\}")
HIGHEST = 10  # on a scale
FIELDS = frozenset({"title", "choices", "scale", "sources", "image", "reviewed_by", "reviewed_on", "review_due"})


@dataclass(frozen=True)
class Choice:
    """A button: `name` is stable English, `title` what the patient reads, `leads_to` the key it opens; `own` when
    the title is this text's own and not the usual one of choices.yml."""

    name: str
    title: str
    leads_to: str | None = None
    own: bool = False


@dataclass(frozen=True)
class Image:
    """A picture below the static folder and what it says to those who do not see it."""

    file: str
    alt: str


@dataclass(frozen=True)
class Text:
    """A text in one language, in one or more phrasings of bubbles shown one after the other; `choices` belong to
    the last bubble."""

    key: str
    language: str
    title: str
    phrasings: tuple[tuple[str, ...], ...]
    choices: tuple[Choice, ...]
    sources: tuple[str, ...]
    image: Image | None
    reviewed_by: str | None
    reviewed_on: date | None
    review_due: date | None
    version: str
    path: Path
    source: str
    shared: bool = False  # one line of bot/content/shared_words.py, which no clinician signs in a file

    @property
    def bubbles(self) -> tuple[str, ...]:
        """The bubbles of the first phrasing."""
        return self.phrasings[0]

    @property
    def signed(self) -> bool:
        """Whether a clinician has approved this very text."""
        return bool(self.reviewed_by and self.reviewed_on)


def line_of(source: str, needle: str) -> int:
    """The first line (from 1) that holds `needle`, or 1."""
    at = source.find(needle)
    return 1 if at < 0 else source.count("\n", 0, at) + 1


def read_text(path: Path, root: Path, titles: dict[str, str]) -> Text:
    """Reads one file below `root` (`content/<language>`); `titles` are the language's usual button titles.

    Raises ContentFault with the line where the file is not as described above.
    """
    key = path.relative_to(root).with_suffix("").as_posix()
    return parse(path.read_text(encoding="utf-8"), key, root.name, titles, path)


def parse(source: str, key: str, language: str, titles: dict[str, str], path: Path) -> Text:
    """The text that a source holds; `path` is where it would stand. Raises ContentFault."""
    head, body = _split(path, source)
    phrasings = tuple(
        tuple(part.strip() for part in BUBBLE_BREAK.split(phrasing)) for phrasing in PHRASING_BREAK.split(body)
    )
    for number, phrasing in enumerate(phrasings, 1):
        if "" in phrasing:
            line = line_of(source, "***" if "***" in body else "+++")
            where = {"phrasing": number, "bubble": phrasing.index("") + 1}
            raise ContentFault(path, line, "a bubble is empty", code="empty_bubble", values=where)
    return Text(
        key=key,
        language=language,
        title=str(head.get("title") or ""),
        phrasings=phrasings,
        choices=(*_scale(head.get("scale")), *_choices(path, source, head.get("choices") or [], titles)),
        sources=tuple(head.get("sources") or ()),
        image=Image(**head["image"]) if head.get("image") else None,
        reviewed_by=head.get("reviewed_by"),
        reviewed_on=head.get("reviewed_on"),
        review_due=head.get("review_due"),
        version=version_of(source),
        path=path,
        source=source,
    )


def version_of(source: str) -> str:
    """The name of exactly these words: 12 hexadecimal digits of their SHA-256."""
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def _split(path: Path, source: str) -> tuple[dict[str, Any], str]:
    match = FRONT_MATTER.match(source)
    if not match:
        message = "must begin with front matter between two lines of '---'"
        raise ContentFault(path, 1, message, code="no_front_matter")
    try:
        head = yaml.safe_load(match["head"]) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        message = f"front matter is not valid YAML: {error}"
        raise ContentFault(path, line, message, code="front_matter_yaml") from error
    if unknown := sorted(set(head) - FIELDS):
        message, values = f"unknown field '{unknown[0]}'", {"name": unknown[0]}
        raise ContentFault(path, line_of(source, unknown[0]), message, code="unknown_field", values=values)
    return head, match["body"]


def _scale(name: str | None) -> tuple[Choice, ...]:
    """The eleven buttons from 0 to 10 of a question with `scale: name`."""
    return tuple(Choice(f"{name}_{number}", str(number)) for number in range(HIGHEST + 1)) if name else ()


def _choices(
    path: Path, source: str, items: list[str | dict[str, str]], titles: dict[str, str]
) -> tuple[Choice, ...]:
    found = []
    for item in items:
        fields = {"name": item} if isinstance(item, str) else item
        name = str(fields.get("name", ""))
        title = fields.get("title") or titles.get(name)
        if not name or not title:
            line, message = line_of(source, name or "choices"), f"choice '{name}' has no title"
            raise ContentFault(path, line, message, code="choice_without_title", values={"name": name})
        found.append(Choice(name, title, fields.get("leads_to"), own=bool(fields.get("title"))))
    return tuple(found)
