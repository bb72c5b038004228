"""Ways to tell topics apart, trained on the same examples: what Rygråd uses, and what it was compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import yaml
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from bot.evaluation.topics import Understand
from bot.nlu.parse import LABEL
from bot.screening.examples import plain_text, topic_files
from bot.screening.features import near_pairs
from bot.screening.normalise import normalise


def examples() -> list[tuple[str, str]]:
    """Every NLU example: (text, intent)."""
    return [
        (plain_text(line), block["intent"])
        for path in topic_files()
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        if "intent" in block
        for line in block["examples"].splitlines()
    ]


def _letters(low: int, high: int) -> TfidfVectorizer:
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(low, high), sublinear_tf=True, min_df=2)


def _words(most: int) -> TfidfVectorizer:
    return TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, most), sublinear_tf=True)


def spacy_words(text: str) -> str:
    """The words as spaCy's Danish tokenizer normalises them, without those that carry no meaning."""
    return " ".join(token.norm_ for token in _danish()(text) if not token.is_stop)


def _danish() -> Any:
    import spacy

    if not hasattr(_danish, "made"):
        _danish.made = spacy.blank("da")  # type: ignore[attr-defined]
    return _danish.made  # type: ignore[attr-defined]


def candidates() -> Iterator[tuple[str, Any, Callable[[str], str]]]:
    """Name, untrained pipeline, and what is done to a text before it."""
    regression = {"C": 60.0, "class_weight": "balanced", "max_iter": 300}
    rasa = make_union(CountVectorizer(), CountVectorizer(analyzer="char_wb", ngram_range=(1, 4)))
    ours = make_union(_words(3), _letters(2, 5), TfidfVectorizer(analyzer=near_pairs, sublinear_tf=True, min_df=2))
    yield "Rasa's counts, logistic regression", make_pipeline(rasa, LogisticRegression(max_iter=300)), str.casefold
    yield "words only, SVM", make_pipeline(_words(2), LinearSVC(class_weight="balanced")), normalise
    yield "letters only, SVM", make_pipeline(_letters(2, 5), LinearSVC(class_weight="balanced")), normalise
    yield (
        "spaCy words and letters, SVM",
        make_pipeline(make_union(_words(2), _letters(2, 5)), LinearSVC(class_weight="balanced")),
        spacy_words,
    )
    yield "screening's features, SVM", make_pipeline(ours, LinearSVC(class_weight="balanced")), normalise
    yield (
        "screening's features, logistic regression",
        make_pipeline(ours, LogisticRegression(**regression)),
        normalise,
    )


def trained(pipeline: Any, prepare: Callable[[str], str]) -> Understand:
    """Fits a pipeline on the examples; it then always takes the likeliest label."""
    texts, intents = zip(*examples(), strict=True)
    pipeline.fit([prepare(text) for text in texts], intents)

    def understand(asked: list[str]) -> list[str | None]:
        return [LABEL.get(str(name), str(name)) for name in pipeline.predict([prepare(text) for text in asked])]

    return understand
