"""The texts as they are live: the files, and over them what editors published. Every process looks again by itself.

A gateway asks the database every two seconds whether something went live, so an approval is seen everywhere within
ten, without a restart and without training.
"""

from __future__ import annotations

import asyncio
import threading

import structlog
from sqlalchemy import Engine

from bot.content.shared_words import parsed, with_shared_words, with_texts
from bot.content.store import ContentStore
from bot.content.texts import Text
from bot.store import editions
from bot.store.editions import InForce, LiveChanged

SECONDS = 2.0
Place = tuple[str, str]  # key, language


class LiveContent(ContentStore):
    """A content store whose texts change while it is used. `files` is the content folder as it was read."""

    def __init__(self, files: ContentStore, engine: Engine) -> None:
        files = with_shared_words(files)
        super().__init__(**vars(files))
        self.files, self.engine = files, engine
        self.serial = 0
        self.refreshing = threading.Lock()  # an older look must not be taken up over a newer one
        self.overridden: dict[Place, InForce] = {}

    def begin(self) -> None:
        """Keeps the files' versions, for whoever asks later what a patient saw; lets go of edits the files hold."""
        rows = [(t.key, t.language, t.version, t.source) for t in self.files.texts.values()]
        editions.remember_versions(self.engine, rows, "file")
        for live in editions.in_force(self.engine):
            key, language, version = live.publication.key, live.publication.language, live.publication.version
            text = self.files.texts.get((key, language))
            if text and text.version == version:
                try:
                    after = live.publication.id
                    editions.follow_file(self.engine, key, language, version, "merged", after=after)
                except LiveChanged:
                    continue  # another process did it
        self.refresh()

    def refresh(self) -> bool:
        """Takes up what went live since the last look; whether there was something. Blocks for one short query."""
        with self.refreshing:
            return self._refresh()

    def _refresh(self) -> bool:
        newest = editions.serial(self.engine)
        if newest == self.serial:
            return False
        found = {(live.publication.key, live.publication.language): live for live in editions.in_force(self.engine)}
        edited = {place: self._read(*place, live.source, self.files) for place, live in found.items()}
        now = with_texts(self.files, {place: text for place, text in edited.items() if text})
        self.titles, self.page, self.situations = now.titles, now.page, now.situations
        self.texts, self.overridden, self.serial = now.texts, found, newest
        return True

    def read(self, key: str, language: str, source: str) -> Text | None:
        """A source as a text of this place; None, and a line in the log, for one that cannot be read (any more)."""
        return self._read(key, language, source, self)

    def _read(self, key: str, language: str, source: str, content: ContentStore) -> Text | None:
        standing = self.files.texts.get((key, language))
        try:
            return parsed(source, standing, content) if standing else None
        except Exception as error:  # whatever is wrong with one text, the others go on
            structlog.get_logger().error("edition_unreadable", key=key, language=language, error=type(error).__name__)
            return None

    def never_approved(self, prefixes: tuple[str, ...]) -> list[str]:
        """Keys below the prefixes that no clinician has approved, neither as they are live nor in the files.

        An emergency edit of an approved text is flagged until it is looked over; a restart must not stop for it.
        """
        approved = {place for place, text in self.files.texts.items() if text.signed}
        waiting = [t for place, t in self.texts.items() if not t.signed and not t.shared and place not in approved]
        return sorted({t.key for t in waiting if t.key.startswith(prefixes)})

    def with_texts(self, texts: dict[Place, Text]) -> ContentStore:
        """What would be said if these texts were live as well."""
        plain = ContentStore(**{name: getattr(self, name) for name in ContentStore.__dataclass_fields__})
        return with_texts(plain, texts)

    async def keep(self) -> None:
        """Looks again every two seconds, until cancelled; while that fails, as with the database down, what was
        live stays."""
        while True:
            try:
                await asyncio.to_thread(self.refresh)
            except Exception as error:  # to stop looking would hide every later approval
                structlog.get_logger().error("content_not_refreshed", error=type(error).__name__)
            await asyncio.sleep(SECONDS)
