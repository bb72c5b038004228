"""The patient's own pages: plan, progress, summary, everything that is kept, and the way back.

Opened from the chat by form post with the session's token: no cookie, and no address that gives anything away.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from babel.dates import format_date, format_datetime
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse, Response

from bot.channels.web.api import TurnsDep, preferred, said
from bot.channels.web.calendar import calendar
from bot.channels.web.page import HEADERS, STATIC, page, static_url, templates
from bot.clock import danish, now
from bot.content.store import fill
from bot.dialogue.own_data import exported, records_of
from bot.dialogue.turns import Turns
from bot.dialogue.values import LOCALES
from bot.self_management import plan
from bot.self_management.summary import Summary, summary
from bot.store import conversations as store
from bot.store import records, reminders
from bot.store.models import Conversation, Share
from bot.store.staff_models import CLINICIAN

router = APIRouter()


class Gone(Exception):
    """No conversation belongs to the token, or no longer."""


async def owner(
    service: TurnsDep, token: Annotated[str, Form()] = "", language: Annotated[str, Form()] = ""
) -> Conversation:
    """The conversation of the posted token, in the posted language if there is one. Raises Gone."""
    found = await asyncio.to_thread(store.find, service.engine, token) if token else None
    if not found:
        raise Gone
    if language in ("da", "en"):
        found.language = language
    return found


OwnerDep = Annotated[Conversation, Depends(owner)]
TokenForm = Annotated[str, Form()]


async def gone(request: Request, _: Exception) -> HTMLResponse:
    """The chat page with kind words, for a token that is no longer valid."""
    service: Turns = request.app.state.turns
    language = preferred(request)
    words = service.content.get("system/session_gone", language).bubbles[0]
    return page(request, service, language, [], error=words, status=401)


def date_words(language: str) -> Callable[[datetime], str]:
    """Writes a day as the language does, in Danish time."""
    return lambda moment: str(format_date(danish(moment), "long", locale=LOCALES[language]))


def moment_words(language: str) -> Callable[[datetime], str]:
    """Writes a day and the time of day as the language does, in Danish time."""
    pattern = {"da": "d. MMMM y 'kl.' HH.mm", "en": "d MMMM y 'at' HH:mm"}[language]
    return lambda moment: str(format_datetime(danish(moment), pattern, locale=LOCALES[language]))


def own_page(request: Request, service: Turns, name: str, language: str, **context: Any) -> HTMLResponse:
    """One of the pages in templates/own/."""
    ui = service.content.page[language]
    known = {
        "language": language,
        "other_language": "en" if language == "da" else "da",
        "ui": ui,
        "day": date_words(language),
        "style_url": static_url("chat.css"),
        "own_style_url": static_url("own.css"),
        "script_url": static_url("own.js"),
        "icon_url": f"/static/{(STATIC / 'icon.svg').name}",
        "token": "",
        "telegram": request.app.state.telegram,
    }
    return templates.TemplateResponse(request, f"own/{name}.html", known | context, headers=HEADERS)


@router.post("/me/plan")
async def own_plan(request: Request, service: TurnsDep, found: OwnerDep, token: TokenForm = "") -> HTMLResponse:
    """The plan, to read and print, and its earlier versions."""
    rows = await asyncio.to_thread(records.plans, service.engine, found.id)
    versions = [(row.made_at, plan.lines(service.content, found.language, row.parts)) for row in rows]
    return own_page(request, service, "plan", found.language, versions=versions, token=token, path="/me/plan")


@router.post("/me/progress")
async def own_progress(request: Request, service: TurnsDep, found: OwnerDep, token: TokenForm = "") -> HTMLResponse:
    """The chart, in words and as a table."""
    sums = await asyncio.to_thread(summed, service, found)
    return own_page(request, service, "progress", found.language, sums=sums, token=token, path="/me/progress")


@router.post("/me/summary")
async def own_summary(request: Request, service: TurnsDep, found: OwnerDep, token: TokenForm = "") -> HTMLResponse:
    """The page for a clinician."""
    sums = await asyncio.to_thread(summed, service, found)
    return own_page(request, service, "summary", found.language, sums=sums, token=token, path="/me/summary")


def summed(service: Turns, found: Conversation) -> Summary:
    """What the summary shows of this patient, in the conversation's language."""
    return summary(records_of(service.engine, found), service.content, found.language, now())


@router.post("/me/data")
async def own_data(request: Request, service: TurnsDep, found: OwnerDep, token: TokenForm = "") -> HTMLResponse:
    """Everything that is kept, readable; with the ways to take it away and to erase it."""
    kept = await asyncio.to_thread(exported, service.engine, found)
    sums = await asyncio.to_thread(summed, service, found)
    rows = await asyncio.to_thread(records.plans, service.engine, found.id)
    versions = [(row.made_at, plan.lines(service.content, found.language, row.parts)) for row in rows]
    messages = await said(service, found)
    shares = await asyncio.to_thread(_shares, service, found)
    context = {"kept": kept, "sums": sums, "versions": versions, "messages": messages, "shares": shares}
    settings = service.settings
    days = {"retention_days": settings.retention_days, "inactive_days": settings.inactive_days}
    return own_page(request, service, "data", found.language, token=token, path="/me/data", **context, **days)


def _shares(service: Turns, found: Conversation) -> list[tuple[Share, list[str]]]:
    """Each link to the summary with a line of words for everybody who opened it."""
    ui, moment = service.content.page[found.language], moment_words(found.language)
    return [
        (link, [_viewed(ui, moment, view) for view in records.views(link)])
        for link in records.shares(service.engine, found.id)
    ]


def _viewed(ui: dict[str, str], moment: Callable[[datetime], str], view: dict[str, str]) -> str:
    by = "clinic" if view["clinic"] else "clinician" if view["by"] == CLINICIAN else "link"
    when = moment(datetime.fromisoformat(view["at"]))
    return fill(ui[f"own_view_{by}"], {"date": when, "clinic": view["clinic"]})


@router.post("/me/data.json")
async def download(service: TurnsDep, found: OwnerDep) -> Response:
    """Everything that is kept, as a file."""
    kept = jsonable_encoder(await asyncio.to_thread(exported, service.engine, found))
    headers = {"Content-Disposition": 'attachment; filename="rygraad.json"', "Cache-Control": "no-store"}
    return Response(json.dumps(kept, ensure_ascii=False, indent=2), media_type="application/json", headers=headers)


@router.post("/me/erase")
async def erase(
    request: Request, service: TurnsDep, found: OwnerDep, token: TokenForm = "", sure: Annotated[str, Form()] = ""
) -> HTMLResponse:
    """Asks once more, then erases everything."""
    if sure != "yes":
        return own_page(request, service, "erase", found.language, token=token, path="/me/data")
    await service.erase(found.id)
    return own_page(request, service, "erased", found.language)


@router.post("/me/link")
async def own_link(request: Request, service: TurnsDep, found: OwnerDep, token: TokenForm = "") -> HTMLResponse:
    """The way back to this conversation, and the appointments for a calendar."""
    agreed = await asyncio.to_thread(reminders.schedule, service.engine, found.id)
    link = f"{service.settings.address}/#t={token}"
    on = agreed is not None and not agreed.stopped
    return own_page(request, service, "link", found.language, token=token, link=link, agreed=on, path="/me/link")


@router.post("/me/calendar.ics")
async def own_calendar(service: TurnsDep, found: OwnerDep, token: TokenForm = "") -> Response:
    """The agreed times as a calendar file: an alarm without a word on health. 404 when nothing is agreed."""
    agreed = await asyncio.to_thread(reminders.schedule, service.engine, found.id)
    if agreed is None or agreed.stopped:
        raise HTTPException(404)
    words = service.content.page[found.language]["calendar_title"]
    body = calendar(agreed, words, f"{service.settings.address}/#t={token}")
    headers = {"Content-Disposition": 'attachment; filename="rygraad.ics"', "Cache-Control": "no-store"}
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)
