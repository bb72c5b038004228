"""Users for tests, and signing them in without the sign-in page. For the tests of every workplace."""

from __future__ import annotations

import re
import secrets
import time
from typing import Any

import pyotp
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from bot.accounts import totp
from bot.accounts.access import COOKIE
from bot.accounts.passwords import hashed
from bot.store import staff
from bot.store.staff_models import User

PASSWORD = "tretten grønne heste"


def make_user(
    engine: Engine,
    *,
    roles: list[str],
    name: str = "Karen Holm",
    email: str | None = None,
    signs_off: bool = False,
    clinic_id: str | None = None,
    language: str = "da",
    password: str | None = None,
) -> User:
    """A user of these roles, with an address of their own and without a password, unless they are given."""
    fields: dict[str, Any] = {"signs_off": signs_off, "clinic_id": clinic_id, "language": language}
    if password:
        fields["password_hash"] = hashed(password)
    email = email or f"{secrets.token_hex(4)}@klinik.example"
    return staff.add_user(engine, email=email, name=name, roles=roles, **fields)


def sign_in(client: TestClient, engine: Engine, user: User) -> str:
    """Signs the client in as this user; the csrf token that every post must carry as the field `csrf`."""
    token = staff.open_session(engine, user.id, passed=True)
    set_cookie(client, token)
    found = staff.session_of(engine, token)
    assert found
    return found[0].csrf


def set_cookie(client: TestClient, token: str) -> None:
    """Gives the client a session's cookie, as the server would: the server can replace it."""
    host = client.base_url.host
    client.cookies.set(COOKIE, token, domain=host if "." in host else f"{host}.local", path="/")


def signed_in(client: TestClient, engine: Engine, roles: list[str], **fields: Any) -> tuple[User, str]:
    """A new user of these roles, signed in on the client, and the csrf token."""
    user = make_user(engine, roles=roles, **fields)
    return user, sign_in(client, engine, user)


def enter(client: TestClient, email: str, password: str = PASSWORD, **more: str) -> Any:
    """Signs in on the page; the answer."""
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def csrf_of(page: str) -> str:
    """The token of a page's forms."""
    found = re.search(r'name="csrf" value="([^"]*)"', page)
    assert found
    return found[1]


def actions(engine: Engine) -> list[str]:
    """What the audit log says was done, oldest first."""
    return [line.action for line in reversed(staff.audit(engine))]


def code_now(secret: str, steps: int = 0) -> str:
    """The code an authenticator app shows, so many steps of 30 seconds from now."""
    return pyotp.TOTP(secret).generate_otp(int(time.time() // totp.PERIOD) + steps)
