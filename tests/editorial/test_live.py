"""What is live: the files, and over them what was published; seen by every gateway, whatever happens to one."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session
from structlog.testing import capture_logs

from bot.content.store import CONTENT, ContentStore, load
from bot.editorial import live as live_module
from bot.editorial import workflow
from bot.editorial.live import LiveContent
from bot.editorial.workflow import Desk, Refused
from bot.store import editions
from bot.store.editorial_models import Publication, TextVersion
from bot.store.staff_models import User
from tests.editorial.steps import KEY, MORE, longer, published, says

PLACE = (KEY, "da")


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """What is logged, whatever another test did to the log."""
    before = structlog.get_config()
    structlog.reset_defaults()
    with capture_logs() as found:
        yield found
    structlog.configure(**before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A content folder of its own."""
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


def wrote(folder: Path, desk: Desk, change: Callable[[str], str] = lambda source: source) -> ContentStore:
    """The folder as it is read after what is live was written into it, or something else."""
    path = folder / "da" / f"{KEY}.md"
    path.write_text(change(desk.live.get(*PLACE).source), encoding="utf-8")
    return load(folder)


async def until(true: Callable[[], bool], seconds: float = 30) -> float:
    """Waits for a condition; how long it took. Raises TimeoutError."""
    begun = time.monotonic()
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)
    return time.monotonic() - begun


# ---------------------------------------------------------------- seen by others


async def test_another_gateway_says_the_new_words_within_ten_seconds(
    desk: Desk, second: Desk, anna: User, bo: User
) -> None:
    keeping = asyncio.create_task(second.live.keep())
    try:
        published(desk, anna, bo)
        await until(lambda: says(second, MORE["da"]))
        workflow.roll_back(desk, bo, *PLACE, desk.live.files.get(*PLACE).version)
        await until(lambda: not says(second, MORE["da"]))
    finally:
        keeping.cancel()


def test_nothing_new_is_nothing_to_take_up(desk: Desk, second: Desk, anna: User, bo: User) -> None:
    assert not second.live.refresh()
    published(desk, anna, bo)
    assert second.live.refresh() and not second.live.refresh()


def test_a_publication_that_becomes_visible_behind_a_newer_one_is_seen(desk: Desk, second: Desk, anna: User) -> None:
    """PostgreSQL numbers publications before they are committed, so a lower number may come last."""
    source = desk.live.get(*PLACE).source + "\nNyt.\n"
    with Session(desk.engine) as session:
        session.add(TextVersion(key=KEY, language="da", version="v1", source=source, origin="edition"))
        session.commit()
    with Session(desk.engine) as session:
        session.add(Publication(id=20, key="topic/sleep", language="da", version="x", kind="file"))
        session.commit()
    assert second.live.refresh()
    edition = editions.begin(desk.engine, key=KEY, language="da", source=source, author_id=anna.id, base_version="x")
    with Session(desk.engine) as session:
        session.add(Publication(id=10, key=KEY, language="da", version="v1", edition_id=edition.id, kind="approved"))
        session.commit()
    assert second.live.refresh() and says(second, "Nyt.")


def test_a_gateway_that_starts_later_says_what_is_live(
    desk: Desk, engine: Engine, content: ContentStore, anna: User, bo: User
) -> None:
    published(desk, anna, bo)
    started = LiveContent(content, engine)
    assert not says(Desk(engine, started), MORE["da"])
    started.begin()
    assert says(Desk(engine, started), MORE["da"])


def test_what_is_tried_beside_it_never_changes_what_is_live(desk: Desk, second: Desk, anna: User, bo: User) -> None:
    text = desk.live.read(*PLACE, desk.live.get(*PLACE).source.replace("\n---\n", "\n---\nNyt. ", 1))
    assert text
    tried = desk.live.with_texts({PLACE: text})
    published(second, anna, bo)
    desk.live.refresh()
    assert tried.get(*PLACE).bubbles[0].startswith("Nyt.") and says(desk, MORE["da"])
    assert tried.get("topic/sleep", "da") is desk.live.get("topic/sleep", "da")


# ---------------------------------------------------------------- when something is wrong


async def test_while_the_database_is_down_the_texts_stay_and_afterwards_the_new_ones_come(
    desk: Desk, second: Desk, anna: User, bo: User, monkeypatch: pytest.MonkeyPatch, logs: list[Any]
) -> None:
    published(desk, anna, bo)
    second.live.refresh()
    monkeypatch.setattr(live_module, "SECONDS", 0.01)
    real, tried = editions.serial, []

    def down(engine: Engine) -> int:
        tried.append(engine)
        raise OperationalError("select", {}, Exception("the database is down"))

    monkeypatch.setattr(editions, "serial", down)
    keeping = asyncio.create_task(second.live.keep())
    try:
        await until(lambda: len(tried) > 2)
        assert says(second, MORE["da"]) and not keeping.done()
        assert {(each["event"], each["error"]) for each in logs} == {("content_not_refreshed", "OperationalError")}
        monkeypatch.setattr(editions, "serial", real)
        published(desk, anna, bo, change=longer("Det går nok."))
        await until(lambda: says(second, "Det går nok."))
    finally:
        keeping.cancel()


async def test_a_fault_nobody_thought_of_does_not_end_the_looking(
    desk: Desk, second: Desk, anna: User, bo: User, monkeypatch: pytest.MonkeyPatch, logs: list[Any]
) -> None:
    monkeypatch.setattr(live_module, "SECONDS", 0.01)
    monkeypatch.setattr(editions, "serial", lambda _: 1 // 0)
    keeping = asyncio.create_task(second.live.keep())
    try:
        await until(lambda: len(logs) > 1)
        monkeypatch.undo()
        published(desk, anna, bo)
        await until(lambda: says(second, MORE["da"]))
    finally:
        keeping.cancel()


BROKEN = {
    "topic/imaging": "no front matter",
    "topic/sleep": "---\ntitle: [\n---\nOrd.\n",
    "topic/pain_not_damage": "---\ntitle: T\nchoices: [unheard_of]\n---\nOrd.\n",
    "topic/stay_active": "---\ntitle: T\nchoices: 7\n---\nOrd.\n",
    "topic/red_flags_info": "---\ntitle: T\nreview_due: 2027-02-31\n---\nOrd.\n",
    "control/menu": "---\n- a list\n---\nOrd.\n",
    "control/human": "---\ntitle: T\nimage: {file: a.svg}\n---\nOrd.\n",
    "care/trauma": "---\ntitle: T\n---\n\n",
    "care/vascular": "",
}


def test_words_that_cannot_be_read_give_way_to_the_file_and_are_logged(
    desk: Desk, second: Desk, anna: User, logs: list[Any]
) -> None:
    """As an edition of an older release might be; what is published beside them is seen all the same."""
    good = "topic/who_to_contact"
    for key, words in {**BROKEN, good: desk.live.get(good, "da").source + "\nNyt.\n"}.items():
        edition = editions.begin(
            desk.engine, key=key, language="da", source=words, author_id=anna.id, base_version="x"
        )
        going = editions.Going(edition.id or 0, words, "v1", "")
        editions.go_live(desk.engine, [going], "emergency", anna.id, emergency_reason="because")
    second.live.refresh()
    assert says(second, "Nyt.", good)
    for key in BROKEN:
        assert second.live.get(key, "da") == second.live.files.get(key, "da")
    assert {(each["event"], each["log_level"]) for each in logs} == {("edition_unreadable", "error")}
    assert {each["key"] for each in logs} == set(BROKEN)


def test_an_edit_whose_file_is_gone_is_left_out(desk: Desk, folder: Path, anna: User, bo: User) -> None:
    published(desk, anna, bo)
    for language in ("da", "en"):
        (folder / language / f"{KEY}.md").unlink()
    started = LiveContent(load(folder), desk.engine)
    started.begin()
    assert not started.has(KEY) and PLACE in started.overridden


# ---------------------------------------------------------------- the files catch up, or change


def test_once_the_file_says_the_same_the_file_is_followed_again(
    desk: Desk, folder: Path, anna: User, bo: User
) -> None:
    published(desk, anna, bo)
    started = LiveContent(wrote(folder, desk), desk.engine)
    started.begin()
    assert started.overridden == {} and says(Desk(desk.engine, started), MORE["da"])
    assert [each.kind for each in editions.history(desk.engine, *PLACE)] == ["merged", "approved"]
    later = LiveContent(wrote(folder, desk, lambda source: source.replace(MORE["da"], "Fra filen.")), desk.engine)
    later.begin()
    assert says(Desk(desk.engine, later), "Fra filen.") and not says(Desk(desk.engine, later), MORE["da"])
    later.begin()
    assert len(editions.history(desk.engine, *PLACE)) == 2


def test_an_edit_stays_over_a_file_that_changed_until_somebody_decides(
    desk: Desk, folder: Path, anna: User, bo: User, karen: User
) -> None:
    published(desk, anna, bo)
    changed = wrote(folder, desk, lambda source: source.replace(MORE["da"], "Fra filen."))
    started = Desk(desk.engine, LiveContent(changed, desk.engine))
    started.live.begin()
    assert says(started, MORE["da"])
    assert started.live.overridden[PLACE].publication.file_version != changed.get(*PLACE).version
    with pytest.raises(Refused, match="not_a_reviewer"):
        workflow.keep_edit(started, anna, *PLACE)
    workflow.keep_edit(started, bo, *PLACE)
    assert says(started, MORE["da"])
    assert started.live.overridden[PLACE].publication.file_version == changed.get(*PLACE).version
    workflow.take_file(started, karen, *PLACE)
    assert says(started, "Fra filen.") and PLACE not in started.live.overridden
    for step in (workflow.take_file, workflow.keep_edit):
        with pytest.raises(Refused, match="changed_meanwhile"):
            step(started, bo, *PLACE)


@pytest.mark.parametrize("step", [workflow.take_file, workflow.keep_edit])
def test_a_decision_about_an_edit_is_refused_when_a_newer_one_went_live(
    desk: Desk, second: Desk, anna: User, bo: User, step: Callable[..., None]
) -> None:
    published(desk, anna, bo)
    second.live.refresh()
    published(desk, anna, bo, change=longer("Det går nok."))
    with pytest.raises(Refused, match="changed_meanwhile"):
        step(second, bo, *PLACE)
    second.live.refresh()
    assert says(second, "Det går nok.")


def test_a_newer_edit_survives_a_gateway_that_starts_with_the_older_one_as_its_file(
    desk: Desk, folder: Path, anna: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(desk, anna, bo)
    files = wrote(folder, desk)
    started = LiveContent(files, desk.engine)
    looked = editions.in_force(desk.engine)
    published(desk, anna, bo, change=longer("Det går nok."))  # just after the gateway looked
    with monkeypatch.context() as patch:
        patch.setattr(editions, "in_force", lambda _: looked)
        started.begin()
    started.serial = -1
    started.refresh()
    assert says(Desk(desk.engine, started), "Det går nok.")
    assert [each.kind for each in editions.history(desk.engine, *PLACE)] == ["approved", "approved"]


CHECK = "safety_check/intro"


def test_an_emergency_edit_of_an_approved_text_keeps_no_gateway_from_starting(
    desk: Desk, content: ContentStore
) -> None:
    at = (CHECK, "da")
    approved = replace(content.get(*at), reviewed_by="Karen Holm", reviewed_on=date(2026, 11, 21))
    live = LiveContent(replace(content, texts=content.texts | {at: approved, (CHECK, "en"): approved}), desk.engine)
    assert live.never_approved((CHECK,)) == []
    live.texts = live.texts | {at: content.get(*at)}  # unapproved words, live at once
    assert live.unsigned((CHECK,)) == [CHECK] and live.never_approved((CHECK,)) == []
    assert LiveContent(content, desk.engine).never_approved((CHECK,)) == [CHECK]
