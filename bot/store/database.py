"""Opens the database and brings it up to date."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event, text
from sqlmodel import create_engine

from bot.settings import Settings
from bot.store.encryption import Cipher, use

MIGRATING = 7_294_123  # the advisory lock's number; any will do that nobody else takes
MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(settings: Settings) -> Engine:
    """An engine for the settings' database, able to read and write its encrypted columns."""
    engine = _engine(settings.database)
    use(engine, Cipher(settings.secrets()))
    return engine


def _engine(url: str) -> Engine:
    """SQLite gets WAL and full sync: an acknowledged message survives a power cut."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    path = url.removeprefix("sqlite:///")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 10, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def migrate(settings: Settings) -> None:
    """Runs the migrations that are missing."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = config.attributes["engine"] = open_database(settings)
    with _alone(engine):
        command.upgrade(config, "head")


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """One process at a time; who comes second finds the work done."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(:number)"), {"number": MIGRATING})
            try:
                yield
            finally:
                connection.execute(text("select pg_advisory_unlock(:number)"), {"number": MIGRATING})
        return
    with Path(f"{engine.url.database}.migrating").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
