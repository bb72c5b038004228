"""Makes spellings meet: case, æøå and their substitutes, doubled letters, invisible characters."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 4000
# What looks like the slash of a Rasa command, and the invisible characters that could hide one.
COMMAND_MARKS = "/\uff0f\u2044\u2215\u29f8\u200b\u200c\u200d\u2060\ufeff "
FOLD = str.maketrans({"æ": "a", "ø": "o", "å": "a", "ö": "o", "ä": "a", "’": "'", "`": "'"})


def normalise(text: str) -> str:
    """The text as rules and model see it; never raises."""
    text = unicodedata.normalize("NFKC", text[:MOST_CHARACTERS])
    text = "".join(" " if c in "\n\t\r" else c for c in text if c in "\n\t\r" or unicodedata.category(c)[0] != "C")
    text = text.casefold().translate(FOLD)
    text = text.replace("ae", "a").replace("oe", "o").replace("aa", "a")
    return re.sub(r"([a-z])\1+", r"\1", text)


def without_command(text: str) -> str:
    """The text as words for Rasa, which would obey a leading slash; '-' for none."""
    return text.lstrip(COMMAND_MARKS) or "-"
