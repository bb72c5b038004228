"""The small Markdown in Telegram: what is shown, and that Telegram takes it whatever is written."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.channels.markdown import NEWLINE, to_html
from bot.channels.telegram.html import MOST, length, phone, pieces
from tests.channels.telegram import limits

FAMILY = "👨‍👩‍👧‍👦"  # four people and what joins them: eleven units


def shown(piece: str) -> str:
    """What Telegram shows of a piece; raises Refused where it takes no such text."""
    plain, _ = limits.parse(piece, "HTML")
    limits.check_text(plain)
    return plain


def marked(piece: str) -> list[tuple[str, ...]]:
    """The parts that Telegram shows in a way of their own: how, the words, and where they lead."""
    plain, entities = limits.parse(piece, "HTML")
    units = plain.encode("utf-16-le")
    return [
        (
            one["type"],
            units[2 * one["offset"] :][: 2 * one["length"]].decode("utf-16-le"),
            *filter(None, [one.get("url")]),
        )
        for one in entities
    ]


def squeezed(text: str) -> str:
    """All that can be read of a text, without white space and bullets."""
    return "".join(text.split()).replace("•", "")


def only(text: str) -> str:
    """The one piece of a text."""
    (piece,) = pieces(text)
    return piece


# -- what is known --------------------------------------------------------------------------------

SHOWN = {
    "a paragraph": ("Hej med dig.", "Hej med dig."),
    "a single newline breaks the line": ("En.\nTo.", "En.\nTo."),
    "a blank line parts paragraphs": ("En.\n\nTo.", "En.\n\nTo."),
    "a line of spaces is blank": ("En.\n \t\nTo.", "En.\n\nTo."),
    "blank lines around it are dropped": ("\n\n En. \n\n", "En."),
    "windows newlines": ("En.\r\nTo.\r\n\r\nTre.", "En.\nTo.\n\nTre."),
    "old newlines": ("En.\rTo.", "En.\nTo."),
    "bold": ("Ring **112** nu", "Ring <b>112</b> nu"),
    "bold twice in a line": ("**a** og **b**", "<b>a</b> og <b>b</b>"),
    "bold of one letter": ("**a**", "<b>a</b>"),
    "a list": ("- Gå\n- Hvil", "• Gå\n• Hvil"),
    "a list after its heading line": ("Prøv:\n- Gå\nGodt.", "Prøv:\n• Gå\nGodt."),
    "an indented list is a list": ("  - Gå", "• Gå"),
    "bold in a list": ("- **Gå** lidt", "• <b>Gå</b> lidt"),
    "a link": ("Se [SST](https://www.sst.dk).", 'Se <a href="https://www.sst.dk">SST</a>.'),
    "a link in bold": ("**Se [SST](https://sst.dk)**", '<b>Se <a href="https://sst.dk">SST</a></b>'),
    "a link in a list": ("- [SST](https://sst.dk)", '• <a href="https://sst.dk">SST</a>'),
    "two links": ("[a](https://a.dk)[b](https://b.dk)", '<a href="https://a.dk">a</a><a href="https://b.dk">b</a>'),
    "a number behind words": ("[Ring til os](tel:70201201)", "Ring til os +45 70201201"),
    "a number behind itself": ("[70 20 12 01](tel:70201201)", "+45 70201201"),
    "a short number behind words": ("[Alarmcentralen](tel:112)", "Alarmcentralen 112"),
    "a short number behind itself": ("[1813](tel:1813)", "1813"),
    "a number from abroad": ("[Ring](tel:+4570201201)", "Ring +4570201201"),
    "a number in bold": ("Ring **[112](tel:112)** nu", "Ring <b>112</b> nu"),
}


@pytest.mark.parametrize(("text", "expected"), SHOWN.values(), ids=SHOWN.keys())
def test_what_is_known_is_shown(text: str, expected: str) -> None:
    assert pieces(text) == [expected]
    shown(expected)


@pytest.mark.parametrize(
    "blank", ["\n\n\n", "\n \n\n", "\r\n\r\n\r\n", "\n" * 50], ids=["two", "spaces", "windows", "fifty"]
)
def test_many_blank_lines_are_one(blank: str) -> None:
    assert pieces(f"En.{blank}To.") == ["En.\n\nTo."]


@pytest.mark.parametrize("text", ["[Ring 112](tel:112)", "**[Ring 112](tel:112)**"])
def test_a_number_already_among_the_words_is_not_said_twice(text: str) -> None:
    assert shown(only(text)) == "Ring 112"


@pytest.mark.parametrize(
    ("number", "called"),
    [
        ("112", "112"),
        ("1813", "1813"),
        ("116123", "116123"),
        ("70201201", "+45 70201201"),
        ("70 20 12 01", "+45 70 20 12 01"),
        ("70 201 201", "+45 70 201 201"),
        ("+4570201201", "+4570201201"),
        ("+45 70 20 12 01", "+45 70 20 12 01"),
    ],
)
def test_eight_digits_get_the_country_code_and_all_else_is_called_as_it_is(number: str, called: str) -> None:
    assert phone(number) == called


def test_telegram_marks_what_is_marked() -> None:
    piece = only("😀 **Se [Sundheds👩‍⚕️styrelsen](https://sst.dk?a=1&b=2)** nu, **eller** ej")
    link = "Sundheds👩‍⚕️styrelsen"
    assert marked(piece) == [("bold", f"Se {link}"), ("text_link", link, "https://sst.dk?a=1&b=2"), ("bold", "eller")]


@pytest.mark.parametrize("nothing", ["", " ", "\n", "\r\n \n\t\n", "\u2003\n\u00a0"])
def test_of_nothing_comes_no_piece(nothing: str) -> None:
    assert pieces(nothing) == []


# -- all else is text -----------------------------------------------------------------------------

ESCAPED = {
    "html": ("<b>fed</b>", "&lt;b&gt;fed&lt;/b&gt;"),
    "html in bold": ("**<i>x</i>**", "<b>&lt;i&gt;x&lt;/i&gt;</b>"),
    "html in a list": ("- <br>", "• &lt;br&gt;"),
    "html in a link's words": ("[<i>](https://a.dk)", '<a href="https://a.dk">&lt;i&gt;</a>'),
    "html before a number": ("[<Ring>](tel:112)", "&lt;Ring&gt; 112"),
    "an ampersand": ("A & B", "A &amp; B"),
    "an entity": ("&lt;", "&amp;lt;"),
    "an ampersand in an address": ("[x](https://a.dk?b&c)", '<a href="https://a.dk?b&amp;c">x</a>'),
    "quotes are letters": ("\"a\" 'b'", "\"a\" 'b'"),
}

UNKNOWN = {
    "a script address": "[x](javascript:alert(1))",
    "a data address": "[x](data:text/html,x)",
    "an address without encryption": "[x](http://a.dk)",
    "Telegram's own addresses": "[x](tg://user?id=1)",
    "a way out of the attribute": '[x](https://a.dk"id="y)',
    "a number with letters": "[x](tel:abc)",
    "brackets in brackets": "[[x]](https://a.dk)",
    "a link without words": "[](https://a.dk)",
    "a heading": "# Hej",
    "single stars": "*a* 2 * 3",
    "underscores": "__a__ _b_",
    "backticks": "`a`",
    "unfinished bold": "**a",
    "empty bold": "a **** b",
    "bold with a space inside": "** a **",
    "bold over two lines": "**a\nb**",
    "a dash in a sentence": "5-10 minutter - eller mere",
    "a lone dash": "-",
    "a dash without a space": "-5",
}


@pytest.mark.parametrize(("text", "expected"), ESCAPED.values(), ids=ESCAPED.keys())
def test_what_html_would_read_is_escaped(text: str, expected: str) -> None:
    assert pieces(text) == [expected]
    shown(expected)


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_is_not_known_stays_as_it_is_written(text: str) -> None:
    piece = only(text)
    assert shown(piece) == text and marked(piece) == []


def test_a_quote_in_an_address_cannot_end_it() -> None:
    piece = only("[x](https://a.dk/'b')")
    (address,) = re.findall('<a href="([^"]*)">x</a>', piece)
    assert "'" not in address and html.unescape(address) == "https://a.dk/'b'"


def test_links_know_no_bold() -> None:
    assert pieces("[**a**](https://a.dk)") == ['<a href="https://a.dk">**a**</a>']


@pytest.mark.parametrize("text", ["[ ](https://a)", "**[\u2028](https://a)**"])
def test_a_link_without_visible_words_is_no_piece(text: str) -> None:
    for piece in pieces(text):
        shown(piece)


# -- splitting ------------------------------------------------------------------------------------

LONG = {
    "one giant word": "a" * 10_000,
    "one giant word after a short one": f"Av {'a' * 10_000}",
    "one giant line": " ".join(f"ord{number}" for number in range(3000)),
    "many lines": "\n".join(f"linje {number}" for number in range(3000)),
    "many paragraphs": "\n\n".join(f"Afsnit {number}." for number in range(2000)),
    "a giant list": "\n".join(f"- punkt {number}" for number in range(2000)),
    "one giant word of emoji": "😀" * 9000,
    "families": f"{FAMILY} " * 2000,
    "what is escaped": "<&>" * 4000,
    "bold words": "**fed** " * 3000,
    "links": "[ord](https://www.sst.dk) " * 3000,
    "links in lines": "[ord](https://www.sst.dk)\n" * 3000,
    "a short line, a giant one, a short one": f"Først\n{'ord ' * 3000}\nSidst",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_long_text_is_split_and_nothing_is_lost(text: str) -> None:
    found = [shown(piece) for piece in pieces(text)]
    assert len(found) > 1
    assert squeezed("".join(found)) == squeezed(to_html(text).striptags())


@pytest.mark.parametrize("most", [100, 1024, MOST])
@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_no_piece_is_longer_than_it_may_be(text: str, most: int) -> None:
    assert max(limits.size(limits.parse(piece, "HTML")[0]) for piece in pieces(text, most)) <= most


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("a" * 4096, 1),
        ("a" * 4097, 2),
        ("å" * 4096, 1),
        ("😀" * 2048, 1),
        ("😀" * 2049, 2),
        (f"{'😀' * 2047}aa", 1),
        (f"a{'😀' * 2047}aa", 2),
        ("<" * 4096, 1),
        ("&" * 4097, 2),
        ("a\n" * 2048, 1),
        (f"{'a' * 2048}\n{'a' * 2047}", 1),
        (f"{'a' * 2048}\n{'a' * 2048}", 2),
        (f"{'a' * 4096}\n\n{'a' * 4096}", 2),
        ("**abc**\n" * 1024, 1),
        ("**abc**\n" * 1025, 2),
        ("[abc](https://www.sst.dk)\n" * 1024, 1),
    ],
)
def test_the_limit_is_counted_as_telegram_counts_it(text: str, number: int) -> None:
    found = pieces(text)
    assert len(found) == number
    assert all(shown(piece) for piece in found)


def test_it_is_cut_between_lines_where_that_is_enough() -> None:
    lines = [f"linje {number} {'ord ' * 20}".strip() for number in range(300)]
    assert [line for piece in pieces("\n".join(lines)) for line in piece.split("\n")] == lines


def test_a_giant_line_is_cut_between_words() -> None:
    words = [f"ord{number}" for number in range(3000)]
    assert [word for piece in pieces(" ".join(words)) for word in piece.split()] == words


def test_emoji_of_two_units_are_never_torn() -> None:
    assert {letter for piece in pieces(f"a{'😀' * 5000}") for letter in shown(piece)} == {"a", "😀"}


def test_no_piece_begins_or_ends_with_a_blank_line() -> None:
    found = pieces(f"{'a' * 4090}\n\n\n\n\n\n\n\n\n{'b' * 4090}")
    assert found == ["a" * 4090, "b" * 4090]


# -- whatever is written --------------------------------------------------------------------------

SCRAPS = [
    *"ab1 \n\r\t-*[]()<>\"'&/:•😀\x00\x07\x1f\x85\u200b\u200d\u2028\u202e\u2066\u2069\ufeff\ufffe\U0010ffff",
    *("**", "](", "- ", "\r\n", "\n\n", FAMILY, "e\u0301\u0302\u0303", "&amp;", "&#0;", "<b>", "</b>", "<a href="),
    *(
        "https://a.dk",
        "https://a.dk/'&;",
        "tel:1",
        "tel:70201201",
        "javascript:",
        "[a](https://a.dk)",
        "[a](tel:112)",
    ),
]
NASTY = st.lists(st.sampled_from(SCRAPS), max_size=40).map("".join)
HIDDEN = st.text(st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Zp", "Co", "Cn"]), max_size=60)
BOMB = st.builds(lambda scrap, times: scrap * times, NASTY.filter(lambda text: len(text) < 30), st.integers(0, 2500))
MIXED = st.lists(st.one_of(st.text(max_size=20), NASTY, HIDDEN, BOMB), max_size=4).map("".join)
ANYTHING = st.one_of(st.text(), NASTY, HIDDEN, BOMB, MIXED)
BOMBS = [
    "**" * 5000,
    "**a" * 3000,
    "** " * 3000,
    "[" * 9000,
    "[[a]" * 3000,
    "[a](" * 3000,
    "- " * 5000,
    "\n- " * 5000,
]


@pytest.mark.parametrize("text", BOMBS, ids=[repr(text[:4]) for text in BOMBS])
def test_bombs_do_no_harm(text: str) -> None:
    found = "".join(shown(piece) for piece in pieces(text))
    assert re.sub("[-*]", "", squeezed(found)) == re.sub("[-*]", "", squeezed(text))


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
@example("")
def test_telegram_takes_every_piece_of_any_text(text: str) -> None:
    for piece in pieces(text):
        assert shown(piece)
        assert {kind for kind, *_ in marked(piece)} <= {"bold", "text_link"}
        assert all(one[2].startswith("https://") for one in marked(piece) if one[0] == "text_link")


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_the_words_are_those_of_the_page(text: str) -> None:
    """Where no line needs cutting; and numbers, which are written out, aside."""
    assume("](tel:" not in text and max(map(len, NEWLINE.split(text))) <= MOST // 2)
    found = "".join(limits.parse(piece, "HTML")[0] for piece in pieces(text))
    assert squeezed(found) == squeezed(to_html(text).striptags())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.text(st.characters(exclude_characters="*[]-•"), max_size=30), st.integers(1, 600))))
def test_no_letter_of_a_long_text_is_lost(parts: list[tuple[str, int]]) -> None:
    text = "".join(words * times for words, times in parts)
    assert squeezed("".join(map(shown, pieces(text)))) == squeezed(text)


@settings(max_examples=100, deadline=None)
@given(ANYTHING)
def test_its_length_is_telegrams(text: str) -> None:
    found = pieces(f"|{text}|")
    assume(len(found) == 1)
    assert length(found[0]) == limits.size(shown(found[0]))
