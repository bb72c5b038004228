"""Rules for the words of one text, and for what a change of it must leave as it was. Data: content/safety_suite.yml.

A rule gives what it finds, as short as a reviewer can take in at a glance: a word, a number, "2 → 1". Nothing found
means that the rule is kept. Which rules a changed safety text is held to: bot/editorial/suite.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import yaml

from bot.content.file_faults import PLACEHOLDERS, placeholders
from bot.content.readability import sentences, words
from bot.content.store import CONTENT, fill
from bot.content.texts import Text

LONGEST_SENTENCE = 20  # words, in what a frightened person reads
LONGEST_IN_TOPIC = 25
ALLOWED_NUMBERS = frozenset({"112", "100"})  # phone numbers live in contacts.yml; "1 in 100" is no phone number
DOSE = re.compile(r"\d+\s?(?:mg|milligram|gram|ml|g|tabletter|tablets|piller|pills)\b", re.IGNORECASE)
NUMBER = re.compile(r"\d[\d ]*\d\d")
# As people write them: 1813, 70 11 31 31, 1-1-2; hours such as 8-16 are none.
PHONE = re.compile(r"(?<!\d)(?:\+\d{2}[ .-]?)?(?:\d{2}(?:[ .-]?\d{2}){3}|\d(?:[ .-]\d){2,}|\d{3,})(?!\d)")
LINK = re.compile(
    r"https?://[^\s)]+|\]\([^)]*\)|[\w.+-]+@[\w-]+(?:\.\w+)+|\b[\w-]+\.(?:dk|com|org|net|eu|info|io)\b", re.IGNORECASE
)
BOLD = "**"
OTHER_MARKS = re.compile(r"[*_`#<>]|^\d+\. ", re.MULTILINE)
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
FIGURE = re.compile(r"\d+")
ITEM = re.compile(r"^-(?= )|\?", re.MULTILINE)

Change = Callable[[Text, Text], list[str]]


@lru_cache
def data() -> dict[str, Any]:
    """content/safety_suite.yml"""
    return dict(yaml.safe_load((CONTENT / "safety_suite.yml").read_text(encoding="utf-8")))


def phrasings(text: Text) -> list[str]:
    """The words of each phrasing, its bubbles one below the other."""
    return ["\n\n".join(bubbles) for bubbles in text.phrasings]


def everything(text: Text) -> str:
    """The words of all phrasings."""
    return "\n\n".join(phrasings(text))


# ---------------------------------------------------------------- of one text


def long_sentences(text: Text) -> list[str]:
    """Sentences that are too long, in words."""
    most = LONGEST_IN_TOPIC if text.key.startswith("topic/") else LONGEST_SENTENCE
    found = (each for bubbles in text.phrasings for bubble in bubbles for each in sentences(bubble))
    return [each for each in found if len(words(each)) > most]


def doses(text: Text) -> list[str]:
    """Doses of a medicine."""
    return DOSE.findall(everything(text))


def numbers(text: Text) -> list[str]:
    """Numbers long enough to be called, other than those a text may name."""
    return sorted(set(NUMBER.findall(everything(text))) - ALLOWED_NUMBERS)


def other_marks(text: Text) -> list[str]:
    """Markdown that the channels do not know, or a bold that does not end."""
    body = fill(everything(text), dict.fromkeys(PLACEHOLDERS, ""))
    odd = [BOLD for line in body.split("\n") if line.count(BOLD) % 2]
    return odd + [found.strip() for found in OTHER_MARKS.findall(body.replace(BOLD, ""))]


def strange_letters(text: Text) -> list[str]:
    """Letters and digits of other scripts, which may look like ours and are not."""
    return sorted({letter for letter in everything(text) + _titles(text) if _strange(letter)})


def _titles(text: Text) -> str:
    return "".join(choice.title for choice in text.choices)


def _strange(letter: str) -> bool:
    if letter.isalpha():
        return not unicodedata.name(letter, "").startswith("LATIN")
    return letter.isdecimal() and not letter.isascii()


def begins_otherwise(text: Text, level: str) -> list[str]:
    """How a card of this level must begin, when a phrasing does not."""
    begins = data()["levels"][level]["begins"][text.language]
    return [begins] if any(not each.startswith(f"{begins}\n\n") for each in phrasings(text)) else []


def unsaid(text: Text, patterns: Iterable[str]) -> list[str]:
    """Patterns that some phrasing does not hold."""
    return [each for each in patterns if not all(re.search(each, one, re.IGNORECASE) for one in phrasings(text))]


def must_say(text: Text, level: str | None = None) -> list[str]:
    """What this text must always say and does not, and after a minus what a card of its level must not say."""
    own = [each[text.language] for each in data()["must_say"] if re.fullmatch(each["keys"], text.key)]
    of_level = data()["levels"][level] if level else {}
    own.append(of_level.get("must_say", {}).get(text.language, []))
    banned = of_level.get("must_not_say", {}).get(text.language, [])
    return unsaid(text, [one for each in own for one in each]) + [
        f"− {each}" for each in banned if re.search(each, everything(text), re.IGNORECASE)
    ]


def too_many_bubbles(text: Text) -> list[str]:
    """How many bubbles a phrasing has and may have at most."""
    most = min((each["most"] for each in data()["bubbles"] if re.fullmatch(each["keys"], text.key)), default=None)
    counts = {len(bubbles) for bubbles in text.phrasings}
    return [f"{count} > {most}" for count in sorted(counts) if most is not None and count > most]


def no_question(text: Text) -> list[str]:
    """Phrasings whose last bubble asks nothing, by number; and an answer whose button is gone."""
    asked = [bubbles[-1] for bubbles in text.phrasings]
    names = [choice.name for choice in text.choices]
    silent = [str(number) for number, last in enumerate(asked, 1) if "?" not in last]
    return silent + [name for name in ("yes", "no", "unsure") if name not in names]


# ---------------------------------------------------------------- of a change


def phones(before: Text, after: Text) -> list[str]:
    """Telephone numbers that came or went, in the text as a whole or from one of its phrasings."""
    had, has = [[_phones(each) for each in phrasings(text)] for text in (before, after)]
    found = _came_and_went(set().union(*had), set().union(*has))
    everywhere = sorted(set.intersection(*had) & set().union(*has))
    counts = {each: sum(each in one for one in has) for each in everywhere}
    return found + [f"{each}: {count}/{len(has)}" for each, count in counts.items() if count < len(has)]


def _phones(words: str) -> set[str]:
    plain = unicodedata.normalize("NFKC", words)
    return {re.sub(r"[ .-]", "", found) for found in PHONE.findall(plain)}


def _came_and_went(had: set[str], has: set[str]) -> list[str]:
    return [*(f"− {each}" for each in sorted(had - has)), *(f"+ {each}" for each in sorted(has - had))]


def links(before: Text, after: Text) -> list[str]:
    """Addresses that came or went."""
    return _came_and_went(*({each.lower() for each in LINK.findall(everything(text))} for text in (before, after)))


def values(before: Text, after: Text) -> list[str]:
    """Placeholders that came or went: the program fills in those it knows of, no others."""
    return _came_and_went(*({f"{{{each}}}" for each in placeholders(everything(text))} for text in (before, after)))


def buttons(before: Text, after: Text) -> list[str]:
    """Buttons that came, went, changed places or lead elsewhere."""
    had, has = ([f"{one.name} → {one.leads_to or one.name}" for one in text.choices] for text in (before, after))
    changed = _came_and_went(set(had), set(has))
    return changed or ([] if had == has else has)


def counted(kind: str) -> Change:
    """A rule that tells how often words of this kind (a list in the data) stand in a phrasing, when that changed."""
    return lambda before, after: _by_phrasing(before, after, lambda one: _count(one, data()[kind][after.language]))


def _by_phrasing(before: Text, after: Text, count: Callable[[str], Counter[str]]) -> list[str]:
    pairs = list(zip(phrasings(before), phrasings(after), strict=False))
    return [
        f"{f'{place}: ' if len(pairs) > 1 else ''}{difference}"
        for place, (one, other) in enumerate(pairs, 1)
        for difference in _differences(count(one), count(other))
    ]


def _count(phrasing: str, known: list[str]) -> Counter[str]:
    plain = phrasing.casefold().replace("’", "'")
    single = Counter(WORD.findall(plain))
    several = {each: len(re.findall(rf"\b{re.escape(each)}\b", plain)) for each in known if " " in each}
    ends = {each: sum(n for word, n in single.items() if word.endswith(each[1:])) for each in known if each[0] == "*"}
    return Counter({each: single[each] for each in known if " " not in each}) + Counter(several) + Counter(ends)


def figures(before: Text, after: Text) -> list[str]:
    """Figures and words of time whose number changed."""
    times = data()["times"][after.language]
    return _by_phrasing(before, after, lambda one: Counter(FIGURE.findall(one)) + _count(one, times))


def _differences(had: Counter[str], has: Counter[str]) -> Iterator[str]:
    for each in sorted(set(had) | set(has)):
        if had[each] != has[each]:
            yield f"{each} {had[each]} → {has[each]}"


def items(before: Text, after: Text) -> list[str]:
    """How many points of lists and how many questions a phrasing has, when that changed: a sign may be left out."""
    return _by_phrasing(before, after, lambda one: Counter(ITEM.findall(one)))


def other_shape(before: Text, after: Text) -> list[str]:
    """How many phrasings of how many bubbles there were and are, when that changed."""
    had, has = (" + ".join(str(len(bubbles)) for bubbles in text.phrasings) for text in (before, after))
    return [] if had == has else [f"{had} → {has}"]
