"""The learning curve: how screening's model does with a part of the batches it learns from."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from bot.evaluation.measure import load_cases
from bot.evaluation.report import table
from bot.screening.examples import everyday_words, labelled, topic_questions
from bot.screening.model import FlagModel

SHARES = (0.125, 0.25, 0.5, 1.0)
STOPPED = (0.03, 0.10)  # shares of harmless messages stopped, at which the caught ones are counted


def learning_curve(files: list[Path]) -> str:
    """A Markdown table: messages learned from, and emergencies and flagged messages caught at the same cost."""
    cases = load_cases(files)
    rows = labelled()
    batches = sorted({row["batch"] for row in rows})
    random.Random(1).shuffle(batches)
    lines = []
    for share in SHARES:
        kept = set(batches[: max(1, int(share * len(batches)))])
        chosen = [row for row in rows if row["batch"] in kept]
        model = FlagModel.fit(chosen + topic_questions() + everyday_words())
        danger = np.array([scores.danger for scores in model.score_all([case.text for case in cases])])
        flagged = np.array([bool(case.flags) for case in cases])
        emergency = np.array([case.level == "emergency" for case in cases])
        ranked = np.sort(danger[~flagged])[::-1]
        cells = []
        for stopped in STOPPED:
            limit = ranked[int(stopped * len(ranked))]
            cells.append(f"{np.mean(danger[emergency] > limit):.1%} / {np.mean(danger[flagged] > limit):.1%}")
        lines.append([len(chosen), len(kept), *cells])
    head = [
        "messages",
        "batches",
        *(f"emergencies / all caught, {stopped:.0%} of harmless stopped" for stopped in STOPPED),
    ]
    return table(head, lines)
