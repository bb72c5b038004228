"""What ours is measured against: a keyword list as simple bots have one, the rules alone, the model alone."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from bot.evaluation.measure import Screen
from bot.screening.examples import DATA
from bot.screening.flags import load_flags
from bot.screening.normalise import normalise
from bot.screening.result import Outcome, Screening
from bot.screening.screener import CLEAR, Screener


@lru_cache
def keywords(path: Path = DATA / "screening" / "keywords.yml") -> dict[str, list[str]]:
    """The words of the keyword baseline by flag, normalised."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {flag: [normalise(word) for word in words] for flag, words in raw.items()}


def keyword_list(text: str) -> Screening:
    """Alarms at the first word of the list, whatever stands around it."""
    clean = normalise(text)
    found = [flag for flag, words in keywords().items() if any(word in clean for word in words)]
    if not found:
        return CLEAR
    names = load_flags().in_order(set(found))
    return Screening(Outcome.ALARM, load_flags().flags[names[0]].level, names, ())


def baselines(screener: Screener) -> dict[str, Screen]:
    """By name; `screener` is ours, and comes last."""
    return {
        "keyword list": keyword_list,
        "rules alone": Screener(screener.rules, None).screen,
        "model alone": Screener(None, screener.model).screen,
        "Rygråd": screener.screen,
    }
