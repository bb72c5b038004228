"""Ways to tell topics apart, trained on the same examples: what Rygråd uses, and what it was compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from bot.evaluation.topics import Understand
from bot.nlu.parse import LABEL
from bot.screening.examples import topic_questions
from bot.screening.features import BLOCKS
from bot.screening.normalise import normalise


def _letters(low: int, high: int) -> TfidfVectorizer:
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(low, high), sublinear_tf=True, min_df=2)


def _words(most: int) -> TfidfVectorizer:
    return TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, most), sublinear_tf=True)


def spacy_words(text: str) -> str:
    """The words as spaCy's Danish tokenizer normalises them, without those that carry no meaning."""
    return " ".join(token.norm_ for token in _danish()(text) if not token.is_stop)


@cache
def _danish() -> Any:
    import spacy

    return spacy.blank("da")


def candidates() -> Iterator[tuple[str, Any, Callable[[str], str]]]:
    """Name, untrained pipeline, and what is done to a text before it."""
    regression = {"C": 60.0, "class_weight": "balanced", "max_iter": 300}
    rasa = make_union(CountVectorizer(), CountVectorizer(analyzer="char_wb", ngram_range=(1, 4)))
    blocks = BLOCKS.values()
    ours = make_union(*(TfidfVectorizer(sublinear_tf=True, analyzer=read, min_df=fewest) for read, fewest in blocks))
    yield "Rasa's counts, logistic regression", make_pipeline(rasa, LogisticRegression(max_iter=300)), str.casefold
    yield "words only, SVM", make_pipeline(_words(2), LinearSVC(class_weight="balanced")), normalise
    yield "letters only, SVM", make_pipeline(_letters(2, 5), LinearSVC(class_weight="balanced")), normalise
    yield (
        "spaCy words and letters, SVM",
        make_pipeline(make_union(_words(2), _letters(2, 5)), LinearSVC(class_weight="balanced")),
        spacy_words,
    )
    yield "screening's features, SVM", make_pipeline(ours, LinearSVC(C=0.5)), normalise
    yield (
        "screening's features, logistic regression",
        make_pipeline(ours, LogisticRegression(**regression)),
        normalise,
    )


def trained(pipeline: Any, prepare: Callable[[str], str]) -> Understand:
    """Fits a pipeline on the examples; it then always takes the likeliest label."""
    rows = topic_questions()
    pipeline.fit([prepare(row["text"]) for row in rows], [row["intent"] for row in rows])

    def understand(asked: list[str]) -> list[str | None]:
        return [LABEL.get(str(name), str(name)) for name in pipeline.predict([prepare(text) for text in asked])]

    return understand
