"""What the database itself holds to, whoever asks: no approval of one's own text, no change of what was submitted, no
record lost. And what two at once cannot do. On SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session, select

from bot.store import editions, staff
from bot.store.editions import Going, LiveChanged, Stale
from bot.store.editorial_models import APPROVED, DRAFT, IN_REVIEW, LIVE, SUPERSEDED, Edition, Publication, TextVersion
from bot.store.staff_models import User

KEY, DA, EN = "topic/rest", "da", "en"


@pytest.fixture
def author(engine: Engine) -> User:
    return staff.add_user(engine, email="anna@klinik.example", name="Anna", roles=["editor", "reviewer"])


@pytest.fixture
def reviewer(engine: Engine) -> User:
    return staff.add_user(engine, email="bo@klinik.example", name="Bo", roles=["reviewer"])


def draft(engine: Engine, author: User, language: str = DA, source: str = "ny") -> Edition:
    return editions.begin(
        engine, key=KEY, language=language, source=source, author_id=author.id, base_version="before"
    )


def going(edition: Edition, after: int | None = None, version: str = "") -> Going:
    return Going(edition.id or 0, edition.source, version or edition.source, "file", after, edition.revision)


def now_is(engine: Engine, edition: Edition) -> Edition:
    found = editions.edition(engine, edition.id or 0)
    assert found
    return found


def raw(engine: Engine, statement: str, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def at_once(*steps: Callable[[], object]) -> list[object]:
    """Takes the steps at the same moment: what each gives, or the exception it raises."""
    ready = threading.Barrier(len(steps), timeout=20)

    def step(each: Callable[[], object]) -> object:
        ready.wait()
        try:
            return each()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(step, steps))


# ---------------------------------------------------------------- what the database refuses


def test_nobody_approves_their_own_text(engine: Engine, author: User) -> None:
    edition = draft(engine, author)
    with pytest.raises(IntegrityError):
        raw(engine, "update edition set approved_by = author_id where id = :id", id=edition.id)
    with pytest.raises(IntegrityError):
        editions.move(engine, edition.id or 0, DRAFT, APPROVED, approved_by=author.id)
    assert now_is(engine, edition).state == DRAFT


def test_nobody_looks_over_their_own_emergency_publication(engine: Engine, author: User) -> None:
    edition = draft(engine, author)
    with pytest.raises(IntegrityError):
        raw(engine, "update edition set reviewed_by = author_id where id = :id", id=edition.id)


def test_no_text_is_live_that_nobody_approved(engine: Engine, author: User) -> None:
    edition = draft(engine, author)
    for state in (APPROVED, LIVE, SUPERSEDED):
        with pytest.raises(IntegrityError):
            raw(engine, "update edition set state = :state where id = :id", state=state, id=edition.id)
    with pytest.raises(LiveChanged):
        editions.go_live(engine, [going(edition)], "approved", author.id)
    assert now_is(engine, edition).state == DRAFT and editions.in_force(engine) == []


def test_a_text_is_live_by_approval_in_an_emergency_or_by_going_back(
    engine: Engine, author: User, reviewer: User
) -> None:
    for because, reason in {"approved_by": reviewer.id, "emergency_reason": "wrong", "restores": "v1"}.items():
        edition = draft(engine, author, source=because)
        editions.go_live(engine, [going(edition)], "approved", author.id, **{because: reason})
        assert now_is(engine, edition).state == LIVE


@pytest.mark.parametrize("state", [IN_REVIEW, "dropped"])
def test_what_was_submitted_does_not_change(engine: Engine, author: User, reviewer: User, state: str) -> None:
    edition = draft(engine, author)
    raw(engine, "update edition set source = 'nyere' where id = :id", id=edition.id)  # a draft may
    assert editions.move(engine, edition.id or 0, DRAFT, state)
    changes = {"source": "andet", "key": "topic/other", "language": "en", "author_id": reviewer.id}
    for column, value in changes.items():
        with pytest.raises(DBAPIError, match="a submitted text does not change"):
            raw(engine, f"update edition set {column} = :value where id = :id", value=value, id=edition.id)
    raw(engine, "update edition set signed_off = :yes where id = :id", yes=True, id=edition.id)
    found = now_is(engine, edition)
    assert (found.source, found.key, found.language, found.author_id) == ("nyere", KEY, DA, author.id)


@pytest.mark.parametrize(
    ("table", "column"),
    [("audit", "action"), ("textversion", "source"), ("publication", "version"), ("remark", "words")],
)
def test_a_record_is_neither_changed_nor_deleted(
    engine: Engine, author: User, reviewer: User, table: str, column: str
) -> None:
    edition = draft(engine, author)
    editions.go_live(engine, [going(edition)], "approved", reviewer.id, approved_by=reviewer.id)
    editions.remark(engine, edition.id or 0, author.id, "said", "ord")
    staff.note(engine, author, "edition_begun")
    before = count(engine, table)
    for statement in (f"update {table} set {column} = 'andet'", f"delete from {table}"):
        with pytest.raises(DBAPIError, match=f"{table} is only added to"):
            raw(engine, statement)
    assert count(engine, table) == before > 0
    assert count(engine, f"{table} where {column} = 'andet'") == 0


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"select count(*) from {table}")).scalar() or 0)


# ---------------------------------------------------------------- drafts


def test_an_author_has_one_open_draft_of_a_text(engine: Engine, author: User, reviewer: User) -> None:
    first = draft(engine, author)
    assert draft(engine, author, source="noget andet").id == first.id
    assert draft(engine, reviewer).id != first.id
    assert draft(engine, author, EN).id != first.id
    editions.drop(engine, first.id or 0)
    assert draft(engine, author).id != first.id


def test_a_save_from_an_older_page_is_refused_and_shows_how_it_stands(engine: Engine, author: User) -> None:
    edition = draft(engine, author)
    saved = editions.save(engine, edition.id or 0, 1, source="fra den ene fane")
    with pytest.raises(Stale) as stale:
        editions.save(engine, edition.id or 0, 1, source="fra den anden")
    assert saved.revision == 2 and stale.value.edition and stale.value.edition.source == "fra den ene fane"
    assert now_is(engine, edition).source == "fra den ene fane"


def test_of_two_saves_at_once_one_is_kept_and_the_other_told(engine: Engine, author: User) -> None:
    edition = draft(engine, author)
    found = at_once(*(partial(editions.save, engine, edition.id or 0, 1, source=words) for words in "ab"))
    assert sorted(type(each).__name__ for each in found) == ["Edition", "Stale"]
    assert now_is(engine, edition).revision == 2


def test_the_suites_findings_are_kept_for_the_very_words_only(engine: Engine, author: User) -> None:
    edition = draft(engine, author)
    assert editions.note_suite(engine, edition.id or 0, 1, {"passed": True})
    assert now_is(engine, edition).revision == 1
    editions.save(engine, edition.id or 0, 1, source="nyere")
    assert not editions.note_suite(engine, edition.id or 0, 1, {"passed": False})
    assert now_is(engine, edition).suite == {"passed": True}


# ---------------------------------------------------------------- what is live


def approved(engine: Engine, author: User, reviewer: User, language: str = DA, source: str = "ny") -> Edition:
    edition = draft(engine, author, language, source)
    assert editions.move(engine, edition.id or 0, DRAFT, APPROVED, approved_by=reviewer.id)
    return now_is(engine, edition)


def test_the_newest_is_in_force_and_the_one_before_is_superseded(
    engine: Engine, author: User, reviewer: User
) -> None:
    for source in ("en", "to"):
        edition = approved(engine, author, reviewer, source=source)
        editions.go_live(engine, [going(edition)], "approved", reviewer.id)
    assert [(live.publication.version, live.source) for live in editions.in_force(engine)] == [("to", "to")]
    assert [each.state for each in editions.editions(engine)] == [LIVE, SUPERSEDED]
    assert [each.version for each in editions.history(engine, KEY, DA)] == ["to", "en"]


def test_two_texts_judged_against_the_same_never_both_go_live(engine: Engine, author: User, reviewer: User) -> None:
    one, other = approved(engine, author, reviewer), approved(engine, reviewer, author, source="ny 2")
    after = editions.latest(engine, KEY, DA)
    found = at_once(
        *(partial(editions.go_live, engine, [going(each, after)], "x", author.id) for each in (one, other))
    )
    assert sorted(type(each).__name__ for each in found) == ["LiveChanged", "NoneType"]
    assert sorted(now_is(engine, each).state for each in (one, other)) == [APPROVED, LIVE]
    assert len(editions.history(engine, KEY, DA)) == len(editions.in_force(engine)) == 1


def test_one_that_comes_a_little_later_is_refused_as_well(engine: Engine, author: User, reviewer: User) -> None:
    one, other = approved(engine, author, reviewer), approved(engine, reviewer, author, source="ny 2")
    after = editions.latest(engine, KEY, DA)
    editions.go_live(engine, [going(one, after)], "approved", reviewer.id)
    with pytest.raises(LiveChanged):
        editions.go_live(engine, [going(other, after)], "approved", reviewer.id)
    assert now_is(engine, one).state == LIVE and now_is(engine, other).state == APPROVED


def test_both_languages_go_live_or_neither(engine: Engine, author: User, reviewer: User) -> None:
    danish, english = approved(engine, author, reviewer), approved(engine, author, reviewer, EN)
    other = approved(engine, reviewer, author, EN, "other")
    editions.go_live(engine, [going(other)], "approved", author.id)
    with pytest.raises(LiveChanged):
        editions.go_live(engine, [going(danish, 0), going(english, 0)], "approved", reviewer.id)
    assert [live.source for live in editions.in_force(engine)] == ["other"] and editions.versions(
        engine, KEY, DA
    ) == []
    assert [now_is(engine, each).state for each in (danish, english, other)] == [APPROVED, APPROVED, LIVE]


def test_a_text_that_was_taken_back_meanwhile_does_not_go_live(engine: Engine, author: User, reviewer: User) -> None:
    edition = approved(engine, author, reviewer)
    assert editions.move(engine, edition.id or 0, APPROVED, DRAFT, approved_by=None)
    with pytest.raises(Stale):
        editions.go_live(engine, [going(edition)], "approved", reviewer.id)
    assert editions.in_force(engine) == [] and now_is(engine, edition).state == DRAFT


def test_the_file_takes_the_place_of_the_edit_that_was_looked_at_and_of_no_newer_one(
    engine: Engine, author: User, reviewer: User
) -> None:
    editions.go_live(engine, [going(approved(engine, author, reviewer))], "approved", reviewer.id)
    looked_at = editions.latest(engine, KEY, DA)
    newer = approved(engine, author, reviewer, source="nyere")
    editions.go_live(engine, [going(newer)], "approved", reviewer.id)
    with pytest.raises(LiveChanged):
        editions.follow_file(engine, KEY, DA, "file", "merged", after=looked_at)
    assert [live.source for live in editions.in_force(engine)] == ["nyere"]
    assert now_is(engine, newer).state == LIVE
    editions.follow_file(engine, KEY, DA, "file", "file", reviewer.id)
    assert editions.in_force(engine) == [] and now_is(engine, newer).state == SUPERSEDED


def test_the_serial_rises_for_each_publication_even_out_of_order(engine: Engine, author: User) -> None:
    """PostgreSQL gives ids out in the order of asking; they become visible in the order of the commits."""
    seen = [editions.serial(engine)]
    for number in (8, 5):
        with Session(engine) as session:
            session.add(Publication(id=number, key=f"topic/{number}", language=DA, version="v", kind="file"))
            session.commit()
        seen.append(editions.serial(engine))
    assert seen == [0, 1, 2]


def test_versions_are_kept_once_however_many_processes_start(engine: Engine) -> None:
    rows = [(f"topic/{number}", language, "v1", "ord") for number in range(20) for language in (DA, EN)]
    at_once(*[partial(editions.remember_versions, engine, rows, "file")] * 3)
    with Session(engine) as session:
        assert len(session.exec(select(TextVersion)).all()) == len(rows)
    assert editions.remember_versions(engine, [*rows, ("topic/new", DA, "v1", "ord")], "file") == 1
