"""Who may do what: the session of a request, the roles a route asks for, and the guard against forged posts.

A route asks with `Annotated[Staff, Depends(needs(EDITOR))]`. Whoever is not signed in is sent to /sign-in; a wrong
role gets 403; a post without the session's own token, or from another site, gets 403 as well.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from bot.channels.web.api import TurnsDep
from bot.store import staff
from bot.store.staff_models import StaffSession, User

COOKIE = "rygraad_staff"


class SignInNeeded(Exception):
    """Nobody is signed in, or no longer."""


class Forbidden(Exception):
    """Signed in, but this is for another role; or the post was not made on our own page."""


class Missing(Exception):
    """There is no such thing, or it is another person's: a page with 404."""


@dataclass(frozen=True)
class Staff:
    """Who is signed in, and the token that every form of theirs must carry."""

    user: User
    session: StaffSession
    token: str

    def has(self, *roles: str) -> bool:
        """Whether they have one of these roles."""
        return bool(set(roles) & set(self.user.roles))


async def someone(request: Request, service: TurnsDep) -> Staff | None:
    """Who is signed in, if anybody; also whoever still owes the second factor."""
    token = request.cookies.get(COOKIE, "")
    found = await asyncio.to_thread(staff.session_of, service.engine, token) if token else None
    return Staff(found[1], found[0], token) if found else None


SomeoneDep = Annotated[Staff | None, Depends(someone)]


def needs(*roles: str) -> Callable[[Request, Staff | None], Awaitable[Staff]]:
    """A dependency: somebody signed in with one of these roles (none given: any). Raises SignInNeeded, Forbidden."""

    async def check(request: Request, found: SomeoneDep) -> Staff:
        if not found or not found.session.passed:
            raise SignInNeeded
        if roles and not found.has(*roles):
            raise Forbidden
        if request.method not in ("GET", "HEAD"):
            await from_our_page(request, found.session.csrf)
        return found

    return check


async def from_our_page(request: Request, csrf: str) -> None:
    """Raises Forbidden for a post from another site, or one that does not carry the session's token."""
    refuse_other_sites(request)
    given = request.headers.get("x-csrf") or str((await request.form()).get("csrf") or "")
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), csrf.encode()):
        raise Forbidden


def refuse_other_sites(request: Request) -> None:
    """Raises Forbidden when the browser says that another site sent this."""
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden
    if origin and origin != "null" and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden
