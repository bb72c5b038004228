"""Signing in and out: who gets in, what others learn, and how often one may try."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine

from bot.accounts import sign_in as door
from bot.accounts import totp
from bot.accounts.access import COOKIE
from bot.accounts.sign_in import SignInLimits
from bot.store import staff
from bot.store.staff_models import ADMIN, CLINICIAN, EDITOR, REVIEWER, User
from tests.accounts.staff import PASSWORD, actions, code_now, csrf_of, enter, make_user, set_cookie, sign_in
from tests.time_travel import Clock

EMAIL = "karen@klinik.dk"


def karen(engine: Engine, **fields: Any) -> User:
    return make_user(engine, roles=fields.pop("roles", [EDITOR]), email=EMAIL, password=PASSWORD, **fields)


def with_phone(engine: Engine, **fields: Any) -> tuple[User, str]:
    """A user who is asked for a code, and the secret of the phone."""
    user, secret = karen(engine, **fields), totp.new_secret()
    staff.change_user(engine, user.id, totp_secret=secret, totp_on=True)
    return user, secret


# Who gets in


def test_a_user_signs_in_on_either_database(either_client: TestClient, engine: Engine) -> None:
    user = karen(engine)
    answer = enter(either_client, " Karen@Klinik.dk ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/editor")
    assert EMAIL in either_client.get("/account").text
    found = staff.user(engine, user.id)
    assert found and found.signed_in_at
    assert actions(engine) == ["signed_in"]


@pytest.mark.parametrize(
    ("roles", "first"),
    [
        ([CLINICIAN, ADMIN], "/clinic"),
        ([EDITOR, CLINICIAN], "/clinic"),
        ([REVIEWER], "/editor"),
        ([ADMIN], "/admin/users"),
        ([], "/account"),
    ],
)
def test_everybody_begins_where_their_work_is(client: TestClient, db: Engine, roles: list[str], first: str) -> None:
    karen(db, roles=roles)
    assert enter(client, EMAIL).headers["location"] == first


def test_one_goes_on_to_where_one_wanted(client: TestClient, db: Engine) -> None:
    karen(db)
    wanted = client.get("/account?x=1")
    assert wanted.headers["location"] == "/sign-in?next=" + quote("/account?x=1")
    assert 'name="next" value="/account?x=1"' in client.get(wanted.headers["location"]).text
    assert enter(client, EMAIL, next="/account?x=1").headers["location"] == "/account?x=1"


@pytest.mark.parametrize(
    "evil", ["//evil.dk", "https://evil.dk", "/\\evil.dk", "/\t/evil.dk", "javascript:alert(1)", "evil"]
)
def test_one_never_goes_on_to_another_site(client: TestClient, db: Engine, evil: str) -> None:
    user = karen(db)
    page = client.get("/sign-in", params={"next": evil})
    assert 'name="next" value=""' in page.text and "evil" not in page.text.partition("<form")[2]
    assert enter(client, EMAIL, next=evil).headers["location"] == "/editor"
    sign_in(client, db, user)
    assert client.get("/sign-in", params={"next": evil}).headers["location"] == "/editor"


def test_the_cookie_is_for_the_server_alone_and_ends_with_the_browser(client: TestClient, db: Engine) -> None:
    karen(db)
    cookie = enter(client, EMAIL).headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().casefold() for part in cookie.split(";")}
    assert (
        "secure" not in cookie.casefold()
        and "max-age" not in cookie.casefold()
        and "expires" not in cookie.casefold()
    )


def test_with_https_the_cookie_never_travels_in_the_open(client: TestClient, db: Engine) -> None:
    karen(db)
    client.app.state.turns.settings.public_url = "https://rygraad.dk"  # type: ignore[attr-defined]
    assert "; Secure" in enter(client, EMAIL).headers["set-cookie"]


def test_a_session_that_somebody_planted_is_not_the_one_that_opens(client: TestClient, db: Engine) -> None:
    user = karen(db)
    planted = staff.open_session(db, make_user(db, roles=[]).id, passed=True)
    set_cookie(client, planted)
    answer = client.get("/sign-in")
    assert answer.status_code == 303  # whoever planted it is signed in; Karen signs in all the same
    enter(client, EMAIL)
    token = client.cookies.get(COOKIE)
    assert token and token != planted
    assert staff.session_of(db, planted) is None
    found = staff.session_of(db, token)
    assert found and found[1].id == user.id


@pytest.mark.parametrize("planted", ["x", "ÿ", "a" * 5000, "a%00b", '"', ""])
def test_a_made_up_cookie_is_nobody(client: TestClient, planted: str) -> None:
    answer = client.get("/account", headers={"cookie": f"{COOKIE}={planted}".encode("latin-1")})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/account")


# What others learn


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: TestClient, db: Engine) -> None:
    karen(db)
    make_user(db, roles=[EDITOR], email="new@klinik.dk")
    staff.change_user(db, make_user(db, roles=[], email="per@klinik.dk", password=PASSWORD).id, active=False)
    tries = [
        (EMAIL, "forkert kode"),
        ("nobody@klinik.dk", PASSWORD),
        ("new@klinik.dk", PASSWORD),
        ("per@klinik.dk", PASSWORD),
    ]
    answers = [enter(client, email, password) for email, password in tries]
    assert {answer.status_code for answer in answers} == {401}
    pages = {answer.text.replace(email, "") for answer, (email, _) in zip(answers, tries, strict=True)}
    assert len(pages) == 1
    assert not [answer for answer in answers if "set-cookie" in answer.headers]


def test_nobody_is_checked_as_thoroughly_as_somebody(
    client: TestClient, db: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    karen(db)
    checked: list[str | None] = []

    async def counted(password: str, stored: str | None) -> tuple[bool, str | None]:
        checked.append(stored)
        return False, None

    monkeypatch.setattr(door, "match_later", counted)
    enter(client, EMAIL, "forkert kode")
    enter(client, "nobody@klinik.dk")
    assert len(checked) == 2 and checked[1] is None


def test_a_password_typed_into_the_wrong_field_is_not_kept(client: TestClient, db: Engine) -> None:
    karen(db)
    enter(client, PASSWORD, PASSWORD)
    enter(client, EMAIL.upper(), "forkert kode")
    assert [(line.action, line.who) for line in staff.audit(db)] == [
        ("sign_in_failed", EMAIL.upper()),
        ("sign_in_failed", ""),
    ]
    assert PASSWORD not in str([line.model_dump() for line in staff.audit(db)])


def test_the_address_stays_in_its_field_and_the_password_does_not(client: TestClient) -> None:
    page = enter(client, 'a"><script>x</script>@b.dk', "hemmeligt hemmeligt").text
    assert "hemmeligt" not in page and "<script>x" not in page
    assert "a&#34;&gt;&lt;script&gt;" in page


STRANGE = ["", "\x00", "a\x00@b.dk", "😀@😀.dk", "\r\nSet-Cookie: x=y", "x" * 20_000, "' or 1=1 --", "{{ 7*7 }}", "‮"]


@pytest.mark.parametrize("strange", STRANGE)
def test_strange_words_are_only_wrong(either_client: TestClient, strange: str) -> None:
    assert enter(either_client, strange, strange, next=strange).status_code == 401


@pytest.mark.parametrize("charset", ["unicode_escape", "utf-7", "utf-16", "nothing-at-all"])
def test_half_characters_and_odd_alphabets_are_only_wrong(client: TestClient, charset: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n\\ud800+2AA-@b.dk\r\n--x--\r\n'
    kind = {"content-type": f"multipart/form-data; boundary=x; charset={charset}"}
    assert client.post("/sign-in", content=body, headers=kind).status_code in (401, 422)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", "text/plain"]
)
def test_forms_that_are_none_are_only_wrong(client: TestClient, kind: str) -> None:
    for body in (b"", b"%ed%a0%80=%ff&email=%ed%a0%80", b"\xff\xfe\x00", b"&" * 3000, b'{"email": "a"}'):
        assert client.post("/sign-in", content=body, headers={"content-type": kind}).status_code in (401, 422, 429)


def test_a_huge_form_is_refused(client: TestClient) -> None:
    assert enter(client, "a@b.dk", "x" * 70_000).status_code == 413


def test_another_site_signs_nobody_in(client: TestClient, db: Engine) -> None:
    karen(db)
    form = {"email": EMAIL, "password": PASSWORD}
    for headers in ({"origin": "https://evil.dk"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        answer = client.post("/sign-in", data=form, headers=headers)
        assert answer.status_code == 403 and "set-cookie" not in answer.headers
    assert client.post("/sign-in", data=form, headers={"origin": "http://testserver"}).status_code == 303


def test_an_old_hash_is_renewed_and_nobody_is_signed_out_by_that(client: TestClient, db: Engine) -> None:
    user = karen(db)
    old = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192),)).hash(PASSWORD)
    staff.change_user(db, user.id, password_hash=old)
    elsewhere = staff.open_session(db, user.id, passed=True)
    assert enter(client, EMAIL).status_code == 303
    found = staff.user(db, user.id)
    assert found and found.password_hash not in (None, old)
    assert staff.session_of(db, elsewhere)


# How often


def test_after_five_tries_an_account_has_to_wait_even_with_the_right_password(client: TestClient, db: Engine) -> None:
    karen(db)
    for at in range(5):
        assert enter(client, EMAIL.upper() if at % 2 else EMAIL, "forkert kode").status_code == 401
    answer = enter(client, EMAIL)
    assert answer.status_code == 429 and "set-cookie" not in answer.headers
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert "Vent et minut" in answer.text
    assert enter(client, "per@klinik.dk").status_code == 401  # others need not wait


def test_an_account_nobody_has_waits_as_well(client: TestClient) -> None:
    assert [enter(client, "nobody@klinik.dk").status_code for _ in range(6)] == [401] * 5 + [429]


def test_an_address_has_to_wait_after_twenty_tries(client: TestClient, db: Engine) -> None:
    answers = [enter(client, f"nobody{at}@klinik.dk") for at in range(21)]
    assert [answer.status_code for answer in answers] == [401] * 20 + [429]


async def test_many_at_once_get_no_more_tries() -> None:
    limits = SignInLimits()
    waits = await asyncio.gather(*(limits.account("a@b.dk") for _ in range(50)))
    assert len([wait for wait in waits if not wait]) == 5


async def test_strange_addresses_are_counted_too() -> None:
    limits = SignInLimits()
    for strange in ("", "\ud800", "x" * 1_000_000):
        assert [bool(await limits.account(strange)) for _ in range(6)] == [False] * 5 + [True]


def test_nobody_is_sent_round_in_circles(client: TestClient, db: Engine) -> None:
    user = karen(db)
    assert enter(client, EMAIL, next="/sign-in/code").headers["location"] == "/editor"
    sign_in(client, db, user)
    answer = client.get("/sign-in/code")
    assert client.get(answer.headers["location"]).headers["location"] == "/editor"


# The code of the phone


def test_a_phone_is_asked_for_and_the_token_changes(client: TestClient, db: Engine) -> None:
    _, secret = with_phone(db)
    answer = enter(client, EMAIL, next="/account")
    assert answer.headers["location"] == "/sign-in/code?next=/account"
    half = client.cookies.get(COOKIE)
    assert client.get("/account").headers["location"].startswith("/sign-in?")
    page = client.get(answer.headers["location"])
    assert 'autocomplete="one-time-code"' in page.text and "Min konto" not in page.text
    form = {"csrf": csrf_of(page.text), "code": code_now(secret), "next": "/account"}
    answer = client.post("/sign-in/code", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert half and client.cookies.get(COOKIE) != half and staff.session_of(db, half) is None
    assert client.get("/account").status_code == 200
    assert actions(db) == ["signed_in"]


@pytest.mark.parametrize(
    "path", ["/account", "/account/second", "/admin/users", "/admin/audit.csv", "/editor", "/clinic"]
)
def test_halfway_in_one_sees_nothing(client: TestClient, db: Engine, path: str) -> None:
    with_phone(db, roles=[ADMIN, EDITOR, CLINICIAN])
    enter(client, EMAIL)
    assert client.get(path).headers["location"].startswith("/sign-in?")


def test_halfway_in_one_can_change_nothing(client: TestClient, db: Engine) -> None:
    user, _ = with_phone(db, roles=[ADMIN])
    enter(client, EMAIL)
    csrf = csrf_of(client.get("/sign-in/code").text)
    for path in ("/account/second/off", "/account/password", f"/admin/users/{user.id}/second/off"):
        answer = client.post(path, data={"csrf": csrf, "proof": PASSWORD, "old": PASSWORD})
        assert answer.headers["location"].startswith("/sign-in?")
    found = staff.user(db, user.id)
    assert found and found.totp_on


@pytest.mark.parametrize("wrong", ["", "000", "abcdef", "\x00", "😀", "9" * 5000, "١٢٣٤٥٦"])
def test_a_wrong_code_opens_nothing(client: TestClient, db: Engine, wrong: str) -> None:
    with_phone(db)
    enter(client, EMAIL)
    csrf = csrf_of(client.get("/sign-in/code").text)
    answer = client.post("/sign-in/code", data={"csrf": csrf, "code": wrong})
    assert answer.status_code == 401 and 'aria-invalid="true"' in answer.text
    assert client.get("/account").status_code == 303
    assert [(line.action, line.who, line.details) for line in staff.audit(db)] == [
        ("sign_in_failed", EMAIL, {"step": "code"})
    ]


def test_a_code_works_once(client: TestClient, other: TestClient, db: Engine) -> None:
    _, secret = with_phone(db)
    code = code_now(secret)
    statuses = []
    for browser in (client, other):
        enter(browser, EMAIL)
        csrf = csrf_of(browser.get("/sign-in/code").text)
        statuses.append(browser.post("/sign-in/code", data={"csrf": csrf, "code": code}).status_code)
    assert statuses == [303, 401]


def test_of_two_browsers_with_the_same_code_at_once_one_gets_in(
    client: TestClient, other: TestClient, db: Engine
) -> None:
    _, secret = with_phone(db)
    code = code_now(secret)
    forms = []
    for browser in (client, other):
        enter(browser, EMAIL)
        forms.append({"csrf": csrf_of(browser.get("/sign-in/code").text), "code": code})
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(
                lambda pair: pair[0].post("/sign-in/code", data=pair[1]), zip((client, other), forms, strict=True)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [303, 401]


def test_after_five_codes_one_has_to_wait_even_after_signing_in_anew(
    client: TestClient, other: TestClient, db: Engine
) -> None:
    _, secret = with_phone(db)
    enter(client, EMAIL)
    csrf = csrf_of(client.get("/sign-in/code").text)
    for _ in range(5):
        assert client.post("/sign-in/code", data={"csrf": csrf, "code": "000000x"}).status_code == 401
    enter(other, EMAIL)
    form = {"csrf": csrf_of(other.get("/sign-in/code").text), "code": code_now(secret)}
    answer = other.post("/sign-in/code", data=form)
    assert answer.status_code == 429 and 60 < int(answer.headers["retry-after"]) <= 900


def test_a_code_without_the_forms_own_token_is_refused(client: TestClient, db: Engine) -> None:
    _, secret = with_phone(db)
    enter(client, EMAIL)
    csrf = csrf_of(client.get("/sign-in/code").text)
    for form, headers in (({}, {}), ({"csrf": "x"}, {}), ({"csrf": csrf}, {"origin": "https://evil.dk"})):
        answer = client.post("/sign-in/code", data={**form, "code": code_now(secret)}, headers=headers)
        assert answer.status_code == 403
    assert client.post("/sign-in/code", data={"csrf": csrf, "code": code_now(secret)}).status_code == 303


@pytest.mark.parametrize("evil", ["//evil.dk", "https://evil.dk", "/\\evil.dk"])
def test_the_code_leads_to_no_other_site(client: TestClient, db: Engine, evil: str) -> None:
    _, secret = with_phone(db)
    assert enter(client, EMAIL, next=evil).headers["location"] == "/sign-in/code"
    csrf = csrf_of(client.get("/sign-in/code?" + urlencode({"next": evil})).text)
    answer = client.post("/sign-in/code", data={"csrf": csrf, "code": code_now(secret), "next": evil})
    assert answer.headers["location"] == "/editor"


def test_the_page_for_the_code_is_only_for_those_halfway(client: TestClient, db: Engine) -> None:
    assert client.get("/sign-in/code").headers["location"].startswith("/sign-in")
    sign_in(client, db, karen(db))
    assert client.get("/sign-in/code").headers["location"].startswith("/sign-in")
    assert client.post("/sign-in/code", data={"code": "123456"}).status_code == 303


# Signing out


def test_signing_out_ends_the_session_and_takes_the_cookie(client: TestClient, db: Engine) -> None:
    csrf = sign_in(client, db, karen(db))
    token = client.cookies.get(COOKIE)
    answer = client.post("/sign-out", data={"csrf": csrf})
    assert answer.headers["location"] == "/sign-in?done=signed_out"
    assert token and staff.session_of(db, token) is None
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
    assert "Du er logget ud." in client.get("/sign-in?done=signed_out").text
    assert actions(db) == ["signed_out"]


def test_another_site_signs_nobody_out(client: TestClient, db: Engine) -> None:
    csrf = sign_in(client, db, karen(db))
    assert client.post("/sign-out").status_code == 403
    assert client.post("/sign-out", data={"csrf": csrf}, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.get("/sign-out").status_code == 405
    assert client.get("/account").status_code == 200


def test_signing_out_twice_is_no_error(client: TestClient) -> None:
    assert client.post("/sign-out").status_code == 303


def test_after_a_pause_the_page_says_kindly_why_and_only_once(client: TestClient, db: Engine, clock: Clock) -> None:
    karen(db)
    enter(client, EMAIL)
    clock.forward(timedelta(minutes=31))
    answer = client.get("/account")
    page = client.get(answer.headers["location"])
    assert "halv times" in page.text or "en halv time" in page.text
    assert "Alt, hvad du har gemt, er der stadig" in page.text
    assert "Alt, hvad du har gemt" not in client.get("/sign-in").text


def test_whoever_is_closed_out_is_out_at_once(client: TestClient, db: Engine) -> None:
    user = karen(db)
    sign_in(client, db, user)
    assert client.get("/account").status_code == 200
    staff.change_user(db, user.id, active=False)
    assert client.get("/account").status_code == 303


# The page itself


@pytest.mark.parametrize(("accept", "title"), [("da", "Log ind"), ("en-GB,en", "Sign in"), ("", "Log ind")])
def test_the_page_speaks_the_browsers_language(client: TestClient, accept: str, title: str) -> None:
    assert f"<h1>{title}</h1>" in client.get("/sign-in", headers={"accept-language": accept}).text


def test_the_other_language_is_one_tap_away_and_forgets_nothing(client: TestClient) -> None:
    page = client.get("/sign-in?next=/editor&language=en").text
    assert "<h1>Sign in</h1>" in page and 'value="/editor"' in page
    assert 'href="?next=%2Feditor&amp;language=da"' in page
    assert "<h1>Sign in</h1>" in client.post("/sign-in?language=en", data={"email": "a@b.dk"}).text


def test_nothing_is_kept_by_browsers_and_nothing_foreign_is_loaded(client: TestClient) -> None:
    answer = client.get("/sign-in")
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_without_a_provider_there_is_no_way_to_sign_in_elsewhere(client: TestClient) -> None:
    assert "/sign-in/elsewhere" not in client.get("/sign-in").text
    assert client.get("/sign-in/elsewhere").status_code == 404
    assert client.get("/sign-in/elsewhere/back?code=x&state=y").status_code == 404
