"""Reminders: once each, whoever looks and whatever stops; never at night, after "stop", or about health."""

from __future__ import annotations

import re
import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.content.store import ContentStore
from bot.dialogue.effects import following
from bot.dialogue.reminders import Appointments
from bot.dialogue.turns import Turns
from bot.dialogue.voice import Voice
from bot.settings import Settings
from bot.store import conversations, reminders
from bot.store.database import open_database
from bot.store.models import Conversation, DialogueState
from bot.store.retention import delete_expired, erase_inactive
from tests.time_travel import Clock

# What tells of health, in the words of patients and texts.
HEALTH = re.compile(
    r"ryg|smert|ond[te]|øvels|bevægels|helbred|syg|læge|plan\b|planen|pain|back\b|hurt|exercis|movement|health|ill\b|doctor",
    re.IGNORECASE,
)


@pytest.fixture
def appointments(engine: Engine, either: Settings, content: ContentStore, clock: Clock) -> Appointments:
    clock.go(hour=9)
    return Appointments(engine, Voice(content, either))


def agreed(appointments: Appointments, hour: int = 17, language: str = "da", rhythm: str = "weekly") -> Conversation:
    """A patient with an agreement."""
    _, conversation = conversations.create(appointments.engine, language=language)
    reminders.agree(appointments.engine, conversation.id, following, rhythm=rhythm, hour=hour)
    return conversation


def states(appointments: Appointments, conversation: Conversation) -> Counter[str]:
    return Counter(row.state for row in reminders.history(appointments.engine, conversation.id))


def said(appointments: Appointments, conversation: Conversation) -> list[str]:
    return [entry["key"] for entry in conversations.transcript(appointments.engine, conversation.id)]


@pytest.mark.parametrize("name", ["check_in", "look_back", "after_missed", "erase_warning"])
@pytest.mark.parametrize("language", ["da", "en"])
def test_nothing_that_goes_out_unasked_tells_of_health(content: ContentStore, name: str, language: str) -> None:
    text = content.get(f"reminders/{name}", language)
    words = [bubble for phrasing in text.phrasings for bubble in phrasing] + [c.title for c in text.choices]
    assert not [word for word in words if HEALTH.search(word)]


def test_a_contact_comes_at_its_hour_once(appointments: Appointments, clock: Clock) -> None:
    patient = agreed(appointments)
    assert appointments.deliver_due() == 0
    clock.go(2, hour=17)
    assert appointments.deliver_due() == 1
    assert appointments.deliver_due() == 0
    assert said(appointments, patient) == ["reminders/check_in"]
    assert states(appointments, patient) == {"delivered": 1, "waiting": 1}


def test_of_two_processes_that_look_at_once_one_delivers(
    appointments: Appointments,
    either: Settings,
    content: ContentStore,
    clock: Clock,
) -> None:
    patients = [agreed(appointments) for _ in range(10)]
    clock.go(2, hour=17)
    others = [Appointments(open_database(either), Voice(content, either)) for _ in range(3)]
    done: list[int] = []

    def look(each: Appointments) -> None:
        for _ in range(20):
            try:
                done.append(each.deliver_due())
            except Exception:  # two writers at once on SQLite: tried again at the next look
                continue

    threads = [threading.Thread(target=look, args=(each,)) for each in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 10
    assert all(said(appointments, patient) == ["reminders/check_in"] for patient in patients)


def test_a_gateway_that_was_down_for_weeks_skips_and_does_not_pile_up(
    appointments: Appointments, clock: Clock
) -> None:
    patient = agreed(appointments)
    clock.go(29, hour=12)
    while appointments.deliver_due():
        pass
    assert said(appointments, patient) == []
    assert states(appointments, patient) == {"missed": 1, "waiting": 1}
    for _ in range(7):
        clock.go(1, hour=17)
        appointments.deliver_due()
    assert said(appointments, patient) == ["reminders/check_in"]


def test_after_stop_nobody_is_contacted(appointments: Appointments, clock: Clock) -> None:
    patient = agreed(appointments)
    clock.go(2, hour=17)
    reminders.agree(appointments.engine, patient.id, following, stopped=True)
    for _ in range(20):
        assert appointments.deliver_due() == 0
        clock.go(1, hour=17)
    assert said(appointments, patient) == []
    assert states(appointments, patient) == {"cancelled": 1}


def test_stop_between_finding_and_sending_wins(appointments: Appointments, clock: Clock) -> None:
    patient = agreed(appointments)
    clock.go(2, hour=17)
    (found,) = reminders.due(appointments.engine, clock.now())
    reminders.agree(appointments.engine, patient.id, following, stopped=True)
    assert not reminders.settle(appointments.engine, found, "delivered", following, [{"id": "x"}])
    assert said(appointments, patient) == []


def test_nobody_is_invited_while_the_kill_switch_is_on(appointments: Appointments, clock: Clock) -> None:
    patient = agreed(appointments)
    clock.go(2, hour=17)
    appointments.switch.close("closed")
    assert appointments.deliver_due() == 0
    appointments.switch.open(None)
    assert appointments.deliver_due() == 1 and said(appointments, patient) == ["reminders/check_in"]


def test_a_pause_ends_by_itself(appointments: Appointments, clock: Clock) -> None:
    patient = agreed(appointments)
    reminders.agree(appointments.engine, patient.id, following, paused_until=clock.now() + timedelta(weeks=4))
    for _ in range(28):
        clock.go(1, hour=17)
        appointments.deliver_due()
    assert said(appointments, patient) == []
    for _ in range(8):
        clock.go(1, hour=17)
        appointments.deliver_due()
    assert said(appointments, patient) == ["reminders/check_in"]


def test_changing_the_time_to_and_fro_leaves_one_contact(appointments: Appointments, clock: Clock) -> None:
    patient = agreed(appointments)
    for hour in (8, 17, 12, 17):
        reminders.agree(appointments.engine, patient.id, following, hour=hour)
    assert states(appointments, patient)["waiting"] == 1
    clock.go(2, hour=17)
    assert appointments.deliver_due() == 1


def test_whoever_is_talking_is_not_interrupted_and_hears_afterwards(appointments: Appointments, clock: Clock) -> None:
    patient = agreed(appointments)
    clock.go(2, hour=17)
    fields = {"client_id": "a", "text": "hej", "choice": None, "screening": {}}
    conversations.accept(appointments.engine, patient.id, **fields)  # type: ignore[arg-type]
    assert appointments.deliver_due() == 0
    clock.forward(timedelta(minutes=20))
    assert appointments.deliver_due() == 1


def test_after_two_without_an_answer_the_words_are_kinder(appointments: Appointments, clock: Clock) -> None:
    patient = agreed(appointments)
    for _ in range(24):
        clock.go(1, hour=17)
        appointments.deliver_due()
    assert said(appointments, patient) == [
        "reminders/check_in",
        "reminders/check_in",
        *["reminders/after_missed"] * 2,
    ]


def test_a_broken_conversation_does_not_hold_up_the_others(appointments: Appointments, clock: Clock) -> None:
    first, second = agreed(appointments), agreed(appointments)
    clock.go(2, hour=17)
    conversations.erase(appointments.engine, first.id)
    assert appointments.deliver_due() == 1
    assert said(appointments, second) == ["reminders/check_in"]


async def test_a_reminder_stands_where_it_came_in_the_conversation(turns: Turns, clock: Clock) -> None:
    from tests.patient import Patient

    clock.go(hour=9)
    patient = Patient(turns)
    await patient.choose("consent_yes")
    await patient.choose("menu")
    reminders.agree(turns.engine, patient.conversation.id, following, rhythm="weekly", hour=17)
    clock.go(2, hour=17)
    assert turns.appointments.deliver_due() == 1
    assert [reply.key for reply in patient.unasked()] == ["reminders/check_in"]
    await patient.choose("check_in")
    keys = [entry["key"] for entry in conversations.transcript(turns.engine, patient.conversation.id)]
    at = keys.index("reminders/check_in")
    assert keys[at + 1] == "patient" and "check_in/begin" in keys[at:] and "control/menu_paused" in keys[:at]


# -- people who stay away ---------------------------------------------------------------------------------------


def consented(appointments: Appointments, clock: Clock) -> Conversation:
    _, conversation = conversations.create(appointments.engine, language="da")
    conversations.change(appointments.engine, conversation.id, consented_at=clock.now())
    return conversation


def live(appointments: Appointments, clock: Clock, days: int) -> None:
    """Every day at ten, as the running gateway does."""
    for _ in range(days):
        clock.go(1, hour=10)
        erase_inactive(appointments.engine, 400)
        appointments.deliver_due()


def test_who_stays_away_is_warned_a_month_before_and_then_erased(appointments: Appointments, clock: Clock) -> None:
    patient = consented(appointments, clock)
    clock.go(368)
    live(appointments, clock, 5)
    assert said(appointments, patient) == ["reminders/erase_warning"]
    live(appointments, clock, 25)
    assert conversations.get(appointments.engine, patient.id)
    live(appointments, clock, 6)
    assert conversations.get(appointments.engine, patient.id) is None


def test_a_word_after_the_warning_keeps_everything(appointments: Appointments, clock: Clock) -> None:
    patient = consented(appointments, clock)
    clock.go(368)
    live(appointments, clock, 10)
    fields = {"client_id": "a", "text": "hej", "choice": None, "screening": {}}
    conversations.accept(appointments.engine, patient.id, **fields)  # type: ignore[arg-type]
    live(appointments, clock, 60)
    assert conversations.get(appointments.engine, patient.id)


def test_who_wants_no_messages_is_erased_without_one(appointments: Appointments, clock: Clock) -> None:
    patient = consented(appointments, clock)
    reminders.agree(appointments.engine, patient.id, following, rhythm="weekly", hour=9, stopped=True)
    clock.go(398)
    live(appointments, clock, 1)
    assert said(appointments, patient) == []
    live(appointments, clock, 5)
    assert conversations.get(appointments.engine, patient.id) is None


def test_a_warning_that_could_not_be_said_is_planned_again(appointments: Appointments, clock: Clock) -> None:
    patient = consented(appointments, clock)
    clock.go(371, hour=10)
    erase_inactive(appointments.engine, 400)
    clock.go(2, hour=20)  # the gateway was down at ten
    appointments.deliver_due()
    assert said(appointments, patient) == []
    live(appointments, clock, 3)
    assert said(appointments, patient) == ["reminders/erase_warning"]


def test_a_conversation_that_never_came_to_consent_goes_after_a_week(
    appointments: Appointments, clock: Clock
) -> None:
    _, stranger = conversations.create(appointments.engine, language="da")
    clock.go(6)
    erase_inactive(appointments.engine, 400)
    assert conversations.get(appointments.engine, stranger.id)
    clock.go(2)
    erase_inactive(appointments.engine, 400)
    assert conversations.get(appointments.engine, stranger.id) is None


def test_plans_and_numbers_outlive_the_words(appointments: Appointments, clock: Clock) -> None:
    from bot.store import records

    patient = consented(appointments, clock)
    records.keep_plan(appointments.engine, patient.id, {"activity": "gå tur"})
    fields = {"client_id": "a", "text": "hej", "choice": None, "screening": {}}
    inbound, _ = conversations.accept(appointments.engine, patient.id, **fields)  # type: ignore[arg-type]
    conversations.finish(appointments.engine, inbound, [], done=True)
    with Session(appointments.engine) as session:
        session.add(DialogueState(conversation_id=patient.id, events=[{"value": "en tanke"}]))
        session.commit()
    for days, kept in ((20, 1), (20, 0)):
        clock.go(days)
        delete_expired(appointments.engine, 30)
        with Session(appointments.engine) as session:
            assert len(session.exec(select(DialogueState)).all()) == kept
    assert records.plan(appointments.engine, patient.id) == {"activity": "gå tur"}
