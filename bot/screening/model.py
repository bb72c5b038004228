"""The trained half of screening: is anything wrong, and which alarm sign is it.

One logistic regression answers the first question and one a flag the second, on shared features; one more knows an
emergency. Together they beat each alone by far on batches they have not seen (docs/safety/report.md).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.screening.examples import EVERYDAY, examples, screening_files, topic_files
from bot.screening.features import Features
from bot.screening.flags import load_flags
from bot.screening.normalise import normalise

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
SOURCES = ("model.py", "features.py", "examples.py", "normalise.py")
ANY, EMERGENCY = "any", "emergency"
EMERGENCY_WEIGHT = 0.15  # more catches more emergencies and fewer of the rest; chosen on held-out batches


@dataclass(frozen=True)
class Scores:
    """`danger`: log-odds of any alarm sign, of the likeliest one and, a little, of an emergency, added;
    `flags`: probability (0-1) of each."""

    danger: float
    flags: dict[str, float]

    @property
    def likeliest(self) -> str:
        """The flag with the highest probability."""
        return max(self.flags, key=self.flags.__getitem__)


class FlagModel:
    """Scores a text; explains a score by the words that made it."""

    def __init__(self, features: Features, weights: Any, bias: Any, heads: Sequence[str]) -> None:
        self.features, self.weights, self.bias, self.heads = features, weights, bias, list(heads)

    @classmethod
    def fit(cls, rows: list[dict[str, Any]]) -> FlagModel:
        """Trains on labelled rows (`text`, `flags`, and `weight` where a row counts more than once)."""
        from sklearn.linear_model import LogisticRegression

        features, matrix = Features.fit([normalise(row["text"]) for row in rows])
        known = load_flags().flags
        answers = {ANY: [bool(row["flags"]) for row in rows]}
        answers[EMERGENCY] = [any(known[flag].level == "emergency" for flag in row["flags"]) for row in rows]
        answers |= {flag: [flag in row["flags"] for row in rows] for flag in known}
        # One after the other: in threads they wait for each other's memory and take three times as long.
        heads = [
            LogisticRegression(C=20.0, class_weight="balanced", solver="liblinear", random_state=0).fit(
                matrix, answer
            )
            for answer in answers.values()
        ]
        weights = np.array([head.coef_[0] for head in heads], dtype=np.float32)
        return cls(
            features, weights, np.array([head.intercept_[0] for head in heads], dtype=np.float32), list(answers)
        )

    def score_all(self, texts: Sequence[str]) -> list[Scores]:
        """The scores of many texts."""
        odds = np.asarray(self.features.transform([normalise(text) for text in texts]) @ self.weights.T) + self.bias
        return [self._scores(row) for row in odds]

    def score(self, text: str) -> Scores:
        """The scores of a text."""
        return self.score_all([text])[0]

    def _scores(self, odds: Any) -> Scores:
        by_head = dict(zip(self.heads, map(float, odds), strict=True))
        overall = by_head.pop(ANY) + EMERGENCY_WEIGHT * by_head.pop(EMERGENCY)
        return Scores(overall + max(by_head.values()), {flag: _probability(value) for flag, value in by_head.items()})

    def evidence(self, text: str, flag: str, most: int = 3) -> str:
        """The words of the text that speak most for this flag, strongest first; '' when none does."""
        row = self.features.transform([normalise(text)])
        weights = self.weights[self.heads.index(ANY)] + self.weights[self.heads.index(flag)]
        found = sorted(
            ((value * weights[at], at) for value, at in zip(row.data, row.indices, strict=True)), reverse=True
        )
        whole = (self.features.word_at(at) for weight, at in found if weight > 0)
        return ", ".join([name for name in whole if name][:most])

    def save(self, path: Path) -> None:
        """Writes numbers and words, no code."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        weights = self.weights.astype(np.float16)
        np.savez(part, weights=weights, bias=self.bias, heads=np.array(self.heads), **dict(self.features.arrays()))
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> FlagModel:
        """The inverse of `save`. Raises ValueError for a file that is none."""
        with np.load(path, allow_pickle=False) as arrays:
            weights = arrays["weights"].astype(np.float32)
            return cls(Features.from_arrays(arrays), weights, arrays["bias"], arrays["heads"].tolist())


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, odds))))


def default_model_path() -> Path:
    """Where the model of the inputs as they are now lies, or will lie."""
    digest = hashlib.sha256()
    for path in [*screening_files(), *topic_files(), EVERYDAY, *(HERE / name for name in SOURCES)]:
        digest.update(path.read_bytes())
    return ROOT / "models" / f"screening-{digest.hexdigest()[:16]}.npz"


def ensure_trained() -> Path:
    """The model's path, training it first if its inputs changed."""
    path = default_model_path()
    if not path.exists():
        FlagModel.fit(examples()).save(path)
    return path
