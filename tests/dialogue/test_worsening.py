"""A second, worsening contact within 48 hours goes one level up."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from bot.dialogue.turns import Turns
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
