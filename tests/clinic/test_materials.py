"""The link, its QR code, the e-mail and the words to say; and the spreadsheet that runs nothing."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.clinic import materials
from bot.clinic.fields import InviteForm
from bot.clinic.materials import PIXELS, QUIET, code_for, qr, qr_address, qr_file, telegram_link, web_link
from bot.clinic.spreadsheet import harmless, sheet
from bot.clock import now
from bot.content.readability import words
from bot.content.store import LANGUAGES, ContentStore
from bot.store.staff_models import Invite

CODE = "abcdefghijklmnopqrstuv"
LINK = web_link("https://rygraad.example", CODE)
SECRET = "a secret of the server"


def invite_with(**fields: Any) -> Invite:
    usual: dict[str, Any] = {"most": 1, "expires_at": now() + timedelta(days=28), "language": "da"}
    return Invite(id="i", code_hash="h", user_id="u", **usual | fields)


def read(png: bytes) -> list[list[bool]]:
    """The dark modules of a QR code's picture, without the white around it."""
    picture = Image.open(io.BytesIO(png)).convert("L")
    size = picture.width // PIXELS
    middle = [PIXELS * place + PIXELS // 2 for place in range(QUIET, size - QUIET)]
    return [[picture.getpixel((x, y)) < 128 for x in middle] for y in middle]  # type: ignore[operator]


def drawn(link: str) -> list[list[bool]]:
    """The modules that stand for a link."""
    return [
        [bool(module) for module in line]
        for line in segno.make(link, error="m", micro=False, boost_error=False).matrix
    ]


def test_the_png_shows_the_link_and_no_other() -> None:
    assert read(qr_file(LINK, "png")) == drawn(LINK) != drawn(LINK[:-1] + "x")


def test_a_qr_code_has_white_around_it_and_can_lose_some_of_itself() -> None:
    picture = Image.open(io.BytesIO(qr_file(LINK, "png"))).convert("L")
    edge = picture.crop((0, 0, picture.width, QUIET * PIXELS))
    assert edge.getextrema() == (255, 255) and QUIET >= 4 and qr(LINK).error == "M"


def test_the_svg_is_the_same_code_with_no_script_and_no_address_to_fetch() -> None:
    svg = qr_file(LINK, "svg").decode()
    assert "<script" not in svg and re.findall(r"https?://[^\"' ]+", svg) == ["http://www.w3.org/2000/svg"]
    shown = unquote(qr_address(LINK))
    path = re.search(r"d=[\"'](M4[^\"']+)", svg)
    assert path and path[1] in shown and "viewBox" in shown


def test_the_links_are_those_that_the_page_and_the_bot_take() -> None:
    assert LINK == f"https://rygraad.example/i/{CODE}"
    assert telegram_link("ryg_bot", CODE) == f"https://t.me/ryg_bot?start={CODE}"
    assert telegram_link("", CODE) == ""


def test_a_form_sent_twice_has_one_code_and_another_form_another() -> None:
    form = InviteForm(label="Hold")
    code = code_for(SECRET, "u", "once", form)
    assert re.fullmatch(r"[\w-]{22}", code) and code == code_for(SECRET, "u", "once", InviteForm(label="Hold"))
    others = {
        code_for(SECRET, "u", "again", form), code_for(SECRET, "another", "once", form),
        code_for("another secret", "u", "once", form), code_for(SECRET, "u", "once", InviteForm(label="Hold 2")),
    }  # fmt: skip
    assert len(others | {code}) == 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_email_has_the_link_the_sender_and_what_it_is(content: ContentStore, language: str) -> None:
    invite = invite_with(language=language, clinic_name="Lægerne på Torvet", clinic_phone="12 34 56 78")
    made = materials.materials(content, invite, CODE, "https://rygraad.example", "ryg_bot")
    assert made.link in made.email and made.telegram in made.email and "112" in made.email
    assert made.email.endswith("\nLægerne på Torvet\n12 34 56 78") and "{" not in made.email
    assert "*" not in made.email and "\n\n\n" not in made.email


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_clinic_or_a_bot_nothing_is_left_open(content: ContentStore, language: str) -> None:
    made = materials.materials(content, invite_with(language=language), CODE, "https://rygraad.example", "")
    assert "t.me" not in made.email and "{" not in made.email and made.email == made.email.strip()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_to_say_take_twenty_seconds(content: ContentStore, language: str) -> None:
    assert 45 <= len(words(content.get("clinic/aloud", language).bubbles[0])) <= 55


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_alarm_signs_on_paper_are_those_of_the_topic(content: ContentStore, language: str) -> None:
    topic = "\n".join(content.get("topic/red_flags_info", language).bubbles)
    signs = content.get("clinic/handout_alarm", language).bubbles[0].splitlines()
    assert len(signs) >= 5 and all(sign in topic for sign in signs)
    assert "112" in content.get("clinic/handout_alarm", language).title


def test_a_region_brings_its_own_line_onto_the_paper(content: ContentStore) -> None:
    own = materials.handout(content, invite_with(region="sjaelland"), LINK)
    assert own.line and own.line.phone == "1818" and own.typed == f"rygraad.example/i/{CODE}"
    assert materials.handout(content, invite_with(), LINK).line is None


# -- the spreadsheet ------------------------------------------------------------------------------------------------

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", '=HYPERLINK("https://evil.example")']


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_begins_like_a_formula_is_none(text: str) -> None:
    assert harmless(text).startswith("'") and harmless(text)[1:] == text


@pytest.mark.parametrize("value", ["Hold 3", "under 5", "ryg=smerte", "", 5, 0])
def test_other_texts_and_numbers_stay_as_they_are(value: Any) -> None:
    assert harmless(value) == value


@pytest.mark.parametrize(("language", "separator"), [("da", ";"), ("en", ",")])
def test_a_sheet_opens_in_columns_with_danish_letters(language: str, separator: str) -> None:
    raw = sheet([["Navn", "Åbnet"], ['Hold; 3, æøå\n"x"', 7]], language)
    text = raw.decode("utf-8-sig")
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    assert rows == [["Navn", "Åbnet"], ['Hold; 3, æøå\n"x"', "7"]]


@given(st.lists(st.lists(st.text(st.characters(), max_size=20), min_size=2, max_size=2), min_size=1, max_size=4))
def test_no_cell_of_any_sheet_is_a_formula(rows: list[list[str]]) -> None:
    text = sheet(rows, "da").decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=";"):
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)
