"""What is being written is shown as patients would get it, and what is wrong with it in the editor's own language."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.markdown import to_html
from bot.channels.telegram.html import pieces as telegram_pieces
from bot.content.check import Finding
from bot.content.errors import ContentFault
from bot.content.file_faults import PLACEHOLDERS
from bot.content.source import Parts, parts, put_together, signed
from bot.content.store import LANGUAGES, ContentStore
from bot.content.texts import parse
from bot.editorial import preview, workflow
from bot.editorial.edition_form import Given, posted
from bot.editorial.faults import told
from bot.editorial.live import LiveContent
from bot.editorial.preview import Look, fragment, look, pieces
from tests.editorial.hostile import WORDS, Page

ROOT = Path(__file__).resolve().parents[2]
IMAGING, CARD, CHECK, PICTURE = (
    "topic/imaging",
    "care/cauda_equina",
    "topic/pain_not_damage/check",
    "movement/strength/3",
)
HARD = "Almindelige rygsmerter behandles oftest konservativt med vejledning, genoptræning og egenomsorg. " * 4
HARD_EN = "Common back pain is treated with a conservative combination of education and exercise. " * 4


@pytest.fixture(scope="module")
def live(content: ContentStore) -> LiveContent:
    """The texts as they are live; a preview asks the database nothing."""
    return LiveContent(content, None)  # type: ignore[arg-type]


def seen(live: LiveContent, key: str, language: str, change: Callable[[Parts], Parts], reader: str = "da") -> Look:
    """The look of a changed text."""
    source = signed(live.get(key, language).source, None, None)
    return look(live, key, language, put_together(source, change(parts(source))), reader)


def as_it_is(live: LiveContent, key: str, language: str = "da", reader: str = "da") -> Look:
    return seen(live, key, language, lambda was: was, reader)


def body(words: str) -> Callable[[Parts], Parts]:
    return lambda was: replace(was, body=words)


def shown(live: LiveContent, found: Look, reader: str = "da") -> str:
    return str(fragment(live, found, reader))


def words_of(found: Look) -> list[str]:
    return [f"{each.where}: {each.words}" for each in found.faults]


# ---------------------------------------------------------------- as patients get it


def test_each_bubble_is_the_chat_pages_own(live: LiveContent) -> None:
    found = seen(live, IMAGING, "da", body("**Fed** og [link](https://x.dk).\n***\n- et\n- to"))
    html = str(pieces(live, found, "da")["phone"])
    assert html.count('class="message bot"') == 2
    assert str(to_html("**Fed** og [link](https://x.dk).")) in html
    assert str(to_html("- et\n- to")) in html
    assert 'class="sources"' in html


def test_the_buttons_are_those_of_the_text_in_its_own_words(live: LiveContent) -> None:
    found = seen(live, CHECK, "da", lambda was: replace(was, titles={**was.titles, "option_1": "Helt nye ord"}))
    assert "<li>Helt nye ord</li>" in shown(live, found)
    assert [one.title for one in found.phrasings[0].web[-1].choices][0] == "Helt nye ord"


def test_a_scale_is_shown_as_numbers(live: LiveContent) -> None:
    assert '<li class="number">10</li>' in shown(live, as_it_is(live, "check_in/ask/pain"))


@pytest.mark.parametrize(
    ("key", "level", "whom"),
    [(CARD, "emergency", "112"), ("care/infection", "urgent", "112"), ("care/worse/urgent", "urgent", "112"),
     ("care/motor_loss/relative", "emergency", "112"), ("system/closed", "emergency", "112")],
)  # fmt: skip
def test_advice_on_an_alarm_sign_is_its_care_card(live: LiveContent, key: str, level: str, whom: str) -> None:
    html = shown(live, as_it_is(live, key))
    assert f'class="care {level}"' in html
    assert f'href="tel:{whom}"' in html


def test_a_card_that_would_lose_words_says_so(live: LiveContent) -> None:
    found = seen(live, CARD, "da", lambda was: replace(was, body=f"{was.body}\n***\nEn boble til."))
    html = shown(live, found)
    assert live.work["da"]["editing"]["preview_card_first"] in html
    assert "En boble til." not in html


def test_what_is_said_after_a_card_is_no_card(live: LiveContent) -> None:
    assert 'class="care ' not in shown(live, as_it_is(live, "care/after"))


def test_telegram_gets_its_own_html_and_rows_of_buttons(live: LiveContent) -> None:
    found = seen(live, CHECK, "da", body("**Fed** & <b>ikke</b>\n\n- et"))
    html = str(pieces(live, found, "da")["phone"])
    assert "<b>Fed</b> &amp; &lt;b&gt;ikke&lt;/b&gt;\n\n• et" in html
    rows = found.phrasings[0].telegram[-1].buttons
    assert html.count('class="keys"') == len(rows)
    assert [title for title, _ in rows[-1]] == ["Spring over", "Menu"]


def test_a_link_in_telegram_opens_a_page_of_its_own_so_that_nothing_written_is_lost(live: LiveContent) -> None:
    html = shown(live, seen(live, IMAGING, "da", body("[her](https://x.dk)")))
    assert '<a target="_blank" rel="noopener noreferrer" href="https://x.dk">her</a>' in html


def test_what_telegram_splits_is_shown_in_as_many_messages(live: LiveContent) -> None:
    found = seen(live, IMAGING, "da", body("ord " * 1500))
    sent = found.phrasings[0].telegram
    assert len(sent) > 1 and [each.html for each in sent[:1]] == telegram_pieces("ord " * 1500)[:1]
    html = shown(live, found)
    assert html.count('class="sent"') == len(sent) and f"Telegram deler den i {len(sent)} beskeder." in html


def test_a_text_with_its_own_words_in_telegram_says_where_they_are(live: LiveContent) -> None:
    found = as_it_is(live, "care/after")
    assert found.own_in_telegram == "telegram/care/after"
    assert found.phrasings[0].telegram == []
    assert 'href="/editor/text/da/telegram/care/after"' in shown(live, found)


@pytest.mark.parametrize("key", ["telegram/help", "telegram/care/after"])
def test_a_text_of_telegrams_own_is_shown_in_telegram_only(live: LiveContent, key: str) -> None:
    found = as_it_is(live, key)
    assert found.phrasings[0].web == [] and found.phrasings[0].telegram
    assert live.work["da"]["editing"]["preview_only_telegram"] in shown(live, found)


def test_a_picture_is_shown_with_its_words(live: LiveContent) -> None:
    html = shown(live, seen(live, PICTURE, "da", lambda was: replace(was, alt="Nye ord om billedet")))
    assert html.count('alt="Nye ord om billedet"') == 2  # on the page and in Telegram


def test_every_phrasing_is_shown(live: LiveContent) -> None:
    found = seen(live, IMAGING, "da", body("Et.\n+++\nTo.\n+++\nTre."))
    assert [each.web[0].text for each in found.phrasings] == ["Et.", "To.", "Tre."]
    assert "Formulering 3" in shown(live, found)


def test_a_button_to_a_page_of_its_own_is_shown_and_presses_nothing(live: LiveContent) -> None:
    html = shown(live, as_it_is(live, "control/export"))
    assert live.page["da"]["download"] in html
    assert "<button" not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_rygraad_fills_in_has_an_example(live: LiveContent, language: str) -> None:
    words = "\n".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS))
    found = seen(live, IMAGING, language, body(words))
    assert "{" not in found.phrasings[0].web[0].text


def test_examples_are_in_the_language_of_the_text_and_all_else_in_the_readers(live: LiveContent) -> None:
    found = seen(live, IMAGING, "en", body("{subject}"), reader="da")
    assert found.phrasings[0].web[0].text == live.work["en"]["editing"]["example_subject"]
    html = shown(live, found, "da")
    assert "Kendes ikke" not in html and "Ord, Rygråd selv sætter ind" in html
    assert "Sources" in html  # what the patient reads is English


def test_an_empty_bubble_is_shown_and_named_and_hides_no_other_fault(live: LiveContent) -> None:
    found = seen(live, IMAGING, "da", body("Et.\n***\n\n***\nDet er {wrong}.\n***"))
    assert [reply.text for reply in found.phrasings[0].web] == ["Et.", "…", "Det er {wrong}.", "…"]
    assert words_of(found) == [
        "Boble 2: Boblen er tom. Skriv noget i den, eller slet linjen med *** eller +++.",
        "Boble 3: Rygråd ved ikke, hvad der skal stå i stedet for {wrong}.",
    ]


def test_nothing_at_all_is_an_empty_bubble(live: LiveContent) -> None:
    assert [each.code for each in seen(live, IMAGING, "da", body("")).faults] == ["empty_bubble"]


# ---------------------------------------------------------------- figures


def test_danish_is_measured_with_lix_and_a_safety_text_must_be_easier(live: LiveContent) -> None:
    topic, card = as_it_is(live, IMAGING).figures, as_it_is(live, CARD).figures
    assert topic and card
    assert [(each.kind, each.bar) for each in topic.readings + card.readings] == [("lix", 30), ("lix", 25)]
    assert "Højst 25." in shown(live, as_it_is(live, CARD))


def test_english_is_measured_with_flesch(live: LiveContent) -> None:
    found = as_it_is(live, IMAGING, "en")
    assert found.figures and [(each.kind, each.bar, each.good) for each in found.figures.readings] == [
        ("flesch", 70, True)
    ]


def test_a_hard_text_is_marked_and_a_short_one_is_not_measured(live: LiveContent) -> None:
    hard, short = seen(live, IMAGING, "da", body(HARD)).figures, seen(live, IMAGING, "da", body("Kort.")).figures
    assert hard and short
    assert not hard.readings[0].good and hard.readings[0].value
    assert short.readings[0].value is None


def test_characters_are_counted_for_each_bubble(live: LiveContent) -> None:
    found = seen(live, IMAGING, "da", body("Ord.\n***\n" + "a" * 501)).figures
    assert found and found.lengths == [[4, 501]]


def test_the_longest_sentences_are_named_for_safety_texts_only(live: LiveContent) -> None:
    card = seen(live, CARD, "da", body("En sætning med fem ord. To ord.")).figures
    topic = seen(live, IMAGING, "da", body("En sætning med fem ord.")).figures
    assert card and card.sentences == [(5, "En sætning med fem ord."), (2, "To ord.")] and card.average == 3.5
    assert topic and topic.sentences == []


def test_links_are_listed_and_what_only_looks_like_one_is_told(live: LiveContent) -> None:
    found = seen(live, IMAGING, "da", body("[et](https://x.dk) **[to](tel:112)** [tre](http://y.dk)")).figures
    assert found and found.links == [("et", "https://x.dk"), ("to", "tel:112")]
    assert found.no_links == ["[tre](http://y.dk)"]


def test_what_the_live_text_fills_in_and_this_does_not_is_told(live: LiveContent) -> None:
    found = seen(live, "welcome/intro", "da", body("Hej.")).figures
    assert found and "operator" in found.gone


def test_what_the_other_language_lacks_is_listed(live: LiveContent) -> None:
    found = seen(live, IMAGING, "da", body("Et {operator}.\n***\n[her](https://x.dk)"))
    html = str(pieces(live, found, "da")["other"])
    assert "{operator} står i den danske tekst, men ikke i den engelske tekst." in html
    assert "Bobler: 2 her, 3 der." in html
    assert "Linket »her« mangler." in html


def test_a_text_that_matches_the_other_language_is_told_so(live: LiveContent) -> None:
    html = str(pieces(live, as_it_is(live, IMAGING), "da")["other"])
    assert live.work["da"]["editing"]["lacks_nothing_en"] in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_as_it_is_live_has_a_fault_or_fails_to_be_shown(live: LiveContent, language: str) -> None:
    for key in sorted(live.keys())[::7]:
        found = as_it_is(live, key, language, language)
        assert not words_of(found), key
        assert found.text and not Page(shown(live, found, language)).bad, key


# ---------------------------------------------------------------- faults in words


FAULTS: dict[str, tuple[str, str, Callable[[Parts], Parts], str, str]] = {
    "no_title": (IMAGING, "da", lambda was: replace(was, title=""), "Overskrift", "title"),
    "needs_source": (IMAGING, "da", lambda was: replace(was, sources=()), "Kilder", "sources"),
    "no_review_due": (IMAGING, "da", lambda was: replace(was, review_due=None), "Læses igen", "review_due"),
    "review_overdue": (
        IMAGING, "da", lambda was: replace(was, review_due=date(2020, 1, 2)), "Læses igen", "review_due",
    ),
    "title_too_long": (
        CHECK, "da", lambda was: replace(was, titles={**was.titles, "option_2": "x" * 41}), "Knap", "button_option_2",
    ),
    "bubble_too_long": (IMAGING, "da", body("Et.\n***\n" + "a " * 260), "Boble 2", "body"),
    "unknown_placeholder": (IMAGING, "da", body("Et.\n***\nTo {wrong}."), "Boble 2", "body"),
    "phrasing_placeholders": (IMAGING, "da", body("Et.\n+++\nTo {operator}."), "Formulering 2", "body"),
    "same_phrasings": (IMAGING, "da", body("Et.\n+++\nTo.\n+++\nEt."), "Formulering 3", "body"),
    "hard_lix": (IMAGING, "da", body(HARD[:400]), "Hele teksten", "body"),
    "hard_flesch": (IMAGING, "en", body(HARD_EN[:400]), "Hele teksten", "body"),
    "frightening": (
        IMAGING, "da", body("Et.\n+++\nTo.\n***\nDin ryg er nedslidt."), "Formulering 2, boble 2", "body",
    ),
    "empty_bubble": (IMAGING, "da", body("Et.\n+++\nTo.\n***\n"), "Formulering 2, boble 2", "body"),
}  # fmt: skip


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_said_at_the_field_or_bubble_in_the_readers_language(live: LiveContent, code: str) -> None:
    key, language, change, where, field = FAULTS[code]
    danish = next(each for each in seen(live, key, language, change, "da").faults if each.code == code)
    english = next(each for each in seen(live, key, language, change, "en").faults if each.code == code)
    assert (danish.where, danish.field) == (where, field)
    assert english.field == field and english.words != danish.words
    for words in (danish.words, english.words):
        assert not re.search(r"\.md|line \d|linje \d", words)
        assert not re.search(r"\{\w+\}", words.replace("{wrong}", "")), "every value is filled in"


def test_a_fault_of_the_words_counts_bubbles_over_all_phrasings_for_the_script(live: LiveContent) -> None:
    found = seen(live, IMAGING, "da", body("Et.\n***\nTo.\n+++\nTre.\n***\nFire {wrong}."))
    assert [each.bubble for each in found.faults if each.code == "unknown_placeholder"] == [4]
    assert 'href="#body" data-bubble="4"' in shown(live, found)


def test_numbers_and_dates_are_written_as_the_reader_does(live: LiveContent) -> None:
    assert re.search(r"LIX er \d+,\d ", " ".join(words_of(seen(live, IMAGING, "da", body(HARD[:400])))))
    assert re.search(r"LIX is \d+\.\d ", " ".join(words_of(seen(live, IMAGING, "da", body(HARD[:400]), "en"))))
    overdue = FAULTS["review_overdue"][2]
    assert "2. januar 2020" in " ".join(words_of(seen(live, IMAGING, "da", overdue)))


def test_what_lies_between_the_languages_waits_and_is_no_fault_of_the_text(live: LiveContent) -> None:
    found = seen(live, IMAGING, "da", body("Bag mig står {operator}."))
    assert found.faults == [] and [each.where for each in found.waits] == ["Dansk og engelsk"]


def test_a_fault_without_words_of_its_own_is_said_as_on_the_command_line(live: LiveContent) -> None:
    fault = ContentFault(Path("x.md"), 3, "something new", code="newer_than_the_words")
    found = told(Finding(fault, False), live.get(IMAGING, "da").source, live.work["da"]["editing"], "da")
    assert found.words == "something new"


def test_only_the_first_faults_are_told_and_the_rest_counted(live: LiveContent) -> None:
    found = seen(live, IMAGING, "da", body(" ".join(f"{{wrong{n}}}" for n in range(50))))
    assert len(found.faults) == preview.MOST_FAULTS and found.hidden > 20
    assert f"Og {found.hidden} til." in shown(live, found)


def codes() -> set[str]:
    return {
        code
        for name in ("check", "file_faults", "texts")
        for code in re.findall(r'code="(\w+)"', (ROOT / f"bot/content/{name}.py").read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_there_is_has_words(content: ContentStore, language: str) -> None:
    assert len(codes()) > 35
    assert not {code for code in codes() if f"fault_{code}" not in content.work[language]["editing"]}


def test_every_fault_that_is_made_has_a_code() -> None:
    for name in ("check", "file_faults", "texts"):
        source = (ROOT / f"bot/content/{name}.py").read_text(encoding="utf-8")
        made = re.findall(r"(?:ContentFault|\bfault)\((?:[^()]|\([^()]*(?:\([^()]*\))?[^()]*\))*\)", source)
        assert made, name
        # The definition of `fault` itself, and the type, are no faults.
        assert not [each for each in made if "code=" not in each and "code: str" not in each], name


# ---------------------------------------------------------------- hostile words


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("key", [IMAGING, CARD, CHECK, PICTURE, "telegram/help"])
def test_hostile_words_do_nothing_but_stand_there(live: LiveContent, key: str, name: str) -> None:
    source = signed(live.get(key, "da").source, None, None)
    was = parts(source)
    given = {"body": [WORDS[name]], "title": [WORDS[name]], "alt": [WORDS[name]], "sources": [WORDS[name]]}
    own = {f"button_{choice}": [WORDS[name]] for choice in was.titles}
    written = posted(Given(given | own), source, live.sources["da"])
    found = look(live, key, "da", put_together(source, written), "da")
    html = shown(live, found)
    page = Page(html)
    assert page.bad == []
    html.encode()  # no half characters
    assert not re.search("[\x00-\x08\u202e\u2066]", html)
    assert "49" not in page.text.replace("149", "")  # nothing is calculated
    assert found.text is None or not found.text.signed


@given(
    words=st.text(max_size=60) | st.sampled_from(sorted(WORDS.values())),
    title=st.text(max_size=40) | st.sampled_from(sorted(WORDS.values())),
    own=st.lists(st.text(max_size=40) | st.sampled_from(sorted(WORDS.values())), min_size=3, max_size=3),
    place=st.sampled_from([(CHECK, "da"), (IMAGING, "en"), (PICTURE, "da"), ("plan/ask/days", "da"), (CARD, "da")]),
)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_written_the_source_can_be_read_and_keeps_its_names(
    live: LiveContent, words: str, title: str, own: list[str], place: tuple[str, str]
) -> None:
    key, language = place
    standing = live.get(key, language)
    source = signed(standing.source, None, None)
    was = parts(source)
    given = {"body": [words or "x"], "title": [title], "alt": [title]}
    buttons = {f"button_{name}": [each or "x"] for name, each in zip(was.titles, own, strict=False)}
    written = posted(Given(given | buttons), source, live.sources[language])
    whole = put_together(source, written)
    head = yaml.safe_load(whole.split("\n---\n")[0].removeprefix("---\n"))
    assert list(head) == list(yaml.safe_load(source.split("\n---\n")[0].removeprefix("---\n")))
    assert head["reviewed_by"] is None and head["reviewed_on"] is None
    again = parts(whole)
    assert again.title == written.title and again.body == written.body.strip()
    assert list(again.titles) == list(was.titles)
    assert put_together(whole, again) == whole
    try:
        text = parse(whole, key, language, live.titles[language], standing.path)
    except ContentFault as fault:
        assert fault.code in ("empty_bubble", "choice_without_title")
    else:
        assert [(one.name, one.leads_to) for one in text.choices] == [
            (one.name, one.leads_to) for one in standing.choices
        ]


@pytest.mark.parametrize("bomb", ["**[", "[[[[", "**x ", "[](", "- ", "\n***\n", "a\n+++\n", "{a}"])
def test_a_text_over_the_limit_is_a_fault_and_is_not_rendered(
    live: LiveContent, bomb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("must not be looked at")

    for name in ("render", "messages", "change_faults", "parsed", "figures"):
        monkeypatch.setattr(preview, name, never)
    found = seen(live, IMAGING, "da", body(bomb * (64 * 1024 // len(bomb))))
    assert found.too_long
    html = shown(live, found)
    assert f"{workflow.LONGEST_SOURCE} tegn" in html and len(html) < 5000


@pytest.mark.parametrize("bomb", ["**[", "[[[[", "**x ", "[](", "- ", "a\n***\n", "a\n+++\n", "{a}", "**", "[a]("])
def test_the_largest_text_of_nothing_but_marks_is_shown_harmlessly(live: LiveContent, bomb: str) -> None:
    found = seen(live, CHECK, "da", body(bomb * (7000 // len(bomb))))
    assert not found.too_long
    html = shown(live, found)
    assert Page(html).bad == [] and len(html) < 400_000
