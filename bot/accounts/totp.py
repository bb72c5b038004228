"""The second factor: codes from an authenticator app (TOTP, RFC 6238), six digits, a new one every 30 seconds."""

from __future__ import annotations

import hmac
import time

import pyotp
import segno

PERIOD = 30  # seconds
WINDOW = 1  # time steps that a phone's clock may be ahead or behind


def new_secret() -> str:
    """A secret of 160 bits as 32 letters and digits."""
    return pyotp.random_base32()


def in_groups(secret: str) -> str:
    """The secret to type by hand: groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def picture(secret: str, email: str, issuer: str) -> str:
    """The QR code that an app reads the secret from, as a data: URI with an SVG; white around it, for the dark."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)
    return segno.make(uri, error="m").svg_data_uri(scale=5, light="#fff", xmldecl=False)


def step_of(secret: str, code: str, at: float | None = None) -> int | None:
    """The time step whose code this is, among those around `at` (seconds since 1970, now unless given); None: wrong.

    By the machine's own clock, never the demonstration's: no phone goes by that.
    """
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit()):
        return None
    app, today = pyotp.TOTP(secret), int((time.time() if at is None else at) // PERIOD)
    steps = range(today - WINDOW, today + WINDOW + 1)
    right = [step for step in steps if hmac.compare_digest(app.generate_otp(step), digits)]
    return right[-1] if right else None
