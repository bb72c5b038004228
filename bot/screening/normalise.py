"""Makes spellings meet: case, æøå and their substitutes, doubled letters, invisible characters."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 4000
FOLD = str.maketrans({"æ": "a", "ø": "o", "å": "a", "ö": "o", "ä": "a", "’": "'", "`": "'"})


def normalise(text: str) -> str:
    """The text as rules and model see it; never raises."""
    text = unicodedata.normalize("NFKC", text[:MOST_CHARACTERS])
    text = "".join(" " if c in "\n\t\r" else c for c in text if c in "\n\t\r" or unicodedata.category(c)[0] != "C")
    text = text.casefold().translate(FOLD)
    text = text.replace("ae", "a").replace("oe", "o").replace("aa", "a")
    return re.sub(r"([a-z])\1+", r"\1", text)
