"""Administration of clinics: what their links say, and which websites may show the chat."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from bot.accounts import fields
from bot.accounts.access import Missing, Staff, needs
from bot.accounts.pages import go, work_page
from bot.channels.web.api import TurnsDep
from bot.dialogue.replies import contacts
from bot.dialogue.turns import Turns
from bot.store import invites, staff
from bot.store.staff_models import ADMIN, Clinic

router = APIRouter(prefix="/clinics")
Admin = Annotated[Staff, Depends(needs(ADMIN))]
MOST_CHARACTERS = 6000  # of the field for websites


class ClinicForm(BaseModel):
    """A clinic as the form has it; `origins` one per line."""

    name: str = ""
    phone: str = ""
    region: str = ""
    origins: str = ""

    def sites(self, service: Turns) -> tuple[list[str], list[str]]:
        """The websites, and the lines that are none."""
        return fields.origins(self.origins[:MOST_CHARACTERS], demo=service.settings.env == "demo")

    def faults(self, service: Turns, clinic_id: str) -> dict[str, str]:
        """What is wrong, as names in accounts.yml, by field."""
        others = [each for each in invites.clinics(service.engine) if each.id != clinic_id]
        name, (good, bad) = fields.name(self.name), self.sites(service)
        taken = bool(name) and any(each.name.casefold() == str(name).casefold() for each in others)
        wrong = {
            "name": "clinic_taken" if taken else "" if name else "name_wrong",
            "phone": "phone_wrong" if fields.phone(self.phone) is None else "",
            "region": "region_wrong" if self.region and self.region not in contacts()["regions"] else "",
            "origins": "origins_wrong" if bad else "origins_many" if len(good) > fields.MOST_ORIGINS else "",
        }
        return {field: fault for field, fault in wrong.items() if fault}

    def values(self, service: Turns) -> dict[str, Any]:
        """What is stored."""
        return {
            "name": fields.name(self.name),
            "phone": fields.phone(self.phone),
            "region": self.region or None,
            "origins": self.sites(service)[0],
        }


def regions(service: Turns, language: str) -> dict[str, str]:
    """The regions there are, with their titles."""
    titles = service.content.titles[language]
    return {name: titles.get(f"region_{name}", name) for name in contacts()["regions"]}


def _page(
    request: Request, service: Turns, who: Staff, form: ClinicForm, clinic: Clinic | None, faults: dict[str, str]
) -> HTMLResponse:
    context = {"form": form, "clinic": clinic, "faults": faults, "bad": form.sites(service)[1][:5]}
    known = {"regions": regions(service, who.user.language)}
    return work_page(request, service, who, "accounts/clinic.html", status=422 if faults else 200, **context, **known)


def _clinic(service: Turns, clinic_id: str) -> Clinic:
    """The clinic of an id. Raises Missing."""
    found = invites.clinic(service.engine, fields.line(clinic_id))
    if not found:
        raise Missing
    return found


@router.get("")
def clinics(request: Request, service: TurnsDep, who: Admin) -> HTMLResponse:
    """Every clinic."""
    found = invites.clinics(service.engine)
    named = regions(service, who.user.language)
    return work_page(request, service, who, "accounts/clinics.html", clinics=found, regions=named)


@router.get("/new")
def new_clinic(request: Request, service: TurnsDep, who: Admin) -> HTMLResponse:
    """The form for a clinic."""
    return _page(request, service, who, ClinicForm(), None, {})


@router.post("")
def add_clinic(request: Request, service: TurnsDep, who: Admin, form: Annotated[ClinicForm, Form()]) -> Response:
    """Adds a clinic."""
    if faults := form.faults(service, ""):
        return _page(request, service, who, form, None, faults)
    clinic = Clinic(id=secrets.token_hex(8), **form.values(service))
    invites.keep_clinic(service.engine, clinic)
    staff.note(service.engine, who.user, "clinic_changed", clinic.name, new=True, origins=clinic.origins)
    return go("/admin/clinics?done=clinic")


@router.get("/{clinic_id}")
def clinic(request: Request, service: TurnsDep, who: Admin, clinic_id: str) -> HTMLResponse:
    """One clinic. Raises Missing."""
    found = _clinic(service, clinic_id)
    sites = "\n".join(found.origins)
    form = ClinicForm(name=found.name, phone=found.phone, region=found.region or "", origins=sites)
    return _page(request, service, who, form, found, {})


@router.post("/{clinic_id}")
def change_clinic(
    request: Request, service: TurnsDep, who: Admin, clinic_id: str, form: Annotated[ClinicForm, Form()]
) -> Response:
    """Changes a clinic, and writes down what. Raises Missing."""
    found = _clinic(service, clinic_id)
    if faults := form.faults(service, found.id):
        return _page(request, service, who, form, found, faults)
    changed = {name: value for name, value in form.values(service).items() if value != getattr(found, name)}
    if changed:
        for name, value in changed.items():
            setattr(found, name, value)
        invites.keep_clinic(service.engine, found)
        told: dict[str, Any] = {"origins": found.origins} if "origins" in changed else {}
        staff.note(service.engine, who.user, "clinic_changed", found.name, fields=sorted(changed), **told)
    return go("/admin/clinics?done=clinic")
