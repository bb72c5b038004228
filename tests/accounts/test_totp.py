"""Codes from a phone: RFC 6238, one step early or late, and nothing else."""

from __future__ import annotations

from urllib.parse import unquote

import pyotp
import pytest

from bot.accounts import totp

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
AT = 1_900_000_000.0
STEP = int(AT // 30)


def code(step: int) -> str:
    return pyotp.TOTP(SECRET).generate_otp(step)


@pytest.mark.parametrize(("steps", "found"), [(-2, None), (-1, STEP - 1), (0, STEP), (1, STEP + 1), (2, None)])
def test_a_phone_may_be_half_a_minute_ahead_or_behind(steps: int, found: int | None) -> None:
    assert totp.step_of(SECRET, code(STEP + steps), AT) == found


def test_it_may_be_typed_as_it_is_shown() -> None:
    typed = f" {code(STEP)[:3]} {code(STEP)[3:]} "
    assert totp.step_of(SECRET, typed, AT) == STEP


@pytest.mark.parametrize(
    "wrong", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "１２３４５６", "\x00", "\ud800", "😀" * 6, "9" * 10_000]
)
def test_anything_else_is_wrong(wrong: str) -> None:
    assert totp.step_of(SECRET, wrong, AT) is None


def test_the_code_of_the_standard() -> None:
    """RFC 6238, appendix B: SHA-1, time 59, the last six digits of 94287082."""
    assert totp.step_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "287082", 59) == 1


def test_secrets_are_long_and_each_its_own_and_readable_in_groups() -> None:
    one, two = totp.new_secret(), totp.new_secret()
    assert one != two and len(one) == 32
    assert totp.in_groups("ABCDEFGHIJ") == "ABCD EFGH IJ"


def test_the_picture_is_an_svg_without_a_server() -> None:
    picture = totp.picture(SECRET, "karen@klinik.dk", "Rygråd")
    assert picture.startswith("data:image/svg+xml") and "<svg" in unquote(picture)
