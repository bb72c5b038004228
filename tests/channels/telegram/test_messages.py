"""A reply as Telegram messages: care cards, pictures, files, buttons; and that Telegram takes every text we have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from bot.channels.telegram.messages import MOST_CAPTION, Buttons, Message, buttons, messages
from bot.channels.telegram.sending import as_keyboard
from bot.content.store import LANGUAGES, ContentStore, load
from bot.content.texts import PLACEHOLDER
from bot.dialogue.replies import Care, Choice, Contact, Image, Reply, Source, care_card, choice, render
from bot.screening.flags import load_flags
from bot.self_management.chart import as_png, as_url, chart, described
from tests.channels.telegram import limits
from tests.channels.telegram.calls import Upload

STORE = load()
PAGE = {"sources": "Kilder", "own_web": "Se det på vores side"}
PNG = b"\x89PNG\r\n\x1a\n"
DRAWING = Image(url="/images/balance.svg", alt="En person på ét ben")
DRAWN_ONCE = cache(as_png)
CARE = Care(level="emergency", flags=["cauda_equina"], contacts=[Contact(name="Alarmcentralen", phone="112")])


@pytest.fixture
def pictures_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each picture is drawn once for all the texts that show it."""
    monkeypatch.setattr("bot.channels.telegram.messages.as_png", DRAWN_ONCE)


def reply(text: str = "Hej", key: str = "control/menu", **more: Any) -> Reply:
    return Reply(id="1", key=key, text=text, **more)


def made(one: Reply, *titles: str) -> list[Message]:
    """The messages of a reply with these buttons."""
    return messages(one, [choice(title.lower(), title) for title in titles], PAGE)


def only(one: Reply, *titles: str) -> Message:
    """The one message of a reply."""
    (message,) = made(one, *titles)
    return message


def taken(message: Message) -> str:
    """The words that Telegram shows; raises Refused where it would not take the message."""
    text, _ = limits.parse(message.html, "HTML")
    if message.photo:
        limits.check_photo(message.photo)
    if message.file:
        limits.check_document(Upload(message.file[1]))
    if message.photo or message.file:
        limits.check_at_most(text, 1024, "message caption is too long")
    else:
        limits.check_text(text)
    if keyboard := as_keyboard(message.buttons):
        limits.check_markup(keyboard.to_dict())
    return text


def titles_of(rows: Buttons) -> list[list[str]]:
    return [[title for title, _ in row] for row in rows]


# -- words and sources ----------------------------------------------------------------------------


def test_words_are_one_message_without_anything_else() -> None:
    assert made(reply("**Hej** med dig")) == [Message(html="<b>Hej</b> med dig")]


def test_a_text_too_long_is_several_messages_and_the_last_has_the_buttons() -> None:
    first, last = made(reply("\n".join(["a" * 3000, "b" * 3000])), "Menu")
    assert (first.html, titles_of(first.buttons)) == ("a" * 3000, [])
    assert (last.html, titles_of(last.buttons)) == ("b" * 3000, [["Menu"]])


def test_sources_are_a_line_of_links_below_the_text() -> None:
    sources = [Source(title="Forløb", url="https://sst.dk/a?b=1&c=2"), Source(title="GLA:D", url="https://b.dk")]
    assert only(reply("Hej", sources=sources)).html == (
        'Hej\n\nKilder: <a href="https://sst.dk/a?b=1&amp;c=2">Forløb</a>, <a href="https://b.dk">GLA:D</a>'
    )


@pytest.mark.parametrize("key", ["care/infection", "screening/trauma", "safety_check/intro", "topic/work/check"])
def test_a_card_and_a_question_stand_without_their_sources(key: str) -> None:
    assert only(reply("Hej", key=key, sources=[Source(title="Forløb", url="https://a.dk")])).html == "Hej"


def test_a_title_with_brackets_is_a_link_all_the_same() -> None:
    source = Source(title="Rygsmerter [2. udgave]", url="https://a.dk")
    assert only(reply("Hej", sources=[source])).html.endswith('<a href="https://a.dk">Rygsmerter (2. udgave)</a>')


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_source_becomes_a_link(language: str) -> None:
    for name, known in STORE.sources[language].items():
        message = only(reply("Hej", sources=[Source(title=known.title, url=known.url)]))
        _, (link,) = limits.parse(message.html, "HTML")
        assert (link["type"], link["url"]) == ("text_link", known.url), name


# -- care cards -----------------------------------------------------------------------------------


def test_a_care_card_has_those_to_call_as_bold_numbers() -> None:
    contacts = [Contact(name="Alarmcentralen", phone="112"), Contact(name="Livslinien", phone="70 201 201")]
    care = Care(level="emergency", flags=["self_harm"], contacts=contacts)
    assert only(reply("Ring nu.", care=care)).html == (
        "Ring nu.\n\n• Alarmcentralen: <b>112</b>\n• Livslinien: <b>+45 70 201 201</b>"
    )


def test_sources_come_after_those_to_call() -> None:
    one = reply("Ring.", care=CARE, sources=[Source(title="Forløb", url="https://a.dk")])
    assert [part.split(":")[0] for part in taken(only(one)).split("\n\n")] == ["Ring.", "• Alarmcentralen", "Kilder"]


@pytest.mark.parametrize(("level", "pin"), [("emergency", True), ("urgent", True), ("soon", None)])
def test_a_care_card_is_urgent_and_pinned_while_somebody_must_be_called(level: str, pin: bool | None) -> None:
    message = only(reply("Ring.", care=Care(level=level, flags=["infection"], contacts=[])))
    assert (message.urgent, message.pin) == (True, pin)


def test_all_of_a_long_card_is_urgent_and_its_end_is_pinned() -> None:
    found = made(reply("ord " * 2000, care=CARE), "Menu")
    assert len(found) > 1
    assert all(message.urgent for message in found)
    assert [message.pin for message in found] == [None] * (len(found) - 1) + [True]


def test_taking_a_card_back_unpins_it() -> None:
    assert only(reply("Godt, at du sagde det.", key="care/withdrawn")).pin is False


def test_nothing_else_is_urgent_or_changes_what_is_pinned() -> None:
    message = only(reply(key="care/after"), "Menu")
    assert (message.urgent, message.pin) == (False, None)


@pytest.mark.parametrize("region", [None, "hovedstaden", "nordjylland"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("flag", sorted(load_flags().flags))
def test_every_card_is_one_message_with_every_number(flag: str, language: str, region: str | None) -> None:
    for relative in (False, True):
        level = load_flags().flags[flag].level
        card = care_card(STORE, [flag], level, language, region, relative)
        assert card.care
        (message,) = messages(card, [], STORE.page[language])
        text, entities = limits.parse(message.html, "HTML")
        bold = [text[one["offset"] : one["offset"] + one["length"]] for one in entities if one["type"] == "bold"]
        for contact in card.care.contacts:
            number = f"+45 {contact.phone}" if len(contact.phone.replace(" ", "")) == 8 else contact.phone
            assert number in bold and f"• {contact.name}: {number}" in text.split("\n")


# -- pictures -------------------------------------------------------------------------------------


def a_chart() -> Image:
    """The course over two weeks, as the conversation shows it."""
    began = datetime(2026, 1, 5, 12, tzinfo=UTC)
    course = [
        {"pain": 7, "hindrance": 6, "confidence": 3, "at": began},
        {"pain": 3, "hindrance": 2, "confidence": 8, "at": began + timedelta(days=14)},
    ]
    page = STORE.page["da"]
    return Image(url=as_url(chart(course, page, "da")), alt=described(course, page))


def test_a_drawing_is_a_photo_with_the_text_as_its_caption() -> None:
    message = only(reply("Stå på **ét** ben.", image=DRAWING), "Menu")
    assert message.photo and message.photo.startswith(PNG)
    assert message.html == "Stå på <b>ét</b> ben."
    assert titles_of(message.buttons) == [["Menu"]]
    taken(message)


def test_a_chart_is_a_photo_and_its_numbers_are_in_the_caption() -> None:
    image = a_chart()
    message = only(reply("Sådan er det gået.", image=image))
    assert message.photo and message.photo.startswith(PNG)
    assert taken(message) == f"Sådan er det gået.\n\n{image.alt}"
    assert "7" in image.alt and "3" in image.alt


def test_what_a_drawing_shows_is_said_by_the_text_and_not_twice() -> None:
    assert DRAWING.alt not in taken(only(reply("Stå på ét ben.", image=DRAWING)))


@pytest.mark.parametrize("text", ["a" * MOST_CAPTION, f"**{'a' * 1000}** {'&' * 23}", "😀" * (MOST_CAPTION // 2)])
def test_a_caption_may_be_as_long_as_telegram_lets_it(text: str) -> None:
    taken(only(reply(text, image=DRAWING)))


@pytest.mark.parametrize("text", ["a" * (MOST_CAPTION + 1), "😀" * (MOST_CAPTION // 2 + 1)])
def test_a_text_too_long_for_a_caption_follows_the_picture(text: str) -> None:
    picture, words = made(reply(text, image=DRAWING), "Menu")
    assert picture.photo and (picture.html, picture.buttons) == ("", ())
    assert not words.photo and words.html == text and titles_of(words.buttons) == [["Menu"]]
    assert [taken(picture), taken(words)] == ["", text]


def test_a_text_of_several_messages_follows_the_picture() -> None:
    picture, *words = made(reply("ord " * 3000, image=DRAWING))
    assert picture.photo and len(words) > 2 and not any(message.photo for message in words)


def test_every_part_of_a_card_with_a_picture_is_urgent() -> None:
    picture, words = made(reply("a" * 2000, image=DRAWING, care=CARE))
    assert (picture.urgent, picture.pin, words.urgent, words.pin) == (True, None, True, True)


# -- the person's data as a file ------------------------------------------------------------------


def test_the_export_is_a_file_with_the_text_as_its_caption() -> None:
    (message,) = messages(reply("Her er **alt**.", "control/export"), [choice("menu", "Menu")], PAGE, lambda: b"{}")
    assert message.file == ("rygraad.json", b"{}")
    assert message.html == "Her er <b>alt</b>."
    assert titles_of(message.buttons) == [["Menu"]]
    taken(message)


def test_without_data_the_export_is_words() -> None:
    assert only(reply("Her er alt.", "control/export")) == Message(html="Her er alt.")


def test_data_are_read_for_the_export_only() -> None:
    def export() -> bytes:
        raise AssertionError("nobody asked for the data")

    assert messages(reply(key="control/my_data"), [], PAGE, export)[0].file is None


def test_an_export_with_a_long_text_is_taken() -> None:
    for message in messages(reply("a" * (MOST_CAPTION + 1), "control/export"), [], PAGE, lambda: b"{}"):
        taken(message)


# -- buttons --------------------------------------------------------------------------------------

SCALE = tuple(str(number) for number in range(11))
LONG = "Tag et sikkerhedstjek"
ROWS: dict[str, tuple[tuple[str, ...], list[list[str]]]] = {
    "none": ((), []),
    "one": (("Menu",), [["Menu"]]),
    "two short ones": (("Ja", "Nej"), [["Ja", "Nej"]]),
    "three short ones": (("Ja", "Nej", "Ved ikke"), [["Ja", "Nej"], ["Ved ikke"]]),
    "four short ones": (("Ja", "Nej", "Ved ikke", "Menu"), [["Ja", "Nej"], ["Ved ikke", "Menu"]]),
    "as long as a short one may be": (("a" * 14, "b" * 14), [["a" * 14, "b" * 14]]),
    "longer": (("a" * 15, "b" * 15), [["a" * 15], ["b" * 15]]),
    "a short one before a long one": (("Ja", LONG), [["Ja"], [LONG]]),
    "a short one after a long one": ((LONG, "Ja"), [[LONG], ["Ja"]]),
    "a long one between short ones": (("Ja", LONG, "Nej", "Menu"), [["Ja"], [LONG], ["Nej", "Menu"]]),
    "a scale": (SCALE, [[*SCALE[:6]], [*SCALE[6:]]]),
    "words after a scale": ((*SCALE, "Ved ikke", "Menu"), [[*SCALE[:6]], [*SCALE[6:]], ["Ved ikke", "Menu"]]),
    "a scale after words": (("Menu", *SCALE[:3]), [["Menu"], ["0", "1", "2"]]),
    "digits among words are words": (("2 uger", "4 uger", "5"), [["2 uger", "4 uger"], ["5"]]),
}


@pytest.mark.parametrize(("titles", "expected"), ROWS.values(), ids=ROWS.keys())
def test_rows_of_buttons(titles: tuple[str, ...], expected: list[list[str]]) -> None:
    assert titles_of(buttons([choice("name", title) for title in titles], "control/menu", PAGE)) == expected


def test_a_button_sends_the_value_of_its_choice() -> None:
    offered = [Choice(name="yes", title="Ja", value="v1"), Choice(name="menu", title="Menu", value="v2")]
    assert buttons(offered, "control/menu", PAGE) == ((("Ja", "v1"), ("Menu", "v2")),)


@pytest.mark.parametrize(
    "key",
    [
        *("plan/read_back", "plan/shown", "summary/ready", "control/my_data"),
        *("progress/one", "progress/better", "progress/same", "progress/worse", "progress/mixed"),
    ],
)
def test_what_has_a_page_of_its_own_leads_to_it(key: str) -> None:
    assert STORE.has(key)
    yes = choice("yes", "Ja")
    assert buttons([yes], key, PAGE) == ((("Ja", yes.value),), (("Se det på vores side", "/web"),))


@pytest.mark.parametrize("key", ["plan/intro", "plan/none", "summary/empty", "control/menu", "control/privacy"])
def test_nothing_else_leads_to_the_page(key: str) -> None:
    assert STORE.has(key)
    assert buttons([], key, PAGE) == ()


@pytest.mark.parametrize("key", ["plan/changed", "plan/kept"])
def test_a_plan_that_was_changed_or_kept_leads_to_its_page(key: str) -> None:
    assert titles_of(buttons([], key, PAGE)) == [["Se det på vores side"]]


def test_without_anything_to_show_there_is_no_way_to_it() -> None:
    assert buttons([], "progress/none", PAGE) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_button_of_every_text_is_one_telegram_takes(language: str) -> None:
    for key in STORE.keys():
        offered = [choice(one.name, one.title) for one in STORE.get(key, language).choices]
        rows = buttons(offered, key, STORE.page[language])
        pressed = {value: title for row in rows for title, value in row}
        assert all(1 <= len(value.encode()) <= 64 for value in pressed), key
        assert [*pressed.items()][: len(offered)] == [(one.value, one.title) for one in offered], key
        if keyboard := as_keyboard(rows):
            limits.check_markup(keyboard.to_dict())


# -- every text we have ---------------------------------------------------------------------------

NAMES = {
    name
    for text in STORE.texts.values()
    for phrasing in text.phrasings
    for bubble in phrasing
    for name in PLACEHOLDER.findall(bubble)
}
FILLED = {
    "nothing": "",
    "a number": "3",
    "a list": "- Lægevagten: 70 15 03 00\n- Alarmcentralen: 112",
    "an address": "https://rygraad.dk/move/abc_def-1?a=b&c=d",
    "what anybody may write": '**<b>"&amp;[x](https://a.dk) 😀 </a> [ ]( - `_*',
    "a long story": "Jeg har ondt i ryggen. " * 300,
}


def every_reply(content: ContentStore, language: str, value: str) -> Iterator[Reply]:
    """Each bubble of each phrasing of each text, filled."""
    for key in content.keys():
        for times in range(len(content.get(key, language).phrasings)):
            yield from render(content, key, language, dict.fromkeys(NAMES, value), times)


@pytest.mark.parametrize("value", FILLED.values(), ids=FILLED.keys())
@pytest.mark.parametrize("language", LANGUAGES)
def test_telegram_takes_every_text(language: str, value: str, pictures_once: None) -> None:
    for one in every_reply(STORE, language, value):
        for message in messages(one, one.choices, STORE.page[language]):
            assert taken(message) or message.photo, one.key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_shown_with_its_markup(language: str, pictures_once: None) -> None:
    for one in every_reply(STORE, language, "3"):
        text = "".join(taken(message) for message in messages(one, one.choices, STORE.page[language]))
        assert not any(markup in text for markup in ("**", "](", "<b>", "&amp;", "\n- ", "{", "\n\n\n")), one.key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_ours_is_one_message(language: str, pictures_once: None) -> None:
    for one in every_reply(STORE, language, "3"):
        assert len(messages(one, one.choices, STORE.page[language])) == 1, one.key
