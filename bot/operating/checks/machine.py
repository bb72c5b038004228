"""What can be seen on this machine: the data folder, the secret, the models, the texts, the kill switch, backups."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from bot.clock import now
from bot.content.check import check
from bot.content.errors import BrokenContent
from bot.content.file_faults import SAFETY
from bot.content.store import load
from bot.editorial.live import LiveContent
from bot.kill_switch import ALL, KillSwitch
from bot.operating.backup import NOTE
from bot.operating.checks.finding import Finding, fine, warning, wrong
from bot.operating.keys import held
from bot.rasa.project import model_path
from bot.screening.model import default_model_path
from bot.settings import Settings

GB = 1024**3
LITTLE, TOO_LITTLE = 2 * GB, GB // 5
BACKUP_EVERY = timedelta(days=2)


def _standing(path: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())


def data_folder(settings: Settings) -> Finding:
    """Whether it can be written."""
    folder = _standing(settings.data_dir)
    do = "Set RYGRAAD_DATA_DIR to a folder that the user who runs Rygråd may write."
    if not folder.is_dir():
        return wrong("data folder", f"{folder} is no folder.", do)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return wrong("data folder", f"{folder} cannot be written: {error.strerror}.", do)
    return fine("data folder", f"{settings.data_dir}{'' if settings.data_dir.exists() else ' can be made'}.")


def disk(settings: Settings) -> Finding:
    """Whether there is room."""
    free = shutil.disk_usage(_standing(settings.data_dir)).free
    says, do = f"{free / GB:.1f} GB are free.", "Make room: without it no message can be stored."
    if free < TOO_LITTLE:
        return wrong("disk", says, do)
    return warning("disk", says, do) if free < LITTLE else fine("disk", says)


def secret(settings: Settings) -> Finding:
    """Whether there is one, and nobody else can read it."""
    path = settings.data_dir / "secret.key"
    if settings.secret_key.get_secret_value().strip(","):
        return fine("secret", f"RYGRAAD_SECRET_KEY holds {len(held(settings))}.")
    if not path.exists() and (settings.data_dir / "rygraad.db").exists():
        do = "Put secret.key back before Rygråd starts, or it makes another, which opens nothing that is stored."
        return warning("secret", "there is a database, and no secret beside it.", do)
    if not path.exists():
        return fine("secret", "none yet; the first start makes one.")
    if path.stat().st_mode & 0o077:
        return wrong("secret", f"others on this machine can read {path}.", f"Run: chmod 600 {path}")
    do = "Keep a copy elsewhere: no backup holds it, and without it nobody can read what patients said."
    return Finding("secret", "OK", f"it lies in {path}.", do)


def models(_: Settings) -> Finding:
    """Whether they are there for the inputs as they are now."""
    missing = [each.name for each in (model_path(), default_model_path()) if not each.exists()]
    if missing:
        do = "`rygraad up` trains before it starts, which takes a minute; `rygraad train` does so now."
        return warning("models", "they do not exist for the examples and rules as they are now.", do)
    return fine("models", "they are there, and up to date.")


def texts(_: Settings) -> Finding:
    """Whether the content folder has faults."""
    try:
        load()
    except BrokenContent as broken:
        says = f"{len(broken.faults)} faults stop Rygråd from starting."
        return wrong("texts", says, "`rygraad content check` names file and line.")
    if faults := check():
        return warning("texts", f"{len(faults)} faults.", "`rygraad content check` names file and line.")
    return fine("texts", "no faults.")


def approval(settings: Settings, engine: Engine | None) -> Finding:
    """Whether a clinician approved the safety texts, in the files or as editors published them."""
    content = load()
    if engine is None:
        unsigned = content.unsigned(SAFETY)
    else:
        live = LiveContent(content, engine)
        live.refresh()
        unsigned = live.never_approved(SAFETY)
    if not unsigned:
        return fine("approval", "a clinician has approved every safety text.")
    says = f"{len(unsigned)} safety texts lack a clinician's approval, {unsigned[0]} among them."
    if settings.env == "production":
        return wrong("approval", says, "Rygråd refuses to start in production; have them approved (docs/editing.md).")
    return warning("approval", says, "That is allowed in a demonstration; no patient may use it.")


def kill_switch(settings: Settings) -> Finding:
    """Whether anything is closed."""
    closed = KillSwitch(settings.data_dir).lines()
    if not closed:
        return fine("kill switch", "everything is open.")
    what = "every conversation" if ALL in closed else ", ".join(sorted(closed))[:200]
    return warning("kill switch", f"it closes {what}.", "`rygraad kill-switch off` opens again.")


def last_backup(settings: Settings) -> Finding:
    """How long ago `rygraad backup` wrote one on this machine."""
    do = "Run `rygraad backup <folder>` every night."
    try:
        made_at = datetime.fromisoformat((settings.data_dir / NOTE).read_text(encoding="ascii").strip())
        age = now() - made_at
    except FileNotFoundError:
        if settings.env == "production":
            return warning("last backup", "none was made with `rygraad backup`.", do)
        return fine("last backup", "none yet.")
    says = f"{made_at:%Y-%m-%d %H:%M} UTC, {age.days} days ago."
    return warning("last backup", says, do) if age > BACKUP_EVERY else fine("last backup", says)
