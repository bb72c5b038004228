"""What a patient writes to one of the path's three short questions. Data: nlu_data/answers.yml."""

from __future__ import annotations

import re
from functools import lru_cache

import yaml

from bot.screening.answers import interpret
from bot.screening.examples import DATA
from bot.screening.normalise import normalise

PREFIX = "journey/ask/"
MOST_WORDS = 15  # a longer text is a story or a question of its own


@lru_cache
def _patterns() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    raw = yaml.safe_load((DATA / "answers.yml").read_text(encoding="utf-8"))
    return {
        question: [(answer, re.compile("|".join(map(normalise, patterns)))) for answer, patterns in answers.items()]
        for question, answers in raw.items()
    }


def journey_answer(open_question: str, text: str) -> dict[str, str] | None:
    """{question: answer} when the text answers the open question of the path; None for anything else."""
    question = open_question.removeprefix(PREFIX)
    if not open_question.startswith(PREFIX) or "?" in text or len(text.split()) > MOST_WORDS:
        return None
    if question == "leg" and (plain := interpret(text)) in ("yes", "no"):
        return {question: str(plain)}
    clean = normalise(text)
    answers = _patterns().get(question, [])
    return next(({question: answer} for answer, pattern in answers if pattern.search(clean)), None)
