"""What the model sees of a message: words, letters, and pairs of words that stand near each other.

Pairs ("toe~carpet") carry what a message tells when no single word does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

REACH = 5  # words between which a pair is formed; chosen on held-out batches, docs/safety/report.md
WORD = re.compile(r"\w+")


def near_pairs(text: str) -> list[str]:
    """The words of a normalised text, and every pair at most REACH words apart."""
    words = WORD.findall(text)
    pairs = [f"{first}~{second}" for at, first in enumerate(words) for second in words[at + 1 : at + 1 + REACH]]
    return words + pairs


# Each block's settings for scikit-learn's TfidfVectorizer.
BLOCKS: dict[str, dict[str, Any]] = {
    "words": {"ngram_range": (1, 3), "min_df": 2, "token_pattern": r"\S+"},
    "letters": {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 3},
    "pairs": {"analyzer": near_pairs, "min_df": 2},
}


class Features:
    """Turns normalised texts into one sparse matrix."""

    def __init__(self, vectorizers: dict[str, Any]) -> None:
        self.vectorizers = vectorizers
        # Asking scikit-learn for the names takes longer than screening a message.
        self.names = {name: list(made.get_feature_names_out()) for name, made in vectorizers.items()}

    @classmethod
    def fit(cls, texts: Sequence[str]) -> tuple[Features, Any]:
        """Learns the vocabulary; the second value is the matrix of the texts."""
        from scipy.sparse import hstack
        from sklearn.feature_extraction.text import TfidfVectorizer

        made: dict[str, Any] = {}
        for name, how in BLOCKS.items():
            made[name] = TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **how)
        matrix = hstack([vectorizer.fit_transform(texts) for vectorizer in made.values()]).tocsr()
        return cls(made), matrix

    def transform(self, texts: Sequence[str]) -> Any:
        """One row a text."""
        from scipy.sparse import hstack

        return hstack([vectorizer.transform(texts) for vectorizer in self.vectorizers.values()]).tocsr()

    def word_at(self, column: int) -> str:
        """The words or the pair of a column; '' for letters, which say little to a reader."""
        for block, names in self.names.items():
            if column < len(names):
                return "" if block == "letters" else str(names[column])
            column -= len(names)
        return ""

    def common_words(self, messages: int = 60) -> frozenset[str]:
        """The normalised words that at least so many of the messages learned from hold."""
        vectorizer, names = self.vectorizers["pairs"], self.names["pairs"]
        rarest = BLOCKS["pairs"]["min_df"]  # scikit-learn's idf falls by the logarithm of what a word is found in
        limit = vectorizer.idf_.max() - np.log((1 + messages) / (1 + rarest)) + 1e-6
        found = zip(names, vectorizer.idf_, strict=True)
        return frozenset(name for name, idf in found if idf <= limit and name.isalpha())

    def arrays(self) -> Iterator[tuple[str, Any]]:
        """What is stored: no code, only numbers and words."""
        for name, vectorizer in self.vectorizers.items():
            words = "\n".join(self.names[name]).encode()
            yield f"{name}.vocabulary", np.frombuffer(words, dtype=np.uint8)
            yield f"{name}.idf", vectorizer.idf_.astype(np.float32)

    @classmethod
    def from_arrays(cls, arrays: Any) -> Features:
        """The inverse of `arrays`."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        made = {}
        for name, how in BLOCKS.items():
            words = arrays[f"{name}.vocabulary"].tobytes().decode().split("\n")
            settings = {key: value for key, value in how.items() if key != "min_df"}
            vocabulary = {word: at for at, word in enumerate(words)}
            made[name] = TfidfVectorizer(sublinear_tf=True, dtype=np.float32, vocabulary=vocabulary, **settings)
            made[name].idf_ = arrays[f"{name}.idf"]
        return cls(made)
