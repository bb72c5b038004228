"""`rygraad users`: the first administrator, and the way back in when nobody can sign in."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer
from sqlalchemy import Engine

from bot.accounts import fields
from bot.settings import get_settings
from bot.store import invites, staff
from bot.store.staff_models import REVIEWER, ROLES, User

app = typer.Typer(no_args_is_help=True, help="Those who work with Rygråd: clinicians, editors, reviewers, admins.")
WHO = "rygraad users"  # in the audit log


def _engine() -> Engine:
    """The database, brought up to date."""
    from bot.store.database import migrate, open_database

    settings = get_settings()
    migrate(settings)
    return open_database(settings)


def _fail(words: str) -> NoReturn:
    typer.echo(words, err=True)
    raise SystemExit(1)


def _user(engine: Engine, email: str) -> User:
    """The user of an e-mail address; ends the command when there is none."""
    return staff.by_email(engine, fields.line(email)) or _fail(f"There is no user {email}.")


def _clinic_id(engine: Engine, name: str) -> str | None:
    """The id of the one clinic of this name; ends the command otherwise."""
    found = [each for each in invites.clinics(engine) if each.name.casefold() == fields.line(name).casefold()]
    if name and len(found) != 1:
        _fail(f"There are {len(found)} clinics called {name}; add it at /admin/clinics first.")
    return found[0].id if name else None


def _show_link(engine: Engine, user: User) -> None:
    code = staff.password_link(engine, user.id)
    staff.note(engine, None, "link_made", user.email, who=WHO)
    hours = int(staff.LINK_WORKS.total_seconds() // 3600)
    typer.echo(f"To choose a password (works once, for {hours} hours):\n{get_settings().address}/password/{code}")


Name = Annotated[str, typer.Option(help="As colleagues know them.")]
Role = Annotated[list[str], typer.Option(help=f"One of {', '.join(ROLES)}; may be given several times.")]
SignsOff = Annotated[bool, typer.Option("--signs-off", help="A reviewer who approves safety texts as a clinician.")]
ClinicName = Annotated[str, typer.Option(help="Name of the clinic they work for.")]


@app.command("add")
def add(email: str, name: Name, role: Role = [], signs_off: SignsOff = False, clinic: ClinicName = "") -> None:  # noqa: B006
    """Add a user, and print a link to choose a password with."""
    address, called = fields.email(email), fields.name(name)
    if not address or not called:
        _fail("The e-mail address or the name cannot be used.")
    if unknown := sorted(set(role) - set(ROLES)):
        _fail(f"No such role: {', '.join(unknown)}. There are {', '.join(ROLES)}.")
    if signs_off and REVIEWER not in role:
        _fail("--signs-off is for reviewers: add --role reviewer.")
    engine = _engine()
    roles = [each for each in ROLES if each in role]
    clinic_id = _clinic_id(engine, clinic)
    try:
        user = staff.add_user(
            engine, email=address, name=called, roles=roles, signs_off=signs_off, clinic_id=clinic_id
        )
    except staff.EmailTaken:
        _fail(f"There is already a user {address}.")
    staff.note(engine, None, "user_added", user.email, who=WHO, **{"roles": roles, "signs_off": signs_off})
    typer.echo(f"Added {user.email}: {', '.join(roles) or 'no role'}.")
    _show_link(engine, user)


@app.command("list")
def show() -> None:
    """List everybody: e-mail, name, roles, state."""
    for user in staff.users(_engine()):
        roles = ", ".join(user.roles + ["signs off"] * user.signs_off) or "no role"
        typer.echo(f"{user.email}\t{user.name}\t{roles}\t{'active' if user.active else 'not active'}")


@app.command("link")
def link(email: str) -> None:
    """Print a new link to choose a password with; earlier ones no longer work."""
    engine = _engine()
    user = _user(engine, email)
    if not user.active:
        _fail(f"{user.email} may not sign in: not active.")
    _show_link(engine, user)


@app.command("deactivate")
def deactivate(email: str) -> None:
    """Sign a user out everywhere and let them in no more."""
    engine = _engine()
    user = _user(engine, email)
    try:
        staff.change_user(engine, user.id, active=False)
    except staff.LastAdmin:
        _fail(f"{user.email} is the last active admin; make somebody else one first.")
    staff.note(engine, None, "user_changed", user.email, who=WHO, **{"fields": ["active"], "active": False})
    typer.echo(f"{user.email} may no longer sign in.")


@app.command("lost-phone")
def lost_phone(email: str) -> None:
    """Ask a user for no code any more, when the phone is gone and no admin can sign in."""
    engine = _engine()
    user = _user(engine, email)
    staff.change_user(engine, user.id, totp_on=False, totp_secret=None)
    staff.note(engine, None, "totp_off", user.email, who=WHO)
    typer.echo(f"{user.email} signs in without a code now.")
