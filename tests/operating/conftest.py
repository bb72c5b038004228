"""A database with something in every table, and an empty one of each kind to restore into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import Engine

from bot.operating.archive import Backup, Manifest
from bot.operating.backup import make
from bot.operating.restore import restore
from bot.settings import Settings
from bot.store.database import open_database
from tests import databases
from tests.operating.everything import fill

SECRET = "a secret of the tests that is long enough"


@pytest.fixture
def filled(either: Settings) -> Settings:
    """Settings for a database of each kind, with something in every table."""
    settings = either.model_copy(update={"secret_key": SecretStr(SECRET)})
    engine = open_database(settings)
    fill(engine)
    engine.dispose()
    return settings


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL database without any table."""
    yield from databases.postgres()


@pytest.fixture(params=["into sqlite", "into postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings for a database of each kind that has no table yet."""
    url = "" if request.param == "into sqlite" else request.getfixturevalue("postgres")
    return Settings(data_dir=tmp_path / "nyt sted 🦴", database_url=url, secret_key=SecretStr(SECRET))


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """Settings for an empty SQLite place."""
    return Settings(data_dir=tmp_path / "here", secret_key=SecretStr(SECRET))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where backups go."""
    made = tmp_path / "sikkerhedskopier æøå 🦴"
    made.mkdir()
    return made


@pytest.fixture
def made(settings: Settings, folder: Path) -> Path:
    """A backup of a SQLite database with something in every table."""
    known = settings.model_copy(update={"secret_key": SecretStr(SECRET)})
    engine = open_database(known)
    fill(engine)
    engine.dispose()
    return make(known, folder)[0]


def put_back(settings: Settings, path: Path) -> Manifest:
    """Restores a file."""
    with Backup(path) as backup:
        return restore(settings, backup)


def tables_of(settings: Settings) -> list[str]:
    """The tables a database has."""
    engine: Engine = open_database(settings)
    try:
        return sorted(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()
