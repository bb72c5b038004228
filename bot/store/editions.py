"""Editions of texts and what went live. Every function takes the engine and plain values, and commits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Engine, func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.clock import now
from bot.store.editorial_models import DRAFT, DROPPED, LIVE, SUPERSEDED, Edition, Publication, Remark, TextVersion

OPEN = (DRAFT, "in_review", "approved")


class Stale(Exception):
    """The draft was saved elsewhere meanwhile; `edition` is how it stands now."""

    def __init__(self, edition: Edition | None) -> None:
        super().__init__("saved elsewhere meanwhile")
        self.edition = edition


class LiveChanged(Exception):
    """Another edition of this text went live meanwhile."""


class InForce(NamedTuple):
    """What overrides a file: the publication and its words."""

    publication: Publication
    source: str


# ---------------------------------------------------------------- what is live


def serial(engine: Engine) -> int:
    """Rises whenever a text goes live; 0 before the first.

    A count, for the highest id does not rise when a lower one is committed after it.
    """
    with Session(engine) as session:
        return session.exec(select(func.count(col(Publication.id)))).one()


def latest(engine: Engine, key: str, language: str) -> int:
    """The id of the newest publication of a text; 0 before the first."""
    with Session(engine) as session:
        return _latest(session, key, language)


def in_force(engine: Engine) -> list[InForce]:
    """Every text that an edition overrides, as it is live now."""
    newest = select(func.max(Publication.id)).group_by(col(Publication.key), col(Publication.language))
    with Session(engine, expire_on_commit=False) as session:
        statement = select(Publication, TextVersion.source).where(
            col(Publication.id).in_(newest),
            col(Publication.edition_id).is_not(None),
            TextVersion.key == Publication.key,
            TextVersion.language == Publication.language,
            TextVersion.version == Publication.version,
        )
        return [InForce(publication, source) for publication, source in session.exec(statement)]


def remember_versions(engine: Engine, rows: Iterable[tuple[str, str, str, str]], origin: str) -> int:
    """Keeps sources that are not kept yet: (key, language, version, source); how many. Safe for two at once."""
    with Session(engine) as session:
        statement = select(TextVersion.key, TextVersion.language, TextVersion.version)
        known = {tuple(row) for row in session.exec(statement)}
        fresh = [row for row in rows if row[:3] not in known]
        session.add_all(
            TextVersion(key=key, language=language, version=version, source=source, origin=origin)
            for key, language, version, source in fresh
        )
        try:
            session.commit()
        except IntegrityError:  # another process was faster; what it kept is the same
            session.rollback()
            return sum(remember_versions(engine, [row], origin) for row in fresh) if len(fresh) > 1 else 0
        return len(fresh)


def version(engine: Engine, key: str, language: str, name: str) -> TextVersion | None:
    """A version that was live, or could have been: the file's, or an edition's."""
    with Session(engine, expire_on_commit=False) as session:
        return session.get(TextVersion, (key, language, name))


def history(engine: Engine, key: str, language: str) -> list[Publication]:
    """Every time a text went live by an edition, or followed its file again, newest first."""
    with Session(engine, expire_on_commit=False) as session:
        statement = select(Publication).where(Publication.key == key, Publication.language == language)
        return list(session.exec(statement.order_by(col(Publication.id).desc())))


def versions(engine: Engine, key: str, language: str) -> list[TextVersion]:
    """Every version of a text there was, newest first."""
    with Session(engine, expire_on_commit=False) as session:
        statement = select(TextVersion).where(TextVersion.key == key, TextVersion.language == language)
        return list(session.exec(statement.order_by(col(TextVersion.seen_at).desc())))


def follow_file(
    engine: Engine,
    key: str,
    language: str,
    file_version: str,
    kind: str,
    by: str | None = None,
    after: int | None = None,
) -> None:
    """The file's text is in force again, in place of the publication `after` (None: the newest). Raises LiveChanged
    when another followed that one meanwhile."""
    with Session(engine) as session:
        _supersede(session, key, language)
        after = _latest(session, key, language) if after is None else after
        session.add(
            Publication(
                key=key,
                language=language,
                version=file_version,
                file_version=file_version,
                kind=kind,
                after=after,
                by=by,
            )
        )
        try:
            session.commit()
        except IntegrityError:
            raise LiveChanged from None


def keep_over_file(engine: Engine, publication: Publication, file_version: str, by: str) -> None:
    """An editor has seen the file's newer text, and the edit stays in force over it. Raises LiveChanged."""
    fields = publication.model_dump(exclude={"id", "at"}) | {"file_version": file_version, "kind": "kept", "by": by}
    with Session(engine) as session:
        session.add(Publication(**fields | {"after": publication.id}))
        try:
            session.commit()
        except IntegrityError:
            raise LiveChanged from None


class Going(NamedTuple):
    """An edition on its way to go live: the source as it will be, its version, and the file's version now.

    `after` is the publication it was judged against, `revision` its own then (None: whatever they are).
    """

    edition_id: int
    source: str
    version: str
    file_version: str
    after: int | None = None
    revision: int | None = None


def go_live(engine: Engine, going: list[Going], kind: str, by: str, **fields: Any) -> None:
    """Puts editions into force together, or none of them; `fields` are set on each.

    Raises LiveChanged when another went live meanwhile, Stale when the edition has changed.
    """
    with Session(engine) as session:
        try:
            for each in going:
                _put_live(session, each, kind, by, fields)
            session.commit()
        except IntegrityError:
            raise LiveChanged from None


def _put_live(session: Session, each: Going, kind: str, by: str, fields: dict[str, Any]) -> None:
    edition = session.get_one(Edition, each.edition_id)
    key, language = edition.key, edition.language
    _supersede(session, key, language)
    mine = update(Edition).where(col(Edition.id) == each.edition_id)
    if each.revision is not None:
        mine = mine.where(col(Edition.revision) == each.revision)
    done = session.execute(mine.values(state=LIVE, version=each.version, live_at=now(), **fields))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Stale(edition)
    if not session.get(TextVersion, (key, language, each.version)):
        session.add(
            TextVersion(key=key, language=language, version=each.version, source=each.source, origin="edition")
        )
    after = _latest(session, key, language) if each.after is None else each.after
    session.add(
        Publication(
            key=key, language=language, version=each.version, edition_id=each.edition_id, kind=kind, by=by,
            file_version=each.file_version, after=after,
        )
    )  # fmt: skip


def _latest(session: Session, key: str, language: str) -> int:
    statement = select(func.max(Publication.id)).where(Publication.key == key, Publication.language == language)
    return session.exec(statement).one() or 0


def _supersede(session: Session, key: str, language: str) -> None:
    mine = update(Edition).where(
        col(Edition.key) == key, col(Edition.language) == language, col(Edition.state) == LIVE
    )
    session.execute(mine.values(state=SUPERSEDED))


# ---------------------------------------------------------------- editions


def begin(engine: Engine, *, key: str, language: str, source: str, author_id: str, base_version: str) -> Edition:
    """The author's open draft of a text; a new one of these words when there is none."""
    with Session(engine, expire_on_commit=False) as session:
        mine = select(Edition).where(
            Edition.key == key, Edition.language == language, Edition.author_id == author_id, Edition.state == DRAFT
        )
        if found := session.exec(mine).first():
            return found
        edition = Edition(key=key, language=language, source=source, author_id=author_id, base_version=base_version)
        session.add(edition)
        session.commit()
        return edition


def add(engine: Engine, edition: Edition) -> Edition:
    """Keeps an edition that did not begin as a draft: a rollback."""
    with Session(engine, expire_on_commit=False) as session:
        session.add(edition)
        session.commit()
        return edition


def edition(engine: Engine, edition_id: int) -> Edition | None:
    """An edition."""
    with Session(engine, expire_on_commit=False) as session:
        return session.get(Edition, edition_id)


def editions(engine: Engine, *, states: Iterable[str] = (), **fields: Any) -> list[Edition]:
    """Editions with these fields and in these states (none given: any), the one changed last first."""
    statement = select(Edition).filter_by(**fields).order_by(col(Edition.changed_at).desc(), col(Edition.id).desc())
    if states:
        statement = statement.where(col(Edition.state).in_(list(states)))
    with Session(engine, expire_on_commit=False) as session:
        return list(session.exec(statement))


def save(engine: Engine, edition_id: int, revision: int, **fields: Any) -> Edition:
    """Changes a draft that is still as it was at this revision. Raises Stale otherwise; nothing is overwritten."""
    if not _update(engine, edition_id, DRAFT, revision, **fields):
        raise Stale(edition(engine, edition_id))
    found = edition(engine, edition_id)
    assert found is not None
    return found


def move(engine: Engine, edition_id: int, state: str, to: str, revision: int | None = None, **fields: Any) -> bool:
    """Takes an edition from one state to the next; False when it is no longer in the first. Safe for two at once."""
    return _update(engine, edition_id, state, revision, to=to, **fields)


def note_suite(engine: Engine, edition_id: int, revision: int, result: dict[str, Any]) -> bool:
    """Keeps what the safety suite found of these very words; False when they have changed since."""
    return _update(engine, edition_id, None, revision, touch=False, suite=result)


def drop(engine: Engine, edition_id: int) -> bool:
    """The author gives a draft up; it is kept, and no longer shown."""
    return move(engine, edition_id, DRAFT, DROPPED)


def _update(
    engine: Engine,
    edition_id: int,
    state: str | None,
    revision: int | None,
    *,
    to: str | None = None,
    touch: bool = True,
    **fields: Any,
) -> bool:
    mine = update(Edition).where(col(Edition.id) == edition_id)
    if state is not None:
        mine = mine.where(col(Edition.state) == state)
    if revision is not None:
        mine = mine.where(col(Edition.revision) == revision)
    changed: dict[str, Any] = {"changed_at": now(), "revision": Edition.revision + 1} if touch else {}
    changed |= {"state": to} if to else {}
    with Session(engine) as session:
        done = session.execute(mine.values(**changed, **fields))
        session.commit()
        return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def remark(engine: Engine, edition_id: int, user_id: str, kind: str, words: str = "") -> None:
    """Notes what somebody said or did about an edition."""
    with Session(engine) as session:
        session.add(Remark(edition_id=edition_id, user_id=user_id, kind=kind, words=words))
        session.commit()


def remarks(engine: Engine, edition_id: int) -> list[Remark]:
    """What was said and done about an edition, oldest first."""
    with Session(engine, expire_on_commit=False) as session:
        statement = select(Remark).where(Remark.edition_id == edition_id).order_by(col(Remark.id))
        return list(session.exec(statement))
