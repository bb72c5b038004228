"""The fake Bot API, through the real python-telegram-bot."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from aiohttp import web
from telegram import Bot, BotCommand, BotCommandScopeChat, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
)

from tests.channels.telegram.bot_api import BotApi
from tests.channels.telegram.person import Person


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as running:
        yield running


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    async with Bot(api.token, base_url=api.base_url, base_file_url=api.base_file_url) as connected:
        yield connected


@pytest.fixture
def person(api: BotApi) -> Person:
    somebody = api.person()
    somebody.start()
    return somebody


def keyboard(*rows: list[tuple[str, str]]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=data) for text, data in row] for row in rows]
    )


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x02\0\0\0"


async def until(true: Callable[[], Any], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "not in time"
        await asyncio.sleep(0.01)


class Receiver:
    """A webhook that refuses as often as it is told to."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.secrets: list[str | None] = []
        self.refusals = 0

    async def take(self, request: web.Request) -> web.Response:
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=500)
        self.ids.append((await request.json())["update_id"])
        return web.Response()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found, app = Receiver(), web.Application()
    app.router.add_post("/hook", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"  # type: ignore[attr-defined]
    yield found
    await runner.cleanup()


async def test_it_knows_its_bot_and_no_other(api: BotApi, bot: Bot) -> None:
    assert (await bot.get_me()).username == api.username
    with pytest.raises(InvalidToken):
        await Bot("1:wrong", base_url=api.base_url).get_me()
    with pytest.raises(EndPointNotFound):
        await bot.do_api_request("noSuchMethod")


async def test_a_message_is_recorded_as_it_is_seen(bot: Bot, person: Person) -> None:
    html = 'Hej 👋 <b>du <i>der</i></b> &amp; <a href="https://x.dk/?a=1&amp;b=2">læs</a><tg-spoiler>!</tg-spoiler>'
    message = await bot.send_message(person.chat_id, html, parse_mode="HTML", reply_markup=keyboard([("Ja", "yes")]))
    (sent,) = person.messages
    assert message.text == sent.text == "Hej 👋 du der & læs!"
    assert sent.html == html and sent.buttons == [[("Ja", "yes")]] and not sent.edited
    assert message.parse_entities() == {entity: message.parse_entity(entity) for entity in message.entities}
    found = [(entity.type, message.parse_entity(entity), entity.url) for entity in message.entities]
    link = ("text_link", "læs", "https://x.dk/?a=1&b=2")
    assert found == [("bold", "du der", None), ("italic", "der", None), link, ("spoiler", "!", None)]
    assert [entity["offset"] for entity in sent.entities] == [7, 10, 16, 19]


@pytest.mark.parametrize(
    "html",
    [
        "a < b",
        "<p>x</p>",
        "<b>x",
        "<b><i>x</b></i>",
        "x</b>",
        "x<br>",
        "a &nbsp; b",
        "a & b",
        "a > b",
        "<span>x</span>",
    ],
)
async def test_html_that_cannot_be_parsed(bot: Bot, person: Person, html: str) -> None:
    with pytest.raises(BadRequest, match="(?i)can't parse entities: "):
        await bot.send_message(person.chat_id, html, parse_mode="HTML")
    assert not person.messages


async def test_html_that_can(bot: Bot, person: Person) -> None:
    html = (
        '<strong>a</strong><em>b</em><ins>c</ins><del>d</del><pre><code class="language-py">e</code></pre><u>f</u>'
        '<blockquote expandable>g</blockquote><tg-emoji emoji-id="5">👍</tg-emoji>&lt;&gt;&quot;&#39;&#x27;'
        "<code>h</code>"
    )
    message = await bot.send_message(person.chat_id, html, parse_mode="HTML")
    assert message.text == "abcdefg👍<>\"''h"
    kinds = "bold italic underline strikethrough pre underline expandable_blockquote custom_emoji code"
    assert [entity.type for entity in message.entities] == kinds.split()
    assert message.entities[4].language == "py"


async def test_the_length_of_a_text(bot: Bot, person: Person) -> None:
    await bot.send_message(person.chat_id, f"<b>{'&amp;' * 4096}</b>", parse_mode="HTML")
    await bot.send_message(person.chat_id, "👍" * 2048)
    for text in ("x" * 4097, "👍" * 2048 + "x"):
        with pytest.raises(BadRequest, match="(?i)message is too long"):
            await bot.send_message(person.chat_id, text)
    for text in ("", " \n", "<b> </b>"):
        with pytest.raises(BadRequest, match="(?i)message text is empty"):
            await bot.send_message(person.chat_id, text, parse_mode="HTML")
    with pytest.raises(BadRequest, match="(?i)unsupported parse_mode"):
        await bot.send_message(person.chat_id, "x", parse_mode="BBCode")


async def test_a_keyboard_keeps_to_its_limits(bot: Bot, person: Person) -> None:
    await bot.send_message(person.chat_id, "x", reply_markup=keyboard(*[[("a", "d" * 64)] * 5] * 20))
    wrong = [
        (keyboard([("a", "å" * 33)]), "(?i)button_data_invalid"),
        (keyboard([("a", "")]), "(?i)button_data_invalid"),
        (keyboard([("", "d")]), "(?i)non-empty"),
        (keyboard([("a", "d")] * 9), "(?i)reply markup is too long"),
        (keyboard(*[[("a", "d")]] * 101), "(?i)reply markup is too long"),
        (InlineKeyboardMarkup([[InlineKeyboardButton("a")]]), "(?i)exactly one action"),
        (
            InlineKeyboardMarkup([[InlineKeyboardButton("a", url="x.dk", callback_data="d")]]),
            "(?i)exactly one action",
        ),
    ]
    for markup, problem in wrong:
        with pytest.raises(BadRequest, match=problem):
            await bot.send_message(person.chat_id, "x", reply_markup=markup)


async def test_photos(bot: Bot, person: Person) -> None:
    message = await bot.send_photo(person.chat_id, png(600, 400), caption="<b>Se</b>", parse_mode="HTML")
    assert (message.photo[0].width, message.caption, message.caption_entities[0].type) == (600, "Se", "bold")
    assert person.messages[0].photo == png(600, 400) and person.messages[0].text == "Se"
    await bot.send_photo(person.chat_id, message.photo[0].file_id, caption="x" * 1024)
    await bot.send_photo(person.chat_id, b"\xff\xd8\xff\xe0 a photo")
    wrong = [b"GIF89a", png(6000, 4001), png(2100, 100), png(9, 9) + bytes(10 * 1024 * 1024)]
    problems = ["IMAGE_PROCESS_FAILED", "PHOTO_INVALID_DIMENSIONS", "PHOTO_INVALID_DIMENSIONS", "too big"]
    for content, problem in zip(wrong, problems, strict=True):
        with pytest.raises(BadRequest, match=f"(?i){problem}"):
            await bot.send_photo(person.chat_id, content)
    with pytest.raises(BadRequest, match="(?i)message caption is too long"):
        await bot.send_photo(person.chat_id, png(9, 9), caption="x" * 1025)


async def test_documents(api: BotApi, bot: Bot, person: Person) -> None:
    name, content = "Mine øvelser.pdf", b"%PDF-1.7 \0\xff"
    message = await bot.send_document(person.chat_id, content, "<b>Se</b>", parse_mode="HTML", filename=name)
    document, sent = message.document, person.messages[0]
    assert document and (document.file_name, document.mime_type) == (name, "application/pdf")
    assert (document.file_size, message.caption, message.caption_entities[0].type) == (len(content), "Se", "bold")
    assert (sent.document, sent.photo, sent.text, sent.html) == ((name, content), None, "Se", "<b>Se</b>")
    await bot.send_document(person.chat_id, document.file_id, caption="x" * 1024)
    assert person.messages[1].document == (name, content) and not api.impatient
    await bot.send_document(person.chat_id, b"{}", filename="data", reply_markup=keyboard([("Ja", "yes")]))
    assert person.messages[2].document == ("data", b"{}") and person.messages[2].buttons == [[("Ja", "yes")]]
    photo = (await bot.send_photo(person.chat_id, png(9, 9))).photo[0].file_id
    assert person.messages[3].document is None
    for wrong, caption, problem in (
        (b"", "", "file must be non-empty"),
        (photo, "", "wrong file identifier"),
        (b"x", "x" * 1025, "message caption is too long"),
    ):
        with pytest.raises(BadRequest, match=f"(?i){problem}"):
            await bot.send_document(person.chat_id, wrong, caption=caption)
    without = httpx.post(f"{api.base_url}{api.token}/sendDocument", json={"chat_id": person.chat_id}).json()
    assert without["description"] == "Bad Request: there is no document in the request"
    assert len(person.messages) == 4


async def test_the_size_of_a_document(bot: Bot, person: Person) -> None:
    most = 50 * 1024 * 1024
    await bot.send_document(person.chat_id, bytes(most), filename="a.zip")
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await bot.send_document(person.chat_id, bytes(most + 1), filename="a.zip")
    assert [len(sent.document[1]) for sent in person.messages if sent.document] == [most]


async def test_who_cannot_be_written_to(api: BotApi, bot: Bot, person: Person) -> None:
    async def refused(chat_id: int, problem: str, kind: type[Exception] = Forbidden) -> None:
        with pytest.raises(kind, match=f"(?i){problem}"):
            await bot.send_message(chat_id, "x")

    await refused(4711, "chat not found", BadRequest)
    await refused(api.person().chat_id, "can't initiate conversation with a user")
    person.block()
    await refused(person.chat_id, "bot was blocked by the user")
    with pytest.raises(RuntimeError):
        person.write("hej")
    person.unblock()
    await bot.send_message(person.chat_id, "x")
    person.delete_account()
    await refused(person.chat_id, "user is deactivated")


async def test_groups_and_channels(api: BotApi, bot: Bot, person: Person) -> None:
    group, channel = api.group(), api.channel()
    group.add_bot(person)
    group.write(person, "hej")
    await bot.send_message(group.chat_id, "x")
    group.migrate()
    channel.post("nyt")
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(group.chat_id, "x")
    assert moved.value.new_chat_id == group.migrated_to
    await bot.leave_chat(group.migrated_to)
    with pytest.raises(RuntimeError):
        group.write(person, "er du der?")
    with pytest.raises(Forbidden, match="not a member"):
        await bot.send_message(group.migrated_to, "x")
    updates = await bot.get_updates()
    assert updates[-2].channel_post and updates[-1].my_chat_member
    assert [update.message.migrate_to_chat_id for update in updates if update.message][-2] == group.migrated_to
    with pytest.raises(BadRequest, match="private chats"):
        await bot.leave_chat(person.chat_id)


async def test_polling_keeps_updates_until_they_are_confirmed(api: BotApi, bot: Bot) -> None:
    person = api.person()
    first, second = person.start("abc"), person.write("hej")
    assert [update.update_id for update in await bot.get_updates(limit=1)] == [first]
    assert [update.update_id for update in await bot.get_updates(first + 1)] == [second]
    assert [update.update_id for update in await bot.get_updates()] == [second]
    assert await bot.get_updates(second + 1) == ()
    waiting = asyncio.create_task(bot.get_updates(second + 1, timeout=5))
    await asyncio.sleep(0.1)
    third = await asyncio.to_thread(person.write, "mere")
    assert [update.update_id for update in await waiting] == [third]
    await bot.get_updates(third + 1)
    api.replay(first)
    (again,) = await bot.get_updates(third + 1)
    assert again.message and again.message.text == "/start abc" and again.message.entities[0].length == 6
    assert await bot.get_updates(third + 1) == ()


async def test_ids_that_begin_again_lower(api: BotApi, bot: Bot, person: Person) -> None:
    last = (await bot.get_updates())[-1].update_id
    assert await bot.get_updates(last + 1) == ()
    api.jump(1000)
    assert person.write("en uge efter") == 1000
    assert [update.update_id for update in await bot.get_updates(last + 1)] == [1000]
    assert await bot.get_updates(1001) == ()


async def test_everything_twice(api: BotApi, bot: Bot) -> None:
    api.redeliver, number = True, api.person().start()
    seen = [update.update_id for offset in (0, number + 1, number + 1) for update in await bot.get_updates(offset)]
    assert seen == [number, number]


async def test_only_the_updates_asked_for(api: BotApi, bot: Bot) -> None:
    await bot.get_updates(allowed_updates=["my_chat_member"])
    person = api.person()
    person.start()
    assert [update.update_id for update in await bot.get_updates()] == []
    blocked = person.block()
    assert [update.update_id for update in await bot.get_updates()] == [blocked]


async def test_one_poll_at_a_time(api: BotApi, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.1)
    await Bot(api.token, base_url=api.base_url).get_updates()
    with pytest.raises(Conflict, match="terminated by other getUpdates"):
        await first
    await bot.set_webhook("https://127.0.0.1/hook")
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()


async def test_a_webhook_gets_updates_in_order_until_accepted(api: BotApi, bot: Bot, receiver: Any) -> None:
    one, other = api.person(), api.person()
    waiting, receiver.refusals = one.start(), 2
    await bot.set_webhook(receiver.url, secret_token="Sec-ret_1", max_connections=5)
    expected = [waiting, one.write("a"), one.write("b")]
    elsewhere = other.start()
    await until(lambda: len(receiver.ids) == 4)
    assert [number for number in receiver.ids if number != elsewhere] == expected
    assert set(receiver.secrets) == {"Sec-ret_1"} and len(receiver.secrets) == 6
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == (receiver.url, 0)
    assert "500" in (info.last_error_message or "")
    api.replay(waiting)
    await until(lambda: receiver.ids[-1] == waiting and len(receiver.ids) == 5)
    api.redeliver = True
    twice = one.write("c")
    await until(lambda: receiver.ids[-2:] == [twice, twice])


async def test_what_a_webhook_must_be(api: BotApi, bot: Bot, person: Person) -> None:
    for url in ("http://example.org/hook", "https://example.org:8000/hook", "ftp://127.0.0.1/"):
        with pytest.raises(BadRequest, match="(?i)bad webhook"):
            await bot.set_webhook(url)
    for secret in ("æ", "a b", "x" * 257):
        with pytest.raises(BadRequest, match="(?i)secret token"):
            await bot.set_webhook("https://example.org/hook", secret_token=secret)
    await bot.set_webhook("https://example.org/hook", allowed_updates=["message"])
    assert (await bot.get_webhook_info()).pending_update_count == 1
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == ()


async def test_buttons(api: BotApi, bot: Bot, person: Person) -> None:
    with pytest.raises(KeyError):
        person.press("Ja")
    message = await bot.send_message(person.chat_id, "Ondt?", reply_markup=keyboard([("Ja", "yes"), ("Nej", "no")]))
    person.press("Nej")
    query = (await bot.get_updates(-1))[0].callback_query
    assert query and query.data == "no" and query.message and query.message.to_dict()["reply_markup"]
    await bot.answer_callback_query(query.id, "Tak")
    ((answered, delay),) = person.answered
    assert answered == query.id and 0 <= delay < 5
    with pytest.raises(BadRequest, match="(?i)query is too old and response timeout expired or query ID is invalid"):
        await bot.answer_callback_query("17")
    with pytest.raises(BadRequest, match="(?i)too_long"):
        await bot.answer_callback_query(query.id, "x" * 201)
    await bot.edit_message_reply_markup(person.chat_id, message.message_id)
    assert person.messages[0].buttons == [] and person.messages[0].edited
    with pytest.raises(BadRequest, match="(?i)message is not modified: "):
        await bot.edit_message_reply_markup(person.chat_id, message.message_id)
    with pytest.raises(BadRequest, match="(?i)message to edit not found"):
        await bot.edit_message_reply_markup(person.chat_id, 10**6)
    person.press_on(message.message_id, "old")


async def test_the_newest_buttons(bot: Bot, person: Person) -> None:
    assert person.buttons() == []
    await bot.send_message(person.chat_id, "Før", reply_markup=keyboard([("Gammel", "old")]))
    rows = ([("Ja", "yes"), ("Nej", "no")], [("Ved ikke", "unsure")])
    message = await bot.send_message(person.chat_id, "Ondt?", reply_markup=keyboard(*rows))
    await bot.send_message(person.chat_id, "uden")
    assert person.buttons() == [("Ja", "yes"), ("Nej", "no"), ("Ved ikke", "unsure")]
    person.press("unsure")
    query = (await bot.get_updates(-1))[0].callback_query
    assert query and query.data == "unsure" and query.message and query.message.message_id == message.message_id
    await bot.edit_message_reply_markup(person.chat_id, message.message_id)
    assert person.buttons() == [("Gammel", "old")]
    with pytest.raises(KeyError):
        person.press("yes")


async def test_pins_deletion_and_actions(bot: Bot, person: Person) -> None:
    first, second = [await bot.send_message(person.chat_id, text) for text in "ab"]
    await bot.pin_chat_message(person.chat_id, first.message_id)
    await bot.pin_chat_message(person.chat_id, second.message_id)
    pinned = (await bot.get_chat(person.chat_id)).pinned_message
    assert pinned and pinned.message_id == second.message_id
    await bot.unpin_chat_message(person.chat_id)
    assert [sent.pinned for sent in person.messages] == [True, False]
    await bot.unpin_all_chat_messages(person.chat_id)
    await bot.delete_message(person.chat_id, first.message_id)
    assert [(sent.pinned, sent.deleted) for sent in person.messages] == [(False, True), (False, False)]
    for refused in (bot.delete_message, bot.pin_chat_message, bot.unpin_chat_message):
        with pytest.raises(BadRequest, match="not found"):
            await refused(person.chat_id, first.message_id)
    await bot.send_chat_action(person.chat_id, "typing")
    assert [action for action, _ in person.actions] == ["typing"]
    with pytest.raises(BadRequest, match="(?i)wrong parameter action"):
        await bot.send_chat_action(person.chat_id, "sleeping")


async def test_the_bots_own_profile(bot: Bot, person: Person) -> None:
    await bot.set_my_commands([BotCommand("hjaelp", "Hjælp")], language_code="da")
    await bot.set_my_commands([("stop", "Stop")], BotCommandScopeChat(person.chat_id))
    assert [command.command for command in await bot.get_my_commands(language_code="da")] == ["hjaelp"]
    assert await bot.get_my_commands() == ()
    await bot.delete_my_commands(language_code="da")
    assert await bot.get_my_commands(language_code="da") == ()
    for wrong in ([("Hjælp", "x")], [("x" * 33, "x")], [("x", "")], [("x", "x" * 257)], [("x", "x")] * 101):
        with pytest.raises(BadRequest, match="(?i)bot_command"):
            await bot.set_my_commands(wrong)
    with pytest.raises(BadRequest, match="(?i)language code"):
        await bot.set_my_commands([("x", "x")], language_code="dansk")
    await bot.set_my_description("x" * 512)
    await bot.set_my_short_description("kort", language_code="da")
    await bot.set_my_name("Rygråd")
    assert (await bot.get_my_description(language_code="da")).description == "x" * 512
    assert (await bot.get_my_short_description()).short_description == ""
    assert (await bot.get_me()).first_name == "Rygråd"
    for change, most in ((bot.set_my_description, 512), (bot.set_my_short_description, 120), (bot.set_my_name, 64)):
        with pytest.raises(BadRequest, match="(?i)too long"):
            await change("x" * (most + 1))


async def test_flood(api: BotApi, bot: Bot, person: Person) -> None:
    api.flood(per_chat=2, seconds=0.5, retry_after=1)
    for _ in range(2):
        await bot.send_message(person.chat_id, "x")
    with pytest.raises(RetryAfter):
        await bot.send_message(person.chat_id, "x")
    assert api.impatient == []
    with pytest.raises(RetryAfter):
        await bot.send_message(person.chat_id, "x")
    assert [call.params["chat_id"] for call in api.impatient] == [person.chat_id]
    await asyncio.sleep(1.05)
    await bot.send_message(person.chat_id, "x")
    assert len(person.messages) == 3 and len(api.impatient) == 1


async def test_an_injected_wait_counts_as_told(api: BotApi, bot: Bot, person: Person) -> None:
    api.fail_next("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1, chat=person.chat_id)
    with pytest.raises(RetryAfter):
        await bot.send_message(person.chat_id, "x")
    assert api.impatient == []
    await bot.send_message(person.chat_id, "x")
    assert len(api.impatient) == 1


async def test_faults(api: BotApi, bot: Bot, person: Person) -> None:
    api.fail_next("sendMessage", 502, "Bad Gateway", chat=4711)
    await bot.send_message(person.chat_id, "x")
    api.fail_next("sendMessage", 502, "Bad Gateway", times=2)
    for _ in range(2):
        with pytest.raises(NetworkError, match="Bad Gateway"):
            await bot.send_message(person.chat_id, "x")
    api.lose_next_answer("sendMessage")
    with pytest.raises(NetworkError):
        await bot.send_message(person.chat_id, "lost")
    assert [sent.text for sent in person.messages] == ["x", "lost"]
    api.down = True
    with pytest.raises(NetworkError):
        await bot.send_message(person.chat_id, "down")
    api.down = False
    await bot.send_message(person.chat_id, "up")
    methods = [call.method for call in api.calls if call.method == "sendMessage"]
    assert len(methods) == 5 and api.calls[person.messages[-1].call].params["text"] == "up"


async def test_everything_a_person_sends_can_be_read(api: BotApi, bot: Bot, person: Person) -> None:
    for send in (person.voice, person.video_note, person.sticker, person.location, person.contact, person.dice):
        send()
    person.photo("her")
    person.document("a.pdf", "application/pdf", "læs")
    person.poll()
    person.forward("naboen siger")
    person.write("ondt")
    person.edit("meget ondt")
    person.press_on(10**6, "x")
    person.block()
    updates = await bot.get_updates()
    assert len(updates) == 15 and not any(update.api_kwargs for update in updates)
    names = [Update.de_json(update.to_dict(), bot).effective_message for update in updates[:-2]]
    assert all(names) and updates[-3].edited_message and updates[-3].edited_message.text == "meget ondt"
    assert updates[-2].callback_query and not getattr(updates[-2].callback_query.message, "text", None)
    assert all(not update.message.api_kwargs for update in updates if update.message)


def test_it_answers_plain_requests_and_json(api: BotApi, person: Person) -> None:
    root = f"{api.base_url}{api.token}"
    assert httpx.get(f"{root}/getme").json()["result"]["is_bot"]
    sent = httpx.post(f"{root}/sendMessage", json={"chat_id": person.chat_id, "text": "12"}).json()
    assert sent["result"]["text"] == "12"
    wrong = httpx.get(f"{api.base_url}1:x/getMe")
    assert (wrong.status_code, wrong.json()["description"]) == (401, "Unauthorized")
    port = api.port
    api.stop()
    assert api.start().port == port and httpx.get(f"{root}/getMe").status_code == 200
