"""The gateway's invariants, with a Rasa that is dead, silent, late or forgetful. Anna is in pain at night."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from bot.kill_switch import KillSwitch
from bot.store import conversations as store
from tests.fake_rasa import FakeRasa, begin, say

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


def history(client: TestClient) -> list[str]:
    return [message["key"] for message in client.get("/api/chat/messages").json()["messages"]]


def wait(client: TestClient, seconds: float) -> None:
    client.portal.call(asyncio.sleep, seconds)  # type: ignore[union-attr]


def arrives(client: TestClient, key: str) -> None:
    for _ in range(60):
        if history(client)[-1] == key:
            return
        wait(client, 0.1)
    pytest.fail(f"{key} never came: {history(client)}")


def held(client: TestClient, rasa: FakeRasa) -> None:
    """A question asked while Rasa is down."""
    begin(client)
    rasa.dead = True
    assert [reply["key"] for reply in say(client, "må jeg gå en tur")] == ["system/holding"]


def test_an_ordinary_question_is_held_and_answered_when_rasa_is_back(client: TestClient, rasa: FakeRasa) -> None:
    held(client, rasa)
    rasa.dead = False
    arrives(client, "control/menu")


def test_a_late_answer_waits_while_everything_is_closed(client: TestClient, rasa: FakeRasa, tmp_path: Path) -> None:
    held(client, rasa)
    KillSwitch(tmp_path).close()
    rasa.dead = False
    wait(client, 2.6)
    assert history(client)[-1] == "system/holding"
    KillSwitch(tmp_path).open()
    arrives(client, "control/menu")


def test_a_late_answer_outlives_a_database_that_fails(
    client: TestClient, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.dialogue.answers.LATE_PAUSE", 0.05)
    held(client, rasa)
    finish, failed = store.finish, []

    def failing(*args: Any, **fields: Any) -> None:
        if len(failed) < 3:
            failed.append(1)
            raise OperationalError("insert", {}, Exception("locked"))
        finish(*args, **fields)

    monkeypatch.setattr(store, "finish", failing)
    rasa.dead = False
    arrives(client, "control/menu")
    assert len(failed) == 3


def test_a_late_answer_that_cannot_be_worded_is_owned_up_to_and_blocks_nobody(
    client: TestClient, rasa: FakeRasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.dialogue.answers.LATE_PAUSE", 0.05)
    held(client, rasa)
    rasa.says, rasa.dead = [{"key": "no/such/text"}], False
    arrives(client, "system/expired")
    rasa.says = [{"key": "control/menu"}]
    assert say(client, "hej igen", "m2")[-1]["key"] == "control/menu"


def test_closed_with_the_database_gone_is_still_the_fixed_card(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(client)

    def gone(*_: Any) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(store, "find", gone)
    assert client.post("/api/chat/messages", json={"id": "a", "text": "hej"}).status_code == 503
    KillSwitch(tmp_path).close()
    assert say(client, "hej")[0]["key"] == "system/closed"


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
