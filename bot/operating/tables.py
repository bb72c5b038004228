"""The tables of a revision, and their rows in a form that is the same for SQLite and PostgreSQL.

What patients said is encrypted in the rows and is copied as it stands: nothing here decrypts. A row is a JSON array;
moments are texts in UTC, and JSON columns stand as the text the database holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event

from bot.operating.errors import NotABackup, NotWritten
from bot.store.database import MIGRATIONS
from bot.store.encryption import Cipher, use

# A restore signs staff out: a session holds a token in the open, and ends within hours anyway.
LEFT_OUT = frozenset({"staffsession"})
MOST_BYTES = 16 * 1024 * 1024  # of one row
AT_ONCE = 500  # rows
LARGEST = 2**63
Kind = str
TYPES: dict[Kind, Any] = {
    "boolean": sa.Boolean(), "moment": sa.DateTime(), "json": sa.Text(), "integer": sa.BigInteger(),
    "text": sa.Text(),
}  # fmt: skip
PYTHON: dict[Kind, type] = {"boolean": bool, "moment": datetime, "json": str, "integer": int, "text": str}
KINDS: list[tuple[type, Kind]] = [
    (sa.Boolean, "boolean"), (sa.DateTime, "moment"), (sa.JSON, "json"), (sa.Integer, "integer"), (sa.String, "text"),
]  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """A table of some revision: its columns with their kinds, and the key its rows are ordered by."""

    name: str
    columns: dict[str, Kind]
    key: tuple[str, ...]


def scripts() -> ScriptDirectory:
    """The migrations there are."""
    return ScriptDirectory(str(MIGRATIONS))


def revisions() -> list[str]:
    """Every revision this release knows, the oldest first."""
    return [script.revision for script in scripts().walk_revisions()][::-1]


def revision_of(connection: Connection) -> str | None:
    """How far this database is migrated; None for one that is not ours, or still empty."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate_to(connection: Connection, revision: str) -> None:
    """Runs the migrations that are missing up to a revision, within the connection's own transaction."""
    script = scripts()

    def steps(current: Any, _: MigrationContext) -> Any:
        return script._upgrade_revs(revision, current)

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection, render_as_batch=True)
        environment.run_migrations()


@lru_cache
def shapes(revision: str) -> tuple[Shape, ...]:
    """The tables a database has at this revision, in an order in which rows can be added; the migrations say."""
    scratch = sa.create_engine("sqlite://")
    use(scratch, Cipher(["nothing is stored in it"]))
    found = sa.MetaData()
    with scratch.begin() as connection:
        migrate_to(connection, revision)
        found.reflect(connection)
    tables = [table for table in found.sorted_tables if table.name != "alembic_version"]
    return tuple(
        Shape(table.name, {c.name: _kind(c) for c in table.columns}, tuple(c.name for c in table.primary_key))
        for table in tables
    )


def kept(revision: str) -> tuple[Shape, ...]:
    """The tables of a backup."""
    return tuple(shape for shape in shapes(revision) if shape.name not in LEFT_OUT)


def _kind(column: sa.Column[Any]) -> Kind:
    for type_, kind in KINDS:
        if isinstance(column.type, type_):
            return kind
    raise TypeError(f"{column.table.name}.{column.name}: a backup knows no {column.type!r}; see KINDS")


def in_transactions(engine: Engine, begin: str) -> Engine:
    """The engine, with transactions that begin where we say: SQLite's driver begins them late, or never."""
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def never_by_itself(connection: Any, _: object) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def here(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


def lines(connection: Connection, shape: Shape) -> Iterator[bytes]:
    """The rows of a table in the order of its key, each as a line. Raises NotWritten for what is no such value."""
    byte_by_byte = connection.dialect.name == "postgresql"
    columns = {name: sa.column(name, TYPES[kind]) for name, kind in shape.columns.items()}
    picked = [sa.cast(columns[n], sa.Text) if kind == "json" else columns[n] for n, kind in shape.columns.items()]
    # Texts in the order of their bytes, which SQLite follows by itself, so that both make the same file.
    order: list[Any] = [
        sa.collate(columns[name], "C") if byte_by_byte and shape.columns[name] == "text" else columns[name]
        for name in shape.key
    ]
    statement = sa.select(*picked).select_from(sa.table(shape.name)).order_by(*order)
    try:
        for row in connection.execute(statement.execution_options(yield_per=AT_ONCE)):
            yield _line(shape, row)
    except (ValueError, TypeError) as error:  # what SQLite lets stand in a column of another kind
        raise NotWritten(f"The table {shape.name} holds a value that is not what its column says.") from error


def _line(shape: Shape, row: Any) -> bytes:
    values: list[Any] = []
    for kind, value in zip(shape.columns.values(), row, strict=True):
        if value is not None and type(value) is not PYTHON[kind]:
            raise TypeError(kind)
        values.append(value.isoformat(" ", "microseconds") if isinstance(value, datetime) else value)
    line = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    if len(line) > MOST_BYTES:
        raise NotWritten(f"A row of {shape.name} is larger than {MOST_BYTES:,} bytes, which a backup does not take.")
    return line


def values(shape: Shape, line: bytes) -> dict[str, Any]:
    """The inverse of a line, as an INSERT takes it: v0, v1, … Raises NotABackup."""
    try:
        row = json.loads(line)
        if type(row) is not list or len(row) != len(shape.columns):
            raise ValueError("columns")
        kinds = zip(shape.columns.values(), row, strict=True)
        checked = [None if value is None else CHECKED[kind](value) for kind, value in kinds]
    except (ValueError, TypeError, RecursionError) as error:
        raise NotABackup(f"A row of {shape.name} is not what this release reads.") from error
    return {f"v{at}": value for at, value in enumerate(checked)}


def _exactly(type_: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) is not type_:
            raise TypeError(type_.__name__)
        return value

    return check


def _integer(value: Any) -> int:
    if type(value) is not int or not -LARGEST <= value < LARGEST:
        raise TypeError("integer")
    return value


def _moment(value: Any) -> str:
    """As SQLite keeps it, and PostgreSQL reads it."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo or moment.isoformat(" ", "microseconds") != value:
        raise ValueError("moment")
    return str(value)


CHECKED: dict[Kind, Callable[[Any], Any]] = {
    "boolean": _exactly(bool), "moment": _moment, "json": _exactly(str), "integer": _integer, "text": _exactly(str),
}  # fmt: skip


def add(connection: Connection, shape: Shape, rows: list[dict[str, Any]]) -> None:
    """Adds rows as they are: encrypted texts stay so."""
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in shape.columns)
    places = ", ".join(f":v{at}" for at in range(len(shape.columns)))
    if rows:
        connection.execute(sa.text(f"insert into {quote(shape.name)} ({names}) values ({places})"), rows)


def count_on(connection: Connection, shape: Shape) -> None:
    """Numbers go on after the highest one; SQLite sees to that by itself."""
    if connection.dialect.name != "postgresql" or len(shape.key) != 1:
        return
    quote = connection.dialect.identifier_preparer.quote
    table, name = quote(shape.name), shape.key[0]
    sequence = connection.scalar(sa.text("select pg_get_serial_sequence(:t, :c)"), {"t": table, "c": name})
    highest = connection.scalar(sa.text(f"select max({quote(name)}) from {table}")) if sequence else None
    if highest is not None:
        connection.execute(sa.text("select setval(:s, :n)"), {"s": sequence, "n": highest})
