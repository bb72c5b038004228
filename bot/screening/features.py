"""What the model sees of a message: words, letters, and pairs of words that stand near each other.

Pairs ("toe~carpet") carry what a message tells when no single word does. Scikit-learn learns which parts matter; read
one message at a time, and half a million parts kept as Python's strings, it would need ten times the time and the
memory, so that is done here, with the same result (tests/screening).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

REACH = 5  # words between which a pair is formed; chosen on held-out batches, docs/safety/report.md
WORD = re.compile(r"\w+")
PHRASE = 3  # words
LETTERS = range(2, 6)  # of them together, within a word and its spaces


def phrases(text: str) -> list[str]:
    """Every word of a normalised text, and up to three that follow each other."""
    words = text.split()
    return [" ".join(words[at : at + size]) for size in range(1, PHRASE + 1) for at in range(len(words) - size + 1)]


def letters(text: str) -> list[str]:
    """Every two to five letters that follow each other in a word, the spaces around it included."""
    found: list[str] = []
    for word in text.split():
        spaced = f" {word} "
        for size in LETTERS:
            found += [spaced[at : at + size] for at in range(max(1, len(spaced) - size + 1))]
            if size >= len(spaced):
                break  # a short word counts once
    return found


def near_pairs(text: str) -> list[str]:
    """The words of a normalised text, and every pair at most REACH words apart."""
    words = WORD.findall(text)
    pairs = [f"{first}~{second}" for at, first in enumerate(words) for second in words[at + 1 : at + 1 + REACH]]
    return words + pairs


# How each block reads a text, and in how many messages a part must occur to be learned.
BLOCKS: dict[str, tuple[Callable[[str], list[str]], int]] = {
    "words": (phrases, 2),
    "letters": (letters, 3),
    "pairs": (near_pairs, 2),
}


def key_of(part: str) -> int:
    """64 bits that stand for a part of a text, the same in every process."""
    return int.from_bytes(blake2b(part.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class Block:
    """The parts one way of reading has learned: their keys, weights and, to explain a decision, their words."""

    def __init__(self, read: Callable[[str], list[str]], words: Any, keys: Any, idf: Any) -> None:
        self.read, self.words, self.keys, self.idf = read, words, keys, idf
        self.order = np.argsort(keys)
        self.sorted = keys[self.order]
        self.ends = np.append(np.flatnonzero(words == ord("\n")), len(words)).astype(np.int32)

    @classmethod
    def of(cls, read: Callable[[str], list[str]], names: Sequence[str], idf: Any) -> Block:
        """The block with these parts, in this order."""
        words = np.frombuffer("\n".join(names).encode(), dtype=np.uint8)
        keys = np.fromiter(map(key_of, names), dtype=np.uint64, count=len(names))
        return cls(read, words, keys, np.asarray(idf, dtype=np.float32))

    def row(self, text: str) -> tuple[Any, Any]:
        """The columns and values of a text: how often each part occurs, dampened, weighted, of length one."""
        counts = Counter(self.read(text))
        asked = np.fromiter(map(key_of, counts), dtype=np.uint64, count=len(counts))
        often = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
        at = np.minimum(np.searchsorted(self.sorted, asked), len(self.sorted) - 1)
        known = self.sorted[at] == asked
        columns = self.order[at[known]]
        values = (1 + np.log(often[known])) * self.idf[columns]
        return columns, values / (np.sqrt(values @ values) or 1.0)

    def name(self, at: int) -> str:
        """The words of a part."""
        first = self.ends[at - 1] + 1 if at else 0
        return bytes(self.words[first : self.ends[at]]).decode()

    def __len__(self) -> int:
        return len(self.idf)


class Features:
    """Turns normalised texts into rows of numbers."""

    def __init__(self, blocks: dict[str, Block]) -> None:
        self.blocks = blocks

    @classmethod
    def fit(cls, texts: Sequence[str]) -> tuple[Features, Any]:
        """Learns the vocabulary; the second value is the sparse matrix of the texts."""
        from scipy.sparse import hstack
        from sklearn.feature_extraction.text import TfidfVectorizer

        blocks, found = {}, []
        for name, (read, fewest) in BLOCKS.items():
            learner = TfidfVectorizer(analyzer=read, min_df=fewest, sublinear_tf=True, dtype=np.float32)
            found.append(learner.fit_transform(texts))
            blocks[name] = Block.of(read, learner.get_feature_names_out().tolist(), learner.idf_)
        return cls(blocks), hstack(found).tocsr()

    def row(self, text: str) -> tuple[Any, Any]:
        """The columns and the values (float32) of one text."""
        columns, values, first = [], [], 0
        for block in self.blocks.values():
            at, value = block.row(text)
            columns.append(at + first)
            values.append(value)
            first += len(block)
        return np.concatenate(columns), np.concatenate(values).astype(np.float32)

    def word_at(self, column: int) -> str:
        """The words or the pair of a column; '' for letters, which say little to a reader."""
        for name, block in self.blocks.items():
            if column < len(block):
                return "" if name == "letters" else block.name(column)
            column -= len(block)
        return ""

    def common_words(self, messages: int = 60) -> frozenset[str]:
        """The normalised words that at least so many of the messages learned from hold."""
        pairs, rarest = self.blocks["pairs"], BLOCKS["pairs"][1]
        # Scikit-learn's idf falls by the logarithm of what a word is found in.
        limit = pairs.idf.max() - np.log((1 + messages) / (1 + rarest)) + 1e-6
        found = map(pairs.name, np.flatnonzero(pairs.idf <= limit).tolist())
        return frozenset(name for name in found if name.isalpha())

    def arrays(self) -> Iterator[tuple[str, Any]]:
        """What is stored: no code, only numbers and words."""
        for name, block in self.blocks.items():
            yield from ((f"{name}.words", block.words), (f"{name}.keys", block.keys), (f"{name}.idf", block.idf))

    @classmethod
    def from_arrays(cls, arrays: Any) -> Features:
        """The inverse of `arrays`."""
        parts = ("words", "keys", "idf")
        return cls({name: Block(read, *(arrays[f"{name}.{p}"] for p in parts)) for name, (read, _) in BLOCKS.items()})
