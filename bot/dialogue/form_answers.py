"""What a patient writes to a question of a form. Data: bot/dialogue/questions.yml and nlu_data/answers.yml.

A question is named by its content key, as `plan/ask/days`; its answer is the name of an option, a number, an hour,
or the patient's own words.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from bot.screening.answers import interpret
from bot.screening.examples import DATA
from bot.screening.normalise import normalise

SHORT = 3  # words; what is longer says more than a button
MOST_WORDS = 15  # a longer text is a story or a question of its own
ASK = "/ask/"
NUMBERS = {
    name: value
    for value, names in enumerate(
        ("nul zero", "en et one", "to two", "tre three", "fire four", "fem five", "seks six", "syv seven",
         "otte eight", "ni nine", "ti ten")
    )
    for name in names.split()
}  # fmt: skip
UNCLEAR = {"en", "et", "to", "one"}  # are other words as well; numbers only where no other number is
OUT_OF_TEN = re.compile(
    r"/ ?10\b|\b(?:ud )?af (?:10|ti)\b|\bout of (?:10|ten)\b|"
    r"\b(?:fra|from) (?:0|nul|zero) (?:til|to) (?:10|ti|ten)\b|\b0 ?- ?10\b"
)
NUMBER = re.compile(r"(?<![\w.,])(?<!(?<!\d)-)\d+(?:[.,]\d+)?(?!\d)")
BETWEEN = re.compile(r"\s*(?:-|–|til|to|eller|or|og|and)\s*")
WORD = re.compile(r"\w+")
HALF = re.compile(r"\bhalv (\w+)")  # half an hour before, in Danish
MORNING = re.compile(r"\b(?:morgen\w*|nat\w*|morning|night|am|a\.m)\b")
FIRST, NOON = 8, 12
HOUR = re.compile(r"(?<!\d)(\d{1,2})(?:[.:]\d\d)?(?!\d)")
EVENING = re.compile(r"\b(?:aften\w*|eftermiddag\w*|evening|afternoon|pm|p\.m)\b")


@lru_cache
def kinds() -> dict[str, list[str]]:
    """bot/dialogue/questions.yml"""
    return dict(yaml.safe_load((Path(__file__).parent / "questions.yml").read_text(encoding="utf-8")))


@lru_cache
def _patterns() -> dict[str, dict[str, re.Pattern[str]]]:
    raw = yaml.safe_load((DATA / "answers.yml").read_text(encoding="utf-8"))
    macros = raw.pop("macros")

    def expanded(pattern: str) -> str:
        for name, stands_for in macros.items():
            pattern = pattern.replace(f"{{{name}}}", stands_for)
        return normalise(pattern)

    return {
        question: {answer: re.compile("|".join(map(expanded, patterns))) for answer, patterns in answers.items()}
        for question, answers in raw.items()
    }


def set_aside(open_question: str, text: str) -> str | None:
    """'leave' or 'skip' when the text wants out of the form, or past its open question; None for anything else."""
    if not expected(open_question) or "?" in text or len(text.split()) > MOST_WORDS:
        return None
    clean = normalise(text)
    return next((wish for wish, pattern in _patterns()["anything"].items() if pattern.search(clean)), None)


def expected(open_question: str | None) -> list[str]:
    """How the open question's answer is read; [] for a question that is not a form's."""
    form, _, slot = (open_question or "").partition(ASK)
    return kinds().get(f"{form}/{slot}", [])


def form_answer(open_question: str, text: str) -> str | None:
    """The option, number or hour with which the text answers the open question; None for anything else."""
    form, _, slot = open_question.partition(ASK)
    for kind in expected(open_question):
        wanted = kind == "options" or (kind == "short" and len(text.split()) <= SHORT)
        if wanted and (answer := _option(f"{form}/{slot}", text)):
            return answer
        if kind == "scale" and (number := number_in(text)) is not None:
            return str(number)
        if kind == "hour" and (hour := hour_in(text)) is not None:
            return str(hour)
    return None


def _option(question: str, text: str) -> str | None:
    if "?" in text or len(text.split()) > MOST_WORDS:
        return None
    answers = _patterns().get(question, {})
    if (plain := interpret(text)) in answers:
        return str(plain)
    clean = normalise(text)
    return next((answer for answer, pattern in answers.items() if pattern.search(clean)), None)


def number_in(text: str) -> int | None:
    """The number from 0 to 10 that a short text names, as in "omkring fem", "5-6" or "a 7 out of 10"."""
    if "?" in text or len(text.split()) > MOST_WORDS:
        return None
    plain = OUT_OF_TEN.sub(" ", text.casefold()) if not OUT_OF_TEN.fullmatch(text.strip()) else text
    found = [(float(match[0].replace(",", ".")), match.span()) for match in NUMBER.finditer(plain)]
    if not found:
        words = [match for match in WORD.finditer(plain) if match[0] in NUMBERS]
        sure = [match for match in words if match[0] not in UNCLEAR] or words
        found = [(float(NUMBERS[match[0]]), match.span()) for match in sure]
    if not found or len(found) > 2 or any(value > 10 for value, _ in found):
        return None
    if len(found) == 2 and not BETWEEN.fullmatch(plain[found[0][1][1] : found[1][1][0]]):
        return None
    return int(sum(value for value, _ in found) / len(found) + 0.5)


def hour_in(text: str) -> int | None:
    """The hour of the day (0 to 23) that a short text names, as in "kl. 19", "7 pm" or "halv otte"."""
    plain = text.casefold()
    if "?" in text or len(text.split()) > MOST_WORDS:
        return None
    found = [int(match[1]) for match in HOUR.finditer(plain)]
    found = found or [NUMBERS[word] for word in WORD.findall(plain) if word in NUMBERS and word not in UNCLEAR]
    if len(found) != 1 or found[0] > 23:
        return None
    hour = found[0] - 1 if HALF.search(plain) else found[0]
    # Nobody means five in the morning who does not say so; hours at night cannot be chosen anyway.
    afternoon = EVENING.search(plain) or (0 < hour < FIRST and not MORNING.search(plain))
    return hour + NOON if hour < NOON and afternoon else hour
