"""What is kept of a question nobody answered: only words that many people use.

A number or an address is none of them, nor is a name or a town unless it is an everyday word too (Hans, Bent), so
none needs a rule of its own to stay out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from bot.screening.normalise import normalise

Mask = Callable[[str], str]
HIDDEN = "…"
MOST = 200  # characters kept
WORD = re.compile(r"[^\W\d_]+|\d+|[?!.,]")


def mask(text: str, common: Collection[str]) -> str:
    """The text with everything hidden but the words of `common` (normalised) and plain punctuation; '' for none."""
    words = [word if word in "?!.," or normalise(word) in common else HIDDEN for word in WORD.findall(text)]
    if not any(word.isalpha() for word in words):
        return ""
    short = re.sub(rf"(?:{HIDDEN} )+{HIDDEN}", HIDDEN, " ".join(words))
    return re.sub(r" ([?!.,])", r"\1", short).casefold()[:MOST]
