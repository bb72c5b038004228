"""Trying a text: the whole assistant with that one text, for nobody but who tries it, and gone after a day."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.dialogue.replies import Reply
from bot.dialogue.turns import CONSENT_VERSION, Turns
from bot.editorial import trial, workflow
from bot.editorial.workflow import Desk
from bot.screening.screener import Screener
from bot.settings import Settings
from bot.store import conversations as store
from bot.store.editorial_models import Edition
from bot.store.models import TELEGRAM, WEB, Conversation, Inbound, Outbound, Unanswered
from bot.store.staff_models import User
from tests.editorial.steps import CARD, KEY, MORE, draft, fresh, longer, published, says
from tests.fake_rasa import FakeRasa
from tests.time_travel import Clock

TRIED = "Det står kun i udkastet."


@pytest.fixture
def turns(desk: Desk, either: Settings, rasa: FakeRasa, screener: Screener) -> Turns:
    """The gateway's turns on each kind of database, with a dialogue that says what a test wants."""
    found = Turns(desk.engine, desk.live, screener, rasa, either)  # type: ignore[arg-type]
    trial.desk_of(found)
    return found


@pytest.fixture
def patient(turns: Turns) -> Conversation:
    """Somebody who has consented."""
    _, opened = store.create(turns.engine, language="da")
    store.change(turns.engine, opened.id, consented_at=opened.created_at, consent_version=CONSENT_VERSION)
    return opened


def tried(desk: Desk, user: User, key: str = KEY) -> Edition:
    return draft(desk, user, key, change=lambda body: f"{TRIED}\n***\n{body}" if key == KEY else f"{body} {TRIED}")


@pytest.mark.parametrize(
    ("key", "words", "begins"),
    [
        ("choices/menu", "Vis menuen", None),
        ("page/send", "Send det", "control/menu"),
        ("situations/garden", "din have", "control/menu"),
    ],
)
def test_shared_words_are_tried_where_they_are_seen(
    turns: Turns, desk: Desk, anna: User, key: str, words: str, begins: str | None
) -> None:
    edition = draft(desk, anna, key, change=lambda _: words)
    _, conversation = trial.start(turns, edition)
    (first, *_) = store.transcript(turns.engine, conversation.id)
    titles = [choice["title"] for choice in first["choices"]]
    assert first["key"] == begins if begins else words in titles
    assert turns.serving(conversation).content.page["da"]["send"] == ("Send det" if key == "page/send" else "Send")


async def written(turns: Turns, conversation: Conversation, text: str, number: int = 1) -> list[Reply]:
    found = store.get(turns.engine, conversation.id)
    assert found
    return await turns.serving(found).receive(found, f"m{number}", text, None)


def words(replies: list[Reply]) -> str:
    return "\n".join(reply.text for reply in replies)


def said(engine: Engine, conversation: Conversation) -> str:
    return "\n".join(entry["text"] for entry in store.transcript(engine, conversation.id))


async def test_a_trial_begins_with_the_text_and_says_it_again_where_it_comes_up(
    turns: Turns, desk: Desk, rasa: FakeRasa, anna: User
) -> None:
    edition = tried(desk, anna)
    token, conversation = trial.start(turns, edition)
    assert TRIED in said(turns.engine, conversation)
    assert store.find(turns.engine, token) is not None and conversation.trying == edition.id
    rasa.says = [{"key": "topic/sleep"}, {"key": KEY}]
    replies = await written(turns, conversation, "hvad med scanning?")
    assert TRIED in words(replies) and desk.live.get("topic/sleep", "da").bubbles[0] in words(replies)
    assert {reply.version for reply in replies if reply.key == KEY} != {desk.live.get(KEY, "da").version}


async def test_a_patient_at_the_same_time_reads_what_is_live(
    turns: Turns, desk: Desk, rasa: FakeRasa, anna: User, patient: Conversation
) -> None:
    _, conversation = trial.start(turns, tried(desk, anna))
    rasa.says = [{"key": KEY}]
    assert TRIED in words(await written(turns, conversation, "hvad med scanning?"))
    replies = await written(turns, patient, "hvad med scanning?")
    assert TRIED not in words(replies) and replies[-1].version == desk.live.get(KEY, "da").version
    assert not says(desk, TRIED)


async def test_what_the_author_saves_meanwhile_and_what_goes_live_is_in_the_trial(
    turns: Turns, desk: Desk, rasa: FakeRasa, anna: User, bo: User
) -> None:
    edition = tried(desk, anna)
    _, conversation = trial.start(turns, edition)
    draft(desk, anna, change=longer("Nu står der mere."))
    published(desk, anna, bo, "topic/sleep")
    rasa.says = [{"key": KEY}, {"key": "topic/sleep"}]
    replies = await written(turns, conversation, "hvad nu?")
    assert TRIED in words(replies) and "Nu står der mere." in words(replies) and MORE["da"] in words(replies)


async def test_a_trial_of_a_card_gives_that_card_for_the_alarm_sign(turns: Turns, desk: Desk, anna: User) -> None:
    edition = tried(desk, anna, CARD)
    _, conversation = trial.start(turns, edition)
    assert TRIED in said(turns.engine, conversation)
    replies = await written(turns, conversation, "jeg kan ikke tisse og er følelsesløs i skridtet")
    assert replies[0].care and replies[0].care.flags == ["cauda_equina"]
    screening = turns.screener.screen_answer("trauma", "yes")
    assert TRIED in turns.serving(conversation).voice.card(conversation, screening).text
    assert TRIED not in turns.voice.card(conversation, screening).text


async def test_nothing_a_trial_asks_lands_on_the_worklist(
    turns: Turns, desk: Desk, rasa: FakeRasa, anna: User, patient: Conversation
) -> None:
    _, conversation = trial.start(turns, tried(desk, anna))
    rasa.says = [{"key": "fallback/not_understood"}]
    question = "hvad kan jeg gøre med min ryg når jeg skal arbejde"
    await written(turns, conversation, question)
    assert count(turns.engine, Unanswered) == 0
    await written(turns, patient, question)
    assert count(turns.engine, Unanswered) == 1


@pytest.mark.parametrize(
    ("key", "channel"),
    [
        ("telegram/akut", TELEGRAM),
        ("telegram/care/after", TELEGRAM),
        ("telegram/welcome/intro", TELEGRAM),
        ("telegram/akut", WEB),
        ("care/after", WEB),
        ("welcome/intro", WEB),
        ("system/holding", WEB),
        ("screening/trauma", WEB),
    ],
)
async def test_every_kind_of_text_can_be_tried(turns: Turns, desk: Desk, anna: User, key: str, channel: str) -> None:
    edition = draft(desk, anna, key, change=lambda body: f"{TRIED}\n{body}")
    _, conversation = trial.start(turns, edition, channel)
    assert TRIED in said(turns.engine, conversation)


async def test_a_text_that_cannot_be_read_is_not_tried(turns: Turns, desk: Desk, anna: User) -> None:
    edition = draft(desk, anna, change=lambda _: "***")
    _, conversation = store.create(turns.engine, language="da")
    store.change(turns.engine, conversation.id, trying=edition.id)
    found = store.get(turns.engine, conversation.id)
    assert found and turns.serving(found) is turns


def test_trials_are_erased_after_a_day_and_patients_are_not(
    turns: Turns, desk: Desk, anna: User, patient: Conversation, clock: Clock
) -> None:
    edition = tried(desk, anna)
    _, old = trial.start(turns, edition)
    clock.go(days=0.9)
    _, young = trial.start(turns, edition)
    assert trial.forget(turns.engine) == 0
    clock.go(days=0.2)
    assert trial.forget(turns.engine) == 1
    assert store.get(turns.engine, old.id) is None
    assert store.get(turns.engine, young.id) and store.get(turns.engine, patient.id)
    clock.go(days=1)
    assert trial.forget(turns.engine) == 1 and store.get(turns.engine, patient.id)
    assert count(turns.engine, Outbound) == count(turns.engine, Inbound) == 0
    assert fresh(desk, edition).state == "draft" and workflow.is_safety(KEY) is False


def count(engine: Engine, table: Any) -> int:
    with Session(engine) as session:
        return len(session.exec(select(table)).all())
