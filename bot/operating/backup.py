"""Makes a backup while patients write: one reading transaction sees one moment, whatever is written meanwhile."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import now
from bot.operating import archive
from bot.operating.archive import Backup, Manifest
from bot.operating.errors import NotWritten
from bot.operating.keys import held, opened
from bot.operating.tables import in_transactions, kept, lines, revision_of, revisions
from bot.settings import Settings

ENDING = ".zip"
NOTE = "last_backup"  # in the data folder, for `rygraad doctor`
ENCRYPTED_SINCE = "0003"


def make(settings: Settings, target: Path) -> tuple[Path, Manifest]:
    """Writes a backup into a folder, or to a file that is not there yet; whole or not at all. Raises NotWritten."""
    folder, name = _place(target)
    hidden = folder / f".{secrets.token_hex(8)}.part"
    try:
        with _created(hidden) as file:
            manifest = _fill(settings, file)
        with Backup(hidden) as written:
            written.check()  # a backup nobody has read is none
        path = _publish(hidden, folder, name, manifest)
    except OSError as error:
        raise NotWritten(f"The backup was not written: {error.strerror or type(error).__name__}.") from error
    finally:
        hidden.unlink(missing_ok=True)
    _note(settings)
    return path, manifest


def _place(target: Path) -> tuple[Path, str | None]:
    """The folder, and the file's name where one is given."""
    if target.is_dir():
        return target, None
    if target.exists():
        raise NotWritten(f"{target} is already there; a backup never overwrites.")
    if target.suffix != ENDING:
        raise NotWritten(f"There is no folder {target}. Make it first, or name a file that ends in {ENDING}.")
    if not target.parent.is_dir():
        raise NotWritten(f"There is no folder {target.parent}. Make it first.")
    return target.parent, target.name


@contextmanager
def _created(path: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner may read; on the disk, not only in memory, when this ends."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _fill(settings: Settings, file: BinaryIO) -> Manifest:
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise NotWritten(f"There is no database at {url.database}.")
    engine = in_transactions(opened(settings), "begin")
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            return _copy(connection, file, held(settings))
    except SQLAlchemyError as error:
        raise NotWritten(f"The database cannot be read ({type(error).__name__}); see `rygraad doctor`.") from error
    finally:
        engine.dispose()


def _copy(connection: Connection, file: BinaryIO, secrets: tuple[str, ...]) -> Manifest:
    revision = revision_of(connection)
    if revision is None:
        raise NotWritten("The database is not Rygråd's, or still empty.")
    if revision not in (known := revisions()):
        raise NotWritten(f"The database is at revision {revision}, which this release does not know.")
    if known.index(revision) < known.index(ENCRYPTED_SINCE):
        raise NotWritten("The database is from before words were encrypted; `rygraad up` encrypts them first.")
    made_at = now().isoformat(timespec="seconds")
    tables = ((shape, lines(connection, shape)) for shape in kept(revision))
    with archive.begun(file) as zipped:
        written = archive.write(zipped, tables)
        about = Manifest(revision=revision, engine=connection.dialect.name, made_at=made_at, tables=written)
        manifest = about.sealed(secrets)
        zipped.writestr(archive.MANIFEST, manifest.model_dump_json(indent=1))
    return manifest


def _publish(hidden: Path, folder: Path, name: str | None, manifest: Manifest) -> Path:
    """Gives the finished file its name, which nobody else has, even of two that end at once."""
    stamp = datetime.fromisoformat(manifest.made_at).strftime("%Y-%m-%dT%H%M%SZ")
    for number in count(1):
        path = folder / (name or f"rygraad-{stamp}{f'-{number}' if number > 1 else ''}{ENDING}")
        try:
            _name(hidden, path)
        except FileExistsError:
            if name:
                raise NotWritten(f"{path} is already there; a backup never overwrites.") from None
            continue
        break
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return path


def _name(hidden: Path, path: Path) -> None:
    """Raises FileExistsError."""
    try:
        path.hardlink_to(hidden)
    except FileExistsError:
        raise
    except OSError:  # a disk without links, as many USB sticks and network shares are
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        hidden.replace(path)


def _note(settings: Settings) -> None:
    """When it was made, for the doctor; a data folder that cannot be written is the doctor's matter too."""
    try:
        fresh = settings.data_dir / f"{NOTE}.{secrets.token_hex(4)}"
        fresh.write_text(now().isoformat(timespec="seconds"), encoding="ascii")
        fresh.replace(settings.data_dir / NOTE)
    except OSError:
        return
