"""Administration of users: who may sign in, and as what. Every change is written in the audit log."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from bot.accounts import audit, clinics, fields
from bot.accounts.access import Missing, Staff, needs
from bot.accounts.pages import go, work_page
from bot.channels.web.api import TurnsDep
from bot.dialogue.turns import Turns
from bot.store import invites, staff
from bot.store.staff_models import ADMIN, REVIEWER, ROLES, User

router = APIRouter(prefix="/admin")
router.include_router(clinics.router)
router.include_router(audit.router)
Admin = Annotated[Staff, Depends(needs(ADMIN))]


class UserForm(BaseModel):
    """A user as the form has it; ticks are "yes" or nothing."""

    name: str = ""
    email: str = ""
    roles: list[str] = []
    signs_off: str = ""
    clinic_id: str = ""
    active: str = ""

    def faults(self, service: Turns) -> dict[str, str]:
        """What is wrong, as names in accounts.yml, by field."""
        clinic = invites.clinic(service.engine, fields.line(self.clinic_id)) if self.clinic_id else None
        wrong = {
            "name": "" if fields.name(self.name) else "name_wrong",
            "roles": "roles_wrong" if set(self.roles) - set(ROLES) or (self.clinic_id and not clinic) else "",
            "signs_off": "signs_off_alone" if self.signs_off and REVIEWER not in self.roles else "",
        }
        return {field: fault for field, fault in wrong.items() if fault}

    def values(self) -> dict[str, Any]:
        """What is stored, but for the e-mail and whether the user is active."""
        return {
            "name": fields.name(self.name),
            "roles": [role for role in ROLES if role in self.roles],
            "signs_off": bool(self.signs_off),
            "clinic_id": fields.line(self.clinic_id) or None,
        }


def state(user: User) -> str:
    """Where a user stands: active, waiting (has no way to sign in yet), off."""
    if not user.active:
        return "off"
    return "active" if user.password_hash or user.oidc_subject else "waiting"


def _form_page(
    request: Request,
    service: Turns,
    who: Staff,
    form: UserForm,
    user: User | None,
    faults: dict[str, str],
) -> HTMLResponse:
    context = {"form": form, "user": user, "new": not user, "faults": faults, "state": state}
    template = "accounts/user.html" if user else "accounts/user_new.html"
    status = 422 if faults else 200
    known = {"all_roles": ROLES, "clinics": invites.clinics(service.engine)}
    return work_page(request, service, who, template, status=status, **context, **known)


def _user(service: Turns, user_id: str) -> User:
    """The user of an id. Raises Missing."""
    found = staff.user(service.engine, fields.line(user_id))
    if not found:
        raise Missing
    return found


def _handed_over(request: Request, service: Turns, who: Staff, user: User) -> HTMLResponse:
    """A new link to choose a password, shown once."""
    code = staff.password_link(service.engine, user.id)
    staff.note(service.engine, who.user, "link_made", user.email)
    hours = int(staff.LINK_WORKS.total_seconds() // 3600)
    link = f"{service.settings.address}/password/{code}"
    return work_page(request, service, who, "accounts/link.html", user=user, link=link, hours=hours)


@router.get("/users")
def users(request: Request, service: TurnsDep, who: Admin) -> HTMLResponse:
    """Everybody, with roles, state and the last sign-in."""
    return work_page(request, service, who, "accounts/users.html", users=staff.users(service.engine), state=state)


@router.get("/users/new")
def new_user(request: Request, service: TurnsDep, who: Admin) -> HTMLResponse:
    """The form for a user."""
    return _form_page(request, service, who, UserForm(), None, {})


@router.post("/users")
def add_user(request: Request, service: TurnsDep, who: Admin, form: Annotated[UserForm, Form()]) -> HTMLResponse:
    """Adds a user; the answer shows the link to hand over."""
    email = fields.email(form.email)
    faults = form.faults(service) | ({} if email else {"email": "email_wrong"})
    if faults or not email:
        return _form_page(request, service, who, form, None, faults)
    try:
        user = staff.add_user(service.engine, email=email, language=who.user.language, **form.values())
    except staff.EmailTaken:
        return _form_page(request, service, who, form, None, {"email": "email_taken"})
    details: dict[str, Any] = {"roles": user.roles, "signs_off": user.signs_off}
    staff.note(service.engine, who.user, "user_added", user.email, **details)
    return _handed_over(request, service, who, user)


@router.get("/users/{user_id}")
def user(request: Request, service: TurnsDep, who: Admin, user_id: str) -> HTMLResponse:
    """One user. Raises Missing."""
    found = _user(service, user_id)
    form = UserForm(
        name=found.name,
        roles=found.roles,
        signs_off="yes" if found.signs_off else "",
        clinic_id=found.clinic_id or "",
        active="yes" if found.active else "",
    )
    return _form_page(request, service, who, form, found, {})


@router.post("/users/{user_id}")
def change_user(
    request: Request, service: TurnsDep, who: Admin, user_id: str, form: Annotated[UserForm, Form()]
) -> Response:
    """Changes a user, and writes down what. Raises Missing."""
    found = _user(service, user_id)
    if faults := form.faults(service):
        return _form_page(request, service, who, form, found, faults)
    wanted = form.values() | {"active": bool(form.active)}
    changed = {name: value for name, value in wanted.items() if value != getattr(found, name)}
    if not changed:
        return go(f"/admin/users/{found.id}")
    try:
        staff.change_user(service.engine, found.id, **changed)
    except staff.LastAdmin:
        field = "roles" if found.active and form.active else "active"
        return _form_page(request, service, who, form, found, {field: "last_admin"})
    told = {name: changed[name] for name in ("roles", "signs_off", "active") if name in changed}
    staff.note(service.engine, who.user, "user_changed", found.email, fields=sorted(changed), **told)
    return go(f"/admin/users/{found.id}?done=user")


@router.post("/users/{user_id}/link")
def make_link(request: Request, service: TurnsDep, who: Admin, user_id: str) -> Response:
    """A link for whoever has forgotten the password. Raises Missing."""
    found = _user(service, user_id)
    return _handed_over(request, service, who, found) if found.active else go(f"/admin/users/{found.id}")


@router.post("/users/{user_id}/second/off")
def second_off(service: TurnsDep, who: Admin, user_id: str) -> Response:
    """No code any more, for whoever has lost the phone. Raises Missing."""
    found = _user(service, user_id)
    if found.totp_on:
        staff.change_user(service.engine, found.id, totp_on=False, totp_secret=None)
        staff.note(service.engine, who.user, "totp_off", found.email)
    return go(f"/admin/users/{found.id}?done=phone_off")


@router.post("/users/{user_id}/elsewhere/off")
def untie(service: TurnsDep, who: Admin, user_id: str) -> Response:
    """The next sign-in elsewhere ties the user anew. Raises Missing."""
    found = _user(service, user_id)
    if found.oidc_subject:
        staff.change_user(service.engine, found.id, oidc_subject=None)
        staff.note(service.engine, who.user, "user_changed", found.email, fields=["oidc_subject"])
    return go(f"/admin/users/{found.id}?done=bound_off")
