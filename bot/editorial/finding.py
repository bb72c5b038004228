"""Finding a text by its key, its title or its words, in Danish and English, on any keyboard."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from bot.content.shared_words import is_shared
from bot.content.store import LANGUAGES, ContentStore
from bot.content.texts import Text

LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ß": "ss"})
LONGEST = 200  # letters of what is looked for
AROUND = 90  # letters shown on each side of the first place
MORE = "…"

Marked = list[tuple[str, bool]]  # words, and whether they are what was looked for


@dataclass(frozen=True)
class Hit:
    """A text that was found, with what was looked for marked: its key as `name`, its title in each language, and the
    place in the words of each language that holds all that was looked for (empty: it is in the title or the key)."""

    key: str
    name: Marked
    titles: dict[str, Marked]
    places: dict[str, Marked]


def fold(words: str) -> str:
    """Words without case and accents; æ, ø and å as they are written on other keyboards: ae, oe, aa."""
    plain = unicodedata.normalize("NFC", words).casefold().translate(LETTERS)
    return "".join(each for each in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(each))


def search(content: ContentStore, query: str) -> list[str]:
    """Keys of texts that hold every word of the query in one language; those that hold it as it stands come first,
    and texts before the words that many share."""
    wanted = _wanted(query)
    found = []
    for key in content.keys() if wanted else ():
        said = [_words(content, key, language) for language in LANGUAGES]
        if ranks := [_rank(key, words, " ".join(wanted)) for words in said if _holds(key, words, wanted)]:
            found.append((min(ranks), is_shared(key), key))
    return [key for *_, key in sorted(found)]


def hit(content: ContentStore, key: str, query: str) -> Hit:
    """A text that was found, with what was looked for marked."""
    wanted = _wanted(query)
    said = {language: _words(content, key, language) for language in LANGUAGES}
    titles = {language: _marked(title, wanted) for language, (title, _) in said.items()}
    places = {
        language: _place(words[1], wanted) if _holds(key, words, wanted) else [] for language, words in said.items()
    }
    return Hit(key, _marked(key, wanted), titles, places)


def _wanted(query: str) -> list[str]:
    return fold(query[:LONGEST]).split()


def _rank(key: str, words: tuple[str, str], phrase: str) -> int:
    title, body = map(_folded, words)
    return 0 if phrase in title else 1 if phrase in body or phrase in fold(key) else 2


def _holds(key: str, words: tuple[str, str], wanted: list[str]) -> bool:
    everything = f"{fold(key)} {_folded(words[0])} {_folded(words[1])}"
    return all(word in everything for word in wanted)


def _words(content: ContentStore, key: str, language: str) -> tuple[str, str]:
    """Title and words of a text, the titles of its own buttons among them."""
    text = content.texts.get((key, language))
    return (text.title, _body(text, _own(text, content))) if text else ("", "")


def _own(text: Text, content: ContentStore) -> tuple[str, ...]:
    usual = content.titles[text.language]
    return tuple(each.title for each in text.choices if usual.get(each.name) != each.title)


def _body(text: Text, own: tuple[str, ...]) -> str:
    bubbles = [bubble for phrasing in text.phrasings for bubble in phrasing]
    alt = (text.image.alt,) if text.image else ()
    return " ".join(" ".join((*bubbles, *own, *alt)).replace("**", "").split())


@lru_cache(maxsize=16384)
def _folded(words: str) -> str:
    return fold(words)


def _place(words: str, wanted: list[str]) -> Marked:
    """The first place in the words that holds what is looked for, with a little around it; empty if none does."""
    words = unicodedata.normalize("NFC", words)
    spans = _spans(words, [" ".join(wanted)]) or _spans(words, wanted)
    if not spans:
        return []
    first = words.rfind(" ", 0, max(0, spans[0][0] - AROUND)) + 1
    last = words.find(" ", spans[0][1] + AROUND)
    last = len(words) if last < 0 else last
    shown = _cut(words, [span for span in spans if span[1] <= last], first, last)
    return [(MORE, False)] * bool(first) + shown + [(MORE, False)] * (last < len(words))


def _marked(words: str, wanted: list[str]) -> Marked:
    """All of the words."""
    words = unicodedata.normalize("NFC", words)
    return _cut(words, _spans(words, wanted), 0, len(words))


def _cut(words: str, spans: list[tuple[int, int]], first: int, last: int) -> Marked:
    """The words from first to last, cut where a span begins and ends."""
    found: Marked = []
    at = first
    for begin, end in spans:
        if begin >= at:
            found += [(words[at:begin], False), (words[begin:end], True)]
            at = end
    return [piece for piece in (*found, (words[at:last], False)) if piece[0]]


def _positions(words: str) -> tuple[str, list[int]]:
    """The folded words, and for each of their letters which letter it came from."""
    pieces = [fold(letter) for letter in words]
    return "".join(pieces), [index for index, piece in enumerate(pieces) for _ in piece]


def _spans(words: str, wanted: list[str]) -> list[tuple[int, int]]:
    """Where any of what is looked for stands in the words, in order."""
    folded, origin = _positions(words)
    found = []
    for word in set(wanted):
        at = folded.find(word)
        while at >= 0:
            found.append((origin[at], origin[at + len(word) - 1] + 1))
            at = folded.find(word, at + len(word))
    return sorted(found)
