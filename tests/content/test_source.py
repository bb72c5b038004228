"""An editor changes words, titles, alternatives, sources and dates of a text; nothing else in its file can change."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content.errors import ContentFault
from bot.content.source import Parts, cleaned, parts, put_together, signed
from bot.content.store import CONTENT, ContentStore, load
from bot.content.texts import FRONT_MATTER, Text, parse

SOURCE = """---
title: "Hvile"
sources: [nkr]
choices:
  - "yes"
  - name: option_1
    title: "Lidt hvile"
    leads_to: topic/rest
  - {name: option_10, title: "Meget hvile", leads_to: topic/rest}
image:
  file: a.svg
  alt: "En stol"
reviewed_by: null
reviewed_on: null
review_due: 2027-05-21
---
Det er fint at hvile lidt.
***
Bag mig står {operator}.
"""
TITLES = {"yes": "Ja"}
ANYTHING = st.text(st.characters())  # lone surrogates as well
BREAKERS = [
    '"', "---", "\n---\n", '"\nreviewed_by: "Dr. Hansen', "\\", "\\n", "'", ": ", "# no", "{a: b}", "[x]", "\x85",
    "\ufffe", "\u2028", "]\nreviewed_by: x", "a", "***\n", "+++\n", "title: x\n",
]  # fmt: skip
NASTY = st.one_of(ANYTHING, st.lists(st.sampled_from(BREAKERS), max_size=6).map("".join))


def read(source: str) -> Text:
    return parse(source, "topic/rest", "da", TITLES, CONTENT / "da/topic/rest.md")


def head(source: str) -> str:
    match = FRONT_MATTER.match(source)
    assert match
    return match["head"]


@pytest.fixture(scope="module")
def everything() -> ContentStore:
    return load()


def test_every_text_taken_apart_and_put_together_is_the_same_to_the_letter(everything: ContentStore) -> None:
    assert len(everything.texts) > 1000
    changed = [place for place, text in everything.texts.items() if _again(text.source) != text.source]
    assert changed == []


def _again(source: str) -> str:
    return put_together(source, parts(source))


def test_in_every_text_all_that_an_editor_may_change_takes_and_the_rest_stays(everything: ContentStore) -> None:
    for (key, language), text in everything.texts.items():
        was = parts(text.source)
        wanted = replace(
            was,
            title=f"{was.title} x",
            titles={name: f"{title} x" for name, title in was.titles.items()},
            alt=was.alt and f"{was.alt} x",
            sources=(*was.sources, "irf"),
            review_due=date(2028, 1, 31),
            body=f"{was.body} x",
        )
        source = put_together(text.source, wanted)
        assert parts(source) == wanted, (key, language)
        again = parse(source, key, language, everything.titles[language], text.path)
        assert [(c.name, c.leads_to) for c in again.choices] == [(c.name, c.leads_to) for c in text.choices], key


def test_only_the_line_that_was_changed_is_another() -> None:
    source = put_together(SOURCE, replace(parts(SOURCE), title="Ro"))
    pairs = zip(SOURCE.split("\n"), source.split("\n"), strict=True)
    assert [pair for pair in pairs if pair[0] != pair[1]] == [('title: "Hvile"', 'title: "Ro"')]


@pytest.mark.parametrize("title", ["Hvile ", " Hvile", "Hvile\n", "Hv\u200bile"])
def test_a_title_that_reads_the_same_is_no_change(title: str) -> None:
    assert put_together(SOURCE, replace(parts(SOURCE), title=title)) == SOURCE


def test_a_buttons_title_is_found_by_its_whole_name() -> None:
    was = parts(SOURCE)
    source = put_together(SOURCE, replace(was, titles={**was.titles, "option_10": 'Rigtig "meget" \\ hvile'}))
    assert [choice.title for choice in read(source).choices] == ["Ja", "Lidt hvile", 'Rigtig "meget" \\ hvile']


@settings(max_examples=300, deadline=None)
@given(title=NASTY, own=NASTY, alt=NASTY, body=NASTY, sources=st.lists(NASTY, max_size=3))
def test_no_words_of_an_editor_reach_beyond_their_place(
    title: str, own: str, alt: str, body: str, sources: list[str]
) -> None:
    was = parts(SOURCE)
    changed = Parts(
        f"a{body}", f"t{title}", {"yes": "x", "option_1": f"o{own}"}, f"p{alt}", tuple(sources), was.review_due
    )
    source = put_together(SOURCE, changed)
    assert len(head(source).split("\n")) == len(head(SOURCE).split("\n"))
    try:
        text = read(source)
    except ContentFault as fault:
        assert fault.message == "a bubble is empty"
        return
    assert [(c.name, c.leads_to) for c in text.choices] == [(c.name, c.leads_to) for c in read(SOURCE).choices]
    assert (text.reviewed_by, text.reviewed_on, text.review_due) == (None, None, was.review_due)
    assert text.image and text.image.file == "a.svg" and text.choices[0].title == "Ja"
    assert text.title.startswith("t") and text.choices[1].title.startswith("o") and text.image.alt.startswith("p")
    assert len(text.sources) == len(sources)


@settings(max_examples=300, deadline=None)
@given(words=ANYTHING)
def test_cleaned_words_are_clean(words: str) -> None:
    clean = cleaned(words)
    assert cleaned(clean) == clean
    clean.encode("utf-8")  # no lone surrogates
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200c\u202a-\u202e\u2066-\u2069\ufeff]", clean)


@settings(max_examples=200, deadline=None)
@given(words=st.text(alphabet="abcæøåÆØÅéü.,!? \n-»«“”–…0123456789😀🤕❤"))
def test_what_texts_are_made_of_stays(words: str) -> None:
    assert cleaned(words) == words


@pytest.mark.parametrize(
    "picture",
    ["👩\u200d👧\u200d👦", "❤️\u200d🔥", "👩🏽\u200d⚕️", "🏳️\u200d🌈", "👍🏿", "☎️"],
)
def test_a_picture_of_several_stays_one(picture: str) -> None:
    assert cleaned(f"Hej {picture}.") == f"Hej {picture}."


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("Ri\u200dng 1\u00ad12\u200c nu", "Ring 112 nu"),  # joiners between letters, a hyphen that hides
        ("\u202e112\u202c", "112"),  # letters turned round
        ("en\r\nto\rtre\tfire", "en\nto\ntre fire"),
        ("\ud800a\udfff", "a"),
        (unicodedata.normalize("NFD", "på en ø"), unicodedata.normalize("NFC", "på en ø")),
        ("\ufeff\ufffe\uffff112", "112"),
    ],
)
def test_what_cannot_be_seen_goes(written: str, read_as: str) -> None:
    assert cleaned(written) == read_as


def test_a_signature_is_written_and_taken_away_without_a_trace() -> None:
    with_it = signed(SOURCE, 'Karen "K" Holm', date(2026, 11, 21))
    assert read(with_it).reviewed_by == 'Karen "K" Holm' and read(with_it).reviewed_on == date(2026, 11, 21)
    assert signed(with_it, None, None) == SOURCE


@settings(max_examples=200, deadline=None)
@given(name=NASTY)
def test_a_signature_stays_in_its_line(name: str) -> None:
    text = read(signed(SOURCE, f"K{name}", date(2026, 11, 21)))
    assert text.reviewed_by and text.reviewed_by.startswith("K") and len(text.choices) == 3
