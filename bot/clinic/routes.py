"""The clinician's own pages: the invites they gave, what came of them, and making one more."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from bot.accounts.access import Missing, Staff, needs
from bot.accounts.pages import go, work_page
from bot.channels.web.api import TurnsDep
from bot.channels.web.own_pages import date_words
from bot.channels.web.page import HEADERS
from bot.clinic import counts, fields, materials, overview
from bot.clinic.fields import InviteForm
from bot.clinic.spreadsheet import sheet
from bot.clock import now
from bot.content.journeys import rules
from bot.dialogue.replies import contacts
from bot.dialogue.turns import Turns
from bot.store import invites, staff
from bot.store.conversations import hash_token
from bot.store.staff_models import CLINICIAN, Invite

router = APIRouter(prefix="/clinic")
ClinicianDep = Annotated[Staff, Depends(needs(CLINICIAN))]
LONGEST_ONCE = 64
QR_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@router.get("")
async def overview_page(request: Request, service: TurnsDep, who: ClinicianDep) -> HTMLResponse:
    """A clinician's own invites and the numbers of all together."""
    lines, totals = await asyncio.to_thread(overview.read, service.engine, who.user.id)
    return _page(request, service, who, "clinic/overview.html", lines=lines, totals=totals, measures=counts.MEASURES)


@router.get("/counts.csv")
async def counts_file(service: TurnsDep, who: ClinicianDep) -> Response:
    """The same numbers as a file for a spreadsheet."""
    lines, totals = await asyncio.to_thread(overview.read, service.engine, who.user.id)
    language = who.user.language
    table = overview.table(lines, totals, service.content.work[language]["clinic"], service.content.page[language])
    return _file(sheet(table, language), "text/csv; charset=utf-8", "rygraad.csv")


@router.get("/invites/new")
async def new_invite(request: Request, service: TurnsDep, who: ClinicianDep, like: str = "") -> HTMLResponse:
    """The form, filled in with what is most likely right; `like` takes the settings of an own invite."""
    form = await asyncio.to_thread(_first_form, service, who, like)
    return _form_page(request, service, who, form)


@router.post("/invites/new")
async def make_invite(request: Request, service: TurnsDep, who: ClinicianDep) -> Response:
    """Makes the invite and shows its link, this once; or the form again, with what is wrong beside each field."""
    sent = await request.form()
    clinic = await asyncio.to_thread(invites.clinic, service.engine, who.user.clinic_id)
    form = fields.read_form(sent, sent.getlist("stress"), clinic)
    if form.errors:
        return _form_page(request, service, who, form, status=422)
    code, invite = await asyncio.to_thread(_make, service, who, form, str(sent.get("once") or "")[:LONGEST_ONCE])
    if overview.ended(invite):  # the answer of an old form, loaded again
        return go(f"/clinic/invites/{invite.id}")
    made = materials.materials(service.content, invite, code, service.settings.address, _bot_name(request))
    return _page(request, service, who, "clinic/made.html", invite=invite, made=made)


@router.get("/invites/{invite_id}")
async def show_invite(request: Request, service: TurnsDep, who: ClinicianDep, invite_id: str) -> HTMLResponse:
    """One invite: its settings, its numbers, and the way to end it."""
    invite = await _own(service, who, invite_id)
    rows = await asyncio.to_thread(counts.gather, service.engine, who.user.id)
    line = overview.line(invite, rows[invite.id])
    return _page(request, service, who, "clinic/invite.html", line=line, measures=counts.MEASURES)


@router.post("/invites/{invite_id}/revoke")
async def revoke_invite(request: Request, service: TurnsDep, who: ClinicianDep, invite_id: str) -> Response:
    """Asks once more, then lets nobody new in by it; whoever is in stays."""
    invite = await _own(service, who, invite_id)
    if (await request.form()).get("sure") != "yes":
        return _page(request, service, who, "clinic/revoke.html", invite=invite)
    if not invite.revoked_at:
        await asyncio.to_thread(invites.revoke, service.engine, invite.id)
        await asyncio.to_thread(staff.note, service.engine, who.user, "invite_revoked", invite.id)
    return go(f"/clinic/invites/{invite.id}")


@router.post("/invites/{invite_id}/handout")
async def handout(request: Request, service: TurnsDep, who: ClinicianDep, invite_id: str) -> Response:
    """The page to print, in the patient's language; an invite that has ended has none."""
    invite, code = await _with_code(request, service, who, invite_id)
    if overview.ended(invite):
        return go(f"/clinic/invites/{invite.id}")
    link = materials.web_link(service.settings.address, code)
    sheet = materials.handout(service.content, invite, link)
    theirs = {
        "to": service.content.work[invite.language]["clinic"],
        "their_ui": service.content.page[invite.language],
    }
    return _page(request, service, who, "clinic/handout.html", invite=invite, sheet=sheet, **theirs)


@router.post("/invites/{invite_id}/qr.{kind}")
async def qr_file(request: Request, service: TurnsDep, who: ClinicianDep, invite_id: str, kind: str) -> Response:
    """The QR code as a file."""
    if kind not in QR_TYPES:
        raise Missing
    _, code = await _with_code(request, service, who, invite_id)
    link = materials.web_link(service.settings.address, code)
    body = await asyncio.to_thread(materials.qr_file, link, kind)
    return _file(body, QR_TYPES[kind], f"rygraad-qr.{kind}")


# -- what the routes share ------------------------------------------------------------------------------------------


async def _own(service: Turns, who: Staff, invite_id: str) -> Invite:
    """The clinician's own invite. Raises Missing for another's, and for one there is not."""
    found = await asyncio.to_thread(invites.own, service.engine, who.user.id, invite_id)
    if not found:
        raise Missing
    return found


async def _with_code(request: Request, service: Turns, who: Staff, invite_id: str) -> tuple[Invite, str]:
    """The own invite of the address, and its code, which only the page that made it still has. Raises Missing."""
    invite = await _own(service, who, invite_id)
    code = str((await request.form()).get("code") or "")
    if not hmac.compare_digest(hash_token(code), invite.code_hash):
        raise Missing
    return invite, code


def _first_form(service: Turns, who: Staff, like: str) -> InviteForm:
    """Raises Missing when `like` is no invite of theirs."""
    if like:
        if not (earlier := invites.own(service.engine, who.user.id, like)):
            raise Missing
        return fields.same_again(earlier)
    latest = next(iter(invites.of_user(service.engine, who.user.id)), None)
    return fields.first_form(invites.clinic(service.engine, who.user.clinic_id), latest)


def _make(service: Turns, who: Staff, form: InviteForm, once: str) -> tuple[str, Invite]:
    secret = service.settings.secrets()[0]
    code = materials.code_for(secret, who.user.id, once or secrets.token_urlsafe(16), form)
    if before := invites.of_code(service.engine, code):
        return code, before
    made = form.settings(now()) | {"user_id": who.user.id, "clinic_id": who.user.clinic_id}
    invite = invites.make_once(service.engine, code, **made)
    staff.note(service.engine, who.user, "invite_made", invite.id, most=invite.most, language=invite.language)
    return code, invite


def _form_page(request: Request, service: Turns, who: Staff, form: InviteForm, *, status: int = 200) -> HTMLResponse:
    """The form; its own random number makes one invite of however many times it is sent."""
    known: dict[str, Any] = {
        "form": form,
        "once": secrets.token_urlsafe(16),
        "longest": fields.LONGEST,
        "mosts": fields.MOST,
        "lasts": fields.DAYS,
        "regions": list(contacts()["regions"]),
        "stresses": list(rules()["stress"]),
    }
    return _page(request, service, who, "clinic/new.html", status=status, **known)


def _page(request: Request, service: Turns, who: Staff, template: str, **context: Any) -> HTMLResponse:
    known: dict[str, Any] = {
        "day": date_words(who.user.language),
        "titles": service.content.titles[who.user.language],
        "telegram": bool(_bot_name(request)),
    }
    return work_page(request, service, who, template, **known, **context)


def _bot_name(request: Request) -> str:
    telegram = request.app.state.telegram
    return telegram.username if telegram else ""


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(body, media_type=media_type, headers=headers)
