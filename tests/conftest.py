"""The gateway with the real models in this process, and the running parts as processes."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from fastapi.testclient import TestClient

from bot.content.store import ContentStore, load
from bot.dialogue.turns import Turns
from bot.gateway import create_app
from bot.rasa.project import train
from bot.screening.model import ensure_trained
from bot.screening.screener import Screener
from bot.settings import Settings
from bot.store.database import migrate, open_database
from bot.supervisor import Parts, free_port
from tests.databases import either, empty_sqlite, engine  # noqa: F401  (fixtures for every test)
from tests.fake_rasa import FakeRasa
from tests.patient import Patient
from tests.redis_server import redis_server  # noqa: F401  (a fixture for every test)
from tests.running import wait_until
from tests.time_travel import Clock

# Drawn examples are the same in every ordinary run, so that a red run says something about the change before it.
# `make fuzz` draws new ones, and many more.
hypothesis.settings.register_profile("repeatable", derandomize=True)
if "RYGRAAD_FUZZ_EXAMPLES" not in os.environ:
    hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def content() -> ContentStore:
    return load()


@pytest.fixture(scope="session")
def screener() -> Screener:
    return Screener.load(ensure_trained())


@pytest.fixture(scope="session")
def real_rasa(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Rasa's model with the project's actions; `use()` gives it a test's own database."""
    from tests.rasa_in_process import InProcessRasa

    settings = Settings(data_dir=tmp_path_factory.mktemp("rasa"))
    migrate(settings)
    return InProcessRasa(open_database(settings))


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock this process goes by."""
    monkeypatch.setenv("RYGRAAD_CLOCK_FILE", str(tmp_path / "clock"))
    return Clock(tmp_path / "clock")


@pytest.fixture
def settings(tmp_path: Path, empty_sqlite: Path) -> Settings:  # noqa: F811
    """Settings for a fresh, migrated database file."""
    shutil.copyfile(empty_sqlite, tmp_path / "rygraad.db")
    return Settings(data_dir=tmp_path, rate_limit="off")


@pytest.fixture
def turns(
    settings: Settings, content: ContentStore, screener: Screener, real_rasa: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Turns]:
    """What is said, not how fast: here Rasa has all the time it needs. tests/stack sees to how fast."""
    monkeypatch.setattr("bot.dialogue.answers.ALARM_WAIT", 30.0)
    monkeypatch.setattr("bot.dialogue.answers.ANSWER_WAIT", 30.0)
    database = open_database(settings)
    real_rasa.use(database)
    yield Turns(database, content, screener, real_rasa, settings)
    database.dispose()


@pytest.fixture
async def patient(turns: Turns) -> AsyncIterator[Patient]:
    yield Patient(turns)
    for task in turns.answers.catching_up.values():
        task.cancel()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Everything running on free ports with a data folder of its own."""
    train()
    settings = Settings(data_dir=tmp_path_factory.mktemp("stack"), port=free_port(), rate_limit="off")
    migrate(settings)
    parts = Parts(settings)
    parts.env |= {
        "RYGRAAD_DATA_DIR": str(settings.data_dir),
        "RYGRAAD_RATE_LIMIT": "off",
        "RYGRAAD_METRICS_TOKEN": "for-the-tests",
        "RYGRAAD_CLOCK_FILE": str(settings.data_dir / "clock"),
        "RYGRAAD_REMINDER_SECONDS": "0.2",
    }
    parts.start_all()
    try:
        wait_until(parts.ready, 60)
        yield parts
    finally:
        parts.stop_all()


@pytest.fixture
def running(stack: Parts) -> Parts:
    """The stack with every part alive, whatever the test before did to it."""
    for name in stack.fallen():
        stack.start(name)
    wait_until(stack.ready, 60)
    return stack


@pytest.fixture
def rasa() -> FakeRasa:
    return FakeRasa()


@pytest.fixture
def client(settings: Settings, content: ContentStore, rasa: FakeRasa) -> Iterator[TestClient]:
    turns = Turns(open_database(settings), content, Screener.load(None), rasa, settings)  # type: ignore[arg-type]
    with TestClient(create_app(settings, turns)) as running:
        yield running
