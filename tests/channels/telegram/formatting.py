"""HTML as bots send it, parsed to plain text with entities as Telegram does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.channels.telegram.refusals import Json, Refused, bad, size

Parsed = tuple[str, list[Json]]

TAGS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("span", "tg-spoiler"), "spoiler"),
    **{"a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote", "tg-emoji": "custom_emoji"},
}
TOKEN = re.compile(
    r"""<(?P<end>/?)(?P<tag>[a-z][a-z0-9-]*)(?P<attributes>(?:\s+[a-z-]+(?:="[^"]*"|='[^']*'|=[^\s"'<>=]+)?)*)\s*>
    |&(?:(?P<named>(?-i:lt|gt|amp|quot))|\#(?P<decimal>[0-9]+)|\#x(?P<hex>[0-9a-f]+));
    |(?P<text>[^<>&]+)""",
    re.IGNORECASE | re.VERBOSE,
)
ATTRIBUTE = re.compile(r"""([a-z-]+)(?:=(?:"([^"]*)"|'([^']*)'|([^\s"'<>=]+)))?""", re.IGNORECASE)
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


@dataclass
class _Open:
    tag: str
    start: int
    extras: Json
    language: str = ""


class _Html:
    """One text on its way from HTML to plain text with entities."""

    def __init__(self, source: str) -> None:
        self.source, self.plain = source, ""
        self.open: list[_Open] = []
        self.entities: list[Json] = []

    def parse(self) -> Parsed:
        at = 0
        while at < len(self.source):
            found = TOKEN.match(self.source, at)
            if not found:
                raise self.refusal(self.unreadable(at), at)
            self.take(found)
            at = found.end()
        if self.open:
            raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{self.open[-1].tag}\"")
        return self.plain, sorted(self.entities, key=lambda entity: (entity["offset"], -entity["length"]))

    def refusal(self, problem: str, at: int) -> Refused:
        before, _, after = problem.partition(" @")
        return bad(f"can't parse entities: {before} at byte offset {len(self.source[:at].encode())}{after}")

    def unreadable(self, at: int) -> str:
        if self.source[at] != "<":
            return f'Character "{self.source[at]}" must be escaped'
        name = re.match(r"[^\s<>]*", self.source[at + 1 :])
        return f'Unsupported start tag "{name.group() if name else ""}"'

    def take(self, found: re.Match[str]) -> None:
        if found["tag"] and found["end"]:
            self.close(found["tag"].lower(), found)
        elif found["tag"]:
            self.begin(found["tag"].lower(), found)
        else:
            self.plain += found["text"] or NAMED.get(found["named"] or "") or self.character(found)

    def character(self, found: re.Match[str]) -> str:
        number = int(found["decimal"]) if found["decimal"] else int(found["hex"], 16)
        if not 0 < number < 0x110000 or 0xD800 <= number < 0xE000:
            raise self.refusal("Invalid character reference", found.start())
        return chr(number)

    def begin(self, tag: str, found: re.Match[str]) -> None:
        attributes = {name.lower(): "".join(value) for name, *value in ATTRIBUTE.findall(found["attributes"])}
        if tag not in TAGS:
            raise self.refusal(f'Unsupported start tag "{tag}"', found.start())
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise self.refusal('Tag "span" must have class "tg-spoiler"', found.start())
        if tag == "tg-emoji" and not attributes.get("emoji-id", "").isdigit():
            raise self.refusal('Invalid custom emoji identifier specified in tag "tg-emoji"', found.start())
        language = attributes.get("class", "").partition("language-")[2] if tag == "code" else ""
        self.open.append(_Open(tag, size(self.plain), self.extras(tag, attributes), language))

    def extras(self, tag: str, attributes: dict[str, str]) -> Json:
        if tag == "a":
            return {"url": _unescaped(attributes.get("href", ""))}
        if tag == "tg-emoji":
            return {"custom_emoji_id": attributes["emoji-id"]}
        return {"type": "expandable_blockquote"} if tag == "blockquote" and "expandable" in attributes else {}

    def close(self, tag: str, found: re.Match[str]) -> None:
        if not self.open:
            raise self.refusal("Unexpected end tag", found.start())
        opened = self.open.pop()
        if opened.tag != tag:
            raise self.refusal(f'Unmatched end tag @, expected "</{opened.tag}>", found "</{tag}>"', found.start())
        self.keep(opened)

    def keep(self, opened: _Open) -> None:
        """Adds the entity, unless Telegram drops it: empty ones, and those inside code."""
        parent = self.open[-1] if self.open else None
        if parent and parent.tag == "pre" and opened.language and parent.start == opened.start:
            parent.extras["language"] = opened.language
        length = size(self.plain) - opened.start
        in_code = any(outer.tag in ("code", "pre") for outer in self.open)
        is_no_link = opened.tag == "a" and not opened.extras["url"].startswith(("http://", "https://", "tg://"))
        if length and not in_code and not is_no_link:
            shape = {"type": TAGS[opened.tag], "offset": opened.start, "length": length}
            self.entities.append(shape | opened.extras)


def _unescaped(value: str) -> str:
    for name, character in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("amp", "&")):
        value = value.replace(f"&{name};", character)
    return value


def _trimmed(plain: str, entities: list[Json]) -> Parsed:
    """Without the white space around it, which Telegram removes."""
    skipped, kept = len(plain) - len(plain.lstrip()), plain.strip()
    shift, whole, moved = size(plain[:skipped]), size(kept), []
    for entity in entities:
        start = max(entity["offset"] - shift, 0)
        end = min(entity["offset"] + entity["length"] - shift, whole)
        moved += [entity | {"offset": start, "length": end - start}] if end > start else []
    return kept, moved[:100]


def parse(text: str, parse_mode: str | None, entities: list[Json] | None = None) -> Parsed:
    """The plain text and the entities of a text as a bot sends it."""
    if not parse_mode:
        return _trimmed(text, entities or [])
    if parse_mode.lower() != "html":
        raise bad("unsupported parse_mode")
    return _trimmed(*_Html(text).parse())
