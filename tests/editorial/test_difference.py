"""A difference reads like the text: what was taken away, what came instead, paragraphs where they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.content.source import Parts
from bot.editorial import difference
from bot.editorial.difference import ADDED, SAME, TAKEN, Piece, changes, words

PARTS = Parts(
    body="Ryggen er stærk.",
    title="Ryg",
    titles={"option_1": "Ja tak", "option_2": "Nej tak"},
    alt="En ryg",
    sources=("nkr",),
    review_due=date(2027, 5, 21),
)
TITLES = {"nkr": "Retningslinje", "irf": "Medicin"}
texts = st.text(st.sampled_from("abå \n.*"), max_size=60)


def plain(text: str) -> list[str]:
    """The words and the ends of lines, which is all that a difference keeps of spaces."""
    return text.replace("\n", " \n ").split(" ") if text.strip(" ") else []


def without(pieces: list[Piece], kind: str) -> list[str]:
    return [each for each in plain("".join(piece.words for piece in pieces if piece.kind != kind)) if each]


def test_one_word_instead_of_another_is_all_that_is_marked() -> None:
    assert words("Når det gør ondt, vil man", "Når ryggen gør ondt, vil man") == [
        (SAME, "Når "), (TAKEN, "det "), (ADDED, "ryggen "), (SAME, "gør ondt, vil man"),
    ]  # fmt: skip


def test_texts_that_are_the_same_have_no_difference() -> None:
    assert words("Et.\n\nTo.", "Et.\n\nTo.") == [(SAME, "Et.\n\nTo.")]
    assert words("", "") == []


def test_only_other_spaces_are_no_difference() -> None:
    assert [piece.kind for piece in words("Et  to \ntre", "Et to\ntre")] == [SAME]


def test_a_word_that_goes_at_the_end_does_not_stick_to_the_one_before() -> None:
    assert words("et to", "et") == [(SAME, "et "), (TAKEN, "to")]
    assert words("et", "et to") == [(SAME, "et "), (ADDED, "to")]


def test_a_new_paragraph_keeps_the_empty_line_before_it() -> None:
    assert words("Et.", "Et.\n\nTo.") == [(SAME, "Et."), (ADDED, "\n\nTo.")]


def test_a_bubble_break_that_goes_is_shown_as_taken() -> None:
    assert (TAKEN, "***\n") in words("Et.\n***\nTo.", "Et.\nTo.")


@given(texts, texts)
def test_what_is_not_added_is_the_old_text_and_what_is_not_taken_the_new(before: str, after: str) -> None:
    pieces = words(before, after)
    assert without(pieces, ADDED) == [each for each in plain(before) if each]
    assert without(pieces, TAKEN) == [each for each in plain(after) if each]
    assert all(piece.words for piece in pieces)
    assert all(one.kind != other.kind for one, other in zip(pieces, pieces[1:], strict=False))


def test_very_long_texts_are_compared_by_lines_so_that_nobody_waits(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(difference, "MOST_COMPARED", 20)
    before = "en to tre\nfire fem seks\nsyv"
    after = "en to 3\nfire fem seks\n7"
    assert words(before, after) == [
        (SAME, "en to "), (TAKEN, "tre\n"), (ADDED, "3\n"), (SAME, "fire fem seks\n"), (TAKEN, "syv"), (ADDED, "7"),
    ]  # fmt: skip


def test_longer_ones_still_are_taken_and_added_as_a_whole(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(difference, "MOST_COMPARED", 1)
    assert words("a b\nc", "d e\nf") == [(TAKEN, "a b\nc"), (ADDED, "d e\nf")]


def test_every_field_that_changed_is_named_and_no_other() -> None:
    new = replace(
        PARTS,
        body="Ryggen er meget stærk.",
        titles={"option_1": "Ja tak", "option_2": "Nej"},
        alt=None,
        sources=("nkr", "irf"),
        review_due=date(2028, 5, 21),
    )
    found = {(each.field, each.name): each.pieces for each in changes(PARTS, new, TITLES)}
    assert list(found) == [
        ("body", ""), ("button", "option_2"), ("alt", ""), ("sources", ""), ("review_due", ""),
    ]  # fmt: skip
    assert (ADDED, "meget ") in found["body", ""]
    assert found["alt", ""] == [(TAKEN, "En ryg")]
    assert found["sources", ""] == [(SAME, "Retningslinje"), (ADDED, "\nMedicin")]


def test_a_button_that_is_no_longer_there_is_shown_as_taken() -> None:
    new = replace(PARTS, titles={"option_1": "Ja tak"})
    assert changes(PARTS, new, TITLES) == [("button", "option_2", [(TAKEN, "Nej tak")])]


def test_a_source_nobody_knows_any_more_is_named_by_its_short_name() -> None:
    assert changes(PARTS, replace(PARTS, sources=("gone",)), TITLES)[0].pieces[-1] == (ADDED, "gone")
