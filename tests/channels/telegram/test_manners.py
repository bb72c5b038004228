"""What patients do in Telegram besides chatting, and what they may expect of us there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session, SQLModel

from bot.channels.limits import RateLimits
from bot.channels.telegram.channel import Telegram
from bot.dialogue.replies import Reply
from bot.store import conversations, records, reminders, telegram
from bot.store.models import TELEGRAM, Conversation
from tests.channels.telegram.bot_api import BotApi
from tests.channels.telegram.patient import Noting, TelegramPatient, until
from tests.channels.telegram.person import Person, Sent
from tests.time_travel import Clock

CANARY = "kanariefugl"
ALARM = "jeg kan ikke tisse og er følelsesløs i skridtet"
REGION_LINES = {"1813", "1818", "70 11 07 07", "70 11 31 31", "70 15 03 00"}
CLEAR = ["no"] * 7  # nothing of what the safety check asks
FORMS = {
    "safety check": (["consent_yes"], "nej", "screening/motor_loss"),
    "check-in": (["consent_yes", "menu", "my_back", "check_in", *CLEAR], "omkring fem", "check_in/ask/hindrance"),
    "plan": (["consent_yes", "menu", "my_back", "show_plan", "make_plan"], "gå tur med hunden", "plan/ask/now"),
}
Send = Callable[[Person], int]
# Everything that is no text, and the content key of what is said to it.
THINGS: dict[str, tuple[Send, str]] = {
    "voice": (Person.voice, "telegram/voice"),
    "round video": (Person.video_note, "telegram/voice"),
    "sticker": (Person.sticker, "telegram/sticker"),
    "dice": (Person.dice, "telegram/sticker"),
    "document": (lambda person: person.document(f"{CANARY}.docx", "application/msword"), "telegram/file"),
    "photo": (Person.photo, "telegram/photo"),
    "scan": (lambda person: person.document(f"{CANARY}.pdf", "application/pdf"), "telegram/photo"),
    "location": (Person.location, "telegram/location"),
    "contact": (Person.contact, "telegram/contact"),
    "poll": (Person.poll, "telegram/other"),
    "forwarded": (lambda person: person.forward(f"ryggen og en {CANARY}"), "telegram/forwarded"),
}
each_thing = pytest.mark.parametrize("thing", THINGS)
each_form = pytest.mark.parametrize("form", FORMS)


def keys(replies: list[Reply]) -> list[str]:
    """The content keys, each once for its bubbles, without words of acknowledgement."""
    found: list[str] = []
    for reply in replies:
        if not reply.key.startswith("ack/") and found[-1:] != [reply.key]:
            found.append(reply.key)
    return found


def titles(sent: Sent) -> list[str]:
    """The words on a message's buttons."""
    return [title for row in sent.buttons for title, _ in row]


def with_buttons(patient: TelegramPatient) -> list[Sent]:
    """The messages that have buttons now."""
    return [sent for sent in patient.person.messages if sent.buttons]


def names_in_sight(patient: TelegramPatient) -> list[str]:
    """The buttons that can be pressed now, by their names."""
    in_sight = {value for sent in with_buttons(patient) for row in sent.buttons for _, value in row}
    return [name for name, (_, value) in patient.offered.items() if value in in_sight]


async def choose(patient: TelegramPatient, *names: str) -> list[Reply]:
    """Presses these buttons one after another; what the last one brought."""
    replies: list[Reply] = []
    for name in names:
        replies = await patient.choose(name)
    return replies


def conversation_of(patient: TelegramPatient) -> Conversation | None:
    """The conversation of this chat."""
    engine = patient.channel.turns.engine
    chat = telegram.chat(engine, patient.person.id)
    return conversations.get(engine, chat.conversation_id) if chat else None


def known(patient: TelegramPatient) -> Conversation:
    """The conversation of this chat, which there is."""
    found = conversation_of(patient)
    assert found
    return found


def holding(channel: Telegram, words: str) -> list[str]:
    """The tables, read with the key, the memories and the files in which these words stand."""
    found = []
    with Session(channel.turns.engine) as session:
        for table in SQLModel.metadata.sorted_tables:
            rows = session.execute(select(table)).all()
            found += [table.name] if any(words in repr(tuple(row)) for row in rows) else []
    folder: Path = channel.settings.data_dir
    found += [path.name for path in folder.rglob("*") if path.is_file() and words.encode() in path.read_bytes()]
    memories = channel.turns.doorstep.memories.values()
    return found + (["doorstep"] if any(words in repr(memory) for memory in memories) else [])


def slow_down(channel: Telegram, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Lets Rasa think so long about each message."""
    answer = channel.turns.rasa.turn

    async def slow(body: dict[str, Any]) -> list[dict[str, Any]]:
        await asyncio.sleep(seconds)
        return await answer(body)

    monkeypatch.setattr(channel.turns.rasa, "turn", slow)


@pytest.fixture
def stranger(channel: Telegram, api: BotApi, noting: Noting) -> TelegramPatient:
    """Somebody who has never written."""
    return TelegramPatient(channel, api, noting)


@pytest.fixture
async def consented(patient: TelegramPatient) -> TelegramPatient:
    """Somebody who has said yes and is in the menu."""
    await choose(patient, "consent_yes", "menu")
    return patient


@pytest.fixture
def payloads(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The updates whose content was stored, were it for a moment only."""
    kept: list[dict[str, Any]] = []
    keep = telegram.keep_update

    def noted(engine: Any, update_id: int, payload: dict[str, Any] | None) -> bool:
        kept.extend([payload] if payload else [])
        return keep(engine, update_id, payload)

    monkeypatch.setattr("bot.store.telegram.keep_update", noted)
    return kept


# -- alarm signs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [f"{ALARM} {CANARY}", f"/start {ALARM} {CANARY}", f"/akut {ALARM} {CANARY}"])
async def test_an_alarm_sign_as_the_very_first_message_gets_its_card_and_is_not_stored(
    channel: Telegram, stranger: TelegramPatient, payloads: list[dict[str, Any]], text: str
) -> None:
    replies = await stranger.write(text)
    assert replies[0].care and replies[0].care.level == "emergency"
    card = stranger.person.messages[-1]
    assert "112" in card.text and card.pinned
    assert CANARY not in repr(payloads)
    assert [place for place in holding(channel, CANARY) if place != "doorstep"] == []
    assert known(stranger).consented_at is None


SIGNS: dict[str, Send] = {
    "text": lambda person: person.write(ALARM),
    "after a command of ours": lambda person: person.write(f"/akut {ALARM}"),
    "after a command that does not exist": lambda person: person.write(f"/doktor {ALARM}"),
    "after /start": lambda person: person.write(f"/start {ALARM}"),
    "forwarded": lambda person: person.forward(ALARM),
    "under a photo": lambda person: person.photo(ALARM),
    "under a file": lambda person: person.document("x.docx", "application/msword", ALARM),
}


@pytest.mark.parametrize("agreed", [False, True], ids=["before consent", "after consent"])
@pytest.mark.parametrize("way", SIGNS)
async def test_an_alarm_sign_gets_its_card_whichever_way_it_comes(
    patient: TelegramPatient, way: str, agreed: bool
) -> None:
    if agreed:
        await choose(patient, "consent_yes", "menu")
    replies = await patient.answer(SIGNS[way](patient.person))
    assert replies[0].key == "care/cauda_equina"
    card = patient.person.messages[-1]
    assert patient.noting.reply(card).care and card.pinned and "112" in card.text
    assert card.buttons and with_buttons(patient) == [card]


@pytest.mark.parametrize("agreed", [False, True], ids=["before consent", "after consent"])
async def test_an_alarm_sign_in_an_edited_message_gets_its_card(patient: TelegramPatient, agreed: bool) -> None:
    if agreed:
        await choose(patient, "consent_yes", "menu")
    await patient.write("hvad hjælper mod ondt i ryggen?")
    replies = await patient.answer(patient.person.edit(ALARM))
    assert replies[0].key == "care/cauda_equina"
    assert patient.person.messages[-1].pinned


async def test_an_alarm_sign_by_button_gets_its_card(patient: TelegramPatient) -> None:
    await patient.choose("consent_yes")
    replies = await patient.choose("yes")
    assert replies[0].key == "care/cauda_equina" and patient.person.messages[-1].pinned


@pytest.mark.parametrize("form", ["check-in", "plan"])
async def test_an_alarm_sign_in_the_middle_of_a_form_comes_first_and_the_form_goes_on(
    patient: TelegramPatient, form: str
) -> None:
    way, answer, following = FORMS[form]
    await choose(patient, *way)
    replies = await patient.write(ALARM)
    assert replies[0].care
    await patient.choose("resume")
    assert keys(await patient.write(answer)) == [following]


async def test_misunderstood_takes_the_card_back_and_unpins_it(consented: TelegramPatient) -> None:
    await consented.write(ALARM)
    card = consented.person.messages[-1]
    assert card.pinned
    assert keys(await consented.choose("misunderstood")) == ["screening/cauda_equina"]
    assert card.pinned  # not before it is certain
    assert "care/withdrawn" in keys(await consented.choose("no"))
    assert consented.person.pins == []


async def test_an_alarm_sign_at_the_end_of_a_long_message_gets_its_card(consented: TelegramPatient) -> None:
    long = "jeg har haft ondt i lænden i mange år og prøvet meget. " * 72
    replies = await consented.write(f"{long}{ALARM}."[-4096:])
    assert replies[0].care and consented.person.messages[-1].pinned


async def test_an_alarm_sign_put_under_a_photo_afterwards_gets_its_card(
    consented: TelegramPatient, api: BotApi
) -> None:
    await consented.answer(consented.person.photo("min ryg"))
    message = next(one for one in reversed(consented.person.history.values()) if one.get("caption"))
    replies = await consented.answer(api.put({"edited_message": message | {"caption": ALARM, "edit_date": 1}}))
    assert replies[0].key == "care/cauda_equina"


async def test_an_alarm_sign_in_english_gets_an_english_card_before_consent(stranger: TelegramPatient) -> None:
    replies = await stranger.write("I suddenly cannot pee and I am numb between my legs")
    assert replies[0].care and stranger.person.messages[-1].text.startswith("Call 112 now")


async def test_a_second_card_is_pinned_instead_of_the_first(consented: TelegramPatient) -> None:
    await consented.write(ALARM)
    await consented.write("nu har jeg stærke smerter i brystet og kan ikke få luft")
    assert consented.person.pins == [consented.person.messages[-1].message_id]


async def test_who_began_with_an_alarm_sign_learns_what_a_yes_means_before_saying_it(
    stranger: TelegramPatient,
) -> None:
    await stranger.write(ALARM)
    await stranger.write("jeg har ringet nu")
    said = " ".join(sent.text for sent in stranger.person.messages)
    assert stranger.channel.settings.address in said and "Telegram gemmer" in said


# -- the first message, and the language --------------------------------------------------------------------------


async def test_the_first_message_says_that_telegram_stores_the_chat_and_where_else_to_go(
    patient: TelegramPatient,
) -> None:
    first = patient.person.messages[0]
    assert "Telegram gemmer også" in first.text and patient.channel.settings.address in first.text
    assert titles(patient.person.messages[-1])[0].startswith("Ja")
    assert with_buttons(patient) == [patient.person.messages[-1]]


@pytest.mark.parametrize("text", ["hej", "Ondt i ryggen?", "hvad kan man gøre ved hold i ryggen"])
async def test_whoever_writes_before_start_is_welcomed_too(stranger: TelegramPatient, text: str) -> None:
    replies = await stranger.write(text)
    assert keys(replies)[0] == "welcome/intro"
    assert "consent_yes" in stranger.offered


@pytest.mark.parametrize(
    ("setting", "language"),
    [("da", "da"), ("en", "en"), ("en-GB", "en"), ("de", "da"), ("ar", "da"), (None, "da"), ("", "da")],
)
async def test_the_language_is_that_of_telegram(
    stranger: TelegramPatient, setting: str | None, language: str
) -> None:
    stranger.person.language = setting
    await stranger.start()
    assert known(stranger).language == language
    shown = stranger.person.messages[0].text
    assert shown.startswith("Hello." if language == "en" else "Hej.")


async def test_the_language_is_switched_by_button_before_consent(patient: TelegramPatient) -> None:
    await patient.choose("language_other")
    assert patient.person.messages[-1].text.startswith("May we keep")
    await patient.choose("language_other")
    assert patient.person.messages[-1].text.startswith("Må vi gemme")


async def test_the_language_is_switched_by_command_before_consent(patient: TelegramPatient) -> None:
    await patient.write("/language")
    assert patient.person.messages[-1].text.startswith("May we keep")
    await patient.choose("consent_yes")
    assert known(patient).language == "en"


async def test_the_language_is_switched_by_command_after_consent(consented: TelegramPatient) -> None:
    assert keys(await consented.write("/language")) == ["control/language_ask"]
    await consented.choose("language_en")
    assert known(consented).language == "en"
    assert consented.person.messages[-1].text.isascii()


async def test_a_first_message_in_english_is_welcomed_in_english(stranger: TelegramPatient) -> None:
    await stranger.write("Hello, my back has been hurting for weeks, what can I do about it?")
    assert stranger.person.messages[0].text.startswith("Hello.")
    assert known(stranger).language == "en"


async def test_the_command_language_as_the_very_first_message_welcomes_in_the_other_language(
    stranger: TelegramPatient,
) -> None:
    await stranger.write("/language")
    assert stranger.person.messages[-1].text.startswith("May we keep")


# -- commands -----------------------------------------------------------------------------------------------------

BEFORE = {
    "/start": "welcome/intro",
    "/menu": "welcome/intro",
    "/help": "telegram/help",
    "/akut": "telegram/akut",
    "/data": "welcome/intro",
    "/privacy": "welcome/intro",
    "/stop": "welcome/intro",
    "/web": "telegram/to_web",
    "/delete": "control/deleted",
}
AFTER = {
    "/start": "control/menu",
    "/menu": "control/menu",
    "/help": "telegram/help",
    "/akut": "telegram/akut",
    "/data": "control/my_data",
    "/privacy": "control/privacy",
    "/stop": "reminders/stopped",
    "/web": "telegram/to_web",
    "/delete": "control/delete_confirm",
    "/language": "control/language_ask",
}


@pytest.mark.parametrize("command", BEFORE)
async def test_a_command_before_consent(patient: TelegramPatient, command: str) -> None:
    assert keys(await patient.write(command)) == [BEFORE[command]]


@pytest.mark.parametrize("command", AFTER)
async def test_a_command_after_consent(consented: TelegramPatient, command: str) -> None:
    await consented.choose("my_back")  # out of the safety check that consent began
    assert AFTER[command].removesuffix("_paused") in keys(await consented.write(command))[0]


@pytest.mark.parametrize("written", ["/AKUT", "/akut@rygraad_test_bot", "/akut  ", "/Akut"])
async def test_a_command_as_people_write_it(consented: TelegramPatient, written: str) -> None:
    assert keys(await consented.write(written)) == ["telegram/akut"]


async def test_akut_with_a_word_more_still_says_whom_to_call(consented: TelegramPatient) -> None:
    await consented.write("/akut hjælp")
    assert "112" in consented.person.messages[-1].text


@each_form
@pytest.mark.parametrize("command", [*AFTER])
async def test_a_command_in_the_middle_of_a_form_which_goes_on_afterwards(
    patient: TelegramPatient, form: str, command: str
) -> None:
    way, answer, following = FORMS[form]
    await choose(patient, *way)
    replies = await patient.write(command)
    assert keys(replies)
    if command in ("/menu", "/start"):
        await patient.choose("resume")
    elif command == "/delete":
        await patient.choose("delete_no")
    elif command == "/language":
        await patient.write("dansk")
    assert following in keys(await patient.write(answer))


@pytest.mark.parametrize("command", ["/help", "/akut", "/web"])
async def test_a_command_answered_at_once_leaves_the_buttons_of_the_open_question(
    patient: TelegramPatient, command: str
) -> None:
    await choose(patient, "consent_yes")
    await patient.write(command)
    assert {"yes", "no"} <= set(names_in_sight(patient))


@pytest.mark.parametrize(("command", "button"), [("/language", "language_en"), ("/data", "delete_data")])
async def test_in_a_form_too_a_command_offers_its_buttons(
    patient: TelegramPatient, command: str, button: str
) -> None:
    await choose(patient, *FORMS["plan"][0])
    await patient.write(command)
    assert button in names_in_sight(patient)


@pytest.mark.parametrize("agreed", [False, True], ids=["before consent", "after consent"])
async def test_akut_names_112_and_the_lines_of_all_regions(patient: TelegramPatient, agreed: bool) -> None:
    if agreed:
        await choose(patient, "consent_yes", "menu")
    await patient.write("/akut")
    said = patient.person.messages[-1].text
    assert "112" in said and all(line in said for line in REGION_LINES)


async def test_akut_names_only_the_line_of_the_region_that_was_chosen(consented: TelegramPatient) -> None:
    await choose(consented, "who_to_call", "region", "region_syddanmark")
    assert known(consented).region == "syddanmark"
    await consented.write("/akut")
    said = consented.person.messages[-1].text
    assert "112" in said and [line for line in REGION_LINES if line in said] == ["70 11 07 07"]


@pytest.mark.parametrize("first", ["/help", "/web", "/menu", "/delete", "/privacy", "/akut"])
async def test_a_command_as_the_very_first_message_is_answered_and_consent_can_be_given(
    stranger: TelegramPatient, first: str
) -> None:
    assert BEFORE[first] in keys(await stranger.write(first))
    await stranger.write("hej")
    assert "consent_yes" in stranger.offered
    said = " ".join(sent.text for sent in stranger.person.messages)
    assert stranger.channel.settings.address in said and "Telegram gemmer" in said


# Buttons under what the channel itself says.
OFFERED_BY_US = {
    "/help": ("menu", "control/menu"),
    "/akut": ("menu", "control/menu"),
    "/web": ("menu", "control/menu"),
    "sticker": ("menu", "control/menu"),
    "location": ("region", "region/ask"),
    "contact": ("menu", "control/menu"),
    "poll": ("menu", "control/menu"),
    "forwarded": ("menu", "control/menu"),
}


@pytest.mark.parametrize("said", OFFERED_BY_US)
async def test_the_buttons_under_what_the_channel_says_work(consented: TelegramPatient, said: str) -> None:
    name, key = OFFERED_BY_US[said]
    update = consented.person.write(said) if said in AFTER else THINGS[said][0](consented.person)
    await consented.answer(update)
    assert keys(await consented.choose(name))[0].startswith(key)


# -- what is no text ----------------------------------------------------------------------------------------------


@each_thing
async def test_what_is_no_text_gets_kind_words_and_nothing_of_it_is_stored(
    channel: Telegram, consented: TelegramPatient, thing: str
) -> None:
    send, key = THINGS[thing]
    replies = await consented.answer(send(consented.person))
    expected = [key, "topic/scan_findings"] if key == "telegram/photo" else [key]
    assert keys(replies)[: len(expected)] == expected
    planted = [CANARY, "+4500000000", "55.6761", "Ondt?", "file_id"]
    assert [words for words in planted if holding(channel, words)] == []


async def test_a_photo_with_words_is_answered_by_its_words(consented: TelegramPatient) -> None:
    replies = await consented.answer(consented.person.photo("må jeg cykle med ondt i ryggen?"))
    assert keys(replies)[0] == "telegram/photo_with_words"
    assert any(key.startswith("topic/") for key in keys(replies))


async def test_an_edited_message_is_asked_for_anew(channel: Telegram, consented: TelegramPatient) -> None:
    await consented.write("hvad hjælper?")
    replies = await consented.answer(consented.person.edit(f"hvad hjælper en {CANARY}?"))
    assert keys(replies) == ["telegram/edited"] and holding(channel, CANARY) == []


@each_thing
async def test_what_is_no_text_as_the_very_first_message(
    channel: Telegram, stranger: TelegramPatient, payloads: list[dict[str, Any]], thing: str
) -> None:
    send, key = THINGS[thing]
    replies = await stranger.answer(send(stranger.person))
    assert {key, "welcome/intro"} <= set(keys(replies))
    assert payloads == [] and holding(channel, CANARY) == []


@pytest.mark.parametrize("thing", THINGS)
async def test_whoever_begins_without_text_can_say_yes(stranger: TelegramPatient, thing: str) -> None:
    await stranger.answer(THINGS[thing][0](stranger.person))
    assert "consent_yes" in stranger.offered and "consent_yes" in names_in_sight(stranger)


@pytest.mark.parametrize("thing", THINGS)
async def test_before_consent_kind_words_leave_the_question_of_consent_in_sight(
    patient: TelegramPatient, thing: str
) -> None:
    send, key = THINGS[thing]
    assert keys(await patient.answer(send(patient.person)))[0] == key
    assert "consent_yes" in names_in_sight(patient)


@pytest.mark.parametrize("thing", ["voice", "sticker", "document", "contact", "forwarded"])
async def test_in_the_middle_of_a_form_kind_words_leave_its_buttons_in_sight(
    patient: TelegramPatient, thing: str
) -> None:
    await choose(patient, *FORMS["check-in"][0])
    await patient.answer(THINGS[thing][0](patient.person))
    assert "pain_5" in names_in_sight(patient)


@pytest.mark.parametrize("thing", [*THINGS])
async def test_after_what_is_no_text_the_form_goes_on(patient: TelegramPatient, thing: str) -> None:
    way, answer, following = FORMS["check-in"]
    await choose(patient, *way)
    await patient.answer(THINGS[thing][0](patient.person))
    assert following in keys(await patient.write(answer))


# -- erasing ------------------------------------------------------------------------------------------------------


async def test_after_delete_nothing_is_anywhere_and_the_farewell_arrives(
    channel: Telegram, patient: TelegramPatient
) -> None:
    await choose(patient, *FORMS["plan"][0])
    await patient.write(f"gå tur med min {CANARY}")
    assert holding(channel, CANARY)
    assert keys(await patient.write("/delete")) == ["control/delete_confirm"]
    assert holding(channel, CANARY)  # not before it is confirmed
    assert keys(await patient.choose("delete_yes")) == ["control/deleted"]
    assert holding(channel, CANARY) == [] and holding(channel, str(patient.person.id)) == []
    assert conversation_of(patient) is None and with_buttons(patient) == []


async def test_writing_again_after_delete_begins_anew(patient: TelegramPatient) -> None:
    await choose(patient, "consent_yes", "menu")
    await patient.write("/delete")
    await patient.choose("delete_yes")
    assert keys(await patient.write("hej"))[0] == "welcome/intro"
    assert "screening/cauda_equina" in keys(await patient.choose("consent_yes"))


async def test_delete_before_consent_forgets_and_begins_anew(patient: TelegramPatient) -> None:
    before = known(patient).id
    assert keys(await patient.write("/delete")) == ["control/deleted"]
    assert conversation_of(patient) is None
    assert keys(await patient.start()) == ["welcome/intro"] and known(patient).id != before


async def test_after_delete_no_card_stays_pinned(consented: TelegramPatient) -> None:
    await consented.write(ALARM)
    await consented.write("/delete")
    await consented.choose("delete_yes")
    assert consented.person.pins == []


async def test_pressing_the_last_yes_twice_says_no_more_than_the_farewell(patient: TelegramPatient) -> None:
    await choose(patient, "consent_yes", "menu")
    await patient.write("/delete")
    message, value = patient.offered["delete_yes"]
    patient.person.press_on(message, value)
    await patient.answer(patient.person.press_on(message, value))
    assert patient.noting.reply(patient.person.messages[-1]).key == "control/deleted"


async def test_the_file_of_everything_arrives(consented: TelegramPatient) -> None:
    await consented.write("/data")
    await consented.choose("export_data")
    name, body = consented.person.messages[-1].document or ("", b"")
    assert name == "rygraad.json" and json.loads(body)["consented_at"]


# -- buttons ------------------------------------------------------------------------------------------------------


async def test_every_press_is_answered_and_only_the_newest_message_has_buttons(
    patient: TelegramPatient,
) -> None:
    for name in FORMS["check-in"][0]:
        await patient.choose(name)
        assert with_buttons(patient) == [patient.person.messages[-1]]
    assert len(patient.person.answered) == len(FORMS["check-in"][0])
    assert len(patient.person.answered) > 1


async def test_a_scale_is_a_compact_keyboard_and_words_do_as_well(patient: TelegramPatient) -> None:
    await choose(patient, *FORMS["check-in"][0])
    rows = patient.person.messages[-1].buttons
    assert [len(row) for row in rows] == [6, 5, 2]
    assert [title for row in rows[:2] for title, _ in row] == [str(number) for number in range(11)]
    assert keys(await patient.write("omkring fem")) == ["check_in/ask/hindrance"]


async def test_an_old_button_has_no_second_effect_and_kind_words(patient: TelegramPatient) -> None:
    await choose(patient, *FORMS["check-in"][0])
    message, value = patient.offered["pain_3"]
    await patient.choose("pain_3")
    newest = with_buttons(patient)
    assert keys(await patient.answer(patient.person.press_on(message, value))) == ["system/stale_choice"]
    assert with_buttons(patient) == newest  # the open question can still be answered
    await choose(patient, "hindrance_4", "confidence_5")
    found = records.check_ins(patient.channel.turns.engine, known(patient).id)
    assert [one["pain"] for one in found] == [3]


@pytest.mark.parametrize(
    ("way", "pressed", "following"),
    [
        ([], "consent_yes", "screening/cauda_equina"),
        (["consent_yes"], "no", "screening/motor_loss"),
        (FORMS["check-in"][0], "pain_7", "check_in/ask/hindrance"),
    ],
)
async def test_two_quick_presses_have_one_effect(
    patient: TelegramPatient, way: list[str], pressed: str, following: str
) -> None:
    await choose(patient, *way)
    message, value = patient.offered[pressed]
    patient.person.press_on(message, value)
    replies = await patient.answer(patient.person.press_on(message, value))
    assert keys(replies).count(following) == 1
    assert [patient.noting.reply(sent).key for sent in with_buttons(patient)] == [following]
    assert len(patient.person.answered) > 1


async def make_plan(patient: TelegramPatient, activity: str) -> None:
    """A plan of one answer, read back and not kept yet."""
    await choose(patient, *FORMS["plan"][0])
    await patient.write(activity)
    while patient.noting.reply(patient.person.messages[-1]).key != "plan/read_back":
        await patient.choose("skip")


async def test_keeping_a_plan_with_two_quick_presses_keeps_it_once(patient: TelegramPatient) -> None:
    await make_plan(patient, "gå tur med hunden")
    message, value = patient.offered["plan_keep"]
    patient.person.press_on(message, value)
    await patient.answer(patient.person.press_on(message, value))
    assert len(records.plans(patient.channel.turns.engine, known(patient).id)) == 1


async def test_the_last_number_of_a_check_in_pressed_twice_is_one_check_in(patient: TelegramPatient) -> None:
    await choose(patient, *FORMS["check-in"][0], "pain_7", "hindrance_5")
    message, value = patient.offered["confidence_5"]
    patient.person.press_on(message, value)
    await patient.answer(patient.person.press_on(message, value))
    assert len(records.check_ins(patient.channel.turns.engine, known(patient).id)) == 1


@pytest.mark.parametrize(
    ("name", "following"),
    [
        ("consent_yes", "screening/cauda_equina"),
        ("consent_no", "welcome/declined"),
        ("language_other", "welcome/intro"),
    ],
)
async def test_the_buttons_of_the_welcome_work_after_a_restart(
    patient: TelegramPatient, name: str, following: str
) -> None:
    patient.channel.turns.doorstep.memories.clear()
    assert following in keys(await patient.choose(name))


async def test_a_press_is_answered_at_once_while_the_message_before_it_is_still_thought_about(
    channel: Telegram, consented: TelegramPatient, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(channel, monkeypatch, 4)
    consented.person.write("hvad hjælper?")
    message, value = consented.offered["my_back"]
    await consented.answer(consented.person.press_on(message, value))
    assert consented.person.answered[-1][1] < 3.5


@pytest.mark.parametrize("data", ["made-up", "/nonsense", "/", "🦴", "' or 1=1 --", "x" * 16])
async def test_a_button_that_never_was_gets_kind_words(consented: TelegramPatient, data: str) -> None:
    replies = await consented.answer(consented.person.press_on(999_999, data))
    assert keys(replies) == ["system/unknown_choice"]


TYPED: dict[str, tuple[list[str], str]] = {
    **{name: ([], name) for name in ("consent_yes", "consent_no", "language_other")},
    **{f"safety check: {name}": (["consent_yes"], name) for name in ("yes", "no", "unsure", "menu")},
    **{
        f"menu: {name}": (["consent_yes", "menu"], name)
        for name in ("worry", "topics", "my_back", "who_to_call", "language_other", "my_data", "privacy", "resume")
    },
    **{f"check-in: {name}": (FORMS["check-in"][0], name) for name in ("pain_10", "back")},
}


@pytest.mark.parametrize("case", TYPED)
async def test_the_words_of_a_button_do_what_it_does(
    patient: TelegramPatient, channel: Telegram, api: BotApi, noting: Noting, case: str
) -> None:
    way, name = TYPED[case]
    other = TelegramPatient(channel, api, noting)
    await other.start()
    await choose(patient, *way)
    await choose(other, *way)
    _, value = patient.offered[name]
    title = next(t for row in patient.person.messages[-1].buttons for t, v in row if v == value)
    assert keys(await patient.write(title)) == keys(await other.choose(name))


# -- slow, long and strange ---------------------------------------------------------------------------------------


async def test_whoever_waits_sees_that_an_answer_is_being_written(
    channel: Telegram, consented: TelegramPatient, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(channel, monkeypatch, 1)
    before = len(consented.person.actions)
    message, value = consented.offered["my_back"]
    await consented.answer(consented.person.press_on(message, value))
    assert [action for action, _ in consented.person.actions[before:]] == ["typing"]
    assert consented.person.answered


STRANGE = {
    "4,096 characters": "ondt i ryggen " * 292 + "12345678",
    "only emoji": "🦴😭👍🏽",
    "one space": " ",
    "no-break spaces": "\u00a0\u2003",
    "invisible": "\u200b\u200b",
    "control characters": "ondt\x01\x02\x1b[31m i \x7fryggen",
    "a zero": "ondt\x00i ryggen",
    "right to left": "\u202eryggen gør ondt\u202c",
    "arabic": "ظهري يؤلمني",
    "a lone surrogate": "ondt \ud83d i ryggen",
    "/restart": "/restart",
    "an intent": '/deny{"answer": "yes"}',
    "an intent with metadata": "/alarm",
    "EXTERNAL": "EXTERNAL: /inform",
    "a slash": "/",
    "HTML": "<b>ondt</b> <a href='https://evil.example'>x</a> & <",
    "Markdown": "**ondt** [x](https://evil.example) `",
    "a filled template": "{operator} {address} {contacts}",
}


@pytest.mark.parametrize("agreed", [False, True], ids=["before consent", "after consent"])
@pytest.mark.parametrize("what", STRANGE)
async def test_strange_words_get_an_answer_and_the_talk_goes_on(
    channel: Telegram, patient: TelegramPatient, what: str, agreed: bool
) -> None:
    if agreed:
        await choose(patient, "consent_yes", "menu")
    replies = await patient.write(STRANGE[what])
    assert replies and not any(reply.care for reply in replies)
    assert not {"system/trouble", "system/holding"} & set(keys(replies))
    assert "evil.example" not in " ".join(sent.html for sent in patient.person.messages)
    assert keys(await patient.write("/menu"))
    assert holding(channel, "set_aside=True") == []


HOSTILE = "<b>fed</b> <script>alert(1)</script> **stjerne** [x](https://evil.example) & {operator} \u202eRTL"


async def test_what_was_written_into_a_plan_comes_back_as_words(patient: TelegramPatient) -> None:
    await make_plan(patient, HOSTILE)
    await patient.choose("plan_keep")
    await patient.choose("show_plan")
    shown = patient.person.messages[-1]
    assert "alert(1)" in shown.text and "stjerne" in shown.text
    assert "<script" not in shown.html and 'href="https://evil' not in shown.html
    assert not [one for one in shown.entities if one["type"] in ("text_link", "url") and "evil" in repr(one)]


# -- who is away, and who has company -----------------------------------------------------------------------------


async def agree_to_reminders(patient: TelegramPatient, clock: Clock) -> None:
    """Consents, and wants to be asked every week at 17."""
    clock.go(hour=10)
    await choose(patient, "consent_yes", "menu", "my_back", "reminder", "rhythm_weekly", "hour_17")


async def test_reminders_arrive(patient: TelegramPatient, clock: Clock) -> None:
    await agree_to_reminders(patient, clock)
    clock.go(2, hour=17)
    assert keys(await patient.unasked()) == ["reminders/check_in"]
    assert with_buttons(patient) == [patient.person.messages[-1]]


async def test_who_blocks_the_bot_gets_nothing_more_and_can_come_back(patient: TelegramPatient, clock: Clock) -> None:
    await agree_to_reminders(patient, clock)
    await patient.answer(patient.person.block())
    sent = len(patient.api.calls)
    for days in (2, 6.5, 6.5):
        clock.go(days, hour=17)
        assert await patient.unasked() == []
    assert [call for call in patient.api.calls[sent:] if call.method.startswith("send")] == []
    assert reminders.schedule(patient.channel.turns.engine, known(patient).id).stopped  # type: ignore[union-attr]
    await patient.answer(patient.person.unblock())
    assert await patient.arrived() == []  # nothing piled up
    assert keys(await patient.write("/menu"))[0].startswith("control/menu")
    clock.go(6.5, hour=17)
    assert await patient.unasked() == []  # the agreement has ended


async def test_a_block_that_telegram_did_not_tell_of_ends_reminders_as_well(
    patient: TelegramPatient, clock: Clock
) -> None:
    await agree_to_reminders(patient, clock)
    patient.person.has_blocked = True
    clock.go(2, hour=17)
    assert await patient.unasked() == []
    chat = telegram.chat(patient.channel.turns.engine, patient.person.id)
    assert chat and chat.blocked_at
    patient.person.has_blocked = False
    assert keys(await patient.write("/menu"))[0].startswith("control/menu")


async def test_a_deleted_account_is_left_alone(patient: TelegramPatient, clock: Clock) -> None:
    await agree_to_reminders(patient, clock)
    patient.person.delete_account()
    clock.go(2, hour=17)
    assert await patient.unasked() == []
    sent = len(patient.api.calls)
    clock.go(6.5, hour=17)
    assert await patient.unasked() == []
    assert [call for call in patient.api.calls[sent:] if call.method.startswith("send")] == []


async def test_who_leaves_while_an_answer_is_on_its_way_holds_up_nobody(
    patient: TelegramPatient, channel: Telegram, api: BotApi, noting: Noting
) -> None:
    update = patient.person.write("/akut")
    patient.person.delete_account()
    await patient.answer(update)
    other = TelegramPatient(channel, api, noting)
    assert keys(await other.start()) == ["welcome/intro"]


async def test_in_a_group_it_says_once_that_it_talks_in_private_and_leaves(
    stranger: TelegramPatient, api: BotApi
) -> None:
    group = api.group()
    update = group.add_bot(stranger.person)
    await until(lambda: stranger._processed(update + 1))
    assert [stranger.noting.reply(sent).key for sent in group.messages] == ["telegram/private_only"]
    assert group.bot_status == "left"
    with Session(stranger.channel.turns.engine) as session:
        assert session.execute(select(Conversation.id)).all() == []  # type: ignore[call-overload]


async def test_written_to_in_a_group_it_was_in_all_along(stranger: TelegramPatient, api: BotApi) -> None:
    group = api.group()
    group.bot_status = "member"
    updates = [group.write(stranger.person, text) for text in (f"{ALARM} {CANARY}", "hallo?")]
    await until(lambda: all(stranger._processed(update) for update in updates))
    assert [stranger.noting.reply(sent).key for sent in group.messages] == ["telegram/private_only"]
    assert group.bot_status == "left" and holding(stranger.channel, CANARY) == []


async def test_the_group_is_told_in_the_language_of_whoever_added_it(stranger: TelegramPatient, api: BotApi) -> None:
    stranger.person.language = "en"
    group = api.group()
    update = group.add_bot(stranger.person)
    await until(lambda: stranger._processed(update))
    assert group.messages[0].text.startswith("I am here")


async def test_channel_posts_are_met_with_silence(stranger: TelegramPatient, api: BotApi) -> None:
    channel = api.channel()
    channel.post(ALARM)
    await stranger.start()
    assert channel.messages == []


# -- too many at once ---------------------------------------------------------------------------------------------


@pytest.fixture
async def hurried(consented: TelegramPatient) -> TelegramPatient:
    """Somebody who has written as often as is answered in a minute."""
    consented.channel.talk.limits = RateLimits("5/minute", "1000/minute")
    for _ in range(5):
        await consented.write("hej")
    return consented


async def test_too_many_is_told_once(hurried: TelegramPatient) -> None:
    assert keys(await hurried.write("hallo")) == ["telegram/too_many"]
    assert await hurried.write("hallo") == [] == await hurried.write("hallo")


async def test_an_alarm_sign_is_answered_however_many_messages_there_were(hurried: TelegramPatient) -> None:
    await hurried.write("hallo")
    assert (await hurried.write(ALARM))[0].care
    assert (await hurried.answer(hurried.person.photo(ALARM)))[-1].key != "telegram/too_many"


async def test_commands_and_buttons_work_however_many_messages_there_were(hurried: TelegramPatient) -> None:
    await hurried.write("hallo")
    assert keys(await hurried.write("/akut")) == ["telegram/akut"]
    assert keys(await hurried.write("/menu"))[0].startswith("control/menu")
    assert keys(await hurried.choose("my_back")) == ["control/my_back"]


async def test_the_buttons_stay_in_sight_however_many_messages_there_were(hurried: TelegramPatient) -> None:
    buttons = [sent.message_id for sent in with_buttons(hurried)]
    assert buttons
    for _ in range(3):
        await hurried.write("hallo")
    assert [sent.message_id for sent in with_buttons(hurried)] == buttons


async def test_the_words_under_a_photo_are_not_said_to_be_read_when_they_are_not(hurried: TelegramPatient) -> None:
    replies = await hurried.answer(hurried.person.photo("hvad er det her?"))
    assert keys(replies) == ["telegram/too_many"]


async def test_one_who_writes_too_much_does_not_hold_up_another(
    hurried: TelegramPatient, channel: Telegram, api: BotApi, noting: Noting
) -> None:
    await hurried.write("hallo")
    other = TelegramPatient(channel, api, noting)
    assert keys(await other.start()) == ["welcome/intro"]
    assert known(other).channel == TELEGRAM


@pytest.mark.parametrize("send", [Person.voice, Person.photo, lambda person: person.write("hej"), Person.start])
async def test_while_the_kill_switch_is_on_everybody_gets_the_fixed_card(
    channel: Telegram, stranger: TelegramPatient, send: Send
) -> None:
    channel.turns.switch.close()
    replies = await stranger.answer(send(stranger.person))
    assert keys(replies) == ["system/closed"]
    assert "112" in stranger.person.messages[-1].text
    channel.turns.switch.open()
    assert "welcome/intro" in keys(await stranger.write("hej igen"))
