"""How well questions are understood: the topic of labelled messages against the label, and what is taken for what."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.evaluation.measure import Rate
from bot.evaluation.report import table

OUT = "out_of_scope"
MOST_CONFUSIONS = 25
Understand = Callable[[list[str]], list[str | None]]


@dataclass(frozen=True)
class Question:
    """A message with its label; `batch` is who wrote it."""

    lang: str
    text: str
    topic: str
    batch: str


def load_questions(paths: Iterable[Path]) -> list[Question]:
    """Reads JSON Lines with `text` and `topic`; lines without a topic are left out."""
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Question(str(row.get("lang", "")), row["text"], row["topic"], str(row.get("batch", "")))
        for row in rows
        if row.get("topic")
    ]


def figures(questions: list[Question], said: list[str | None]) -> dict[str, Rate]:
    """The figures of the quality bars; `said` is None where nothing was understood.

    A question outside the scope is recognised also when it is not understood: the answer is the same, "I cannot".
    """
    pairs = list(zip(questions, said, strict=True))
    inside = [(question, got) for question, got in pairs if question.topic != OUT]
    outside = [got for question, got in pairs if question.topic == OUT]
    return {
        "right": Rate(sum(got == question.topic for question, got in pairs), len(pairs)),
        "right, in scope": Rate(sum(got == question.topic for question, got in inside), len(inside)),
        "not understood, in scope": Rate(sum(got is None for _, got in inside), len(inside)),
        "out of scope named so": Rate(sum(got == OUT for got in outside), len(outside)),
        "out of scope not answered": Rate(sum(got in (OUT, None) for got in outside), len(outside)),
    }


def compared(questions: list[Question], by_name: dict[str, list[str | None]]) -> str:
    """The figures of several classifiers side by side."""
    columns = {name: figures(questions, said) for name, said in by_name.items()}
    names = list(next(iter(columns.values())))
    return table(["", *columns], [[name, *(column[name] for column in columns.values())] for name in names])


def grouped(questions: list[Question], said: list[str | None]) -> str:
    """What was right by language and by batch."""
    groups: dict[str, list[bool]] = {}
    for question, got in zip(questions, said, strict=True):
        for group in (question.lang, question.batch):
            if group:
                groups.setdefault(group, []).append(got == question.topic)
    rows = [[group, Rate(sum(right), len(right))] for group, right in sorted(groups.items())]
    return table(["group", "right"], rows)


def confusions(questions: list[Question], said: list[str | None]) -> str:
    """The confusion table, its zeros left out: what was meant, what it was taken for, how often."""
    wrong = Counter(
        (question.topic, got or "not understood")
        for question, got in zip(questions, said, strict=True)
        if got != question.topic
    )
    rows = [[meant, got, times] for (meant, got), times in wrong.most_common(MOST_CONFUSIONS)]
    return table(["meant", "taken for", "times"], rows)


def report(questions: list[Question], by_name: dict[str, list[str | None]]) -> str:
    """The whole report; the last of the classifiers is ours."""
    ours = list(by_name.values())[-1]
    return "\n\n".join([compared(questions, by_name), grouped(questions, ours), confusions(questions, ours)]) + "\n"
