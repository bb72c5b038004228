"""From a content key to the replies a patient sees, in one language and for one region."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from bot.content.store import CONTENT, ContentStore, fill
from bot.screening.flags import load_flags

# Whom to call after a second, worsening contact: content/da/care/worse
WORSE_CONTACTS = {"urgent": ["own_region_line", "emergency"], "emergency": ["emergency"]}


class Choice(BaseModel):
    """A button; `value` is opaque to the client."""

    name: str
    title: str
    value: str


class Contact(BaseModel):
    """Whom to call."""

    name: str
    phone: str


class Care(BaseModel):
    """Makes a reply a care card."""

    level: str
    flags: list[str]
    contacts: list[Contact]


class Image(BaseModel):
    """A picture and its text alternative."""

    url: str
    alt: str


class Source(BaseModel):
    """What a text rests on."""

    title: str
    url: str


class Reply(BaseModel):
    """One bubble, as in the API."""

    model_config = ConfigDict(extra="forbid")

    id: str
    key: str
    version: str = ""
    text: str
    choices: list[Choice] = []
    care: Care | None = None
    image: Image | None = None
    topic: str | None = None
    sources: list[Source] = []


@lru_cache
def contacts() -> dict[str, Any]:
    """content/contacts.yml"""
    return dict(yaml.safe_load((CONTENT / "contacts.yml").read_text(encoding="utf-8")))


def contact_list(names: list[str], language: str, region: str | None) -> list[Contact]:
    """The contacts of these names; `own_region_line` is the region's line, or all five when it is unknown."""
    data = contacts()
    found: list[dict[str, Any]] = []
    for name in names:
        if name == "own_region_line":
            found += [data["regions"][region]] if region in data["regions"] else data["regions"].values()
        else:
            found.append(data["contacts"][name])
    return [Contact(name=item["name"][language], phone=item["phone"]) for item in found]


def choice(name: str, title: str) -> Choice:
    """A button that has not been offered before."""
    return Choice(name=name, title=title, value=secrets.token_urlsafe(9))


def render(
    content: ContentStore, key: str, language: str, values: Mapping[str, Any], times: int = 0, channel: str = ""
) -> list[Reply]:
    """The bubbles of a key, in another phrasing each of the `times` it is said; choices, sources and picture belong
    to the last. A channel may have its own words for a key: content/da/<channel>/<key>. Raises UnknownKey."""
    own = f"{channel}/{key}"
    text = content.get(own if content.has(own) else key, language)
    replies = [
        Reply(
            id=secrets.token_urlsafe(12),
            key=key,
            version=text.version,
            text=fill(bubble, dict(values)),
            topic=key.split("/")[1] if key.startswith("topic/") and content.has(key) else None,
        )
        for bubble in text.phrasings[times % len(text.phrasings)]
    ]
    last = replies[-1]
    last.choices = [choice(c.name, c.title) for c in text.choices]
    if text.image:
        last.image = Image(url=f"/images/{text.image.file}", alt=text.image.alt)
    last.sources = [
        Source(title=s.title, url=s.url) for s in (content.sources[language][name] for name in text.sources)
    ]
    return replies


def care_card(
    content: ContentStore, flags: list[str], level: str, language: str, region: str | None, relative: bool
) -> Reply:
    """The one card for these flags, highest first. Levels and contacts: content/red_flags.yml.

    A level above the flags' own is that of a second, worsening contact, which has a text for itself.
    """
    own = load_flags().flags[flags[0]]
    key, names = f"care/{flags[0]}", list(own.contacts)
    if level != own.level:
        key, names = f"care/worse/{level}", WORSE_CONTACTS[level]
    elif relative and content.has(f"{key}/relative"):
        key = f"{key}/relative"
    reply = render(content, key, language, {})[0]
    reply.care = Care(level=level, flags=flags, contacts=contact_list(names, language, region))
    return reply
