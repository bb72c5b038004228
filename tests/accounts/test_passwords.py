"""Passwords: long enough, not guessed first, kept as Argon2id; and as slow for a stranger as for a user."""

from __future__ import annotations

import asyncio
import time
from threading import Semaphore, current_thread
from typing import Any

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from bot.accounts import passwords
from tests.accounts.staff import PASSWORD

EMAIL = "karen.holm@klinik.dk"


@pytest.fixture(autouse=True)
def cheap() -> None:
    """Here the hashing is the real one."""
    passwords._nobody.cache_clear()


@pytest.mark.parametrize(
    "good",
    [
        PASSWORD,
        "mit sommerhus i Skagen",
        "ord på ord på æ",
        "x7!kQ92_plonk",
        "👩‍⚕️ går en tur i regn",
        "tolvtegnnnej",
        "a" * 100 + "bcdefgh",
    ],
)
def test_any_kind_of_long_password_will_do(good: str) -> None:
    assert passwords.fault(good, EMAIL) is None


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "password_short"),
        ("elleve tegn", "password_short"),
        ("x" * 201, "password_long"),
        ("x" * 1_000_000, "password_long"),
        ("en god lang\x00 kode", "password_signs"),
        ("en god lang\ud800 kode", "password_signs"),
        ("en god lang\x1b kode", "password_signs"),
        ("en god lang\ufffd kode", "password_signs"),
        ("aaaaaaaaaaaa", "password_guessed"),
        ("ABABABABABABab", "password_guessed"),
        ("            ", "password_guessed"),
        ("Rygraad er god 7", "password_guessed"),
        ("rygrådgiveren 22", "password_guessed"),
        ("karen.holm.2026", "password_guessed"),
        ("Karens kat Misser", "password_guessed"),
        ("Password1234!", "password_guessed"),
        ("p-a-s-s-w-o-r-d-1", "password_guessed"),
        ("Sommer2026!!", "password_guessed"),
        ("velkommen 123", "password_guessed"),
        ("Qwertyuiop12", "password_guessed"),
        ("ＰＡＳＳＷＯＲＤ１２３４", "password_guessed"),
        ("correct horse battery staple", "password_guessed"),
    ],
)
def test_the_first_that_are_guessed_are_refused(bad: str, why: str) -> None:
    assert passwords.fault(bad, EMAIL) == why


def test_a_short_name_in_the_address_forbids_no_word_it_happens_to_be_in() -> None:
    assert passwords.fault("bordet er dækket", "bo@klinik.dk") is None


def test_the_two_fields_must_agree() -> None:
    assert passwords.chosen_fault(PASSWORD, PASSWORD, EMAIL) is None
    assert passwords.chosen_fault(PASSWORD, PASSWORD + "x", EMAIL) == "password_differs"


def test_it_is_kept_as_argon2id_with_a_salt_of_its_own() -> None:
    one, two = passwords.hashed(PASSWORD), passwords.hashed(PASSWORD)
    assert one.startswith("$argon2id$") and one != two
    assert passwords.matches(PASSWORD, one) == (True, None)
    assert passwords.matches(PASSWORD + " ", one) == (False, None)


def test_the_same_letters_typed_on_another_keyboard_are_the_same_password() -> None:
    assert passwords.matches("grøn a\u030abent hav", passwords.hashed("grøn åbent hav"))[0]


def test_a_hash_with_old_parameters_is_renewed_when_the_password_is_given() -> None:
    old = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192),)).hash(PASSWORD)
    right, fresh = passwords.matches(PASSWORD, old)
    assert right and fresh and passwords.matches(PASSWORD, fresh) == (True, None)
    assert passwords.matches("noget helt andet", old) == (False, None)


def test_somebody_without_an_account_costs_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    real = passwords.HASHER.verify_and_update

    def counted(password: Any, stored: Any) -> Any:
        checked.append(str(stored))
        return real(password, stored)

    monkeypatch.setattr(passwords.HASHER, "verify_and_update", counted)
    stored = passwords.hashed(PASSWORD)
    assert passwords.matches(PASSWORD, None) == (False, None)
    assert passwords.matches(PASSWORD, stored) == (True, None)
    assert [each.rpartition("$")[0].rpartition("$")[0] for each in checked] == ["$argon2id$v=19$m=65536,t=3,p=4"] * 2


@pytest.mark.parametrize("strange", ["", "x" * 1_000_000, "\x00", "\ud800" * 20, "😀" * 50])
def test_strange_passwords_are_only_wrong(strange: str) -> None:
    assert passwords.matches(strange, passwords.hashed(PASSWORD)) == (False, None)


async def test_at_most_two_are_checked_at_once_and_not_in_the_threads_of_the_chat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once: list[int] = []
    names: set[str] = set()
    busy = Semaphore(100)

    def slow(password: str, stored: str | None) -> tuple[bool, str | None]:
        busy.acquire()
        at_once.append(100 - busy._value)
        names.add(current_thread().name.partition("_")[0])
        time.sleep(0.02)
        busy.release()
        return False, None

    monkeypatch.setattr(passwords, "matches", slow)
    await asyncio.gather(*(passwords.match_later("x", None) for _ in range(8)))
    assert max(at_once) <= 2 and names == {"argon2"}
