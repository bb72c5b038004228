"""A summary that a patient shared: for whoever has the link, or only for clinicians who are signed in."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from bot.accounts.access import SomeoneDep, Staff
from bot.channels.web.api import TurnsDep, preferred
from bot.channels.web.own_pages import own_page, summed
from bot.dialogue.turns import Turns
from bot.store import conversations as store
from bot.store import invites, records, staff
from bot.store.models import Share
from bot.store.staff_models import CLINICIAN

router = APIRouter()


@router.get("/s/{code}")
async def shared_summary(
    request: Request, service: TurnsDep, someone: SomeoneDep, code: str, language: str = ""
) -> HTMLResponse:
    """The summary a patient shared; the view is noted for the patient. 404 once it is withdrawn or expired, 403 for
    somebody who is not signed in as a clinician where the patient wants that."""
    reader = someone if someone and someone.session.passed and someone.has(CLINICIAN) else None
    try:
        link = await asyncio.to_thread(_open, service, code, reader)
    except records.StaffOnly:
        back = f"/sign-in?next=/s/{code}"
        return _refused(request, service, "staff_only", language, 403, back=back, someone=someone)
    found = await asyncio.to_thread(store.get, service.engine, link.conversation_id) if link else None
    if not link or not found:
        return _refused(request, service, "not_shared", "", 404)
    found.language = language if language in ("da", "en") else link.language
    sums = await asyncio.to_thread(summed, service, found)
    until = link.expires_at
    return own_page(request, service, "summary", found.language, sums=sums, until=until, path=f"/s/{code}")


def _open(service: Turns, code: str, reader: Staff | None) -> Share | None:
    if not reader:
        return records.open_share(service.engine, code)
    clinic = invites.clinic(service.engine, reader.user.clinic_id)
    link = records.open_share(service.engine, code, by=CLINICIAN, clinic=clinic.name if clinic else "")
    if link:
        staff.note(service.engine, reader.user, "summary_read", link.code_hash[:12])
    return link


def _refused(
    request: Request, service: Turns, name: str, language: str, status: int, **context: object
) -> HTMLResponse:
    words = language if language in ("da", "en") else preferred(request)
    page = own_page(request, service, name, words, **context)
    page.status_code = status
    return page
