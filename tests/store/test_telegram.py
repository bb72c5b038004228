"""Chats, updates and what waits to be sent, on every database: each once, in order, for one process at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlmodel import SQLModel

from bot.channels.telegram.identity import identity
from bot.clock import now
from bot.settings import Settings
from bot.store import conversations, telegram, transfer
from bot.store.encryption import Cipher, rotate, use
from bot.store.models import TELEGRAM, Conversation
from bot.store.retention import delete_expired
from tests.time_travel import Clock

CHAT = 123_456_789_012  # more than 32 bits


def open_chat(engine: Engine, chat_id: int) -> Conversation:
    _, opened = conversations.create(engine, language="da", channel=TELEGRAM)
    telegram.link(engine, chat_id, opened.id)
    return opened


@pytest.fixture
def conversation(engine: Engine) -> Conversation:
    return open_chat(engine, CHAT)


def answer(engine: Engine, conversation: Conversation, number: str, *replies: str, care: str = "") -> None:
    """A message from Telegram with these replies; the one named `care` is a card."""
    inbound, _ = conversations.accept(
        engine, conversation.id, client_id=number, text="x", choice=None, screening={}, channel=TELEGRAM
    )
    said = [
        {"id": f"{number} {key}", "key": key, "care": {"level": "urgent"} if key == care else None} for key in replies
    ]
    conversations.finish(engine, inbound, said, done=True)


def waiting(engine: Engine, conversation: Conversation) -> list[str]:
    return [row.reply["key"] for row in telegram.unsent(engine, conversation.id)]


def test_a_chat_is_found_by_its_id_which_stands_nowhere_in_the_open(
    engine: Engine, conversation: Conversation
) -> None:
    found = telegram.chat(engine, CHAT)
    assert found and found.conversation_id == conversation.id and int(found.chat_id) == CHAT
    assert telegram.chat(engine, CHAT + 1) is None
    with engine.connect() as connection:
        row = connection.execute(text("select * from telegramchat")).one()
    assert not any(str(CHAT) in str(value) for value in row)


def test_a_chat_is_found_while_keys_are_changed_and_afterwards(
    engine: Engine, either: Settings, conversation: Conversation
) -> None:
    use(engine, Cipher(["new", *either.secrets()]))
    assert telegram.chat(engine, CHAT)
    telegram.mark_anew(engine)
    rotate(engine, SQLModel.metadata.sorted_tables)
    use(engine, Cipher(["new"]))
    found = telegram.chat(engine, CHAT)
    assert found and int(found.chat_id) == CHAT


def test_an_update_is_kept_once_however_many_bring_it(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda _: telegram.keep_update(engine, 7, {"update_id": 7}), range(8)))
    assert kept.count(True) == 1
    assert telegram.unfinished_updates(engine) == [{"update_id": 7}]
    telegram.finish_update(engine, 7)
    assert telegram.unfinished_updates(engine) == []
    assert telegram.keep_update(engine, 7, {"update_id": 7}) is False


def test_an_update_from_before_consent_is_processed_again_until_it_is_done(engine: Engine) -> None:
    assert telegram.keep_update(engine, 8, None)
    assert telegram.keep_update(engine, 8, None)
    telegram.finish_update(engine, 8)
    assert not telegram.keep_update(engine, 8, None)


def test_tries_and_parts_are_counted(engine: Engine) -> None:
    telegram.keep_update(engine, 9, {})
    assert telegram.try_update(engine, 9) == (1, 0)
    telegram.note_part(engine, 9)
    assert telegram.try_update(engine, 9, count=False) == (1, 1)
    assert telegram.try_update(engine, 9) == (2, 1)


def test_processed_updates_are_forgotten_after_days_and_waiting_ones_are_not(engine: Engine, clock: Clock) -> None:
    for number in (1, 2):
        telegram.keep_update(engine, number, {"update_id": number})
    telegram.finish_update(engine, 1)
    delete_expired(engine, 30, now() + timedelta(days=4))
    assert telegram.unfinished_updates(engine) == [{"update_id": 2}]
    assert telegram.keep_update(engine, 1, {"update_id": 1})  # the number may be another's by now


def test_within_an_answer_the_card_comes_last_and_carded_answers_come_first(
    engine: Engine, conversation: Conversation
) -> None:
    answer(engine, conversation, "1", "topic/work", "journey/begin")
    answer(engine, conversation, "2", "care/infection", "care/after", care="care/infection")
    assert waiting(engine, conversation) == ["care/after", "care/infection", "topic/work", "journey/begin"]


def test_a_chat_with_a_card_is_sent_to_before_any_other(engine: Engine, conversation: Conversation) -> None:
    later = open_chat(engine, CHAT + 1)
    answer(engine, conversation, "1", "topic/work")
    answer(engine, later, "2", "care/infection", care="care/infection")
    assert telegram.due(engine, []) == later.id
    assert telegram.due(engine, [later.id]) == conversation.id
    assert telegram.due(engine, [later.id, conversation.id]) is None


def test_what_is_sent_waits_no_longer(engine: Engine, conversation: Conversation) -> None:
    answer(engine, conversation, "1", "a", "b")
    telegram.note_sent(engine, "1 a", 1, done=False)
    assert waiting(engine, conversation) == ["a", "b"]
    telegram.note_sent(engine, "1 a", 1, done=True)
    assert waiting(engine, conversation) == ["b"]
    telegram.drop_unsent(engine, conversation.id)
    assert telegram.due(engine, []) is None


def test_what_was_written_on_the_page_is_not_sent(engine: Engine, conversation: Conversation) -> None:
    inbound, _ = conversations.accept(engine, conversation.id, client_id="w", text="x", choice=None, screening={})
    conversations.finish(engine, inbound, [{"id": "r", "key": "topic/work"}], done=True)
    assert telegram.due(engine, []) is None


def test_one_process_at_a_time_has_a_chat(engine: Engine, conversation: Conversation, clock: Clock) -> None:
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda name: telegram.claim(engine, conversation.id, str(name)), range(8)))
    assert sum(claim is not None for claim in claims) == 1
    winner = next(str(name) for name, claim in enumerate(claims) if claim)
    assert telegram.claim(engine, conversation.id, winner)
    assert telegram.claim(engine, conversation.id, "another") is None
    clock.forward(telegram.CLAIM + timedelta(seconds=1))
    assert telegram.claim(engine, conversation.id, "another")


def test_a_code_moves_a_conversation_once_and_for_a_while(
    engine: Engine, conversation: Conversation, clock: Clock
) -> None:
    code = transfer.offer(engine, conversation.id)
    assert transfer.look_at(engine, code) == conversation.id
    with ThreadPoolExecutor(8) as pool:
        used = list(pool.map(lambda _: transfer.use(engine, code), range(8)))
    assert used.count(conversation.id) == 1 and used.count(None) == 7
    late = transfer.offer(engine, conversation.id)
    clock.forward(timedelta(minutes=transfer.MINUTES, seconds=1))
    assert transfer.look_at(engine, late) is None and transfer.use(engine, late) is None


def test_a_restarted_process_has_its_old_name_and_a_second_one_another(tmp_path: Path) -> None:
    first, second = identity(tmp_path), identity(tmp_path)
    assert first.name != second.name
    first.lock.close()
    again = identity(tmp_path)
    assert again.name == first.name
    again.lock.close()
    second.lock.close()
