"""Signing in: how often somebody may try, who it is, and the cookie that says so afterwards."""

from __future__ import annotations

import asyncio
import hashlib

from fastapi import Request, Response
from limits import RateLimitItem, RateLimitItemPerMinute
from sqlalchemy import Engine

from bot.accounts import totp
from bot.accounts.access import COOKIE
from bot.accounts.fields import line
from bot.accounts.passwords import match_later
from bot.clock import now
from bot.settings import Settings
from bot.store import staff
from bot.store.attempts import Attempts
from bot.store.staff_models import User


class SignInLimits:
    """Attempts per account and per network address, second-factor codes per account. They hold whatever RATE_LIMIT
    says. Each method counts an attempt and gives the seconds to wait, or 0."""

    ACCOUNT = RateLimitItemPerMinute(5)
    ADDRESS = RateLimitItemPerMinute(20)
    CODE = RateLimitItemPerMinute(5, 15)

    def __init__(self, redis_url: str = "") -> None:
        self.attempts = Attempts(redis_url)

    async def account(self, email: str) -> int:
        """A password for this e-mail address."""
        return await self._count(self.ACCOUNT, "account", email.casefold())

    async def address(self, request: Request) -> int:
        """A sign-in from this network address."""
        return await self._count(self.ADDRESS, "address", request.client.host if request.client else "")

    async def code(self, user_id: str) -> int:
        """A code from a phone."""
        return await self._count(self.CODE, "code", user_id)

    async def _count(self, rate: RateLimitItem, kind: str, who: str) -> int:
        key = hashlib.sha256(who.encode("utf-8", "surrogatepass")).hexdigest()
        return await self.attempts.count(rate, f"sign-in {kind}", key)


def limits(request: Request) -> SignInLimits:
    """The limits of this gateway."""
    found: SignInLimits = request.app.state.sign_in_limits
    return found


async def who_is(engine: Engine, email: str, password: str) -> User | None:
    """The active user of these, and a line in the log when there is none. Takes as long for an unknown e-mail."""
    user = await asyncio.to_thread(staff.by_email, engine, line(email))
    right, fresh = await match_later(password, user.password_hash if user else None)
    if user and user.active and right:
        if fresh and user.password_hash:
            await asyncio.to_thread(staff.renew_hash, engine, user.id, user.password_hash, fresh)
        return user
    # Somebody may have typed the password here: only what is known as an e-mail address is kept.
    typed = line(email)[:100] if user else ""
    await asyncio.to_thread(staff.note, engine, None, "sign_in_failed", who=typed)
    return None


async def prove(request: Request, engine: Engine, user: User, proof: str, *, by: str) -> tuple[str | None, int]:
    """Whether somebody knows the own password, or (`by` "code") has the phone at hand.

    What is wrong, as a name in accounts.yml, and the seconds to wait.
    """
    if by == "code":
        if wait := await limits(request).code(user.id):
            return "code_slow", wait
        right = await asyncio.to_thread(spend_code, engine, user, proof)
        return None if right else "code_wrong", 0
    if wait := await limits(request).account(user.email):
        return "sign_in_slow", wait
    right, _ = await match_later(proof, user.password_hash)
    return None if right else "password_wrong", 0


def spend_code(engine: Engine, user: User, code: str) -> bool:
    """Whether it is a code of this user's phone that was not used before; now it was."""
    step = totp.step_of(user.totp_secret, code) if user.totp_secret else None
    return step is not None and staff.spend_totp_step(engine, user.id, step)


def arrived(engine: Engine, user: User, action: str) -> None:
    """Notes that somebody is signed in, in full."""
    staff.change_user(engine, user.id, signed_in_at=now())
    staff.note(engine, user, action)


def slow(reply: Response, wait: int) -> Response:
    """A page that says to wait, with the seconds for whoever reads headers."""
    reply.headers["Retry-After"] = str(wait)
    return reply


def set_cookie(response: Response, settings: Settings, token: str) -> Response:
    """The cookie of a session, until the browser is closed."""
    response.set_cookie(
        COOKIE, token, path="/", httponly=True, samesite="lax", secure=settings.public_url.startswith("https")
    )
    return response


def drop_cookie(response: Response) -> Response:
    """Takes the cookie back."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    return response
