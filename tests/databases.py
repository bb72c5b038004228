"""Every database the product runs on: a SQLite file, and a PostgreSQL database that is dropped afterwards."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import Engine

from bot.settings import Settings
from bot.store.database import migrate, open_database


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file without anything in it, to copy: migrating takes longer than most tests."""
    made = Settings(data_dir=tmp_path_factory.mktemp("empty"))
    migrate(made)
    engine = open_database(made)
    with engine.connect() as connection:
        connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
    engine.dispose()
    return made.data_dir / "rygraad.db"


# A server on this machine, where whoever runs the tests may create databases.
POSTGRES = os.environ.get("RYGRAAD_TEST_POSTGRES", "postgresql+psycopg://127.0.0.1/postgres")


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings for a fresh, migrated database of each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("settings")
        return
    for url in postgres():
        found = Settings(data_dir=tmp_path, rate_limit="off", database_url=url)
        migrate(found)
        yield found


def postgres() -> Iterator[str]:
    """The URL of an empty PostgreSQL database, dropped afterwards; skips the test where there is no server."""
    name = f"rygraad_test_{secrets.token_hex(6)}"
    server = sqlalchemy.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"create database {name}")
    except sqlalchemy.exc.OperationalError as error:
        pytest.skip(f"no PostgreSQL at RYGRAAD_TEST_POSTGRES: {type(error).__name__}")
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"drop database {name} with (force)")
        server.dispose()


@pytest.fixture
def engine(either: Settings) -> Iterator[Engine]:
    """A database of each kind."""
    found = open_database(either)
    yield found
    found.dispose()
