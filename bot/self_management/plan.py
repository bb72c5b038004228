"""A patient's plan: its parts, what makes a step clear and small enough, and how it reads.

Principles (activity that matters, small steps, balance, plan for bad days): sources/clinical-brief, pacing_goals and
flare_up (`forloeb` 7.1-7.3, `glad`). A plan is {part: the patient's words, or the name of an option}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.content.store import ContentStore
from bot.self_management.rules import rules

# In the order in which they are asked. The first nine can be changed one by one.
CHANGEABLE = ("activity", "now", "step", "days", "hindrance", "way_round", "balance", "tell", "helps")
ASKED = ("activity", "now", "step", "clearer", "days", "hindrance", "way_round", "balance", "tell", "helps",
         "confidence", "smaller")  # fmt: skip
SKIPPED = "skipped"
# An amount in a step: a number, a length of time, a count, a place to reach. Danish and English.
AMOUNT = re.compile(
    r"\d|\bto (?:\w+er|ture|gange|skridt)\b|"
    r"\b(?:tre|fire|fem|seks|syv|otte|ni|ti|femten|tyve|tredive|halv\w*|kvarter\w*|time[rn]?|minut\w*|min|"
    r"gang\w*|omgang\w*|runde\w*|til og fra|frem og tilbage|hen til|ned til|op til|en tur|"
    r"two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty|thirty|half|quarter|hours?|minutes?|mins?|once|"
    r"twice|times|rounds?|laps?|to the|as far as|a walk)\b",
    re.IGNORECASE,
)
SPACE = re.compile(r"\s+")


def is_clear(step: str) -> bool:
    """Whether the step says how much, how long or how far."""
    return bool(AMOUNT.search(step))


def too_long(words: str) -> bool:
    """Whether a part is longer than a plan can show."""
    return len(words) > int(rules()["plan"]["longest_part"])


def is_confident(confidence: str) -> bool:
    """Whether the patient is sure enough of the first step (0-10), or did not say."""
    return not confidence.isdigit() or int(confidence) >= int(rules()["plan"]["confident"])


def as_words(text: str) -> str:
    """A patient's words as they can stand in our text: one line, no Markdown of its own."""
    plain = "".join(char for char in SPACE.sub(" ", text) if char.isprintable())
    return plain.translate(str.maketrans("*[]`_<>", "·()'‗‹›")).strip()


def told(content: ContentStore, language: str, question: str, value: str) -> str:
    """The answer to a question (its content key) in words: the button's title, or what the patient wrote."""
    slot = question.split("/")[-1]
    titles = {choice.name: choice.title for choice in content.get(question, language).choices}
    return titles.get(f"{slot}_{value}") or as_words(value)


def lines(content: ContentStore, language: str, parts: Mapping[str, str]) -> list[tuple[str, str]]:
    """(name of the part, what stands there) of every part that has words."""
    titles = content.titles[language]
    return [
        (titles[f"change_{part}"], _shown(content, language, part, parts))
        for part in CHANGEABLE
        if parts.get(part) and parts[part] != SKIPPED
    ]


def _shown(content: ContentStore, language: str, part: str, parts: Mapping[str, str]) -> str:
    words = told(content, language, f"plan/ask/{part}", parts[part])
    smaller = parts.get("smaller") if part == "step" else None  # the step was made smaller with a button
    return f"{words} ({told(content, language, 'plan/ask/smaller', smaller)})" if smaller else words


def read_back(content: ContentStore, language: str, parts: Mapping[str, str]) -> str:
    """The plan as a Markdown list."""
    return "\n".join(f"- **{name}:** {words}" for name, words in lines(content, language, parts))
