"""Conversations over HTTP through the running parts, and what happens when a part is taken away."""

import json
import os
import signal
import time
from typing import Any

import httpx
import pytest

from bot.supervisor import Parts
from tests.running import ALARM, HttpPatient, wait_until
from tests.scripts import OVER_THE_API, first_hour, play
from tests.time_travel import Clock


@pytest.mark.parametrize("script", OVER_THE_API)
async def test_a_scripted_conversation_over_the_api(running: Parts, clock: Clock, script: dict[str, Any]) -> None:
    clock.go(hour=first_hour(script))
    await play(script, HttpPatient(running, script["language"], waits=True), clock)


def test_the_same_id_sent_twice_has_one_effect(running: Parts) -> None:
    patient = HttpPatient(running)
    patient.choose("consent_yes")
    answers = [patient.send({"id": "twice", "text": "nej"}) for _ in range(2)]
    assert answers[0] == answers[1]
    assert patient.history().count("screening/motor_loss") == 1


def test_with_rasa_gone_the_card_comes_at_once_and_a_question_is_answered_on_its_return(running: Parts) -> None:
    patient = HttpPatient(running)
    patient.choose("consent_yes")
    rasa = running.children["rasa"]
    rasa.kill()
    rasa.wait()
    took = time.perf_counter()
    replies = patient.write(ALARM)
    took = time.perf_counter() - took
    assert replies[0]["care"]["level"] == "emergency"
    assert took < 2  # the bar is 0.3 s; a busy machine must not fail the test
    assert [reply["key"] for reply in patient.write("må jeg gå en tur?")] == ["system/holding"]
    assert httpx.get(f"{running.gateway_url}/readyz").status_code == 503
    assert httpx.get(f"{running.gateway_url}/livez").status_code == 200
    running.start("rasa")
    wait_until(lambda: any(key.startswith("topic/") for key in patient.history()), 60)
    # The card was not given again, and what follows it came first.
    said = patient.history()
    assert said.count("care/cauda_equina") == 1
    assert said.count("care/after") == 1


def test_with_rasa_hanging_the_card_comes_in_time(running: Parts) -> None:
    patient = HttpPatient(running)
    patient.choose("consent_yes")
    os.kill(running.children["rasa"].pid, signal.SIGSTOP)
    try:
        assert patient.write(ALARM)[0]["care"]["level"] == "emergency"
        started = time.perf_counter()
        assert [reply["key"] for reply in patient.write("hvad så nu?")] == ["system/holding"]
        assert time.perf_counter() - started < 5
    finally:
        os.kill(running.children["rasa"].pid, signal.SIGCONT)
    wait_until(lambda: patient.history()[-1] != "system/holding", 60)


def test_with_the_action_server_killed_in_the_middle_of_the_check_the_card_comes(running: Parts) -> None:
    patient = HttpPatient(running)
    patient.choose("consent_yes")
    patient.choose("no")
    running.children["actions"].kill()
    running.children["actions"].wait()
    assert patient.write(ALARM)[0]["care"]["level"] == "emergency"
    running.start("actions")
    wait_until(lambda: "care/after" in patient.history(), 60)


def test_a_message_accepted_before_the_gateway_died_is_answered_after_its_return(running: Parts) -> None:
    patient = HttpPatient(running)
    patient.choose("consent_yes")
    running.children["rasa"].kill()
    running.children["rasa"].wait()
    assert [reply["key"] for reply in patient.write("må jeg gå en tur?")] == ["system/holding"]
    running.children["gateway"].kill()
    running.children["gateway"].wait()
    running.start("gateway")
    running.start("rasa")
    wait_until(running.ready, 60)
    wait_until(lambda: any(key.startswith("topic/") for key in patient.history()), 60)


def test_rasa_and_actions_listen_on_the_loopback_only(running: Parts) -> None:
    ports = {int(running.rasa_url.rsplit(":")[-1]), int(running.commands["actions"][-1])}
    listening = {}
    for line in open("/proc/net/tcp").read().splitlines()[1:]:
        address, state = line.split()[1], line.split()[3]
        if state == "0A":
            listening[int(address.split(":")[1], 16)] = address.split(":")[0]
    assert {listening.get(port) for port in ports} == {"0100007F"}


def test_metrics_need_their_token_and_carry_no_words(running: Parts) -> None:
    patient = HttpPatient(running)
    patient.write("kanariefugl og lændesmerter")
    assert httpx.get(f"{running.gateway_url}/metrics").status_code == 404
    page = httpx.get(f"{running.gateway_url}/metrics", headers={"Authorization": "Bearer for-the-tests"})
    assert "rygraad_messages_screened_total" in page.text and "kanariefugl" not in page.text


def test_a_planted_word_is_in_no_log_and_after_erasure_nowhere(running: Parts) -> None:
    patient = HttpPatient(running)
    patient.choose("consent_yes")
    canary = "kanariefuglen77"
    for text in (
        f"{canary} må jeg løbe?",
        f"jeg kan ikke tisse {canary}",
        f"/restart {canary}",
        f"{canary}\x00\ud83d",
    ):
        patient.http.post("/api/chat/messages", content=json.dumps({"id": f"c{hash(text)}", "text": text}))
    patient.http.post("/api/chat/messages", json={"id": "x", "choice": canary})
    patient.http.post("/api/chat/messages", json={canary: canary})
    for step in ("menu", "my_back", "show_plan", "make_plan"):
        patient.choose(step)
    for part in (f"gå tur med {canary}", f"{canary} hver dag", f"en tur til {canary}"):
        patient.write(part)
    assert "plan/ask/step" in patient.history()
    folder = running.settings.data_dir
    logs = {path.name: path.read_bytes() for path in folder.iterdir() if "db" not in path.name}
    assert logs and not any(canary.encode() in content for content in logs.values())
    assert patient.http.delete("/api/chat").status_code == 204
    assert not any(canary.encode() in path.read_bytes() for path in folder.iterdir())
