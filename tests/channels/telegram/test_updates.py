"""What an update is: each kind as Telegram sends it, read."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from telegram import ChatMember, ChatMemberAdministrator, ChatMemberMember, ChatMemberRestricted, Update

from bot.channels.telegram.commands import NAMES
from bot.channels.telegram.updates import WANTED, Heard, Kind, read
from tests.channels.telegram.bot_api import BotApi
from tests.channels.telegram.person import Person, a_file

Json = dict[str, Any]


def parsed(update: Json) -> Update:
    """The update as the bot gets it."""
    found = Update.de_json(update, None)
    assert found
    return found


def heard(person: Person) -> Heard:
    """What is read of the newest update."""
    return read(parsed(person.api._pending[-1]), NAMES)


def hand_made(**content: Any) -> Heard:
    """What is read of a private message with this content."""
    chat = {"id": 5, "type": "private", "first_name": "Anna"}
    message = {"message_id": 1, "date": 1_700_000_000, "chat": chat} | content
    return read(parsed({"update_id": 7, "message": message}), NAMES)


@pytest.fixture
def api() -> BotApi:
    """It queues updates; nobody needs to fetch them here, so it is not started."""
    return BotApi()


@pytest.fixture
def person(api: BotApi) -> Person:
    return api.person(language="da")


# -- words and commands ---------------------------------------------------------------------------

WORDS = {
    "words": "Jeg har ondt i ryggen",
    "more than one line": "Jeg har ondt.\n\nDet begyndte i går.",
    "an unknown command": "/hjaelp",
    "an unknown command with words": "/hjaelp mig",
    "a known command followed by words": "/akut jeg kan ikke tisse",
    "a known command followed by a word": "/akut hjælp",
    "a known command to the bot followed by words": "/akut@rygraad_test_bot jeg kan ikke tisse",
    "a known command followed by words on the next line": "/menu\njeg kan ikke mærke mine ben",
    "start followed by words": "/start jeg kan ikke tisse",
    "a command in the sentence": "Hvad gør /menu",
    "two commands": "/menu /akut",
    "a command in quotes": "»/menu«",
    "a path": "/menu/akut",
    "a slash": "/",
    "a command with a space after the slash": "/ menu",
    "a command with a number": "/menu2",
    "a name that is no name": "/menu@",
    "an emoji": "😣",
    "a number": "7",
}


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS.keys())
def test_words(person: Person, text: str) -> None:
    number = person.write(text)
    assert heard(person) == Heard(number, Kind.WORDS, person.id, text, language="da")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_known_command(person: Person, name: str) -> None:
    number = person.write(f"/{name}")
    assert heard(person) == Heard(number, Kind.COMMAND, person.id, "", name, language="da")


@pytest.mark.parametrize(
    "text", ["/menu@rygraad_test_bot", "/MENU", "/Menu", "/menu ", "/menu\n", "/menu@rygraad_test_bot "]
)
def test_a_command_in_other_ways(person: Person, text: str) -> None:
    person.write(text)
    assert (heard(person).kind, heard(person).value, heard(person).words) == (Kind.COMMAND, "menu", "")


@pytest.mark.parametrize("text", ["/start klinik-7", "/start@rygraad_test_bot klinik-7", "/START  klinik-7 "])
def test_start_may_bring_something_along(person: Person, text: str) -> None:
    person.write(text)
    assert (heard(person).kind, heard(person).value, heard(person).words) == (Kind.COMMAND, "start", "klinik-7")


def test_start_from_a_link_keeps_capitals_and_signs(person: Person) -> None:
    person.start("t-aB_9-x")
    assert (heard(person).kind, heard(person).words) == (Kind.COMMAND, "t-aB_9-x")


@given(st.sampled_from(sorted(NAMES)), st.text(max_size=40))
def test_what_is_written_after_a_command_is_always_read(name: str, text: str) -> None:
    assume(text.split() and (name != "start" or len(text.split()) > 1))
    found = hand_made(text=f"/{name} {text}")
    assert (found.kind, found.words) == (Kind.WORDS, f"/{name} {text}")


def test_without_known_commands_all_is_words() -> None:
    person = BotApi().person()
    person.write("/menu")
    assert read(parsed(person.api._pending[-1])).kind is Kind.WORDS


# -- who wrote ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "read_as"), [("da", "da"), ("en", "en"), ("en-GB", "en-GB"), (None, "")])
def test_the_language_of_their_telegram(api: BotApi, language: str | None, read_as: str) -> None:
    person = api.person(language=language)
    person.write("Hej")
    assert heard(person).language == read_as


def test_a_message_from_nobody_is_read_all_the_same() -> None:
    assert hand_made(text="Hej") == Heard(7, Kind.WORDS, 5, "Hej")


# -- buttons --------------------------------------------------------------------------------------


def offered(person: Person, *rows: list[tuple[str, str]]) -> int:
    """The bot sends buttons; the message's id."""
    keyboard = [[{"text": title, "callback_data": data} for title, data in row] for row in rows]
    sent = person.add(person.api.me(), text="Hvad nu?", reply_markup={"inline_keyboard": keyboard})
    return int(sent["message_id"])


def pressed(person: Person, message: int, data: str) -> Heard:
    """What is read of the press of a button; its query's id is some."""
    number = person.press_on(message, data)
    found = heard(person)
    assert (found.update_id, found.kind, found.chat_id) == (number, Kind.PRESS, person.id)
    assert (found.query_id, found.message_id) == (person.api._pending[-1]["callback_query"]["id"], message)
    assert (found.words, found.language) == ("", "da")
    return found


def test_a_button_is_read_with_its_words(person: Person) -> None:
    message = offered(person, [("Ja", "v1"), ("Nej", "v2")], [("Menu", "v3")])
    found = [pressed(person, message, data) for data in ("v2", "v3")]
    assert [(one.value, one.title) for one in found] == [("v2", "Nej"), ("v3", "Menu")]


def test_a_button_that_is_not_under_its_message_has_no_words(person: Person) -> None:
    found = pressed(person, offered(person, [("Ja", "v1")]), "v9")
    assert (found.value, found.title) == ("v9", "")


def test_a_button_of_a_message_without_buttons_has_no_words(person: Person) -> None:
    found = pressed(person, offered(person), "v1")
    assert (found.value, found.title) == ("v1", "")


def test_a_button_of_a_message_too_old_to_be_shown_is_a_press(person: Person) -> None:
    found = pressed(person, 4711, "v1")
    assert (found.value, found.title) == ("v1", "")


def test_a_button_beside_a_link_is_found(person: Person) -> None:
    keyboard = [[{"text": "Siden", "url": "https://a.dk"}, {"text": "Ja", "callback_data": "v1"}]]
    sent = person.add(person.api.me(), text="Hvad nu?", reply_markup={"inline_keyboard": keyboard})
    assert pressed(person, sent["message_id"], "v1").title == "Ja"


def a_press(**more: Any) -> Json:
    """A press that the fake server does not make."""
    who = {"id": 5, "is_bot": False, "first_name": "Anna"}
    return {"update_id": 7, "callback_query": {"id": "8", "from": who, "chat_instance": "9", "data": "v1"} | more}


def test_a_button_without_a_message_is_nothing_but_can_be_answered() -> None:
    assert read(parsed(a_press())) == Heard(7, Kind.NOTHING, query_id="8")


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
def test_a_button_in_a_group_is_nothing_but_can_be_answered(kind: str) -> None:
    message = {"message_id": 1, "date": 1_700_000_000, "chat": {"id": -5, "type": kind, "title": "G"}, "text": "Hej"}
    assert read(parsed(a_press(message=message))) == Heard(7, Kind.NOTHING, query_id="8")


def test_a_button_that_sends_nothing_is_a_press_of_nothing() -> None:
    chat = {"id": 5, "type": "private"}
    press = a_press(message={"message_id": 1, "date": 0, "chat": chat})
    del press["callback_query"]["data"]
    found = read(parsed(press | {"callback_query": press["callback_query"] | {"game_short_name": "spil"}}))
    assert (found.kind, found.value, found.title) == (Kind.PRESS, "", "")


# -- what is no words -----------------------------------------------------------------------------

CAPTION = "Jeg kan ikke tisse"
VIDEO = {"width": 320, "height": 240, "duration": 3}
PLACE = {"latitude": 55.6761, "longitude": 12.5683}
STORY = {"chat": {"id": 6, "type": "private"}, "id": 1}
INVOICE = {"title": "t", "description": "d", "start_parameter": "", "currency": "DKK", "total_amount": 100}
GAME = {"title": "t", "description": "d", "photo": [a_file(width=90, height=60)]}
PAID = {"star_count": 1, "paid_media": [{"type": "preview"}]}

SENT: dict[str, tuple[Kind, Callable[[Person], int]]] = {
    "a voice message": (Kind.VOICE, Person.voice),
    "a round video": (Kind.VOICE, Person.video_note),
    "a photo": (Kind.PHOTO, Person.photo),
    "a picture as a file": (Kind.PHOTO, lambda one: one.document("scan.png", "image/png")),
    "a letter": (Kind.PHOTO, lambda one: one.document("svar.pdf", "application/pdf")),
    "a scan": (Kind.PHOTO, lambda one: one.document("ryg.dcm", "application/dicom")),
    "a text file": (Kind.FILE, lambda one: one.document("a.txt", "text/plain")),
    "an archive": (Kind.FILE, lambda one: one.document("a.zip", "application/zip")),
    "a file of no type": (Kind.FILE, lambda one: one.send(document=a_file(file_name="a"))),
    "a sticker": (Kind.STICKER, Person.sticker),
    "a die": (Kind.STICKER, Person.dice),
    "a place": (Kind.LOCATION, Person.location),
    "a place with a name": (
        Kind.LOCATION,
        lambda one: one.send(location=PLACE, venue={"location": PLACE, "title": "Hjem", "address": "Vej 1"}),
    ),
    "a place that moves": (Kind.LOCATION, lambda one: one.send(location=PLACE | {"live_period": 900})),
    "a telephone number": (Kind.CONTACT, Person.contact),
    "a poll": (Kind.OTHER, Person.poll),
    "a story": (Kind.OTHER, lambda one: one.send(story=STORY)),
    "an invoice": (Kind.OTHER, lambda one: one.send(invoice=INVOICE)),
    "a game": (Kind.OTHER, lambda one: one.send(game=GAME)),
    "a paid picture": (Kind.OTHER, lambda one: one.send(paid_media=PAID)),
}

WITH_CAPTION: dict[str, tuple[Kind, Json]] = {
    "a photo": (Kind.PHOTO, {"photo": [a_file(width=90, height=60)]}),
    "a moving photo": (
        Kind.PHOTO,
        {"photo": [a_file(width=90, height=60)], "live_photo": a_file(**VIDEO)},
    ),
    "a letter": (Kind.PHOTO, {"document": a_file(file_name="svar.pdf", mime_type="application/pdf")}),
    "another file": (Kind.FILE, {"document": a_file(file_name="a.zip", mime_type="application/zip")}),
    "a voice message": (Kind.VOICE, {"voice": a_file(duration=3)}),
    "music": (Kind.VOICE, {"audio": a_file(duration=3, mime_type="audio/mpeg")}),
    "a video": (Kind.VOICE, {"video": a_file(**VIDEO)}),
    "an animation, which is a file as well": (
        Kind.STICKER,
        {"animation": a_file(**VIDEO), "document": a_file(file_name="a.mp4", mime_type="video/mp4")},
    ),
    "a paid picture": (Kind.OTHER, {"paid_media": PAID}),
}


@pytest.mark.parametrize(("kind", "sends"), SENT.values(), ids=SENT.keys())
def test_what_is_no_words(person: Person, kind: Kind, sends: Callable[[Person], int]) -> None:
    number = sends(person)
    assert heard(person) == Heard(number, kind, person.id, language="da")


@pytest.mark.parametrize("caption", ["", CAPTION], ids=["alone", "with words"])
@pytest.mark.parametrize(("kind", "content"), WITH_CAPTION.values(), ids=WITH_CAPTION.keys())
def test_the_words_beside_it_are_read(person: Person, kind: Kind, content: Json, caption: str) -> None:
    number = person.send(**content, **({"caption": caption} if caption else {}))
    assert heard(person) == Heard(number, kind, person.id, caption, language="da")


def test_a_command_under_a_picture_is_words(person: Person) -> None:
    person.photo("/delete")
    assert (heard(person).kind, heard(person).words, heard(person).value) == (Kind.PHOTO, "/delete", "")


def test_a_checklist_is_something_else(person: Person) -> None:
    person.send(checklist={"title": "Øvelser", "tasks": [{"id": 1, "text": "Gå"}]})
    assert heard(person).kind is Kind.OTHER


# -- edited and forwarded -------------------------------------------------------------------------


def test_edited_words(person: Person) -> None:
    person.write("Jeg har ondt")
    number = person.edit("Jeg har ondt og kan ikke tisse")
    assert heard(person) == Heard(number, Kind.EDITED, person.id, "Jeg har ondt og kan ikke tisse", language="da")


def edited(person: Person, **content: Any) -> Heard:
    """What is read when the person has changed a message into this."""
    person.api.put({"edited_message": person.add(person.user(), edit_date=1_700_000_100, **content)})
    return heard(person)


def test_edited_words_under_a_picture(person: Person) -> None:
    found = edited(person, photo=[a_file(width=90, height=60)], caption=CAPTION)
    assert (found.kind, found.words) == (Kind.EDITED, CAPTION)


@pytest.mark.parametrize(
    "content",
    [
        {"photo": [a_file(width=90, height=60)]},
        {"location": PLACE | {"live_period": 900}},
        {"voice": a_file(duration=3)},
    ],
    ids=["a photo", "a place that moves", "a voice message"],
)
def test_what_is_edited_without_words_is_nothing(person: Person, content: Json) -> None:
    assert edited(person, **content).kind is Kind.NOTHING


def test_a_known_command_with_words_edited_is_edited_words(person: Person) -> None:
    found = edited(person, text="/akut jeg kan ikke tisse")
    assert (found.kind, found.words) == (Kind.EDITED, "/akut jeg kan ikke tisse")


def test_forwarded_words(person: Person) -> None:
    number = person.forward("Jeg kan ikke tisse")
    assert heard(person) == Heard(number, Kind.FORWARDED, person.id, "Jeg kan ikke tisse", language="da")


@pytest.mark.parametrize(
    "origin",
    [
        {"type": "user", "date": 1_700_000_000, "sender_user": {"id": 6, "is_bot": False, "first_name": "Bo"}},
        {"type": "chat", "date": 1_700_000_000, "sender_chat": {"id": -6, "type": "group", "title": "G"}},
        {
            "type": "channel",
            "date": 1_700_000_000,
            "chat": {"id": -7, "type": "channel", "title": "K"},
            "message_id": 3,
        },
    ],
    ids=["a user", "a group", "a channel"],
)
def test_words_forwarded_from_anybody(person: Person, origin: Json) -> None:
    person.send(text="Jeg kan ikke tisse", forward_origin=origin)
    assert heard(person).kind is Kind.FORWARDED


def test_a_forwarded_picture_is_a_picture(person: Person) -> None:
    origin = {"type": "hidden_user", "date": 1_700_000_000, "sender_user_name": "Nabo"}
    person.send(photo=[a_file(width=90, height=60)], caption=CAPTION, forward_origin=origin)
    assert (heard(person).kind, heard(person).words) == (Kind.PHOTO, CAPTION)


def test_a_forwarded_command_is_forwarded_words(person: Person) -> None:
    person.forward("/delete")
    assert (heard(person).kind, heard(person).words) == (Kind.FORWARDED, "/delete")


# -- groups and channels --------------------------------------------------------------------------


def test_what_is_said_in_a_group(api: BotApi, person: Person) -> None:
    group = api.group()
    group.add_bot(person)
    for text in ("Jeg kan ikke tisse", "/menu@rygraad_test_bot"):
        number = group.write(person, text)
        assert heard(person) == Heard(number, Kind.GROUP, group.chat_id, language="da")


def test_being_added_to_a_group_is_told_twice(api: BotApi, person: Person) -> None:
    group = api.group()
    group.add_bot(person)
    told = [read(parsed(update), NAMES) for update in api._pending]
    assert [(one.kind, one.chat_id, one.language) for one in told] == [(Kind.GROUP, group.chat_id, "da")] * 2


@pytest.mark.parametrize("kind", [ChatMemberMember, ChatMemberRestricted, ChatMemberAdministrator])
def test_being_anything_in_a_group(api: BotApi, person: Person, kind: type[ChatMember]) -> None:
    api.group().membership(person.user(), "left", "member")
    rights = [name for name in signature(kind).parameters if name.startswith(("can_", "is_"))]
    status = kind.__name__.removeprefix("ChatMember").lower()
    place = dict.fromkeys(rights, True) | {"status": status, "until_date": 0}
    api._pending[-1]["my_chat_member"]["new_chat_member"] |= place
    assert heard(person).kind is Kind.GROUP


def test_a_group_begun_with_the_bot(person: Person, api: BotApi) -> None:
    group = api.group()
    api.put({"message": group.add(person.user(), group_chat_created=True)})
    assert (heard(person).kind, heard(person).chat_id) == (Kind.GROUP, group.chat_id)


def test_words_under_a_picture_in_a_group(person: Person, api: BotApi) -> None:
    group = api.group()
    api.put({"message": group.add(person.user(), photo=[a_file(width=90, height=60)], caption="Se")})
    assert (heard(person).kind, heard(person).words) == (Kind.GROUP, "")


@pytest.mark.parametrize(
    "content",
    [{"new_chat_title": "Ny"}, {"left_chat_member": {"id": 6, "is_bot": False, "first_name": "Bo"}}],
    ids=["a new name", "somebody left"],
)
def test_what_a_group_tells_of_itself_is_nothing(person: Person, api: BotApi, content: Json) -> None:
    api.put({"message": api.group().add(person.user(), **content)})
    assert heard(person).kind is Kind.NOTHING


def test_leaving_a_group_is_nothing(api: BotApi, person: Person) -> None:
    group = api.group()
    group.add_bot(person)
    group.leave()
    assert heard(person).kind is Kind.NOTHING


def test_a_group_that_becomes_a_supergroup_is_nothing(api: BotApi, person: Person) -> None:
    group = api.group()
    group.add_bot(person)
    group.migrate()
    assert [read(parsed(update), NAMES).kind for update in api._pending[-2:]] == [Kind.NOTHING] * 2


def test_what_a_channel_posts_is_nothing(api: BotApi, person: Person) -> None:
    number = api.channel().post("Jeg kan ikke tisse")
    assert heard(person) == Heard(number, Kind.NOTHING)


def test_a_message_in_a_channel_is_nothing(api: BotApi, person: Person) -> None:
    api.put({"message": api.channel().add(None, text="Jeg kan ikke tisse")})
    assert heard(person).kind is Kind.NOTHING


def test_being_added_to_a_channel_is_nothing(api: BotApi, person: Person) -> None:
    api.channel().membership(person.user(), "left", "member")
    assert heard(person).kind is Kind.NOTHING


# -- blocked, and what Telegram tells of itself ---------------------------------------------------


def test_blocked_and_unblocked(person: Person) -> None:
    number = person.block()
    assert heard(person) == Heard(number, Kind.BLOCKED, person.id)
    number = person.unblock()
    assert heard(person) == Heard(number, Kind.UNBLOCKED, person.id)


def test_a_pinned_message_is_nothing(person: Person) -> None:
    pinned = person.add(person.api.me(), text="Ring nu")
    number = person.api.put({"message": person.add(person.api.me(), pinned_message=pinned)})
    assert (heard(person).update_id, heard(person).kind, heard(person).words) == (number, Kind.NOTHING, "")


@pytest.mark.parametrize(
    "content",
    [
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}},
        {"write_access_allowed": {}},
        {"chat_background_set": {"type": {"type": "chat_theme", "theme_name": "🐣"}}},
        {"forward_origin": {"type": "hidden_user", "date": 1_700_000_000, "sender_user_name": "Nabo"}},
        {},
    ],
    ids=["a timer", "leave to write", "a background", "nothing forwarded", "nothing"],
)
def test_a_message_without_anything_said_is_nothing(content: Json) -> None:
    assert hand_made(**content) == Heard(7, Kind.NOTHING, 5)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"poll_answer": {"poll_id": "1", "option_ids": [0], "option_persistent_ids": ["Ja"]}},
        {"message_reaction": {"chat": {"id": 5, "type": "private"}, "message_id": 1, "date": 1_700_000_000}},
        {"something_new": {"chat": {"id": 5, "type": "private"}}},
    ],
    ids=["nothing at all", "an answer to a poll", "a reaction", "something that is not known yet"],
)
def test_an_update_of_another_kind_is_nothing(content: Json) -> None:
    more = {"old_reaction": [], "new_reaction": []} if "message_reaction" in content else {}
    update = {"update_id": 7} | {name: value | more for name, value in content.items()}
    assert read(parsed(update), NAMES) == Heard(7, Kind.NOTHING)


def test_all_that_is_read_is_asked_for() -> None:
    assert set(WANTED) == {"message", "edited_message", "callback_query", "my_chat_member"}
    assert set(WANTED) <= set(Update.ALL_TYPES)
