"""The chat page: works by form post, enhanced by one script."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from starlette.requests import Request as StarletteRequest

from bot.channels.markdown import to_html
from bot.channels.pages import PAGES
from bot.channels.web.api import Send, TurnsDep, begin, deliver, preferred, said, slow_down
from bot.dialogue.replies import contact_list, render
from bot.dialogue.turns import Turns
from bot.store import conversations as store
from bot.store.models import Conversation

HERE = Path(__file__).parent
STATIC = HERE / "static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": CSP, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
templates = Jinja2Templates(HERE / "templates")
templates.env.filters["markdown"] = to_html
router = APIRouter()


def static_url(name: str) -> str:
    """A static file's address, which changes with its content."""
    return f"/static/{name}?{hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]}"


def page(
    request: StarletteRequest,
    service: Turns,
    language: str,
    messages: list[dict[str, Any]],
    *,
    token: str = "",
    error: str | None = None,
    draft: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The chat page with these messages."""
    care = next((m for m in reversed(messages) if m.get("care")), None)
    context = {
        "language": language,
        "other_language": "en" if language == "da" else "da",
        "ui": service.content.page[language],
        "token": token,
        "client_id": secrets.token_urlsafe(12),
        "messages": messages,
        "care": care,
        "unsigned": bool(service.content.unsigned()),
        "error": error,
        "draft": draft,
        "embedded": False,
        "waiting": bool(messages) and messages[-1]["key"] == "system/holding",
        "pages": {key: [path, service.content.page[language][name]] for key, (path, name) in PAGES.items()},
        "style_url": static_url("chat.css"),
        "script_url": static_url("chat.js"),
        "emergency_contacts": [c.model_dump() for c in contact_list(["own_region_line"], language, None)],
    }
    return templates.TemplateResponse(request, "chat.html", context, status_code=status, headers=HEADERS)


def kind_words(problem: HTTPException) -> str:
    """The message inside one of our own errors."""
    detail: Any = problem.detail
    return str(detail["message"])


@router.get("/")
async def welcome(request: Request, service: TurnsDep, language: str = "") -> HTMLResponse:
    """The welcome; nothing is created before the patient does something."""
    language = language if language in {"da", "en"} else preferred(request)
    stranger = Conversation(id="", token_hash="", language=language)
    closed = service.switch.closed()
    said_first = service.voice.closed(stranger) if closed else service.voice.say(stranger, "welcome/intro")
    replies = [reply.model_dump() for reply in said_first]
    for choice in replies[-1]["choices"]:
        choice["value"] = choice["name"]
    return page(request, service, language, replies)


@router.post("/chat")
async def post(
    request: Request,
    service: TurnsDep,
    token: Annotated[str, Form()] = "",
    client_id: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "da",
    text: Annotated[str, Form()] = "",
    action: Annotated[str, Form()] = "",
    choice: Annotated[str, Form()] = "",
    language_switch: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """One step of the conversation without JavaScript."""
    language = language if language in {"da", "en"} else "da"
    found = await asyncio.to_thread(store.find, service.engine, token) if token else None
    if token and not found:
        gone = service.content.get("system/session_gone", language).bubbles[0]
        return page(request, service, language, [], error=gone, draft=text, status=401)
    if not found:
        started = await begin(service, language)
        token, found = started.token, await asyncio.to_thread(store.find, service.engine, started.token)
        choice = next((c.value for c in started.messages[-1].choices if c.name == choice), choice)
    assert found is not None
    error: str | None = None
    if language_switch in {"da", "en"}:
        await asyncio.to_thread(store.change, service.engine, found.id, language=language_switch)
    elif choice or action == "send":
        body = Send(id=client_id or secrets.token_urlsafe(12), text=None if choice else text, choice=choice or None)
        try:
            await slow_down(request, token, found.language)
            await deliver(service, found, body)
        except HTTPException as problem:
            error = kind_words(problem)
    found = await asyncio.to_thread(store.get, service.engine, found.id)
    if found is None:
        erased = [reply.model_dump() for reply in render(service.content, "control/deleted", language, {})]
        return page(request, service, language, erased)
    messages = await said(service, found)
    if service.switch.closed():
        messages += [reply.model_dump() for reply in service.voice.closed(found)]
    return page(request, service, found.language, messages, token=token, error=error, draft=text if error else "")
