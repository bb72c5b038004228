"""A text that is being written, as patients would get it: rendered by what renders real replies, and never kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

from markupsafe import Markup

from bot.accounts.pages import environment
from bot.channels.pages import PAGES
from bot.channels.telegram.messages import Message, messages
from bot.content.check import Finding, change_faults
from bot.content.errors import ContentFault
from bot.content.file_faults import PLACEHOLDERS
from bot.content.shared_words import carriers, parsed
from bot.content.source import parts, put_together
from bot.content.store import LANGUAGES, ContentStore
from bot.content.texts import BUBBLE_BREAK, PHRASING_BREAK, Text
from bot.dialogue.replies import Reply, render
from bot.editorial.as_patients import care_of
from bot.editorial.faults import Told, shown, told
from bot.editorial.figures import Figures, figures, lacks
from bot.editorial.live import LiveContent
from bot.editorial.pages import address
from bot.editorial.workflow import LONGEST_SOURCE

TELEGRAM = "telegram/"
PIECES = ("faults", "phone", "figures", "other")
MOST_FAULTS, MOST_BUBBLES = 20, 40
NEW_PAGE = '<a target="_blank" rel="noopener noreferrer" href='


@dataclass(frozen=True)
class Phrasing:
    """One way to say the text: the replies on the page, and the messages in Telegram."""

    web: list[Reply]
    telegram: list[Message]


@dataclass(frozen=True)
class Look:
    """A text on its way. `faults` are its own and `hidden` how many more there are; `waits` are those that the other
    language can mend as well. `text` is None for words that cannot be shown yet."""

    key: str
    language: str
    source: str
    faults: list[Told]
    waits: list[Told]
    hidden: int = 0
    too_long: bool = False
    text: Text | None = None
    phrasings: list[Phrasing] = field(default_factory=list)
    figures: Figures | None = None
    lacks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    card: bool = False  # patients get it as a care card
    own_in_telegram: str = ""  # the key of what Telegram says instead


def look(live: LiveContent, key: str, language: str, source: str, reader: str) -> Look:
    """What there is to see of a source at this place; `reader` is the language of the one who writes."""
    if len(source) > LONGEST_SOURCE:
        return Look(key, language, source, [], [], too_long=True)
    words = live.work[reader]["editing"]
    whole = _filled(source)
    found = change_faults({(key, language): source}, live)
    if whole != source:
        found += [each for each in change_faults({(key, language): whole}, live) if each not in found]
    mine, between = [f for f in found if not f.between], [f for f in found if f.between and not _unknown(f)]
    text = _text(live, key, language, whole)
    other = live.texts.get((key, other_of(language)))
    return Look(
        key, language, source,
        faults=_told(mine, whole, words, reader), waits=_told(between, whole, words, reader),
        hidden=max(0, len(mine) - MOST_FAULTS), text=text,
        phrasings=_phrasings(live, text) if text else [],
        figures=figures(text, live.texts.get((key, language))) if text else None,
        lacks=lacks(text, other) if text and other else [],
        card=care_of(key, language) is not None, own_in_telegram=_own_in_telegram(live, key),
    )  # fmt: skip


def other_of(language: str) -> str:
    """The other language."""
    return next(each for each in LANGUAGES if each != language)


def pieces(live: LiveContent, found: Look, reader: str, *, writing: bool = False) -> dict[str, Markup]:
    """The HTML of it, in the parts of which the page puts each where it belongs. `writing`: faults lead to fields."""
    known: dict[str, Any] = {
        "p": found,
        "w": live.work[reader],
        "language": reader,
        "other": other_of(found.language),
        "ui": live.page[found.language],  # what stands in a bubble is in the patient's language
        "examples": examples(live, found.language),
        "pages": {},
        "download": _download(live, found),
        "telegram": as_telegram,
        "decimal": partial(shown, language=reader),
        "address": address,
        "longest": LONGEST_SOURCE,
        "writing": writing,
    }
    return {name: Markup(environment.get_template(f"editorial/preview_{name}.html").render(known)) for name in PIECES}


def fragment(live: LiveContent, found: Look, reader: str) -> Markup:
    """All parts after each other, for the script."""
    parted = Markup('<div data-part="{}">{}</div>')
    return Markup("").join(parted.format(*each) for each in pieces(live, found, reader, writing=True).items())


def as_telegram(message: Message) -> Markup:
    """A message as Telegram shows it. Its HTML comes from our own renderer, which escapes every word; a link opens a
    page of its own, so that what is being written is not lost."""
    return Markup(message.html.replace("<a href=", NEW_PAGE))


def _told(found: list[Finding], source: str, words: Mapping[str, str], reader: str) -> list[Told]:
    return list(dict.fromkeys(told(each, source, words, reader) for each in found[:MOST_FAULTS]))


def _unknown(finding: Finding) -> bool:
    """Whether the other language lacks only what nobody knows, which is a fault here already."""
    fault = finding.fault
    return fault.code == "placeholder_missing" and fault.values["name"] not in PLACEHOLDERS


def _text(live: LiveContent, key: str, language: str, source: str) -> Text | None:
    """The text; None for one that cannot be read."""
    standing = live.files.texts.get((key, language))
    try:
        return parsed(source, standing, live) if standing else None
    except (ContentFault, TypeError, AttributeError, KeyError):
        return None


def _filled(source: str) -> str:
    """The source with an ellipsis in every empty bubble: somebody is about to write there."""
    written = parts(source)
    phrasings = [
        "\n***\n".join(each.strip() or "…" for each in BUBBLE_BREAK.split(phrasing))
        for phrasing in PHRASING_BREAK.split(written.body)
    ]
    body = "\n+++\n".join(phrasings)
    if all(each != "…" for phrasing in phrasings for each in phrasing.split("\n***\n")):
        return source
    return put_together(source, replace(written, body=body))


def _phrasings(live: LiveContent, text: Text) -> list[Phrasing]:
    content = live.with_texts({(text.key, text.language): text})
    if shown := carriers(content, text.key, text.language):
        return [_phrasing(content, shown[0], 0)]  # a button is seen below a text that has it
    found: list[Phrasing] = []
    bubbles = 0
    for number, phrasing in enumerate(text.phrasings):
        bubbles += len(phrasing)
        if number and (bubbles > MOST_BUBBLES or care_of(text.key, text.language)):
            break  # a card is always said in the first phrasing
        found.append(_phrasing(content, text, number))
    return found


def _phrasing(content: ContentStore, text: Text, number: int) -> Phrasing:
    values = examples(content, text.language)
    only_telegram = text.key.startswith(TELEGRAM)
    key = text.key.removeprefix(TELEGRAM)
    replies = render(content, key, text.language, values, number, "telegram" if only_telegram else "")[:MOST_BUBBLES]
    if care := care_of(text.key, text.language):
        replies = replies[:1]
        replies[0].care = care
    if not only_telegram and content.has(f"{TELEGRAM}{text.key}"):
        return Phrasing(replies, [])
    page = content.page[text.language]
    sent = [messages(reply, reply.choices if reply is replies[-1] else (), page) for reply in replies]
    return Phrasing([] if only_telegram else replies, list(chain.from_iterable(sent)))


def examples(content: ContentStore, language: str) -> dict[str, str]:
    """What stands in a preview for what only a conversation knows."""
    words = content.work[language]["editing"]
    return {name.removeprefix("example_"): said for name, said in words.items() if name.startswith("example_")}


def _own_in_telegram(live: LiveContent, key: str) -> str:
    return f"{TELEGRAM}{key}" if live.has(f"{TELEGRAM}{key}") else ""


def _download(live: LiveContent, found: Look) -> str:
    """What the button to a page of its own says, for a text that has one."""
    return live.page[found.language][PAGES[found.key][1]] if found.key in PAGES else ""
