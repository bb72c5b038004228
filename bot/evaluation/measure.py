"""How well screening does on labelled messages: rates with their uncertainty, and every error by name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.screening.flags import load_flags
from bot.screening.result import Outcome, Screening

LEVELS = ("emergency", "urgent", "soon", "none")
Screen = Callable[[str], Screening]


@dataclass(frozen=True)
class Rate:
    """`hits` out of `of`."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share (0-1); not a number when there is nothing to count."""
        return self.hits / self.of if self.of else math.nan

    def wilson(self) -> tuple[float, float]:
        """The 95 % interval of the share (0-1) by Wilson's method; (0, 1) when there is nothing to count."""
        if not self.of:
            return 0.0, 1.0
        z, n, p = 1.959964, self.of, self.value
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, centre - half), min(1.0, centre + half)

    def __str__(self) -> str:
        if not self.of:
            return "–"
        low, high = self.wilson()
        return f"{self.hits}/{self.of} = {self.value:.1%} ({low:.0%}–{high:.0%})"


@dataclass(frozen=True)
class Case:
    """One labelled message."""

    id: str
    lang: str
    text: str
    flags: frozenset[str]
    kind: str

    @property
    def level(self) -> str:
        """The highest level among the flags, or 'none'."""
        known = load_flags().flags
        return min((known[flag].level for flag in self.flags), key=LEVELS.index, default="none")


@dataclass(frozen=True)
class Judged:
    """A message and what screening said of it."""

    case: Case
    said: Screening

    @property
    def caught(self) -> bool:
        """Whether it was not passed over."""
        return self.said.outcome is not Outcome.CLEAR

    @property
    def alarmed(self) -> bool:
        """Whether advice was given at once."""
        return self.said.outcome is Outcome.ALARM


def load_cases(paths: Iterable[Path]) -> list[Case]:
    """Reads JSON Lines with `text` and `flags`; without `flags`, as topic questions are, a message is harmless."""
    cases = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            item: dict[str, Any] = json.loads(line)
            flags = frozenset(item.get("flags") or [])
            name = str(item.get("id") or f"{path.stem}:{number}")
            cases.append(Case(name, str(item.get("lang", "")), str(item["text"]), flags, str(item.get("kind", ""))))
    return cases


def judge(cases: Iterable[Case], screen: Screen) -> list[Judged]:
    """Screens every message as the first one of a conversation."""
    return [Judged(case, screen(case.text)) for case in cases]


def figures(judged: list[Judged]) -> dict[str, Rate]:
    """The figures of the quality bars."""
    flagged = [one for one in judged if one.case.flags]
    emergency = [one for one in flagged if one.case.level == "emergency"]
    harmless = [one for one in judged if not one.case.flags]
    return {
        "emergency caught": Rate(sum(one.caught for one in emergency), len(emergency)),
        "emergency alarmed": Rate(sum(one.alarmed for one in emergency), len(emergency)),
        "flagged caught": Rate(sum(one.caught for one in flagged), len(flagged)),
        "level right": Rate(sum(one.said.level == one.case.level for one in flagged), len(flagged)),
        "false alarms": Rate(sum(one.alarmed for one in harmless), len(harmless)),
        "needless questions": Rate(sum(one.caught and not one.alarmed for one in harmless), len(harmless)),
    }


def by(judged: list[Judged], key: Callable[[Case], Iterable[str]]) -> dict[str, list[Judged]]:
    """Groups messages by the names that `key` gives each; one may be in several groups."""
    groups: dict[str, list[Judged]] = {}
    for one in judged:
        for name in key(one.case):
            groups.setdefault(name, []).append(one)
    return dict(sorted(groups.items()))
