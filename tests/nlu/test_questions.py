"""Two topics in one message: a choice instead of a guess, and an answer in parts; one topic stays one."""

from __future__ import annotations

from typing import Any

import pytest

from bot.nlu.questions import parts, two_plausible, two_questions

TOPICS = frozenset({"sleep", "work", "imaging"})


def ranking(**chances: float) -> list[dict[str, Any]]:
    return [{"name": name, "confidence": chance} for name, chance in chances.items()]


@pytest.mark.parametrize(
    ("found", "two"),
    [
        (ranking(sleep=0.4, work=0.35), ("sleep", "work")),
        (ranking(sleep=0.8, work=0.1), None),
        (ranking(sleep=0.45, work=0.1), None),
        (ranking(sleep=0.2, work=0.19), None),
        (ranking(sleep=0.4, greet=0.39), None),
        (ranking(sleep=1.0), None),
        ([], None),
    ],
)
def test_two_topics_are_plausible_only_when_neither_is_likely_alone(
    found: list[dict[str, Any]], two: tuple[str, str] | None
) -> None:
    assert two_plausible(found, TOPICS) == two


def rank(text: str) -> list[dict[str, Any]]:
    """Knows a topic by its word."""
    named = [topic for topic in sorted(TOPICS) if topic in text]
    return ranking(**{named[0]: 0.95}) if named else ranking(greet=0.9)


@pytest.mark.parametrize(
    ("text", "two"),
    [
        ("What about my sleep then? And what about my work?", ("sleep", "work")),
        ("how do I sleep better and what about imaging", ("sleep", "imaging")),
        ("hvordan bliver sleep bedre, og hvad med work så", ("sleep", "work")),
        ("What about sleep at night? Is sleep bad?", None),
        ("I lost my sleep over this. My work is fine.", None),
        ("sleep? work?", None),
        ("What is sleep like? What is work like? What of imaging now?", None),
        ("", None),
        ("?!?!", None),
        ("x" * 5000, None),
    ],
)
def test_two_questions_are_two_only_when_both_are_asked(text: str, two: tuple[str, str] | None) -> None:
    assert two_questions(text, rank, TOPICS) == two


def test_a_part_needs_words() -> None:
    assert parts("Hej! Hvordan sover jeg bedre? Tak.") == ["Hvordan sover jeg bedre"]
