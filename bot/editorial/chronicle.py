"""What patients read, and when: every version of a text and the time it was in force.

Pieced together from what went live by an edition and from when each version of the file was first seen. A file that
goes back to words it had before leaves no trace of when; `uncertain_since` says from when that leaves a doubt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot.clock import DANISH
from bot.editorial.workflow import Desk
from bot.store import editions
from bot.store.editorial_models import Edition, Publication

FROM_FILE, FILE_WAITS = "from_file", "file_waits"  # beside the kinds of a Publication


@dataclass(frozen=True)
class Line:
    """One line of a text's history. In force from `at` to `until` (None: still), unless it never was `live`."""

    version: str
    kind: str
    at: datetime
    live: bool = True
    until: datetime | None = None
    publication: Publication | None = None
    edition: Edition | None = None


def chronicle(desk: Desk, key: str, language: str) -> list[Line]:
    """The history of a text, newest first; empty for one that never was."""
    lines: list[Line] = []
    edited = False
    for line in _happened(desk, key, language):
        if line.kind == FROM_FILE and edited:
            lines.append(replace(line, kind=FILE_WAITS, live=False))
            continue
        if line.publication:
            edited = line.publication.edition_id is not None
        _end(lines, line.at)
        lines.append(line)
    return lines[::-1]


def _happened(desk: Desk, key: str, language: str) -> list[Line]:
    by_id = {each.id: each for each in editions.editions(desk.engine, key=key, language=language)}
    files = [
        Line(each.version, FROM_FILE, each.seen_at)
        for each in editions.versions(desk.engine, key, language)
        if each.origin == "file"
    ]
    published = [
        Line(each.version, each.kind, each.at, publication=each, edition=by_id.get(each.edition_id))
        for each in reversed(editions.history(desk.engine, key, language))
    ]
    return sorted(files + published, key=lambda line: line.at)


def _end(lines: list[Line], at: datetime) -> None:
    """The last version in force was so until now."""
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].live:
            lines[index] = replace(lines[index], until=at)
            return


def times(lines: list[Line], version: str) -> list[tuple[datetime, datetime | None]]:
    """From when to when (None: still) a version was in force, newest first; lines that follow each other are one."""
    found: list[tuple[datetime, datetime | None]] = []
    for line in lines:
        if line.live and line.version == version:
            if found and found[-1][0] == line.until:
                found[-1] = (line.at, found[-1][1])
            else:
                found.append((line.at, line.until))
    return found


def on_day(lines: list[Line], day: date) -> list[Line]:
    """What was in force at some time of a Danish day, in order; empty before anything was kept."""
    begin = datetime.combine(day, time(), DANISH)
    end = datetime.combine(day + timedelta(days=1), time(), DANISH)
    found = [line for line in lines if line.live and line.at < end and (line.until is None or line.until > begin)]
    return found[::-1]


def uncertain_since(desk: Desk, key: str, language: str, lines: list[Line]) -> datetime | None:
    """When the newest version known here began, if another is live: the file has gone back to earlier words."""
    live = desk.live.texts.get((key, language))
    last = next((line for line in lines if line.live), None)
    return last.at if live and last and last.version != live.version else None
