"""Trains the plain project and asks it, through its own environment (`make plain-rasa` makes both)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from datetime import date
from pathlib import Path
from typing import Any

from bot.evaluation.plain.project import OTHER, write, write_answering
from bot.nlu.parse import LABEL
from bot.screening.examples import labelled, topic_questions
from bot.screening.flags import load_flags
from bot.screening.result import Outcome, Screening
from bot.screening.screener import CLEAR
from bot.settings import ROOT

HERE = Path(__file__).parent
ENVIRONMENT = ROOT / ".venv" / "plain" / "bin"
PROJECT = ROOT / "models" / "plain"
ANSWERING = ROOT / "models" / "plain-bench"  # the project that also answers, for tests/bench
DEFAULT_PASSES = 100
BAR = re.compile(r"Epochs: 100%\|[^|]*\| (\d+)/\1 \[(?:(\d+):)?(\d+):(\d+)<")
FALLBACK = "nlu_fallback"


def train() -> None:
    """Trains the default pipeline on our data; ten passes take about an hour on two cores."""
    shutil.rmtree(PROJECT, ignore_errors=True)
    write(PROJECT)
    command = [str(ENVIRONMENT / "rasa"), "train", "nlu", "--nlu", "data", "--domain", "domain.yml"]
    subprocess.run([*command, "--fixed-model-name", "plain", "--out", "models"], cwd=PROJECT, check=True)


def answering_model() -> Path:
    """The model of the project that also answers."""
    return ANSWERING / "models" / "plain.tar.gz"


def launcher() -> Path:
    """The script the plain environment starts Rasa with."""
    return HERE / "launch.py"


def train_answering(passes: int, policy_passes: int, again: bool = False) -> dict[str, Any]:
    """Trains the project that also answers, unless that was done; how long that took, with how many passes, when."""
    noted = ANSWERING / "trained.json"
    if answering_model().exists() and noted.exists() and not again:
        return dict(json.loads(noted.read_text(encoding="utf-8")))
    shutil.rmtree(ANSWERING, ignore_errors=True)
    write_answering(ANSWERING, passes, policy_passes)
    command = [str(ENVIRONMENT / "rasa"), "train", "--fixed-model-name", "plain", "--out", "models", "--force"]
    began = time.perf_counter()
    with (ANSWERING / "train.log").open("wb") as log:
        subprocess.run(
            command, cwd=ANSWERING, env=os.environ | {"RASA_TELEMETRY_ENABLED": "false"}, stdout=log, stderr=log,
            check=True,
        )  # fmt: skip
    found: dict[str, Any] = {
        "seconds": time.perf_counter() - began,
        "to_come": seconds_to_come((ANSWERING / "train.log").read_text(encoding="utf-8", errors="replace")),
        "passes": passes,
        "policy_passes": policy_passes,
        "examples": len(labelled()) + len(topic_questions()),
        "on": date.today().isoformat(),
    }
    noted.write_text(json.dumps(found), encoding="utf-8")
    return found


def seconds_to_come(log: str) -> float:
    """What the default number of passes would take beyond the training that wrote this log, by its progress bars."""
    seconds = 0.0
    for line in log.split("\n"):
        if drawn := BAR.findall(line):  # drawn over and over; the last is the whole
            passes, hours, minutes, rest = (int(value or 0) for value in drawn[-1])
            seconds += (3600 * hours + 60 * minutes + rest) / passes * (DEFAULT_PASSES - passes)
    return seconds


def rankings(texts: list[str]) -> list[list[str]] | None:
    """The intents of each text, likeliest first; None where the plain model has not been made."""
    model = PROJECT / "models" / "plain.tar.gz"
    if not model.exists():
        return None
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    done = subprocess.run(
        [str(ENVIRONMENT / "python"), str(HERE / "parse.py"), str(model)],
        input=lines,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line)["ranking"] for line in done.stdout.splitlines() if line.startswith("{")]


def screening_of(ranking: list[str]) -> Screening:
    """An alarm where the likeliest intent is a flag."""
    first = next((name for name in ranking if name != FALLBACK), OTHER)
    if FALLBACK in ranking[:1] or not first.startswith("flag_"):
        return CLEAR
    flag = first.removeprefix("flag_")
    return Screening(Outcome.ALARM, load_flags().flags[flag].level, (flag,), ())


def topic_of(ranking: list[str]) -> str | None:
    """The likeliest intent that is neither a flag nor `other`; None where the pipeline falls back."""
    if ranking[:1] == [FALLBACK]:
        return None
    named = (name for name in ranking if name not in (OTHER, FALLBACK) and not name.startswith("flag_"))
    first = next(named, None)
    return LABEL.get(first, first) if first else None
