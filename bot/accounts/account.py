"""My account: who I am here, the language, the password, the second factor, and signing out everywhere."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse

from bot.accounts import passwords, sign_in, totp
from bot.accounts.access import Staff, needs
from bot.accounts.pages import go, work_page
from bot.channels.web.api import TurnsDep
from bot.content.store import LANGUAGES
from bot.dialogue.turns import Turns
from bot.store import staff

router = APIRouter(prefix="/account")
Me = Annotated[Staff, Depends(needs())]
Words = Annotated[str, Form()]


@router.get("")
async def account(request: Request, service: TurnsDep, who: Me) -> HTMLResponse:
    """Everything about oneself."""
    return _account(request, service, who)


def _account(request: Request, service: Turns, who: Staff, **context: Any) -> HTMLResponse:
    known: dict[str, Any] = {"faults": {}, "hours": int(staff.LONGEST.total_seconds() // 3600)}
    return work_page(request, service, who, "accounts/account.html", **(known | context))


def _refused(reply: Response, wait: int) -> Response:
    """The page again with what is wrong; with the seconds to wait if there are any."""
    return sign_in.slow(reply, wait) if wait else reply


@router.post("/language")
async def language(request: Request, service: TurnsDep, who: Me, language: Words = "") -> Response:
    """The language of the workplaces."""
    if language in LANGUAGES:
        await asyncio.to_thread(staff.change_user, service.engine, who.user.id, language=language)
    return go("/account?done=language")


@router.post("/password")
async def password(
    request: Request, service: TurnsDep, who: Me, old: Words = "", new: Words = "", again: Words = ""
) -> Response:
    """Another password; every browser is signed out, and this one in again."""
    wrong, wait = await sign_in.prove(request, service.engine, who.user, old, by="password")
    if wrong:
        return _refused(_account(request, service, who, faults={"old": wrong}, status=429 if wait else 422), wait)
    if fault := passwords.chosen_fault(new, again, who.user.email):
        return _account(request, service, who, faults={"new": fault}, status=422)
    stored = await passwords.hash_later(new)
    token = await asyncio.to_thread(_replace_password, service, who, stored)
    return sign_in.set_cookie(go("/account?done=password"), service.settings, token)


def _replace_password(service: Turns, who: Staff, stored: str) -> str:
    staff.change_user(service.engine, who.user.id, password_hash=stored)
    staff.note(service.engine, who.user, "password_changed")
    return staff.open_session(service.engine, who.user.id, passed=True)


@router.post("/sessions/end")
async def leave_everywhere(service: TurnsDep, who: Me) -> Response:
    """Ends every session, this one too."""
    await asyncio.to_thread(staff.close_sessions, service.engine, who.user.id)
    await asyncio.to_thread(staff.note, service.engine, who.user, "signed_out", everywhere=True)
    return sign_in.drop_cookie(go("/sign-in?done=signed_out_everywhere"))


@router.post("/second/new")
async def new_secret(service: TurnsDep, who: Me) -> Response:
    """A secret to scan; nothing is asked for before a code has shown that the phone has it."""
    if not who.user.totp_on:
        await asyncio.to_thread(staff.change_user, service.engine, who.user.id, totp_secret=totp.new_secret())
    return go("/account/second")


@router.get("/second")
async def second(request: Request, service: TurnsDep, who: Me) -> Response:
    """The secret as a picture and in letters, and a field for the first code."""
    return _second(request, service, who)


def _second(request: Request, service: Turns, who: Staff, **context: Any) -> Response:
    secret = who.user.totp_secret
    if who.user.totp_on or not secret:
        return go("/account")
    issuer = service.content.page[who.user.language]["name"]
    context |= {"picture": totp.picture(secret, who.user.email, issuer), "secret": totp.in_groups(secret)}
    return work_page(request, service, who, "accounts/second.html", **context)


@router.post("/second")
async def second_on(request: Request, service: TurnsDep, who: Me, code: Words = "") -> Response:
    """The first code: from now on one is asked for."""
    if who.user.totp_on:
        return go("/account")
    wrong, wait = await sign_in.prove(request, service.engine, who.user, code, by="code")
    if wrong:
        return _refused(_second(request, service, who, fault=wrong, status=429 if wait else 422), wait)
    await asyncio.to_thread(staff.change_user, service.engine, who.user.id, totp_on=True)
    await asyncio.to_thread(staff.note, service.engine, who.user, "totp_on")
    return go("/account?done=second_on")


@router.post("/second/off")
async def second_off(request: Request, service: TurnsDep, who: Me, proof: Words = "") -> Response:
    """No code any more: for whoever knows the password or, signing in elsewhere, has the phone at hand."""
    if not who.user.totp_on:
        return go("/account")
    by = "password" if who.user.password_hash else "code"
    wrong, wait = await sign_in.prove(request, service.engine, who.user, proof, by=by)
    if wrong:
        return _refused(_account(request, service, who, faults={"proof": wrong}, status=429 if wait else 422), wait)
    await asyncio.to_thread(staff.change_user, service.engine, who.user.id, totp_on=False, totp_secret=None)
    await asyncio.to_thread(staff.note, service.engine, who.user, "totp_off")
    return go("/account?done=second_off")
