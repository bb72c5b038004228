"""Is it safe to go on? A function of the text and the question being answered, nothing else."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from bot.screening.answers import interpret
from bot.screening.flags import load_flags
from bot.screening.model import DATA, FlagModel
from bot.screening.normalise import normalise
from bot.screening.result import Finding, Outcome, Screening
from bot.screening.rules import Rules

CLEAR = Screening(Outcome.CLEAR, "none", (), ())
RELATIVE = re.compile(r"\b(min|my) (mand|kone|kareste|son|dater|mor|far|husband|wife|partner|son|daughter|mum|dad)\b")


@lru_cache
def thresholds() -> dict[str, dict[str, float]]:
    """nlu_data/screening/thresholds.yml"""
    path = DATA / "screening" / "thresholds.yml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))["thresholds"])


class Screener:
    """Rules first, for what must never be missed; the model for people's own words."""

    def __init__(self, rules: Rules, model: FlagModel | None) -> None:
        self.rules, self.model = rules, model

    @classmethod
    def load(cls, model_path: Path | None) -> Screener:
        """With the trained model, or with the rules alone when there is none."""
        return cls(Rules.load(), FlagModel.load(model_path) if model_path else None)

    def screen(self, text: str, question: str | None = None) -> Screening:
        """Screens a text; `question` is the flag the patient was just asked about."""
        findings = [*self.rules.findings(text), *self._modelled(text)]
        if question in load_flags().flags and (answer := interpret(text)):
            if not (answer == "no" and not any(f.by != "model" for f in findings)):
                findings += self._answered(question, answer) if question else []
            else:
                findings = []  # a plain "no" to the question asked
        return self._decide(findings, text)

    def screen_answer(self, flag: str, answer: str) -> Screening:
        """Screens a button: `answer` is 'yes', 'no' or 'unsure' to the question about `flag`."""
        return self._decide(self._answered(flag, answer), "")

    def _answered(self, flag: str, answer: str) -> list[Finding]:
        if answer == "no":
            return []
        return [Finding(flag, answer, "answer", 1.0, answer == "unsure")]

    def _modelled(self, text: str) -> list[Finding]:
        if not self.model or not re.search(r"[a-z]", normalise(text)):
            return []
        found = []
        for flag, score in self.model.scores(text).items():
            limits = thresholds()[load_flags().flags[flag].level]
            if score >= limits["ask"]:
                found.append(Finding(flag, "", "model", round(score, 3), score < limits["alarm"]))
        return found

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
        relative = bool(RELATIVE.search(normalise(text)))
        return Screening(outcome, flags.flags[names[0]].level, names, tuple(findings), relative)
