"""The labelled messages are what they claim to be: varied, consistent, many, and free of what we measure with."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from bot.screening.examples import everyday_words, labelled, screening_files, topic_questions
from bot.screening.flags import load_flags
from bot.settings import ROOT

MOST_ALIKE = 0.6  # Jaccard similarity of character 4-grams
EVALUATION = Path(os.environ.get("RYGRAAD_EVALUATION_DIR", ROOT.parent / "shared" / "eval"))
ANY_KIND = set(
    "plain misspelled colloquial long_story relative hedged short no_diacritics mixed_language dictated".split()
)
HARMLESS_KIND = set("negated history other_person question figure_of_speech ordinary_pain topic".split())
FOLDERS = ("screening", "tuning", "held_out")


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def four_grams(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(max(1, len(text) - 3))]


@lru_cache
def everything() -> list[dict[str, Any]]:
    return [row for folder in FOLDERS for row in labelled(folder)]


def alike(texts: list[str], others: list[str] | None = None) -> list[tuple[int, int]]:
    """Pairs of places whose texts are more alike than allowed; within one list, or between two."""
    counted = CountVectorizer(analyzer=four_grams, binary=True, dtype=np.float32)
    left = counted.fit_transform(map(plain, texts))
    right = left if others is None else counted.transform(map(plain, others))
    sizes = (
        np.asarray(right.sum(axis=1)).ravel()
        if others is None
        else np.array([len(set(four_grams(plain(o)))) for o in others])
    )
    own = np.asarray(left.sum(axis=1)).ravel()
    found = []
    for start in range(0, left.shape[0], 500):
        shared = (left[start : start + 500] @ right.T).tocoo()
        rows = shared.row + start
        similar = shared.data / (own[rows] + sizes[shared.col] - shared.data) > MOST_ALIKE
        pairs = zip(rows[similar], shared.col[similar], strict=True)
        found += [(int(a), int(b)) for a, b in pairs if others is not None or a < b]
    return found


@pytest.mark.parametrize(
    "path", [path for folder in FOLDERS for path in screening_files(folder)], ids=lambda p: p.stem
)
def test_a_batch_is_well_formed(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        row = json.loads(line)
        where = f"line {number}"
        assert set(row) == {"batch", "lang", "text", "flags", "kind"}, where
        assert row["batch"] == path.stem and row["lang"] == path.parent.name, where
        assert row["text"].strip() and len(row["text"]) <= 2000, where
        assert set(row["flags"]) <= set(load_flags().flags) and len(set(row["flags"])) == len(row["flags"]), where
        assert row["kind"] in ANY_KIND | ({"partly_negated"} if row["flags"] else HARMLESS_KIND), where


def test_there_are_enough_of_every_flag_and_of_harmless_ones() -> None:
    rows = labelled()
    count = Counter(flag for row in rows for flag in row["flags"])
    assert len(rows) >= 6000
    assert sum(not row["flags"] for row in rows) >= 3000
    assert min(count.values()) >= 250 and set(count) == set(load_flags().flags)
    assert count["cauda_equina"] >= 600 and count["motor_loss"] >= 600
    assert 0.55 <= sum(row["lang"] == "da" for row in rows) / len(rows) <= 0.75


def test_no_two_messages_are_near_copies() -> None:
    rows = everything()
    found = alike([row["text"] for row in rows])
    assert not found, [(rows[a]["batch"], rows[a]["text"], rows[b]["batch"], rows[b]["text"]) for a, b in found[:10]]


def test_no_run_of_five_words_is_worn_out() -> None:
    rows = everything()
    runs: Counter[str] = Counter()
    for row in rows:
        words = plain(row["text"]).split()
        runs.update({" ".join(words[at : at + 5]) for at in range(len(words) - 4)})
    worn = [run for run, times in runs.items() if times > 0.01 * len(rows)]
    assert not worn


def test_the_same_words_have_the_same_label() -> None:
    labels: dict[str, set[frozenset[str]]] = {}
    for row in everything() + topic_questions():
        labels.setdefault(plain(row["text"]), set()).add(frozenset(row["flags"]))
    assert not [text for text, given in labels.items() if len(given) > 1]


@pytest.mark.skipif(not EVALUATION.is_dir(), reason="the evaluation messages are not on this machine")
def test_nothing_of_the_evaluation_is_among_the_examples() -> None:
    measured = [
        str(json.loads(line)["text"])
        for path in sorted(EVALUATION.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    ours = [
        row["text"]
        for row in everything() + topic_questions() + everyday_words()
        if len(plain(row["text"]).split()) > 3
    ]
    long = [text for text in measured if len(plain(text).split()) > 3]
    found = alike(ours, long)
    assert not found, [(ours[a], long[b]) for a, b in found[:10]]
