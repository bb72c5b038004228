"""One person's way through everything, by polling and by webhook: the real Application, gateway and Bot API calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import uvicorn
from sqlmodel import Session, select

from bot.channels.telegram.channel import PATH, Telegram
from bot.clock import now as clock_now
from bot.dialogue.turns import Turns
from bot.gateway import create_app
from bot.store import invites
from bot.store.models import BELONGINGS, Conversation
from bot.supervisor import free_port
from tests.accounts.staff import make_user
from tests.channels.telegram.bot_api import BotApi
from tests.channels.telegram.conftest import settings_for
from tests.channels.telegram.patient import Noting, TelegramPatient, until
from tests.patient import keys
from tests.time_travel import Clock

QUESTIONS = ["motor_loss", "vascular", "trauma", "infection", "spinal_puncture", "cancer_history"]


@asynccontextmanager
async def gateway(turns: Turns, api: BotApi, mode: str) -> AsyncIterator[Telegram]:
    """The whole gateway on a port of its own, as `rygraad up` runs it."""
    port = free_port()
    found = settings_for(turns, api, telegram_mode=mode, port=port, public_url=f"http://127.0.0.1:{port}")
    app = create_app(found, Turns(turns.engine, turns.content, turns.screener, turns.rasa, found))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve())
    await until(lambda: app.state.telegram is not None and app.state.telegram.application.running)
    yield app.state.telegram
    server.should_exit = True
    await serving


@pytest.fixture(params=["polling", "webhook"])
async def running(request: pytest.FixtureRequest, turns: Turns, api: BotApi, clock: Clock) -> AsyncIterator[Telegram]:
    clock.go(hour=9)
    async with gateway(turns, api, request.param) as channel:
        method = "getUpdates" if request.param == "polling" else "setWebhook"
        await until(lambda: any(call.method == method for call in api.calls))
        yield channel


async def test_from_the_invite_to_erasure(running: Telegram, api: BotApi, clock: Clock) -> None:
    patient = TelegramPatient(running, api, Noting(running))
    engine = running.turns.engine

    user = make_user(engine, roles=["clinician"])
    until = clock_now() + timedelta(weeks=4)
    code, invite = invites.make(
        engine,
        user_id=user.id,
        language="da",
        region="midtjylland",
        clinic_name="Klinik Lyng",
        most=1,
        expires_at=until,
    )
    welcome = await patient.start(code)
    assert keys(welcome) == ["welcome/intro"]
    assert "Telegram gemmer også" in patient.person.messages[0].text
    assert running.turns.settings.address in patient.person.messages[0].text
    with Session(engine) as session:
        opened = session.exec(select(Conversation)).one()
    assert (opened.invite_hash, opened.region) == (invite.code_hash, "midtjylland")

    consented = await patient.choose("consent_yes")
    assert "Klinik Lyng" in next(reply.text for reply in consented if reply.key == "welcome/invited_named")
    assert keys(consented)[-1] == "screening/cauda_equina"
    for flag in QUESTIONS:
        assert keys(await patient.choose("no"))[-1] == f"screening/{flag}"
    assert keys(await patient.choose("no"))[-1] == "worry/ask"

    replies = await patient.write("kan jeg få lov at løfte mit barnebarn?")
    assert any(reply.topic for reply in replies)

    replies = await patient.write("jeg kan ikke tisse og er følelsesløs i skridtet")
    assert replies[0].key == "care/cauda_equina"
    card = patient.person.messages[-1]
    assert "Ring 112 nu" in card.text and card.pinned and card.buttons
    assert keys(await patient.choose("misunderstood"))[-1] == "screening/cauda_equina"
    replies = await patient.choose("yes")
    assert replies[0].care and replies[0].care.level == "emergency"
    assert patient.person.messages[-1].pinned
    await patient.choose("misunderstood")
    assert "care/withdrawn" in keys(await patient.choose("no"))
    assert not any(sent.pinned for sent in patient.person.messages)

    await make_plan(patient)
    await check_in(patient)
    await agree_on_reminders(patient, clock)
    await change_language_and_leave(patient)
    with Session(engine) as session:
        assert [row for table in (Conversation, *BELONGINGS) for row in session.exec(select(table))] == []
    assert api.impatient == []


async def make_plan(patient: TelegramPatient) -> None:
    await patient.write("/menu")
    await patient.choose("my_back")
    await patient.choose("show_plan")
    await patient.choose("make_plan")
    for words in ("gå på jagt med hunden", "en halv time", "gå med hunden i 15 minutter"):
        await patient.write(words)
    for name in ("days_two", "hindrance_pain"):
        await patient.choose(name)
    await patient.write("vende om, hvis det stikker")
    for name in ("balance_split", "tell_partner", "helps_heat"):
        await patient.choose(name)
    replies = await patient.choose("confidence_8")
    assert keys(replies) == ["plan/read_back"] and "gå med hunden i 15 minutter" in replies[0].text
    assert keys(await patient.choose("plan_keep")) == ["plan/kept"]


async def check_in(patient: TelegramPatient) -> None:
    await patient.write("/menu")
    await patient.choose("my_back")
    await patient.choose("check_in")
    for _ in range(7):
        await patient.choose("no")
    scale = patient.person.messages[-1].buttons
    assert [len(row) for row in scale][:2] == [6, 5]
    await patient.write("omkring fem")
    await patient.choose("hindrance_5")
    await patient.choose("confidence_4")
    await patient.choose("step_done")
    await patient.write("hvordan er det gået?")
    chart = patient.person.messages[-1]
    assert chart.photo and chart.photo.startswith(b"\x89PNG") and "fra 5 til 5" in chart.text


async def agree_on_reminders(patient: TelegramPatient, clock: Clock) -> None:
    await patient.write("/menu")
    await patient.choose("my_back")
    await patient.choose("reminder")
    await patient.choose("rhythm_weekly")
    replies = await patient.choose("hour_17")
    assert keys(replies) == ["reminders/set"] and "her i Telegram" in replies[0].text
    clock.go(2, 17)
    replies = await patient.unasked()
    assert keys(replies) == ["reminders/check_in"]
    told = patient.person.messages[-1].text.casefold()
    assert not any(word in told for word in ("ryg", "smerte", "helbred", "ondt"))


async def change_language_and_leave(patient: TelegramPatient) -> None:
    await patient.write("/language")
    assert "English" in " ".join(reply.text for reply in await patient.choose("language_en"))
    await patient.write("/data")
    await patient.choose("export_data")
    name, body = patient.person.messages[-1].document or ("", b"")
    assert name == "rygraad.json" and b"15 minutter" in body
    await patient.write("/delete")
    assert keys(await patient.choose("delete_yes")) == ["control/deleted"]
    assert keys(await patient.write("hej igen")) == ["welcome/intro"]
    assert keys(await patient.write("/delete")) == ["control/deleted"]


async def test_a_webhook_needs_its_secret(turns: Turns, api: BotApi) -> None:
    import httpx

    async with gateway(turns, api, "webhook") as channel, httpx.AsyncClient() as http:
        address = f"{channel.settings.address}{PATH}"
        update = {"update_id": 1}
        assert (await http.post(address, json=update)).status_code == 403
        wrong = {"X-Telegram-Bot-Api-Secret-Token": f"{channel.secret[:-1]}é".encode()}
        assert (await http.post(address, json=update, headers=wrong)).status_code == 403
        right = {"X-Telegram-Bot-Api-Secret-Token": channel.secret}
        assert (await http.post(address, json=update, headers=right)).status_code == 200
        assert (await http.post(address, content=b"{not json", headers=right)).status_code == 200
        assert (await http.post(address, json={"no": "update"}, headers=right)).status_code == 200


async def test_by_polling_there_is_no_webhook(turns: Turns, api: BotApi) -> None:
    import httpx

    async with gateway(turns, api, "polling") as channel, httpx.AsyncClient() as http:
        assert (await http.post(f"{channel.settings.address}{PATH}", json={"update_id": 1})).status_code == 404
