"""Administration of users: only for admins, never without one, and everything written down."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from bot.accounts import totp
from bot.accounts.access import COOKIE
from bot.store import invites, staff
from bot.store.staff_models import ADMIN, CLINICIAN, EDITOR, REVIEWER, Clinic, User
from tests.accounts.staff import PASSWORD, actions, enter, make_user, sign_in, signed_in

GETS = ["users", "users/new", "users/{id}", "clinics", "clinics/new", "clinics/{id}", "audit", "audit.csv"]
POSTS = [
    "users",
    "users/{id}",
    "users/{id}/link",
    "users/{id}/second/off",
    "users/{id}/elsewhere/off",
    "clinics",
    "clinics/{id}",
]


@pytest.fixture
def clinic(db: Engine) -> Clinic:
    found = Clinic(id="c1", name="Klinik Øst", phone="12 34 56 78")
    invites.keep_clinic(db, found)
    return found


@pytest.fixture
def admin(client: TestClient, db: Engine) -> tuple[User, str]:
    return signed_in(client, db, [ADMIN], email="admin@klinik.dk", name="Anne Dam")


def form(csrf: str, **fields: Any) -> dict[str, Any]:
    return {"csrf": csrf, "name": "Karen Holm", "email": "karen@klinik.dk", "active": "yes", **fields}


def link_of(page: str) -> str:
    found = re.search(r"/password/([\w-]{22})", page)
    assert found
    return found[1]


# Who may


@pytest.mark.parametrize("roles", [[], [CLINICIAN], [EDITOR], [REVIEWER], [CLINICIAN, EDITOR, REVIEWER]], ids=str)
def test_nobody_else_sees_or_changes_anything(
    client: TestClient, db: Engine, clinic: Clinic, roles: list[str]
) -> None:
    target = make_user(db, roles=[ADMIN], email="karen@klinik.dk", password=PASSWORD)
    staff.change_user(db, target.id, totp_secret="x", totp_on=True, oidc_subject="x")
    _, csrf = signed_in(client, db, roles, signs_off=True)
    before = [each.model_dump() for each in staff.users(db)]
    for id_, paths, send in (
        (target.id, GETS, client.get),
        (target.id, POSTS, lambda path: client.post(path, data=form(csrf))),
    ):
        for path in paths:
            answer = send("/admin/" + path.replace("{id}", "c1" if "clinics" in path else id_))
            assert answer.status_code == 403, path
            assert "karen@klinik.dk" not in answer.text
    assert [each.model_dump() for each in staff.users(db)] == before
    assert len(invites.clinics(db)) == 1 and not staff.audit(db)


@pytest.mark.parametrize("path", GETS)
def test_strangers_are_asked_to_sign_in(client: TestClient, path: str) -> None:
    assert client.get(f"/admin/{path}").headers["location"].startswith("/sign-in?next=/admin/")


@pytest.mark.parametrize("path", POSTS)
def test_no_post_without_the_forms_token_or_from_another_site(
    client: TestClient, db: Engine, clinic: Clinic, admin: tuple[User, str], path: str
) -> None:
    target = make_user(db, roles=[EDITOR])
    path = "/admin/" + path.replace("{id}", "c1" if "clinics" in path else target.id)
    assert client.post(path, data=form("")).status_code == 403
    assert client.post(path, data=form(admin[1]), headers={"origin": "https://evil.dk"}).status_code == 403
    assert not staff.audit(db)


@pytest.mark.parametrize("strange", ["x", "%00", "😀", "%ed%a0%80", "a" * 3000, "' or 1=1 --"])
def test_a_user_or_clinic_there_is_not_is_a_kind_404(
    client: TestClient, admin: tuple[User, str], strange: str
) -> None:
    for path in (f"/admin/users/{strange}", f"/admin/clinics/{strange}"):
        answers = [client.get(path), client.post(path, data=form(admin[1]))]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert "Den side findes ikke" in answers[0].text
    for path in ("link", "second/off", "elsewhere/off"):
        assert client.post(f"/admin/users/{strange}/{path}", data=form(admin[1])).status_code == 404


# Adding


def test_a_new_user_gets_a_link_that_is_shown_once(
    client: TestClient, other: TestClient, db: Engine, clinic: Clinic, admin: tuple[User, str]
) -> None:
    sent = form(admin[1], roles=[EDITOR, REVIEWER], signs_off="yes", clinic_id="c1", email="Karen@Klinik.dk")
    answer = client.post("/admin/users", data=sent)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    code = link_of(answer.text)
    assert code not in client.get("/admin/users").text
    found = staff.by_email(db, "karen@klinik.dk")
    assert found and found.roles == [EDITOR, REVIEWER] and found.signs_off and found.clinic_id == "c1"
    assert not found.password_hash
    assert [(line.action, line.who, line.object) for line in staff.audit(db)] == [
        ("link_made", "admin@klinik.dk", "karen@klinik.dk"),
        ("user_added", "admin@klinik.dk", "karen@klinik.dk"),
    ]
    assert staff.audit(db)[1].details == {"roles": [EDITOR, REVIEWER], "signs_off": True}
    assert code not in str([line.model_dump() for line in staff.audit(db)])
    other.post(f"/password/{code}", data={"new": PASSWORD, "again": PASSWORD})
    assert enter(other, "karen@klinik.dk").headers["location"] == "/editor"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "Skriv et navn"),
        ("name", "\x00\r\n", "Skriv et navn"),
        ("name", "x" * 101, "Skriv et navn"),
        ("email", "", "ligner ikke en e-mailadresse"),
        ("email", "karen", "ligner ikke en e-mailadresse"),
        ("email", "x" * 5000 + "@b.dk", "ligner ikke en e-mailadresse"),
        ("email", "ADMIN@klinik.dk", "allerede en bruger"),
        ("roles", ["owner"], "findes ikke"),
        ("clinic_id", "made-up", "findes ikke"),
        ("clinic_id", "c1\x00😀", "findes ikke"),
        ("signs_off", "yes", "kræver også rollen godkender"),
    ],
)
def test_what_cannot_be_says_why_and_keeps_what_was_typed(
    client: TestClient, db: Engine, clinic: Clinic, admin: tuple[User, str], field: str, value: Any, says: str
) -> None:
    sent = form(admin[1], roles=[EDITOR]) | {field: value}
    answer = client.post("/admin/users", data=sent)
    assert answer.status_code == 422 and says in answer.text
    if field != "name":
        assert 'value="Karen Holm"' in answer.text
    assert len(staff.users(db)) == 1 and not staff.audit(db)


def test_names_are_shown_as_they_are_and_never_as_markup(
    client: TestClient, db: Engine, admin: tuple[User, str]
) -> None:
    evil = '<img src=x onerror=alert(1)>"{{7*7}}'
    client.post("/admin/users", data=form(admin[1], name=evil))
    found = staff.by_email(db, "karen@klinik.dk")
    assert found and found.name == evil
    for path in ("/admin/users", f"/admin/users/{found.id}"):
        page = client.get(path).text
        assert "<img src=x" not in page and "{{7*7}}" in page


# Changing


def changed(client: TestClient, csrf: str, user: User, **fields: Any) -> Any:
    sent = {"csrf": csrf, "name": user.name, "roles": user.roles, "active": "yes" if user.active else ""}
    sent |= {"signs_off": "yes" if user.signs_off else "", "clinic_id": user.clinic_id or ""}
    return client.post(f"/admin/users/{user.id}", data=sent | fields)


def test_a_change_says_in_the_log_what_it_was(
    client: TestClient, db: Engine, clinic: Clinic, admin: tuple[User, str]
) -> None:
    user = make_user(db, roles=[EDITOR], email="karen@klinik.dk")
    answer = changed(
        client, admin[1], user, roles=[REVIEWER, CLINICIAN], signs_off="yes", clinic_id="c1", name="Karen Ny"
    )
    assert answer.headers["location"] == f"/admin/users/{user.id}?done=user"
    assert "Ændringerne er gemt." in client.get(answer.headers["location"]).text
    found = staff.user(db, user.id)
    assert found and (found.name, found.roles, found.signs_off, found.clinic_id) == (
        "Karen Ny", [CLINICIAN, REVIEWER], True, "c1",
    )  # fmt: skip
    [line] = staff.audit(db)
    assert (line.action, line.object) == ("user_changed", "karen@klinik.dk")
    assert line.details == {
        "fields": ["clinic_id", "name", "roles", "signs_off"], "roles": [CLINICIAN, REVIEWER], "signs_off": True,
    }  # fmt: skip


def test_saving_without_a_change_is_not_written_down(client: TestClient, db: Engine, admin: tuple[User, str]) -> None:
    user = make_user(db, roles=[EDITOR])
    assert changed(client, admin[1], user).headers["location"] == f"/admin/users/{user.id}"
    assert not staff.audit(db)


def test_the_address_and_the_password_cannot_be_changed_here(
    client: TestClient, db: Engine, admin: tuple[User, str]
) -> None:
    user = make_user(db, roles=[EDITOR], email="karen@klinik.dk", password=PASSWORD)
    more = {"email": "per@klinik.dk", "password_hash": "x", "totp_on": "", "id": "x", "oidc_subject": "x"}
    changed(client, admin[1], user, name="Karen Ny", **more)
    found = staff.user(db, user.id)
    assert found and found.email == "karen@klinik.dk" and found.password_hash == user.password_hash
    assert found.oidc_subject is None


def test_sign_off_is_only_for_reviewers(client: TestClient, db: Engine, admin: tuple[User, str]) -> None:
    user = make_user(db, roles=[REVIEWER], signs_off=True)
    answer = changed(client, admin[1], user, roles=[EDITOR])
    assert answer.status_code == 422 and "kræver også rollen godkender" in answer.text
    found = staff.user(db, user.id)
    assert found and found.roles == [REVIEWER]


def test_an_admin_who_lets_oneself_sign_off_is_in_the_log(
    client: TestClient, db: Engine, admin: tuple[User, str]
) -> None:
    changed(client, admin[1], admin[0], roles=[ADMIN, REVIEWER], signs_off="yes")
    [line] = staff.audit(db)
    assert (line.who, line.object, line.details["signs_off"]) == ("admin@klinik.dk", "admin@klinik.dk", True)


@pytest.mark.parametrize("fields", [{"active": ""}, {"roles": [EDITOR]}, {"roles": []}, {"active": "", "roles": []}])
def test_the_last_admin_stays(
    client: TestClient, db: Engine, admin: tuple[User, str], fields: dict[str, Any]
) -> None:
    answer = changed(client, admin[1], admin[0], **fields)
    assert answer.status_code == 422 and "den sidste aktive administrator" in answer.text
    found = staff.user(db, admin[0].id)
    assert found and found.active and found.roles == [ADMIN]
    assert not staff.audit(db)


def test_with_another_admin_one_may_leave(client: TestClient, db: Engine, admin: tuple[User, str]) -> None:
    make_user(db, roles=[ADMIN])
    assert changed(client, admin[1], admin[0], roles=[EDITOR]).status_code == 303
    assert client.get("/admin/users").status_code == 403


def test_whoever_is_closed_is_out_at_once_and_can_come_back(
    client: TestClient, other: TestClient, db: Engine, admin: tuple[User, str]
) -> None:
    user = make_user(db, roles=[EDITOR], email="karen@klinik.dk", password=PASSWORD)
    sign_in(other, db, user)
    changed(client, admin[1], user, active="")
    assert other.get("/account").status_code == 303
    other.cookies.clear()
    assert enter(other, "karen@klinik.dk").status_code == 401
    assert "Lukket" in client.get("/admin/users").text
    found = staff.user(db, user.id)
    assert found
    assert changed(client, admin[1], found, active="yes").status_code == 303
    assert enter(other, "karen@klinik.dk").status_code == 303


def test_a_role_that_is_taken_away_is_gone_at_once(
    client: TestClient, other: TestClient, db: Engine, admin: tuple[User, str]
) -> None:
    user = make_user(db, roles=[ADMIN])
    sign_in(other, db, user)
    assert other.get("/admin/users").status_code == 200
    changed(client, admin[1], user, roles=[EDITOR])
    assert other.get("/admin/users").status_code == 403


# The ways back in


def test_a_link_for_whoever_has_forgotten(
    client: TestClient, other: TestClient, db: Engine, admin: tuple[User, str]
) -> None:
    user = make_user(db, roles=[EDITOR], email="karen@klinik.dk", password="noget jeg har glemt")
    first = link_of(client.post(f"/admin/users/{user.id}/link", data={"csrf": admin[1]}).text)
    second = link_of(client.post(f"/admin/users/{user.id}/link", data={"csrf": admin[1]}).text)
    assert other.get(f"/password/{first}").status_code == 404
    assert other.post(f"/password/{second}", data={"new": PASSWORD, "again": PASSWORD}).status_code == 303
    assert enter(other, "karen@klinik.dk").status_code == 303
    assert actions(db) == ["link_made", "link_made", "password_changed", "signed_in"]


def test_no_link_for_whoever_is_closed(client: TestClient, db: Engine, admin: tuple[User, str]) -> None:
    user = make_user(db, roles=[EDITOR])
    staff.change_user(db, user.id, active=False)
    assert 'action="/admin/users/' + user.id + '/link"' not in client.get(f"/admin/users/{user.id}").text
    assert client.post(f"/admin/users/{user.id}/link", data={"csrf": admin[1]}).status_code == 303
    assert not staff.audit(db)


def test_a_lost_phone(client: TestClient, other: TestClient, db: Engine, admin: tuple[User, str]) -> None:
    user = make_user(db, roles=[EDITOR], email="karen@klinik.dk", password=PASSWORD)
    staff.change_user(db, user.id, totp_secret=totp.new_secret(), totp_on=True)
    assert "Telefonen er væk" in client.get(f"/admin/users/{user.id}").text
    client.post(f"/admin/users/{user.id}/second/off", data={"csrf": admin[1]})
    assert "Telefonen er væk" not in client.get(f"/admin/users/{user.id}").text
    assert enter(other, "karen@klinik.dk").headers["location"] == "/editor"
    client.post(f"/admin/users/{user.id}/second/off", data={"csrf": admin[1]})
    assert [(line.who, line.object) for line in staff.audit(db, action="totp_off")] == [
        ("admin@klinik.dk", "karen@klinik.dk")
    ]


def test_another_identity_elsewhere(client: TestClient, db: Engine, admin: tuple[User, str]) -> None:
    user = make_user(db, roles=[EDITOR])
    staff.bind_subject(db, user.id, "old")
    client.post(f"/admin/users/{user.id}/elsewhere/off", data={"csrf": admin[1]})
    found = staff.user(db, user.id)
    assert found and found.oidc_subject is None
    assert staff.audit(db)[0].details == {"fields": ["oidc_subject"]}


# The list


def test_the_list_tells_where_everybody_stands(client: TestClient, db: Engine, admin: tuple[User, str]) -> None:
    make_user(db, roles=[EDITOR], name="Bo Ny")
    make_user(db, roles=[CLINICIAN, REVIEWER], name="Cille Sø", signs_off=True, password=PASSWORD)
    page = client.get("/admin/users").text
    for words in (
        "Alle brugere: 3",
        "Har ikke valgt adgangskode",
        "Aktiv",
        "Klinisk godkender",
        "Aldrig",
        "Anne Dam",
    ):
        assert words in page
    assert page.index("Anne Dam") < page.index("Bo Ny") < page.index("Cille Sø")
    assert client.cookies.get(COOKIE) not in page and "argon2" not in page
