"""Passwords: Argon2id, and which ones are too easy to guess.

As NIST SP 800-63B advises: length, and nothing that guessers try first; no rules of composition, no forced changes.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

SHORTEST, LONGEST = 12, 200  # characters
HASHER = PasswordHash((Argon2Hasher(),))
# Hashing takes 64 MB and a tenth of a second: at most two at once, and never in the threads that patients need.
THREADS = ThreadPoolExecutor(2, thread_name_prefix="argon2")
UNTYPABLE = {"Cc", "Cs"}  # control characters and halves of characters
# What guessers try first, in small letters and digits. A password of little else is refused.
GUESSED = (
    "123456789012", "1234567890123", "12345678901234", "123123123123", "1q2w3e4r5t6y", "1qaz2wsx3edc", "abc123abc123",
    "abcdefghijkl", "adgangskode", "administrator", "asdfghjkl", "changeme", "correcthorsebatterystaple", "danmark",
    "efteraar", "efterår", "fodbold", "foraar", "forår", "fysioterapi", "hejmeddig", "hemmelig", "iloveyou",
    "jegelskerdig", "klinik", "kobenhavn", "kodeord", "københavn", "letmein", "password", "passwort", "qwerty",
    "qwertyuiop", "rygsmerter", "sommer", "trustno1", "velkommen", "vinter", "welcome", "zxcvbnm",
)  # fmt: skip


def fault(password: str, email: str) -> str | None:
    """What is wrong with a new password, as a name in accounts.yml; None when it will do."""
    if len(password) < SHORTEST:
        return "password_short"
    if len(password) > LONGEST:
        return "password_long"
    if any(unicodedata.category(sign) in UNTYPABLE or sign == "\ufffd" for sign in password):
        return "password_signs"
    return "password_guessed" if _easy(password, email) else None


def chosen_fault(password: str, again: str, email: str) -> str | None:
    """`fault`, or that the two fields of the form differ."""
    return fault(password, email) or (None if password == again else "password_differs")


def _easy(password: str, email: str) -> bool:
    """Whether it is one sign over and over, or little is left when what everybody knows is taken away."""
    plain, name = _plain(password), email.partition("@")[0]
    known = [part for part in map(_plain, [name, *re.split(r"[._+-]", name)]) if len(part) >= 4]
    if len(set(password.casefold())) <= 3 or any(each in plain for each in (*known, "rygraad", "rygråd")):
        return True
    left = plain
    for each in sorted(GUESSED, key=len, reverse=True):
        left = left.replace(each, "")
    return left != plain and len(re.sub(r"\d", "", left)) < 4


def _plain(text: str) -> str:
    """Small letters and digits only."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())


def hashed(password: str) -> str:
    """The Argon2id hash to store."""
    return HASHER.hash(_same(password))


def matches(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Whether it is the password of a hash, and a fresh hash when the old one has outdated parameters.

    Takes as long for somebody without a password, or without an account, as for somebody with one.
    """
    nobody = _nobody()
    if len(password) > LONGEST:
        password = ""  # no password is as long; nobody gets to keep the processor busy
    right, fresh = HASHER.verify_and_update(_same(password), stored or nobody)
    return (right, fresh) if stored else (False, None)


async def hash_later(password: str) -> str:
    """`hashed`, while others are served."""
    return await asyncio.get_running_loop().run_in_executor(THREADS, hashed, password)


async def match_later(password: str, stored: str | None) -> tuple[bool, str | None]:
    """`matches`, while others are served."""
    return await asyncio.get_running_loop().run_in_executor(THREADS, matches, password, stored)


def _same(password: str) -> bytes:
    """One form of letters that can be typed in two ways, such as å on a Mac."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@lru_cache
def _nobody() -> str:
    """A hash that no password has."""
    return HASHER.hash(secrets.token_urlsafe(32))
