"""Gateways die, databases fail or hang: nothing is answered for another message, skipped, or left without a word.

Each was found by the chaos suite (tests/chaos).
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from bot.dialogue.rasa_client import RasaUnreachable
from bot.dialogue.turns import Turns
from bot.store import conversations as store
from bot.store.models import DialogueState, Inbound
from tests.fake_rasa import FakeRasa, begin
from tests.patient import Patient, keys
from tests.running import ALARM


def bodies_of(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every turn the gateway asks Rasa for from now on."""
    asked: list[dict[str, Any]] = []
    real = turns.rasa.turn

    async def noted(body: dict[str, Any]) -> list[dict[str, Any]]:
        asked.append(body)
        return await real(body)

    monkeypatch.setattr(turns.rasa, "turn", noted)
    return asked


async def test_an_old_no_that_another_gateway_repeats_skips_no_safety_question(
    turns: Turns, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = bodies_of(turns, monkeypatch)
    await patient.choose("consent_yes")
    first = keys(await patient.choose("no"))
    second = keys(await patient.choose("no"))
    assert first != second
    older, newest = asked[-2:]
    with pytest.raises(RasaUnreachable, match="outdated"):
        await turns.rasa.turn(older)
    assert [item["key"] for item in await turns.rasa.turn(newest)] == second  # the latest is answered as before
    third = keys(await patient.choose("no"))
    assert third and third != second


@pytest.mark.parametrize("when", ["_load", "_save"])
async def test_a_turn_whose_state_the_database_does_not_give_or_take_is_no_turn(
    turns: Turns, patient: Patient, real_rasa: Any, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    asked = bodies_of(turns, monkeypatch)
    await patient.choose("consent_yes")
    await patient.choose("no")
    tracker_store = real_rasa.agent.processor.tracker_store
    with Session(turns.engine) as session:
        before = session.exec(select(DialogueState)).one().events

    def gone(*_: Any) -> None:
        raise OperationalError("x", {}, Exception("disk full"))

    wrapped = getattr(tracker_store, "_tracker_store", tracker_store)
    monkeypatch.setattr(wrapped, when, gone)
    body = asked[-1] | {"message": "1000000"}
    with pytest.raises((RasaUnreachable, OperationalError)):
        await turns.rasa.turn(body)
    monkeypatch.undo()
    with Session(turns.engine) as session:
        assert session.exec(select(DialogueState)).one().events == before


@pytest.mark.parametrize(("words", "key"), [(ALARM, "care/cauda_equina"), ("må jeg gå en tur", "system/holding")])
def test_a_message_whose_gateway_died_over_it_gets_a_word_when_it_comes_again(
    client: TestClient, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch, words: str, key: str
) -> None:
    begin(client)
    finish = store.finish

    def dies(*_: Any, **__: Any) -> None:
        raise OperationalError("insert", {}, Exception("the process was killed"))

    monkeypatch.setattr(store, "finish", dies)
    client.post("/api/chat/messages", json={"id": "m", "text": words})
    monkeypatch.setattr(store, "finish", finish)
    again = client.post("/api/chat/messages", json={"id": "m", "text": words}).json()["messages"]
    assert again[0]["key"] == key
    assert bool(again[0]["care"]) == (words == ALARM)
    for _ in range(100):
        shown = [entry["key"] for entry in client.get("/api/chat/messages").json()["messages"]]
        if "control/menu" in shown:
            break
        time.sleep(0.1)
    assert shown.count("patient") == shown.count(key) == shown.count("control/menu") == 1


async def test_a_message_stands_behind_one_that_waits_at_a_gateway_that_died(
    turns: Turns, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = bodies_of(turns, monkeypatch)
    await patient.choose("consent_yes")
    fields: dict[str, Any] = {"choice": None, "screening": turns.screener.screen("må jeg gå en tur").to_dict()}
    orphan, _ = store.accept(
        turns.engine, patient.conversation.id, client_id="orphan", text="må jeg gå en tur", **fields
    )
    del asked[:]
    assert keys(await patient.write("skal jeg scannes")) == ["system/holding"]
    for _ in range(100):
        if not store.waiting(turns.engine, patient.conversation.id):
            break
        await asyncio.sleep(0.1)
    assert [body["message"] for body in asked] == [str(orphan.id), str((orphan.id or 0) + 1)]
    said = [entry["key"] for entry in store.transcript(turns.engine, patient.conversation.id)]
    assert said.index("topic/stay_active") < said.index("topic/imaging")


async def test_the_card_of_an_alarm_is_not_the_answer_to_the_message_before_it(
    turns: Turns, patient: Patient
) -> None:
    await patient.choose("consent_yes")
    fields: dict[str, Any] = {"choice": None, "screening": turns.screener.screen("må jeg gå en tur").to_dict()}
    store.accept(turns.engine, patient.conversation.id, client_id="orphan", text="må jeg gå en tur", **fields)
    assert (await patient.write(ALARM))[0].care
    for _ in range(100):
        if not store.waiting(turns.engine, patient.conversation.id):
            break
        await asyncio.sleep(0.1)
    with Session(turns.engine) as session:
        rows = session.exec(select(Inbound).where(Inbound.conversation_id == patient.conversation.id)).all()
    by_message = {row.client_id: store.replies_to(turns.engine, row.id or 0) for row in rows}
    assert any(reply["key"] == "topic/stay_active" for reply in by_message["orphan"])
    assert not any(reply["care"] for reply in by_message["orphan"])
    alarm = by_message[max(by_message, key=lambda name: name if name.startswith("m") else "")]
    assert sum(bool(reply["care"]) for reply in alarm) == 1


async def test_an_alarm_sign_whose_gateway_died_gets_its_card_though_nobody_asks_again_and_rasa_is_away(
    turns: Turns, patient: Patient, real_rasa: Any
) -> None:
    await patient.choose("consent_yes")
    fields: dict[str, Any] = {"choice": None, "screening": turns.screener.screen(ALARM).to_dict()}
    orphan, _ = store.accept(turns.engine, patient.conversation.id, client_id="orphan", text=ALARM, **fields)
    real_rasa.dead = True
    await turns.recover()
    for _ in range(100):
        if store.replies_to(turns.engine, orphan.id or 0):
            break
        await asyncio.sleep(0.1)
    assert [bool(reply["care"]) for reply in store.replies_to(turns.engine, orphan.id or 0)] == [True]
    real_rasa.dead = False
    for _ in range(100):
        if not store.waiting(turns.engine, patient.conversation.id):
            break
        await asyncio.sleep(0.1)
    said = store.replies_to(turns.engine, orphan.id or 0)
    assert sum(bool(reply["care"]) for reply in said) == 1 and len(said) > 1


def test_a_database_that_hangs_does_not_keep_the_card_back(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client)
    monkeypatch.setattr("bot.channels.web.api.CARD_WAIT", 0.2)
    find = store.find

    def hangs(*args: Any) -> Any:
        time.sleep(2)
        return find(*args)

    monkeypatch.setattr(store, "find", hangs)
    began = time.monotonic()
    first = client.post("/api/chat/messages", json={"id": "m", "text": ALARM}).json()["messages"]
    assert first[0]["care"]["level"] == "emergency" and time.monotonic() - began < 1.9
    monkeypatch.setattr(store, "find", find)
    for _ in range(60):  # what was begun goes on: the conversation has it
        shown = [entry["key"] for entry in client.get("/api/chat/messages").json()["messages"]]
        if "care/cauda_equina" in shown:
            break
        time.sleep(0.1)
    assert shown.count("care/cauda_equina") == 1
    again = client.post("/api/chat/messages", json={"id": "m", "text": ALARM}).json()["messages"]
    assert [reply["key"] for reply in again].count("care/cauda_equina") == 1


async def test_consent_and_the_message_that_gave_it_are_stored_together(
    turns: Turns, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = store.accept

    def dies(*_: Any, **__: Any) -> None:
        raise OperationalError("insert", {}, Exception("the process was killed"))

    monkeypatch.setattr(store, "accept", dies)
    with pytest.raises(OperationalError):
        await patient.choose("consent_yes")
    stored = store.get(turns.engine, patient.conversation.id)
    assert stored and stored.consented_at is None
    monkeypatch.setattr(store, "accept", accept)
    await patient.choose("consent_yes")
    stored = store.get(turns.engine, patient.conversation.id)
    assert stored and stored.consented_at and stored.consent_version
