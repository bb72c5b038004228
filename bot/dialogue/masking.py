"""What is never kept: CPR numbers of anything; of a question nobody answered, all but words that many people use.

A number or an address is none of them, nor is a name or a town unless it is an everyday word too (Hans, Bent), so
none needs a rule of its own to stay out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection

from bot.screening.normalise import normalise

Mask = Callable[[str], str]
HIDDEN = "…"
MOST = 200  # characters kept
WORD = re.compile(r"[^\W\d_]+|\d+|[?!.,]")


# A Danish CPR number: day (61 to 91 in a replacement number), month, year, four more; however it is grouped.
CPR = re.compile(
    r"(?<!\d)(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])[ .]?(?:0[1-9]|1[0-2])[ .]?\d\d\s?[-–—]?\s?\d{4}(?!\d)"
)


def without_cpr(text: str) -> str:
    """The text with every CPR number hidden; done before anything is stored or sent on."""
    plain = "".join(str(unicodedata.digit(char, char)) for char in text)  # digits of other scripts and widths too
    for found in reversed(list(CPR.finditer(plain))):
        text = text[: found.start()] + HIDDEN + text[found.end() :]
    return text


def mask(text: str, common: Collection[str]) -> str:
    """The text with everything hidden but the words of `common` (normalised) and plain punctuation; '' for none."""
    words = [word if word in "?!.," or normalise(word) in common else HIDDEN for word in WORD.findall(text)]
    if not any(word.isalpha() for word in words):
        return ""
    short = re.sub(rf"(?:{HIDDEN} )+{HIDDEN}", HIDDEN, " ".join(words))
    return re.sub(r" ([?!.,])", r"\1", short).casefold()[:MOST]
