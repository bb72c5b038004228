"""Writes the plain project: every topic example by its intent, every screening message by its gravest flag.

A message without a flag is `other`. That is how a Rasa developer would put alarm signs into intents.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from bot.screening.examples import labelled, topic_files
from bot.screening.flags import load_flags

HERE = Path(__file__).parent
OTHER = "other"
# The rest of what `rasa init` gives, for the project that also answers. Retrieval intents there are none.
SELECTOR = {"name": "ResponseSelector", "epochs": 100}
POLICIES: list[dict[str, Any]] = [
    {"name": "MemoizationPolicy"},
    {"name": "RulePolicy"},
    {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": 100},
    {"name": "TEDPolicy", "max_history": 5, "epochs": 100, "constrain_similarities": True},
]
ENTITY = re.compile(r"\]\((\w+)\)")


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


def write_answering(folder: Path, passes: int, policy_passes: int) -> None:
    """Writes to an empty folder a project that answers every question with one text, a story for each intent.

    Its pipeline and policies are those of `rasa init`, but for the number of passes over the examples.
    """
    write(folder)
    config = yaml.safe_load((folder / "config.yml").read_text(encoding="utf-8"))
    config["pipeline"].insert(-1, SELECTOR)
    config["policies"] = POLICIES
    for part, number in (("pipeline", passes), ("policies", policy_passes)):
        config[part] = [one | ({"epochs": number} if "epochs" in one else {}) for one in config[part]]
    _dump(folder / "config.yml", config)
    data = folder / "data"
    intents = sorted(_intents(data))
    said = {f"utter_{name}": [{"text": f"Her er svaret om {name.replace('_', ' ')}."}] for name in intents}
    said["utter_default"] = [{"text": "Det forstod jeg ikke. Kan du sige det på en anden måde?"}]
    domain = {"intents": [{name: {"use_entities": []}} for name in intents], "entities": _entities(data)}
    _dump(folder / "domain.yml", {"version": "3.1", **domain, "responses": said})
    stories = [{"story": name, "steps": [{"intent": name}, {"action": f"utter_{name}"}]} for name in intents]
    _dump(data / "stories.yml", {"version": "3.1", "stories": stories})
    unsure = {"rule": "not understood", "steps": [{"intent": "nlu_fallback"}, {"action": "utter_default"}]}
    _dump(data / "rules.yml", {"version": "3.1", "rules": [unsure]})
    _dump(folder / "credentials.yml", {"rest": None})
    _dump(folder / "endpoints.yml", {})


def _entities(data: Path) -> list[str]:
    return sorted({name for path in data.glob("*.yml") for name in ENTITY.findall(path.read_text(encoding="utf-8"))})


def _intents(data: Path) -> set[str]:
    return {
        block["intent"]
        for path in data.glob("*.yml")
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        if "intent" in block
    }


def _dump(path: Path, value: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf-8")
