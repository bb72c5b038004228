"""What patients write to a question of a form: numbers, hours, options, and words as they stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.form_answers import expected, form_answer, hour_in, kinds, number_in, set_aside
from tests.test_wiring import STORE


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5), ("omkring fem", 5), ("en 7'er", 7), ("7/10", 7), ("7 ud af 10", 7), ("a 7 out of ten", 7),
        ("5-6", 6),
        ("mellem 6 og 8", 7), ("fem til seks", 6), ("4 eller 5", 5), ("5,5", 6), ("6.4", 6), ("nul", 0), ("0", 0),
        ("10", 10), ("ti", 10), ("zero", 0), ("about three", 3), ("en", 1), ("to", 2), ("vel en fire stykker", 4),
        ("på en skala fra 0 til 10 er det 8", 8), ("otte!!", 8), ("SYV", 7), ("det er nok en 3'er i dag", 3),
        ("11", None), ("100", None), ("-3", None), ("", None), ("🤷", None), ("det ved jeg ikke", None),
        ("hvad betyder 5?", None), ("i dag 7, i går 3", None), ("1 2 3", None), ("30. maj", None), ("ondt", None),
        ("a lot", None), ("7 " * 40, None), ("2026", None), ("kl. 12:30", None),
    ],
)  # fmt: skip
def test_a_number_from_0_to_10(text: str, number: int | None) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("kl. 17", 17), ("17:30", 17), ("klokken otte", 8), ("7 pm", 19), ("8 om aftenen", 20), ("20", 20),
        ("halv ni", 8), ("klokken fem", 17), ("5 om morgenen", 5), ("7", 19), ("half past nine", 9),
        ("9.00", 9),
        ("at 5 in the afternoon", 17), ("kl 3 om natten", 3), ("12", 12), ("25", None), ("mellem 8 og 10", None),
        ("når som helst", None), ("", None), ("hvornår?", None), ("99999999999", None),
    ],
)  # fmt: skip
def test_an_hour_of_the_day(text: str, hour: int | None) -> None:
    assert hour_in(text) == hour


@given(st.text(max_size=200))
def test_any_text_is_a_number_in_range_or_none(text: str) -> None:
    number, hour = number_in(text), hour_in(text)
    assert number is None or 0 <= number <= 10
    assert hour is None or 0 <= hour <= 23


def test_every_question_of_a_form_says_how_its_answer_is_read() -> None:
    asked = {key.replace("/ask/", "/") for key in STORE.keys() if "/ask/" in key and key != "journey/ask/why"}
    assert asked == set(kinds())
    assert {kind for found in kinds().values() for kind in found} == {
        "options",
        "short",
        "scale",
        "hour",
        "words",
        "questions",
    }


@pytest.mark.parametrize(
    "question", [None, "", "topic/work", "screening/infection", "worry/ask", "plan/ask/nonsense"]
)
def test_other_questions_expect_nothing(question: str | None) -> None:
    assert expected(question) == []
    assert form_answer(question or "", "fem") is None


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("check_in/ask/pain", "omkring fem", "5"), ("reminders/ask/hour", "kl. 19", "19"),
        ("work_help/ask/talked", "ja", "yes"), ("work_help/ask/talked", "nej", "no"),
        ("plan/ask/activity", "gå tur", None), ("check_in/ask/pain", "det gør ondt", None),
    ],
)  # fmt: skip
def test_the_question_decides_what_an_answer_is(question: str, text: str, answer: str | None) -> None:
    assert form_answer(question, text) == answer


ANSWERS = [json.loads(line) for line in (Path(__file__).parent / "answers.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("item", ANSWERS, ids=lambda item: f"{item['question']}: {item['text'][:40]}")
def test_an_option_is_understood_in_the_patients_own_words(item: dict[str, str]) -> None:
    shown = "short" in kinds()[item["question"]] and len(item["text"].split()) > 3
    wanted = None if shown else item["answer"]  # in a plan, longer words stand as the patient wrote them
    assert form_answer(item["question"].replace("/", "/ask/"), item["text"]) == wanted


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("stop", "leave"), ("afbryd", "leave"), ("cancel", "leave"), ("stop nu tak", "leave"), ("farvel", "leave"),
        ("jeg fortryder, jeg vil ikke lave en plan", "leave"), ("I changed my mind, no plan please", "leave"),
        ("I'd rather stop now", "leave"), ("goodbye", "leave"), ("næste", "skip"), ("ingen anelse", "skip"),
        ("det vil jeg helst ikke sige", "skip"), ("next", "skip"), ("nothing comes to mind", "skip"),
        ("I can't answer that", "skip"), ("ved det ikke rigtigt", "skip"), ("stoppe op og kigge på fuglene", None),
        ("bustop", None), ("gå til næste lygtepæl", None), ("jeg vil gerne kunne danse", None), ("", None),
        ("walk to the next bus stop", None), ("stop?", None),
    ],
)  # fmt: skip
def test_the_way_out_and_past_are_understood_at_any_question(text: str, wish: str | None) -> None:
    assert set_aside("plan/ask/activity", text) == wish
    assert set_aside("topic/work", text) is None
