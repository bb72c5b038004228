"""All texts in both languages, and the small data files beside them.

The files are read once at start; bot/editorial/live.py lays over them what editors publish. Loading collects every
fault instead of stopping at the first, so that an editor sees the whole list.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.content.errors import BrokenContent, ContentFault, UnknownKey
from bot.content.texts import PLACEHOLDER, Text, read_text

LANGUAGES = ("da", "en")
DEFAULT_LANGUAGE = "da"
WORKPLACES = ("accounts", "clinic", "editorial", "editing")
CONTENT = Path(__file__).resolve().parents[2] / "content"


@dataclass(frozen=True)
class Source:
    """A publication a text rests on, as patients see it."""

    title: str
    url: str


@dataclass
class ContentStore:
    """Texts by (key, language); page strings, button titles, situations and sources by language and name.

    `work` are the words of the workplaces, by language, workplace and name.
    """

    texts: dict[tuple[str, str], Text]
    page: dict[str, dict[str, str]]
    work: dict[str, dict[str, dict[str, str]]]
    titles: dict[str, dict[str, str]]
    situations: dict[str, dict[str, str]]
    sources: dict[str, dict[str, Source]]

    def get(self, key: str, language: str) -> Text:
        """The text of `key` in `language`. Raises UnknownKey."""
        try:
            return self.texts[key, language]
        except KeyError:
            raise UnknownKey(f"no text '{key}' in '{language}'") from None

    def has(self, key: str) -> bool:
        """Whether every language has this key."""
        return all((key, language) in self.texts for language in LANGUAGES)

    def keys(self) -> list[str]:
        """All content keys, sorted."""
        return sorted({key for key, _ in self.texts})

    def unsigned(self, prefixes: tuple[str, ...] = ("",)) -> list[str]:
        """Keys below the prefixes that some language has without a clinician's approval."""
        waiting = (t for t in self.texts.values() if not t.signed and not t.shared)
        return sorted({t.key for t in waiting if t.key.startswith(prefixes)})


def fill(template: str, values: dict[str, Any]) -> str:
    """Replaces `{name}` by its value; a name without a value stays visible rather than failing a patient."""
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), template)


def load(root: Path = CONTENT) -> ContentStore:
    """Reads the content folder. Raises BrokenContent with every fault found."""
    faults: list[ContentFault] = []
    texts: dict[tuple[str, str], Text] = {}
    titles = {language: read_yaml(root / language / "choices.yml", faults) for language in LANGUAGES}
    page = {language: read_yaml(root / language / "page.yml", faults) for language in LANGUAGES}
    situations = {language: read_yaml(root / language / "situations.yml", faults) for language in LANGUAGES}
    work = {
        language: {name: read_yaml(root / language / f"workplaces/{name}.yml", faults) for name in WORKPLACES}
        for language in LANGUAGES
    }
    for language in LANGUAGES:
        folder = root / language
        for path in sorted(folder.rglob("*.md")):
            try:
                text = read_text(path, folder, titles[language])
            except ContentFault as fault:
                faults.append(fault)
            else:
                texts[text.key, language] = text
    raw = read_yaml(root / "sources.yml", faults)
    if faults:
        raise BrokenContent(faults)
    sources = {
        language: {name: Source(entry["title"][language], entry["url"]) for name, entry in raw.items()}
        for language in LANGUAGES
    }
    return ContentStore(texts, page, work, titles, situations, sources)


def read_yaml(path: Path, faults: list[ContentFault]) -> dict[str, Any]:
    """A YAML mapping, or an empty one with the reason added to `faults`."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.append(ContentFault(path, 1, "file is missing"))
        return {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        faults.append(ContentFault(path, mark.line + 1 if mark else 1, f"not valid YAML: {error}"))
        return {}
    if not isinstance(value, dict):
        faults.append(ContentFault(path, 1, "must hold a mapping"))
        return {}
    return value
