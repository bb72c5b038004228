"""Puts a backup into an empty database, of either kind: in one transaction, compared before and after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from bot.operating.archive import Backup, Manifest
from bot.operating.errors import NotRestored, NotWritten
from bot.operating.keys import held, opened
from bot.operating.tables import (
    AT_ONCE,
    Shape,
    add,
    count_on,
    in_transactions,
    lines,
    migrate_to,
    revision_of,
    revisions,
    shapes,
    values,
)
from bot.settings import Settings

ONE_AT_A_TIME = 0x52796772  # any number that nobody else uses
USE_AN_EMPTY_ONE = "Restore into an empty one: another RYGRAAD_DATA_DIR, or a new database in PostgreSQL."


def restore(settings: Settings, backup: Backup) -> Manifest:
    """Fills the empty database and brings it up to date: all or nothing. Raises NotABackup, NotRestored."""
    doubts = backup.doubts(held(settings))
    manifest = backup.check()
    if doubts and manifest.keys and manifest.revision != revisions()[-1]:
        raise NotRestored("The backup is of an older release: to bring it up to date, its secret must be in place.")
    engine = in_transactions(opened(settings), "begin immediate")
    try:
        with engine.begin() as connection:
            _alone(connection)
            _needs_empty(connection, manifest.revision)
            migrate_to(connection, manifest.revision)
            for shape in backup.shapes:
                for rows in _batches(values(shape, line) for line in backup.lines(shape)):
                    add(connection, shape, rows)
            for shape in backup.shapes:
                _compare(connection, shape, manifest)
                count_on(connection, shape)
            migrate_to(connection, "head")
    except (IntegrityError, DataError) as error:
        raise NotRestored("The database refuses a row: the backup does not hang together.") from error
    except SQLAlchemyError as error:
        raise NotRestored(
            f"The database does not answer, or is in use ({type(error).__name__}); see `rygraad doctor`."
        ) from error
    finally:
        engine.dispose()
    return manifest


def _alone(connection: Connection) -> None:
    """A second restore waits for the first, and then finds the database full; SQLite's transaction sees to it."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("select pg_advisory_xact_lock(:n)"), {"n": ONE_AT_A_TIME})


def _needs_empty(connection: Connection, revision: str) -> None:
    """Refuses a database with any row, with tables of others, or migrated further than the backup."""
    standing, known = revision_of(connection), revisions()
    ours = {shape.name for shape in shapes("head")} | {shape.name for shape in shapes(revision)}
    present = sorted(ours & set(sa.inspect(connection).get_table_names()))
    if standing is None and present:
        raise NotRestored(f"The database holds a table {present[0]} that is not Rygråd's. {USE_AN_EMPTY_ONE}")
    if standing and standing not in known[: known.index(revision) + 1]:
        raise NotRestored(
            f"The database is migrated to {standing}, further than the backup's {revision}. {USE_AN_EMPTY_ONE}"
        )
    quote = connection.dialect.identifier_preparer.quote
    if connection.dialect.name == "postgresql" and present:
        connection.execute(sa.text(f"lock table {', '.join(map(quote, present))} in exclusive mode"))
    full = [name for name in present if connection.scalar(sa.text(f"select 1 from {quote(name)} limit 1"))]
    if full:
        raise NotRestored(f"The database is not empty: it holds {', '.join(full)}. {USE_AN_EMPTY_ONE}")


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, AT_ONCE)):
        yield batch


def _compare(connection: Connection, shape: Shape, manifest: Manifest) -> None:
    """What the database gives back must be what the manifest says, byte for byte."""
    table, digest, rows = manifest.tables[shape.name], hashlib.sha256(), 0
    try:
        for line in lines(connection, shape):
            digest.update(line)
            rows += 1
    except NotWritten as error:
        raise NotRestored(str(error)) from error
    if (rows, digest.hexdigest()) != (table.rows, table.sha256):
        raise NotRestored(f"The table {shape.name} reads back otherwise than it was written; nothing was kept.")
