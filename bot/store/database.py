"""Opens the database and brings it up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, event
from sqlmodel import create_engine

from bot.settings import Settings
from bot.store.encryption import Cipher, use

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
    config.attributes["engine"] = open_database(settings)
    command.upgrade(config, "head")
