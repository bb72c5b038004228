"""From what is live back to the files, and what a patient was shown: `rygraad content status`, `export`, `seen`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.content.check import check
from bot.content.store import CONTENT, load
from bot.dialogue.replies import render
from bot.editorial import files, workflow
from bot.editorial.live import LiveContent
from bot.editorial.workflow import Desk
from bot.settings import Settings, get_settings
from bot.store import conversations as store
from bot.store import editions
from bot.store.models import TELEGRAM, WEB
from bot.store.staff_models import User
from tests.editorial.steps import CARD, KEY, MORE, draft, fresh, longer, published, says, submitted
from tests.time_travel import Clock

PLACE = (KEY, "da")
NAME = f"da/{KEY}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A content folder of its own."""
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


@pytest.fixture
def environment(either: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command finds this test's database."""
    monkeypatch.setenv("RYGRAAD_DATA_DIR", str(either.data_dir))
    monkeypatch.setenv("RYGRAAD_DATABASE_URL", either.database_url)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def rygraad(*words: str) -> Result:
    return CliRunner().invoke(app, ["content", *words])


def restarted(desk: Desk, folder: Path) -> Desk:
    """A gateway that starts with the files of this folder."""
    live = LiveContent(load(folder), desk.engine)
    live.begin()
    return Desk(desk.engine, live)


def replace_in(path: Path, old: str, new: str) -> None:
    source = path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8")


# ---------------------------------------------------------------- writing out


def test_what_is_live_is_written_to_the_letter_and_nothing_else(
    desk: Desk, folder: Path, anna: User, bo: User, karen: User
) -> None:
    published(desk, anna, bo)
    published(desk, anna, karen, CARD, "en")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = files.write_out(desk.live, folder)
    assert done.paths == [folder / f"da/{KEY}.md", folder / f"en/{CARD}.md"] and done.left == []
    for key, language in (PLACE, (CARD, "en")):
        live = desk.live.get(key, language)
        assert (folder / language / f"{key}.md").read_bytes() == live.source.encode()
        assert load(folder).get(key, language).version == live.version
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path for path in after if before.get(path) != after[path]} == set(done.paths)
    assert files.write_out(desk.live, folder).paths == []


def test_written_out_and_rolled_out_the_edit_is_merged_and_the_file_leads_again(
    desk: Desk, folder: Path, anna: User, bo: User
) -> None:
    published(desk, anna, bo)
    files.write_out(desk.live, folder)
    started = restarted(desk, folder)
    assert editions.history(desk.engine, *PLACE)[0].kind == "merged" and started.live.overridden == {}
    assert started.live.get(*PLACE).version == desk.live.get(*PLACE).version
    replace_in(folder / f"{NAME}.md", MORE["da"], "Fra filen.")
    later = restarted(desk, folder)
    assert says(later, "Fra filen.") and files.standings(later.live) == []


def test_an_edit_made_after_the_writing_is_never_overridden(desk: Desk, folder: Path, anna: User, bo: User) -> None:
    published(desk, anna, bo)
    files.write_out(desk.live, folder)
    published(desk, anna, bo, change=longer("Det går nok."))
    started = restarted(desk, folder)
    assert says(started, "Det går nok.")
    assert [each.state for each in files.standings(started.live)] == [files.CONFLICT]
    replace_in(folder / f"{NAME}.md", MORE["da"], "Fra filen.")
    assert says(restarted(desk, folder), "Det går nok.")


def test_a_file_that_changed_since_is_left_alone_unless_forced(
    desk: Desk, folder: Path, anna: User, bo: User
) -> None:
    published(desk, anna, bo)
    path = folder / f"{NAME}.md"
    path.write_text(path.read_text(encoding="utf-8") + "\nFra filen.\n", encoding="utf-8")
    done = files.write_out(desk.live, folder)
    assert done.paths == [] and [(each.key, each.state) for each in done.left] == [(KEY, files.CONFLICT)]
    assert "Fra filen." in path.read_text(encoding="utf-8")
    assert files.write_out(desk.live, folder, force=True).paths == [path]
    assert path.read_bytes() == desk.live.get(*PLACE).source.encode()


def test_a_text_that_is_gone_from_the_files_comes_back_by_force_only(
    desk: Desk, folder: Path, anna: User, bo: User
) -> None:
    published(desk, anna, bo)
    for language in ("da", "en"):
        (folder / language / f"{KEY}.md").unlink()
    live = restarted(desk, folder).live
    assert [each.state for each in files.write_out(live, folder).left] == [files.GONE]
    assert files.write_out(live, folder, force=True).paths == [folder / f"{NAME}.md"]


def test_what_this_release_cannot_read_is_not_even_forced_into_the_files(
    desk: Desk, folder: Path, anna: User, bo: User
) -> None:
    edition = editions.begin(
        desk.engine, key=KEY, language="da", source="---\ntitle: [\n---\n", author_id=anna.id, base_version="x"
    )
    going = editions.Going(edition.id or 0, edition.source, "v1", desk.live.files.get(*PLACE).version)
    editions.go_live(desk.engine, [going], "emergency", bo.id, emergency_reason="because")
    desk.live.refresh()
    done = files.write_out(desk.live, folder, force=True)
    assert done.paths == [] and [each.state for each in done.left] == [files.UNREADABLE]
    assert check(folder) == []


# ---------------------------------------------------------------- the commands


def test_status_names_what_differs_and_what_is_open(
    desk: Desk, environment: None, anna: User, erik: User, bo: User
) -> None:
    assert rygraad("status", "--strict").exit_code == 0
    published(desk, anna, bo)
    draft(desk, anna, "topic/sleep")
    submitted(desk, erik, "topic/sleep", "en")
    plain, strict = rygraad("status"), rygraad("status", "--strict")
    assert (plain.exit_code, strict.exit_code) == (0, 1) and plain.stdout == strict.stdout
    lines = plain.stdout.splitlines()
    assert lines[0].startswith(f"{NAME}  edited  {desk.live.get(*PLACE).version} since 2")
    assert lines[1:] == [
        "da/topic/sleep  draft  Anna",
        "en/topic/sleep  in review  Erik",
        "1 texts differ from their files, 0 of them in conflict.",
    ]


def test_status_knows_a_conflict_and_an_edit_that_says_what_the_file_says(
    desk: Desk, folder: Path, environment: None, anna: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk.live.files.get(*PLACE).version
    published(desk, anna, bo)
    published(desk, anna, bo, language="en")
    workflow.roll_back(desk, bo, KEY, "da", file)
    replace_in(folder / f"en/{KEY}.md", "\n---\n", "\n---\nFrom the file. ")
    monkeypatch.setattr("bot.content.store.load.__defaults__", (folder,))
    found = rygraad("status", "--strict")
    assert [line.split("  ")[:2] for line in found.stdout.splitlines()[:2]] == [
        [NAME, "the same again"],
        [f"en/{KEY}", "conflict"],
    ]
    assert found.exit_code == 1 and "1 texts differ from their files, 1 of them in conflict." in found.stdout


def test_status_changes_nothing(desk: Desk, environment: None, anna: User, bo: User) -> None:
    published(desk, anna, bo)
    workflow.roll_back(desk, bo, *PLACE, desk.live.files.get(*PLACE).version)
    rygraad("status")
    assert [each.kind for each in editions.history(desk.engine, *PLACE)] == ["rollback", "approved"]


def test_export_names_what_it_wrote_and_what_to_do_next(
    desk: Desk, folder: Path, environment: None, anna: User, bo: User
) -> None:
    assert "Nothing to write" in rygraad("export", "--into", str(folder)).stdout
    published(desk, anna, bo)
    found = rygraad("export", "--into", str(folder))
    assert found.exit_code == 0 and str(folder / f"{NAME}.md") in found.stdout and "commit" in found.stdout
    replace_in(folder / f"{NAME}.md", MORE["da"], "Fra filen.")
    refused = rygraad("export", "--into", str(folder))
    assert refused.exit_code == 1 and f"Left alone, conflict: {folder / NAME}.md" in refused.output
    assert rygraad("export", "--into", str(folder), "--force").exit_code == 0
    assert MORE["da"] in (folder / f"{NAME}.md").read_text(encoding="utf-8")


def test_export_into_an_empty_folder_writes_the_edits_alone(
    desk: Desk, tmp_path: Path, environment: None, anna: User, bo: User
) -> None:
    published(desk, anna, bo)
    assert rygraad("export", "--into", str(tmp_path / "out")).exit_code == 0
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == [tmp_path / "out" / f"{NAME}.md"]


def test_a_database_no_gateway_has_used_holds_no_edits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RYGRAAD_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    found = rygraad("status")
    get_settings.cache_clear()
    assert found.exit_code == 0 and "no edits" in found.output and "Traceback" not in found.output


def test_check_works_as_it_did() -> None:
    assert "fault" in rygraad("check").stdout.lower()


# ---------------------------------------------------------------- what a patient was shown


@pytest.fixture
def conversation(engine: Engine) -> tuple[str, str]:
    """The token and the id of a conversation."""
    token, opened = store.create(engine, language="da")
    return token, opened.id


def shows(desk: Desk, conversation_id: str, key: str, language: str = "da", channel: str = WEB) -> None:
    """The assistant says what is live."""
    number = len(store.recent(desk.engine, conversation_id, 100))
    inbound, _ = store.accept(
        desk.engine, conversation_id, client_id=f"m{number}", text="x", choice=None, screening={}, channel=channel
    )
    replies = render(desk.live, key, language, {}, channel=channel)
    store.finish(desk.engine, inbound, [reply.model_dump() for reply in replies], done=True)


def test_seen_names_every_text_with_its_time_language_and_version(
    desk: Desk, environment: None, conversation: tuple[str, str], anna: User, bo: User, clock: Clock
) -> None:
    token, mine = conversation
    before = desk.live.get(*PLACE).version
    shows(desk, mine, KEY)
    published(desk, anna, bo)
    clock.go(days=1)
    shows(desk, mine, KEY)
    shows(desk, mine, "control/menu", "en")
    found = rygraad("seen", mine)
    rows = [line.split("  ")[1:] for line in found.stdout.splitlines()]
    assert rows == [
        [KEY, "da", before],
        [KEY, "da", desk.live.get(*PLACE).version],
        ["control/menu", "en", desk.live.get("control/menu", "en").version],
    ]
    assert before != desk.live.get(*PLACE).version
    assert rygraad("seen", token).stdout == found.stdout
    day = found.stdout.splitlines()[-1][:10]
    assert rygraad("seen", mine, "--on", day).stdout.splitlines() == found.stdout.splitlines()[1:]
    assert rygraad("seen", mine, "--on", "2020-01-01").stdout == "Nothing was shown.\n"


def test_seen_prints_the_very_words_of_that_version(
    desk: Desk, environment: None, conversation: tuple[str, str], anna: User, bo: User
) -> None:
    published(desk, anna, bo)
    shown = desk.live.get(*PLACE).source
    shows(desk, conversation[1], KEY)
    published(desk, anna, bo, change=longer("Det går nok."))
    words = rygraad("seen", conversation[1], "--words").stdout.splitlines()[1:]
    assert "\n".join(line.removeprefix("    ") for line in words).strip("\n") == shown.strip("\n")


def test_a_channels_own_words_are_named_as_such(desk: Desk, environment: None, conversation: tuple[str, str]) -> None:
    shows(desk, conversation[1], "care/after", channel=TELEGRAM)
    row = rygraad("seen", conversation[1]).stdout.split("  ")
    assert row[1:3] == ["telegram/care/after", "da"]


def test_a_version_nobody_kept_is_named_all_the_same(
    desk: Desk, engine: Engine, environment: None, conversation: tuple[str, str]
) -> None:
    inbound, _ = store.accept(engine, conversation[1], client_id="m", text="x", choice=None, screening={})
    reply = render(desk.live, "control/menu", "da", {})[-1].model_dump()
    store.finish(engine, inbound, [{**reply, "version": "0" * 12}, {**reply, "id": "old", "version": ""}], done=True)
    found = rygraad("seen", conversation[1], "--words").stdout
    assert f"control/menu  ?  {'0' * 12}" in found and "control/menu  ?  ?" in found and "not kept" in found


def test_seen_knows_no_conversation_that_is_not_there(environment: None) -> None:
    found = rygraad("seen", "nobody")
    assert found.exit_code == 1 and "no such conversation" in found.output


def test_what_was_shown_is_found_however_much_was_edited_since(
    desk: Desk, conversation: tuple[str, str], anna: User, bo: User
) -> None:
    first = published(desk, anna, bo)
    shows(desk, conversation[1], KEY)
    for words in ("En.", "To.", "Tre."):
        published(desk, anna, bo, change=longer(words))
    found = store.get(desk.engine, conversation[1])
    assert found
    [shown] = files.shown(desk.engine, found)
    assert shown.kept and (shown.kept.version, shown.kept.origin) == (first.version, "edition")
    assert fresh(desk, first).state == "superseded"
    assert list(files.shown(desk.engine, found, (shown.at + timedelta(days=2)).date())) == []
