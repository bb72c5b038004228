"""The gateway's invariants, with a Rasa that is dead, silent, late or forgetful. Anna is in pain at night."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from bot.content.store import load
from bot.dialogue.rasa_client import RasaUnreachable
from bot.dialogue.turns import Turns
from bot.gateway import create_app
from bot.screening.screener import Screener
from bot.settings import Settings
from bot.store.database import migrate, open_database

CONTENT = load()


class FakeRasa:
    """Says what the test wants said, after `delay` seconds."""

    def __init__(self) -> None:
        self.says: list[dict[str, Any]] = [{"key": "control/menu"}]
        self.delay = 0.0
        self.dead = False
        self.heard: list[dict[str, Any]] = []

    async def turn(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        self.heard.append(body)
        await asyncio.sleep(self.delay)
        if self.dead:
            raise RasaUnreachable("dead")
        return self.says

    async def alive(self) -> bool:
        return not self.dead

    async def close(self) -> None:
        pass


@pytest.fixture
def rasa() -> FakeRasa:
    return FakeRasa()


@pytest.fixture
def client(tmp_path: Path, rasa: FakeRasa) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path, rate_limit="off")
    migrate(settings.database)
    turns = Turns(open_database(settings.database), CONTENT, Screener.load(None), rasa, settings)  # type: ignore[arg-type]
    with TestClient(create_app(settings, turns)) as running:
        yield running


def begin(client: TestClient, language: str = "da", *, consent: bool = True) -> None:
    started = client.post("/api/chat", json={"language": language, "invite": None}).json()
    client.headers["Authorization"] = f"Bearer {started['token']}"
    if consent:
        choices = {choice["name"]: choice["value"] for choice in started["messages"][-1]["choices"]}
        assert (
            client.post("/api/chat/messages", json={"id": "c", "choice": choices["consent_yes"]}).status_code == 200
        )


def say(client: TestClient, text: str, client_id: str = "m1") -> list[dict[str, Any]]:
    answer = client.post("/api/chat/messages", json={"id": client_id, "text": text})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["messages"])


ALARM = "jeg kan ikke tisse og er følelsesløs i skridtet"


def test_an_alarm_before_consent_gets_its_card_and_leaves_nothing_in_the_database(
    client: TestClient, tmp_path: Path
) -> None:
    begin(client, consent=False)
    assert say(client, ALARM)[0]["care"]["level"] == "emergency"
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("rygraad.db*"))
    assert b"tisse" not in stored and b"cauda_equina" not in stored


def test_an_alarm_gets_its_card_when_rasa_forgets_it(client: TestClient) -> None:
    begin(client)
    assert say(client, ALARM)[0]["care"]["contacts"][0]["phone"] == "112"


@pytest.mark.parametrize("how", ["dead", "late"])
def test_an_alarm_gets_its_card_at_once_when_rasa_does_not_answer(
    client: TestClient, rasa: FakeRasa, how: str
) -> None:
    begin(client)
    rasa.dead, rasa.delay = how == "dead", 0.0 if how == "dead" else 5.0
    assert [reply["key"] for reply in say(client, ALARM)] == ["care/cauda_equina"]


def test_an_ordinary_question_is_held_and_answered_when_rasa_is_back(client: TestClient, rasa: FakeRasa) -> None:
    begin(client)
    rasa.dead = True
    assert [reply["key"] for reply in say(client, "må jeg gå en tur")] == ["system/holding"]
    rasa.dead = False
    for _ in range(40):
        keys = [message["key"] for message in client.get("/api/chat/messages").json()["messages"]]
        if keys[-1] == "control/menu":
            return
        client.portal.call(asyncio.sleep, 0.1)  # type: ignore[union-attr]
    pytest.fail(f"no answer came: {keys}")


def test_the_same_id_twice_gives_the_same_answer_and_reaches_rasa_once(client: TestClient, rasa: FakeRasa) -> None:
    begin(client)
    first, heard = say(client, "hej", "same"), len(rasa.heard)
    assert say(client, "hej", "same") == first
    assert len(rasa.heard) == heard


@pytest.mark.parametrize("text", ["/restart", '/alarm{"x":1}', "／restart", "\u200b/restart", " / restart"])
def test_a_typed_command_is_only_text(client: TestClient, rasa: FakeRasa, text: str) -> None:
    begin(client)
    say(client, text)
    assert "intent" not in rasa.heard[-1] and not rasa.heard[-1]["text"].startswith("/")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"id": "x"}, 422),
        ({"id": "x", "text": ""}, 422),
        ({"id": "x", "text": "a" * 2001}, 422),
        ({"id": "x", "text": "hej", "choice": "a"}, 422),
        ({"id": "x", "choice": "forged"}, 422),
        ({"id": "", "text": "hej"}, 422),
        ({"id": "x", "text": "hej", "extra": 1}, 422),
        ({"id": "x", "text": 10**400}, 422),
        ({"id": "x", "text": "\ud800 hej"}, 200),
        ({"id": "x", "text": "\x00 hej"}, 200),
        ({"id": "x", "text": "🤕"}, 200),
        ({"id": "x", "text": "<script>'; DROP TABLE inbound; --"}, 200),
        ({"id": "x", "text": "a" * 70_000}, 413),
    ],
)
def test_bad_input_gets_a_clear_answer(client: TestClient, body: dict[str, Any], status: int) -> None:
    begin(client)
    raw = json.dumps(body)  # keeps a lone surrogate as an escape, as a hostile client would send it
    answer = client.post("/api/chat/messages", content=raw, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert status == 200 or answer.json()["detail"]["message"]


def test_an_erased_conversation_is_gone(client: TestClient, tmp_path: Path) -> None:
    begin(client)
    say(client, "kanariefugl")
    assert client.delete("/api/chat").status_code == 204
    assert client.get("/api/chat/messages").status_code == 401


def test_the_page_works_without_a_script(client: TestClient) -> None:
    page = client.get("/", headers={"accept-language": "en-GB"})
    assert page.status_code == 200 and 'lang="en"' in page.text and "112" in page.text
    answered = client.post("/chat", data={"language": "da", "client_id": "a", "text": ALARM, "action": "send"})
    assert answered.status_code == 200 and "tel:112" in answered.text
