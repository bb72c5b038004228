"""Floods, repeats, poison, and a database, Rasa or Telegram away: nothing lost, nothing twice, cards first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select
from telegram import Update

from bot.channels.limits import RateLimits
from bot.channels.telegram.channel import Telegram
from bot.dialogue.turns import Turns
from bot.store import telegram
from bot.store.models import Inbound, Outbound, TelegramUpdate
from tests.channels.telegram.bot_api import BotApi
from tests.channels.telegram.conftest import settings_for
from tests.channels.telegram.patient import Noting, TelegramPatient, until
from tests.patient import keys
from tests.running import ALARM
from tests.time_travel import Clock

DOWN = OperationalError("select 1", {}, Exception("gone"))


@pytest.fixture
async def consented(patient: TelegramPatient) -> TelegramPatient:
    """Somebody in the safety check."""
    await patient.choose("consent_yes")
    return patient


@pytest.fixture
async def another(channel: Telegram, api: BotApi, noting: Noting) -> TelegramPatient:
    found = TelegramPatient(channel, api, noting)
    await found.start()
    await found.choose("consent_yes")
    return found


def rows(channel: Telegram, table: Any) -> list[Any]:
    with Session(channel.turns.engine) as session:
        return list(session.exec(select(table)))


# -- told to wait ----------------------------------------------------------------------------------


async def test_a_flood_limit_is_obeyed_and_everything_arrives_in_order(
    api: BotApi, consented: TelegramPatient
) -> None:
    api.flood(per_chat=2, seconds=1, retry_after=1)
    for _ in range(3):
        await consented.choose("no")
    replies = await consented.write("må jeg løfte?")
    assert replies[-1].key.startswith("screening/")
    assert api.impatient == []


async def test_one_chat_told_to_wait_holds_up_no_other(
    api: BotApi, consented: TelegramPatient, another: TelegramPatient
) -> None:
    api.fail_next("sendMessage", 429, "Too Many Requests", retry_after=12, chat=consented.person.chat_id)
    consented.person.write("nej")
    await until(lambda: len(api.calls) and api.calls[-1].method == "sendMessage")
    await asyncio.wait_for(another.choose("no"), 10)
    await consented.arrived()


async def test_after_a_wait_care_cards_go_first(
    channel: Telegram, api: BotApi, consented: TelegramPatient, another: TelegramPatient, noting: Noting
) -> None:
    third = TelegramPatient(channel, api, noting)
    await third.start()
    await third.choose("consent_yes")
    for waiting in (consented, another):  # two at once: the whole bot is told to wait
        api.fail_next("sendMessage", 429, "Too Many Requests", retry_after=2, chat=waiting.person.chat_id)
        waiting.person.write("nej")
    await until(lambda: channel.outbox.everybody_rests > 0)
    third.person.write(ALARM)
    seen = len(third.person.messages)
    await until(lambda: any("112" in sent.text for sent in third.person.messages[seen:]))
    card = max(sent.call for sent in third.person.messages)
    await consented.arrived()
    await another.arrived()
    assert card < min(each.person.messages[-1].call for each in (consented, another))
    assert api.impatient == []


async def test_strangers_who_write_much_and_cannot_be_answered_hold_up_nobody_for_long(
    channel: Telegram, api: BotApi, consented: TelegramPatient, noting: Noting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.inbox.ANSWERED_WITHIN", 2.0)
    stranger = TelegramPatient(channel, api, noting)
    await stranger.start()
    seen = len(stranger.person.messages)
    api.fail_next("sendMessage", 429, "Too Many Requests", retry_after=25, chat=stranger.person.chat_id)
    for number in range(12):
        stranger.person.write(f"hej {number}")
    assert keys(await asyncio.wait_for(consented.write("nej"), 15)) == ["screening/motor_loss"]
    assert len(stranger.person.messages) == seen


async def test_one_update_delivered_twice_at_once_before_consent_is_answered_once(
    channel: Telegram, api: BotApi, noting: Noting
) -> None:
    patient = TelegramPatient(channel, api, noting)
    await patient.start()
    update = Update.de_json({"update_id": 4711, "message": _message(patient, "hej")}, channel.outbox.bot)
    await asyncio.gather(*(channel.inbox.receive([update]) for _ in range(5)))
    assert keys(await patient.answer(4711)) == ["welcome/need_consent"]


async def test_a_reply_whose_picture_is_gone_arrives_as_words_and_holds_up_nobody(
    channel: Telegram, consented: TelegramPatient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: Any) -> bytes:
        raise FileNotFoundError("a picture of an older version")

    monkeypatch.setattr("bot.channels.telegram.messages._picture", gone)
    assert "topic/scan_findings" in keys(await consented.write("hvad betyder svaret på min scanning?"))
    assert keys(await consented.write("nej")) == ["screening/motor_loss"]


# -- the same again --------------------------------------------------------------------------------


async def test_updates_that_come_twice_have_one_effect(
    channel: Telegram, api: BotApi, patient: TelegramPatient
) -> None:
    api.redeliver = True
    await patient.choose("consent_yes")
    for _ in range(6):
        await patient.choose("no")
    replies = await patient.choose("no")
    assert keys(replies)[-1] == "worry/ask"
    assert len(rows(channel, Inbound)) == 8


async def test_an_update_processed_long_ago_is_not_processed_again(
    channel: Telegram, api: BotApi, consented: TelegramPatient
) -> None:
    update_id = consented.person.write("nej")
    await consented.answer(update_id)
    sent = len(consented.person.messages)
    api.replay(update_id)
    await consented.write("nej")
    assert len(rows(channel, Inbound)) == 3
    assert [reply["key"] for reply in _replies(channel)].count("screening/motor_loss") == 1
    assert len(consented.person.messages) == sent + 1


def _replies(channel: Telegram) -> list[dict[str, Any]]:
    return [row.reply for row in rows(channel, Outbound)]


async def test_after_idle_weeks_lower_numbers_are_heard(
    channel: Telegram, api: BotApi, consented: TelegramPatient, clock: Clock
) -> None:
    await consented.choose("no")
    clock.go(days=9)
    api.jump(17)
    replies = await asyncio.wait_for(consented.write("nej"), 40)
    assert keys(replies) == ["screening/vascular"]


async def test_a_reply_whose_receipt_is_lost_comes_at_most_twice(api: BotApi, consented: TelegramPatient) -> None:
    before = len(consented.person.messages)
    api.lose_next_answer("sendMessage")
    await consented.choose("no")
    assert len(consented.person.messages) - before <= 2


async def test_a_rasa_that_is_asked_again_gives_the_same_answer(turns: Turns) -> None:
    from tests.patient import Patient

    patient = Patient(turns)
    await patient.choose("consent_yes")
    heard: list[dict[str, Any]] = []
    turn = turns.rasa.turn

    async def late(body: dict[str, Any]) -> list[dict[str, Any]]:
        """Answers, but the answer is lost on the way; the gateway asks again."""
        heard.append(body)
        first = await turn(body)
        again = await turn(body)
        assert first == again
        return again

    turns.rasa.turn = late  # type: ignore[method-assign]
    try:
        assert keys(await patient.choose("no")) == ["screening/motor_loss"]
        assert keys(await patient.choose("no")) == ["screening/vascular"]
    finally:
        turns.rasa.turn = turn  # type: ignore[method-assign]
    assert len({body["message"] for body in heard}) == 2


# -- poison ----------------------------------------------------------------------------------------


async def test_an_unreadable_update_is_passed_over(
    channel: Telegram, api: BotApi, consented: TelegramPatient
) -> None:
    api.put({"message": {"this": "is no message"}})
    assert keys(await consented.choose("no")) == ["screening/motor_loss"]


async def test_an_update_that_cannot_be_processed_is_set_aside_after_three_tries(
    channel: Telegram, consented: TelegramPatient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.talk.AGAIN", 0.01)
    receive, tried = channel.turns.receive, []

    async def poisoned(conversation: Any, number: str, text: str | None, *rest: Any, **more: Any) -> Any:
        if text == "gift":
            tried.append(number)
            raise RuntimeError("cannot be processed")
        return await receive(conversation, number, text, *rest, **more)

    monkeypatch.setattr(channel.turns, "receive", poisoned)
    assert keys(await consented.write("gift")) == ["system/trouble"]
    assert len(tried) == 3
    with Session(channel.turns.engine) as session:
        poison = session.exec(select(TelegramUpdate).where(col(TelegramUpdate.set_aside))).one()
        assert poison.payload is None
    assert keys(await consented.write("nej")) == ["screening/motor_loss"]


# -- something is away -----------------------------------------------------------------------------


async def test_without_a_database_alarm_signs_get_their_card_and_all_is_answered_later(
    channel: Telegram,
    api: BotApi,
    consented: TelegramPatient,
    another: TelegramPatient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep, away = telegram.keep_update, True

    def keep_update(*rest: Any) -> bool:
        if away:
            raise DOWN
        return keep(*rest)

    monkeypatch.setattr(telegram, "keep_update", keep_update)
    first = consented.person.write("nej")
    second = another.person.write(ALARM)
    await until(lambda: any("Ring 112 nu" in sent.text for sent in another.person.messages))
    assert sum("Ring 112 nu" in sent.text for sent in another.person.messages) == 1
    away = False
    assert keys(await consented.answer(first))[-1] == "screening/motor_loss"
    await another.answer(second)
    assert len(rows(channel, Inbound)) == 4


async def test_while_telegram_is_away_nothing_is_lost(
    channel: Telegram, api: BotApi, consented: TelegramPatient
) -> None:
    update_id = consented.person.write("nej")
    await until(lambda: consented._processed(update_id))
    await consented.arrived()
    api.down = True
    with Session(channel.turns.engine) as session:
        conversation_id = session.exec(select(Inbound.conversation_id)).first()
    chat = telegram.chat(channel.turns.engine, consented.person.chat_id)
    assert chat and chat.conversation_id == conversation_id
    conversation = await asyncio.to_thread(_conversation, channel, conversation_id or "")
    await channel.turns.receive(conversation, "telegram-x", "nej", None, channel="telegram")
    await asyncio.sleep(0.5)
    api.down = False
    assert keys(await consented.arrived()) == ["screening/vascular"]


def _conversation(channel: Telegram, conversation_id: str) -> Any:
    from bot.store import conversations

    return conversations.get(channel.turns.engine, conversation_id)


async def test_with_rasa_away_a_holding_reply_comes_and_later_the_answer(
    channel: Telegram, consented: TelegramPatient, real_rasa: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.dialogue.answers.LATE_PAUSE", 0.05)
    real_rasa.dead = True
    assert keys(await consented.choose("no")) == ["system/holding"]
    real_rasa.dead = False
    await until(lambda: consented.person.messages[-1].text and len(consented.person.messages) > consented.seen)
    assert keys(await consented.arrived()) == ["screening/motor_loss"]


# -- beginning -------------------------------------------------------------------------------------


async def start(turns: Turns, api: BotApi, **changes: Any) -> Telegram:
    turns.settings = settings_for(turns, api, **changes)
    found = Telegram(turns, RateLimits("off", "off"))
    found.start()
    return found


async def test_it_begins_although_telegram_refuses_its_introduction(
    turns: Turns, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.channel.AGAIN", 0.05)
    api.fail_next("setMyCommands", 429, "Too Many Requests", retry_after=1)
    channel = await start(turns, api)
    try:
        patient = TelegramPatient(channel, api, Noting(channel))
        assert keys(await patient.start()) == ["welcome/intro"]
        await until(lambda: sum(call.method == "setMyShortDescription" for call in api.calls) == 2)
    finally:
        await channel.stop()


async def test_it_begins_once_telegram_can_be_reached(
    turns: Turns, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.channel.AGAIN", 0.05)
    api.down = True
    channel = await start(turns, api)
    try:
        await asyncio.sleep(0.3)
        api.down = False
        assert keys(await TelegramPatient(channel, api, Noting(channel)).start()) == ["welcome/intro"]
    finally:
        await channel.stop()


async def test_a_refused_token_stops_nothing_else(turns: Turns, api: BotApi) -> None:
    channel = await start(turns, api, telegram_token=SecretStr("1:wrong"))
    await asyncio.sleep(0.3)
    assert channel.username == ""
    await channel.stop()


async def test_a_token_refused_for_a_while_is_tried_again(
    channel: Telegram, api: BotApi, consented: TelegramPatient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.inbox.REFUSED_PAUSE", 0)
    api.fail_next("getUpdates", 401, "Unauthorized")
    await consented.choose("no")
    assert keys(await consented.choose("no")) == ["screening/vascular"]


async def test_what_a_stop_left_unprocessed_is_taken_up(turns: Turns, api: BotApi) -> None:
    channel = await start(turns, api)
    patient = TelegramPatient(channel, api, Noting(channel))
    await patient.start()
    await patient.choose("consent_yes")
    await channel.stop()
    update_id = patient.person.write("nej")  # waits with Telegram; and one that was fetched, and then the power went
    message = {"update_id": 5} | {"message": _message(patient, "nej")}
    telegram.keep_update(turns.engine, 5, message)
    channel = patient.channel = await start(turns, api)
    patient.noting = Noting(channel)
    try:
        assert keys(await patient.answer(update_id)) == ["screening/motor_loss", "screening/vascular"]
    finally:
        await channel.stop()


def _message(patient: TelegramPatient, text: str) -> dict[str, Any]:
    who = {"id": patient.person.id, "is_bot": False, "first_name": "x", "language_code": "da"}
    chat = {"id": patient.person.chat_id, "type": "private", "first_name": "x"}
    return {"message_id": 9_999_999, "date": 1, "chat": chat, "from": who, "text": text}


async def test_consent_can_be_given_after_a_restart(turns: Turns, api: BotApi) -> None:
    channel = await start(turns, api)
    patient = TelegramPatient(channel, api, Noting(channel))
    await patient.start()
    await channel.stop()
    turns.doorstep.memories.clear()
    channel = patient.channel = await start(turns, api)
    patient.noting = Noting(channel)
    try:
        assert keys(await patient.choose("consent_yes"))[-1] == "screening/cauda_equina"
    finally:
        await channel.stop()


async def test_a_database_that_takes_no_note_of_what_is_sent_does_not_send_it_again(
    channel: Telegram, consented: TelegramPatient, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, refused = telegram.note_sent, []

    def disk_full(*rest: Any, **how: Any) -> None:
        if len(refused) < 5:
            refused.append(rest)
            raise DOWN
        note(*rest, **how)

    monkeypatch.setattr(telegram, "note_sent", disk_full)
    before = len(consented.person.messages)
    assert keys(await consented.write("nej"))[-1] == "screening/motor_loss"
    await until(lambda: len(refused) == 5 and telegram.due(channel.turns.engine, []) is None)
    shown = [sent.text for sent in consented.person.messages[before:]]
    assert shown and len(shown) == len(set(shown))
    assert not channel.outbox.unnoted
