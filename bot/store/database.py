"""Opens the database and brings it up to date."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, event, text
from sqlmodel import create_engine

from bot.settings import Settings
from bot.store.encryption import Cipher, use

MIGRATING = 7_294_123  # the advisory lock's number; any will do that nobody else takes
MIGRATIONS = Path(__file__).parent / "migrations"
POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 20}  # more than there are threads (bot/threads.py)
Bind = Engine | Connection  # a query on a connection shares it with the query before: one trip less to a server


def open_database(settings: Settings, *, synced: bool = True) -> Engine:
    """An engine for the settings' database, able to read and write its encrypted columns.

    An acknowledged message survives a power cut. What is written without being `synced` survives a crash of its
    process, and a power cut from the next synced write on, whoever's that is: both databases keep one log.
    """
    engine = _engine(settings.database, synced)
    use(engine, Cipher(settings.secrets()))
    return engine


def _engine(url: str, synced: bool) -> Engine:
    if not url.startswith("sqlite"):
        options = {} if synced else {"options": "-c synchronous_commit=off"}
        return create_engine(url, pool_pre_ping=True, connect_args=options, **POOL)
    path = url.removeprefix("sqlite:///")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 10, "check_same_thread": False}, **POOL)

    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _: object) -> None:
        sync = "synchronous=FULL" if synced else "synchronous=NORMAL"
        for pragma in ("journal_mode=WAL", sync, "foreign_keys=ON", "secure_delete=ON"):
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
