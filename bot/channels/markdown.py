"""The small Markdown of the assistant's texts as HTML: the templates' filter `markdown`.

What it knows: paragraphs (a blank line between them), line breaks, lists (`- `), `**bold**` and
`[text](https://… or tel:…)`. Everything else is shown as it is written, escaped. `web/static/chat.js` and
`telegram/html.py` have the same subset. All are written by hand, so small that they cannot come to disagree.
"""

from __future__ import annotations

import re
from itertools import groupby

from markupsafe import Markup, escape

BOLD = r"\*\*(?P<bold>\S(?:.*?\S)??)\*\*"
LINK = r"\[(?P<label>[^\[\]]+)\]\((?P<url>https://[^\s()<>\"]+|tel:\+?[0-9]+)\)"
INLINE = re.compile(f"{BOLD}|{LINK}")
BULLET = "- "
NEWLINE = re.compile(r"\r\n|\r|\n")
# A page of its own, so that reading a source never loses the conversation; a phone number opens the dialler.
AWAY = Markup(' target="_blank" rel="noopener noreferrer"')


def to_html(text: str) -> Markup:
    """The text as HTML that is safe to put on a page."""
    lines = [line.strip() for line in NEWLINE.split(text)]
    blocks = groupby(lines, key=_kind)
    return Markup("").join(_block(kind, list(group)) for kind, group in blocks if kind != "blank")


def _kind(line: str) -> str:
    if not line:
        return "blank"
    return "list" if line.startswith(BULLET) else "paragraph"


def _block(kind: str, lines: list[str]) -> Markup:
    if kind == "list":
        items = (Markup("<li>{}</li>").format(_inline(line[len(BULLET) :])) for line in lines)
        return Markup("<ul>{}</ul>").format(Markup("").join(items))
    return Markup("<p>{}</p>").format(Markup("<br>").join(map(_inline, lines)))


def _inline(line: str) -> Markup:
    """Bold may hold links; nothing else nests."""
    html, rest = Markup(""), 0
    for found in INLINE.finditer(line):
        html += escape(line[rest : found.start()]) + (_bold(found) if found["bold"] else _link(found))
        rest = found.end()
    return html + escape(line[rest:])


def _bold(found: re.Match[str]) -> Markup:
    return Markup("<strong>{}</strong>").format(_inline(found["bold"]))


def _link(found: re.Match[str]) -> Markup:
    target = "" if found["url"].startswith("tel:") else AWAY
    return Markup('<a href="{}"{}>{}</a>').format(found["url"], target, found["label"])
