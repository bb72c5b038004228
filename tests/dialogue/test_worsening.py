"""A second, worsening contact within 48 hours goes one level up."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.dialogue.turns import Turns
from bot.dialogue.worsening import raised
from bot.screening.result import Outcome, Screening
from bot.screening.worsening import got_worse
from bot.store.models import Outbound
from tests.patient import Patient

FEVER = "jeg har høj feber og kuldegysninger sammen med rygsmerterne"
CANCER = "jeg har haft brystkræft og nu gør ryggen ondt"
WORSE = "det er blevet meget værre siden i går"


@pytest.mark.parametrize(
    ("first", "before", "after"), [(FEVER, "urgent", "emergency"), (CANCER, "soon", "urgent")], ids=["urgent", "soon"]
)
async def test_worse_after_an_alarm_raises_the_advice(patient: Patient, first: str, before: str, after: str) -> None:
    await patient.choose("consent_yes")
    card = (await patient.write(first))[0]
    assert card.care and card.care.level == before
    raised = (await patient.write(WORSE))[0]
    assert raised.key == f"care/worse/{after}" and raised.care and raised.care.level == after
    assert raised.care.flags == card.care.flags and raised.care.contacts


async def test_worse_without_an_earlier_alarm_raises_nothing(patient: Patient) -> None:
    await patient.choose("consent_yes")
    assert not any(reply.care for reply in await patient.write(WORSE))


@pytest.mark.parametrize("text", ["det er ikke blevet værre", "bliver det værre af at gå?", "tak for hjælpen"])
async def test_a_denial_or_question_raises_nothing(patient: Patient, text: str) -> None:
    await patient.choose("consent_yes")
    await patient.write(FEVER)
    assert not any(reply.key.startswith("care/worse") for reply in await patient.write(text))


async def test_a_withdrawn_alarm_raises_nothing(patient: Patient) -> None:
    await patient.choose("consent_yes")
    await patient.write(FEVER)
    await patient.choose("misunderstood")
    await patient.choose("no")
    assert not any(reply.care for reply in await patient.write(WORSE))


async def test_an_alarm_of_three_days_ago_raises_nothing(patient: Patient, turns: Turns) -> None:
    await patient.choose("consent_yes")
    await patient.write(FEVER)
    with Session(turns.engine) as session:
        for row in session.exec(select(Outbound)):
            row.created_at -= timedelta(hours=72)
            session.add(row)
        session.commit()
    assert not any(reply.care for reply in await patient.write(WORSE))


@pytest.mark.parametrize(
    ("text", "worse"),
    [("Smerten tager til", True), ("it is getting worse", True), ("not worse", False), ("", False), ("🤕", False)],
)
def test_worse_as_people_say_it(text: str, worse: bool) -> None:
    assert got_worse(text) is worse


def screened(outcome: Outcome, level: str, *flags: str) -> Screening:
    return Screening(outcome, level, flags, ())


SOON = {"level": "soon", "flags": ["cancer_history"]}
URGENT = {"level": "urgent", "flags": ["infection"]}


@pytest.mark.parametrize(
    ("own", "care", "outcome", "level", "flags"),
    [
        (screened(Outcome.ASK, "emergency", "cauda_equina"), URGENT, "alarm", "emergency", ("infection",)),
        (screened(Outcome.ASK, "emergency", "cauda_equina"), SOON, "ask", "emergency", ("cauda_equina",)),
        (screened(Outcome.ALARM, "emergency", "motor_loss"), URGENT, "alarm", "emergency", ("motor_loss",)),
        (screened(Outcome.ALARM, "soon", "weight_loss"), URGENT, "alarm", "emergency", ("infection", "weight_loss")),
        (screened(Outcome.ALARM, "urgent", "infection"), SOON, "alarm", "urgent", ("infection",)),
        (screened(Outcome.CLEAR, "none"), SOON, "alarm", "urgent", ("cancer_history",)),
        (screened(Outcome.CLEAR, "none"), None, "clear", "none", ()),
        (screened(Outcome.CLEAR, "none"), {"level": "emergency", "flags": []}, "clear", "none", ()),
    ],
)
def test_what_is_graver_stands(
    own: Screening, care: dict[str, Any] | None, outcome: str, level: str, flags: tuple[str, ...]
) -> None:
    found = raised(own, care)
    assert (str(found.outcome), found.level, found.flags) == (outcome, level, flags)
