"""The chat on a clinic's own site: the loader that sites fetch, and the page where a clinician gets it to copy."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from bot.accounts.access import Staff, needs
from bot.accounts.pages import work_page
from bot.channels.web.api import TurnsDep
from bot.channels.web.page import STATIC, usable
from bot.clinic import fields
from bot.clock import now
from bot.content.store import ContentStore
from bot.dialogue.turns import Turns
from bot.store import invites, staff
from bot.store.staff_models import CLINICIAN, Clinic

MOST = 100_000  # a site has many visitors; a link for patients has few
WORKS = timedelta(days=365)
BLANK = "const WORDS = {};"
SCRIPT_HEADERS = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
router = APIRouter()
ClinicianDep = Annotated[Staff, Depends(needs(CLINICIAN))]


def script(content: ContentStore) -> str:
    """The loader with its words in every language, without comments and indents: every visitor fetches it."""
    words = {
        language: {name: text for name, text in page.items() if name.startswith("widget_")}
        for language, page in content.page.items()
    }
    lines = (line.strip() for line in (STATIC / "widget.js").read_text(encoding="utf-8").splitlines())
    short = "\n".join(line for line in lines if line and not line.startswith("//"))
    return short.replace(BLANK, f"const WORDS = {json.dumps(words, ensure_ascii=False)};")


@router.get("/widget.js")
async def loader(service: TurnsDep) -> Response:
    """The loader; its address never changes, so browsers ask again every hour."""
    return Response(script(service.content), media_type="text/javascript; charset=utf-8", headers=SCRIPT_HEADERS)


@router.get("/clinic/widget")
async def explain(request: Request, service: TurnsDep, who: ClinicianDep) -> HTMLResponse:
    """How to put the chat on a site, in three steps."""
    return await _widget_page(request, service, who)


@router.post("/clinic/widget")
async def make(
    request: Request,
    service: TurnsDep,
    who: ClinicianDep,
    label: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "da",
) -> HTMLResponse:
    """A new code for a site, shown in what there is to copy, this once: only its hash is kept."""
    clinic = await asyncio.to_thread(invites.clinic, service.engine, who.user.clinic_id)
    if not clinic:
        return await _widget_page(request, service, who)
    language = language if language in ("da", "en") else "da"
    usual = service.content.work[who.user.language]["clinic"]["widget_label_usual"]
    label = fields.plain(label) or usual
    if fault := fields.text_error("label", label):
        return await _widget_page(request, service, who, chosen=language, label=label[: fields.SHOWN], fault=fault)
    code = await asyncio.to_thread(_make, service, who, clinic, label, language)
    return await _widget_page(request, service, who, code=code, chosen=language)


def _make(service: Turns, who: Staff, clinic: Clinic, label: str, language: str) -> str:
    code, invite = invites.make(
        service.engine,
        user_id=who.user.id,
        clinic_id=clinic.id,
        clinic_name=fields.own_name(clinic),
        clinic_phone=clinic.phone,
        region=clinic.region,
        label=label,
        language=language,
        most=MOST,
        expires_at=now() + WORKS,
    )
    staff.note(service.engine, who.user, "invite_made", invite.id, most=MOST, language=language)
    return code


async def _widget_page(
    request: Request,
    service: Turns,
    who: Staff,
    *,
    code: str = "",
    chosen: str = "",
    label: str = "",
    fault: str = "",
) -> HTMLResponse:
    clinic = await asyncio.to_thread(invites.clinic, service.engine, who.user.clinic_id)
    return work_page(
        request,
        service,
        who,
        "clinic/widget.html",
        clinic=clinic,
        origins=usable(clinic.origins) if clinic else [],
        address=service.settings.address,
        code=code,
        chosen=chosen or who.user.language,
        status=422 if fault else 200,
        label=label,
        fault=fault,
        longest=fields.LONGEST["label"],
        site_ui=service.content.page[chosen or who.user.language],
    )
