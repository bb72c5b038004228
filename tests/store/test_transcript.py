"""What was said is told in the order in which it was said, whatever clocks do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from bot.clock import now
from bot.store import conversations as store
from bot.store.models import Outbound
from tests.time_travel import Clock


def told(engine: Engine, conversation_id: str, name: str, *replies: str, done: bool = True) -> Any:
    inbound, _ = store.accept(engine, conversation_id, client_id=name, text=name, choice=None, screening={})
    if replies:
        said = [{"id": reply, "key": reply, "text": reply, "care": None} for reply in replies]
        assert store.finish(engine, inbound, said, done=done)
    return inbound


def unasked(engine: Engine, conversation_id: str, name: str, position: int) -> None:
    reply = {"id": name, "key": name, "text": name, "care": None}
    with Session(engine) as session:
        session.add(Outbound(id=name, position=position, conversation_id=conversation_id, reply=reply))
        session.commit()


def order(engine: Engine, conversation_id: str) -> list[str]:
    return [entry["text"] for entry in store.transcript(engine, conversation_id)]


def test_a_clock_that_is_set_back_does_not_turn_a_conversation_round(engine: Engine, clock: Clock) -> None:
    _, conversation = store.create(engine, language="da")
    told(engine, conversation.id, "first", "answer 1")
    clock.go(days=2)
    told(engine, conversation.id, "second", "answer 2")
    unasked(engine, conversation.id, "reminder", 3)
    clock.path.unlink()  # back to today
    told(engine, conversation.id, "third", "answer 3")
    told(engine, conversation.id, "fourth")
    expected = ["first", "answer 1", "second", "answer 2", "reminder", "third", "answer 3", "fourth"]
    assert order(engine, conversation.id) == expected


def test_a_late_answer_stands_with_its_message(engine: Engine) -> None:
    _, conversation = store.create(engine, language="da")
    first = told(engine, conversation.id, "first", "wait", done=False)
    told(engine, conversation.id, "second", "answer 2")
    assert store.finish(engine, first, [{"id": "late", "key": "late", "text": "late", "care": None}], done=True)
    assert order(engine, conversation.id) == ["first", "wait", "late", "second", "answer 2"]


@pytest.mark.parametrize("ago", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_what_comes_unasked_while_a_message_waits_stands_where_it_came(engine: Engine, ago: timedelta) -> None:
    _, conversation = store.create(engine, language="da")
    unasked(engine, conversation.id, "reminder", 1)
    with Session(engine) as session:
        row = session.get(Outbound, "reminder")
        assert row
        row.created_at = now() - ago
        session.add(row)
        session.commit()
    told(engine, conversation.id, "waiting")
    first_is_reminder = ago > timedelta(0)
    assert order(engine, conversation.id) == (
        ["reminder", "waiting"] if first_is_reminder else ["waiting", "reminder"]
    )


def test_an_answer_and_what_it_changes_of_the_conversation_are_stored_together_or_not_at_all(engine: Engine) -> None:
    _, conversation = store.create(engine, language="da")
    inbound = told(engine, conversation.id, "first")
    reply = {"id": "r", "key": "topic/work", "text": "r", "care": None}
    assert store.finish(engine, inbound, [reply], done=True, conversation={"about": "topic/work", "said": {"x": 1}})
    assert not store.finish(engine, inbound, [reply | {"id": "s"}], done=True, conversation={"about": "topic/sleep"})
    kept = store.get(engine, conversation.id)
    assert kept and kept.about == "topic/work" and kept.said == {"x": 1}
    assert order(engine, conversation.id) == ["first", "r"]


def test_two_gateways_that_hold_a_message_say_so_once(engine: Engine) -> None:
    _, conversation = store.create(engine, language="da")
    inbound = told(engine, conversation.id, "first")
    wait = {"id": "w1", "key": "system/holding", "text": "wait", "care": None}
    assert store.finish(engine, inbound, [wait], done=False, held=True)
    assert not store.finish(engine, inbound, [wait | {"id": "w2"}], done=False, held=True)
    assert store.finish(engine, inbound, [wait | {"id": "a", "text": "answer"}], done=True)
    assert order(engine, conversation.id) == ["first", "wait", "answer"]


def test_the_same_message_is_stored_once_and_says_who_waits(engine: Engine) -> None:
    _, conversation = store.create(engine, language="da")
    first = told(engine, conversation.id, "first")
    again, fresh = store.accept(engine, conversation.id, client_id="first", text="other", choice=None, screening={})
    assert (again.id, again.text, fresh) == (first.id, "first", False)
    found = store.arrived(engine, conversation.id, "second")
    assert found.behind and found.before is None and found.conversation and store.how_many_wait(engine) == 1
    store.finish(engine, first, [], done=True)
    found = store.arrived(engine, conversation.id, "first")
    assert not found.behind and found.before and found.before.id == first.id and store.how_many_wait(engine) == 0
    assert not store.is_waiting(engine, first)


def test_a_long_conversation_is_looked_up_by_its_indexes(engine: Engine) -> None:
    """What each message asks for must not grow with the conversation: no whole conversation is read or sorted."""
    if engine.dialect.name != "sqlite":
        pytest.skip("SQLite says what it does; PostgreSQL decides by its statistics")
    newest = "select reply from outbound where conversation_id = 'c' order by position desc limit 4"
    last = "select max(position) from outbound where conversation_id = 'c'"
    waits = "select id from inbound where conversation_id = 'c' and done_at is null limit 1"
    with engine.connect() as connection:
        for question, index in (
            (newest, "conversation_position"),
            (last, "conversation_position"),
            (waits, "waiting"),
        ):
            plan = str(connection.exec_driver_sql(f"explain query plan {question}").all())
            assert index in plan and "TEMP B-TREE" not in plan, plan
