"""Finds what is wrong with the content folder, so that an editor can mend it before a patient meets it.

`check` looks at each file alone (front matter, lengths, reading, words that frighten) and then at the files
together (both languages, placeholders, choices and where they lead). It reads, and never changes, the files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import lru_cache
from itertools import permutations, product
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bot.content import shared_words
from bot.content.errors import ContentFault
from bot.content.file_faults import MAX_TITLE, File, Shared, file_faults, placeholders, too_long_title
from bot.content.shared_words import is_shared
from bot.content.store import CONTENT, LANGUAGES, WORKPLACES, ContentStore, read_yaml
from bot.content.texts import FRONT_MATTER, Text, line_of, parse

IMAGES = CONTENT / "images"
SHARED_FILES = (
    "choices.yml", "page.yml", "situations.yml", *(f"workplaces/{name}.yml" for name in WORKPLACES),
)  # fmt: skip

Place = tuple[str, str]  # key, language


class Finding(NamedTuple):
    """A fault of a change; `between` when it lies between the languages, so that changing the other mends it too."""

    fault: ContentFault
    between: bool


def check(root: Path = CONTENT, today: date | None = None) -> list[ContentFault]:
    """Every fault in the content below `root`, sorted by file and line; `today` decides what is overdue."""
    faults: list[ContentFault] = []
    today = today or date.today()
    shared = Shared(
        titles={language: read_yaml(root / language / "choices.yml", faults) for language in LANGUAGES},
        sources=read_yaml(root / "sources.yml", faults),
        frightening=read_yaml(root / "frightening_words.yml", faults),
    )
    files: dict[Place, File] = {}
    for language in LANGUAGES:
        read_yaml(root / language / "page.yml", faults)
        for path in sorted((root / language).rglob("*.md")):
            file = _read(path, root / language, shared.titles[language], faults)
            files[file.key, language] = file
            faults += file_faults(file, shared, today)
    faults += _source_faults(root / "sources.yml", shared.sources)
    for name, (one, other) in product(SHARED_FILES, permutations(LANGUAGES, 2)):
        faults += _shared_faults(root / one / name, root / other / name)
    faults += _faults_between(files, files.keys())
    return sorted(set(faults), key=lambda fault: (str(fault.path), fault.line, fault.message))


def change_faults(changes: Mapping[Place, str], content: ContentStore, today: date | None = None) -> list[Finding]:
    """What would be wrong if these sources took the place of what `content` says at (key, language).

    A text that stands in the other language is looked at as well, for what must be the same in both.
    """
    shared = Shared(content.titles, {name: {} for name in content.sources[LANGUAGES[0]]}, _frightening())
    faults: list[ContentFault] = []
    files: dict[Place, File] = {}
    for (key, language), source in changes.items():
        if is_shared(key):
            faults += shared_words.faults(key, language, source, content, shared.frightening)
            continue
        path = CONTENT / language / f"{key}.md"
        files[key, language] = file = _file(path, CONTENT / language, source, content.titles[language], faults)
        faults += file_faults(file, shared, today or date.today())
    beside = {
        (key, other): _file(text.path, CONTENT / other, text.source, content.titles[other], [])
        for key, other in {(key, other) for key, _ in changes for other in LANGUAGES} - set(changes)
        if not is_shared(key) and (text := content.texts.get((key, other)))
    }
    between = list(_faults_between(files | beside, content.texts.keys()))
    found = [Finding(fault, False) for fault in dict.fromkeys(faults)]
    return found + [Finding(fault, True) for fault in dict.fromkeys(between)]


@lru_cache
def _frightening() -> dict[str, Any]:
    return read_yaml(CONTENT / "frightening_words.yml", [])


def _read(path: Path, folder: Path, titles: dict[str, str], faults: list[ContentFault]) -> File:
    """Reads one file as far as it can be read; what hinders the rest is added to `faults`."""
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        faults.append(ContentFault(path, 1, "is not UTF-8 text", code="not_utf8"))
        return File(path, path.relative_to(folder).with_suffix("").as_posix(), folder.name, "", {}, None)
    return _file(path, folder, source, titles, faults)


def _file(path: Path, folder: Path, source: str, titles: dict[str, str], faults: list[ContentFault]) -> File:
    key = path.relative_to(folder).with_suffix("").as_posix()
    head, text = {}, None
    try:
        head = _head(path, source)
        if shape := list(_shape_faults(path, source, head)):
            faults += shape
        else:
            named = {_name(item): _name(item) for item in head.get("choices") or []}
            text = parse(source, key, folder.name, named | titles, path)
    except ContentFault as fault:
        faults.append(fault)
    return File(path, key, folder.name, source, head, text)


def _head(path: Path, source: str) -> dict[str, Any]:
    """The front matter, or an empty one where `read_text` will say what is wrong with it."""
    match = FRONT_MATTER.match(source)
    try:
        head = (yaml.safe_load(match["head"]) if match else None) or {}
    except yaml.YAMLError:
        return {}
    if not isinstance(head, dict):
        message = "front matter must hold fields, as in 'title: ...'"
        raise ContentFault(path, 1, message, code="front_matter_fields")
    return head


def _name(item: Any) -> str:
    return str(item.get("name", "")) if isinstance(item, dict) else str(item)


def _shape_faults(path: Path, source: str, head: dict[str, Any]) -> Iterator[ContentFault]:
    """Front matter whose values are of the wrong kind, so that reading it as a text would go wrong."""

    def fault(needle: str, message: str, code: str, **values: Any) -> ContentFault:
        return ContentFault(path, line_of(source, needle), message, code=code, values=values)

    for name in ("choices", "sources"):
        if not isinstance(head.get(name) or [], list):
            yield fault(f"{name}:", f"'{name}' must be a list", code="not_a_list", name=name)
            return
    for item in head.get("choices") or []:
        if isinstance(item, bool):
            yield fault("choices:", 'write the choices "yes" and "no" in quotation marks', code="yes_no_unquoted")
        elif not isinstance(item, (str, dict)):
            message = f"choice '{item}' must be a name or hold a name and a title"
            yield fault("choices:", message, code="choice_shape", name=item)
        elif isinstance(item, dict) and (unknown := sorted(set(item) - {"name", "title", "leads_to"})):
            message = f"a choice has no field '{unknown[0]}'"
            yield fault(f"{unknown[0]}:", message, code="choice_field", name=unknown[0])
    for item in head.get("sources") or []:
        if not isinstance(item, str):
            yield fault("sources:", f"source '{item}' must be a short name", code="source_shape", name=item)
    image = head.get("image")
    if image is not None and not (isinstance(image, dict) and set(image) == {"file", "alt"}):
        yield fault("image:", "an image needs 'file' and 'alt'", code="image_shape")
    elif image and not (IMAGES / str(image["file"])).is_file():
        message = f"there is no picture '{image['file']}' in content/images"
        yield fault("image:", message, code="no_such_picture", name=image["file"])
    for name in ("reviewed_on", "review_due"):
        if head.get(name) is not None and type(head[name]) is not date:
            yield fault(f"{name}:", f"'{name}' must be a date, as in 2027-05-21", code="not_a_date", name=name)


def _source_faults(path: Path, sources: dict[str, Any]) -> Iterator[ContentFault]:
    for name, entry in sources.items():
        title = entry.get("title") if isinstance(entry, dict) else None
        titled = isinstance(title, dict) and all(title.get(language) for language in LANGUAGES)
        if not titled or not entry.get("url"):
            message = f"source '{name}' needs a title in {' and '.join(LANGUAGES)}, and a url"
            line = _key_lines(path).get(name, 1)
            yield ContentFault(path, line, message, code="source_incomplete", values={"name": name})


def _shared_faults(path: Path, other: Path) -> Iterator[ContentFault]:
    """What `path` has and `other`, the same file in another language, lacks; and button titles too long."""
    mine, theirs = read_yaml(path, []), read_yaml(other, [])
    lines = _key_lines(path) if mine else {}
    where = f"{other.parent.name}/{other.name}"
    for key, value in mine.items():
        line = lines.get(key, 1)
        if not isinstance(key, str) or not isinstance(value, str):
            message = f"'{key}' and what it says must be text; use quotation marks"
            yield ContentFault(path, line, message, code="words_unquoted", values={"name": key})
            continue
        if path.name == "choices.yml" and len(value) > MAX_TITLE:
            message = too_long_title(key, value)
            values = {"name": key, "title": value, "length": len(value), "most": MAX_TITLE}
            yield ContentFault(path, line, message, code="title_too_long", values=values)
        if theirs and key not in theirs:
            message, values = f"'{key}' is missing in {where}", {"name": key, "file": where}
            yield ContentFault(path, line, message, code="words_missing", values=values)
        elif extra := placeholders(value) - placeholders(str(theirs.get(key, value))):
            message = f"placeholder '{{{min(extra)}}}' of '{key}' is missing in {where}"
            values = {"placeholder": min(extra), "name": key, "file": where}
            yield ContentFault(path, line, message, code="words_placeholder", values=values)


def _key_lines(path: Path) -> dict[Any, int]:
    """The line of each top-level key of a YAML mapping."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {yaml.safe_load(yaml.serialize(key)): key.start_mark.line + 1 for key, _ in pairs}


def _faults_between(files: dict[Place, File], places: Collection[Place]) -> Iterator[ContentFault]:
    """Faults that show only when the files are read side by side; `places` are all the texts there are."""
    for (key, language), file in files.items():
        for other in LANGUAGES:
            if (key, other) not in files:
                message, values = f"there is no '{other}' text of '{key}'", {"name": key, "other": other}
                yield ContentFault(file.path, 1, message, code="no_such_language", values=values)
            elif other != language:
                yield from _differences(file, files[key, other])
        for choice in file.text.choices if file.text else ():
            if choice.leads_to and (choice.leads_to, language) not in places:
                message = f"'{choice.name}' leads to '{choice.leads_to}', which does not exist"
                values = {"name": choice.name, "leads_to": choice.leads_to}
                yield file.fault(choice.leads_to, message, code="leads_nowhere", **values)


def _differences(file: File, other: File) -> Iterator[ContentFault]:
    if not file.text or not other.text:
        return
    for name in sorted(placeholders(file.source) - placeholders(other.source)):
        message = f"placeholder '{{{name}}}' is missing in {other.language}"
        values = {"name": name, "language": file.language, "other": other.language}
        yield file.fault(f"{{{name}}}", message, code="placeholder_missing", **values)
    mine, theirs = _targets(file.text), _targets(other.text)
    if file.language != LANGUAGES[0] and mine != theirs:
        message = f"choices differ from {other.language}: {', '.join(mine)}; there: {', '.join(theirs)}"
        values = {"language": file.language, "other": other.language}
        yield file.fault("choices:", message, code="choices_differ", **values)


def _targets(text: Text) -> list[str]:
    return [f"{choice.name} -> {choice.leads_to}" if choice.leads_to else choice.name for choice in text.choices]
