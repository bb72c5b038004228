"""Who a patient is does not get into an invite, however it is written; and what is harmless is let alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clinic.identity import KINDS, looks_like_identity
from tests.time_travel import Clock

CPR = [
    "010203-1234", "0102031234", "010203 1234", "010203 - 1234", "010203–1234", "010203—1234", "010203/1234",
    "01.02.03-1234", "01 02 03 1234", "01-02-03-1234", "01/02/03 1234", "1.2.03-1234", "01021903-1234",
    "01.02.1903 1234", "010219031234", "CPR010203-1234", "cpr:010203.1234", "(010203-1234)", "010203-12 34",
    "0 1 0 2 0 3 - 1 2 3 4", "610203-1234", "311264-4321", "290200-1234", "０１０２０３-１２３４",
    "knæ 010203-1234 ryg",
]  # fmt: skip
NO_CPR = [
    "12 34 56 78", "12345678", "+45 12 34 56 78", "0045 12345678", "+31 12 34 56 78", "1813", "CVR 12345678",
    "5790000123456", "450203-1234", "011303-1234", "310203-1234", "000203-1234", "12345678 87654321",
    "uge 12-14 2026", "1.1.2027-1.4.2027",
]  # fmt: skip
EMAILS = ["karen@klinik.dk", "karen@klinik", "Karen <k@k.dk>", "k @ k.dk", "k＠k.dk", "kåren.holm+ryg@klinik.example"]
NAMES = [
    "Jens Hansen", "Hansen, Jens", "Jens-Hansen", "JENS HANSEN", "jens hansen", "Mohamed Abdi", "Fatima A.",
    "Anne-Marie Bruun", "Åse Bruun", "Bruun Åse", "Emma B", "hr. Bruun", "Hr Bruun", "fru Bruun", "Frk. Bruun",
    "patient Bruun", "patienten Bruun", "pt. Bruun", "Mrs Smith", "Mr. Smith", "patient JH", "pt. J.H.",
    "JH 010250", "J.H. 01.02.1950", "JHB, 1/2-50", "010250 JH", "Anna 010250", "født 01.02.50", "f. 010250",
    "J. Bruun", "Jensen", "Ryg: Søren Bruun", "Ｊens Ｈansen", "Olena Shevchenko", "Nguyen",
]  # fmt: skip
HARMLESS = [
    "", "Venteværelset, efterår", "Hold 3 mandag", "GLA:D Ryg, forår 2027", "MR Lænd", "Uge 12-14", "Patient Handout",
    "Patient Education Group", "Sankt Hans Torv", "Skt. Hans", "Waiting room, autumn", "Hold A", "Ryghold for mænd",
    "Nye i august", "Til reolen ved døren", "Opstart 01.02.2027", "JH 01.02.2027", "Fys og Kiro", "Link 2",
    "mandag kl. 9", "PT Hold", "🤕 ryg", "العيادة", "Клиника", "patient A", "Pjece til Maj Måned",
]  # fmt: skip


@pytest.mark.parametrize("text", CPR)
def test_a_cpr_number_is_known_however_it_is_written(text: str) -> None:
    assert looks_like_identity(text) == "cpr"


@pytest.mark.parametrize("text", NO_CPR)
def test_a_phone_number_and_a_day_there_is_not_are_no_cpr_number(text: str) -> None:
    assert looks_like_identity(text) is None


@pytest.mark.parametrize("text", EMAILS)
def test_an_email_address_is_known(text: str) -> None:
    assert looks_like_identity(text) == "email"


@pytest.mark.parametrize("text", NAMES)
def test_a_persons_name_is_known(text: str) -> None:
    assert looks_like_identity(text) == "name"


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_label_is_let_alone(text: str) -> None:
    assert looks_like_identity(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Lægerne Jens Hansen og Mette Bruun", "Klinikken v/ Søren Bruun", "Fysioterapeut Anna Holm",
        "Dr. Peter Bruun", "Kiropraktor Ole Jensen", "Rygcenter Maria Bruun",
        "Peter Bruun Physiotherapy", "Hansens Lægepraksis",
    ],
)  # fmt: skip
def test_a_clinics_name_may_hold_a_persons_when_it_says_that_it_is_a_clinic(text: str) -> None:
    assert looks_like_identity(text, clinic=True) is None
    assert looks_like_identity(text.replace("Hansens", "Jens Hansens")) == "name"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Jens Hansen", "name"), ("fru Bruun, Lægehuset", "name"), ("Lægehuset 010203-1234", "cpr"),
        ("Klinik for JH 010250", "name"), ("klinik@ryg.dk", "email"), ("Lægehuset, patient Bruun", "name"),
    ],
)  # fmt: skip
def test_a_clinic_word_excuses_a_name_and_nothing_else(text: str, kind: str) -> None:
    assert looks_like_identity(text, clinic=True) == kind


def test_a_date_that_is_near_is_an_appointment_whatever_the_year(clock: Clock) -> None:
    clock.go(days=365 * 8)
    assert looks_like_identity(f"JH 01.02.{clock.now().year + 1}") is None
    assert looks_like_identity("JH 01.02.1990") == "name"


@given(
    day=st.integers(1, 28), month=st.integers(1, 12), year=st.integers(0, 99), serial=st.integers(0, 9999),
    gaps=st.tuples(*[st.sampled_from(["", " ", "-", ".", "/"])] * 3),
    around=st.sampled_from(["{}", "ryg {}", "{} hold"]),
)  # fmt: skip
def test_no_cpr_number_slips_through(
    day: int, month: int, year: int, serial: int, gaps: tuple[str, str, str], around: str
) -> None:
    one, two, three = gaps
    number = f"{day:02}{one}{month:02}{two}{year:02}{three}{serial:04}"
    assert looks_like_identity(around.format(number)) == "cpr"


@given(st.text(max_size=90))
def test_any_text_at_all_gets_an_answer(text: str) -> None:
    found: Any = looks_like_identity(text)
    assert found is None or found in KINDS
