"""The chat page without a script: whoever waits for more has a button to fetch it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from bot.channels.web.page import more_comes
from tests.fake_rasa import FakeRasa

CARD: dict[str, Any] = {"key": "care/cauda_equina", "care": {"level": "emergency"}, "choices": []}


@pytest.mark.parametrize(
    ("last", "comes"),
    [
        (CARD, True),
        (CARD | {"choices": [{"name": "resume"}]}, False),
        ({"key": "system/holding", "care": None, "choices": [{"name": "menu"}]}, True),
        ({"key": "care/after", "care": None, "choices": []}, False),
    ],
    ids=["a card that came before its words", "a card with its buttons", "a holding reply", "an answer"],
)
def test_more_comes_after_a_card_alone_and_a_holding_reply(last: dict[str, Any], comes: bool) -> None:
    assert more_comes(last) is comes


def test_a_card_that_came_alone_has_a_button_to_fetch_the_rest(client: TestClient, rasa: FakeRasa) -> None:
    page = client.post("/chat", data={"choice": "consent_yes", "language": "da"})
    token = page.text.partition('name="token" value="')[2].partition('"')[0]
    rasa.dead = True
    words = "jeg kan ikke tisse og er følelsesløs i skridtet"
    page = client.post("/chat", data={"token": token, "client_id": "m2", "text": words, "action": "send"})
    assert 'class="care emergency"' in page.text and 'value="refresh"' in page.text
