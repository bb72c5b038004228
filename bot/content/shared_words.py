"""The words that many places share: button titles, the page's own words, and what a patient mentions.

They stand in three files with a line for each name. To the editors each line is a text of its own, of one line: the
key is the file and the name, as in `choices/menu`, and the source has an empty front matter. So everything that can
be done with a text can be done with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from bot.content.errors import ContentFault
from bot.content.file_faults import (
    MAX_BUBBLE,
    MAX_TITLE,
    File,
    Words,
    frightening_faults,
    placeholders,
    too_long_title,
)  # fmt: skip
from bot.content.store import CONTENT, ContentStore, read_yaml
from bot.content.texts import Text, parse

BUTTON, PAGE, SITUATION = "choices", "page", "situations"
MOST = {BUTTON: MAX_TITLE, PAGE: MAX_BUBBLE, SITUATION: MAX_TITLE}  # characters
ANSWERS = ("yes", "no", "unsure")  # what may be typed anywhere, so that no other button may be called the same
# What stands on a care card, beside a telephone number or below a question about an alarm sign, and what is read
# when nothing works; a clinician approves a change of it.
SAFETY = re.compile(
    r"choices/(yes|no|unsure|misunderstood|human|who_to_call|consent_yes|consent_no|safety_check|region\w*)"
    r"|page/(care_\w+|emergency_\w+|error_\w+|call|widget_call|command_akut|bot_description|bot_short_description"
    r"|description|unsigned_notice|answer_\w+|own_asked_at|own_not_asked|own_not_a_record|own_signs)"
)

Place = tuple[str, str]  # key, language


def is_shared(key: str) -> bool:
    """Whether a key is that of shared words."""
    return key.partition("/")[0] in MOST


def name_of(key: str) -> str:
    """The name of the line in its file."""
    return key.partition("/")[2]


def file_of(root: Path, key: str, language: str) -> Path:
    """The file of the line, below a content folder."""
    return root / language / f"{key.partition('/')[0]}.yml"


def source_of(words: str) -> str:
    """What an edition of these words looks like."""
    return f"---\n---\n{words}\n"


def read(source: str, key: str, language: str, path: Path) -> Text:
    """A source as a text; its title is its words. Raises ContentFault."""
    text = parse(source, key, language, {}, path)
    return replace(text, title=text.bubbles[0], shared=True)


def parsed(source: str, standing: Text, content: ContentStore) -> Text:
    """A source in the place of a text that stands, be it shared words or not. Raises ContentFault."""
    if standing.shared:
        return read(source, standing.key, standing.language, standing.path)
    return parse(source, standing.key, standing.language, content.titles[standing.language], standing.path)


def words_of(content: ContentStore, language: str) -> dict[str, dict[str, str]]:
    """The words of each kind, by name."""
    return {
        BUTTON: content.titles[language], PAGE: content.page[language], SITUATION: content.situations[language],
    }  # fmt: skip


def with_shared_words(content: ContentStore) -> ContentStore:
    """The content with a text for each of the shared words."""
    found = [
        read(source_of(words), f"{kind}/{name}", language, file_of(CONTENT, kind, language))
        for language in content.titles
        for kind, named in words_of(content, language).items()
        for name, words in named.items()
    ]
    return replace(content, texts=content.texts | {(each.key, each.language): each for each in found})


def with_texts(content: ContentStore, texts: Mapping[Place, Text]) -> ContentStore:
    """What would be said if these texts stood in the content as well; buttons everywhere get their new titles."""
    changed = replace(
        content,
        texts={**content.texts, **texts},
        titles={language: dict(named) for language, named in content.titles.items()},
        page={language: dict(named) for language, named in content.page.items()},
        situations={language: dict(named) for language, named in content.situations.items()},
    )
    shared = [text for text in texts.values() if text.shared]
    for text in shared:
        words_of(changed, text.language)[text.key.partition("/")[0]][name_of(text.key)] = text.bubbles[0]
    buttons = {(name_of(text.key), text.language): text.bubbles[0] for text in shared if text.key.startswith(BUTTON)}
    if buttons:
        changed.texts = {place: _retitled(text, buttons) for place, text in changed.texts.items()}
    return changed


def _retitled(text: Text, titles: Mapping[Place, str]) -> Text:
    if not any((each.name, text.language) in titles and not each.own for each in text.choices):
        return text
    choices = (
        each if each.own else replace(each, title=titles.get((each.name, text.language), each.title))
        for each in text.choices
    )
    return replace(text, choices=tuple(choices))


def carriers(content: ContentStore, key: str, language: str) -> list[Text]:
    """The texts that show these words as one of their buttons, by key; none for words that are no button's."""
    if not key.startswith(f"{BUTTON}/"):
        return []
    name = name_of(key)
    texts = (text for (_, spoken), text in content.texts.items() if spoken == language)
    found = [text for text in texts if any(each.name == name and not each.own for each in text.choices)]
    return sorted(found, key=lambda text: text.key)


# ---------------------------------------------------------------- what is wrong with a change


def faults(
    key: str, language: str, source: str, content: ContentStore, frightening: Mapping[str, Words]
) -> Iterator[ContentFault]:
    """What would be wrong if this source took the place of what `content` says at a key of shared words."""
    path = file_of(CONTENT, key, language)
    try:
        text = read(source, key, language, path)
    except ContentFault as fault:
        yield fault
        return
    kind, name = key.split("/", 1)
    words = text.bubbles[0]
    where = {"phrasing": 1, "bubble": 1}
    if text.phrasings != ((words,),) or "\n" in words:
        yield ContentFault(path, 3, f"'{name}' must be one line", code="one_line", values=where)
    if len(words) > MOST[kind]:
        values = {"name": name, "title": words, "length": len(words), "most": MOST[kind]}
        yield ContentFault(path, 3, too_long_title(name, words), code="title_too_long", values=values | where)
    standing = placeholders(words_of(content, language)[kind][name])
    for each in sorted(standing ^ placeholders(words)):
        code = "shared_placeholder_gone" if each in standing else "shared_placeholder_new"
        message = f"'{name}' must hold the placeholders it had: '{{{each}}}'"
        yield ContentFault(path, 3, message, code=code, values={"placeholder": each} | where)
    for other in _of_the_same_name(content, key, language, words) if kind == BUTTON else ():
        message = f"the button '{other}' is called the same, and both can be on offer"
        yield ContentFault(path, 3, message, code="title_taken", values={"name": other} | where)
    file = File(path, key, language, source, {}, text)
    yield from frightening_faults(file, text, frightening.get(language) or {})


def _of_the_same_name(content: ContentStore, key: str, language: str, words: str) -> list[str]:
    """Other buttons with this title that stand beside this one, or that anybody may type at any time."""
    mine = name_of(key)
    beside = {each.name: each.title for text in carriers(content, key, language) for each in text.choices}
    always = {name: content.titles[language][name] for name in ANSWERS}
    same = words.casefold()
    return sorted(name for name, title in (beside | always).items() if name != mine and title.casefold() == same)


# ---------------------------------------------------------------- files


def source_in(root: Path, key: str, language: str) -> str | None:
    """What the file below a content folder says, as a source; None where it has no such line."""
    words = read_yaml(file_of(root, key, language), []).get(name_of(key))
    return source_of(words) if isinstance(words, str) else None


def written_into(yml: str, key: str, source: str) -> str:
    """The file's words with this source in the place of the line; all other lines stay as they are.

    Raises KeyError for a file without the line, or one whose line cannot be replaced by itself.
    """
    name, words = name_of(key), source.removeprefix("---\n---\n").strip()
    line = re.compile(rf"""^(["']?{re.escape(name)}["']?:[ \t]*).*$""", re.MULTILINE)
    changed = line.sub(lambda found: found[1] + json.dumps(words, ensure_ascii=False), yml, count=1)
    before = yaml.safe_load(yml)
    try:
        after = yaml.safe_load(changed)
    except yaml.YAMLError:
        raise KeyError(name) from None
    if name not in before or after != {**before, name: words}:
        raise KeyError(name)
    return changed
