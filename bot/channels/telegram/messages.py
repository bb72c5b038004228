"""A reply as the messages it makes in Telegram."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.channels.pages import PAGES
from bot.channels.telegram.html import length, phone, pieces
from bot.content.check import IMAGES
from bot.dialogue.replies import Choice, Image, Reply
from bot.self_management.chart import as_png

MOST_CAPTION = 1024
SHORT = 14  # letters of a button that leaves room for another beside it
NUMBERS = 6  # of a scale in a row
DRAWN = "data:image/svg+xml;base64,"
FROM_HERE = ("/me/data.json", "/me/link")  # not needed here: the file is sent, and the chat is the way back
ON_A_PAGE = {key for key, (path, _) in PAGES.items() if path not in FROM_HERE}
PINNED = ("emergency", "urgent")
# Without their sources, which cannot fold away here and would stand in the way; whoever asks for them gets them.
BARE = ("care/", "screening/", "safety_check/")
EXPORT, WITHDRAWN = "control/export", "care/withdrawn"
Buttons = tuple[tuple[tuple[str, str], ...], ...]  # rows of (title, what pressing it sends)


@dataclass(frozen=True)
class Message:
    """One Telegram message: HTML, perhaps under a picture (PNG) or a file (name, content), perhaps with buttons."""

    html: str
    photo: bytes | None = None
    file: tuple[str, bytes] | None = None
    buttons: Buttons = ()
    urgent: bool = False
    pin: bool | None = None  # True: pin it; False: unpin what is pinned


def messages(
    reply: Reply, choices: Sequence[Choice], page: Mapping[str, str], export: Callable[[], bytes] | None = None
) -> list[Message]:
    """The messages of a reply. `page` are the strings of page.yml; `export` makes the person's data as a file."""
    text = _text(reply, page)
    picture = _picture(reply.image) if reply.image else None
    if picture and reply.image and reply.image.url.startswith(DRAWN):
        text = f"{text}\n\n{reply.image.alt}"  # the numbers of the chart, for whoever cannot see it
    if reply.key == EXPORT and export:
        first, *more = pieces(text, MOST_CAPTION)
        found = [Message(html=first, file=("rygraad.json", export())), *(Message(html=html) for html in more)]
    else:
        found = _with_picture(pieces(text), picture)
    pin = True if reply.care and reply.care.level in PINNED else False if reply.key == WITHDRAWN else None
    last = replace(found[-1], buttons=buttons(choices, reply.key, page), pin=pin)
    return [replace(message, urgent=bool(reply.care)) for message in [*found[:-1], last]]


def _with_picture(texts: list[str], picture: bytes | None) -> list[Message]:
    """A picture bears the text as its caption where that is short enough, else it goes before it."""
    if picture is None:
        return [Message(html=html) for html in texts]
    if len(texts) == 1 and length(texts[0]) <= MOST_CAPTION:
        return [Message(html=texts[0], photo=picture)]
    return [Message(html="", photo=picture), *(Message(html=html) for html in texts)]


def _text(reply: Reply, page: Mapping[str, str]) -> str:
    parts = [reply.text]
    if reply.care:
        parts.append("\n".join(f"- {one.name}: **{phone(one.phone)}**" for one in reply.care.contacts))
    if reply.sources and not reply.key.startswith(BARE) and not reply.key.endswith("/check"):
        linked = (f"[{source.title.replace('[', '(').replace(']', ')')}]({source.url})" for source in reply.sources)
        parts.append(f"{page['sources']}: {', '.join(linked)}")
    return "\n\n".join(part for part in parts if part)


def _picture(image: Image) -> bytes:
    if image.url.startswith(DRAWN):
        return as_png(base64.b64decode(image.url.removeprefix(DRAWN)).decode())
    return as_png((IMAGES / image.url.rsplit("/", 1)[-1]).read_text(encoding="utf-8"))


def buttons(choices: Sequence[Choice], key: str, page: Mapping[str, str]) -> Buttons:
    """The keyboard under a reply: a scale in short rows, two short words side by side, anything longer alone."""
    rows: list[list[tuple[str, str]]] = []
    for one in choices:
        most = NUMBERS if one.title.isdigit() else 2 if len(one.title) <= SHORT else 1
        last = rows[-1] if rows else []
        alike = bool(last) and last[0][0].isdigit() == one.title.isdigit() and len(last[0][0]) <= SHORT
        if alike and most > 1 and len(last) < most:
            last.append((one.title, one.value))
        else:
            rows.append([(one.title, one.value)])
    if key in ON_A_PAGE:
        rows.append([(page["own_web"], "/web")])
    return tuple(tuple(row) for row in rows)
