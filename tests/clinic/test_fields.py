"""What is typed into the form becomes one line of visible text, or an error beside its own field."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.fields import DAYS, LONGEST, MOST, first_form, name_of_clinic, plain, read_form, same_again
from bot.clock import now
from bot.content.journeys import rules
from bot.content.store import LANGUAGES, load
from bot.dialogue.replies import contacts
from bot.store.staff_models import Clinic, Invite
from tests.clinic.conftest import FORM

INVISIBLE = {
    "NUL": "\x00", "escape": "\x1b", "right-to-left override": "\u202e", "isolate": "\u2066",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d", "byte order mark": "\ufeff", "soft hyphen": "\u00ad", "lone surrogate": "\ud800",
    "private use": "\ue000", "a tag letter": "\U000e0041", "hangul filler": "\u3164", "braille blank": "\u2800",
    "variation selector": "\ufe0f",
}  # fmt: skip


def clinic_with(**fields: Any) -> Clinic:
    return Clinic(id="x", **{"name": "Rygklinikken", "phone": "12 34 56 78", "region": "sjaelland"} | fields)


def invite_with(**fields: Any) -> Invite:
    usual: dict[str, Any] = {
        "most": 30,
        "expires_at": now() + timedelta(days=91),
        "stress": ["work"],
        "language": "en",
    }
    return Invite(id="i", code_hash="h", user_id="u", **usual | fields)


@pytest.mark.parametrize("character", INVISIBLE.values(), ids=INVISIBLE)
def test_what_does_not_show_is_left_out(character: str) -> None:
    assert plain(f"ryg{character}hold") in ("ryghold", "ryg hold")


@pytest.mark.parametrize("space", ["\n", "\r\n", "\t", "\u2028", "\u2029", "\x85", "\u3000", "  \n\n  "])
def test_everything_comes_on_one_line(space: str) -> None:
    assert plain(f" ryg{space}hold ") == "ryg hold"


def test_letters_keep_their_accents_but_not_a_pile_of_them() -> None:
    assert plain("Ǎ e\u0301 ệ हिन्दी") == unicodedata.normalize("NFC", "Ǎ é ệ हिन्दी")
    assert len(plain("a" + "\u0336" * 1000)) < 6


@given(st.text(alphabet=st.characters(), max_size=200))
def test_plain_text_is_plain_and_stays_so(text: str) -> None:
    found = plain(text)
    assert not {unicodedata.category(each) for each in found} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert plain(found) == found == found.strip()
    found.encode()


@pytest.mark.parametrize(
    "mark", ["[x](https://evil.example)", "**fed**", "- punkt", "{link}", "<b>fed</b>", "`kode`"]
)
def test_a_clinics_name_has_no_markup(mark: str) -> None:
    assert not set(name_of_clinic(f"{mark} ryg")) & set("[]*{}<>`") and not name_of_clinic(mark).startswith("-")


def test_the_form_as_it_was_filled_in() -> None:
    form = read_form(FORM, ["work", "sleep"])
    at = now()
    assert not form.errors
    assert form.settings(at) == {
        "language": "da", "region": "sjaelland", "clinic_name": "Lægerne på Torvet", "clinic_phone": "12 34 56 78",
        "stress": ["work", "sleep"], "label": "Venteværelset", "most": 200, "expires_at": at + timedelta(days=91),
    }  # fmt: skip


def test_an_empty_form_is_an_invite_for_one() -> None:
    form = read_form({}, [])
    assert not form.errors and (form.most, form.days, form.language, form.region) == (1, 28, "da", "")


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("label", "010203-1234", "error_cpr"),
        ("label", "01\u200b0203-\u202e1234", "error_cpr"),
        ("label", "karen@klinik.dk", "error_email"),
        ("label", "Jens Hansen", "error_name"),
        ("clinic_name", "Jens Hansen", "error_name"),
        ("clinic_name", "Lægehuset 010203-1234", "error_cpr"),
        ("clinic_phone", "010203-1234", "error_cpr"),
        ("clinic_phone", "ring til Jens", "error_phone"),
        ("clinic_phone", "12", "error_phone"),
        ("clinic_phone", "+" * 10, "error_phone"),
        ("label", "x" * 61, "error_too_long"),
        ("clinic_name", "x" * 81, "error_too_long"),
        ("clinic_phone", "1" * 25, "error_too_long"),
        ("language", "xx", "error_choose"),
        ("region", "atlantis", "error_choose"),
        ("most", "100000", "error_choose"),
        ("most", "-1", "error_choose"),
        ("days", "366", "error_choose"),
        ("days", "\x00", "error_choose"),
    ],
)
def test_a_fault_stands_at_its_own_field_and_the_rest_stays(name: str, value: str, error: str) -> None:
    form = read_form({**FORM, name: value}, ["work"])
    assert form.errors == {name: error}
    kept = {key: getattr(form, key) for key in ("label", "clinic_name", "clinic_phone", "language") if key != name}
    assert kept == {key: FORM[key] for key in kept}


def test_what_is_no_text_is_no_text() -> None:
    form = read_form({**FORM, "label": object(), "most": ["1"]}, [object(), "work", "made up"])
    assert form.label == "" and form.stress == ["work"] and form.errors == {"most": "error_choose"}


def test_a_text_of_60_thousand_letters_does_not_come_back_whole() -> None:
    assert len(read_form({**FORM, "label": "æ" * 60_000}, []).label) < 500


def test_the_first_form_has_the_clinics_name_and_phone() -> None:
    form = first_form(clinic_with(), None)
    assert (form.clinic_name, form.clinic_phone, form.region) == ("Rygklinikken", "12 34 56 78", "sjaelland")


def test_without_a_clinic_it_has_those_of_the_latest_invite() -> None:
    form = first_form(None, invite_with(clinic_name="Fys", clinic_phone="1813", region="hovedstaden"))
    assert (form.clinic_name, form.clinic_phone, form.region) == ("Fys", "1813", "hovedstaden")
    assert (form.most, form.days, form.stress, form.label, form.language) == (1, 28, [], "", "da")


@pytest.mark.parametrize(
    "clinic",
    [
        clinic_with(name="Jens Hansen"), clinic_with(name="Et meget langt navn " * 9), clinic_with(phone="x" * 99),
        clinic_with(region="zealand"), clinic_with(name="[x](https://evil.example)\x00\u202e", phone="<script>"),
        clinic_with(region=None, phone=""), clinic_with(phone="12 34 56 78 / 12 34 56 79"),
    ],
)  # fmt: skip
def test_one_press_is_enough_whatever_an_administrator_wrote(clinic: Clinic) -> None:
    form = first_form(clinic, None)
    sent = {name: str(getattr(form, name)) for name in (*LONGEST, "language", "region", "most", "days")}
    again = read_form(sent, form.stress, clinic)
    assert not again.errors and again == form


def test_one_more_like_this_has_the_same_settings() -> None:
    form = same_again(invite_with(label="Hold", clinic_name="Fys", region="nordjylland"))
    assert (form.label, form.most, form.days, form.stress, form.region) == ("Hold", 30, 91, ["work"], "nordjylland")


def test_one_more_like_this_forgets_what_there_is_no_more() -> None:
    form = same_again(
        invite_with(stress=["gone", "work"], region="gone", most=7, expires_at=now() + timedelta(days=4))
    )
    assert (form.stress, form.region) == (["work"], "") and form.most in MOST and form.days in DAYS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_choice_has_words(language: str) -> None:
    words, titles = load().work[language]["clinic"], load().titles[language]
    names = [
        *(f"stress_{name}" for name in rules()["stress"]),
        *(f"most_{n}" for n in MOST),
        *(f"days_{n}" for n in DAYS),
    ]
    assert set(names) <= set(words) and {f"region_{region}" for region in contacts()["regions"]} <= set(titles)


def test_what_can_be_stressed_are_topics() -> None:
    topics = {key.split("/")[1] for key in load().keys() if key.startswith("topic/")}
    assert all(1 <= len(named) <= 2 and set(named) <= topics for named in rules()["stress"].values())
    assert {"work", "leg_pain", "scan_worry", "first_visit", "sleep", "medicine"} <= set(rules()["stress"])
