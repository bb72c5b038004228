"""Whether a text comes through: on the page, in Telegram, and when its buttons are typed instead of pressed."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from typing import Any

import yaml

from bot.channels.markdown import LINK, to_html
from bot.channels.telegram.html import MOST, length
from bot.channels.telegram.messages import MOST_CAPTION, messages
from bot.content.file_faults import PLACEHOLDERS
from bot.content.shared_words import carriers
from bot.content.store import LANGUAGES, ContentStore, fill
from bot.content.texts import Text
from bot.dialogue.choices import ANSWERS, pick
from bot.dialogue.replies import Choice, Image, Reply
from bot.screening.answers import ANSWERS as SHORT_ANSWERS

SAMPLE = " ".join(["mmmm"] * 8)  # stands for a value in a text
TAG = re.compile(r"<[^>]*>")
WORD = re.compile(r"\w+")


def lost_on_the_way(content: ContentStore, text: Text) -> list[str]:
    """What the page or Telegram could not show of a text: words, marks left over, a message that is too long."""
    found: list[str] = []
    for bubbles in text.phrasings:
        for number, bubble in enumerate(bubbles, 1):
            last = number == len(bubbles)
            try:
                found += _lost(content, text, fill(bubble, dict.fromkeys(PLACEHOLDERS, SAMPLE)), last)
            except Exception as error:  # whatever it is, a patient would have got nothing
                found.append(f"{type(error).__name__}: {error}")
    return found


def _lost(content: ContentStore, text: Text, said: str, last: bool) -> list[str]:
    page = str(to_html(said))
    image = Image(url=f"/images/{text.image.file}", alt=text.image.alt) if text.image and last else None
    choices = [Choice(name=one.name, title=one.title, value=one.name) for one in text.choices] if last else []
    reply = Reply(id="suite", key=text.key, text=said, choices=choices, image=image)
    parts = messages(reply, choices, content.page[text.language])
    sizes = [(length(part.html), MOST_CAPTION if part.photo else MOST) for part in parts]
    found = [f"{size} > {most}" for size, most in sizes if size > most]
    telegram = "\n".join(part.html for part in parts)
    wanted = _words(re.sub(LINK, lambda link: link["label"], said))
    for shown in (page, telegram):
        found += sorted(set(wanted) - set(_words(shown)))
        found += [mark for mark in ("**", "](") if mark in shown]
    offered = {value for part in parts for row in part.buttons for _, value in row}
    return found + [one.name for one in choices if one.name not in offered]


def _words(shown: str) -> list[str]:
    return WORD.findall(unescape(TAG.sub(" ", shown)))


def typed_otherwise(was: ContentStore, before: Text, will_be: ContentStore, after: Text) -> list[str]:
    """Words that, typed below this text, mean another button than before: "word: before → after"."""
    if after.shared:
        return _typed_below_carriers(was, will_be, after)
    found = []
    for choice in after.choices:
        meant = _meant(will_be, after, choice.title)
        if meant != choice.name:
            found.append(f"{choice.title}: {choice.name} → {meant}")
    for words in sorted(_plain_answers(was) | _plain_answers(will_be)):
        had, has = _meant(was, before, words), _meant(will_be, after, words)
        if had != has:
            found.append(f"{words}: {had} → {has}")
    return list(dict.fromkeys(found))


def _typed_below_carriers(was: ContentStore, will_be: ContentStore, button: Text) -> list[str]:
    """The same for a button that many texts have; those with the same buttons are looked at once."""
    each_kind = {
        tuple(one.name for one in text.choices): text for text in carriers(will_be, button.key, button.language)
    }
    found = [
        words
        for text in each_kind.values()
        for words in typed_otherwise(was, was.get(text.key, text.language), will_be, text)
    ]
    return list(dict.fromkeys(found))


def _plain_answers(content: ContentStore) -> set[str]:
    titles = {content.titles[language][name] for language in LANGUAGES for name in ANSWERS}
    return titles | _phrases()


@lru_cache
def _phrases() -> set[str]:
    data: dict[str, Any] = yaml.safe_load(SHORT_ANSWERS.read_text(encoding="utf-8"))
    return {phrase for phrases in data["answers"].values() for phrase in phrases}


def _meant(content: ContentStore, text: Text, words: str) -> str | None:
    offered = [{"name": one.name, "title": one.title, "value": one.name} for one in text.choices]
    reply = {"key": text.key.removeprefix("telegram/"), "choices": offered}
    found = pick(content, text.language, [reply], words, None)
    return found.name if found else None
