"""From what is live back to the files: what differs, writing it out, and what exactly a patient was shown.

An edit that was written out and committed counts as merged once a gateway starts with these files; from then on later
changes of the file apply again. Nothing here changes the database.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.clock import danish
from bot.content import shared_words
from bot.content.shared_words import is_shared
from bot.content.store import LANGUAGES
from bot.content.texts import version_of
from bot.editorial.live import LiveContent
from bot.store import editions
from bot.store.editions import OPEN, InForce
from bot.store.editorial_models import Edition, TextVersion
from bot.store.models import Conversation, Outbound

# What an edit that is live is to its file: it overrides it; the file has changed since as well; they say the same
# again; there is no such file any more; or this release cannot read it, so that the file is what patients get.
EDITED, CONFLICT, SAME, GONE, UNREADABLE = "edited", "conflict", "the same again", "no file", "unreadable"


class Standing(NamedTuple):
    """A text that is edited, and what the edit is to its file."""

    key: str
    language: str
    state: str
    live: InForce


def standings(live: LiveContent, root: Path | None = None) -> list[Standing]:
    """Every edit that is live, by language and key; judged by the files below `root`, where it has them."""
    found = []
    for key, language in sorted(live.overridden, key=lambda place: (place[1], place[0])):
        each = live.overridden[key, language]
        state = _state(live, key, language, each, _version_in(root, key, language))
        found.append(Standing(key, language, state, each))
    return found


def _state(live: LiveContent, key: str, language: str, each: InForce, there: str | None) -> str:
    file = live.files.texts.get((key, language))
    if file is None:
        return GONE
    if live.read(key, language, each.source) is None:
        return UNREADABLE
    version = there or file.version
    if version == each.publication.version:
        return SAME
    return EDITED if version == each.publication.file_version else CONFLICT


def _version_in(root: Path | None, key: str, language: str) -> str | None:
    if root is None:
        return None
    if is_shared(key):
        source = shared_words.source_in(root, key, language)
        return version_of(source) if source else None
    path = path_of(root, key, language)
    return version_of(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else None


def path_of(root: Path, key: str, language: str) -> Path:
    """Where a text stands below a content folder."""
    return shared_words.file_of(root, key, language) if is_shared(key) else root / language / f"{key}.md"


def open_editions(engine: Engine) -> list[Edition]:
    """Drafts, reviews, and what is approved and waits, by language and key."""
    found = editions.editions(engine, states=OPEN)
    return sorted(found, key=lambda each: (each.language, each.key, each.id or 0))


@dataclass(frozen=True)
class Written:
    """What writing out did: paths written, and the edits that were left alone with the reason (their state)."""

    paths: list[Path]
    left: list[Standing]


def write_out(live: LiveContent, root: Path, *, force: bool = False) -> Written:
    """Writes every edit that is live below `root`, byte for byte as it was published.

    One whose file says something else than the edit was made from is left alone, unless forced; one that this release
    cannot read always is. A file is written whole or not at all.
    """
    done = Written([], [])
    for each in standings(live, root):
        # A line of shared words that is in no file any more has no place to be written to.
        lost = is_shared(each.key) and shared_words.source_in(root, each.key, each.language) is None
        if not lost and (each.state == EDITED or (each.state in (CONFLICT, GONE) and force)):
            path = path_of(root, each.key, each.language)
            _write(path, _of_file(path, each))
            if path not in done.paths:
                done.paths.append(path)
        elif each.state != SAME:
            done.left.append(each)
    return done


def _of_file(path: Path, each: Standing) -> str:
    """What the file must say: the edit, or for shared words the file that is there with their line anew."""
    if not is_shared(each.key):
        return each.live.source
    return shared_words.written_into(path.read_text(encoding="utf-8"), each.key, each.live.source)


def _write(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fresh.write_bytes(source.encode("utf-8"))
    fresh.replace(path)


# ---------------------------------------------------------------- what a patient was shown


class Shown(NamedTuple):
    """A text that a patient was shown at a time; `kept` is that very version, when it is known."""

    at: datetime
    key: str
    version: str
    kept: TextVersion | None


def shown(engine: Engine, conversation: Conversation, on: date | None = None) -> Iterator[Shown]:
    """Everything the assistant said in a conversation, in order; on one Danish date, where one is given.

    The bubbles of one text count once. What was said before consent was never stored.
    """
    with Session(engine, expire_on_commit=False) as session:
        mine = select(Outbound).where(Outbound.conversation_id == conversation.id)
        rows = list(session.exec(mine.order_by(col(Outbound.position))))
    before: tuple[int | None, str, str] | None = None
    for row in rows:
        same = (row.inbound_id, row.reply["key"], row.reply.get("version") or "")
        if same != before and (on is None or danish(row.created_at).date() == on):
            key, version = same[1:]
            yield Shown(row.created_at, key, version, version_shown(engine, key, version, row.channel))
        before = same


def version_shown(engine: Engine, key: str, version: str, channel: str = "") -> TextVersion | None:
    """The version a reply names, in whichever language; a channel may have had its own words for the key."""
    keys = [f"{channel}/{key}", key]
    with Session(engine, expire_on_commit=False) as session:
        mine = select(TextVersion).where(col(TextVersion.key).in_(keys), TextVersion.version == version)
        found = list(session.exec(mine))
    return min(found, key=lambda each: (keys.index(each.key), LANGUAGES.index(each.language)), default=None)
