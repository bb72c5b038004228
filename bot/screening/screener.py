"""Is it safe to go on? A function of the text and the question being answered, nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import yaml

from bot.screening.answers import interpret
from bot.screening.examples import DATA
from bot.screening.flags import load_flags
from bot.screening.linear import probability
from bot.screening.model import FlagModel, Scores
from bot.screening.normalise import normalise
from bot.screening.result import Finding, Outcome, Screening
from bot.screening.rules import Rules

PLAIN = 10  # words up to which a message is plain
CLEAR = Screening(Outcome.CLEAR, "none", (), ())


@dataclass(frozen=True)
class Thresholds:
    """nlu_data/screening/thresholds.yml; how they were chosen: docs/safety/report.md"""

    slope: float
    intercept: float
    alarm: float  # probability (0-1) that something is wrong from which screening alarms
    ask: float  # the same, from which it asks
    named: float  # probability (0-1) from which a further flag is named beside the likeliest
    doubt: float  # probability (0-1) below which a pattern in a long message is not believed

    def probability(self, danger: float) -> float:
        """The calibrated probability (0-1) that something is wrong."""
        return probability(self.slope * danger + self.intercept)


@lru_cache
def thresholds() -> Thresholds:
    """The thresholds of this release."""
    return Thresholds(**yaml.safe_load((DATA / "screening" / "thresholds.yml").read_text(encoding="utf-8")))


@lru_cache
def _relative() -> re.Pattern[str]:
    words = yaml.safe_load((DATA / "screening" / "patterns.yml").read_text(encoding="utf-8"))["relatives"]
    return re.compile(r"\b(?:min|mit|vores|my|our) (?:\w+ )?(?:" + "|".join(map(normalise, words)) + r")\b")


@lru_cache
def _amounts() -> frozenset[str]:
    words = yaml.safe_load((DATA / "screening" / "patterns.yml").read_text(encoding="utf-8"))["amounts"]
    return frozenset(map(normalise, words))


def is_amount(text: str) -> bool:
    """Whether a text is nothing but how long, how often or how far."""
    words = re.findall(r"\w+", normalise(text))
    return 0 < len(words) <= PLAIN and all(word.isdigit() or word in _amounts() for word in words)


class Screener:
    """Rules first, for what must never be missed; the model for people's own words."""

    def __init__(self, rules: Rules | None, model: FlagModel | None) -> None:
        self.rules, self.model = rules, model

    @classmethod
    def load(cls, model_path: Path | None) -> Screener:
        """With the trained model, or with the rules alone when there is none."""
        return cls(Rules.load(), FlagModel.load(model_path) if model_path else None)

    def screen(self, text: str, question: str | None = None) -> Screening:
        """Screens a text; `question` is the flag the patient was just asked about."""
        about_a_sign = question in load_flags().flags  # "in three days" may then be a yes
        findings = [] if is_amount(text) and not about_a_sign else self._findings(text)
        answer = interpret(text) if about_a_sign else None
        if question and answer in ("yes", "unsure"):
            findings += self._answered(question, answer)
        elif answer == "no":  # it settles what was only a doubt; "no, but …" still alarms
            findings = [finding for finding in findings if not finding.asks]
        return self._decide(findings, text)

    def screen_answer(self, flag: str, answer: str) -> Screening:
        """Screens a button: `answer` is 'yes', 'no' or 'unsure' to the question about `flag`."""
        return self._decide(self._answered(flag, answer), "")

    def common_words(self) -> frozenset[str]:
        """Normalised words that many patients use; none without the model."""
        return self.model.linear.features.common_words() if self.model else frozenset()

    def _answered(self, flag: str, answer: str) -> list[Finding]:
        if answer == "no":
            return []
        return [Finding(flag, answer, "answer", 1.0, answer == "unsure")]

    def _findings(self, text: str) -> list[Finding]:
        """What patterns and model find.

        A plain, short message says what it says: its pattern stands. Of a longer one the model reads the whole, so
        there it may turn a pattern into a question, or take it back.
        """
        patterns = self.rules.findings(text) if self.rules else []
        if not self.model or not re.search(r"[a-z]", normalise(text)):
            return patterns
        scores, limits = self.model.score(text), thresholds()
        probability = limits.probability(scores.danger)
        if len(text.split()) > PLAIN:
            patterns = [
                replace(one, asks=probability < limits.ask) for one in patterns if probability >= limits.doubt
            ]
        return [*patterns, *self._modelled(text, scores, probability)]

    def _modelled(self, text: str, scores: Scores, probability: float) -> list[Finding]:
        """The model's findings: the likeliest flag when something is wrong, and those that are likely beside it."""
        limits = thresholds()
        if probability < limits.ask or not self.model:
            return []
        asks = probability < limits.alarm
        named = {scores.likeliest}
        if not asks:
            named |= {flag for flag, chance in scores.flags.items() if chance >= limits.named}
        return [
            Finding(flag, self.model.evidence(text, flag), "model", round(probability, 3), asks)
            for flag in sorted(named)
        ]

    def _decide(self, findings: list[Finding], text: str) -> Screening:
        flags = load_flags()
        certain = {finding.flag for finding in findings if not finding.asks}
        if certain:
            names, outcome = flags.in_order(certain), Outcome.ALARM
        elif findings:
            best = max(findings, key=lambda finding: finding.score)
            names, outcome = (best.flag,), Outcome.ASK
        else:
            return CLEAR
        relative = bool(_relative().search(normalise(text)))
        return Screening(outcome, flags.flags[names[0]].level, names, tuple(findings), relative)
