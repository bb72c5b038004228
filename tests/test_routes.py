"""The golden list of who gets what: every route, tried as nobody and as each role. A new route must be listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from starlette.routing import Mount, Route

from bot.content.store import ContentStore
from bot.dialogue.turns import Turns
from bot.gateway import create_app
from bot.screening.screener import Screener
from bot.settings import ROOT, Settings
from bot.store.database import migrate, open_database
from bot.store.staff_models import ROLES
from tests.accounts.staff import signed_in
from tests.fake_rasa import FakeRasa

GOLDEN: dict[str, str] = yaml.safe_load((ROOT / "tests" / "routes.yml").read_text(encoding="utf-8"))
OPEN = ("anyone", "patient", "operator")
STAFF = sorted(route for route, who in GOLDEN.items() if who not in OPEN)


def routes_of(router: Any, before: str = "") -> Iterator[str]:
    """The routes of a router, and of those it includes, as "METHOD /path"."""
    for each in router.routes:
        if isinstance(each, Route):
            yield from (f"{method} {before}{each.path}" for method in (each.methods or set()) - {"HEAD"})
        elif inner := getattr(each, "original_router", None):
            yield from routes_of(inner, before + each.include_context.prefix)


def address(path: str) -> str:
    """The path with something in its places; no such object exists."""
    number = re.sub(r"\{edition_id(:int)?\}", "999999", path)
    return re.sub(r"\{\w+(:\w+)?\}", "da", number)


def ask(client: TestClient, route: str, csrf: str = "") -> Any:
    method, path = route.split()
    data = {"csrf": csrf} if method == "POST" else None
    return client.request(method, address(path), data=data, follow_redirects=False)


def refused(answer: Any) -> bool:
    """Whether the door stayed shut: 403, or the way to sign in."""
    return answer.status_code in (401, 403) or answer.headers.get("location", "").startswith("/sign-in?next=")


def test_every_route_is_on_the_list_and_nothing_else_is() -> None:
    assert set(routes_of(create_app())) == set(GOLDEN)


def test_what_is_mounted_holds_files_only() -> None:
    mounts = {route.path for route in create_app().routes if isinstance(route, Mount)}
    assert mounts == {"/static", "/work-static", "/images"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, content: ContentStore) -> Iterator[TestClient]:
    """One gateway for all doors: none of these requests changes what another meets."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("doors"), rate_limit="off")
    migrate(settings)
    turns = Turns(open_database(settings), content, Screener.load(None), FakeRasa(), settings)  # type: ignore[arg-type]
    with TestClient(create_app(settings, turns)) as running:
        yield running


@pytest.fixture(scope="module")
def engine(client: TestClient) -> Engine:
    found: Engine = client.app.state.turns.engine  # type: ignore[attr-defined]
    return found


@pytest.fixture(autouse=True)
def nobody_yet(client: TestClient) -> None:
    client.cookies.clear()
    client.headers.pop("origin", None)


@pytest.mark.parametrize("route", STAFF)
def test_nobody_gets_into_a_workplace(client: TestClient, route: str) -> None:
    assert refused(ask(client, route)), route


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", STAFF)
def test_a_role_gets_what_is_listed_and_nothing_else(
    client: TestClient, engine: Engine, route: str, role: str
) -> None:
    _, csrf = signed_in(client, engine, [role])
    answer = ask(client, route, csrf)
    allowed = GOLDEN[route] == "signed in" or role in GOLDEN[route].split()
    assert answer.status_code < 500
    assert refused(answer) is not allowed, f"{role} got {answer.status_code}"


@pytest.mark.parametrize("route", [route for route in STAFF if route.startswith("POST")])
@pytest.mark.parametrize("forged", ["without the session's token", "from another site"])
def test_a_forged_post_is_refused(client: TestClient, engine: Engine, route: str, forged: str) -> None:
    _, csrf = signed_in(client, engine, list(ROLES))
    if forged == "from another site":
        client.headers["origin"] = "https://elsewhere.example"
    assert ask(client, route, csrf if "site" in forged else "made up").status_code == 403


@pytest.mark.parametrize("route", [route for route, who in GOLDEN.items() if who == "patient"])
def test_what_is_a_patients_opens_by_their_token_only(client: TestClient, engine: Engine, route: str) -> None:
    signed_in(client, engine, list(ROLES))  # no role opens it
    method, path = route.split()
    bodies: dict[str, Any] = {
        "/api/chat/language": {"language": "da"},
        "/api/chat/messages": {"id": "1", "text": "hej"},
    }
    body = {"json": bodies[path]} if path in bodies and method != "GET" else {}
    answer = client.request(method, address(path), headers={"Authorization": "Bearer x"}, **body)
    assert answer.status_code == 401, answer.status_code
