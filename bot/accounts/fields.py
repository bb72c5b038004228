"""What people type into the forms, made fit to store; each gives None for what cannot be taken."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

LONGEST_EMAIL, LONGEST_NAME, MOST_ORIGINS = 254, 100, 20
EMAIL = re.compile(r"[^@\s,;:<>()\"\\]+@[^@\s,;:<>()\"\\.]+(\.[^@\s,;:<>()\"\\.]+)+")
PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{1,24}")
ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^\s/:?#@\\\[\]]+)(:(?P<port>[0-9]{1,5}))?/?")
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
UNSEEN = ("Cc", "Cf", "Cs")
HERE = ("localhost", "127.0.0.1")
USUAL = {"https": 443, "http": 80}


def line(text: str) -> str:
    """One line without control characters, halves of characters and signs that turn the writing round."""
    return " ".join("".join(" " if unicodedata.category(sign) in UNSEEN else sign for sign in text).split())


def email(text: str) -> str | None:
    """An e-mail address in small letters."""
    found = line(text).casefold()
    return found if len(found) <= LONGEST_EMAIL and EMAIL.fullmatch(found) else None


def name(text: str) -> str | None:
    """A name of 1 to 100 characters."""
    found = line(text)
    return found if 0 < len(found) <= LONGEST_NAME else None


def phone(text: str) -> str | None:
    """A phone number, or the empty text."""
    found = line(text)
    return found if not found or PHONE.fullmatch(found) else None


def origins(text: str, *, demo: bool) -> tuple[list[str], list[str]]:
    """The sites of a text, one per line, normalised and each once; and the lines that are none."""
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    read = [(each, origin(each, demo=demo)) for each in lines]
    good = list(dict.fromkeys(found for _, found in read if found))
    return good, [line(each)[:100] for each, found in read if not found]


def origin(text: str, *, demo: bool) -> str | None:
    """A site as browsers name it: scheme, host and port, without the usual port. Only https, but for a demonstration
    on this very machine."""
    found = ORIGIN.fullmatch(text.casefold())
    if not found:
        return None
    host = _ascii(found["host"])
    scheme, port = found["scheme"], int(found["port"] or USUAL[found["scheme"]])
    if not host or not 0 < port < 65536 or (scheme == "http" and not (demo and host in HERE)):
        return None
    return f"{scheme}://{host}" if port == USUAL[scheme] else f"{scheme}://{host}:{port}"


def _ascii(host: str) -> str | None:
    """A host name in the letters of the network: rygråd.dk is xn--rygrd-pra.dk."""
    try:
        plain = host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return plain if HOST.fullmatch(plain) else None


def own_path(text: str) -> str | None:
    """A path on this very site, to go to after signing in.

    None for anything a browser could read as another site, and for the door itself, which would lead in circles.
    """
    plain = text.startswith("/") and not text.startswith(("//", "/sign-", "/password/")) and len(text) <= 500
    if not plain or "\\" in text or line(text) != text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else text
