"""Signing in elsewhere: to the organisation's provider and back. Only when RYGRAAD_OIDC_ISSUER is set."""

from __future__ import annotations

import asyncio

import structlog
from fastapi import APIRouter, Request, Response

from bot.accounts import identity, sign_in
from bot.accounts.access import Missing
from bot.accounts.fields import own_path
from bot.accounts.identity import NotSignedIn
from bot.accounts.pages import go, work_page
from bot.accounts.routes import let_in
from bot.channels.web.api import TurnsDep
from bot.dialogue.turns import Turns

COOKIE = "rygraad_elsewhere"
PATH = "/sign-in/elsewhere"
STATUS = {identity.AGAIN: 400, identity.UNKNOWN: 403, identity.DOWN: 503}
router = APIRouter()


@router.get(PATH)
async def leave(request: Request, service: TurnsDep, next: str = "") -> Response:
    """To the provider. Raises Missing when there is none."""
    if not service.settings.oidc_issuer:
        raise Missing
    if wait := await sign_in.limits(request).address(request):
        return _too_often(request, service, wait)
    try:
        url, journey = await identity.leave(service.settings, own_path(next) or "")
    except NotSignedIn as problem:
        return _sorry(request, service, problem)
    reply = go(url)
    reply.set_cookie(
        COOKIE,
        identity.sealed(service.settings, journey),
        max_age=identity.MOST_SECONDS,
        path=PATH,
        httponly=True,
        samesite="lax",
        secure=service.settings.public_url.startswith("https"),
    )
    return reply


@router.get(identity.BACK)
async def come_back(request: Request, service: TurnsDep) -> Response:
    """From the provider, with a code; the cookie is good for one return. Raises Missing."""
    if not service.settings.oidc_issuer:
        raise Missing
    if wait := await sign_in.limits(request).address(request):
        return _too_often(request, service, wait)
    reply = await _arrive(request, service)
    reply.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
    return reply


async def _arrive(request: Request, service: Turns) -> Response:
    try:
        journey = identity.unsealed(service.settings, request.cookies.get(COOKIE, ""))
        claims = await identity.come_back(service.settings, journey, request.query_params)
        user = await asyncio.to_thread(identity.user_of, service.engine, claims)
    except NotSignedIn as problem:
        return _sorry(request, service, problem)
    return await let_in(request, service, user, "oidc_signed_in", journey.next)


def _sorry(request: Request, service: Turns, problem: NotSignedIn) -> Response:
    structlog.get_logger().warning("oidc_refused", reason=problem.reason)
    status = STATUS[problem.kind]
    return work_page(request, service, None, "accounts/elsewhere.html", status=status, kind=problem.kind)


def _too_often(request: Request, service: Turns, wait: int) -> Response:
    page = work_page(request, service, None, "accounts/elsewhere.html", status=429, kind=identity.AGAIN)
    return sign_in.slow(page, wait)
