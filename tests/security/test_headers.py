"""What every answer says to the browser, route by route of the golden list: a new route is held to it as well."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import pytest
from pydantic import SecretStr

from bot.accounts.access import COOKIE
from bot.channels.web.page import STATIC
from bot.content.store import CONTENT, ContentStore
from bot.settings import Settings
from bot.store import staff
from tests.accounts.staff import PASSWORD, make_user
from tests.security.fuzz import rightful
from tests.security.world import SITE, World
from tests.test_routes import GOLDEN

ROUTES = sorted(route for route, who in GOLDEN.items() if who != "operator")
# What tells nothing of anybody, and may be kept.
PUBLIC = ("GET /widget.js", "GET /livez", "GET /readyz", "GET /openapi.json")
STREAM = "GET /api/chat/events"  # does not end; its headers are in the test below
POLICY = {
    "default-src": {"'none'"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "connect-src": {"'self'"},
    "form-action": {"'self'"},
    "base-uri": {"'none'"},
}
BODIES: dict[str, Any] = {
    "/api/chat": {"language": "da"},
    "/api/chat/messages": {"id": "1", "text": "må jeg løbe?"},
    "/api/chat/language": {"language": "da"},
}


Answers = Callable[[str], list[tuple[str, Any]]]


def policy(answer: Any) -> dict[str, set[str]]:
    """The content security policy, directive by directive."""
    parts = [part.split() for part in answer.headers["content-security-policy"].split(";")]
    return {name: set(values) for name, *values in parts}


def ask(world: World, route: str, headers: dict[str, str], *, real: bool = True) -> Any:
    """Asks for a route; at its places something that exists, or nothing that does."""
    method, path = route.split()
    bare = re.sub(r":\w+\}", "}", path)
    address = re.sub(r"\{(\w+)\}", lambda place: world.real(bare, place[1]) if real else "0", bare)
    token = headers.get("Authorization", "").removeprefix("Bearer ")
    body = {"json": BODIES[path]} if path in BODIES else {"data": {"token": token}} if method == "POST" else {}
    world.open_doors()
    return world.client.request(method, address, headers=headers, allow_redirects=False, **body)


@pytest.fixture(scope="module")
def answers(world: World) -> Answers:
    """Everything a route says, asked once."""
    return lru_cache(lambda route: [] if route == STREAM else list(said(world, route)))


def said(world: World, route: str) -> Iterator[tuple[str, Any]]:
    """What a route says to those who may, to those who may not, and of what is not there."""
    yield "theirs", ask(world, route, rightful(world, GOLDEN[route]))
    yield "nobody's", ask(world, route, {})
    yield "another's", ask(world, route, world.session("clinician") | {"Authorization": "Bearer made-up"})
    yield "forged", ask(world, route, world.session("all", csrf=False) | {"Origin": "https://elsewhere.example"})
    yield "not there", ask(world, route, rightful(world, GOLDEN[route]), real=False)


@pytest.mark.parametrize("route", ROUTES)
def test_every_answer_of_every_route_carries_the_headers_that_protect_it(answers: Answers, route: str) -> None:
    for whose, answer in answers(route):
        told = f"{whose}: {answer.status_code}"
        assert answer.headers["x-content-type-options"] == "nosniff", told
        html = answer.headers.get("content-type", "").startswith("text/html")
        if answer.ok and answer.status_code != 204 and route not in PUBLIC:
            assert answer.headers["cache-control"] == "no-store", told
        if html:
            framed = route == "GET /embed/{code}" and whose != "not there"
            assert policy(answer) == POLICY | {"frame-ancestors": {SITE} if framed else {"'none'"}}, told
            assert answer.headers["referrer-policy"] == "no-referrer", told
            assert answer.headers["cache-control"] == "no-store", told


@pytest.mark.parametrize("route", ROUTES)
def test_no_page_holds_a_script_or_style_of_its_own(answers: Answers, route: str) -> None:
    for whose, answer in answers(route):
        if answer.headers.get("content-type", "").startswith("text/html"):
            scripts = re.findall(r"<script\b([^>]*)>", answer.text)
            assert all('src="/' in tag or 'type="application/json"' in tag for tag in scripts), whose
            assert not re.search(r"<style|<[^>]+\s(style|on\w+)=", answer.text), whose


def test_the_sites_of_a_clinic_frame_its_chat_through_every_step_and_no_other_page(world: World) -> None:
    code, _ = world.invite()
    step = {"choice": "consent_yes", "invite": code, "embedded": "1"}
    assert policy(world.client.post("/chat", data=step))["frame-ancestors"] == {SITE}
    assert policy(world.client.post("/chat", data=step | {"embedded": ""}))["frame-ancestors"] == {"'none'"}
    assert policy(world.client.post("/chat", data=step | {"invite": "made-up"}))["frame-ancestors"] == {"'none'"}


def test_the_stream_of_late_replies_is_kept_by_nobody(world: World) -> None:
    headers = rightful(world, "patient")
    answer = world.client.get("/api/chat/events", headers=headers, timeout=0.2)
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", [f"/static/{path.name}" for path in STATIC.iterdir() if path.suffix in (".css", ".js", ".svg")]
    + [f"/images/{path.name}" for path in sorted((CONTENT / "images").iterdir())[:3]],
)  # fmt: skip
def test_a_file_is_what_its_name_says(world: World, path: str) -> None:
    answer = world.client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    assert answer.headers["content-type"].startswith(kinds[path.rpartition(".")[2]])


@pytest.mark.parametrize("body", [b"x" * 70_000, b"{"], ids=["too big", "no JSON"])
def test_a_refusal_before_any_route_is_no_page(world: World, body: bytes) -> None:
    answer = world.client.post("/api/chat", data=body, headers={"content-type": "application/json"})
    assert answer.status_code in (413, 422) and answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/json"


def test_no_other_site_reads_an_answer(answers: Answers) -> None:
    """Not one header opens the gateway to scripts of other sites; the loader is a script and holds nothing."""
    for route in ROUTES:
        for _, answer in answers(route):
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


# -- cookies --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def https(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Any, content: ContentStore) -> Iterator[World]:
    """A gateway in production, as far as cookies go: behind https."""
    folder = tmp_path_factory.mktemp("https")
    (folder / "rygraad.db").write_bytes(empty_sqlite.read_bytes())
    settings = Settings(data_dir=folder, rate_limit="off", public_url="https://rygraad.example")
    found = World(settings.model_copy(update={"secret_key": SecretStr("s" * 40)}), content)
    yield found
    found.close()


def test_every_cookie_stays_with_the_browser_and_the_site_and_travels_over_https_only(https: World) -> None:
    user = make_user(https.engine, roles=["admin"], password=PASSWORD)
    form = {"email": user.email, "password": PASSWORD}
    signed_in = https.client.post("/sign-in", data=form, allow_redirects=False)
    token = signed_in.cookies[COOKIE]
    session = staff.session_of(https.engine, token)
    assert session
    new = {"csrf": session[0].csrf, "old": PASSWORD, "new": "fjorten grønne heste", "again": "fjorten grønne heste"}
    https.open_doors()
    cookie = {"Cookie": f"{COOKIE}={token}"}  # by hand: this gateway is asked over http, where the browser keeps it
    changed = https.client.post("/account/password", data=new, headers=cookie, allow_redirects=False)
    for answer in (signed_in, changed):
        parts = {part.strip().casefold() for part in answer.headers["set-cookie"].split(";")}
        assert answer.status_code == 303 and {"httponly", "samesite=lax", "secure", "path=/"} <= parts


def test_a_patient_gets_no_cookie_at_all(answers: Answers) -> None:
    patients = [route for route, who in GOLDEN.items() if who in ("anyone", "patient")]
    for route in patients:
        for _, answer in answers(route):
            given = answer.headers.get("set-cookie", "")
            assert not given or (route.split()[1].startswith("/sign-") and "httponly" in given.casefold()), route
