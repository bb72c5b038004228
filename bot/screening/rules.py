"""The explainable half: spaCy patterns as data, with the cues that take a finding back.

Data: nlu_data/screening/patterns.yml. A pattern is words with `a|b` for alternatives, `word*` for a beginning
and `~3` for up to three words between, all inside one clause. A cue (negation, history, somebody else,
question, figure of speech) in the same clause before the finding takes it back, unless the pattern holds it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
import yaml
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span

from bot.screening.normalise import normalise
from bot.screening.result import Finding

PATTERNS = Path(__file__).resolve().parents[2] / "nlu_data" / "screening" / "patterns.yml"
# A gap never swallows a denial: "har ikke feber" is not "har … feber".
DENIALS = frozenset(map(normalise, ("ikke", "ingen", "hverken", "aldrig", "uden", "not", "no", "never", "without")))
CLAUSE_END = frozenset({".", ",", ";", "!", "?", ":", "men", "but", "og", "and"})


def compile_pattern(notation: str) -> list[dict[str, Any]]:
    """The compact notation as a spaCy token pattern."""
    tokens: list[dict[str, Any]] = []
    for part in notation.split():
        if part.startswith("~"):
            gap = {"LOWER": {"NOT_IN": sorted(DENIALS | CLAUSE_END - {"og", "and", ","})}, "OP": "?"}
            tokens += [gap] * int(part[1:])
        else:
            options = [re.escape(normalise(word.rstrip("*"))) + (".*" if word.endswith("*") else "") for word in
                       part.split("|")]  # fmt: skip
            tokens.append({"LOWER": {"REGEX": f"^(?:{'|'.join(options)})$"}})
    return tokens


def _any_of(phrases: list[str]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(re.escape(normalise(phrase)) for phrase in phrases) + r")\b")


@dataclass
class Rules:
    """Loaded patterns, ready to match."""

    nlp: Any
    matcher: Matcher
    cues: frozenset[str]
    phrases: tuple[str, ...]
    history: re.Pattern[str]

    @classmethod
    def load(cls, path: Path = PATTERNS) -> Rules:
        """Reads and compiles the data."""
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        nlp = spacy.blank("xx")
        matcher = Matcher(nlp.vocab)
        for flag, notations in raw["patterns"].items():
            matcher.add(flag, [compile_pattern(notation) for notation in notations], greedy="LONGEST")
        cues = frozenset(normalise(cue) for cue in raw["cues"])
        return cls(nlp, matcher, cues, tuple(map(normalise, raw["figures_of_speech"])), _any_of(raw["history"]))

    def findings(self, text: str) -> list[Finding]:
        """Every flag a pattern finds and no cue takes back."""
        clean = normalise(text)
        for phrase in self.phrases:
            clean = clean.replace(phrase, " … ")
        if "?" in clean and not re.search(r"\b(jeg|min|mig|i|my|me|han|hun|he|she)\b", clean):
            return []  # a general question
        if self.history.search(clean):
            return []  # long ago; the model still reads the whole message
        doc = self.nlp(clean)
        found = {}
        for span in self.matcher(doc, as_spans=True):
            if not self._taken_back(doc, span):
                found[span.label_] = Finding(span.label_, span.text, f"pattern:{span.label_}", 1.0, False)
        return list(found.values())

    def _taken_back(self, doc: Doc, span: Span) -> bool:
        for token in reversed(doc[: span.start]):
            if token.text in CLAUSE_END - {"og", "and"}:
                return False
            if token.text in self.cues:
                return True
        return False
