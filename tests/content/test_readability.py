"""LIX and Flesch are what their formulas say, and read Markdown as a patient does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.readability import flesch, lix, sentences, syllables, words

SYLLABLES = {
    1: "a the pain moved walked helped hurts nerves bones breathe knee free shoes eye true clothes asked "
    "tried stayed scale whole while care sure don't can't 112 x",
    2: "table people little able moving needed started changes places sometimes doctor nearest quiet "
    "being question region body worried bladder trouble numbness nearly rarely lifetime safety likely "
    "x-ray doesn't",
    3: "medicine exercise computer department serious various usual idea area video "
    "steroid's-end arthritis easier vertebra",
    4: "emergency activity information diagnosis material psoriasis situation usually",
    6: "osteoporosis",
}


@pytest.mark.parametrize(("word", "count"), [(word, n) for n, row in SYLLABLES.items() for word in row.split()])
def test_syllables_are_counted_as_spoken(word: str, count: int) -> None:
    assert syllables(word) == count


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Det gør ondt. Er det nyt? Ja!", ["Det gør ondt.", "Er det nyt?", "Ja!"]),
        ("Ring på hverdage kl. 8-16 til din læge.", ["Ring på hverdage kl. 8-16 til din læge."]),
        ("Du kan fx. gå en tur.", ["Du kan fx. gå en tur."]),
        ("Sig: »Jeg har ondt.« Vent ikke.", ["Sig: »Jeg har ondt.", "Vent ikke."]),
        ("**Ring 112 nu**\n\nVent ikke.", ["Ring 112 nu", "Vent ikke."]),
        ("Passer det?\n\n- Du fryser\n- Du har feber", ["Passer det?", "Du fryser", "Du har feber"]),
        ("Bag mig står {operator}.", ["Bag mig står ."]),
        ("Se [sundhed.dk](https://www.sundhed.dk) i dag.", ["Se sundhed.dk i dag."]),
        ("", []),
        ("***", []),
    ],
)
def test_sentences_end_where_a_reader_stops(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


def test_words_leave_out_marks_and_keep_hyphenated_words_whole() -> None:
    assert words("Skriv **ikke** dit CPR-nummer, {operator}!") == ["Skriv", "ikke", "dit", "CPR-nummer"]


def test_lix_is_words_per_sentence_plus_percent_of_words_over_six_letters() -> None:
    text = "Det gør ondt i ryggen. Lægen undersøger den."  # 8 words, 2 sentences, 1 long
    assert lix(text) == 8 / 2 + 100 * 1 / 8


def test_lix_counts_letters_not_hyphens_or_figures() -> None:
    assert lix("8-16 1234567 e-mail.") == 3.0


def test_flesch_is_the_formula_of_1948() -> None:
    text = "The cat sat on the mat. My doctor helps me."  # 10 words, 2 sentences, 11 syllables
    assert flesch(text) == pytest.approx(206.835 - 1.015 * 10 / 2 - 84.6 * 11 / 10)


def test_hard_prose_is_told_from_easy_prose() -> None:
    hard = "Manipulation or mobilisation may be considered in combination with supervised exercise therapy."
    assert flesch(hard) < 30 < 80 < flesch("You can move. It is good for you to walk a bit each day.")
    assert lix("Billeddiagnostik ændrer sjældent behandlingen hos patienter med lænderygsmerter.") > 50


@given(st.text())
def test_any_text_has_a_figure(text: str) -> None:
    assert lix(text) >= 0
    assert isinstance(flesch(text), float)
