"""My account: language, password, the code from the phone, and signing out everywhere."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from bot.accounts import totp
from bot.accounts.access import COOKIE
from bot.store import staff
from bot.store.staff_models import ADMIN, CLINICIAN, EDITOR, REVIEWER
from tests.accounts.staff import (
    PASSWORD,
    actions,
    code_now,
    csrf_of,
    enter,
    make_user,
    set_cookie,
    sign_in,
    signed_in,
)

NEW = "fire blå cykler i regn"
POSTS = ["language", "password", "sessions/end", "second/new", "second", "second/off"]


def test_it_says_who_one_is_in_words(client: TestClient, db: Engine) -> None:
    signed_in(client, db, [CLINICIAN, REVIEWER], name="Karen <b>Holm</b>", email="karen@klinik.dk", signs_off=True)
    page = client.get("/account").text
    for words in ("Karen &lt;b&gt;Holm", "karen@klinik.dk", "Kliniker.", "Godkender.", "Klinisk godkender."):
        assert words in page
    assert "Redaktør." not in page and "Administrator." not in page


def test_the_ways_lead_only_where_one_may_go(client: TestClient, db: Engine) -> None:
    signed_in(client, db, [CLINICIAN])
    page = client.get("/account").text
    assert 'href="/clinic"' in page
    assert 'href="/editor"' not in page and 'href="/admin/users"' not in page
    assert 'href="/account" aria-current="page"' in page


@pytest.mark.parametrize("path", POSTS)
def test_nothing_changes_from_another_site_or_without_the_forms_token(
    client: TestClient, db: Engine, path: str
) -> None:
    user, csrf = signed_in(client, db, [EDITOR], password=PASSWORD)
    before = user.model_dump()
    form = {"language": "en", "old": PASSWORD, "new": NEW, "again": NEW, "proof": PASSWORD}
    for data, headers in (
        (form, {}),
        (form | {"csrf": csrf[:-1]}, {}),
        (form | {"csrf": "ÿ😀"}, {}),
        (form | {"csrf": csrf}, {"origin": "https://evil.dk"}),
        (form | {"csrf": csrf}, {"sec-fetch-site": "same-site"}),
    ):
        assert client.post(f"/account/{path}", data=data, headers=headers).status_code == 403
    found = staff.user(db, user.id)
    assert found and found.model_dump() == before
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize("path", ["", "/second"])
def test_a_stranger_is_asked_to_sign_in(client: TestClient, path: str) -> None:
    assert client.get(f"/account{path}").headers["location"] == f"/sign-in?next=/account{path}"


@pytest.mark.parametrize("path", POSTS)
def test_a_stranger_changes_nothing(client: TestClient, path: str) -> None:
    assert client.post(f"/account/{path}").headers["location"] == "/sign-in?next=/account"


def test_the_language_is_kept(client: TestClient, db: Engine) -> None:
    user, csrf = signed_in(client, db, [EDITOR])
    assert (
        client.post("/account/language", data={"csrf": csrf, "language": "en"}).headers["location"]
        == "/account?done=language"
    )
    page = client.get("/account?done=language").text
    assert "<h1>My account</h1>" in page and "The language has changed." in page
    for strange in ("de", "", "\x00", "../da"):
        client.post("/account/language", data={"csrf": csrf, "language": strange})
    found = staff.user(db, user.id)
    assert found and found.language == "en"


@pytest.mark.parametrize("strange", ["", "x", "../../etc", "{}", "__class__", "\x00", "title"])
def test_a_notice_is_only_ever_one_of_ours(client: TestClient, db: Engine, strange: str) -> None:
    signed_in(client, db, [EDITOR])
    page = client.get("/account", params={"done": strange})
    assert page.status_code == 200 and 'class="notice"' not in page.text


# The password


def test_a_new_password_signs_out_everywhere_else_and_the_token_changes(client: TestClient, db: Engine) -> None:
    user, csrf = signed_in(client, db, [EDITOR], password=PASSWORD, email="karen@klinik.dk")
    elsewhere = staff.open_session(db, user.id, passed=True)
    before = client.cookies.get(COOKIE)
    answer = client.post("/account/password", data={"csrf": csrf, "old": PASSWORD, "new": NEW, "again": NEW})
    assert answer.headers["location"] == "/account?done=password"
    assert before and client.cookies.get(COOKIE) != before
    assert staff.session_of(db, elsewhere) is None and staff.session_of(db, before) is None
    assert "Din nye adgangskode er gemt." in client.get("/account?done=password").text
    assert actions(db) == ["password_changed"]
    client.cookies.clear()
    assert enter(client, "karen@klinik.dk", PASSWORD).status_code == 401
    assert enter(client, "karen@klinik.dk", NEW).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "says"),
    [
        ("forkert", NEW, NEW, "Adgangskoden passer ikke"),
        ("", NEW, NEW, "Adgangskoden passer ikke"),
        (PASSWORD, "kort", "kort", "Den er for kort"),
        (PASSWORD, NEW, NEW + "x", "to forskellige"),
        (PASSWORD, "karen er min bedste", "karen er min bedste", "for nem at gætte"),
        (PASSWORD, "x" * 300, "x" * 300, "for lang"),
        (PASSWORD, "en god\x00 lang kode", "en god\x00 lang kode", "kan skrives på et tastatur"),
    ],
)
def test_a_password_that_will_not_do_says_why_at_its_field(
    client: TestClient, db: Engine, old: str, new: str, again: str, says: str
) -> None:
    user, csrf = signed_in(client, db, [EDITOR], password=PASSWORD, email="karen@klinik.dk")
    answer = client.post("/account/password", data={"csrf": csrf, "old": old, "new": new, "again": again})
    assert answer.status_code == 422 and says in answer.text
    assert answer.text.count('aria-invalid="true"') == 1
    assert NEW not in answer.text and PASSWORD not in answer.text
    found = staff.user(db, user.id)
    assert found and found.password_hash == user.password_hash


def test_nobody_may_guess_on_with_somebody_elses_open_browser(client: TestClient, db: Engine) -> None:
    _, csrf = signed_in(client, db, [EDITOR], password=PASSWORD)
    form = {"csrf": csrf, "new": NEW, "again": NEW}
    tries = [client.post("/account/password", data={**form, "old": f"gæt {at}"}) for at in range(5)]
    assert [answer.status_code for answer in tries] == [422] * 5
    answer = client.post("/account/password", data={**form, "old": PASSWORD})
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0


def test_whoever_signs_in_elsewhere_has_no_password_to_change(client: TestClient, db: Engine) -> None:
    _, csrf = signed_in(client, db, [EDITOR])
    assert 'action="/account/password"' not in client.get("/account").text
    answer = client.post("/account/password", data={"csrf": csrf, "old": "", "new": NEW, "again": NEW})
    assert answer.status_code == 422


def test_signing_out_everywhere_ends_every_session(client: TestClient, db: Engine) -> None:
    user, csrf = signed_in(client, db, [EDITOR])
    elsewhere = staff.open_session(db, user.id, passed=True)
    stranger = staff.open_session(db, make_user(db, roles=[]).id, passed=True)
    answer = client.post("/account/sessions/end", data={"csrf": csrf})
    assert answer.headers["location"] == "/sign-in?done=signed_out_everywhere"
    assert staff.session_of(db, elsewhere) is None and staff.session_of(db, stranger)
    assert client.get("/account").status_code == 303
    assert staff.audit(db)[0].details == {"everywhere": True}


# The code from the phone


def test_a_code_shows_that_the_phone_has_it_before_it_is_on(client: TestClient, db: Engine) -> None:
    user, csrf = signed_in(client, db, [EDITOR], email="karen@klinik.dk")
    assert client.post("/account/second/new", data={"csrf": csrf}).headers["location"] == "/account/second"
    found = staff.user(db, user.id)
    assert found and found.totp_secret and not found.totp_on
    page = client.get("/account/second").text
    assert totp.in_groups(found.totp_secret) in page
    assert 'src="data:image/svg+xml' in page and "alt=" in page
    answer = client.post("/account/second", data={"csrf": csrf, "code": "000000x"})
    assert answer.status_code == 422 and "Koden passer ikke" in answer.text
    answer = client.post("/account/second", data={"csrf": csrf, "code": code_now(found.totp_secret)})
    assert answer.headers["location"] == "/account?done=second_on"
    found = staff.user(db, user.id)
    assert found and found.totp_on
    assert actions(db) == ["totp_on"]


def test_the_picture_holds_what_an_app_reads(client: TestClient, db: Engine) -> None:
    secret = totp.new_secret()
    picture = unquote(totp.picture(secret, "karen@klinik.dk", "Rygråd"))
    user, csrf = signed_in(client, db, [EDITOR], email="karen@klinik.dk")
    staff.change_user(db, user.id, totp_secret=secret)
    page = client.get("/account/second").text.replace("&#39;", "'")
    assert picture in unquote(page)


def test_once_it_is_on_the_secret_is_never_shown_or_changed(client: TestClient, db: Engine) -> None:
    user, csrf = signed_in(client, db, [EDITOR])
    secret = totp.new_secret()
    staff.change_user(db, user.id, totp_secret=secret, totp_on=True)
    assert client.get("/account/second").headers["location"] == "/account"
    assert client.post("/account/second/new", data={"csrf": csrf}).status_code == 303
    assert client.post("/account/second", data={"csrf": csrf, "code": "1"}).headers["location"] == "/account"
    found = staff.user(db, user.id)
    assert found and found.totp_secret == secret and found.totp_on


def test_there_is_nothing_to_confirm_before_one_has_begun(client: TestClient, db: Engine) -> None:
    user, csrf = signed_in(client, db, [EDITOR])
    assert client.get("/account/second").headers["location"] == "/account"
    assert client.post("/account/second", data={"csrf": csrf, "code": "123456"}).headers["location"] == "/account"
    found = staff.user(db, user.id)
    assert found and not found.totp_on


def test_the_code_that_turned_it_on_does_not_sign_in_as_well(client: TestClient, db: Engine) -> None:
    user, csrf = signed_in(client, db, [EDITOR], email="karen@klinik.dk", password=PASSWORD)
    client.post("/account/second/new", data={"csrf": csrf})
    found = staff.user(db, user.id)
    assert found and found.totp_secret
    code = code_now(found.totp_secret)
    client.post("/account/second", data={"csrf": csrf, "code": code})
    client.cookies.clear()
    enter(client, "karen@klinik.dk")
    half = csrf_of(client.get("/sign-in/code").text)
    assert client.post("/sign-in/code", data={"csrf": half, "code": code}).status_code == 401
    following = code_now(found.totp_secret, steps=1)
    assert client.post("/sign-in/code", data={"csrf": half, "code": following}).status_code == 303


def test_turning_it_off_takes_the_password(client: TestClient, db: Engine) -> None:
    user, csrf = signed_in(client, db, [EDITOR], password=PASSWORD)
    secret = totp.new_secret()
    staff.change_user(db, user.id, totp_secret=secret, totp_on=True)
    for wrong in ("", "forkert", code_now(secret)):
        answer = client.post("/account/second/off", data={"csrf": csrf, "proof": wrong})
        assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    assert (
        client.post("/account/second/off", data={"csrf": csrf, "proof": PASSWORD}).headers["location"]
        == "/account?done=second_off"
    )
    found = staff.user(db, user.id)
    assert found and not found.totp_on and found.totp_secret is None
    assert actions(db) == ["totp_off"]


def test_without_a_password_the_phone_itself_turns_it_off(client: TestClient, db: Engine) -> None:
    user, csrf = signed_in(client, db, [EDITOR])
    secret = totp.new_secret()
    staff.change_user(db, user.id, totp_secret=secret, totp_on=True)
    assert 'autocomplete="one-time-code"' in client.get("/account").text
    assert client.post("/account/second/off", data={"csrf": csrf, "proof": ""}).status_code == 422
    assert client.post("/account/second/off", data={"csrf": csrf, "proof": code_now(secret)}).status_code == 303
    found = staff.user(db, user.id)
    assert found and not found.totp_on


def test_five_wrong_first_codes_are_enough(client: TestClient, db: Engine) -> None:
    _, csrf = signed_in(client, db, [EDITOR])
    client.post("/account/second/new", data={"csrf": csrf})
    tries = [client.post("/account/second", data={"csrf": csrf, "code": "000000x"}) for _ in range(6)]
    assert [answer.status_code for answer in tries] == [422] * 5 + [429]


# Wrong doors


def test_the_wrong_door_says_so_kindly_and_shows_the_way_back(client: TestClient, db: Engine) -> None:
    signed_in(client, db, [EDITOR])
    answer = client.get("/admin/users")
    assert answer.status_code == 403 and "Her har du ikke adgang" in answer.text
    assert 'href="/editor"' in answer.text and 'action="/sign-out"' in answer.text


def test_a_script_that_is_not_signed_in_gets_no_page(client: TestClient) -> None:
    assert client.get("/account", headers={"accept": "application/json"}).status_code == 401


def test_two_people_in_one_browser_are_two_people(client: TestClient, other: TestClient, db: Engine) -> None:
    karen, csrf = signed_in(client, db, [EDITOR], password=PASSWORD)
    per = make_user(db, roles=[ADMIN])
    sign_in(other, db, per)
    token = other.cookies.get(COOKIE)
    assert token
    set_cookie(client, token)
    assert client.post("/account/language", data={"csrf": csrf, "language": "en"}).status_code == 403
