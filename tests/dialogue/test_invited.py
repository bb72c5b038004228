"""Who comes by a clinician's link: language, region, the clinic's name, and nothing that tells who they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.clock import now
from bot.dialogue.invited import brought, open_conversation
from bot.dialogue.turns import Turns
from bot.store import conversations, invites
from bot.store.staff_models import Invite
from tests.accounts.staff import make_user
from tests.patient import Patient, keys

WHAT = {
    "language": "en",
    "region": "nordjylland",
    "clinic_name": "Ryghuset",
    "clinic_phone": "98 76 54 32",
    "stress": ["work"],
    "most": 2,
}


def invite(engine: Engine, **fields: Any) -> tuple[str, Invite]:
    user = make_user(engine, roles=["clinician"])
    return invites.make(engine, user_id=user.id, **WHAT | {"expires_at": now() + timedelta(days=1)} | fields)


def come(engine: Engine, code: str, language: str | None = None) -> Any:
    return open_conversation(engine, language=language, usual="da", invite=code)[1]


def test_an_invite_brings_its_language_and_region(engine: Engine) -> None:
    code, made = invite(engine)
    conversation = come(engine, code)
    assert (conversation.language, conversation.region) == ("en", "nordjylland")
    assert conversation.invite_hash == made.code_hash and code not in str(conversation)
    assert brought(engine, conversation) == {
        "clinic": {"clinic": "Ryghuset", "phone": "98 76 54 32"},
        "stress": ["work"],
    }


def test_a_language_that_is_asked_for_comes_before_the_invites(engine: Engine) -> None:
    assert come(engine, invite(engine)[0], language="da").language == "da"


@pytest.mark.parametrize("how", ["revoked", "expired", "used up", "made up"])
def test_an_invite_that_is_no_longer_in_force_turns_nobody_away(engine: Engine, how: str) -> None:
    late = {"expires_at": now() - timedelta(seconds=1)} if how == "expired" else {}
    code, made = invite(engine, **late, **({"most": 0} if how == "used up" else {}))
    if how == "revoked":
        invites.revoke(engine, made.id)
    conversation = come(engine, "x" * 22 if how == "made up" else code)
    assert (conversation.language, conversation.region, conversation.invite_hash) == ("da", None, None)


def test_who_is_in_keeps_the_clinic_after_the_invite_is_revoked(engine: Engine) -> None:
    code, made = invite(engine)
    conversation = come(engine, code)
    invites.revoke(engine, made.id)
    assert brought(engine, conversation)["clinic"] is not None


def test_no_more_come_in_than_may_also_at_the_same_moment(engine: Engine) -> None:
    code, made = invite(engine, most=3)
    with ThreadPoolExecutor(8) as pool:
        came = list(pool.map(lambda _: come(engine, code).invite_hash, range(8)))
    assert sum(found is not None for found in came) == 3
    assert (found := invites.of_hash(engine, made.code_hash)) and found.used == 3


async def invited(turns: Turns, **fields: Any) -> Patient:
    """A patient who came by an invite."""
    patient = Patient(turns)
    code, made = invite(turns.engine, **{"language": "da"} | fields)
    conversations.change(turns.engine, patient.conversation.id, invite_hash=made.code_hash, region=made.region)
    return patient


async def test_the_clinic_is_named_after_consent_and_when_asked_whom_to_call(turns: Turns) -> None:
    patient = await invited(turns)
    said = await patient.choose("consent_yes")
    assert keys(said)[:2] == ["welcome/consented", "welcome/invited"]
    assert "Ryghuset" in said[1].text and "98 76 54 32" in said[1].text
    assert keys(said)[-1].startswith("screening/")
    said = await turns.receive(patient.conversation, "call", None, None, command="who_to_call")
    assert "control/clinic_phone" in keys(said) and "112" in said[0].text


async def test_a_clinic_without_a_telephone_is_only_named(turns: Turns) -> None:
    patient = await invited(turns, clinic_phone="")
    said = await patient.choose("consent_yes")
    assert "welcome/invited_named" in keys(said) and "{" not in "".join(reply.text for reply in said)


async def test_without_an_invite_no_clinic_is_named(patient: Patient) -> None:
    assert "welcome/invited" not in "".join(keys(await patient.choose("consent_yes")))


async def test_what_the_clinician_stresses_is_in_the_path(turns: Turns) -> None:
    patient = await invited(turns, stress=["medicine"])
    await patient.choose("consent_yes")
    while patient.replies[-1].key.startswith("screening/"):
        await patient.choose("no")
    await patient.choose("worry_damage")
    while "/ask/" in patient.replies[-1].key:
        await patient.choose("skip")
    stored = conversations.get(turns.engine, patient.conversation.id)
    assert stored and stored.journey and "medication" in stored.journey["topics"]


async def test_a_few_words_right_after_a_card_lead_back_to_it_and_not_to_a_topic(patient: Patient) -> None:
    await patient.choose("consent_yes")
    await patient.write("jeg kan ikke tisse og er følelsesløs i skridtet")
    said = await patient.write("er det slemt")
    assert keys(said) == ["care/again"]
    assert said[-1].choices[0].name == "resume"


async def test_a_whole_question_after_a_card_is_answered(patient: Patient) -> None:
    await patient.choose("consent_yes")
    await patient.write("jeg kan ikke tisse og er følelsesløs i skridtet")
    said = await patient.write("hvad viser en scanning egentlig af ryggen på folk der ikke har ondt")
    assert "care/again" not in keys(said)
