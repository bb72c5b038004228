"""Self-management inside the safety of the whole: alarm signs come first at every question, and nothing leaks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.dialogue.form_answers import kinds
from bot.dialogue.masking import HIDDEN, without_cpr
from bot.dialogue.turns import Turns
from bot.screening.flags import load_flags
from bot.store import conversations, records
from bot.store.models import BELONGINGS
from tests.patient import Patient, keys
from tests.running import ALARM
from tests.test_wiring import STORE

# How a patient comes to the first question of each form, from the menu of self-management.
FORMS = {
    "plan": ["show_plan", "make_plan"], "reminders": ["reminder"], "work_help": ["work_help"],
    "sleep_help": ["sleep_help"], "thoughts": ["thoughts_help"], "check_in": ["check_in"],
    "flare_up": ["flare_up_today"], "summary": ["summary"],
}  # fmt: skip
# An answer in words, or a button, to go on to the next question.
WORDS = {"words": "lidt i haven", "questions": "hvad hjælper?", "scale": "3", "hour": "17"}


@pytest.fixture
async def settled(patient: Patient) -> Patient:
    """A patient past the safety check, at the menu of self-management, with something to sum up."""
    await patient.choose("consent_yes")
    for _ in load_flags().safety_check:
        await patient.choose("no")
    records.keep_plan(patient.turns.engine, patient.conversation.id, {"activity": "gå tur", "step": "ti minutter"})
    await patient.choose("menu")
    await patient.choose("my_back")
    return patient


async def to_question(patient: Patient, form: str, number: int) -> str | None:
    """Goes to the form's question of this number; its key, or None when the form is over before."""
    steps = FORMS[form]
    if form == "plan":  # who has a plan sees it, and begins anew by a part
        await patient.choose("show_plan")
        await patient.choose("plan_change")
        part = ["activity", "now", "step", "days", "hindrance", "way_round", "balance", "tell", "helps"][number]
        await patient.choose(f"change_{part}")
        return patient.replies[-1].key
    for step in steps:
        await patient.choose(step)
    while patient.replies[-1].key.startswith("screening/"):
        await patient.choose("no")
    for _ in range(number):
        if not patient.replies[-1].key.startswith(f"{form}/ask/"):
            return None
        options = [name for name in patient.names if name not in ("skip", "back", "menu")]
        kind = kinds()[patient.replies[-1].key.replace("/ask/", "/")][-1]
        await (patient.write(WORDS[kind]) if kind in WORDS else patient.choose(options[0]))
    return patient.replies[-1].key if patient.replies[-1].key.startswith(f"{form}/ask/") else None


QUESTIONS = [(form, number) for form in FORMS for number in range(9 if form == "plan" else 4)]


@pytest.mark.parametrize(("form", "number"), QUESTIONS)
async def test_an_alarm_sign_at_any_question_of_any_form_gets_its_card(
    settled: Patient, form: str, number: int
) -> None:
    key = await to_question(settled, form, number)
    if key is None:
        return
    replies = await settled.write(ALARM)
    assert replies[0].care and replies[0].care.level == "emergency", key
    assert keys(replies) == ["care/cauda_equina", "care/after"], key
    again = await settled.choose("resume")
    assert again[-1].key == key or again[-1].key.startswith(f"{form}/"), keys(again)


async def test_a_check_in_asks_every_alarm_sign_first(settled: Patient) -> None:
    replies = await settled.choose("check_in")
    asked = [replies[-1].key]
    for _ in load_flags().safety_check[1:]:
        asked.append((await settled.choose("no"))[-1].key)
    assert asked == [f"screening/{flag}" for flag in load_flags().safety_check]
    assert keys(await settled.choose("no")) == ["check_in/clear", "check_in/ask/pain"]
    assert len(records.safety_checks(settled.turns.engine, settled.conversation.id)) == 2


async def test_an_alarm_sign_that_was_taken_back_is_not_on_the_summary(settled: Patient) -> None:
    engine, person = settled.turns.engine, settled.conversation.id
    await settled.write(ALARM)
    assert [level for _, level, _ in records.alarms(engine, person)] == ["emergency"]
    await settled.choose("misunderstood")
    await settled.choose("no")
    assert records.alarms(engine, person) == []
    await settled.write("jeg har høj feber og kuldegysninger sammen med rygsmerterne")
    assert [level for _, level, _ in records.alarms(engine, person)] == ["urgent"]


async def test_no_movement_is_offered_while_an_alarm_is_open(settled: Patient) -> None:
    assert settled.names
    await settled.write(ALARM)
    await settled.choose("menu")
    await settled.choose("my_back")
    assert keys(await settled.choose("movements")) == ["movement/not_now"]
    assert settled.replies[-1].image is None
    await settled.choose("menu")
    await settled.choose("my_back")
    replies = await settled.choose("flare_up_today")
    while replies[-1].choices and "no" in [choice.name for choice in replies[-1].choices]:
        replies = await settled.choose("no")
    await settled.choose("since_today")
    assert "movement/not_now" in keys(await settled.choose("hard_bend"))
    assert not any(key.startswith("flare_up/hard") for key in keys(settled.replies))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("mit cpr er 010203-1234", f"mit cpr er {HIDDEN}"), ("0102031234", HIDDEN),
        ("010203 1234 tak", f"{HIDDEN} tak"), ("01 02 03 - 1234", HIDDEN), ("61.02.03–1234", HIDDEN),
        ("０１０２０３-１２３４", HIDDEN), ("010203-1234/311299-4321", f"{HIDDEN}/{HIDDEN}"),
        ("320203-1234", "320203-1234"), ("011303-1234", "011303-1234"), ("ring 22334455", "ring 22334455"),
        ("+4522334455", "+4522334455"), ("1234567890123", "1234567890123"), ("", ""), ("i 10 år, 7 af 10",) * 2,
    ],
)  # fmt: skip
def test_cpr_numbers_are_hidden_and_other_numbers_stay(text: str, kept: str) -> None:
    assert without_cpr(text) == kept


async def test_a_cpr_number_is_stored_nowhere(settled: Patient, turns: Turns) -> None:
    await to_question(settled, "thoughts", 0)
    await settled.write("jeg hedder 010203-1234 og er bange")
    kept = repr(conversations.transcript(turns.engine, settled.conversation.id))
    assert "010203" not in kept and HIDDEN in kept
    assert "010203" not in repr(turns.rasa.agent.processor.tracker_store._load(settled.conversation.id))  # type: ignore[attr-defined]


def test_every_table_of_a_conversation_is_erased_with_it() -> None:
    from sqlmodel import SQLModel

    belonging = {table.name for table in SQLModel.metadata.sorted_tables if "conversation_id" in table.columns}
    assert belonging == {str(table.__tablename__) for table in BELONGINGS}


def test_every_answer_that_leads_to_advice_has_its_text() -> None:
    for key in STORE.keys():
        guide, _, slot = key.partition("/ask/")
        if guide in ("flare_up", "work_help", "sleep_help", "thoughts") and slot != "strength":
            for choice in STORE.get(key, "da").choices:
                if choice.name.startswith(f"{slot}_"):
                    said = choice.name.replace("since_", "expected_") if guide == "flare_up" else choice.name
                    assert STORE.has(f"{guide}/{said}"), choice.name


def test_every_movement_has_a_picture_a_text_alternative_and_a_name_to_say() -> None:
    pictures = Path("content/images")
    found = [key for key in STORE.keys() if re.fullmatch(r"movement/\w+/[1-4]", key)]
    assert len(found) == 32
    for key in found:
        for language in ("da", "en"):
            text = STORE.get(key, language)
            assert text.image and (pictures / text.image.file).is_file() and len(text.image.alt) > 30
            assert text.bubbles[0].startswith(f"**{text.title}")
