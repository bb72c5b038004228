"""The file of a backup: a zip of `manifest.json` and one `tables/<name>.jsonl` a table. Nothing is ever unpacked.

A file is believed only after its every byte was read: sizes and SHA-256 stand in the manifest, and the manifest is
sealed with the secret. What it may hold is bounded, so that a hostile file costs no more than reading it.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.operating.errors import NotABackup
from bot.operating.keys import fingerprint, seal
from bot.operating.tables import MOST_BYTES, Shape, kept, revisions

FORMAT = 1
MANIFEST = "manifest.json"
MOST_MANIFEST = 1024 * 1024  # bytes
MOST_GROWTH = 200  # times the file's size; what we write grows about threefold
AT_ONCE = 1024 * 1024
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError)


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Table(_Strict):
    """What a table's part must be."""

    columns: list[str]
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: Hex


class Manifest(_Strict):
    """What stands in the file. `keys` are fingerprints, the newest secret's first; the seal is made with that one."""

    program: Literal["rygraad"] = "rygraad"
    format: Literal[1] = 1
    revision: str
    engine: str
    made_at: str
    tables: dict[str, Table]
    keys: list[str] = []
    seal: str = ""

    def content(self) -> bytes:
        """What is sealed: all of it but the seal."""
        return json.dumps(self.model_dump(exclude={"seal"}), sort_keys=True).encode()

    def sealed(self, secrets: tuple[str, ...]) -> Manifest:
        """The manifest with fingerprints, and with the newest secret's seal."""
        named = self.model_copy(update={"keys": [fingerprint(secret) for secret in secrets]})
        return named.model_copy(update={"seal": seal(secrets[0], named.content())}) if secrets else named

    @property
    def rows(self) -> int:
        """In all tables."""
        return sum(table.rows for table in self.tables.values())


def part(name: str) -> str:
    """Where a table's rows stand."""
    return f"tables/{name}.jsonl"


@contextmanager
def begun(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """A zip that is being written, and has its end when this ends."""
    archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
    try:
        yield archive
        archive.close()
    except BaseException:
        with suppress(Exception):
            archive.close()  # or else it would try again by itself, when the file is long closed
        raise


def write(archive: zipfile.ZipFile, tables: Iterable[tuple[Shape, Iterator[bytes]]]) -> dict[str, Table]:
    """Writes the tables; what the manifest says of them."""
    written: dict[str, Table] = {}
    for shape, lines in tables:
        digest, rows, size = hashlib.sha256(), 0, 0
        with archive.open(part(shape.name), "w", force_zip64=True) as out:
            for line in lines:
                digest.update(line)
                rows, size = rows + 1, size + len(line)
                out.write(line)
        written[shape.name] = Table(columns=list(shape.columns), rows=rows, bytes=size, sha256=digest.hexdigest())
    return written


class Backup:
    """A backup that is read. Opening looks at the manifest only; `check` reads it all."""

    def __init__(self, path: Path) -> None:
        """Raises NotABackup."""
        try:
            self.size = path.stat().st_size
            self.zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise NotABackup(f"There is no file {path}.") from None
        except DAMAGE as error:
            raise NotABackup("The file is no backup, or was cut off.") from error
        try:
            if any(each.compress_type not in METHODS for each in self.zip.infolist()):
                raise NotABackup("The file is no backup of Rygråd: it is packed in another way.")
            self.manifest = self._manifest()
            self.shapes = self._shapes()
            self._look_at_parts()
        except BaseException:
            self.zip.close()
            raise

    def __enter__(self) -> Backup:
        return self

    def __exit__(self, *_: object) -> None:
        self.zip.close()

    def _manifest(self) -> Manifest:
        try:
            with self.zip.open(MANIFEST) as stream:
                raw = json.loads(_bounded(stream.read(MOST_MANIFEST + 1)))
            if isinstance(raw, dict) and raw.get("program") == "rygraad" and raw.get("format") != FORMAT:
                raise NotABackup(
                    f"The backup's format is {raw.get('format')!s:.9}; this release reads {FORMAT} only."
                )
            return Manifest.model_validate(raw)
        except KeyError:
            raise NotABackup("The file is no backup of Rygråd: it has no manifest.") from None
        except (ValidationError, RecursionError, *DAMAGE) as error:
            raise NotABackup("The backup's manifest cannot be read: damaged, or not Rygråd's.") from error

    def _shapes(self) -> tuple[Shape, ...]:
        revision = self.manifest.revision
        if revision not in (known := revisions()):
            newest = f"this release knows {known[-1]} at most"
            raise NotABackup(f"The backup's database is at revision {revision:.40}; {newest}. Use a newer release.")
        expected = kept(revision)
        columns = {shape.name: list(shape.columns) for shape in expected}
        if columns != {name: table.columns for name, table in self.manifest.tables.items()}:
            raise NotABackup(f"The backup does not hold the tables of revision {revision}.")
        return expected

    def _look_at_parts(self) -> None:
        """Exactly the parts there must be, and of the sizes the manifest says, before any of them is read."""
        found, tables = self.zip.infolist(), self.manifest.tables
        if sorted(each.filename for each in found) != sorted([MANIFEST, *map(part, tables)]):
            raise NotABackup("The backup has parts that do not belong to it, or lacks some.")
        if any(self.zip.getinfo(part(name)).file_size != table.bytes for name, table in tables.items()):
            raise NotABackup("The backup was altered or damaged: a part has not the size it must have.")
        if sum(each.file_size for each in found) > MOST_GROWTH * self.size:
            raise NotABackup("The file would grow more than two hundredfold; no backup of Rygråd does.")

    def lines(self, shape: Shape) -> Iterator[bytes]:
        """The rows of a table; after the last one their number and checksum were compared. Raises NotABackup."""
        table, digest, rows = self.manifest.tables[shape.name], hashlib.sha256(), 0
        try:
            with self.zip.open(part(shape.name)) as raw, io.BufferedReader(raw, AT_ONCE) as stream:  # type: ignore[type-var]
                while line := stream.readline(MOST_BYTES + 1):
                    if len(line) > MOST_BYTES:
                        raise NotABackup(f"A row of {shape.name} is larger than any of ours.")
                    digest.update(line)
                    rows += 1
                    yield line
        except DAMAGE as error:
            raise NotABackup(f"The backup was altered or damaged: {part(shape.name)} cannot be read.") from error
        if (rows, digest.hexdigest()) != (table.rows, table.sha256):
            raise NotABackup(f"The backup was altered or damaged: {part(shape.name)} is not what was written.")

    def check(self) -> Manifest:
        """Reads every byte. Raises NotABackup."""
        for shape in self.shapes:
            for _ in self.lines(shape):
                pass
        return self.manifest

    def doubts(self, secrets: tuple[str, ...]) -> list[str]:
        """What the secrets held here say against it. Raises NotABackup when it was altered after it was made."""
        keys, by_print = self.manifest.keys, {fingerprint(secret): secret for secret in secrets}
        if not keys:
            return ["The backup was made without a secret at hand: nobody can tell whether it was altered."]
        if keys[0] not in by_print:
            words = "none is held here" if not secrets else "the one held here is another"
            return [f"WRONG SECRET: the backup needs the secret {keys[0][:8]}…, and {words}. {PUT_BACK}"]
        if not hmac.compare_digest(seal(by_print[keys[0]], self.manifest.content()), self.manifest.seal):
            raise NotABackup("The backup was altered: its manifest is not the one that was sealed.")
        gone = [key[:8] for key in keys if key not in by_print]
        return [f"Older secrets are not held here ({', '.join(gone)}); {ROTATED}"] if gone else []


PUT_BACK = (
    "Without it nobody can read what patients said, and nobody can tell whether the file was altered. "
    "Put back secret.key, or set RYGRAAD_SECRET_KEY, before Rygråd starts."
)
ROTATED = "what was written with them stays unreadable, unless `rygraad keys rotate` had run before the backup."


def _bounded(content: bytes) -> Any:
    if len(content) > MOST_MANIFEST:
        raise NotABackup("The backup's manifest is larger than any of ours.")
    return content
