"""Chooses the thresholds on messages kept aside for it (nlu_data/tuning), never on those we measure with.

A probability is calibrated by Platt's method. Then alarm and ask are set as low as the bars for false alarms and
needless questions allow, with part of each bar in reserve, because messages not seen yet are harder.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import yaml
from scipy.special import expit

from bot.screening.model import FlagModel

FALSE_ALARMS, NEEDLESS = 0.03, 0.07  # the bars, as shares of harmless messages
USED = 0.9  # the part of each bar that the tuning messages may use up


def calibrate(danger: Any, flagged: Any) -> tuple[float, float]:
    """Slope and intercept that turn danger (log-odds) into a probability."""
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(C=1.0).fit(danger.reshape(-1, 1), flagged)
    return float(regression.coef_[0][0]), float(regression.intercept_[0])


def limit(probabilities: Any, share: float) -> float:
    """The lowest probability that at most this share of harmless messages reaches."""
    ranked = np.sort(probabilities)[::-1]
    return float(ranked[min(len(ranked) - 1, int(share * len(ranked)))]) + 1e-6


def choose(model: FlagModel, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The content of thresholds.yml for these labelled messages."""
    danger = np.array([scores.danger for scores in model.score_all([row["text"] for row in rows])])
    flagged = np.array([bool(row["flags"]) for row in rows])
    slope, intercept = calibrate(danger, flagged)
    probability = expit(slope * danger + intercept)
    harmless = probability[~flagged]
    alarm = round(limit(harmless, FALSE_ALARMS * USED), 3)
    ask = round(min(alarm, limit(harmless, (FALSE_ALARMS + NEEDLESS) * USED)), 3)
    return {
        "slope": round(slope, 4),
        "intercept": round(intercept, 4),
        "alarm": alarm,
        "ask": ask,
        "named": 0.4,
        "doubt": round(ask / 4, 3),
    }


def written(chosen: dict[str, Any]) -> str:
    """thresholds.yml"""
    head = "# Written by `make thresholds`. How they are chosen: bot/evaluation/thresholds.py; what each\n"
    head += "# means: Thresholds in bot/screening/screener.py.\n"
    return head + yaml.safe_dump(chosen, sort_keys=False)
