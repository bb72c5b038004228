"""Signing in elsewhere, against a real provider over HTTP: whatever is wrong opens nothing and leaks nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.fernet import Fernet
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine

from bot.accounts import identity, oidc, totp
from bot.accounts.access import COOKIE
from bot.settings import Settings
from bot.store import staff
from bot.store.staff_models import EDITOR, User
from tests.accounts.provider import CLIENT, SECRET, Provider
from tests.accounts.staff import PASSWORD, actions, code_now, csrf_of, make_user, sign_in

EMAIL = "karen@klinik.dk"
OIDC = {"oidc_issuer": "https://id.klinik.dk", "oidc_client_id": "x", "oidc_client_secret": "y"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    yield found
    found.stop()


@pytest.fixture
def settings_of(client: TestClient, provider: Provider) -> Settings:
    """The settings of the gateway, with the provider."""
    found: Settings = client.app.state.turns.settings  # type: ignore[attr-defined]
    found.oidc_issuer, found.oidc_client_id = provider.issuer, CLIENT
    found.oidc_client_secret = SecretStr(SECRET)
    found.public_url = "http://testserver"
    return found


@pytest.fixture
def karen(db: Engine) -> User:
    return make_user(db, roles=[EDITOR], email=EMAIL)


def leave(client: TestClient, path: str = "/sign-in/elsewhere") -> str:
    """Goes to the provider and as far as its redirect back; the address it leads to."""
    answer = client.get(path)
    assert answer.status_code == 303, answer.text
    with httpx.Client() as browser:
        back = browser.get(answer.headers["location"])
    assert back.status_code == 307, back.text
    return back.headers["location"].removeprefix("http://testserver")


def go(client: TestClient, path: str = "/sign-in/elsewhere") -> httpx.Response:
    """All the way."""
    return client.get(leave(client, path))


def refused(client: TestClient, answer: httpx.Response, status: int) -> None:
    """Kind words, no session, and nothing of what went wrong."""
    assert answer.status_code == status
    assert COOKIE not in answer.headers.get("set-cookie", "")
    assert client.get("/account").status_code == 303
    assert "<h1>" in answer.text and 'href="/sign-in"' in answer.text
    for secret in ("karen", "Traceback", "invalid", "127.0.0.1", "nonce", "token"):
        assert secret not in answer.text


pytestmark = pytest.mark.usefixtures("settings_of")


# The way in


def test_a_user_signs_in_and_the_two_are_tied(
    client: TestClient, db: Engine, karen: User, provider: Provider
) -> None:
    assert 'href="/sign-in/elsewhere"' in client.get("/sign-in").text
    answer = go(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/editor")
    assert EMAIL in client.get("/account").text
    found = staff.user(db, karen.id)
    assert found and found.oidc_subject == "karen-1" and found.signed_in_at
    assert actions(db) == ["oidc_signed_in"]
    assert provider.asked[0]["scope"] == "openid email profile"


def test_one_goes_on_to_where_one_wanted(client: TestClient, karen: User) -> None:
    page = client.get("/sign-in?next=/account%3Fx=1").text
    found = re.search(r'href="(/sign-in/elsewhere\?[^"]*)"', page)
    assert found
    assert go(client, found[1]).headers["location"] == "/account?x=1"


@pytest.mark.parametrize("evil", ["//evil.dk", "https://evil.dk", "/%5Cevil.dk"])
def test_but_never_to_another_site(client: TestClient, karen: User, evil: str) -> None:
    assert go(client, f"/sign-in/elsewhere?next={evil}").headers["location"] == "/editor"


def test_the_phones_code_is_asked_for_all_the_same(client: TestClient, db: Engine, karen: User) -> None:
    secret = totp.new_secret()
    staff.change_user(db, karen.id, totp_secret=secret, totp_on=True)
    assert go(client).headers["location"] == "/sign-in/code"
    assert client.get("/account").status_code == 303
    csrf = csrf_of(client.get("/sign-in/code").text)
    assert (
        client.post("/sign-in/code", data={"csrf": csrf, "code": code_now(secret)}).headers["location"] == "/editor"
    )


def test_a_session_that_somebody_planted_is_not_the_one_that_opens(
    client: TestClient, db: Engine, karen: User
) -> None:
    sign_in(client, db, make_user(db, roles=[]))
    planted = client.cookies.get(COOKIE)
    go(client)
    assert planted and client.cookies.get(COOKIE) != planted and staff.session_of(db, planted) is None


def test_what_travels_along_is_unreadable_short_lived_and_only_for_this(
    client: TestClient, settings_of: Settings
) -> None:
    answer = client.get("/sign-in/elsewhere")
    cookie = answer.headers["set-cookie"]
    parts = {part.strip().casefold() for part in cookie.split(";")}
    assert {"httponly", "samesite=lax", "path=/sign-in/elsewhere", "max-age=600"} <= parts
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["state"][0] not in cookie and asked["nonce"][0] not in cookie
    assert "code_verifier" not in asked
    journey = identity.unsealed(settings_of, client.cookies[oidc.COOKIE])
    assert (journey.state, journey.nonce) == (asked["state"][0], asked["nonce"][0])
    settings_of.public_url = "https://rygraad.dk"
    assert "; Secure" in client.get("/sign-in/elsewhere").headers["set-cookie"]


def test_two_people_get_nothing_of_each_other(client: TestClient, other: TestClient, karen: User) -> None:
    mine, theirs = leave(client), leave(other)
    refused(client, client.get(theirs), 400)
    refused(other, other.get(mine), 400)


# Whatever is wrong


def test_a_wrong_state(client: TestClient, db: Engine, karen: User) -> None:
    back = leave(client)
    refused(client, client.get(re.sub(r"state=[^&]*", "state=x", back)), 400)
    refused(client, client.get(leave(client).partition("&state=")[0]), 400)
    assert actions(db) == []


def test_an_answer_that_comes_twice(client: TestClient, karen: User) -> None:
    back = leave(client)
    cookie = client.cookies[oidc.COOKIE]
    assert client.get(back).status_code == 303
    client.cookies.delete(COOKIE)
    assert oidc.COOKIE not in client.cookies
    refused(client, client.get(back), 400)
    client.cookies.set(
        oidc.COOKIE, cookie, domain="testserver.local", path=oidc.PATH
    )  # even with the cookie kept aside
    refused(client, client.get(back), 400)


def test_an_answer_to_nothing(client: TestClient, karen: User) -> None:
    refused(client, client.get("/sign-in/elsewhere/back?code=x&state=y"), 400)
    refused(client, client.get("/sign-in/elsewhere/back"), 400)


def test_somebody_who_says_no_at_the_provider(client: TestClient, karen: User) -> None:
    state = re.search(r"state=([^&]*)", leave(client))
    assert state
    refused(client, client.get(f"/sign-in/elsewhere/back?error=access_denied&state={state[1]}"), 400)


def test_an_answer_after_ten_minutes(
    client: TestClient, settings_of: Settings, karen: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = leave(client)
    monkeypatch.setattr(identity, "MOST_SECONDS", -1)
    refused(client, client.get(back), 400)


@pytest.mark.parametrize("forged", ["", "x", "ÿ", Fernet(Fernet.generate_key()).encrypt(b"{}").decode()])
def test_a_forged_cookie(client: TestClient, karen: User, forged: str) -> None:
    back = leave(client)
    client.cookies.clear()
    refused(client, client.get(back, headers={"cookie": f"{oidc.COOKIE}={forged}".encode("latin-1")}), 400)


NOW = 1_700_000_000  # long ago
WRONG = {
    "wrong nonce": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "wrong audience": {"aud": "somebody else"},
    "wrong audience, though we asked": {"aud": "somebody else", "azp": CLIENT},
    "two audiences without saying who asked": {"aud": [CLIENT, "somebody else"]},
    "another asked": {"aud": [CLIENT, "somebody else"], "azp": "somebody else"},
    "no audience": {"aud": None},
    "expired": {"exp": NOW},
    "no end": {"exp": None},
    "not yet valid": {"nbf": NOW * 2},
    "wrong issuer": {"iss": "https://evil.dk"},
    "no issuer": {"iss": None},
    "not text": {"nonce": 7, "aud": 7},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_id_token(
    client: TestClient, db: Engine, karen: User, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    refused(client, go(client), 400)
    found = staff.user(db, karen.id)
    assert found and found.oidc_subject is None and actions(db) == []


def test_a_token_that_others_signed(client: TestClient, karen: User, provider: Provider) -> None:
    provider.published = [RSAKey.generate_key(2048, {"kid": "one"})]
    refused(client, go(client), 400)


def test_a_token_signed_with_what_everybody_knows(client: TestClient, karen: User, provider: Provider) -> None:
    """The old trick: the published key as the secret of HS256."""
    provider.shared_key = provider.key.as_pem(private=False)
    refused(client, go(client), 400)


def test_a_token_signed_with_the_secret_we_share(client: TestClient, karen: User, provider: Provider) -> None:
    provider.shared_key = SECRET.encode()
    refused(client, go(client), 400)


def test_a_token_that_nobody_signed(
    client: TestClient, karen: User, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = Provider.id_token

    def unsigned(self: Provider, nonce: str) -> str:
        body = signed(self, nonce).split(".")[1]
        return f"eyJhbGciOiJub25lIn0.{body}."

    monkeypatch.setattr(Provider, "id_token", unsigned)
    refused(client, go(client), 400)


@pytest.mark.parametrize("junk", ["", "x", "a.b.c", "😀", "eyJhbGciOiJSUzI1NiJ9..", None, 7])
def test_a_token_that_is_none(
    client: TestClient, karen: User, provider: Provider, junk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Provider, "id_token", lambda self, nonce: junk)
    refused(client, go(client), 400)


def test_a_wrong_secret_of_ours(client: TestClient, settings_of: Settings, karen: User) -> None:
    settings_of.oidc_client_secret = SecretStr("wrong")
    refused(client, go(client), 400)


UNKNOWN = {
    "not verified": {"email_verified": False},
    "not said to be verified": {"email_verified": None},
    "verified in words": {"email_verified": "true"},
    "no e-mail": {"email": None},
    "another e-mail": {"email": "per@klinik.dk"},
    "an e-mail that is none": {"email": "karen@klinik.dk\x00😀"},
    "a list": {"email": ["karen@klinik.dk"]},
    "no subject that is text": {"sub": 7},
    "an empty subject": {"sub": ""},
}


@pytest.mark.parametrize("claims", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_nobody_we_know(
    client: TestClient, db: Engine, karen: User, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    answer = go(client)
    assert answer.status_code in (400, 403)
    refused(client, answer, answer.status_code)
    found = staff.user(db, karen.id)
    assert found and found.oidc_subject is None


def test_the_address_is_read_without_regard_to_capitals(client: TestClient, karen: User, provider: Provider) -> None:
    provider.user["email"] = "Karen@Klinik.DK"
    assert go(client).status_code == 303


def test_whoever_is_closed_stays_out(client: TestClient, db: Engine, karen: User) -> None:
    staff.change_user(db, karen.id, active=False)
    refused(client, go(client), 403)


def test_once_tied_another_identity_with_the_same_address_is_refused(
    client: TestClient, karen: User, provider: Provider
) -> None:
    assert go(client).status_code == 303
    client.cookies.clear()
    provider.user["sub"] = "somebody-else"
    refused(client, go(client), 403)


def test_one_identity_is_not_two_users(client: TestClient, db: Engine, karen: User, provider: Provider) -> None:
    make_user(db, roles=[EDITOR], email="per@klinik.dk")
    assert go(client).status_code == 303
    client.cookies.clear()
    provider.user["email"] = "per@klinik.dk"
    refused(client, go(client), 403)


# The provider in trouble


def test_the_provider_is_down(client: TestClient, karen: User, provider: Provider) -> None:
    back = leave(client)
    provider.stop()
    refused(client, client.get(back), 503)
    refused(client, client.get("/sign-in/elsewhere"), 503)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
def test_a_part_of_the_provider_is_broken(client: TestClient, karen: User, provider: Provider, path: str) -> None:
    back = leave(client)
    provider.broken = {path}
    refused(client, client.get(back), 503)


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.dk"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": 7},
        {"authorization_endpoint": []},
    ],
    ids=str,
)
def test_a_provider_that_says_odd_things_of_itself(
    client: TestClient, provider: Provider, said: dict[str, Any]
) -> None:
    provider.discovery = said
    refused(client, client.get("/sign-in/elsewhere"), 503)


def test_a_slash_at_the_end_of_the_issuer_is_no_matter(
    client: TestClient, karen: User, settings_of: Settings
) -> None:
    settings_of.oidc_issuer += "/"
    assert go(client).status_code == 303


def test_an_answer_of_another_provider(client: TestClient, karen: User) -> None:
    refused(client, client.get(leave(client) + "&iss=https://evil.dk"), 400)


def test_nothing_of_it_is_in_the_servers_log(
    client: TestClient, karen: User, provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.claims = {"email": "hemmelig@klinik.dk", "nonce": "hemmelig"}
    go(client)
    told = "".join(capsys.readouterr())
    assert "oidc_refused" in told and "hemmelig" not in told and "klinik" not in told


def test_twenty_tries_a_minute_of_one_address(client: TestClient) -> None:
    answers = [client.get("/sign-in/elsewhere/back?code=x&state=y") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [400] * 20 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_the_password_goes_on_working_beside_it(client: TestClient, db: Engine) -> None:
    make_user(db, roles=[EDITOR], email="per@klinik.dk", password=PASSWORD)
    assert client.post("/sign-in", data={"email": "per@klinik.dk", "password": PASSWORD}).status_code == 303


# Settings


@pytest.mark.parametrize("missing", OIDC)
def test_the_three_settings_belong_together(missing: str) -> None:
    with pytest.raises(ValidationError, match="RYGRAAD_OIDC_ISSUER, RYGRAAD_OIDC_CLIENT_ID and"):
        Settings(**{name: value for name, value in OIDC.items() if name != missing})  # type: ignore[arg-type]


def test_production_asks_only_over_https() -> None:
    safe = {"env": "production", "secret_key": "x" * 32, "rasa_secret": "y" * 32}
    Settings(**safe, **OIDC)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="must begin with https://"):
        Settings(**safe, **(OIDC | {"oidc_issuer": "http://id.klinik.dk"}))  # type: ignore[arg-type]
