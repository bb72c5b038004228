"""Screening as a specification: rules alone, so that no trained model is needed."""

import pytest

from bot.screening.answers import interpret
from bot.screening.flags import load_flags
from bot.screening.result import Outcome, Screening
from bot.screening.screener import Screener


@pytest.fixture(scope="module")
def screener() -> Screener:
    return Screener.load(None)


@pytest.mark.parametrize("flag", list(load_flags().flags))
def test_yes_to_any_screening_question_alarms_at_the_flags_level(screener: Screener, flag: str) -> None:
    found = screener.screen_answer(flag, "yes")
    assert (found.outcome, found.flags, found.level) == (Outcome.ALARM, (flag,), load_flags().flags[flag].level)


@pytest.mark.parametrize("flag", list(load_flags().flags))
def test_a_typed_yes_counts_as_the_button_does(screener: Screener, flag: str) -> None:
    assert screener.screen("ja, desværre", flag).flags == (flag,)


def test_no_is_clear_and_unsure_asks(screener: Screener) -> None:
    assert screener.screen_answer("trauma", "no").outcome is Outcome.CLEAR
    assert screener.screen_answer("trauma", "unsure").outcome is Outcome.ASK


def test_a_no_does_not_hide_another_alarm_sign_in_the_same_message(screener: Screener) -> None:
    assert "cauda_equina" in screener.screen("nej, men jeg er følelsesløs i skridtet", "trauma").flags


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("jeg kan ikke tisse og er følelsesløs i skridtet", "cauda_equina"),
        ("Jeg kan slet ikke lade vandet", "cauda_equina"),
        ("i can't pee and i'm numb", "cauda_equina"),
        ("jeg kan ikke loefte foden", "motor_loss"),
        ("min mand kan ikke tisse", "cauda_equina"),
        ("jeg vil ikke leve mere, jeg vil bare dø", "self_harm"),
    ],
)
def test_core_wordings_alarm_without_a_model(screener: Screener, text: str, flag: str) -> None:
    assert flag in screener.screen(text).flags


@pytest.mark.parametrize(
    "text",
    [
        "jeg har ikke feber",
        "jeg kan ikke lade være med at google",
        "kan feber give rygsmerter?",
        "jeg var ved at tisse i bukserne af grin",
        "ondt i ryggen",
    ],
)
def test_denials_questions_and_figures_of_speech_do_not_alarm(screener: Screener, text: str) -> None:
    assert screener.screen(text).outcome is Outcome.CLEAR


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "🤕" * 50, "a" * 1_000_000, "\u202e\u200b", "1" * 400])
def test_no_input_breaks_it(screener: Screener, text: str) -> None:
    assert screener.screen(text, "infection").outcome is Outcome.CLEAR


def test_a_screening_survives_json_without_the_patients_words(screener: Screener) -> None:
    found = screener.screen("jeg kan ikke tisse")
    kept = Screening.from_dict(found.to_dict())
    assert (kept.flags, kept.outcome) == (found.flags, found.outcome)
    assert all(not finding["evidence"] for finding in found.to_dict()["findings"])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("ja", "yes"),
        ("Nej tak", "no"),
        ("ved ikke", "unsure"),
        ("yes", "yes"),
        ("not really", "no"),
        ("hvad?", None),
        ("det har jeg", "yes"),
        ("det har jeg ikke", "no"),
        ("det gør jeg da ikke", "no"),
        ("i do not", "no"),
        ("det har jeg, jeg kan ikke sove", "yes"),
        ("ja, men ikke så tit", "yes"),
        ("nå ja, det er rigtigt", "yes"),
        ("nå", None),
        ("naa nej", "no"),
        ("næ", "no"),
        ("i have not", "no"),
        ("i have", "yes"),
    ],
)
def test_short_answers_are_understood(text: str, answer: str | None) -> None:
    assert interpret(text) == answer
