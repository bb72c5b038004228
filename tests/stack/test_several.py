"""Two gateways, two Rasa workers and two action servers on one PostgreSQL and one Redis: nobody notices which."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.rasa.project import train
from bot.settings import Settings
from bot.store.conversations import find
from bot.store.database import migrate, open_database
from bot.store.models import Inbound, Outbound
from bot.supervisor import Parts, free_port
from tests.databases import postgres
from tests.redis_server import RedisServer, serving
from tests.running import ALARM, HttpPatient, wait_until
from tests.scripts import SCRIPTS, first_hour, play
from tests.time_travel import Clock

EVERY = 40  # of the scripted conversations one in so many; tests/stack/test_live.py has many


class InTurn(httpx.HTTPTransport):
    """Sends each request to the next gateway, as a proxy in front of them would."""

    def __init__(self, parts: list[Parts]) -> None:
        super().__init__()
        self.ports = cycle(each.settings.port for each in parts)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=next(self.ports))
        return super().handle_request(request)


@pytest.fixture(scope="module")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    yield from serving(tmp_path_factory.mktemp("redis"))


@pytest.fixture(scope="module")
def all_parts(tmp_path_factory: pytest.TempPathFactory, shared_redis: RedisServer) -> Iterator[list[Parts]]:
    """Two of everything, that share nothing but database, Redis and the data folder."""
    train()
    folder = tmp_path_factory.mktemp("several")
    for url in postgres():
        found = []
        for _ in range(2):
            settings = Settings(
                data_dir=folder, port=free_port(), rate_limit="off", database_url=url, redis_url=shared_redis.url
            )
            migrate(settings)
            parts = Parts(settings)
            parts.env |= {
                "RYGRAAD_DATA_DIR": str(folder), "RYGRAAD_RATE_LIMIT": "off", "RYGRAAD_DATABASE_URL": url,
                "RYGRAAD_REDIS_URL": shared_redis.url, "RYGRAAD_CLOCK_FILE": str(folder / "clock"),
                "RYGRAAD_REMINDER_SECONDS": "0.2",
            }  # fmt: skip
            found.append(parts)
        for parts in found:
            parts.start_all()
        try:
            for parts in found:
                wait_until(parts.ready, 120)
            yield found
        finally:
            for parts in found:
                parts.stop_all()


@pytest.fixture
def both(all_parts: list[Parts]) -> list[Parts]:
    """Both, alive, whatever the test before did to them."""
    for parts in all_parts:
        for name in parts.fallen():
            parts.start(name)
    for parts in all_parts:
        wait_until(parts.ready, 120)
    return all_parts


@pytest.fixture
def database(both: list[Parts]) -> Iterator[Engine]:
    engine = open_database(both[0].settings)
    yield engine
    engine.dispose()


def patient_of(both: list[Parts], language: str | None = "da", **how: Any) -> HttpPatient:
    """Somebody whose every request goes to the other gateway."""
    return HttpPatient(both[0], language, transport=InTurn(both), **how)


def outcomes(database: Engine, token: str) -> dict[str, int]:
    """How many answers each message of a conversation has, by its client id."""
    found = find(database, token)
    assert found
    with Session(database) as session:
        rows = session.exec(select(Inbound).where(Inbound.conversation_id == found.id)).all()
        replies = session.exec(select(Outbound).where(Outbound.conversation_id == found.id)).all()
    places = Counter(row.position for row in replies)
    assert set(places.values()) <= {1}, places  # one order, the same for everybody
    assert all(row.done_at for row in rows)
    answered = Counter(row.inbound_id for row in replies if row.reply["key"] != "system/holding")
    return {row.client_id: answered[row.id] for row in rows}


def token_of(patient: HttpPatient) -> str:
    return patient.http.headers["Authorization"].removeprefix("Bearer ")


@pytest.mark.parametrize("script", SCRIPTS[::EVERY])
async def test_a_scripted_conversation_with_every_message_at_the_other_gateway(
    both: list[Parts], script: dict[str, Any]
) -> None:
    clock = Clock(both[0].settings.data_dir / "clock")
    clock.go(hour=first_hour(script))
    await play(script, patient_of(both, script["language"], waits=True), clock)


def test_what_was_said_before_consent_is_known_to_the_other_gateway_and_stored_by_none(both: list[Parts]) -> None:
    patient = patient_of(both)
    patient.write("hvad hjælper på ondt i ryggen")
    assert patient.history().count("patient") == 1 == patient.history().count("patient")
    engine = open_database(both[0].settings)
    with Session(engine) as session:
        assert "hvad hjælper" not in str(session.exec(select(Inbound)).all())
    engine.dispose()


def test_the_same_message_at_both_gateways_at_once_has_one_effect(both: list[Parts], database: Engine) -> None:
    for _ in range(5):
        patient = patient_of(both)
        patient.choose("consent_yes")
        body = {"id": "twice", "choice": patient.offered["no"]}
        with ThreadPoolExecutor(4) as pool:
            sent = [pool.submit(patient.http.post, "/api/chat/messages", json=body) for _ in range(4)]
        answers = [each.result().json() for each in sent]
        assert all(answer["messages"] == answers[0]["messages"] for answer in answers)
        assert outcomes(database, token_of(patient))["twice"] == len(answers[0]["messages"])
        assert patient.history().count("screening/vascular") <= 1


def test_many_messages_at_both_gateways_at_once_are_each_answered_once(both: list[Parts], database: Engine) -> None:
    patient = patient_of(both)
    patient.choose("consent_yes")
    words = ["hvad er det?", "må jeg gå en tur?", "skal jeg scannes?", "hvornår går det over?"] * 3

    def send(number: int) -> int:
        answer = patient.http.post("/api/chat/messages", json={"id": f"many-{number}", "text": words[number]})
        return answer.status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(len(words)))) == {200}
    wait_until(lambda: all(outcomes_when_done(database, token_of(patient)).values()), 90)
    found = outcomes(database, token_of(patient))
    assert {f"many-{number}" for number in range(len(words))} <= set(found)


def outcomes_when_done(database: Engine, token: str) -> dict[str, int]:
    try:
        return outcomes(database, token)
    except AssertionError:
        return {"": 0}


def test_a_gateway_that_dies_leaves_its_messages_to_the_other(both: list[Parts], database: Engine) -> None:
    first, other = both
    patient = HttpPatient(first)
    patient.choose("consent_yes")
    os.kill(first.children["rasa"].pid, signal.SIGSTOP)
    try:
        assert [reply["key"] for reply in patient.write("må jeg gå en tur?")] == ["system/holding"]
        first.children["gateway"].kill()
        first.children["gateway"].wait()
        patient.http.base_url = other.gateway_url
        wait_until(lambda: "topic/stay_active" in patient.history(), 90)
    finally:
        os.kill(first.children["rasa"].pid, signal.SIGCONT)
    first.start("gateway")  # takes up what waits, and finds that nothing does
    wait_until(first.ready, 60)
    wait_until(lambda: all(outcomes_when_done(database, token_of(patient)).values()), 30)
    said = patient.http.get("/api/chat/messages").json()["messages"]
    bubbles = [entry["text"] for entry in said if entry["key"] == "topic/stay_active"]
    assert len(bubbles) == len(set(bubbles))  # said once, by one of them


def test_a_gateway_that_dies_with_the_lock_holds_up_nobody(
    both: list[Parts], shared_redis: RedisServer, database: Engine
) -> None:
    patient = patient_of(both)
    patient.choose("consent_yes")
    locks = shared_redis.client()
    found = find(database, token_of(patient))
    assert found
    locks.set(f"rygraad:lock:conversation:{found.id}", "one who is no more", ex=15)
    assert patient.write(ALARM)[0]["care"]["level"] == "emergency"


def test_with_redis_gone_the_card_comes_and_conversations_go_on(
    both: list[Parts], shared_redis: RedisServer, database: Engine
) -> None:
    patient, other = patient_of(both), patient_of(both)
    patient.choose("consent_yes")
    other.choose("consent_yes")
    shared_redis.stop()
    try:
        assert patient.write(ALARM)[0]["care"]["level"] == "emergency"
        ready = httpx.get(f"{both[0].gateway_url}/readyz")
        assert ready.json() == {"database": True, "rasa": True, "redis": False}
        assert ready.status_code == 200  # a gateway that can go on alone stays in service
        other.choose("no")
        stranger = patient_of(both)
        assert any(reply["care"] for reply in stranger.write(ALARM))  # and before consent
    finally:
        shared_redis.start()
    wait_until(lambda: httpx.get(f"{both[0].gateway_url}/readyz").json()["redis"] is True, 30)
    wait_until(lambda: all(outcomes_when_done(database, token_of(other)).values()), 60)


def test_gateways_that_start_together_migrate_once() -> None:
    for url in postgres():
        with ThreadPoolExecutor(3) as pool:
            for each in [pool.submit(migrate, Settings(database_url=url)) for _ in range(3)]:
                each.result()
        engine = open_database(Settings(database_url=url))
        with Session(engine) as session:
            assert session.exec(select(Inbound)).all() == []
        engine.dispose()
