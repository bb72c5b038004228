"""What is different between two texts, word by word, for people: what was taken away, what came instead.

Paragraphs and lines are kept as they are, so that a difference reads like the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import NamedTuple

from bot.content.source import Parts

SAME, TAKEN, ADDED = "same", "taken", "added"
WORD = re.compile(r"\n|[^\S\n]*\S+[^\S\n]*|[^\S\n]+")  # a word with the spaces around it, or the end of a line
MOST_COMPARED = 100_000  # pairs of words; of longer texts whole lines are compared


class Piece(NamedTuple):
    """Words that are the same in both texts, taken away from the first, or added in the second."""

    kind: str
    words: str


class Change(NamedTuple):
    """A field that changed: `field` of Parts, for a button its `name`, and the difference."""

    field: str
    name: str
    pieces: list[Piece]


def words(before: str, after: str) -> list[Piece]:
    """The difference as pieces in order: without what was added they make `before`, without what was taken `after`,
    give or take the spaces between words."""
    old, new = WORD.findall(before), WORD.findall(after)
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    middle = _pieces(old[head : len(old) - tail], new[head : len(new) - tail])
    begin, end = _same(old[:head], new[:head]), _same(old[len(old) - tail :], new[len(new) - tail :])
    return _joined([begin, *middle, end])


def changes(before: Parts, after: Parts, sources: Mapping[str, str]) -> list[Change]:
    """The fields that changed, the words first; `sources` gives the title of a source's short name."""
    old, new = _written(before, sources), _written(after, sources)
    places = dict.fromkeys([*new, *old])
    pairs = [(place, old.get(place, ""), new.get(place, "")) for place in places]
    return [Change(*place, words(one, other)) for place, one, other in pairs if one != other]


def _written(parts: Parts, sources: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Each field as words to compare."""
    titles = {("button", name): title for name, title in parts.titles.items()}
    return {
        ("body", ""): parts.body,
        ("title", ""): parts.title,
        **titles,
        ("alt", ""): parts.alt or "",
        ("sources", ""): "\n".join(sources.get(name, name) for name in parts.sources),
        ("review_due", ""): str(parts.review_due or ""),
    }


def _key(word: str) -> str:
    return word.strip() or word[:1]


def _alike(one: list[str], other: list[str]) -> int:
    """How many words at the beginning are the same."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if _key(mine) != _key(theirs):
            break
        count += 1
    return count


def _same(old: list[str], new: list[str]) -> Piece:
    """The words of both, each with the wider spaces, so that what stands beside them does not stick to them."""
    return Piece(SAME, "".join(_wider(*pair) for pair in zip(new, old, strict=True)))


def _wider(one: str, other: str) -> str:
    word = _key(one)
    (before, after), (earlier, later) = one.split(word, 1), other.split(word, 1)
    return max(before, earlier, key=len) + word + max(after, later, key=len)


def _lines(words: list[str]) -> list[str]:
    return "".join(words).splitlines(keepends=True)


def _pieces(old: list[str], new: list[str]) -> Iterable[Piece]:
    if len(old) * len(new) > MOST_COMPARED:
        old, new = _lines(old), _lines(new)
    if len(old) * len(new) > MOST_COMPARED:
        return [Piece(TAKEN, "".join(old)), Piece(ADDED, "".join(new))]
    found = []
    matcher = SequenceMatcher(None, [*map(_key, old)], [*map(_key, new)], autojunk=False)
    for kind, from_old, to_old, from_new, to_new in matcher.get_opcodes():
        if kind == "equal":
            found.append(_same(old[from_old:to_old], new[from_new:to_new]))
        else:
            found.append(Piece(TAKEN, "".join(old[from_old:to_old])))
            found.append(Piece(ADDED, "".join(new[from_new:to_new])))
    return found


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Without empty pieces, and neighbours of one kind as one."""
    found: list[Piece] = []
    for piece in pieces:
        if not piece.words:
            continue
        if found and found[-1].kind == piece.kind:
            found[-1] = Piece(piece.kind, found[-1].words + piece.words)
        else:
            found.append(piece)
    return found
