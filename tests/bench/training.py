"""How long `rygraad train` takes where nothing is trained yet. Plain Rasa: bot/evaluation/plain/run.py."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bot.settings import ROOT
from tests.bench.sides import folder

# What training reads. The rest of the project stays where it is, and so do its models.
FOLDERS = ("bot", "actions", "content", "nlu_data", "domain", "stories")
FILES = ("config.yml", "credentials.yml", "endpoints.yml", "requirements.txt")


def ours() -> float:
    """Seconds of `rygraad train` in a copy of the project without models."""
    with folder() as place:
        for name in FOLDERS + FILES:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, place / name)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", "from bot.cli import main; main()", "train"],
            cwd=place, env=os.environ | {"PYTHONPATH": str(place)}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        took = time.perf_counter() - began
        made = sorted(path.suffix for path in Path(place, "models").glob("*-*"))
        if made != [".gz", ".npz"]:
            raise RuntimeError(f"not trained from nothing: {made}")
        return took
