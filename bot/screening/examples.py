"""The labelled messages that screening learns from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).resolve().parents[2] / "nlu_data"
EVERYDAY = DATA / "screening" / "everyday.yml"


def screening_files(folder: str = "screening") -> list[Path]:
    """The batches below `nlu_data/<folder>`, sorted: `screening` to learn from, `held_out` to measure with."""
    return sorted(DATA.glob(f"{folder}/*/*.jsonl"))


def topic_files() -> list[Path]:
    """The NLU examples, sorted."""
    return sorted([*DATA.glob("da/*.yml"), *DATA.glob("en/*.yml")])


def labelled(folder: str = "screening") -> list[dict[str, Any]]:
    """Every message of the batches: text, flags, batch, lang, kind."""
    return [
        json.loads(line) for path in screening_files(folder) for line in path.read_text(encoding="utf-8").splitlines()
    ]


def topic_questions() -> list[dict[str, Any]]:
    """Every NLU example as a harmless message, with its `intent`; none of them carries an alarm sign."""
    rows = []
    for path in topic_files():
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if "intent" not in block:
                continue  # a lookup table or synonyms
            shared = {
                "intent": block["intent"],
                "flags": [],
                "batch": f"topics {block['metadata']['batch']}",
                "lang": path.parent.name,
            }
            for line in block["examples"].splitlines():
                text = re.sub(r"\[([^]]+)\]\(\w+\)", r"\1", line.removeprefix("- "))  # entities are marked so
                rows.append({"text": text, "kind": "topic", **shared})
    return rows


def everyday_words() -> list[dict[str, Any]]:
    """What nearly everyone says, as harmless messages of more than one message's `weight`."""
    raw = yaml.safe_load(EVERYDAY.read_text(encoding="utf-8"))
    shared = {"flags": [], "batch": "everyday", "kind": "ordinary_pain", "weight": float(raw["weight"])}
    return [{"text": text, "lang": lang, **shared} for lang in ("da", "en") for text in raw[lang]]


def examples() -> list[dict[str, Any]]:
    """All that the model is trained on."""
    return labelled() + topic_questions() + everyday_words()
