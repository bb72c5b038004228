"""Whatever is asked of any address: never a server error. `RYGRAAD_FUZZ_EXAMPLES=200` asks each 200 times."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gateway import create_app
from tests.security import fuzz
from tests.security.fuzz import EXAMPLES, QUIET, cases, operations, rightful, strangers
from tests.security.world import World
from tests.test_routes import GOLDEN

CHECKS = [schemathesis.checks.not_a_server_error]
WHO = {re.sub(r":\w+\}", "}", route): who for route, who in GOLDEN.items()}
OPERATIONS = operations(create_app().openapi())
# Routes that the schema does not list, with the test below that asks them.
HIDDEN = {
    "GET /openapi.json": "test_what_the_schema_does_not_list_is_asked_too",
    "GET /metrics": "test_what_the_schema_does_not_list_is_asked_too",
    "POST /telegram/webhook": "test_whatever_calls_itself_telegram",
}


STREAM = "GET /api/chat/events"  # does not end by itself
OF_AN_UPDATE = ("message_id", "text", "chat", "id", "from", "date", "type", "entities", "caption", "first_name")


def who_may(name: str) -> str:
    """Who an operation is for; whoever may GET may ask for the headers alone."""
    return WHO[name.replace("HEAD ", "GET ")]


def test_every_route_is_asked() -> None:
    assert {name for name in OPERATIONS if not name.startswith("HEAD")} | set(HIDDEN) == set(WHO)
    assert all(test in globals() for test in HIDDEN.values())


def test_the_fields_of_every_form_are_known() -> None:
    silent = {each.path for name, each in OPERATIONS.items() if name.startswith(("POST", "PUT")) and not each.body}
    assert silent == set(fuzz.FIELDS) | fuzz.BARE


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_of_those_who_may_makes_the_server_fail(world: World, name: str) -> None:
    operation, who = OPERATIONS[name], who_may(name)

    @QUIET
    @given(cases(operation, world))
    def ask(drawn: tuple[Any, dict[str, Any]]) -> None:
        answer(world, *drawn, rightful(world, who), 0.3 if name == STREAM else 20)

    ask()


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_of_anybody_else_makes_the_server_fail(world: World, name: str) -> None:
    @settings(QUIET, max_examples=max(4, EXAMPLES // 4))
    @given(cases(OPERATIONS[name], world), st.integers(0, 9))
    def ask(drawn: tuple[Any, dict[str, Any]], which: int) -> None:
        answer(world, *drawn, strangers(world)[which]())

    ask()


def answer(world: World, case: Any, more: dict[str, Any], headers: dict[str, str], seconds: float = 20) -> None:
    """Asks, and holds the answer against what must always be so."""
    world.open_doors()
    sent = more | {"headers": more["headers"] | headers}
    found = case.call(session=world.client, app=world.app, allow_redirects=False, timeout=seconds, **sent)
    case.validate_response(found, checks=CHECKS)
    assert found.headers["x-content-type-options"] == ["nosniff"], found.status_code


@pytest.mark.parametrize("path", ["/openapi.json", "/metrics"])
def test_what_the_schema_does_not_list_is_asked_too(world: World, path: str) -> None:
    @QUIET
    @given(fuzz.HEADER, st.dictionaries(fuzz.HEADER, fuzz.ANYTHING, max_size=2))
    def ask(authorization: str, params: dict[str, str]) -> None:
        found = world.client.get(path, headers={"Authorization": authorization.strip()}, params=params)
        assert found.status_code == (200 if path == "/openapi.json" else 404)

    ask()


@QUIET
@given(tail=st.one_of(fuzz.ANYTHING, st.lists(st.sampled_from(["..", "%2e%2e", "%00", "/", "\\", "chat.css"]))))
@pytest.mark.parametrize("folder", ["static", "work-static", "images"])
def test_no_file_outside_its_folder_is_given(world: World, folder: str, tail: str | list[str]) -> None:
    asked = f"/{folder}/{tail if isinstance(tail, str) else '/'.join(tail)}"
    found = world.client.get(asked, allow_redirects=False)
    assert found.status_code < 500
    assert "root:" not in found.text and "create_app" not in found.text


ANY_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(fuzz.PLAUSIBLE), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(OF_AN_UPDATE), inner)),
    max_leaves=12,
)
NUMBER = st.one_of(st.integers(-(2**63), 2**63 - 1), st.none(), st.text(max_size=5), st.floats(-1e15, 1e15))
UPDATE = st.one_of(
    ANY_JSON.filter(lambda item: not isinstance(item, dict)),
    st.builds(lambda number, rest: {**rest, "update_id": number}, NUMBER, st.dictionaries(st.text(), ANY_JSON)),
    st.builds(lambda number, message: {"update_id": number, "message": message}, NUMBER, ANY_JSON),
)


@pytest.fixture
def nobody_answers(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Telegram's secret, for a gateway that takes updates and answers none."""
    monkeypatch.setattr("bot.channels.telegram.inbox.ANSWERED_WITHIN", 0.0)
    yield world.telegram()
    world.app.state.telegram = None


def call_in(world: World, body: bytes, secret: str) -> int:
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
    return int(world.client.post("/telegram/webhook", data=body, headers=headers, timeout=20).status_code)


@QUIET
@given(body=st.one_of(UPDATE.map(lambda item: json.dumps(item).encode()), st.binary()), knows=st.booleans())
def test_whatever_calls_itself_telegram(world: World, nobody_answers: str, body: bytes, knows: bool) -> None:
    assert call_in(world, body, nobody_answers if knows else "made up") == (200 if knows else 403)


NONSENSE = [b"[" * 20_000, b'{"update_id": [1]}', b'{"update_id": 99999999999999999999}', b'{"update_id": 1e30}']


@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_from_telegram_itself(world: World, nobody_answers: str, body: bytes) -> None:
    assert call_in(world, body, nobody_answers) == 200
