"""The scripted conversations give the same content keys in Telegram as on the page."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.telegram.channel import Telegram
from tests.channels.telegram.bot_api import BotApi
from tests.channels.telegram.patient import Noting, TelegramPatient
from tests.scripts import IN_TELEGRAM, first_hour, play
from tests.time_travel import Clock


@pytest.mark.parametrize("script", IN_TELEGRAM)
async def test_conversation(
    channel: Telegram, api: BotApi, noting: Noting, clock: Clock, script: dict[str, Any]
) -> None:
    clock.go(hour=first_hour(script))
    patient = TelegramPatient(channel, api, noting, script["language"])
    await patient.start()
    await play(script, patient, clock)
    assert api.impatient == []
