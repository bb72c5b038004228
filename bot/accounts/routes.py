"""The door: signing in with a password and a code, signing out, and choosing a password by a link."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse

from bot.accounts import account, passwords, sign_in
from bot.accounts.access import COOKIE, SignInNeeded, SomeoneDep, Staff, from_our_page, refuse_other_sites
from bot.accounts.fields import own_path
from bot.accounts.pages import go, home, work_page
from bot.channels.web.api import TurnsDep
from bot.dialogue.turns import Turns
from bot.store import staff
from bot.store.staff_models import User

router = APIRouter()
router.include_router(account.router)
Words = Annotated[str, Form()]


@router.get("/sign-in")
async def door(request: Request, service: TurnsDep, who: SomeoneDep, next: str = "") -> Response:
    """The form; whoever is signed in goes on to where they wanted."""
    if who and who.session.passed:
        return go(own_path(next) or home(who.user))
    # A cookie that has outlived its session: nobody signed out, it was the pause.
    timed_out = bool(request.cookies.get(COOKIE)) and not who
    reply = _door(request, service, next=own_path(next) or "", timed_out=timed_out)
    return sign_in.drop_cookie(reply) if timed_out else reply


@router.post("/sign-in")
async def enter(
    request: Request, service: TurnsDep, email: Words = "", password: Words = "", next: Words = ""
) -> Response:
    """E-mail and password."""
    refuse_other_sites(request)
    limits = sign_in.limits(request)
    if wait := await limits.address(request) or await limits.account(email):
        reply = _door(request, service, next=own_path(next) or "", email=email, fault="sign_in_slow", status=429)
        return sign_in.slow(reply, wait)
    user = await sign_in.who_is(service.engine, email, password)
    if not user:
        return _door(request, service, next=own_path(next) or "", email=email, fault="sign_in_wrong", status=401)
    return await let_in(request, service, user, "signed_in", next)


def _door(request: Request, service: Turns, *, fault: str = "", status: int = 200, **context: Any) -> HTMLResponse:
    elsewhere = bool(service.settings.oidc_issuer)
    return work_page(
        request, service, None, "accounts/sign_in.html", status=status, fault=fault, elsewhere=elsewhere, **context
    )


async def let_in(request: Request, service: Turns, user: User, action: str, next: str) -> Response:
    """Opens a new session, whatever cookie came along, and goes on: to the code of the phone if there is one."""
    if old := request.cookies.get(COOKIE):
        await asyncio.to_thread(staff.close_session, service.engine, old)
    token = await asyncio.to_thread(staff.open_session, service.engine, user.id, passed=not user.totp_on)
    if user.totp_on:
        path = own_path(next)
        return _with_cookie(service, token, "/sign-in/code" + (f"?next={quote(path)}" if path else ""))
    await asyncio.to_thread(sign_in.arrived, service.engine, user, action)
    return _with_cookie(service, token, own_path(next) or home(user))


def _with_cookie(service: Turns, token: str, path: str) -> Response:
    return sign_in.set_cookie(go(path), service.settings, token)


def _halfway(who: Staff | None) -> Staff:
    """Whoever still owes the second factor. Raises SignInNeeded."""
    if not who or who.session.passed:
        raise SignInNeeded
    return who


def _code(request: Request, service: Turns, who: Staff, **context: Any) -> HTMLResponse:
    return work_page(request, service, None, "accounts/code.html", csrf=who.session.csrf, **context)


@router.get("/sign-in/code")
async def code(request: Request, service: TurnsDep, who: SomeoneDep, next: str = "") -> HTMLResponse:
    """Asks for the code of the phone."""
    return _code(request, service, _halfway(who), next=next)


@router.post("/sign-in/code")
async def enter_code(
    request: Request, service: TurnsDep, who: SomeoneDep, code: Words = "", next: Words = ""
) -> Response:
    """The code: right, and the session is open under a new token."""
    found = _halfway(who)
    await from_our_page(request, found.session.csrf)
    fault, wait = await sign_in.prove(request, service.engine, found.user, code, by="code")
    if wait:
        return sign_in.slow(_code(request, service, found, next=next, fault=fault, status=429), wait)
    if fault:
        who_failed = {"who": found.user.email, "step": "code"}
        await asyncio.to_thread(staff.note, service.engine, None, "sign_in_failed", **who_failed)
        return _code(request, service, found, next=next, fault=fault, status=401)
    token = await asyncio.to_thread(staff.pass_second, service.engine, found.token)
    if not token:
        raise SignInNeeded
    await asyncio.to_thread(sign_in.arrived, service.engine, found.user, "signed_in")
    return _with_cookie(service, token, own_path(next) or home(found.user))


@router.post("/sign-out")
async def leave(request: Request, service: TurnsDep, who: SomeoneDep) -> Response:
    """Ends the session of this browser."""
    if who:
        await from_our_page(request, who.session.csrf)
        await asyncio.to_thread(staff.close_session, service.engine, who.token)
        await asyncio.to_thread(staff.note, service.engine, who.user, "signed_out")
    return sign_in.drop_cookie(go("/sign-in?done=signed_out"))


@router.get("/password/{code}")
async def ask_password(request: Request, service: TurnsDep, code: str) -> HTMLResponse:
    """Asks for a password; the link stays good, whoever looks at it. Raises Missing."""
    user = await asyncio.to_thread(staff.user_of_link, service.engine, code)
    return _choose(request, service, user)


def _choose(request: Request, service: Turns, user: User | None, fault: str = "") -> HTMLResponse:
    if not user:
        return work_page(request, service, None, "accounts/link_gone.html", status=404)
    status = 422 if fault else 200
    return work_page(request, service, None, "accounts/choose.html", status=status, email=user.email, fault=fault)


@router.post("/password/{code}")
async def choose_password(
    request: Request, service: TurnsDep, code: str, new: Words = "", again: Words = ""
) -> Response:
    """Sets the password and uses the link up."""
    refuse_other_sites(request)
    user = await asyncio.to_thread(staff.user_of_link, service.engine, code)
    fault = passwords.chosen_fault(new, again, user.email) if user else None
    if not user or fault:
        return _choose(request, service, user, fault or "")
    stored = await passwords.hash_later(new)
    user = await asyncio.to_thread(staff.use_link, service.engine, code, stored)
    if not user:
        return _choose(request, service, None)
    await asyncio.to_thread(staff.note, service.engine, user, "password_changed", by="link")
    return go("/sign-in?done=password")
