"""What is said again is said in other words; what was not understood is put aside; more, less, why and source."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.topics import elaboration
from bot.clock import now
from bot.content.store import ContentStore
from bot.dialogue.form_answers import form_answer
from bot.dialogue.turns import Turns
from bot.store import conversations as store
from bot.store import unanswered
from tests.patient import Patient, keys


async def test_no_routine_line_is_the_same_three_times_in_a_row(patient: Patient) -> None:
    await patient.choose("consent_yes")
    await patient.choose("menu")
    for text in ("asdf qwer", "hej", "tak"):
        said = [(await patient.write(text))[0].text for _ in range(3)]
        assert len(set(said)) == 3, said


async def test_in_a_whole_visit_no_bubble_repeats_word_for_word(patient: Patient) -> None:
    said: list[str] = []
    for step in ["#consent_yes", "hvorfor gør det ondt?", *["#no"] * 3, "må jeg løfte?", *["#no"] * 4, "#worry_scan"]:
        said += [r.text for r in await (patient.choose(step[1:]) if step[0] == "#" else patient.write(step))]
    for name in ["duration_long", "leg_no", "work_hard", *["next_topic"] * 3, "menu", "worry", "menu"]:
        said += [reply.text for reply in await patient.choose(name)]
    assert len(said) > 30
    assert sorted(text for text in set(said) if said.count(text) > 1) == []


async def test_what_is_not_understood_is_put_aside_masked_and_forgotten_on_request(
    patient: Patient, turns: Turns, tmp_path: Path
) -> None:
    await patient.choose("consent_yes")
    await patient.choose("menu")
    replies = await patient.write("hvordan bliver vejret hos Kvidrebert i morgen, ring 12345678")
    assert keys(replies) == ["scope/out_of_scope", "understanding/noted"]
    kept = unanswered.worklist(turns.engine, now().replace(year=2020))
    assert len(kept) == 1 and "hvordan" in kept[0]["text"]
    assert not any(secret in str(kept) for secret in ("kvidrebert", "Kvidrebert", "12345678"))
    await patient.choose("forget_question")
    assert unanswered.worklist(turns.engine, now().replace(year=2020)) == []


async def test_what_is_written_to_a_question_of_ours_is_not_put_aside(patient: Patient, turns: Turns) -> None:
    await patient.choose("consent_yes")
    assert "fallback/not_understood" in keys(await patient.write("asdf qwer zxcv"))
    assert unanswered.worklist(turns.engine, now().replace(year=2020)) == []


async def test_a_question_before_consent_is_answered_after_it_and_never_stored(
    patient: Patient, tmp_path: Path
) -> None:
    await patient.write("må jeg bøje mig og løfte i kanariefuglebutikken?")
    assert "topic/bending_lifting" in keys(await patient.choose("consent_yes"))
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("rygraad.db*"))
    assert b"kanariefugle" not in stored


async def test_the_path_is_kept_in_our_own_database(patient: Patient) -> None:
    for name in ("consent_yes", "menu", "worry", "worry_scan", "skip", "skip", "skip"):
        await patient.choose(name)
    stored = store.get(patient.turns.engine, patient.conversation.id)
    assert stored and stored.journey
    assert stored.journey["at"] == 1 and "imaging" in stored.journey["topics"]


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("duration", "siden i mandags", "short"),
        ("duration", "to uger", "short"),
        ("duration", "3 months", "middle"),
        ("duration", "8 uger ca", "middle"),
        ("duration", "mange år", "long"),
        ("duration", "Twenty years!", "long"),
        ("duration", "det kommer og går", "returning"),
        ("leg", "ja", "yes"),
        ("leg", "nej kun ryggen", "no"),
        ("leg", "ned i venstre ben", "yes"),
        ("work", "sygemeldt siden maj", "sick"),
        ("work", "I'm retired", "none"),
        ("work", "det er svært", "hard"),
        ("work", "jeg passer mit arbejde", "going"),
        ("duration", "hvorfor spørger du?", None),
        ("duration", "", None),
        ("duration", "🤷", None),
        ("work", "år " * 50, None),
        ("nonsense", "ja", None),
    ],
)
def test_a_short_question_is_answered_in_words(question: str, text: str, answer: str | None) -> None:
    assert form_answer(f"journey/ask/{question}", text) == answer


def test_an_answer_needs_its_question() -> None:
    assert form_answer("screening/cauda_equina", "tre år") is None


@pytest.mark.parametrize("wanted", ["shorter", "tell_me_more", "why", "sources"])
@pytest.mark.parametrize(
    "about",
    ["", "topic/sleep", "topic/sleep/check", "topic/sleep/short", "topic/sleep/more", "topic/sleep/wrong_1",
     "screening/infection", "screening/infection/explain", "journey/ask/leg", "care/infection", "control/menu"],
)  # fmt: skip
def test_more_less_why_and_source_always_have_an_answer(content: ContentStore, wanted: str, about: str) -> None:
    found = elaboration(wanted, about)
    assert content.has(found["key"])
    assert found["key"] != about
