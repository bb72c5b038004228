"""Where Rasa's parts lie, how its commands are called here, and whether the model is up to date."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from bot.settings import ROOT, Settings, get_settings

MODELS = ROOT / "models"
INPUTS = (
    "config.yml",
    "domain",
    "nlu_data/da",
    "nlu_data/en",
    "stories",
    "bot/nlu",
    "bot/rasa",
    "requirements.txt",
    "bot/screening/features.py",
    "bot/screening/linear.py",
    "bot/screening/normalise.py",
)
DATA = ["--data", "nlu_data/da", "nlu_data/en", "stories"]
DOMAIN = ["--domain", "domain"]
DEFAULTS: dict[tuple[str, ...], list[str]] = {
    ("train",): [*DATA, *DOMAIN, "--config", "config.yml", "--out", "models"],
    ("data",): [*DATA, *DOMAIN],
    ("shell",): ["--model", "models", "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"],
    ("run",): ["--model", "models", "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"],
    ("test",): ["--model", "models", "--stories", "tests/rasa", "--nlu", "nlu_data/da"],
    ("test", "core"): ["--model", "models", "--stories", "tests/rasa"],
    ("test", "nlu"): ["--model", "models", "--nlu", "nlu_data/da", *DOMAIN],
}


def files(names: Iterable[str]) -> list[Path]:
    """The files below these names of the project, sorted."""
    found: list[Path] = []
    for name in names:
        path = ROOT / name
        found += [path] if path.is_file() else [p for p in path.rglob("*") if p.suffix in {".yml", ".py"}]
    return sorted(found)


def model_path() -> Path:
    """The model that belongs to the inputs as they are now; it may not exist yet."""
    digest = hashlib.sha256()
    for path in files(INPUTS):
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return MODELS / f"rygraad-{digest.hexdigest()[:16]}.tar.gz"


def with_defaults(arguments: list[str]) -> list[str]:
    """A Rasa command line with this project's paths where none are given."""
    if not arguments or "--help" in arguments or "-h" in arguments:
        return arguments
    extra: list[str] = []
    defaults = DEFAULTS.get(tuple(arguments[:2])) or DEFAULTS.get((arguments[0],), [])
    for option in (item for item in defaults if item.startswith("--")):
        if option not in arguments:
            start = defaults.index(option)
            values = [d for d in defaults[start + 1 :]]
            stop = next((i for i, d in enumerate(values) if d.startswith("--")), len(values))
            extra += [option, *values[:stop]]
    return [*arguments, *extra]


def environment(settings: Settings) -> dict[str, str]:
    """What Rasa's processes need to know."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RYGRAAD_ACTIONS_URL": settings.actions_url,
        "RYGRAAD_RASA_SECRET": settings.rasa_secret.get_secret_value(),
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_CACHE_DIRECTORY": str(MODELS / ".cache"),
        "SANIC_ACCESS_LOG": "false",
        "SANIC_HOST": "127.0.0.1",
    }


class TrainingFailed(Exception):
    """Rasa could not train; the message ends with the last lines of its log."""


def train() -> Path:
    """Trains screening and dialogue if their inputs changed; the log is models/train.log. Raises TrainingFailed."""
    from bot.screening.model import ensure_trained

    MODELS.mkdir(exist_ok=True)
    with (MODELS / ".training").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # whoever comes second finds the model made
        ensure_trained()
        path = model_path()
        if not path.exists():
            _train_dialogue(path)
        return path


def _train_dialogue(path: Path) -> None:
    command = [sys.executable, "-m", "bot.rasa.launcher", "rasa"]
    arguments = with_defaults(["train", "--fixed-model-name", path.name.removesuffix(".tar.gz"), "--force"])
    done = subprocess.run(
        [*command, *arguments], cwd=ROOT, env=environment(get_settings()), capture_output=True, text=True
    )
    log = MODELS / "train.log"
    log.write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode or not path.exists():
        raise TrainingFailed(f"training failed, see {log}:\n" + "\n".join(done.stderr.splitlines()[-15:]))
