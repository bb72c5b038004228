"""What the editors' lists hold: groups, search, what waits, where a text is said, and what patients read when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from bot.clock import danish, now
from bot.content.store import LANGUAGES, ContentStore
from bot.editorial import catalogue, chronicle, finding, workflow
from bot.editorial.as_patients import as_patients
from bot.editorial.lists import paged
from bot.editorial.workflow import Desk
from bot.settings import Settings
from bot.store import conversations, staff, unanswered
from bot.store.database import open_database
from bot.store.staff_models import User
from tests.accounts.staff import make_user
from tests.editorial.at_the_desk import drafted, editor, file_changes, file_is, furnished, published
from tests.time_travel import Clock

IMAGING = "topic/imaging"


@pytest.fixture
def desk(settings: Settings, content: ContentStore) -> Iterator[Desk]:
    engine = open_database(settings)
    yield furnished(engine, content)
    engine.dispose()


@pytest.fixture
def each_desk(engine: Engine, content: ContentStore) -> Desk:
    """A desk on a database of each kind."""
    return furnished(engine, content)


@pytest.fixture
def anna(desk: Desk) -> User:
    return editor(desk, "Anna Bech")


@pytest.fixture
def bo(desk: Desk) -> User:
    return editor(desk, "Bo Friis")


# ---------------------------------------------------------------- groups


def test_every_text_is_in_one_group_and_every_group_and_part_has_a_name(desk: Desk, content: ContentStore) -> None:
    groups = catalogue.groups(desk)
    assert sum(groups.values()) == len(desk.live.keys())
    named = [content.work[language]["editorial"] for language in LANGUAGES]
    rows = [row for group in groups for part in catalogue.sections(desk, group, "da") for row in part.rows]
    assert sorted(row.key for row in rows) == desk.live.keys()
    assert [group for group in groups for words in named if not words.get(f"group_{group}")] == []
    assert {row.part for row in rows if row.part for words in named if not words.get(f"part_{row.part}")} == set()


def test_a_topics_texts_stand_together_in_the_order_of_a_conversation(desk: Desk) -> None:
    found = next(s for s in catalogue.sections(desk, "topic", "en") if s.rows[0].key == IMAGING)
    assert [row.part for row in found.rows] == ["", "short", "more", "check", "right", "wrong_1", "wrong_2"]
    assert found.titles == {"da": "Skal ryggen scannes?", "en": "Do I need a scan?"}
    titles = [section.titles["en"].casefold() for section in catalogue.sections(desk, "topic", "en")]
    assert titles == sorted(titles) and len(titles) == len(set(titles)) > 20


def test_a_group_there_is_not_has_no_texts(desk: Desk) -> None:
    assert catalogue.sections(desk, "<script>", "da") == []


# ---------------------------------------------------------------- search


@pytest.mark.parametrize("query", ["smågåture", "SMÅGÅTURE", "smaagaature", "sma\u030aga\u030ature", "Smågå"])
def test_letters_are_found_however_they_are_typed(desk: Desk, query: str) -> None:
    old = desk.live.get(IMAGING, "da")
    desk.live.texts[IMAGING, "da"] = replace(old, phrasings=(("Tag dine smågåture på Ærø.",),))
    assert finding.search(desk.live, query) == [IMAGING]
    (_, _), (words, marked), *_ = finding.hit(desk.live, IMAGING, query).places["da"]
    assert marked and words.startswith("smågå")


def test_every_accent_is_left_out(desk: Desk) -> None:
    assert finding.fold("Éns CAFÉ Ærø Åse Ö") == "ens cafe aeroe aase o"


@pytest.mark.parametrize(
    ("query", "key"),
    [("topic/imaging", IMAGING), ("skal ryggen scannes", IMAGING), ("do i need a SCAN", IMAGING),
     ("a disc that bulges a little", IMAGING), ("ryggen har fulgt med alderen", "topic/imaging/check")],
)  # fmt: skip
def test_a_key_a_title_words_and_buttons_are_found_in_both_languages(desk: Desk, query: str, key: str) -> None:
    assert finding.search(desk.live, query)[0] == key


def test_all_the_words_must_be_in_one_language_and_a_phrase_comes_first(desk: Desk) -> None:
    found = finding.search(desk.live, "en scanning")
    assert found[0] != found[-1] and all(
        "scanning" in finding.fold(desk.live.get(key, "da").source + key)
        or "scanning" in finding.fold(desk.live.get(key, "en").source)
        for key in found
    )
    phrase = ["en scanning" in finding.fold(" ".join(desk.live.get(key, "da").source.split())) for key in found]
    assert phrase[0] and sorted(phrase, reverse=True) == phrase
    assert finding.search(desk.live, "ryggen disc bulges") == []


def test_the_place_is_shown_and_nothing_of_the_text_is_lost_around_the_mark(desk: Desk) -> None:
    hit = finding.hit(desk.live, IMAGING, "aendrer en scanning")
    marked = [words for words, is_hit in hit.places["da"] if is_hit]
    assert marked == ["ændrer en scanning"] and hit.places["en"] == []
    excerpt = "".join(words for words, _ in hit.places["da"] if words != "…")
    assert excerpt in " ".join(" ".join(desk.live.get(IMAGING, "da").bubbles).split())
    assert "".join(words for words, _ in hit.titles["da"]) == "Skal ryggen scannes?"


@pytest.mark.parametrize(
    "query", ["", "   ", "\0", "%", "_", "'; drop table edition", "\u202e", "a" * 5000, "(", "\\"]
)
def test_what_nobody_would_look_for_breaks_nothing(desk: Desk, query: str) -> None:
    for key in finding.search(desk.live, query)[:3]:
        assert finding.hit(desk.live, key, query).key == key
    assert finding.search(desk.live, "kvidrebert" + query) == []


def test_what_is_live_is_searched_and_not_the_file(desk: Desk, anna: User, bo: User) -> None:
    published(desk, bo, anna, IMAGING, "Kanariefugle synger.")
    assert finding.search(desk.live, "kanariefugle") == [IMAGING]


# ---------------------------------------------------------------- what waits


def test_a_texts_state_is_told_by_language(desk: Desk, anna: User, bo: User) -> None:
    published(desk, bo, anna, IMAGING, "Hej.")
    drafted(desk, anna, IMAGING, "Goddag.")
    assert catalogue.tags_of(desk, IMAGING, "da") == ["edited", "draft"]
    assert catalogue.tags_of(desk, IMAGING, "en") == []
    workflow.submit(desk, bo, drafted(desk, bo, IMAGING, "Hello.", "en"))
    assert catalogue.tags_of(desk, IMAGING, "en") == ["in_review"]


def test_a_text_is_due_in_its_last_thirty_days_and_then_overdue(desk: Desk, anna: User) -> None:
    today = danish(now()).date()
    for key, days in ((IMAGING, -1), ("topic/sleep", 30), ("topic/work", 31)):
        old = desk.live.get(key, "da")
        desk.live.texts[key, "da"] = replace(old, review_due=today + timedelta(days=days))
    tags = [catalogue.tags_of(desk, key, "da") for key in (IMAGING, "topic/sleep", "topic/work")]
    assert tags == [["overdue"], ["due"], []]
    waits = catalogue.waiting(desk, anna)
    assert ([key for _, key, _ in waits.due], waits.overdue) == ([IMAGING, "topic/sleep"], 1)


def test_what_waits_for_somebody_are_their_own_drafts_and_the_reviews_of_others(
    desk: Desk, anna: User, bo: User
) -> None:
    workflow.submit(desk, bo, drafted(desk, bo, IMAGING, "Hej."))
    workflow.submit(desk, bo, drafted(desk, bo, "care/after", "Hej."))
    mine = drafted(desk, anna, "topic/sleep", "Hej.")
    ours, theirs = catalogue.waiting(desk, anna), catalogue.waiting(desk, bo)
    assert [each.id for each in ours.mine] == [mine.id]
    assert [each.key for each in ours.to_review] == ["care/after", IMAGING]  # what is about safety comes first
    assert [each.state for each in theirs.mine] == ["in_review", "in_review"] and theirs.to_review == []
    writer = make_user(desk.engine, roles=["editor"])
    assert catalogue.waiting(desk, writer).to_review == []


def test_an_emergency_waits_until_somebody_has_looked_it_over(desk: Desk, anna: User, bo: User) -> None:
    workflow.emergency(desk, bo, drafted(desk, bo, IMAGING, "Hej."), "because it was wrong")
    (flagged,) = catalogue.waiting(desk, anna).flagged
    workflow.look_over(desk, anna, flagged)
    assert catalogue.waiting(desk, anna).flagged == []


def test_a_file_that_changes_under_an_edit_is_a_conflict_until_somebody_decides(
    desk: Desk, anna: User, bo: User
) -> None:
    edit = published(desk, bo, anna, IMAGING, "Hej.")
    assert catalogue.conflicts(desk) == []
    newer = file_changes(desk, IMAGING, "Nyt fra filen.")
    assert catalogue.conflicts(desk) == [(IMAGING, "da")] and desk.live.get(IMAGING, "da").version == edit
    workflow.keep_edit(desk, anna, IMAGING, "da")
    assert catalogue.conflicts(desk) == []
    newest = file_changes(desk, IMAGING, "Og igen.")
    assert newest != newer and catalogue.conflicts(desk) == [(IMAGING, "da")]
    workflow.take_file(desk, anna, IMAGING, "da")
    assert catalogue.conflicts(desk) == [] and desk.live.get(IMAGING, "da").version == newest


def test_a_file_that_catches_up_is_no_conflict(desk: Desk, anna: User, bo: User) -> None:
    published(desk, bo, anna, IMAGING, "Hej.")
    file_is(desk, IMAGING, desk.live.get(IMAGING, "da").source)
    assert catalogue.conflicts(desk) == [] and catalogue.tags_of(desk, IMAGING, "da") == []


# ---------------------------------------------------------------- one text


def test_buttons_that_lead_to_a_text_are_named(desk: Desk) -> None:
    check = ("topic/imaging/check", "At ryggen har fulgt med alderen")
    assert check in catalogue.where_said(desk, "topic/imaging/right", "da").buttons
    assert any(title == "Do I need a scan?" for _, title in catalogue.where_said(desk, IMAGING, "en").buttons)
    assert catalogue.where_said(desk, "system/holding", "da").buttons == []


def test_telegrams_own_words_point_to_the_others_and_back(desk: Desk) -> None:
    assert catalogue.where_said(desk, "welcome/intro", "da").replaced_by == "telegram/welcome/intro"
    assert catalogue.where_said(desk, "telegram/welcome/intro", "da").stands_in == "welcome/intro"
    assert catalogue.where_said(desk, "telegram/sticker", "da").stands_in == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_shown_as_patients_see_it(desk: Desk, language: str) -> None:
    for key in desk.live.keys():
        text, html = desk.live.get(key, language), str(as_patients(desk.live, key, language, words="or"))
        assert 'class="message' in html and html.count('<ul class="offered"') <= 1, key
        assert html.count('class="as-patients"') == (1 if 'class="care ' in html else len(text.phrasings)), key


@pytest.mark.parametrize(
    ("key", "level"),
    [("care/cauda_equina", "emergency"), ("care/self_harm/relative", "emergency"), ("care/infection", "urgent"),
     ("care/cancer_history", "soon"), ("care/worse/urgent", "urgent"), ("system/closed", "emergency")],
)  # fmt: skip
def test_an_alarm_signs_text_is_shown_as_its_care_card(desk: Desk, key: str, level: str) -> None:
    assert f'class="care {level}"' in as_patients(desk.live, key, "da")
    assert 'class="care ' not in as_patients(desk.live, key, "da", card=False)


# ---------------------------------------------------------------- what patients read, and when


def test_the_history_says_who_wrote_what_and_how_it_went_live(each_desk: Desk) -> None:
    desk, anna, bo = each_desk, editor(each_desk, "Anna Bech"), editor(each_desk, "Bo Friis")
    file = desk.live.get(IMAGING, "da").version
    edit = published(desk, bo, anna, IMAGING, "Hej.")
    workflow.roll_back(desk, anna, IMAGING, "da", file)
    lines = chronicle.chronicle(desk, IMAGING, "da")
    assert [(line.kind, line.version) for line in lines] == [
        ("rollback", file), ("approved", edit), ("from_file", file)
    ]  # fmt: skip
    assert lines[1].edition and (lines[1].edition.author_id, lines[1].edition.approved_by) == (bo.id, anna.id)
    assert [line.until is None for line in lines] == [True, False, False]
    assert [line.until for line in lines[1:]] == [line.at for line in lines[:2]]


def test_a_day_shows_what_was_in_force_then(each_desk: Desk, clock: Clock) -> None:
    desk, anna, bo = each_desk, editor(each_desk, "Anna Bech"), editor(each_desk, "Bo Friis")
    today = danish(now()).date()
    file = desk.live.get(IMAGING, "da").version
    clock.go(days=10)
    edit = published(desk, bo, anna, IMAGING, "Hej.")
    clock.go(days=10)
    newer = file_changes(desk, IMAGING, "Nyt fra filen.")  # seen, and not in force
    clock.go(days=10)
    workflow.take_file(desk, anna, IMAGING, "da")
    clock.go(days=10)
    newest = file_changes(desk, IMAGING, "Nyere fra filen.")
    lines = chronicle.chronicle(desk, IMAGING, "da")

    def on(days: int) -> list[str]:
        return [line.version for line in chronicle.on_day(lines, today + timedelta(days=days))]

    assert [on(days) for days in (-1, 0, 9, 10, 11, 20, 29, 30, 39, 40, 41)] == [
        [], [file], [file], [file, edit], [edit], [edit], [edit], [edit, newer], [newer], [newer, newest], [newest]
    ]  # fmt: skip
    assert [line.kind for line in lines] == ["from_file", "file", "file_waits", "approved", "from_file"]
    assert [line.live for line in lines] == [True, True, False, True, True]


def test_a_version_brought_back_was_in_force_twice_and_one_kept_is_one_time(each_desk: Desk) -> None:
    desk, anna, bo = each_desk, editor(each_desk, "Anna Bech"), editor(each_desk, "Bo Friis")
    file = desk.live.get(IMAGING, "da").version
    edit = published(desk, bo, anna, IMAGING, "Hej.")
    file_changes(desk, IMAGING, "Nyt fra filen.")
    workflow.keep_edit(desk, anna, IMAGING, "da")
    workflow.roll_back(desk, anna, IMAGING, "da", file)
    lines = chronicle.chronicle(desk, IMAGING, "da")
    ((begun, ended),) = chronicle.times(lines, edit)
    assert ended == lines[0].at and begun == lines[3].at
    assert [until is None for _, until in chronicle.times(lines, file)] == [True, False]
    assert chronicle.times(lines, "nothing") == []


def test_a_file_that_goes_back_to_earlier_words_leaves_a_doubt_that_is_told(desk: Desk) -> None:
    first = desk.live.get(IMAGING, "da").source
    assert chronicle.uncertain_since(desk, IMAGING, "da", chronicle.chronicle(desk, IMAGING, "da")) is None
    file_changes(desk, IMAGING, "Nyt fra filen.")
    changed = chronicle.chronicle(desk, IMAGING, "da")
    assert chronicle.uncertain_since(desk, IMAGING, "da", changed) is None
    file_is(desk, IMAGING, first)
    again = chronicle.chronicle(desk, IMAGING, "da")
    assert chronicle.uncertain_since(desk, IMAGING, "da", again) == changed[0].at


# ---------------------------------------------------------------- the log, and questions


def test_the_log_holds_what_was_done_with_texts_and_nothing_else(each_desk: Desk) -> None:
    desk, anna, bo = each_desk, editor(each_desk, "Anna Bech"), editor(each_desk, "Bo Friis")
    staff.note(desk.engine, anna, "signed_in")
    staff.note(desk.engine, anna, "editionX")  # an underscore is no wildcard
    published(desk, bo, anna, IMAGING, "Hej.")
    found = catalogue.log(desk.engine)
    assert [line.action for line in found] == [
        "edition_live_approved", "edition_approved", "edition_in_review", "edition_begun"
    ]  # fmt: skip
    assert [line.action for line in catalogue.log(desk.engine, before=found[1].id, limit=1)] == ["edition_in_review"]


def asked(engine: Engine, *texts: str, language: str = "da") -> None:
    for text in texts:
        _, conversation = conversations.create(engine, language=language)
        unanswered.note(engine, conversation.id, language=language, reason="not_understood", text=text)


def waiting(engine: Engine, *, settled: bool = False) -> list[tuple[str, int]]:
    found = unanswered.worklist(engine, now() - timedelta(days=1), settled=settled)
    return [(row["text"], row["times"]) for row in found]


def test_a_question_is_settled_for_all_who_asked_it_and_that_can_be_undone(engine: Engine) -> None:
    asked(engine, "hvorfor … ?", "må jeg … ?", "hvorfor … ?")
    asked(engine, "hvorfor … ?", language="en")
    group = unanswered.worklist(engine, now() - timedelta(days=1))[0]
    assert (group["language"], group["times"]) == ("da", 2) and unanswered.unsettled(engine) == 4
    assert unanswered.settle(engine, group["id"], unanswered.BY_TEXT) == 2
    assert sorted(waiting(engine)) == [("hvorfor … ?", 1), ("må jeg … ?", 1)] and unanswered.unsettled(engine) == 2
    assert waiting(engine, settled=True) == [("hvorfor … ?", 2)]
    assert unanswered.reopen(engine, group["id"]) == 2
    assert unanswered.unsettled(engine) == 4 and waiting(engine, settled=True) == []


def test_a_settled_question_that_is_asked_again_waits_again(engine: Engine) -> None:
    asked(engine, "hvorfor … ?")
    first = unanswered.worklist(engine, now() - timedelta(days=1))[0]["id"]
    unanswered.settle(engine, first, unanswered.NOT_OURS)
    asked(engine, "hvorfor … ?")
    assert waiting(engine) == waiting(engine, settled=True) == [("hvorfor … ?", 1)]


def test_a_question_there_is_not_is_not_settled(engine: Engine) -> None:
    assert unanswered.settle(engine, 4711, unanswered.BY_TEXT) == unanswered.reopen(engine, 4711) == 0


def test_pages_hold_every_item_once_and_a_page_there_is_not_is_the_nearest() -> None:
    items = list(range(101))
    found = [paged(items, number, 50)[0] for number in (1, 2, 3)]
    assert [item for page in found for item in page] == items
    assert paged(items, 10**9, 50)[1].number == 3 and paged(items, -5, 50)[1].number == 1
    assert paged([], 1)[1].last == 1


def test_a_date_is_written_as_people_write_it() -> None:
    from bot.editorial.pages import day_in

    assert (day_in("da")(date(2026, 5, 1)), day_in("en")(date(2026, 5, 1))) == ("1. maj 2026", "1 May 2026")
    assert day_in("da")(None) == ""
