"""Moving a conversation between the page and Telegram, by a code that works once.

The link that Telegram shows must not use the code up when it is merely looked at, so opening it only asks.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from bot.channels.telegram.commands import MOVE
from bot.channels.web.api import TurnsDep, preferred, said
from bot.channels.web.own_pages import OwnerDep, TokenForm, own_page
from bot.channels.web.page import page
from bot.dialogue.turns import Turns
from bot.store import conversations as store
from bot.store import transfer

router = APIRouter()


def _gone(request: Request, service: Turns) -> HTMLResponse:
    refused = own_page(request, service, "move_gone", preferred(request))
    refused.status_code = 404
    return refused


@router.get("/move/{code}")
async def ask(request: Request, service: TurnsDep, code: str, language: str = "") -> HTMLResponse:
    """Asks whether to go on here. 404 for a code that is used or expired."""
    conversation_id = await asyncio.to_thread(transfer.look_at, service.engine, code)
    found = await asyncio.to_thread(store.get, service.engine, conversation_id) if conversation_id else None
    if not found:
        return _gone(request, service)
    language = language if language in ("da", "en") else found.language
    return own_page(request, service, "move", language, path=f"/move/{code}")


@router.post("/move/{code}")
async def move(request: Request, service: TurnsDep, code: str) -> HTMLResponse:
    """The chat page with the whole conversation; the code, and any session before, open nothing any more."""
    conversation_id = await asyncio.to_thread(transfer.use, service.engine, code)
    found = await asyncio.to_thread(store.get, service.engine, conversation_id) if conversation_id else None
    if not found:
        return _gone(request, service)
    token = await asyncio.to_thread(transfer.new_token, service.engine, found.id)
    messages = await said(service, found)
    return page(request, service, found.language, messages, token=token)


@router.post("/me/telegram")
async def own_telegram(request: Request, service: TurnsDep, found: OwnerDep, token: TokenForm = "") -> HTMLResponse:
    """The link that opens this conversation in Telegram; without a bot there is no such page."""
    channel = request.app.state.telegram
    if not channel or not channel.username:
        return _gone(request, service)
    code = await asyncio.to_thread(transfer.offer, service.engine, found.id)
    link = f"https://t.me/{channel.username}?start={MOVE}{code}"
    minutes = transfer.MINUTES
    return own_page(
        request, service, "telegram", found.language, token=token, link=link, minutes=minutes, path="/me/telegram"
    )
