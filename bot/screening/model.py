"""The trained half of screening: is anything wrong, and which alarm sign is it.

One logistic regression answers the first question and one a flag the second, on shared features; one more knows an
emergency. Together they beat each alone by far on batches they have not seen (docs/safety/report.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.screening.examples import EVERYDAY, examples, screening_files, topic_files
from bot.screening.features import Features
from bot.screening.flags import load_flags
from bot.screening.linear import LinearModel, probability
from bot.screening.normalise import normalise

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
SOURCES = ("model.py", "linear.py", "features.py", "examples.py", "normalise.py")
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

    def __init__(self, linear: LinearModel) -> None:
        self.linear = linear

    @classmethod
    def fit(cls, rows: list[dict[str, Any]]) -> FlagModel:
        """Trains on labelled rows (`text`, `flags`, and `weight` where a row counts more than once)."""
        from sklearn.linear_model import LogisticRegression

        features, matrix = Features.fit([normalise(row["text"]) for row in rows])
        weight = [row.get("weight", 1.0) for row in rows]
        # One after the other: in threads they wait for each other's memory and take three times as long.
        heads = {
            name: LogisticRegression(C=20.0, class_weight="balanced", solver="liblinear", random_state=0).fit(
                matrix, answer, sample_weight=weight
            )
            for name, answer in _answers(rows).items()
        }
        weights = np.stack([head.coef_[0] for head in heads.values()], axis=1)
        return cls(LinearModel(features, weights, [head.intercept_[0] for head in heads.values()], list(heads)))

    def score_all(self, texts: Sequence[str]) -> list[Scores]:
        """The scores of many texts."""
        return [self._scores(row) for row in self.linear.odds(texts)]

    def score(self, text: str) -> Scores:
        """The scores of a text."""
        return self.score_all([text])[0]

    def _scores(self, odds: Any) -> Scores:
        by_head = dict(zip(self.linear.names, map(float, odds), strict=True))
        overall = by_head.pop(ANY) + EMERGENCY_WEIGHT * by_head.pop(EMERGENCY)
        return Scores(overall + max(by_head.values()), {flag: probability(odd) for flag, odd in by_head.items()})

    def evidence(self, text: str, flag: str, most: int = 3) -> str:
        """The words of the text that speak most for this flag, strongest first; '' when none does."""
        names, features = self.linear.names, self.linear.features
        columns, values = features.row(normalise(text))
        weights = self.linear.weights[columns][:, [names.index(ANY), names.index(flag)]].sum(axis=1, dtype=np.float32)
        found = sorted(zip((values * weights).tolist(), columns.tolist(), strict=True), reverse=True)
        whole = (features.word_at(at) for weight, at in found if weight > 0)
        return ", ".join([name for name in whole if name][:most])

    def save(self, path: Path) -> None:
        """Writes the model; see LinearModel."""
        self.linear.save(path)

    @classmethod
    def load(cls, path: Path) -> FlagModel:
        """The inverse of `save`. Raises ValueError for a file that is none."""
        return cls(LinearModel.load(path))


def _answers(rows: list[dict[str, Any]]) -> dict[str, list[bool]]:
    """What each regression is to learn: anything wrong, an emergency, each flag."""
    known = load_flags().flags
    answers = {ANY: [bool(row["flags"]) for row in rows]}
    answers[EMERGENCY] = [any(known[flag].level == "emergency" for flag in row["flags"]) for row in rows]
    return answers | {flag: [flag in row["flags"] for row in rows] for flag in known}


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
