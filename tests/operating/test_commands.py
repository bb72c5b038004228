"""`rygraad backup` and `rygraad restore` as they are typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.settings import Settings, get_settings
from bot.store.database import migrate, open_database
from tests.operating.conftest import SECRET, tables_of
from tests.operating.everything import how_many
from tests.store.test_encryption import tell_everything


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A data folder that the commands work in, with a conversation."""
    found = at(monkeypatch, tmp_path / "data", SECRET)
    migrate(found)
    tell_everything(open_database(found))
    yield found
    get_settings.cache_clear()


def at(monkeypatch: pytest.MonkeyPatch, folder: Path, secret: str) -> Settings:
    """The commands work there from now on."""
    monkeypatch.setenv("RYGRAAD_DATA_DIR", str(folder))
    monkeypatch.setenv("RYGRAAD_SECRET_KEY", secret)
    get_settings.cache_clear()
    return get_settings()


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def failed(found: Result, says: str) -> None:
    assert found.exit_code == 1, found.output
    assert says in found.output and "Traceback" not in found.output
    assert len(found.output.splitlines()) < 4


def test_there_and_back(place: Settings, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run("backup", folder)
    assert found.exit_code == 0, found.output
    path = Path(found.output.splitlines()[0])
    assert path.parent == folder and "keep secret.key" in found.output and SECRET not in found.output
    assert (place.data_dir / "last_backup").read_text().startswith("20")

    checked = run("restore", path, "--check")
    assert checked.exit_code == 0 and checked.output.startswith("The backup is whole: 14 rows of")

    there = at(monkeypatch, tmp_path / "there", SECRET)
    restored = run("restore", path)
    assert restored.exit_code == 0 and restored.output.startswith("Restored and compared: 14 rows")
    assert how_many(open_database(there)) == how_many(open_database(place))


def test_check_touches_no_database(
    place: Settings, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("backup", folder / "b.zip")
    there = at(monkeypatch, tmp_path / "there", SECRET)
    assert run("restore", folder / "b.zip", "--check").exit_code == 0
    assert not there.data_dir.exists()


def test_the_wrong_secret_is_said_loudly(
    place: Settings, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("backup", folder / "b.zip")
    there = at(monkeypatch, tmp_path / "there", "another")
    found = run("restore", folder / "b.zip")
    assert found.exit_code == 0 and "WRONG SECRET" in found.output
    assert "conversation" in tables_of(there)


def test_what_cannot_be_says_why(place: Settings, folder: Path) -> None:
    failed(run("backup", folder / "nowhere"), "There is no folder")
    failed(run("backup", folder / "nowhere/x.zip"), "There is no folder")
    run("backup", folder / "b.zip")
    failed(run("backup", folder / "b.zip"), "never overwrites")
    failed(run("restore", folder / "b.zip"), "not empty: it holds")
    failed(run("restore", folder / "c.zip"), "There is no file")
    (folder / "c.zip").write_text("🦴")
    failed(run("restore", folder / "c.zip"), "no backup, or was cut off")
    assert run("backup").exit_code == 2 and run("restore").exit_code == 2
    assert run("restore", folder / "b.zip", "--force").exit_code == 2


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_settings_that_are_refused_are_said_without_their_values(
    monkeypatch: pytest.MonkeyPatch, folder: Path, command: str
) -> None:
    monkeypatch.setenv("RYGRAAD_ENV", "production")
    monkeypatch.setenv("RYGRAAD_SECRET_KEY", "kort-hemmelig")
    get_settings.cache_clear()
    found = run(command, folder)
    failed(found, "RYGRAAD_SECRET_KEY must have at least 32 characters")
    assert "kort-hemmelig" not in found.output
