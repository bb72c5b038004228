"""Trains the plain project and asks it, through its own environment (`make plain-rasa` makes both)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from bot.evaluation.plain.project import OTHER, write
from bot.nlu.parse import LABEL
from bot.screening.flags import load_flags
from bot.screening.result import Outcome, Screening
from bot.screening.screener import CLEAR
from bot.settings import ROOT

HERE = Path(__file__).parent
ENVIRONMENT = ROOT / ".venv" / "plain" / "bin"
PROJECT = ROOT / "models" / "plain"
FALLBACK = "nlu_fallback"


def train() -> None:
    """Trains the default pipeline on our data; ten passes take about an hour on two cores."""
    shutil.rmtree(PROJECT, ignore_errors=True)
    write(PROJECT)
    command = [str(ENVIRONMENT / "rasa"), "train", "nlu", "--nlu", "data", "--domain", "domain.yml"]
    subprocess.run([*command, "--fixed-model-name", "plain", "--out", "models"], cwd=PROJECT, check=True)


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
