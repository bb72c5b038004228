"""One command or one file turns every conversation into the fixed emergency card, and back; also for one topic."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from bot.cli import app
from bot.kill_switch import ALL, KillSwitch
from bot.settings import get_settings
from tests.fake_rasa import FakeRasa, begin, say
from tests.patient import Patient, keys


@pytest.fixture
def switch(tmp_path: Path) -> KillSwitch:
    return KillSwitch(tmp_path)


def test_closed_everything_is_the_emergency_card_and_open_again_goes_on(
    client: TestClient, switch: KillSwitch, rasa: FakeRasa
) -> None:
    begin(client)
    switch.close()
    heard = len(rasa.heard)
    for number, text in enumerate(["hej", "jeg kan ikke tisse", "/restart"]):
        reply = say(client, text, f"closed-{number}")[0]
        assert reply["key"] == "system/closed" and reply["care"]["level"] == "emergency"
        assert reply["care"]["contacts"][0]["phone"] == "112"
    assert len(rasa.heard) == heard
    switch.open()
    assert say(client, "hej", "open")[0]["key"] == "control/menu"


def test_closed_also_before_consent_on_the_page_and_for_newcomers(client: TestClient, switch: KillSwitch) -> None:
    begin(client, consent=False)
    switch.close()
    assert say(client, "hej")[0]["key"] == "system/closed"
    assert client.post("/api/chat", json={"language": "en"}).json()["messages"][0]["key"] == "system/closed"
    assert "system/closed" in client.get("/").text
    answered = client.post("/chat", data={"language": "da", "client_id": "a", "text": "hej", "action": "send"})
    assert "system/closed" in answered.text and "tel:112" in answered.text


async def test_a_closed_topic_says_so_and_the_others_go_on(patient: Patient, switch: KillSwitch) -> None:
    for name in ("consent_yes", "menu", "topics", "topics_move", "topics", "topics_understand"):
        await patient.choose(name)
    switch.close("stay_active")
    assert keys(await patient.choose("topic_stay_active"))[0] == "topic/unavailable"
    assert keys(await patient.choose("topic_imaging"))[0] == "topic/imaging"
    switch.open("stay_active")
    assert keys(await patient.choose("topic_stay_active"))[0] == "topic/stay_active"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"closed", b"sleep\nclosed\n"])
def test_a_file_made_by_hand_closes_too(switch: KillSwitch, content: bytes) -> None:
    switch.path.write_bytes(content)
    assert switch.closed()


def test_the_command_closes_opens_and_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RYGRAAD_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    runner = CliRunner()
    assert "Everything is open" in runner.invoke(app, ["kill-switch", "status"]).output
    assert ALL in runner.invoke(app, ["kill-switch", "on"]).output
    assert KillSwitch(tmp_path).closed()
    assert "Everything is open" in runner.invoke(app, ["kill-switch", "off"]).output
    assert "sleep" in runner.invoke(app, ["kill-switch", "on", "--topic", "sleep"]).output
    assert not KillSwitch(tmp_path).closed() and KillSwitch(tmp_path).topic_closed("sleep")
    get_settings.cache_clear()
