"""A linear model on text features, as screening and topics use it; what is stored holds no code."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.screening.features import Features
from bot.screening.normalise import normalise

FAR = 500.0  # log-odds beyond which a probability is 0, and an exponential too large


def probability(odds: float) -> float:
    """The probability (0-1) of log-odds."""
    return 1.0 / (1.0 + math.exp(-odds)) if odds > -FAR else 0.0


class LinearModel:
    """A column of weights and one bias for each of `names`."""

    def __init__(self, features: Features, weights: Any, bias: Any, names: Sequence[str]) -> None:
        self.features, self.names = features, list(names)
        # A row for each part of a text, so that those of a message lie together; half a number is exact enough.
        self.weights, self.bias = np.asarray(weights, dtype=np.float16), np.asarray(bias, dtype=np.float32)

    def odds(self, texts: Sequence[str]) -> Any:
        """Log-odds: a row a text, a column a name."""
        return np.array([self._odds(normalise(text)) for text in texts])

    def _odds(self, text: str) -> Any:
        columns, values = self.features.row(text)
        return values @ self.weights[columns].astype(np.float32) + self.bias

    def save(self, path: Path) -> None:
        """Writes the file whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        arrays: dict[str, Any] = {"weights": self.weights, "bias": self.bias, "names": np.array(self.names)}
        np.savez(part, **(arrays | dict(self.features.arrays())))
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> LinearModel:
        """The inverse of `save`. Raises ValueError for a file that is none."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                features = Features.from_arrays(arrays)
                return cls(features, arrays["weights"], arrays["bias"], arrays["names"].tolist())
        except (ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path} is not a model: {error}. Delete it; it is made anew.") from error
