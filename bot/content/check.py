"""Finds what is wrong with the content folder, so that an editor can mend it before a patient meets it.

`check` looks at each file alone (front matter, lengths, reading, words that frighten) and then at the files
together (both languages, placeholders, choices and where they lead). It reads, and never changes, the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import permutations, product
from pathlib import Path
from typing import Any

import yaml

from bot.content.errors import ContentFault
from bot.content.file_faults import MAX_TITLE, File, Shared, file_faults, placeholders, too_long_title
from bot.content.store import CONTENT, LANGUAGES, read_yaml
from bot.content.texts import FRONT_MATTER, Text, line_of, read_text

IMAGES = CONTENT / "images"
SHARED_FILES = ("choices.yml", "page.yml", "situations.yml")


def check(root: Path = CONTENT, today: date | None = None) -> list[ContentFault]:
    """Every fault in the content below `root`, sorted by file and line; `today` decides what is overdue."""
    faults: list[ContentFault] = []
    today = today or date.today()
    shared = Shared(
        titles={language: read_yaml(root / language / "choices.yml", faults) for language in LANGUAGES},
        sources=read_yaml(root / "sources.yml", faults),
        frightening=read_yaml(root / "frightening_words.yml", faults),
    )
    files: dict[tuple[str, str], File] = {}
    for language in LANGUAGES:
        read_yaml(root / language / "page.yml", faults)
        for path in sorted((root / language).rglob("*.md")):
            file = _read(path, root / language, shared.titles[language], faults)
            files[file.key, language] = file
            faults += file_faults(file, shared, today)
    faults += _source_faults(root / "sources.yml", shared.sources)
    for name, (one, other) in product(SHARED_FILES, permutations(LANGUAGES, 2)):
        faults += _shared_faults(root / one / name, root / other / name)
    faults += _faults_between(files)
    return sorted(set(faults), key=lambda fault: (str(fault.path), fault.line, fault.message))


def _read(path: Path, folder: Path, titles: dict[str, str], faults: list[ContentFault]) -> File:
    """Reads one file as far as it can be read; what hinders the rest is added to `faults`."""
    key = path.relative_to(folder).with_suffix("").as_posix()
    source, head, text = "", {}, None
    try:
        source = path.read_text(encoding="utf-8")
        head = _head(path, source)
        if shape := list(_shape_faults(path, source, head)):
            faults += shape
        else:
            named = {_name(item): _name(item) for item in head.get("choices") or []}
            text = read_text(path, folder, named | titles)
    except UnicodeDecodeError:
        faults.append(ContentFault(path, 1, "is not UTF-8 text"))
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
        raise ContentFault(path, 1, "front matter must hold fields, as in 'title: ...'")
    return head


def _name(item: Any) -> str:
    return str(item.get("name", "")) if isinstance(item, dict) else str(item)


def _shape_faults(path: Path, source: str, head: dict[str, Any]) -> Iterator[ContentFault]:
    """Front matter whose values are of the wrong kind, so that reading it as a text would go wrong."""

    def fault(needle: str, message: str) -> ContentFault:
        return ContentFault(path, line_of(source, needle), message)

    for name in ("choices", "sources"):
        if not isinstance(head.get(name) or [], list):
            yield fault(f"{name}:", f"'{name}' must be a list")
            return
    for item in head.get("choices") or []:
        if isinstance(item, bool):
            yield fault("choices:", 'write the choices "yes" and "no" in quotation marks')
        elif not isinstance(item, (str, dict)):
            yield fault("choices:", f"choice '{item}' must be a name or hold a name and a title")
        elif isinstance(item, dict) and (unknown := sorted(set(item) - {"name", "title", "leads_to"})):
            yield fault(f"{unknown[0]}:", f"a choice has no field '{unknown[0]}'")
    for item in head.get("sources") or []:
        if not isinstance(item, str):
            yield fault("sources:", f"source '{item}' must be a short name")
    image = head.get("image")
    if image is not None and not (isinstance(image, dict) and set(image) == {"file", "alt"}):
        yield fault("image:", "an image needs 'file' and 'alt'")
    elif image and not (IMAGES / str(image["file"])).is_file():
        yield fault("image:", f"there is no picture '{image['file']}' in content/images")
    for name in ("reviewed_on", "review_due"):
        if head.get(name) is not None and type(head[name]) is not date:
            yield fault(f"{name}:", f"'{name}' must be a date, as in 2027-05-21")


def _source_faults(path: Path, sources: dict[str, Any]) -> Iterator[ContentFault]:
    for name, entry in sources.items():
        title = entry.get("title") if isinstance(entry, dict) else None
        titled = isinstance(title, dict) and all(title.get(language) for language in LANGUAGES)
        if not titled or not entry.get("url"):
            message = f"source '{name}' needs a title in {' and '.join(LANGUAGES)}, and a url"
            yield ContentFault(path, _key_lines(path).get(name, 1), message)


def _shared_faults(path: Path, other: Path) -> Iterator[ContentFault]:
    """What `path` has and `other`, the same file in another language, lacks; and button titles too long."""
    mine, theirs = read_yaml(path, []), read_yaml(other, [])
    lines = _key_lines(path) if mine else {}
    where = f"{other.parent.name}/{other.name}"
    for key, value in mine.items():
        line = lines.get(key, 1)
        if not isinstance(key, str) or not isinstance(value, str):
            yield ContentFault(path, line, f"'{key}' and what it says must be text; use quotation marks")
            continue
        if path.name == "choices.yml" and len(value) > MAX_TITLE:
            yield ContentFault(path, line, too_long_title(key, value))
        if theirs and key not in theirs:
            yield ContentFault(path, line, f"'{key}' is missing in {where}")
        elif extra := placeholders(value) - placeholders(str(theirs.get(key, value))):
            yield ContentFault(path, line, f"placeholder '{{{min(extra)}}}' of '{key}' is missing in {where}")


def _key_lines(path: Path) -> dict[Any, int]:
    """The line of each top-level key of a YAML mapping."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {yaml.safe_load(yaml.serialize(key)): key.start_mark.line + 1 for key, _ in pairs}


def _faults_between(files: dict[tuple[str, str], File]) -> Iterator[ContentFault]:
    """Faults that show only when the files are read side by side."""
    for (key, language), file in files.items():
        for other in LANGUAGES:
            if (key, other) not in files:
                yield ContentFault(file.path, 1, f"there is no '{other}' text of '{key}'")
            elif other != language:
                yield from _differences(file, files[key, other])
        for choice in file.text.choices if file.text else ():
            if choice.leads_to and (choice.leads_to, language) not in files:
                message = f"'{choice.name}' leads to '{choice.leads_to}', which does not exist"
                yield file.fault(choice.leads_to, message)


def _differences(file: File, other: File) -> Iterator[ContentFault]:
    if not file.text or not other.text:
        return
    for name in sorted(placeholders(file.source) - placeholders(other.source)):
        yield file.fault(f"{{{name}}}", f"placeholder '{{{name}}}' is missing in {other.language}")
    mine, theirs = _targets(file.text), _targets(other.text)
    if file.language != LANGUAGES[0] and mine != theirs:
        message = f"choices differ from {other.language}: {', '.join(mine)}; there: {', '.join(theirs)}"
        yield file.fault("choices:", message)


def _targets(text: Text) -> list[str]:
    return [f"{choice.name} -> {choice.leads_to}" if choice.leads_to else choice.name for choice in text.choices]
