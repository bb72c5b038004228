"""The small Markdown of the page: what it shows, and that nothing typed into it ever becomes HTML."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bot.channels.markdown import to_html

LINK = '<a href="https://www.sst.dk" target="_blank" rel="noopener noreferrer">SST</a>'

SHOWN = {
    "nothing": ("", ""),
    "only blank lines": ("\n \n\n", ""),
    "a paragraph": ("Hej med dig.", "<p>Hej med dig.</p>"),
    "a blank line parts paragraphs": ("En.\n\nTo.", "<p>En.</p><p>To.</p>"),
    "many blank lines are one": ("En.\n\n \n\nTo.", "<p>En.</p><p>To.</p>"),
    "a single newline breaks the line": ("En.\nTo.", "<p>En.<br>To.</p>"),
    "windows newlines": ("En.\r\nTo.\r\n\r\nTre.", "<p>En.<br>To.</p><p>Tre.</p>"),
    "bold": ("Ring **112** nu", "<p>Ring <strong>112</strong> nu</p>"),
    "bold twice in a line": ("**a** og **b**", "<p><strong>a</strong> og <strong>b</strong></p>"),
    "a list": ("- Gå\n- Hvil", "<ul><li>Gå</li><li>Hvil</li></ul>"),
    "a list after its heading line": ("Prøv:\n- Gå\nGodt.", "<p>Prøv:</p><ul><li>Gå</li></ul><p>Godt.</p>"),
    "bold in a list": ("- **Gå** lidt", "<ul><li><strong>Gå</strong> lidt</li></ul>"),
    "a link opens beside the conversation": ("Se [SST](https://www.sst.dk).", f"<p>Se {LINK}.</p>"),
    "a link in bold": ("**Se [SST](https://www.sst.dk)**", f"<p><strong>Se {LINK}</strong></p>"),
    "a phone number": ("[Ring 112](tel:112)", '<p><a href="tel:112">Ring 112</a></p>'),
    "a phone number from abroad": ("[Ring](tel:+4570201201)", '<p><a href="tel:+4570201201">Ring</a></p>'),
}

ESCAPED = {
    "html": ("<b>fed</b>", "<p>&lt;b&gt;fed&lt;/b&gt;</p>"),
    "html in bold": ("**<i>x</i>**", "<p><strong>&lt;i&gt;x&lt;/i&gt;</strong></p>"),
    "html in a link's text": ("[<i>](https://a.dk)", ">&lt;i&gt;</a>"),
    "an entity": ("&lt;", "<p>&amp;lt;</p>"),
    "a script address": ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    "a data address": ("[x](data:text/html,x)", "<p>[x](data:text/html,x)</p>"),
    "an address without encryption": ("[x](http://a.dk)", "<p>[x](http://a.dk)</p>"),
    "a way out of the attribute": ('[x](https://a.dk"id="y)', "<p>[x](https://a.dk&#34;id=&#34;y)</p>"),
    "a picture stays text with a link": ("![x](http://a.dk/b.png)", "<p>![x](http://a.dk/b.png)</p>"),
    "a heading": ("# Hej", "<p># Hej</p>"),
    "single stars": ("*a* 2 * 3", "<p>*a* 2 * 3</p>"),
    "unfinished bold": ("**a", "<p>**a</p>"),
    "empty bold": ("a **** b", "<p>a **** b</p>"),
    "a dash in a sentence": ("5-10 minutter - eller mere", "<p>5-10 minutter - eller mere</p>"),
    "a lone dash": ("-", "<p>-</p>"),
}


@pytest.mark.parametrize(("text", "html"), SHOWN.values(), ids=SHOWN.keys())
def test_what_is_known_is_shown(text: str, html: str) -> None:
    assert to_html(text) == html


@pytest.mark.parametrize(("text", "html"), ESCAPED.values(), ids=ESCAPED.keys())
def test_everything_else_stays_text(text: str, html: str) -> None:
    assert html in to_html(text)


def test_result_is_safe_to_put_in_a_template() -> None:
    assert isinstance(to_html("Hej"), Markup)
    assert isinstance(to_html(""), Markup)


class Tags(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.seen.update(f"{tag}.{name}" for name, _ in attrs)
        self.addresses += [value or "" for name, value in attrs if name == "href"]


PIECES = [*"ab \n-*[]()<>\"'&/:", "https://a.dk", "tel:1", "javascript:", "<script>", "**", "](", "- "]
NASTY = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@given(st.one_of(st.text(), NASTY))
def test_no_text_becomes_other_html(text: str) -> None:
    tags = Tags()
    tags.feed(to_html(text))
    tags.close()
    assert tags.seen <= {"p", "br", "ul", "li", "strong", "a", "a.href", "a.target", "a.rel"}
    assert all(address.startswith(("https://", "tel:")) for address in tags.addresses)
