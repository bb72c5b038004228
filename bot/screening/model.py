"""The trained half of screening: n-grams and one logistic regression per flag.

Trained on nlu_data/screening/*/*.jsonl and, as harmless, every NLU example of the topics.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.screening.flags import load_flags
from bot.screening.normalise import normalise

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "nlu_data"


def inputs() -> list[Path]:
    """All files the model depends on."""
    examples = [*DATA.glob("screening/*/*.jsonl"), *DATA.glob("da/*.yml"), *DATA.glob("en/*.yml")]
    return sorted([*examples, Path(__file__), Path(__file__).with_name("normalise.py")])


def default_model_path() -> Path:
    """Where the model of the inputs as they are now lies, or will lie."""
    digest = hashlib.sha256()
    for path in inputs():
        digest.update(path.read_bytes())
    return ROOT / "models" / f"screening-{digest.hexdigest()[:16]}.skops"


def examples() -> list[dict[str, Any]]:
    """Every labelled message: text, flags, batch, lang, kind."""
    rows = [
        json.loads(line)
        for path in sorted(DATA.glob("screening/*/*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    for path in sorted([*DATA.glob("da/*.yml"), *DATA.glob("en/*.yml")]):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if "intent" not in block:
                continue  # a lookup table or synonyms
            for line in block["examples"].splitlines():
                shared = {"flags": [], "batch": block["metadata"]["batch"], "lang": path.parent.name}
                text = re.sub(r"\[([^]]+)\]\(\w+\)", r"\1", line.removeprefix("- "))  # entities are marked so
                rows.append({"text": text, "kind": "topic", **shared})
    return rows


class FlagModel:
    """Probabilities per flag for a text."""

    def __init__(self, features: Any, classifier: Any, flags: Sequence[str]) -> None:
        self.features, self.classifier, self.flags = features, classifier, list(flags)

    @classmethod
    def fit(cls, rows: list[dict[str, Any]]) -> FlagModel:
        """Trains on labelled rows."""
        import numpy as np
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.pipeline import FeatureUnion

        flags = list(load_flags().flags)
        features = FeatureUnion(
            [
                ("words", TfidfVectorizer(ngram_range=(1, 3), sublinear_tf=True, min_df=2, token_pattern=r"\S+")),
                ("letters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3)),
            ]
        )
        matrix = features.fit_transform([normalise(row["text"]) for row in rows])
        labels = np.array([[flag in row["flags"] for flag in flags] for row in rows], dtype=int)
        regression = LogisticRegression(C=20.0, class_weight="balanced", max_iter=300, solver="liblinear")
        return cls(features, OneVsRestClassifier(regression).fit(matrix, labels), flags)

    def scores(self, text: str) -> dict[str, float]:
        """The probability (0-1) of each flag."""
        found = self.classifier.predict_proba(self.features.transform([normalise(text)]))[0]
        return dict(zip(self.flags, map(float, found), strict=True))

    def save(self, path: Path) -> None:
        """Writes the model with skops, which stores no code."""
        from skops.io import dump

        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        dump({"features": self.features, "classifier": self.classifier, "flags": self.flags}, part)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> FlagModel:
        """Reads a model this machine trained."""
        from skops.io import get_untrusted_types, load

        stored = load(path, trusted=get_untrusted_types(file=path))
        return cls(stored["features"], stored["classifier"], stored["flags"])


def ensure_trained() -> Path:
    """The model's path, training it first if its inputs changed."""
    path = default_model_path()
    if not path.exists():
        FlagModel.fit(examples()).save(path)
    return path
