"""One gateway for everything that only asks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from bot.accounts import passwords
from bot.content.store import ContentStore
from bot.settings import Settings
from bot.store.database import migrate
from tests.databases import postgres
from tests.security.fuzz import EXAMPLES, FULL
from tests.security.world import World


@pytest.fixture(scope="module", autouse=True)
def cheap() -> Iterator[None]:
    """Hashing that takes no time, where it is not what the test is about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", PasswordHash((Argon2Hasher(1, 8, 1),)))
        passwords._nobody.cache_clear()
        yield
    passwords._nobody.cache_clear()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"] if EXAMPLES >= FULL else ["sqlite"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, content: ContentStore
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with database(request.param, folder, request.getfixturevalue("empty_sqlite")) as url:
        settings = Settings(data_dir=folder, rate_limit="off", metrics_token="for-the-tests", database_url=url)
        found = World(settings, content)
        yield found
        found.close()


@contextmanager
def database(kind: str, folder: Path, empty: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database of this kind; empty for the SQLite file of the folder."""
    if kind == "sqlite":
        shutil.copyfile(empty, folder / "rygraad.db")
        yield ""
        return
    for url in postgres():
        migrate(Settings(data_dir=folder, database_url=url))
        yield url
