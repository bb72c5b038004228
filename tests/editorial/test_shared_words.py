"""Button titles, the page's own words and what a patient mentions: one line each, edited like any other text."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bot.content import shared_words
from bot.content.source import parts
from bot.content.store import CONTENT, LANGUAGES, ContentStore, load
from bot.dialogue.replies import render
from bot.editorial import catalogue, chronicle, files, finding, preview, quick, workflow
from bot.editorial.as_patients import as_patients
from bot.editorial.live import LiveContent
from bot.editorial.workflow import Desk, Refused
from bot.store import editions
from bot.store.editorial_models import Edition
from bot.store.staff_models import User
from tests.editorial.steps import draft, fresh, passed, published, submitted

MENU = "choices/menu"
WORDS = "Vis menuen"
YES = "choices/yes"


def becomes(words: str) -> Callable[[str], str]:
    """A body that says this instead."""
    return lambda _: words


def menu_changed(desk: Desk, author: User, reviewer: User, words: str = WORDS) -> Edition:
    return published(desk, author, reviewer, MENU, change=becomes(words))


def codes(desk: Desk, key: str, words: str, language: str = "da") -> list[str]:
    found = preview.look(desk.live, key, language, shared_words.source_of(words), "da")
    return [each.code for each in found.faults]


def titles_of(content: ContentStore, name: str, language: str = "da") -> set[str]:
    """What a button is called in all the texts that use the usual title."""
    return {
        choice.title
        for (_, spoken), text in content.texts.items()
        if spoken == language
        for choice in text.choices
        if choice.name == name and not choice.own
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A content folder of its own."""
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


def restarted(desk: Desk, folder: Path) -> Desk:
    live = LiveContent(load(folder), desk.engine)
    live.begin()
    return Desk(desk.engine, live)


# ---------------------------------------------------------------- every line is there


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_of_the_shared_files_can_be_found_opened_and_edited(desk: Desk, language: str) -> None:
    for kind in shared_words.MOST:
        lines = yaml.safe_load((CONTENT / language / f"{kind}.yml").read_text(encoding="utf-8"))
        for name, words in lines.items():
            text = desk.live.get(f"{kind}/{name}", language)
            assert (text.title, text.bubbles, text.shared) == (words, (words,), True)
            assert codes(desk, text.key, words, language) == [], text.key
            assert as_patients(desk.live, text.key, language)


def test_the_editors_find_them_in_groups_and_by_their_words(desk: Desk) -> None:
    assert {"choices", "page", "situations"} <= set(catalogue.groups(desk))
    assert MENU in [row.key for row in catalogue.sections(desk, "choices", "da")[0].rows]
    assert finding.search(desk.live, "haven qqq") == []
    assert "situations/garden" in finding.search(desk.live, "haven")
    for group in shared_words.MOST:
        for language in LANGUAGES:
            assert desk.live.work[language]["editorial"][f"group_{group}"]


def test_the_texts_that_have_a_button_are_named(desk: Desk) -> None:
    said = catalogue.where_said(desk, MENU, "da")
    assert len(said.carriers) > 20
    assert all(any(one.name == "menu" for one in desk.live.get(key, "da").choices) for key in said.carriers)
    assert catalogue.where_said(desk, "page/call", "da").carriers == []


# ---------------------------------------------------------------- live


def test_a_new_title_is_on_every_button_of_that_name_in_every_gateway(
    desk: Desk, second: Desk, anna: User, bo: User
) -> None:
    menu_changed(desk, anna, bo)
    second.live.refresh()
    for each in (desk, second):
        assert titles_of(each.live, "menu") == {WORDS} and each.live.titles["da"]["menu"] == WORDS
        assert titles_of(each.live, "menu", "en") == {load().titles["en"]["menu"]}
    below = shared_words.carriers(second.live, MENU, "da")[0].key
    assert WORDS in [choice.title for choice in render(second.live, below, "da", {})[-1].choices]


def test_titles_of_a_text_s_own_stay(desk: Desk, anna: User, bo: User) -> None:
    own = {
        (place, choice.name): choice.title
        for place, text in desk.live.texts.items()
        for choice in text.choices
        if choice.own
    }
    name = next(name for (_, name) in own if name in desk.live.titles["da"])
    published(desk, anna, bo, f"choices/{name}", change=becomes("Noget helt andet"))
    for (place, each), title in own.items():
        assert title in [choice.title for choice in desk.live.texts[place].choices if choice.name == each]


def test_the_page_and_the_mentioned_get_their_new_words(desk: Desk, anna: User, bo: User) -> None:
    published(desk, anna, bo, "page/send", change=becomes("Send det"))
    published(desk, anna, bo, "situations/garden", change=becomes("din have"))
    assert desk.live.page["da"]["send"] == "Send det" and desk.live.situations["da"]["garden"] == "din have"
    assert desk.live.files.page["da"]["send"] != "Send det"  # what the files say is known as well


def test_a_text_edited_too_has_the_new_title_whichever_came_first(desk: Desk, anna: User, bo: User) -> None:
    carriers = [each.key for each in shared_words.carriers(desk.live, MENU, "da") if not workflow.is_safety(each.key)]
    before, after = carriers[:2]
    published(desk, anna, bo, before)
    menu_changed(desk, anna, bo)
    published(desk, anna, bo, after)
    for key in (before, after):
        assert WORDS in [choice.title for choice in desk.live.get(key, "da").choices]
    restart = LiveContent(load(), desk.engine)
    restart.begin()
    assert titles_of(restart, "menu") == {WORDS}


def test_taken_back_the_old_title_is_everywhere_again(desk: Desk, anna: User, bo: User) -> None:
    was = desk.live.files.get(MENU, "da")
    menu_changed(desk, anna, bo)
    workflow.roll_back(desk, bo, MENU, "da", was.version)
    assert titles_of(desk.live, "menu") == {was.title} == {desk.live.titles["da"]["menu"]}
    kinds = [line.kind for line in chronicle.chronicle(desk, MENU, "da")]
    assert kinds == ["rollback", "approved", "from_file"]


def test_author_and_approver_are_never_the_same_here_either(desk: Desk, erik: User) -> None:
    edition = submitted(desk, erik, MENU, change=becomes(WORDS))
    with pytest.raises(Refused, match="own_text"):
        workflow.approve(desk, erik, edition)


def test_production_does_not_wait_for_a_signature_no_file_can_hold(desk: Desk) -> None:
    assert not [key for key in desk.live.never_approved(("",)) if shared_words.is_shared(key)]
    assert not [key for key in desk.live.unsigned() if shared_words.is_shared(key)]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("key", "words", "code"),
    [
        (MENU, "", "empty_bubble"),
        (MENU, "x" * 41, "title_too_long"),
        (MENU, "Vis\nmenuen", "one_line"),
        (MENU, "Vis\n***\nmenuen", "one_line"),
        (MENU, "Vis\n+++\nmenuen", "one_line"),
        (MENU, "Ja", "title_taken"),
        (MENU, "JA", "title_taken"),
        (YES, "nej", "title_taken"),
        (MENU, "Menu for {name}", "shared_placeholder_new"),
        ("page/characters_left", "Plads til flere tegn.", "shared_placeholder_gone"),
        ("page/send", "x" * 501, "title_too_long"),
        ("page/own_trend_worse", "Ryggen er slidt op.", "frightening"),
    ],
)
def test_what_would_harm_is_named_and_does_not_go_to_review(
    desk: Desk, karen: User, key: str, words: str, code: str
) -> None:
    assert code in codes(desk, key, words)
    edition = draft(desk, karen, key, change=becomes(words))
    with pytest.raises(Refused, match="faults"):
        workflow.submit(desk, karen, edition)
    for language in LANGUAGES:
        assert f"fault_{code}" in desk.live.work[language]["editing"]


HOSTILE = [
    "<script>alert(1)</script>",
    "a: b # c",
    '"quoted" \\ back',
    "{menu",
    "- x",
    "👪 menu",
    "null",
    "yes",
    "---",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_shown_as_words_and_written_out_as_they_are(
    desk: Desk, folder: Path, anna: User, bo: User, words: str
) -> None:
    menu_changed(desk, anna, bo, words)
    below = shared_words.carriers(desk.live, MENU, "da")[0].key
    assert words in [choice.title for choice in render(desk.live, below, "da", {})[-1].choices]
    assert "<script>" not in as_patients(desk.live, MENU, "da")
    files.write_out(desk.live, folder)
    assert load(folder).titles["da"]["menu"] == words


# ---------------------------------------------------------------- safety


@pytest.mark.parametrize(
    ("key", "safety"),
    [
        (YES, True), ("choices/region_sjaelland", True), ("page/care_emergency", True), ("page/error_network", True),
        (MENU, False), ("choices/topics", False), ("page/send", False), ("situations/garden", False),
    ],
)  # fmt: skip
def test_words_beside_an_alarm_sign_need_a_clinician(desk: Desk, key: str, safety: bool) -> None:
    assert desk.live.get(key, "da")
    assert workflow.is_safety(key) is safety


def test_the_words_on_a_care_card_and_those_for_trouble_are_safety_words() -> None:
    content = shared_words.with_shared_words(load())
    safety = {key for key in content.keys() if shared_words.is_shared(key) and workflow.is_safety(key)}
    for level in ("emergency", "urgent", "soon"):
        assert {f"page/care_{level}", f"page/care_bar_{level}", f"page/care_{level}_prefix"} <= safety
    with_number = {
        text.key for text in content.texts.values() if text.shared and "112" in text.title and text.language == "da"
    }
    assert with_number and with_number <= safety


def test_a_safety_word_goes_live_only_with_the_clinician_and_the_suite(
    desk: Desk, anna: User, bo: User, karen: User
) -> None:
    edition = submitted(desk, anna, "page/care_contacts", change=becomes("Her kan du ringe til nogen"))
    with pytest.raises(Refused, match="needs_sign_off"):
        workflow.approve(desk, bo, edition)
    with pytest.raises(Refused, match="suite_not_passed"):
        workflow.approve(desk, karen, fresh(desk, edition))
    assert workflow.approve(desk, karen, passed(desk, edition))
    assert desk.live.page["da"]["care_contacts"] == "Her kan du ringe til nogen"


def failed(desk: Desk, key: str, words: str) -> set[str]:
    text = desk.live.read(key, "da", shared_words.source_of(words))
    assert text
    checks = quick.quick(desk.live.with_texts({}), desk.live.with_texts({(key, "da"): text}), [(key, "da")])
    return {each.name for each in checks if not each.passed and not each.warn}


def test_the_suite_refuses_words_that_lose_a_number_or_mean_another_button(desk: Desk) -> None:
    assert failed(desk, "choices/human", "Tal med en person") == set()
    assert "typed_words" in failed(desk, YES, "Nej, slet ikke")
    assert "typed_words" in failed(desk, YES, "Det gør jeg")  # whoever types "ja" must still be understood
    assert "typed_words" in failed(desk, "choices/human", "Ja")
    assert "phones" in failed(desk, "page/care_emergency", "Ring nu")
    assert "numbers" in failed(desk, "page/care_emergency", "Ring 113 nu")
    assert "letters" in failed(desk, "choices/human", "T\u0430l med nogen")  # a Cyrillic a


# ---------------------------------------------------------------- shown


def test_a_button_is_seen_below_a_text_that_has_it_while_it_is_written(desk: Desk) -> None:
    look = preview.look(desk.live, MENU, "da", shared_words.source_of(WORDS), "da")
    shown = preview.pieces(desk.live, look, "da")["phone"]
    assert WORDS in shown and look.faults == []
    assert ">Menu<" not in shown


def test_words_the_page_fills_in_are_known_to_the_figures(desk: Desk) -> None:
    words = "Der er plads til {count} tegn."
    look = preview.look(desk.live, "page/characters_left", "da", shared_words.source_of(words), "da")
    assert look.figures and look.figures.unknown == [] and look.figures.placeholders == ["count"]


# ---------------------------------------------------------------- files


def test_written_out_only_that_line_of_the_file_changes_and_the_file_leads_again(
    desk: Desk, folder: Path, anna: User, bo: User
) -> None:
    before = (folder / "da/choices.yml").read_text(encoding="utf-8").splitlines()
    menu_changed(desk, anna, bo)
    published(desk, anna, bo, "choices/topics", change=becomes("Alle emner"))
    done = files.write_out(desk.live, folder)
    assert done.paths == [folder / "da/choices.yml"] and done.left == []
    after = (folder / "da/choices.yml").read_text(encoding="utf-8").splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert sorted(new for _, new in changed) == [f'menu: "{WORDS}"', 'topics: "Alle emner"']
    started = restarted(desk, folder)
    assert started.live.overridden == {} and titles_of(started.live, "menu") == {WORDS}


def test_a_file_that_changed_its_line_since_is_a_conflict_and_the_edit_stays(
    desk: Desk, folder: Path, anna: User, bo: User
) -> None:
    menu_changed(desk, anna, bo)
    path = folder / "da/choices.yml"
    path.write_text(path.read_text(encoding="utf-8").replace('menu: "Menu"', 'menu: "Oversigt"'), encoding="utf-8")
    started = restarted(desk, folder)
    assert titles_of(started.live, "menu") == {WORDS}
    assert [each.state for each in files.standings(started.live, folder)] == [files.CONFLICT]
    assert files.write_out(started.live, folder).paths == []
    assert files.write_out(started.live, folder, force=True).paths == [path]
    assert load(folder).titles["da"]["menu"] == WORDS


def test_a_line_that_is_no_more_is_left_alone_and_harms_nothing(
    desk: Desk, folder: Path, anna: User, bo: User
) -> None:
    published(desk, anna, bo, "situations/garden", change=becomes("din have"))
    for language in LANGUAGES:
        path = folder / language / "situations.yml"
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("garden:")]
        path.write_text("\n".join(lines), encoding="utf-8")
    started = restarted(desk, folder)
    assert "garden" not in started.live.situations["da"]
    done = files.write_out(started.live, folder, force=True)
    assert done.paths == [] and [each.state for each in done.left] == [files.GONE]


def test_a_line_over_several_rows_is_not_broken() -> None:
    yml = 'menu: >-\n  Menu\n  her\nback: "Tilbage"\n'
    with pytest.raises(KeyError):
        shared_words.written_into(yml, MENU, shared_words.source_of(WORDS))
    with pytest.raises(KeyError):
        shared_words.written_into('back: "Tilbage"\n', MENU, shared_words.source_of(WORDS))


def test_signing_leaves_shared_words_as_they_are(desk: Desk) -> None:
    source = desk.live.get(YES, "da").source
    assert workflow.signed(source, "Karen", None) == source
    assert replace(parts(source), body="Ja") == parts(source)
    assert editions.version(desk.engine, YES, "da", desk.live.get(YES, "da").version)
