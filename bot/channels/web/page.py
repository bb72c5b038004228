"""The chat page: works by form post, enhanced by one script. By an invite's link it carries the invite's code; inside
another site's frame it keeps nothing, and only the sites of the clinic's list may frame it."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request as StarletteRequest

from bot.channels.markdown import to_html
from bot.channels.pages import PAGES
from bot.channels.web.api import Send, TurnsDep, begin, deliver, preferred, problem, said, slow_down
from bot.dialogue.replies import contact_list, render
from bot.dialogue.turns import Turns
from bot.store import conversations as store
from bot.store import invites
from bot.store.models import Conversation

HERE = Path(__file__).parent
STATIC = HERE / "static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors "
)
ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")
CODE = re.compile(r"[\w-]{1,64}", re.ASCII)
# Words that only other pages and Telegram need: the script does without, and so does every first load.
NOT_FOR_THE_SCRIPT = ("own_", "move_", "chart_", "calendar_", "command_", "bot_", "step_", "answer_", "widget_")


def usable(origins: Iterable[str]) -> list[str]:
    """The origins that are well formed, as a browser writes them: anything else would end up in a header."""
    written = (origin.strip().casefold().removesuffix("/") for origin in origins)
    return [origin for origin in written if ORIGIN.fullmatch(origin)]


def headers(origins: Iterable[str] = ()) -> dict[str, str]:
    """The headers of a page that only these sites may frame; none given: nobody."""
    ancestors = " ".join(usable(origins)) or "'none'"
    return {"Content-Security-Policy": CSP + ancestors, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


HEADERS = headers()
templates = Jinja2Templates(HERE / "templates")
templates.env.filters["markdown"] = to_html
router = APIRouter()


@dataclass(frozen=True)
class Way:
    """How somebody came to the page: `code` of the invite in force, `path` to come again by, `gone` for a link no
    longer in force; and when `embedded`, the `origins` of the sites that may frame it."""

    code: str = ""
    path: str = "/"
    language: str = ""
    gone: bool = False
    embedded: bool = False
    origins: tuple[str, ...] = ()


FRONT_DOOR = Way()


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
    way: Way = FRONT_DOOR,
) -> HTMLResponse:
    """The chat page with these messages."""
    care = next((m for m in reversed(messages) if m.get("care")), None)
    ui = service.content.page[language]
    context = {
        "language": language,
        "other_language": "en" if language == "da" else "da",
        "ui": ui,
        "script_words": {name: words for name, words in ui.items() if not name.startswith(NOT_FOR_THE_SCRIPT)},
        "token": token,
        "client_id": secrets.token_urlsafe(12),
        "messages": messages,
        "care": care,
        "unsigned": bool(service.content.unsigned()),
        "error": error,
        "draft": draft,
        "way": way,
        "origins": " ".join(usable(way.origins)),
        "waiting": bool(messages) and more_comes(messages[-1]),
        "pages": {key: [path, ui[name]] for key, (path, name) in PAGES.items()},
        "style_url": static_url("chat.css"),
        "script_url": static_url("chat.js"),
        "emergency_contacts": [c.model_dump() for c in contact_list(["own_region_line"], language, None)],
    }
    return templates.TemplateResponse(request, "chat.html", context, status_code=status, headers=headers(way.origins))


def more_comes(last: dict[str, Any]) -> bool:
    """Whether this was said while the answer is still on its way: a holding reply, or a card without its words."""
    return last["key"] == "system/holding" or bool(last.get("care") and not last["choices"])


def kind_words(refused: HTTPException) -> str:
    """The message inside one of our own errors."""
    detail: Any = refused.detail
    return str(detail["message"])


@router.get("/")
async def welcome(request: Request, service: TurnsDep, language: str = "") -> HTMLResponse:
    """The welcome; nothing is created before the patient does something."""
    return _welcome(request, service, language)


def _welcome(request: Request, service: Turns, language: str, way: Way = FRONT_DOOR) -> HTMLResponse:
    language = language if language in {"da", "en"} else way.language or preferred(request)
    stranger = Conversation(id="", token_hash="", language=language)
    closed = service.switch.closed()
    said_first = service.voice.closed(stranger) if closed else service.voice.say(stranger, "welcome/intro")
    replies = [reply.model_dump() for reply in said_first]
    for choice in replies[-1]["choices"]:
        choice["value"] = choice["name"]
    return page(request, service, language, replies, way=way)


@router.head("/i/{code}")
@router.get("/i/{code}")
async def invited(request: Request, service: TurnsDep, code: str, language: str = "") -> HTMLResponse:
    """The welcome by a clinician's link, in the invite's language; with kind words when it is no longer in force."""
    return _welcome(request, service, language, await _came_by(request, service, code))


@router.head("/embed/{code}")
@router.get("/embed/{code}")
async def framed(request: Request, service: TurnsDep, code: str, language: str = "") -> HTMLResponse:
    """The same for a frame inside the clinic's sites, and inside no others."""
    return _welcome(request, service, language, await _came_by(request, service, code, embedded=True))


async def _came_by(request: Request, service: Turns, code: str, *, embedded: bool = False) -> Way:
    try:
        return await asyncio.to_thread(
            way_of, service.engine, code, embedded=embedded, opened=request.method == "GET"
        )
    except SQLAlchemyError:  # advice on an alarm sign needs no database, so neither does the page
        return _way(code, embedded)


def _way(code: str, embedded: bool) -> Way:
    known = CODE.fullmatch(code)
    return Way(code if known else "", f"/{'embed' if embedded else 'i'}/{code}" if known else "/", embedded=embedded)


def way_of(engine: Engine, code: str, *, embedded: bool = False, opened: bool = False) -> Way:
    """The way in by an invite's code; `opened` counts an opening. A frame keeps its sites when the invite runs out,
    so that the patients there read why, and can go on."""
    way, invite = _way(code, embedded), invites.of_code(engine, code)
    clinic = invites.clinic(engine, invite.clinic_id) if invite and embedded else None
    way = replace(way, origins=tuple(clinic.origins) if clinic else ())
    if not invite or not invites.in_force(invite):
        return replace(way, code="", path=way.path if embedded else "/", gone=True)
    if opened:
        invites.note_opened(engine, invite.id)
    return replace(way, language=invite.language)


class Step(BaseModel):
    """The fields of the page's form."""

    token: str = ""
    client_id: str = ""
    language: str = "da"
    text: str = ""
    action: str = ""
    choice: str = ""
    language_switch: str = ""
    invite: str = ""
    embedded: str = ""


@router.post("/chat")
async def post(request: Request, service: TurnsDep, step: Annotated[Step, Form()]) -> HTMLResponse:
    """One step of the conversation without JavaScript."""
    language = step.language if step.language in {"da", "en"} else "da"
    way = await _goes_on(service, step.invite, embedded=bool(step.embedded))
    token = step.token
    found = await asyncio.to_thread(store.find, service.engine, token) if token else None
    if token and not found:
        gone = service.content.get("system/session_gone", language).bubbles[0]
        return page(request, service, language, [], error=gone, draft=step.text, status=401, way=way)
    if not found:
        started = await begin(service, language, way.code or None)
        token, found = started.token, await asyncio.to_thread(store.find, service.engine, started.token)
        offered = {choice.name: choice.value for choice in started.messages[-1].choices}
        step.choice = offered.get(step.choice, step.choice)
    assert found is not None
    error = await _take(request, service, found, token, step)
    found = await asyncio.to_thread(store.get, service.engine, found.id)
    if found is None:
        erased = [reply.model_dump() for reply in render(service.content, "control/deleted", language, {})]
        return page(request, service, language, erased, way=way)
    messages = await said(service, found)
    if service.switch.closed():
        messages += [reply.model_dump() for reply in service.voice.closed(found)]
    draft = step.text if error else ""
    return page(request, service, found.language, messages, token=token, error=error, draft=draft, way=way)


async def _goes_on(service: Turns, code: str, *, embedded: bool) -> Way:
    """The way of somebody in the middle of it: what happens to the invite meanwhile does not concern them."""
    way = _way(code, embedded)
    if not embedded or not way.code:
        return way
    return replace(way, origins=(await asyncio.to_thread(way_of, service.engine, code, embedded=True)).origins)


async def _take(request: Request, service: Turns, found: Conversation, token: str, step: Step) -> str | None:
    """Takes the language, the choice or the text of a step; kind words when something is wrong with it."""
    if step.language_switch in {"da", "en"}:
        await asyncio.to_thread(store.change, service.engine, found.id, language=step.language_switch)
    elif step.choice or step.action == "send":
        text, choice = (None, step.choice) if step.choice else (step.text, None)
        try:
            await slow_down(request, token, found.language)
            body = Send(id=step.client_id or secrets.token_urlsafe(12), text=text, choice=choice)
            await deliver(service, found, body)
        except ValidationError:  # an id or a choice that no page of ours has sent
            return kind_words(problem(service, 422, "bad_request", found.language))
        except HTTPException as refused:
            return kind_words(refused)
    return None
