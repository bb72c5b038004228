"""The small Markdown of the assistant's texts (bot/channels/markdown.py) as Telegram's HTML.

Telegram knows no paragraphs or lists, so blank lines and bullets stand for them; and no telephone links, so a
number is written out, with the country's code where that makes it one that phones can call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from bot.channels.markdown import BULLET, INLINE, NEWLINE

MOST = 4096  # UTF-16 units of a text, tags not counted
TAG = re.compile(r"<[^>]*>")
NATIONAL = re.compile(r"\d{8}")


def pieces(text: str, most: int = MOST) -> list[str]:
    """The text as HTML, in as many pieces as Telegram's limit needs; cut between lines, else words, else letters."""
    found: list[str] = [""]
    lines = list(_lines(text, most))
    for line, before in zip(lines, ["", *lines], strict=False):
        if not line and not before:
            continue  # one blank line between paragraphs, however many were written
        html = _line(line)
        joined = f"{found[-1]}\n{html}" if found[-1] else html
        if length(joined) <= most:
            found[-1] = joined
        else:
            found.append(html)
    return [kept for piece in found if (kept := piece.strip("\n"))]


def length(html: str) -> int:
    """How long Telegram takes it to be: UTF-16 units, without tags, an escaped character as one."""
    plain = TAG.sub("", html).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return len(plain.encode("utf-16-le", "surrogatepass")) // 2


def phone(number: str) -> str:
    """A Danish number as phones call it: eight digits get the country's code, short ones are called as they are."""
    return f"+45 {number}" if NATIONAL.fullmatch(number.replace(" ", "")) else number


def _lines(text: str, most: int) -> Iterator[str]:
    for line in NEWLINE.split(text):
        rest = line.strip()
        while length(escape(rest, quote=False)) > most:
            end = most // 2  # letters, each of two units at most
            end = rest.rfind(" ", 1, end) if rest.rfind(" ", 1, end) > 0 else end
            yield rest[:end]
            rest = rest[end:].strip()
        yield rest


def _line(line: str) -> str:
    return f"• {_inline(line[len(BULLET) :])}" if line.startswith(BULLET) else _inline(line)


def _inline(line: str) -> str:
    """Bold may hold links; nothing else nests."""
    html, rest = "", 0
    for found in INLINE.finditer(line):
        html += escape(line[rest : found.start()], quote=False)
        html += f"<b>{_inline(found['bold'])}</b>" if found["bold"] else _link(found)
        rest = found.end()
    return html + escape(line[rest:], quote=False)


def _link(found: re.Match[str]) -> str:
    label, url = found["label"], found["url"]
    if not label.strip():
        return escape(found[0], quote=False)  # nothing to see or to press
    if not url.startswith("tel:"):
        return f'<a href="{escape(url)}">{escape(label, quote=False)}</a>'
    number = url.removeprefix("tel:")
    said = number in label.replace(" ", "")
    words = label if any(letter.isalpha() for letter in label) else ""
    return escape(words if said and words else f"{words} {phone(number)}".strip(), quote=False)
