"""Every text of the assistant, file by file: faultless, plain, and safe to read at three in the morning."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from bot.content.check import check
from bot.content.safety_rules import doses, long_sentences, numbers, other_marks
from bot.content.store import CONTENT, LANGUAGES, ContentStore, load
from bot.content.texts import Text

FILES = sorted(path for path in CONTENT.rglob("*") if path.suffix in {".md", ".yml"})
LEVELS = {
    "cauda_equina": "emergency",
    "motor_loss": "emergency",
    "vascular": "emergency",
    "major_trauma": "emergency",
    "other_emergency": "emergency",
    "self_harm": "emergency",
    "infection": "urgent",
    "spinal_puncture": "urgent",
    "trauma": "urgent",
    "cancer_history": "soon",
    "weight_loss": "soon",
    "night_pain": "soon",
    "inflammatory": "soon",
    "osteoporosis_steroids": "soon",
}
HEADLINES = {
    ("emergency", "da"): "**Ring 112 nu**",
    ("urgent", "da"): "**Tal med en læge i dag**",
    ("soon", "da"): "**Book tid hos din læge**",
    ("emergency", "en"): "**Call 112 now**",
    ("urgent", "en"): "**Speak to a doctor today**",
    ("soon", "en"): "**Book a time with your GP**",
}
CARDS = [(flag, "") for flag in LEVELS] + [(flag, "/relative") for flag, level in LEVELS.items() if level != "soon"]
ANSWERS = ["yes", "no", "unsure", "back", "menu"]
CORE = ["pain_not_damage", "stay_active", "imaging", "red_flags_info"]


@cache
def store() -> ContentStore:
    return load()


def of(pattern: str) -> list[Text]:
    """The texts, in every language, whose key matches the whole pattern."""
    return [text for (key, _), text in sorted(store().texts.items()) if re.fullmatch(pattern, key)]


def name(text: Text) -> str:
    return f"{text.language}/{text.key}"


@cache
def faults() -> dict[Path, list[str]]:
    found: dict[Path, list[str]] = {}
    for fault in check():
        found.setdefault(fault.path, []).append(str(fault))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CONTENT).as_posix())
def test_file_has_no_fault(path: Path) -> None:
    assert faults().get(path, []) == []


def test_no_file_is_missing() -> None:
    assert set(faults()) <= set(FILES)


@pytest.mark.parametrize("text", of(r".*"), ids=name)
def test_sentences_are_short(text: Text) -> None:
    assert long_sentences(text) == []


@pytest.mark.parametrize("text", of(r".*"), ids=name)
def test_text_gives_no_dose_and_no_number_but_112(text: Text) -> None:
    assert doses(text) == [] and numbers(text) == []


@pytest.mark.parametrize("text", of(r".*"), ids=name)
def test_text_uses_only_the_small_markdown(text: Text) -> None:
    assert other_marks(text) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("flag", LEVELS)
def test_flag_has_a_question_and_another_way_to_ask_it(flag: str, language: str) -> None:
    question = store().get(f"screening/{flag}", language)
    explained = store().get(f"screening/{flag}/explain", language)
    assert [choice.name for choice in question.choices] == ANSWERS
    assert [choice.name for choice in explained.choices] == ANSWERS
    assert len(question.bubbles) == 1
    assert "?" in question.bubbles[0]
    assert len(explained.bubbles) <= 2
    assert question.bubbles[0] not in explained.bubbles


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("flag", "whose"), CARDS)
def test_card_begins_with_its_level_and_says_what_to_say(flag: str, whose: str, language: str) -> None:
    card = store().get(f"care/{flag}{whose}", language)
    assert len(card.bubbles) == 1
    assert not card.choices
    assert card.bubbles[0].startswith(HEADLINES[LEVELS[flag], language] + "\n\n")
    assert re.search("Sig: »[^»«]+«" if language == "da" else 'Say: "[^"]+"', card.bubbles[0])
    assert re.search("Vent ikke" if language == "da" else "Do not wait", card.bubbles[0])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("flag", [flag for flag, level in LEVELS.items() if level == "soon"])
def test_card_that_can_wait_is_calm(flag: str, language: str) -> None:
    body = store().get(f"care/{flag}", language).bubbles[0]
    assert ("fejler ikke noget alvorligt" if language == "da" else "nothing serious") in body
    assert "112" not in body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", CORE)
def test_topic_is_taught_and_taught_back(topic: str, language: str) -> None:
    asked = store().get(f"topic/{topic}/check", language)
    own = [choice for choice in asked.choices if choice.leads_to]
    assert [choice.name for choice in own] == ["option_1", "option_2", "option_3"]
    leads_to = {f"topic/{topic}/{end}" for end in ("right", "wrong_1", "wrong_2")}
    assert {choice.leads_to for choice in own} == leads_to
    answers = [store().get(key, language) for key in leads_to]
    assert len({answer.bubbles for answer in answers}) == 3
    assert 2 <= len(store().get(f"topic/{topic}", language).bubbles) <= 4


def test_right_answer_is_not_always_in_the_same_place() -> None:
    places = {
        next(choice.name for choice in text.choices if choice.leads_to and choice.leads_to.endswith("/right"))
        for text in of(r"topic/\w+/check")
    }
    assert len(places) == 3


@pytest.mark.parametrize("text", of(r"system/(holding|trouble|expired)"), ids=name)
def test_delay_never_hides_the_alarm_signs(text: Text) -> None:
    body = " ".join(text.bubbles)
    assert "112" in body
    signs = ["tisse", "skridt", "ben", "brystet"] if text.language == "da" else ["pee", "numb", "leg", "chest"]
    assert all(sign in body for sign in signs)


@pytest.mark.parametrize("text", of(r"welcome/intro|control/bot_challenge|control/human"), ids=name)
def test_it_says_that_it_is_a_machine(text: Text) -> None:
    assert ("computerprogram" if text.language == "da" else "computer program") in " ".join(text.bubbles)


@pytest.mark.parametrize("text", of(r"welcome/intro|control/privacy"), ids=name)
def test_privacy_says_who_and_how_long(text: Text) -> None:
    body = " ".join(text.bubbles)
    assert {"{operator}", "{retention_days}"} <= set(re.findall(r"\{\w+\}", body))
    assert "CPR" in body
