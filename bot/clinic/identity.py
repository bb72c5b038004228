"""Whether somebody has written who a patient is, where only a clinic, a phone number or a label belongs.

A function of the text, for fields that are at most some dozens of characters long. It would rather refuse a harmless
text, which is easily put another way, than keep a name. The names themselves: content/given_names.yml.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from functools import lru_cache

import yaml

from bot.clock import now
from bot.content.store import CONTENT

CPR, EMAIL, NAME = KINDS = ("cpr", "email", "name")
DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
# 010203-1234, 0102031234, 01.02.03 1234, 01-02-1903/1234, 1.2.03-1234; a number after + is a phone's.
GAP = r"[\s.,:/_-]{0,2}"
YEAR = r"((?:18|19|20)\d\d|\d\d)"
CPR_NUMBER = re.compile(rf"(?<![\d+])(\d\d){GAP}(\d\d){GAP}{YEAR}\W{{0,3}}\d\d[\s-]?\d\d(?!\d)")
CPR_SHORT_DAY = re.compile(rf"(?<![\d+])(\d\d?)[./-](\d\d?)[./-]{YEAR}\W{{1,3}}\d{{4}}(?!\d)")
DIGIT_BY_DIGIT = re.compile(r"(?<!\d)(\d)[\s.-](?=\d(?!\d))")
EMAIL_ADDRESS = re.compile(r"[^\s@]\s?@\s?[^\s@]")
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
BESIDE = re.compile(r"[\s.,;:/&-]{1,3}")
DATE = re.compile(rf"(?<!\d)(\d\d?){GAP}(\d\d?){GAP}{YEAR}(?!\d)")
INITIALS = re.compile(r"(?<!\w)(?:[^\W\d_a-zæøå]\.?\s?){2,3}(?!\w)")
INITIAL_AND_NAME = re.compile(r"(?<!\w)[^\W\d_a-zæøå]\.\s?([^\W\d_a-zæøå][a-zæøåéüö]{2,})")
YOUNGEST = 10  # years; a date nearer than that is an appointment's


def looks_like_identity(text: str, *, clinic: bool = False) -> str | None:
    """The kind of identity a text seems to hold, of KINDS, or None.

    With `clinic` it is a clinic's name, which may hold a person's when it says that it is a clinic.
    """
    text = DASHES.sub("-", unicodedata.normalize("NFKC", text))
    if _cpr(text) or _cpr(DIGIT_BY_DIGIT.sub(r"\1", text)):
        return CPR
    if EMAIL_ADDRESS.search(text):
        return EMAIL
    if _born(text) or _titled(text):
        return NAME
    if _named(text) and not (clinic and _says_clinic(text)):
        return NAME
    return None


@lru_cache
def _data() -> dict[str, frozenset[str]]:
    """content/given_names.yml, in small letters; lists of lists made flat."""
    raw = yaml.safe_load((CONTENT / "given_names.yml").read_text(encoding="utf-8"))

    def flat(value: str | list[str]) -> list[str]:
        return [value] if isinstance(value, str) else value

    return {
        name: frozenset(word.casefold() for entry in entries for word in flat(entry)) for name, entries in raw.items()
    }


def _cpr(text: str) -> bool:
    found = [*CPR_NUMBER.finditer(text), *CPR_SHORT_DAY.finditer(text)]
    return any(_is_date(*match.groups()) and not _this_year(match[3]) for match in found)


def _is_date(day: str, month: str, year: str) -> bool:
    """Whether there is such a day; replacement CPR numbers have 60 added to theirs."""
    number = int(day) - 60 if int(day) > 60 else int(day)
    leap = int(year) if len(year) == 4 else 2000
    return 1 <= int(month) <= 12 and 1 <= number <= monthrange(leap, int(month))[1]


def _this_year(year: str) -> bool:
    """A whole year that nobody we speak with is born in: a date with a time after it."""
    return len(year) == 4 and int(year) >= now().year


def _birth_date(match: re.Match[str]) -> bool:
    year, today = match[3], now().year
    if len(year) == 4:
        return _is_date(*match.groups()) and int(year) <= today - YOUNGEST
    near = {str(each)[2:] for each in range(today - YOUNGEST, today + 3)}
    return _is_date(*match.groups()) and year not in near


def _born(text: str) -> bool:
    """A date of birth beside initials, a given name, or a word that says what it is."""
    for date in filter(_birth_date, DATE.finditer(text)):
        before, after = text[: date.start()].rstrip(" ,.;:/-("), text[date.end() :].lstrip(" ,.;:/-)")
        words = [*WORD.findall(before)[-1:], *WORD.findall(after)[:1]]
        if {word.casefold() for word in words} & (_data()["given"] | _data()["born"]):
            return True
        ends = [match.end() for match in INITIALS.finditer(before)]
        begins = INITIALS.match(after)
        if begins or (ends and ends[-1] == len(before)):
            return True
    return False


def _pairs(text: str) -> list[tuple[str, str]]:
    """Words that stand beside each other, the last one beside nothing."""
    words = list(WORD.finditer(text))
    pairs = []
    for one, other in zip(words, words[1:], strict=False):
        beside = BESIDE.fullmatch(text, one.end(), other.start())
        pairs.append((one[0], other[0] if beside else ""))
    return pairs + [(word[0], "") for word in words[-1:]]


def _titled(text: str) -> bool:
    """ "fru Olsen", "pt. J.H."; but MR and MS in capitals are no titles."""
    titles, harmless = _data()["titles"], _data()["not_names"]
    for title in WORD.finditer(text):
        if title[0].casefold() not in titles or (len(title[0]) == 2 and title[0].isupper()):
            continue
        gap = BESIDE.match(text, title.end())
        named = WORD.match(text, gap.end()) if gap else None
        if not gap or not named or not named[0][0].isupper() or named[0].casefold() in harmless:
            continue
        if len(named[0]) > 1 or INITIALS.match(text, gap.end()):
            return True
    return False


def _named(text: str) -> bool:
    """A given name beside a capitalised word, a surname that is nothing else, or an initial before a name."""
    data = _data()
    pairs = _pairs(text)
    if any(one.casefold() in data["surnames"] for one, _ in pairs):
        return True
    if any(match[1].casefold() not in data["not_names"] for match in INITIAL_AND_NAME.finditer(text)):
        return True
    for before, (one, other) in zip([("", ""), *pairs], pairs, strict=False):
        left = before[0] if before[1] == one else ""
        if _is_given(one, left) and any(map(_capitalised, (left, other))):
            return True
    return False


def _is_given(word: str, left: str) -> bool:
    """Whether the word is a given name, and no saint's."""
    return word[:1].isupper() and word.casefold() in _data()["given"] and left.casefold() not in _data()["saints"]


def _capitalised(word: str) -> bool:
    return word[:1].isupper() and word.casefold() not in _data()["not_names"]


def _says_clinic(text: str) -> bool:
    small = text.casefold()
    return any(word in small for word in _data()["clinic_words"])
