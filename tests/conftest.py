"""The gateway with the real screening model and the real Rasa model and actions, in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.content.store import ContentStore, load
from bot.dialogue.turns import Turns
from bot.screening.model import ensure_trained
from bot.screening.screener import Screener
from bot.settings import Settings
from bot.store.database import migrate, open_database
from tests.patient import Patient


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
    migrate(settings.database)
    return InProcessRasa(open_database(settings.database))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(data_dir=tmp_path, rate_limit="off")
    migrate(found.database)
    return found


@pytest.fixture
def turns(settings: Settings, content: ContentStore, screener: Screener, real_rasa: Any) -> Iterator[Turns]:
    engine = open_database(settings.database)
    real_rasa.use(engine)
    yield Turns(engine, content, screener, real_rasa, settings)
    engine.dispose()


@pytest.fixture
async def patient(turns: Turns) -> AsyncIterator[Patient]:
    yield Patient(turns)
    for task in turns.catching_up.values():
        task.cancel()
