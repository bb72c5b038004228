"""A text is changed while patients read it: no restart, no training, and every gateway says the new words soon."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from bot.dialogue.rasa_client import RasaClient
from bot.dialogue.turns import Turns
from bot.editorial import files, suite, trial, workflow
from bot.editorial.workflow import Desk
from bot.screening.screener import Screener
from bot.store import conversations as store
from bot.store import staff
from bot.supervisor import Parts
from tests.editorial.at_the_desk import beside
from tests.editorial.steps import CARD, MORE, draft, published
from tests.running import HttpPatient, wait_until

SOON = 30.0  # seconds; ten are promised, and a busy machine must not fail the test
QUESTION = "skal jeg skannes?"
KEY = "topic/imaging/short"  # what is said of it whenever somebody asks once more


@pytest.fixture
def desk(running: Parts) -> Iterator[Desk]:
    """A desk at another process than the gateway."""
    yield from beside(running)


def read(patient: HttpPatient) -> tuple[str, str]:
    """Asks about the topic, as often as it takes to hear all of it: what is said then, and its version."""
    for _ in range(4):
        if said := [reply for reply in patient.write(QUESTION) if reply["key"] == KEY]:
            return "\n".join(reply["text"] for reply in said), said[0]["version"]
    pytest.fail(f"never said {KEY}: {patient.history()}")


def test_an_approved_text_reaches_a_running_conversation_and_so_does_its_rollback(running: Parts, desk: Desk) -> None:
    pids = {name: child.pid for name, child in running.children.items()}
    anna, bo = (
        staff.add_user(desk.engine, email=f"{secrets.token_hex(4)}@klinik.example", name=name, roles=[role])
        for name, role in (("Anna", "editor"), ("Bo", "reviewer"))
    )
    patient = HttpPatient(running)
    patient.choose("consent_yes")
    words, file = read(patient)
    assert MORE["da"] not in words and file == desk.live.get(KEY, "da").version

    edition = published(desk, anna, bo, KEY)
    wait_until(lambda: MORE["da"] in read(patient)[0], SOON)
    assert read(patient)[1] == edition.version != file

    workflow.roll_back(desk, bo, KEY, "da", file)
    wait_until(lambda: MORE["da"] not in read(patient)[0], SOON)
    assert read(patient) == (words, file)

    token = patient.http.headers["Authorization"].removeprefix("Bearer ")
    conversation = store.find(desk.engine, token)
    assert conversation
    seen = [each.kept.version for each in files.shown(desk.engine, conversation) if each.key == KEY and each.kept]
    assert seen[0] == seen[-1] == file and edition.version in seen
    assert {name: child.pid for name, child in running.children.items()} == pids


async def test_the_safety_suite_walks_through_the_running_dialogue(
    running: Parts, desk: Desk, screener: Screener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "LONGEST", 600)  # a busy machine must not fail the test
    anna = staff.add_user(desk.engine, email=f"{secrets.token_hex(4)}@klinik.example", name="Anna", roles=["editor"])
    edition = draft(desk, anna, CARD, change=lambda body: body.replace("Efter et fald", "Efter et hårdt fald"))
    settings = running.settings.model_copy(update={"rasa_url": running.rasa_url})
    rasa = RasaClient(settings.rasa_url, settings.rasa_secret.get_secret_value())
    turns = Turns(desk.engine, desk.live, screener, rasa, settings)
    result = await suite.run(turns, trial.desk_of(turns), edition)
    await rasa.close()
    assert result["passed"], [each for each in result["checks"] if not each["passed"]]
