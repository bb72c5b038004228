"""A desk on each kind of database, and those who work at it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from bot.content.store import ContentStore
from bot.editorial.live import LiveContent
from bot.editorial.workflow import Desk
from bot.store import staff
from bot.store.staff_models import User


@pytest.fixture
def desk(engine: Engine, content: ContentStore) -> Desk:
    """What a gateway edits on: the texts of the files, kept in the database as at every start."""
    live = LiveContent(content, engine)
    live.begin()
    return Desk(engine, live)


@pytest.fixture
def second(engine: Engine, content: ContentStore, desk: Desk) -> Desk:
    """Another gateway on the same database."""
    return Desk(engine, LiveContent(content, engine))


@pytest.fixture
def anna(engine: Engine) -> User:
    """Edits."""
    return staff.add_user(engine, email="anna@klinik.example", name="Anna", roles=["editor"])


@pytest.fixture
def erik(engine: Engine) -> User:
    """Edits and reviews."""
    return staff.add_user(engine, email="erik@klinik.example", name="Erik", roles=["editor", "reviewer"])


@pytest.fixture
def bo(engine: Engine) -> User:
    """Reviews."""
    return staff.add_user(engine, email="bo@klinik.example", name="Bo", roles=["reviewer"])


@pytest.fixture
def karen(engine: Engine) -> User:
    """Reviews, and signs off safety texts as a clinician; she edits as well."""
    return staff.add_user(
        engine, email="karen@klinik.example", name="Karen Holm", roles=["editor", "reviewer"], signs_off=True
    )
