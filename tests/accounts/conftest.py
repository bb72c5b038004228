"""The gateway in process, as a browser that follows no redirects by itself sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine

from bot.accounts import passwords
from bot.content.store import ContentStore
from bot.dialogue.turns import Turns
from bot.gateway import create_app
from bot.screening.screener import Screener
from bot.settings import Settings
from tests.fake_rasa import FakeRasa


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing that takes no time, where it is not what the test is about."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHash((Argon2Hasher(1, 8, 1),)))
    passwords._nobody.cache_clear()


@pytest.fixture
def client(client: TestClient) -> TestClient:
    client.follow_redirects = False
    return client


@pytest.fixture
def db(client: TestClient) -> Engine:
    """The database of `client`."""
    found: Engine = client.app.state.turns.engine  # type: ignore[attr-defined]
    return found


@pytest.fixture
def other(client: TestClient) -> TestClient:
    """Another browser before the same gateway."""
    found = TestClient(client.app, follow_redirects=False)
    found.portal = client.portal  # one event loop for both, as in life
    return found


@pytest.fixture
def either_client(either: Settings, engine: Engine, content: ContentStore, rasa: FakeRasa) -> Iterator[TestClient]:
    """The gateway on a database of each kind."""
    turns = Turns(engine, content, Screener.load(None), rasa, either)  # type: ignore[arg-type]
    with TestClient(create_app(either, turns), follow_redirects=False) as running:
        yield running
