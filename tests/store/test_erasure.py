"""After "delete", nothing of a person is anywhere: no table, file, log or memory; nobody else loses a thing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.encoders import jsonable_encoder
from sqlalchemy import Engine
from sqlmodel import SQLModel

from bot.content.store import ContentStore
from bot.dialogue.own_data import exported
from bot.dialogue.turns import Turns
from bot.screening.screener import Screener
from bot.settings import Settings
from bot.store import conversations
from tests.patient import Patient
from tests.store.test_encryption import CANARY, tell_everything

# What holds nothing about a patient: an update is kept until it is processed; the rest is of staff and of texts.
NOBODYS = {
    "telegramupdate", "clinic", "staffuser", "staffsession", "passwordlink", "audit", "invite", "textversion",
    "edition", "remark", "publication",
}  # fmt: skip


def rows_of(engine: Engine, conversation_id: str) -> list[str]:
    """The tables in which the conversation still stands."""
    with engine.connect() as connection:
        return [
            table.name
            for table in SQLModel.metadata.sorted_tables
            for row in connection.exec_driver_sql(f"select * from {table.name}")
            if conversation_id in map(str, row)
        ]


def on_disk(folder: Path) -> list[str]:
    """The files below the folder that hold the canary."""
    return [path.name for path in folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


def test_everything_told_is_exported_and_after_erasure_nowhere(engine: Engine, either: Settings) -> None:
    gone, stays = tell_everything(engine), tell_everything(engine)
    told = repr(jsonable_encoder(exported(engine, conversations.get(engine, gone.id))))  # type: ignore[arg-type]
    assert told.count(CANARY) >= 8
    conversations.erase(engine, gone.id)
    assert rows_of(engine, gone.id) == []
    assert on_disk(either.data_dir) == []
    of_people = {table.name for table in SQLModel.metadata.sorted_tables} - NOBODYS
    assert set(rows_of(engine, stays.id)) == of_people


def test_erasing_twice_or_nobody_does_nothing(engine: Engine) -> None:
    stays = tell_everything(engine)
    conversations.erase(engine, "nobody")
    conversations.erase(engine, "nobody")
    assert rows_of(engine, stays.id)


@pytest.fixture
async def talker(
    either: Settings, engine: Engine, content: ContentStore, screener: Screener, real_rasa: Any
) -> Patient:
    """A patient of the real dialogue on each kind of database."""
    real_rasa.use(engine)
    return Patient(Turns(engine, content, screener, real_rasa, either))


async def test_a_plan_a_check_in_and_questions_are_gone_after_delete_in_the_chat(
    talker: Patient, engine: Engine, either: Settings
) -> None:
    await talker.choose("consent_yes")
    await talker.choose("menu")
    for step in ("my_back", "show_plan", "make_plan"):
        await talker.choose(step)
    await talker.write(f"gå tur med {CANARY}")
    await talker.write(f"ingenting for tiden, {CANARY}")
    assert talker.replies[-1].key == "plan/ask/step"
    # In the middle of the form: what stands in Rasa's memory goes as well.
    assert CANARY in repr(real_events(talker))
    await talker.write("slet alle mine data")
    assert talker.replies[0].key == "control/delete_confirm"
    await talker.choose("delete_yes")
    assert talker.replies[0].key == "control/deleted"
    assert rows_of(engine, talker.conversation.id) == []
    assert on_disk(either.data_dir) == []
    assert talker.turns.doorstep.said(talker.conversation.id) == []


def real_events(talker: Patient) -> Any:
    """What Rasa remembers of the talk."""
    store = talker.turns.rasa.agent.processor.tracker_store  # type: ignore[attr-defined]
    return store._load(talker.conversation.id)
