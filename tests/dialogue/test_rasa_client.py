"""The gateway's way to Rasa: one answer, or an error that says what kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from bot.dialogue.rasa_client import AT_ONCE, RasaClient, RasaSilent, RasaUnreachable
from bot.supervisor import free_port

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Answer], Awaitable[RasaClient]]
SAID = [{"key": "topic/work"}]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A server in Rasa's place that answers as a test wants it to, and a client for it."""
    runners: list[web.AppRunner] = []
    clients: list[RasaClient] = []

    async def start(answer: Answer) -> RasaClient:
        app = web.Application()
        app.router.add_post("/webhooks/gateway/turn", answer)
        app.router.add_get("/webhooks/gateway/", answer)
        runners.append(web.AppRunner(app))
        await runners[-1].setup()
        port = free_port()
        await web.TCPSite(runners[-1], "127.0.0.1", port).start()
        clients.append(RasaClient(f"http://127.0.0.1:{port}", "the-secret"))
        return clients[-1]

    yield start
    for client in clients:
        await client.close()
    for runner in runners:
        await runner.cleanup()


async def test_the_answer_comes_with_the_secret_that_opens_the_door(serve: Serve) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.headers["x-rygraad-secret"] == "the-secret"
        return web.json_response({"replies": SAID})

    client = await serve(answer)
    assert await client.turn({"message": "1"}) == SAID
    assert await client.alive()


@pytest.mark.parametrize("status", [403, 500, 503])
async def test_an_error_status_is_worth_another_try(serve: Serve, status: int) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"error": "x"}, status=status)

    client = await serve(answer)
    with pytest.raises(RasaUnreachable):
        await client.turn({})
    assert not await client.alive()


@pytest.mark.parametrize("body", ["", "not json", "[]", "{}", '{"replies": null}', '{"other": []}'])
async def test_an_answer_that_is_none_is_worth_another_try(serve: Serve, body: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    client = await serve(answer)
    with pytest.raises(RasaUnreachable):
        await client.turn({})


async def test_silence_is_an_error_of_its_own(serve: Serve) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"replies": []})

    client = await serve(answer)
    with pytest.raises(RasaSilent):
        await client.turn({})


async def test_a_connection_that_was_closed_while_idle_is_made_anew(serve: Serve) -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        if len(asked) == 2:
            assert request.transport
            request.transport.close()  # as a server does that has had enough of an idle connection
        return web.json_response({"replies": SAID})

    client = await serve(answer)
    assert await client.turn({"message": "1"}) == SAID
    assert await client.turn({"message": "2"}) == SAID
    assert [each["message"] for each in asked] == ["1", "2", "2"]


async def test_nobody_there_is_said_at_once() -> None:
    client = RasaClient(f"http://127.0.0.1:{free_port()}", "x")
    with pytest.raises(RasaUnreachable):
        await asyncio.wait_for(client.turn({}), 5)
    assert not await client.alive()
    await client.close()


async def test_an_alarm_sign_waits_behind_no_other_patient(serve: Serve) -> None:
    free, under_way = asyncio.Event(), []

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        under_way.append(body["intent"])
        if body["intent"] != "alarm":
            await free.wait()
        return web.json_response({"replies": SAID})

    client = await serve(answer)
    others = [asyncio.create_task(client.turn({"intent": "menu"})) for _ in range(AT_ONCE * 3)]
    while len(under_way) < AT_ONCE:
        await asyncio.sleep(0.01)
    assert await asyncio.wait_for(client.turn({"intent": "alarm"}), 10) == SAID
    assert under_way == ["menu"] * AT_ONCE + ["alarm"]
    free.set()
    assert await asyncio.gather(*others) == [SAID] * AT_ONCE * 3
