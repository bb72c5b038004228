"""Whatever somebody says, a page or a message is built of our own parts, in the order we meant."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.markdown import to_html
from bot.channels.telegram.html import pieces
from bot.channels.telegram.messages import MOST_CAPTION, messages
from bot.clock import now
from bot.content.store import ContentStore
from bot.dialogue.replies import Care, Contact, Reply, Source
from bot.dialogue.turns import CONSENT_VERSION
from bot.store import conversations, records
from tests.channels.telegram import limits
from tests.editorial.hostile import WORDS
from tests.security.fuzz import QUIET
from tests.security.world import World

SCRAPS = [
    *"ab \n\r\t-*[]()<>\"'&/:=\\`\x00\x0b\x0c\x1c\x85\xa0\u200b\u2028\u202e\ud800\ufeff😀",
    *("https://a.dk", "http://", "tel:112", "javascript:", "//", "](", "**", "- ", "&quot;", "&#x3c;", "<script>"),
    *("{{7*7}}", "{name}", "%s", "</textarea>", "]]>", "<!--", "onload=", "href="),
]
NASTY = st.one_of(
    st.lists(st.sampled_from(SCRAPS), max_size=40).map("".join), st.sampled_from(list(WORDS.values())), st.text()
)
PLAIN = "ord"


class Built(HTMLParser):
    """What a page is built of: every tag with its attributes, in order; and the words between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", ()))

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", ()))

    def handle_decl(self, decl: str) -> None:
        self.tags.append((decl, ()))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def frame(self) -> list[tuple[str, tuple[str, ...]]]:
        """The tags and the names of their attributes."""
        return [(tag, tuple(name for name, _ in attrs)) for tag, attrs in self.tags]


# -- the assistant's Markdown ----------------------------------------------------------------------------------------

ALLOWED = {"p": (), "br": (), "ul": (), "li": (), "strong": ()}
AWAY = ("href", "target", "rel")


@given(NASTY)
def test_markdown_becomes_a_handful_of_tags_and_two_kinds_of_links(text: str) -> None:
    for tag, attrs in Built(to_html(text)).tags:
        given_names = tuple(name for name, _ in attrs)
        if tag != "a":
            assert given_names == ALLOWED[tag.removeprefix("/")] if tag != "/a" else not attrs
        elif given_names == AWAY:
            address, target, rel = (value or "" for _, value in attrs)
            assert re.fullmatch(r"https://[^\s()<>\"]+", address)
            assert (target, rel) == ("_blank", "noopener noreferrer")
        else:
            assert given_names == ("href",) and re.fullmatch(r"tel:\+?[0-9]+", attrs[0][1] or "")


@given(NASTY)
def test_every_tag_of_markdown_is_closed_in_its_turn(text: str) -> None:
    open_tags: list[str] = []
    for tag, _ in Built(to_html(text)).tags:
        if tag.startswith("/"):
            assert open_tags.pop() == tag[1:]
        elif tag != "br":
            open_tags.append(tag)
    assert open_tags == []


# -- pages with a patient's own words -------------------------------------------------------------------------------


def told(world: World, words: str) -> tuple[str, str]:
    """The token, and the code of a shared summary, of somebody who said this wherever something can be said."""
    token, found = conversations.create(world.engine, language="da")
    conversations.change(world.engine, found.id, consent_version=CONSENT_VERSION, consented_at=now(), questions=words)
    words = words.replace("\x00", "").encode("utf-8", "replace").decode() or "-"  # as what is sent is taken in
    inbound, _ = conversations.accept(
        world.engine, found.id, client_id="a", text=words, choice=None,
        screening={"outcome": "clear", "level": "none", "flags": []},
    )  # fmt: skip
    reply = Reply(id=f"r{found.id}", key="control/menu", version="1", text="Ja.", choices=[])
    conversations.finish(world.engine, inbound, [reply.model_dump()], done=True)
    records.keep_plan(world.engine, found.id, {"activity": words, "step": words, "hindrance": words})
    records.add_check_in(world.engine, found.id, {"pain": 3, "hindrance": 2, "confidence": 8, "step": "done"})
    code = records.share(world.engine, found.id, "da", now().replace(year=now().year + 1))
    return token, code


def pages_of(world: World, words: str) -> dict[str, Built]:
    """Every page that shows what a patient said."""
    token, code = told(world, words)
    asked: dict[str, Any] = {
        "/chat": {"token": token, "language_switch": "da"},
        **{f"/me/{name}": {"token": token} for name in ("plan", "summary", "data")},
    }
    found = {path: world.client.post(path, data=form) for path, form in asked.items()}
    found["/s/"] = world.client.get(f"/s/{code}")
    assert {answer.status_code for answer in found.values()} == {200}
    return {path: Built(answer.text) for path, answer in found.items()}


@settings(QUIET, max_examples=40)
@given(words=NASTY)
def test_a_patients_words_change_no_page_but_its_words(world: World, words: str) -> None:
    """What is no text at all may leave its line out; nothing it says may add a tag or an attribute."""
    plain, nasty = pages_of(world, PLAIN), pages_of(world, f"{words} {PLAIN}")
    for path in plain:
        assert nasty[path].frame == plain[path].frame, path


@pytest.mark.parametrize("words", ["<b>x</b>", "{{7*7}} {operator}", "&lt;b&gt;", "[x](https://evil.example)"])
def test_a_patients_words_are_shown_as_they_were_written(world: World, words: str) -> None:
    found = pages_of(world, words)
    assert all(words in found[path].text for path in ("/chat", "/me/data"))


# -- messages in Telegram -------------------------------------------------------------------------------------------

TITLES = st.text(max_size=30)
REPLIES = st.builds(
    Reply,
    id=st.just("r"),
    key=st.sampled_from(["topic/bed_rest", "care/cauda_equina", "control/menu", "plan/shown", "topic/x/check"]),
    version=st.just("1"),
    text=st.builds(lambda text, times: f"Ja.{text * times}", NASTY, st.one_of(st.just(1), st.integers(0, 800))),
    choices=st.just([]),
    care=st.none()
    | st.builds(
        Care,
        level=st.sampled_from(["emergency", "urgent", "soon"]),
        flags=st.just(["cauda_equina"]),
        contacts=st.lists(st.builds(Contact, name=TITLES, phone=st.sampled_from(["112", "1813", "70 20 12 01"]))),
    ),
    sources=st.lists(st.builds(Source, title=TITLES, url=st.just("https://www.sst.dk/a?b=1&c='2'")), max_size=4),
)


def squeezed(text: str) -> str:
    return "".join(text.split()).replace("•", "")


@settings(QUIET, max_examples=150)
@given(reply=REPLIES)
def test_telegram_takes_every_message_of_any_reply(content: ContentStore, reply: Reply) -> None:
    for message in messages(reply, [], content.page["da"]):
        plain, entities = limits.parse(message.html, "HTML")
        limits.check_text(plain)
        assert limits.size(plain) <= (MOST_CAPTION if message.photo or message.file else 4096)
        assert {entity["type"] for entity in entities} <= {"bold", "text_link"}
        assert all(str(entity.get("url", "https://")).startswith("https://") for entity in entities)
        ends = [(entity["offset"], entity["offset"] + entity["length"]) for entity in entities]
        assert all(0 <= begin < end <= limits.size(plain) for begin, end in ends)


@settings(QUIET, max_examples=150)
@given(lines=st.lists(st.text(st.characters(exclude_characters="*[]-•\r\n"), max_size=200), max_size=60))
def test_the_parts_of_a_message_keep_every_word_in_its_order(lines: list[str]) -> None:
    found = [limits.parse(piece, "HTML")[0] for piece in pieces("\n".join(lines))]
    assert squeezed("".join(found)) == squeezed("".join(lines))


@settings(QUIET, max_examples=100)
@given(text=NASTY, most=st.integers(64, 4096), times=st.integers(1, 300))
def test_a_part_may_be_as_short_as_one_likes(text: str, most: int, times: int) -> None:
    for piece in pieces(text * times, most):
        assert limits.size(limits.parse(piece, "HTML")[0]) <= most


def test_a_care_card_names_its_numbers_even_when_it_takes_several_messages(content: ContentStore) -> None:
    contacts = [Contact(name=f"Sted {number}", phone="112") for number in range(300)]
    care = Care(level="emergency", flags=["cauda_equina"], contacts=contacts)
    reply = Reply(id="r", key="care/x", version="1", text="**Ring 112 nu.**", choices=[], care=care)
    found = messages(reply, [], content.page["da"])
    assert len(found) > 1 and all(message.urgent for message in found)
    assert [name for message in found for name in re.findall(r"Sted \d+", message.html)] == [
        contact.name for contact in contacts
    ]
