"""`rygraad restore`: into an empty database of either kind, all of it or nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from pydantic import SecretStr

from bot.operating import restore as operating
from bot.operating.archive import Backup
from bot.operating.backup import make
from bot.operating.errors import NotABackup, NotRestored, NotWritten
from bot.operating.tables import Shape, revisions
from bot.settings import Settings
from bot.store import conversations, records, staff
from bot.store.database import MIGRATIONS, migrate, open_database
from tests.operating.conftest import SECRET, put_back, tables_of
from tests.operating.everything import CANARY, HARD, how_many


def test_everything_comes_back_in_either_kind(filled: Settings, empty: Settings, folder: Path) -> None:
    path, manifest = make(filled, folder)
    put_back(empty, path)
    before, after = open_database(filled), open_database(empty)
    assert how_many(after) == how_many(before) | {"staffsession": 0}
    karen = staff.user(after, "u")
    assert karen and karen.name == HARD and karen.totp_secret == CANARY
    for conversation in manifest_ids(before):
        assert records.plan(after, conversation) == {"activity": CANARY}
        assert conversations.transcript(after, conversation) == conversations.transcript(before, conversation)
    assert make(empty, folder)[1].tables == manifest.tables


def manifest_ids(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql("select id from conversation order by id")]


def test_numbers_go_on_after_the_highest(filled: Settings, empty: Settings, folder: Path) -> None:
    put_back(empty, make(filled, folder)[0])
    engine = open_database(empty)
    _, conversation = conversations.create(engine, language="da")
    message, _ = conversations.accept(engine, conversation.id, client_id="n", text="", choice=None, screening={})
    assert message.id == 3
    staff.note(engine, None, "restored")
    assert staff.audit(engine)[0].id == 2**31 - 8


def test_what_may_never_change_still_may_not(filled: Settings, empty: Settings, folder: Path) -> None:
    put_back(empty, make(filled, folder)[0])
    engine = open_database(empty)
    for words in ("update audit set who = 'x'", "delete from publication", "delete from textversion"):
        with pytest.raises(sa.exc.DBAPIError, match="only added to"), engine.begin() as connection:
            connection.exec_driver_sql(words)


def test_a_migrated_database_without_rows_is_empty_too(empty: Settings, made: Path) -> None:
    migrate(empty)
    assert put_back(empty, made).rows


def test_a_backup_of_an_older_release_is_brought_up_to_date(empty: Settings, tmp_path: Path, folder: Path) -> None:
    old = Settings(data_dir=tmp_path / "old", secret_key=SecretStr(SECRET))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine = open_database(old)
    command.upgrade(config, "0004")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into conversation (id, token_hash, language, language_chosen, channel, said, created_at)"
            " values ('c', 'h', 'da', 0, 'web', 'x', '2026-01-01 10:00:00')"
        )
    path, manifest = make(old, folder)
    assert manifest.revision == "0004" and "audit" not in manifest.tables
    with pytest.raises(NotRestored, match="its secret must be in place"):
        put_back(empty.model_copy(update={"secret_key": SecretStr("another")}), path)
    put_back(empty, path)
    with open_database(empty).connect() as connection:
        assert connection.exec_driver_sql("select version_num from alembic_version").scalar() == revisions()[-1]
        assert connection.exec_driver_sql("select id, trying from conversation").all() == [("c", None)]


def test_a_database_from_before_encryption_is_not_backed_up(tmp_path: Path, folder: Path) -> None:
    old = Settings(data_dir=tmp_path / "old")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = open_database(old)
    command.upgrade(config, "0002")
    with pytest.raises(NotWritten, match="before words were encrypted"):
        make(old, folder)


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["audit", "conversation", "textversion"])
def test_a_database_with_a_single_row_is_not_empty(empty: Settings, made: Path, table: str) -> None:
    migrate(empty)
    values = {
        "audit": "(id, at, who, action, object, details) values (1, '2026-01-01', '', '', '', '{}')",
        "conversation": "(id, token_hash, language, language_chosen, said, channel, created_at)"
        " values ('c', 'h', 'da', false, '', 'web', '2026-01-01')",
        "textversion": "(key, language, version, source, origin, seen_at) values ('', '', '', '', '', '2026-01-01')",
    }
    engine = open_database(empty)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"insert into {table} {values[table]}")
    before = how_many(engine)
    with pytest.raises(NotRestored, match=f"not empty: it holds {table}"):
        put_back(empty, made)
    assert how_many(engine) == before


def test_a_database_in_use_is_refused(filled: Settings, folder: Path) -> None:
    path, _ = make(filled, folder)
    with pytest.raises(NotRestored, match="not empty"):
        put_back(filled, path)


def test_tables_of_another_program_are_left_alone(empty: Settings, made: Path) -> None:
    engine = open_database(empty)
    with engine.begin() as connection:
        connection.exec_driver_sql("create table plan (id integer)")
    with pytest.raises(NotRestored, match="a table plan that is not Rygråd's"):
        put_back(empty, made)
    assert tables_of(empty) == ["plan"]


def test_a_database_migrated_further_than_the_backup(
    empty: Settings, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(empty)
    monkeypatch.setattr(operating, "revision_of", lambda _: "9999")
    monkeypatch.setattr(operating, "revisions", lambda: [*revisions(), "9999"])
    with pytest.raises(NotRestored, match=f"migrated to 9999, further than the backup's {revisions()[-1]}"):
        put_back(empty, made)


# -- nothing half done ---------------------------------------------------------------------------


def test_a_row_that_reads_back_otherwise_undoes_everything(
    empty: Settings, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = operating.add

    def careless(connection: sa.Connection, shape: Shape, rows: list[dict[str, object]]) -> None:
        add(connection, shape, rows[:-1] if shape.name == "remark" else rows)

    monkeypatch.setattr(operating, "add", careless)
    with pytest.raises(NotRestored, match="remark reads back otherwise"):
        put_back(empty, made)
    assert tables_of(empty) == []
    monkeypatch.undo()
    assert put_back(empty, made).rows  # so it can be tried again at once


def test_rows_that_do_not_hang_together_undo_everything(
    empty: Settings, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = operating.add

    def without_parents(connection: sa.Connection, shape: Shape, rows: list[dict[str, object]]) -> None:
        if shape.name != "staffuser":
            add(connection, shape, rows)

    monkeypatch.setattr(operating, "add", without_parents)
    with pytest.raises(NotRestored, match="does not hang together"):
        put_back(empty, made)
    assert tables_of(empty) == []


def test_a_migration_that_fails_afterwards_undoes_everything(
    empty: Settings, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate_to = operating.migrate_to

    def fails(connection: sa.Connection, revision: str) -> None:
        if revision == "head":
            raise sa.exc.OperationalError("alter table", {}, Exception())
        migrate_to(connection, revision)

    monkeypatch.setattr(operating, "migrate_to", fails)
    with pytest.raises(NotRestored):
        put_back(empty, made)
    assert tables_of(empty) == []


def test_of_two_at_once_one_wins_and_nothing_is_mixed(empty: Settings, made: Path) -> None:
    given = {"DATA_DIR": str(empty.data_dir), "DATABASE_URL": empty.database_url, "SECRET_KEY": SECRET}
    environment = os.environ | {f"RYGRAAD_{name}": value for name, value in given.items()}
    command = [str(Path(sys.executable).parent / "rygraad"), "restore", str(made)]
    both = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], said
    assert "not empty" in "".join(said)
    assert how_many(open_database(empty))["conversation"] == 2


def test_a_database_that_is_down(made: Path, tmp_path: Path) -> None:
    url = "postgresql+psycopg://ole:hemmelig@127.0.0.1:9/rygraad"
    settings = Settings(data_dir=tmp_path / "d", database_url=url, secret_key=SecretStr(SECRET))
    with pytest.raises(NotRestored, match="does not answer") as raised:
        put_back(settings, made)
    assert "hemmelig" not in str(raised.value)


def test_a_folder_that_cannot_be_made(made: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((NotRestored, OSError)):
        put_back(Settings(data_dir=tmp_path / "file" / "data", secret_key=SecretStr(SECRET)), made)


# -- the secret ----------------------------------------------------------------------------------


def doubts(path: Path, *secrets: str) -> list[str]:
    with Backup(path) as backup:
        return backup.doubts(secrets)


def test_the_right_secret_raises_no_doubt(made: Path) -> None:
    assert doubts(made, SECRET) == []
    assert doubts(made, "a newer one", SECRET) == []


def test_the_wrong_secret_and_none_are_said(made: Path) -> None:
    assert "the one held here is another" in doubts(made, "another")[0]
    assert "none is held here" in doubts(made)[0]


def test_an_older_secret_that_is_gone_is_said(settings: Settings, folder: Path) -> None:
    path, _ = make(settings.model_copy(update={"secret_key": SecretStr("the new one,the old one")}), folder)
    assert doubts(path, "the new one", "the old one") == []
    assert "Older secrets are not held here" in doubts(path, "the new one")[0]


def test_a_backup_without_a_seal_is_doubted(settings: Settings, folder: Path) -> None:
    assert "nobody can tell whether it was altered" in doubts(make(settings, folder)[0], SECRET)[0]


def test_a_restore_makes_no_secret(made: Path, tmp_path: Path) -> None:
    place = Settings(data_dir=tmp_path / "without")
    put_back(place, made)
    assert not (place.data_dir / "secret.key").exists()


def test_whoever_altered_a_manifest_is_found_before_anything_is_written(
    made: Path, empty: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Backup(made) as backup:
        backup.manifest = backup.manifest.model_copy(update={"made_at": "2027-01-01T00:00:00+00:00"})
        with pytest.raises(NotABackup, match="not the one that was sealed"):
            operating.restore(empty, backup)
    assert tables_of(empty) == []
