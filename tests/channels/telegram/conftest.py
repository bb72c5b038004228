"""A bot in this process before a server that speaks the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.channels.limits import RateLimits
from bot.channels.telegram.channel import Telegram
from bot.dialogue.turns import Turns
from tests.channels.telegram.bot_api import BotApi
from tests.channels.telegram.patient import Noting, TelegramPatient, until


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as running:
        yield running


@pytest.fixture
async def channel(turns: Turns, api: BotApi, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Telegram]:
    """Telegram by polling, sending as fast as the server takes it."""
    monkeypatch.setattr("bot.channels.telegram.sending.APART", 0.0)
    monkeypatch.setattr("bot.channels.telegram.outbox.LOOK", 0.02)
    turns.settings = settings_for(turns, api)
    running = Telegram(turns, RateLimits("off", "off"))
    running.start()
    await until(lambda: running.application.running)
    yield running
    await running.stop()
    for task in turns.answers.catching_up.values():
        task.cancel()


def settings_for(turns: Turns, api: BotApi, **changes: object) -> object:
    """The settings of these services, with the server's address and the bot's token."""
    from pydantic import SecretStr

    address = api.base_url.removesuffix("/bot")
    return turns.settings.model_copy(
        update={"telegram_token": SecretStr(api.token), "telegram_api": address} | changes
    )


@pytest.fixture
def noting(channel: Telegram) -> Noting:
    return Noting(channel)


@pytest.fixture
async def patient(channel: Telegram, api: BotApi, noting: Noting) -> TelegramPatient:
    """Somebody who has pressed Start."""
    found = TelegramPatient(channel, api, noting)
    await found.start()
    return found
