"""Moving between Telegram and the page with a code that works once, within a quarter of an hour."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import select
from sqlmodel import Session, SQLModel

from bot.channels.telegram.channel import Telegram
from bot.dialogue.effects import following
from bot.dialogue.replies import Reply
from bot.gateway import create_app
from bot.store import conversations, records, reminders, telegram
from bot.store.models import Conversation
from tests.channels.telegram.bot_api import BotApi
from tests.channels.telegram.patient import Noting, TelegramPatient
from tests.time_travel import Clock

WORDS = "cykle til havnen"
MADE_UP = ["x", "a" * 22, "%00", "..%2F..", "🦴", "' or 1=1 --", "a" * 4000]


class Page:
    """Somebody at the page: its API and its own pages, with one session's token."""

    def __init__(self, client: AsyncClient, token: str = "") -> None:
        self.client, self.token = client, token
        self.numbers = count(1)

    async def begin(self) -> Page:
        """Opens the page and consents."""
        started = (await self.client.post("/api/chat", json={"language": "da"})).json()
        self.token = started["token"]
        await self.send(choice=started["messages"][-1]["choices"][0]["value"])
        return self

    async def send(self, **said: str) -> list[str]:
        """Sends a text or a choice; the content keys of the replies."""
        body = {"id": f"page-{next(self.numbers)}"} | said
        answer = await self.client.post("/api/chat/messages", json=body, headers=self.bearer)
        return [reply["key"] for reply in answer.json()["messages"]]

    @property
    def bearer(self) -> dict[str, str]:
        """The header that opens the conversation."""
        return {"Authorization": f"Bearer {self.token}"}

    async def opens(self) -> bool:
        """Whether the token opens anything, by any way."""
        own = await self.client.post("/me/plan", data={"token": self.token})
        api = await self.client.get("/api/chat/messages", headers=self.bearer)
        assert own.status_code == api.status_code
        return own.status_code == 200

    async def shown(self, path: str) -> str:
        """One of the own pages."""
        return (await self.client.post(path, data={"token": self.token})).text

    async def code(self) -> str:
        """The payload of the link to Telegram that the page shows."""
        found = re.search(
            r'href="https://t\.me/rygraad_test_bot\?start=(t-[\w-]+)"', await self.shown("/me/telegram")
        )
        assert found
        return found[1]

    def conversation(self, channel: Telegram) -> Conversation:
        """The conversation of the token."""
        found = conversations.find(channel.turns.engine, self.token)
        assert found
        return found


def keys(replies: list[Reply]) -> list[str]:
    """The content keys."""
    return [reply.key for reply in replies]


def arrived_at(answer: Response, client: AsyncClient) -> Page:
    """The page that was moved to."""
    assert answer.status_code == 200
    found = re.search(r'name="token" value="([\w-]+)"', answer.text)
    assert found
    return Page(client, found[1])


def conversation_of(patient: TelegramPatient) -> Conversation | None:
    """The conversation of this chat."""
    engine = patient.channel.turns.engine
    chat = telegram.chat(engine, patient.person.id)
    return conversations.get(engine, chat.conversation_id) if chat else None


def give_plan(channel: Telegram, conversation_id: str) -> None:
    """A plan, a check-in, and an agreement to be asked."""
    engine = channel.turns.engine
    records.keep_plan(engine, conversation_id, {"activity": WORDS, "step": "gå"})
    records.add_check_in(engine, conversation_id, {"pain": 5, "hindrance": 4, "confidence": 3, "step": "done"})
    reminders.agree(engine, conversation_id, following, rhythm="weekly", hour=17)


@pytest.fixture
async def web(channel: Telegram) -> AsyncIterator[AsyncClient]:
    """The gateway's pages, with the bot beside them."""
    app = create_app(channel.settings, channel.turns)
    app.state.turns, app.state.telegram = channel.turns, channel
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://page") as client:
        yield client


@pytest.fixture
async def talker(patient: TelegramPatient) -> TelegramPatient:
    """Somebody in Telegram with a plan."""
    await patient.choose("consent_yes")
    await patient.choose("menu")
    found = conversation_of(patient)
    assert found
    give_plan(patient.channel, found.id)
    return patient


@pytest.fixture
async def reader(web: AsyncClient, channel: Telegram, clock: Clock) -> Page:
    """Somebody at the page with a plan, in the morning."""
    clock.go(hour=10)
    page = await Page(web).begin()
    await page.send(text="menu")
    give_plan(channel, page.conversation(channel).id)
    return page


@pytest.fixture
def stranger(channel: Telegram, api: BotApi, noting: Noting) -> TelegramPatient:
    """Somebody who has never written in Telegram."""
    return TelegramPatient(channel, api, noting)


async def link_of(patient: TelegramPatient) -> str:
    """The path of the link that /web gives."""
    assert keys(await patient.write("/web")) == ["telegram/to_web"]
    found = re.search(
        re.escape(patient.channel.settings.address) + r"(/move/[\w-]{22})", patient.person.messages[-1].text
    )
    assert found
    return found[1]


# -- from Telegram to the page ------------------------------------------------------------------------------------


async def test_looking_at_the_link_does_not_use_it_up(talker: TelegramPatient, web: AsyncClient) -> None:
    link = await link_of(talker)
    for _ in range(3):
        looked = await web.get(link)
        assert looked.status_code == 200 and WORDS not in looked.text and 'name="token"' not in looked.text
        assert looked.headers["cache-control"] == "no-store"
    assert (await web.head(link)).status_code in (200, 405)
    assert (await web.post(link)).status_code == 200


async def test_the_whole_conversation_goes_on_at_the_page(talker: TelegramPatient, web: AsyncClient) -> None:
    await talker.write("vis min plan")
    answer = await web.post(await link_of(talker))
    page = arrived_at(answer, web)
    assert WORDS in answer.text and "vis min plan" in answer.text
    assert WORDS in await page.shown("/me/plan")
    assert "control/menu" in await page.send(text="menu")
    assert keys(await talker.arrived()) == []  # what is said at the page stays there


async def test_the_talk_goes_on_in_telegram_as_well(talker: TelegramPatient, web: AsyncClient) -> None:
    arrived_at(await web.post(await link_of(talker)), web)
    assert keys(await talker.write("vis min plan")) == ["plan/shown"]


async def test_the_link_works_once(talker: TelegramPatient, web: AsyncClient) -> None:
    link = await link_of(talker)
    page = arrived_at(await web.post(link), web)
    words = talker.channel.turns.content.page["da"]["move_gone_words"]
    for answer in (await web.post(link), await web.get(link)):
        assert answer.status_code == 404 and words in answer.text and WORDS not in answer.text
    assert await page.opens()  # the first is not disturbed


@pytest.mark.parametrize(("minutes", "status"), [(14, 200), (15, 404), (60 * 24, 404)])
async def test_the_link_works_for_a_quarter_of_an_hour(
    talker: TelegramPatient, web: AsyncClient, clock: Clock, minutes: int, status: int
) -> None:
    link = await link_of(talker)
    clock.forward(timedelta(minutes=minutes))
    assert [(await web.get(link)).status_code, (await web.post(link)).status_code] == [status, status]


@pytest.mark.parametrize("code", MADE_UP)
async def test_a_made_up_link_is_not_found(talker: TelegramPatient, web: AsyncClient, code: str) -> None:
    for answer in (await web.get(f"/move/{code}"), await web.post(f"/move/{code}")):
        assert answer.status_code == 404 and WORDS not in answer.text


async def test_of_two_at_once_one_gets_the_conversation(talker: TelegramPatient, web: AsyncClient) -> None:
    link = await link_of(talker)
    answers = await asyncio.gather(*(web.post(link) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    winner = arrived_at(next(answer for answer in answers if answer.status_code == 200), web)
    assert await winner.opens()


async def test_the_session_before_opens_nothing_after_a_move(
    reader: Page, stranger: TelegramPatient, web: AsyncClient
) -> None:
    await stranger.start(await reader.code())
    assert await reader.opens()
    fresh = arrived_at(await web.post(await link_of(stranger)), web)
    assert await fresh.opens() and not await reader.opens()


async def test_before_consent_the_page_goes_on_with_the_question(patient: TelegramPatient, web: AsyncClient) -> None:
    answer = await web.post(await link_of(patient))
    page = arrived_at(answer, web)
    assert "Må vi gemme" in answer.text
    assert "screening/cauda_equina" in await page.send(text="Ja, det er i orden")


async def test_the_code_stands_nowhere_in_the_database(talker: TelegramPatient) -> None:
    code = (await link_of(talker)).rsplit("/", 1)[-1]
    with Session(talker.channel.turns.engine) as session:
        tables = [session.execute(select(table)).all() for table in SQLModel.metadata.sorted_tables]
    assert code not in repr(tables)


# -- from the page to Telegram ------------------------------------------------------------------------------------


async def test_the_page_shows_a_link_to_telegram_for_its_owner_only(reader: Page, web: AsyncClient) -> None:
    assert len(await reader.code()) <= 64  # what Telegram lets a link carry
    for token in ("", "nonsense"):
        answer = await web.post("/me/telegram", data={"token": token})
        assert answer.status_code == 401 and "t.me" not in answer.text
    assert (await web.get("/me/telegram", params={"token": reader.token})).status_code == 405


async def test_without_a_bot_there_is_no_link(reader: Page, web: AsyncClient) -> None:
    web._transport.app.state.telegram = None  # type: ignore[attr-defined]
    answer = await web.post("/me/telegram", data={"token": reader.token})
    assert answer.status_code == 404 and "t.me" not in answer.text


async def test_a_fresh_chat_goes_on_with_plan_and_check_ins(
    reader: Page, stranger: TelegramPatient, channel: Telegram
) -> None:
    assert keys(await stranger.start(await reader.code())) == ["telegram/moved_here"]
    found = conversation_of(stranger)
    assert found and found.id == reader.conversation(channel).id
    await stranger.write("vis min plan")
    assert WORDS in stranger.person.messages[-1].text
    await stranger.write("hvordan er det gået over tid?")
    assert stranger.person.messages[-1].photo  # the chart
    assert await reader.opens()


async def test_the_open_question_is_still_open_after_the_move(web: AsyncClient, stranger: TelegramPatient) -> None:
    reader = await Page(web).begin()
    await reader.send(text="menu")
    assert "plan/ask/activity" in await reader.send(text="lav en plan for mig")
    await stranger.start(await reader.code())
    assert keys(await stranger.write("gå tur med hunden")) == ["plan/ask/now"]


async def test_the_buttons_under_the_greeting_after_a_move_work(reader: Page, stranger: TelegramPatient) -> None:
    await stranger.start(await reader.code())
    assert keys(await stranger.choose("show_plan")) == ["plan/shown"]


async def test_a_chat_that_was_only_welcomed_is_no_hindrance(
    reader: Page, patient: TelegramPatient, channel: Telegram
) -> None:
    before = conversation_of(patient)
    assert keys(await patient.start(await reader.code())) == ["telegram/moved_here"]
    assert before and conversations.get(channel.turns.engine, before.id) is None
    assert keys(await patient.write("vis min plan")) == ["plan/shown"]


async def test_a_chat_with_a_conversation_of_its_own_refuses_and_the_code_works_elsewhere(
    reader: Page, talker: TelegramPatient, stranger: TelegramPatient
) -> None:
    code, before = await reader.code(), conversation_of(talker)
    assert keys(await talker.start(code)) == ["telegram/has_own"]
    after = conversation_of(talker)
    assert before and after and after.id == before.id
    assert keys(await stranger.start(code)) == ["telegram/moved_here"]


async def test_refused_one_can_take_a_copy_delete_and_then_move(reader: Page, talker: TelegramPatient) -> None:
    code = await reader.code()
    await talker.start(code)
    await talker.write("/delete")
    await talker.choose("delete_yes")
    assert keys(await talker.start(code)) == ["telegram/moved_here"]


async def test_the_button_to_take_a_copy_before_deleting_works(reader: Page, talker: TelegramPatient) -> None:
    await talker.start(await reader.code())
    assert "control/export" in keys(await talker.choose("export_data"))


async def test_the_code_works_once_in_telegram(
    reader: Page, stranger: TelegramPatient, channel: Telegram, api: BotApi, noting: Noting
) -> None:
    code = await reader.code()
    await stranger.start(code)
    other = TelegramPatient(channel, api, noting)
    assert keys(await other.start(code)) == ["telegram/move_expired"]
    assert WORDS not in " ".join(sent.text for sent in other.person.messages)


async def test_of_two_chats_at_once_one_gets_the_conversation(
    reader: Page, stranger: TelegramPatient, channel: Telegram, api: BotApi, noting: Noting
) -> None:
    code, other = await reader.code(), TelegramPatient(channel, api, noting)
    both = await asyncio.gather(stranger.start(code), other.start(code))
    assert sorted(keys(replies)[-1] for replies in both) == ["telegram/move_expired", "telegram/moved_here"]


async def test_an_expired_code_is_refused_kindly(reader: Page, stranger: TelegramPatient, clock: Clock) -> None:
    code = await reader.code()
    clock.forward(timedelta(minutes=16))
    assert "telegram/move_expired" in keys(await stranger.start(code))
    assert await reader.opens()


@pytest.mark.parametrize("payload", ["t-" + "a" * 22, "t-" + "-" * 22, "t-" + "_" * 22])
async def test_a_made_up_code_is_refused_kindly(patient: TelegramPatient, payload: str) -> None:
    assert keys(await patient.start(payload)) == ["telegram/move_expired"]


async def test_who_comes_with_an_expired_code_is_welcomed_before_the_question_of_consent(
    stranger: TelegramPatient,
) -> None:
    await stranger.start("t-" + "a" * 22)
    await stranger.write("hej")
    said = " ".join(sent.text for sent in stranger.person.messages)
    assert "Telegram gemmer" in said and "consent_yes" in stranger.offered


async def test_moving_on_to_another_chat_leaves_the_first(
    reader: Page, stranger: TelegramPatient, channel: Telegram, api: BotApi, noting: Noting
) -> None:
    await stranger.start(await reader.code())
    other = TelegramPatient(channel, api, noting)
    await other.start(await reader.code())
    found = conversation_of(other)
    assert found and found.id == reader.conversation(channel).id and conversation_of(stranger) is None
    assert keys(await stranger.write("hej"))[0] == "welcome/intro"


# -- both at once -------------------------------------------------------------------------------------------------


async def test_replies_to_what_is_written_at_the_page_are_not_sent_to_telegram(
    reader: Page, stranger: TelegramPatient
) -> None:
    await stranger.start(await reader.code())
    before = len(stranger.person.messages)
    assert await reader.send(text="vis min plan") == ["plan/shown"]
    assert await reader.send(text="jeg kan ikke tisse og er følelsesløs i skridtet")
    await asyncio.sleep(0.3)
    assert await stranger.arrived() == [] and len(stranger.person.messages) == before


async def test_reminders_go_to_telegram_once_a_chat_is_linked(
    reader: Page, stranger: TelegramPatient, clock: Clock
) -> None:
    await stranger.start(await reader.code())
    await reader.send(text="menu")  # the page was used last
    clock.go(2, hour=17)
    assert keys(await stranger.unasked()) == ["reminders/check_in"]
    assert "check_in/begin" in keys(await stranger.choose("check_in"))


async def test_without_a_chat_reminders_wait_at_the_page(
    reader: Page, patient: TelegramPatient, clock: Clock
) -> None:
    clock.go(2, hour=17)
    assert await patient.unasked() == []
    said = (await reader.client.get("/api/chat/messages", headers=reader.bearer)).json()["messages"]
    assert said[-1]["key"] == "reminders/check_in"


async def test_after_delete_in_telegram_the_pages_session_opens_nothing(
    reader: Page, stranger: TelegramPatient, web: AsyncClient
) -> None:
    await stranger.start(await reader.code())
    unused = await reader.code()
    await stranger.write("/delete")
    assert keys(await stranger.choose("delete_yes")) == ["control/deleted"]
    assert not await reader.opens()
    assert (await web.post(f"/move/{unused.removeprefix('t-')}")).status_code == 404


async def test_after_erasing_at_the_page_the_chat_begins_anew(
    reader: Page, stranger: TelegramPatient, web: AsyncClient
) -> None:
    await stranger.start(await reader.code())
    erased: Any = await web.post("/me/erase", data={"token": reader.token, "sure": "yes"})
    assert erased.status_code == 200
    assert keys(await stranger.write("vis min plan"))[0] == "welcome/intro"
    assert WORDS not in stranger.person.messages[-1].text
