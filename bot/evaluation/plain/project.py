"""Writes the plain project: every topic example by its intent, every screening message by its gravest flag.

A message without a flag is `other`. That is how a Rasa developer would put alarm signs into intents.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from bot.screening.examples import labelled, topic_files
from bot.screening.flags import load_flags

HERE = Path(__file__).parent
OTHER = "other"


def intent_of(flags: list[str]) -> str:
    """The intent that stands for these flags."""
    return f"flag_{load_flags().in_order(set(flags))[0]}" if flags else OTHER


def write(folder: Path) -> None:
    """Writes config, domain and NLU data to an empty folder."""
    data = folder / "data"
    data.mkdir(parents=True)
    shutil.copy(HERE / "config.yml", folder / "config.yml")
    by_intent: dict[str, list[str]] = {}
    for row in labelled():
        by_intent.setdefault(intent_of(row["flags"]), []).append(" ".join(row["text"].split()))
    blocks: list[dict[str, Any]] = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
        for intent, texts in by_intent.items()
    ]
    _dump(data / "flags.yml", {"version": "3.1", "nlu": blocks})
    for path in topic_files():
        shutil.copy(path, data / f"{path.parent.name}_{path.name}")
    _dump(folder / "domain.yml", {"version": "3.1", "intents": sorted({*by_intent, *_intents(data)})})


def _intents(data: Path) -> set[str]:
    return {
        block["intent"]
        for path in data.glob("*.yml")
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        if "intent" in block
    }


def _dump(path: Path, value: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf-8")
