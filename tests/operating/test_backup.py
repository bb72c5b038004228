"""`rygraad backup`: one moment in one file, whole or not at all, without a secret in it."""

from __future__ import annotations

import errno
import json
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from bot.clock import now
from bot.operating import backup as operating
from bot.operating.archive import Backup, Manifest
from bot.operating.backup import make
from bot.operating.errors import NotWritten
from bot.operating.tables import LEFT_OUT, shapes
from bot.settings import Settings
from bot.store import staff
from bot.store.database import open_database
from bot.store.editorial_models import TextVersion
from bot.store.models import Conversation
from bot.store.staff_models import Invite
from tests.operating.conftest import SECRET
from tests.operating.everything import ALL, CANARY, CSRF, how_many


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as found:
        return {name: found.read(name) for name in found.namelist()}


def rows(path: Path, table: str) -> list[dict[str, Any]]:
    """A table of a backup, by column."""
    with Backup(path) as backup:
        columns = backup.manifest.tables[table].columns
    return [
        dict(zip(columns, json.loads(line), strict=True))
        for line in parts(path)[f"tables/{table}.jsonl"].splitlines()
    ]


def test_the_migrations_make_the_tables_the_program_has() -> None:
    found = {shape.name: set(shape.columns) for shape in shapes("head")}
    assert found == {table.name: {c.name for c in table.columns} for table in SQLModel.metadata.sorted_tables}
    assert {str(table.__tablename__) for table in ALL} == set(found)  # so that these tests fill all of them


def test_every_row_is_in_it(filled: Settings, folder: Path) -> None:
    path, manifest = make(filled, folder)
    engine = open_database(filled)
    expected = how_many(engine)
    engine.dispose()
    assert all(expected.values())
    assert {name: table.rows for name, table in manifest.tables.items()} == {
        name: number for name, number in expected.items() if name not in LEFT_OUT
    }
    assert manifest.engine == engine.dialect.name
    assert (path.parent, path.suffix) == (folder, ".zip")


def test_it_holds_no_secret_and_no_words(filled: Settings, folder: Path) -> None:
    token = staff.open_session(open_database(filled), "u", passed=True)
    content = b"".join(parts(make(filled, folder)[0]).values())
    for hidden in (SECRET, CANARY, CSRF, token, filled.rasa_secret.get_secret_value()):
        assert hidden.encode() not in content


def test_only_its_owner_may_read_it(filled: Settings, folder: Path) -> None:
    before = os.umask(0)
    try:
        path, _ = make(filled, folder)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in folder.iterdir()] == [path.name]


def test_two_backups_of_the_same_are_the_same(filled: Settings, folder: Path) -> None:
    (first, one), (second, other) = make(filled, folder), make(filled, folder)
    assert first != second and one.tables == other.tables


# -- while patients write ------------------------------------------------------------------------


@contextmanager
def moving(settings: Settings) -> Iterator[Callable[[], int]]:
    """Somebody takes from one table and gives to another, always in one transaction; the sum stays nought."""
    engine, stop, moved = open_database(settings), threading.Event(), [0]

    def move() -> None:
        while not stop.is_set():
            with engine.begin() as connection:
                connection.execute(
                    sa.update(Conversation).values(trying=sa.func.coalesce(Conversation.trying, 0) + 1)
                )
                connection.execute(sa.update(Invite).values(used=Invite.used - 1))
            moved[0] += 1

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(move)
        try:
            yield lambda: moved[0]
        finally:
            stop.set()
            running.result()
            engine.dispose()


def test_it_shows_one_moment_while_patients_write(filled: Settings, folder: Path) -> None:
    engine = open_database(filled)
    with Session(engine) as session:  # read between the two tables, so that there is time for a move
        many = ({"key": f"k{n}", "language": "da", "version": "v", "source": "x" * 300} for n in range(8000))
        session.execute(sa.insert(TextVersion), [each | {"origin": "file", "seen_at": now()} for each in many])
        session.commit()
    engine.dispose()
    moves, seen = [], []
    with moving(filled) as moved:
        for _ in range(4):
            before = moved()
            path, _ = make(filled, folder)
            moves.append(moved() - before)
            taken = {row["trying"] or 0 for row in rows(path, "conversation")}
            given = {-row["used"] for row in rows(path, "invite")}
            assert taken == given, "half a move"
            seen += given
    assert all(moves), "nobody wrote meanwhile, so nothing was shown"
    assert len(set(seen)) == 4


def test_two_at_once_both_succeed(made: Path, settings: Settings, folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: make(settings, folder)[0], range(4)))
    assert len(set(done)) == 4 and sorted(folder.iterdir()) == sorted([made, *done])


def test_of_two_with_one_name_one_is_refused(filled: Settings, folder: Path) -> None:
    def attempt(_: int) -> str:
        try:
            return make(filled, folder / "nat.zip")[0].name
        except NotWritten as refused:
            assert "already there" in str(refused)
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, range(2))) == ["nat.zip", "refused"]
    with Backup(folder / "nat.zip") as backup:
        backup.check()


# -- what goes wrong -----------------------------------------------------------------------------


def refused(settings: Settings, target: Path, says: str) -> None:
    """Nothing was written, and the message says why without showing a secret."""
    around = target if target.is_dir() else target.parent
    before = sorted(around.iterdir()) if around.is_dir() else []
    with pytest.raises(NotWritten, match=says) as raised:
        make(settings, target)
    assert SECRET not in str(raised.value)
    assert (sorted(around.iterdir()) if around.is_dir() else []) == before


def test_it_never_overwrites(filled: Settings, folder: Path) -> None:
    mine = folder / "mine.zip"
    mine.write_text("mine")
    refused(filled, mine, "already there; a backup never overwrites")
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("target", ["nowhere", "nowhere/backup.zip", "nowhere 🦴/æ.zip", "file.txt"])
def test_a_folder_that_is_missing_is_not_guessed(settings: Settings, folder: Path, target: str) -> None:
    refused(settings, folder / target, "There is no folder")


def test_no_database_is_made_by_looking_for_one(here: Settings, folder: Path) -> None:
    refused(here, folder, "There is no database at")
    assert not here.data_dir.exists()


def test_a_file_that_is_no_database(here: Settings, folder: Path) -> None:
    here.data_dir.mkdir()
    (here.data_dir / "rygraad.db").write_bytes(b"not a database at all" * 100)
    refused(here, folder, "cannot be read")


def test_a_database_that_is_not_ours(empty: Settings, folder: Path) -> None:
    engine = open_database(empty)
    with engine.begin() as connection:
        connection.exec_driver_sql("create table conversation (id integer)")
    engine.dispose()
    refused(empty, folder, "not Rygråd's")


def test_a_database_that_is_down(tmp_path: Path, folder: Path) -> None:
    url = "postgresql+psycopg://ole:hemmelig@127.0.0.1:9/rygraad"
    refused(Settings(data_dir=tmp_path / "d", database_url=url), folder, r"cannot be read \(OperationalError\)")


def test_a_folder_that_cannot_be_written(settings: Settings) -> None:
    refused(settings, Path("/proc"), "was not written")


class Full:
    """A disk with room for so many bytes."""

    def __init__(self, file: BinaryIO, room: int) -> None:
        self.file, self.room = file, room

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def write(self, content: bytes) -> int:
        self.room -= len(content)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(content)


@pytest.mark.parametrize("room", [0, 50, 1000, 4000, 7000])
def test_a_full_disk_leaves_nothing_behind(
    made: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    created = operating._created

    @contextmanager
    def full(path: Path) -> Iterator[Any]:
        with created(path) as file:
            yield Full(file, room)

    monkeypatch.setattr(operating, "_created", full)
    other = tmp_path / "full"
    other.mkdir()
    refused(settings, other, "No space left on device")


@pytest.mark.parametrize("at", ["fsync", "hardlink_to"])
def test_a_fault_at_the_end_leaves_nothing_behind(
    made: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(*((os, "fsync") if at == "fsync" else (operating, "_name")), fails)
    other = tmp_path / "broken"
    other.mkdir()
    refused(settings, other, "Input/output error")


def test_a_disk_without_links_takes_backups_too(
    made: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", fails)
    stick = tmp_path / "stick"
    stick.mkdir()
    path, manifest = make(settings, stick / "b.zip")
    assert list(stick.iterdir()) == [path] and manifest.rows
    refused(settings, path, "already there")


def test_what_sqlite_lets_stand_in_the_wrong_column_is_said_and_not_copied(settings: Settings, folder: Path) -> None:
    engine = open_database(settings)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into telegramupdate (update_id, tries, parts_sent, set_aside, received_at)"
            " values (1, 'many', 0, 0, '2026-01-01')"
        )
    engine.dispose()
    refused(settings, folder, "telegramupdate holds a value that is not what its column says")


def test_without_a_secret_at_hand_it_says_so_and_makes_none(made: Path, settings: Settings, folder: Path) -> None:
    (settings.data_dir / "secret.key").unlink(missing_ok=True)
    _, manifest = make(settings, folder)
    assert (manifest.keys, manifest.seal) == ([], "")
    assert not (settings.data_dir / "secret.key").exists()


def test_the_manifest_says_what_somebody_needs_to_know(made: Path) -> None:
    manifest = json.loads(parts(made)["manifest.json"])
    assert {name: manifest[name] for name in ("program", "format", "engine")} == {
        "program": "rygraad", "format": 1, "engine": "sqlite",
    }  # fmt: skip
    assert set(manifest) == set(Manifest.model_fields)
    assert [len(key) for key in manifest["keys"]] == [32]
