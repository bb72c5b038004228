"""An alarm sign always gets its card: at every question of every form, and anywhere in random conversations.

Real Rasa model and real actions in this process; once with the action server alive and once with it killed.
"""

import random
from typing import Any

import pytest

from bot.dialogue.turns import Turns
from bot.screening.flags import load_flags
from bot.store import conversations as store
from tests.patient import Patient, keys

ALARMS = [
    "jeg kan ikke tisse og er følelsesløs i skridtet",
    "I cannot lift my foot since this morning",
    "jeg har ondt i ryggen og feber og kuldegysninger",
    "I want to kill myself",
]
HARMLESS = (
    "hej|må jeg løbe?|what about bed rest|nej|ja|måske|no|hvem er du|menu|tilbage|🙂|/restart|skal jeg scannes?|tak|"
    "gentag|spring over|kan vi snakke engelsk|asdf|du misforstod mig|fortsæt|videre|kortere|hvorfor|fortæl mere|"
    "jeg er bange for at noget er i stykker|tre år|Skal jeg skannes? Og må jeg løfte?|hvor har du det fra"
).split("|")
QUESTIONS = load_flags().safety_check
# The way along the path by buttons, and what is asked or said last at each of them.
JOURNEY = {
    "worry_scan": "journey/ask/duration",
    "duration_long": "journey/ask/leg",
    "leg_yes": "journey/ask/work",
    "work_hard": "journey/begin",
    "next_topic": "topic/pain_not_damage/check",
    "option_1": "journey/back",
}


async def at_question(turns: Turns, number: int, language: str = "da") -> Patient:
    """A patient in front of the safety check's question of this number."""
    patient = Patient(turns, language)
    await patient.choose("consent_yes")
    for _ in range(number):
        await patient.choose("no")
    assert patient.replies[-1].key == f"screening/{QUESTIONS[number]}"
    return patient


@pytest.mark.parametrize("killed", [False, True], ids=["actions alive", "actions killed"])
@pytest.mark.parametrize("number", range(len(QUESTIONS)), ids=QUESTIONS)
async def test_yes_to_any_question_gets_its_card(turns: Turns, real_rasa: Any, number: int, killed: bool) -> None:
    for answer in ("button", "ja", "Yes"):
        real_rasa.actions.dead = False
        patient = await at_question(turns, number)
        real_rasa.actions.dead = killed
        replies = await (patient.choose("yes") if answer == "button" else patient.write(answer))
        assert replies[0].care and replies[0].care.flags == [QUESTIONS[number]], answer


@pytest.mark.parametrize("killed", [False, True], ids=["actions alive", "actions killed"])
@pytest.mark.parametrize("number", range(len(QUESTIONS)), ids=QUESTIONS)
async def test_an_alarm_sign_told_at_any_question_gets_its_card(
    turns: Turns, real_rasa: Any, number: int, killed: bool
) -> None:
    for alarm in ALARMS:
        real_rasa.actions.dead = False
        patient = await at_question(turns, number)
        real_rasa.actions.dead = killed
        assert (await patient.write(alarm))[0].care, alarm


@pytest.mark.parametrize("killed", [False, True], ids=["actions alive", "actions killed"])
@pytest.mark.parametrize("step", range(len(JOURNEY)), ids=list(JOURNEY))
async def test_an_alarm_sign_told_anywhere_on_the_path_gets_its_card(
    turns: Turns, real_rasa: Any, step: int, killed: bool
) -> None:
    for alarm in ALARMS:
        real_rasa.actions.dead = False
        patient = Patient(turns)
        for name in ("consent_yes", "menu", "worry", *list(JOURNEY)[: step + 1]):
            await patient.choose(name)
        assert patient.replies[-1].key == list(JOURNEY.values())[step]
        real_rasa.actions.dead = killed
        replies = await patient.write(alarm)
        assert replies[0].care, alarm


@pytest.mark.parametrize("killed", [False, True], ids=["actions alive", "actions killed midway"])
@pytest.mark.parametrize("block", range(4))
async def test_100_random_conversations_give_every_alarm_its_card(
    turns: Turns, real_rasa: Any, block: int, killed: bool
) -> None:
    for seed in range(block * 100, block * 100 + 100):
        chance = random.Random(seed)
        real_rasa.actions.dead = False
        patient = Patient(turns, chance.choice(["da", "en"]))
        said: list[str] = []
        if chance.random() < 0.8:
            await patient.choose("consent_yes")
        for _ in range(chance.randint(0, 6)):
            real_rasa.actions.dead = killed and chance.random() < 0.5
            step = chance.choice([*HARMLESS, *(f"#{name}" for name in patient.names)])
            said.append(step)
            if step == "#delete_yes":
                continue
            replies = await (patient.choose(step[1:]) if step.startswith("#") else patient.write(step))
            assert replies, f"seed {seed}: silence after {said}"
        real_rasa.actions.dead = killed
        replies = await patient.write(chance.choice(ALARMS))
        assert replies[0].care, f"seed {seed}: no card after {said}"
        for task in list(turns.answers.catching_up.values()):
            task.cancel()


async def test_a_turn_whose_action_failed_is_held_and_answered_once_when_actions_are_back(
    turns: Turns, real_rasa: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.dialogue.answers.LATE_PAUSE", 0.01)
    patient = Patient(turns)
    real_rasa.actions.dead = True
    assert keys(await patient.choose("consent_yes")) == ["system/holding"]
    assert keys(await patient.write("må jeg gå en tur?")) == ["system/holding"]
    real_rasa.actions.dead = False
    await turns.answers.catching_up[patient.conversation.id]
    said = [entry["key"] for entry in store.transcript(turns.engine, patient.conversation.id)]
    assert said.count("welcome/consented") == 1
    assert said[-1] == "screening/cauda_equina"  # the second answer leads back to the question of the first
    assert [key for key in said if key.startswith("topic/")]
