"""Choosing a password by a link: once, within two days, and nobody learns anything from a link that is over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from bot.store import staff
from bot.store.staff_models import EDITOR
from tests.accounts.staff import PASSWORD, actions, enter, make_user
from tests.time_travel import Clock

FORM = {"new": PASSWORD, "again": PASSWORD}


@pytest.fixture
def code(db: Engine) -> str:
    return staff.password_link(db, make_user(db, roles=[EDITOR], email="karen@klinik.dk").id)


def test_a_new_user_chooses_a_password_and_signs_in(client: TestClient, db: Engine, code: str) -> None:
    page = client.get(f"/password/{code}")
    assert page.status_code == 200 and "karen@klinik.dk" in page.text
    answer = client.post(f"/password/{code}", data=FORM)
    assert answer.headers["location"] == "/sign-in?done=password"
    assert "Din nye adgangskode er gemt." in client.get(answer.headers["location"]).text
    assert enter(client, "karen@klinik.dk").status_code == 303
    assert actions(db) == ["password_changed", "signed_in"]


def test_looking_at_the_link_does_not_use_it_up(client: TestClient, code: str) -> None:
    assert [client.get(f"/password/{code}").status_code for _ in range(3)] == [200] * 3
    assert client.post(f"/password/{code}", data=FORM).status_code == 303


def test_it_works_once(client: TestClient, code: str) -> None:
    client.post(f"/password/{code}", data=FORM)
    for answer in (client.get(f"/password/{code}"), client.post(f"/password/{code}", data=FORM)):
        assert answer.status_code == 404 and "Linket virker ikke længere" in answer.text
        assert "karen@klinik.dk" not in answer.text


def test_of_two_at_once_one_chooses(client: TestClient, other: TestClient, db: Engine, code: str) -> None:
    passwords = ["fire blå cykler i regn", "fem røde cykler i sne"]

    def choose(pair: tuple[TestClient, str]) -> int:
        return pair[0].post(f"/password/{code}", data={"new": pair[1], "again": pair[1]}).status_code

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(choose, zip((client, other), passwords, strict=True)))
    assert sorted(found) == [303, 404]
    assert enter(client, "karen@klinik.dk", passwords[found.index(303)]).status_code == 303
    assert actions(db).count("password_changed") == 1


def test_after_two_days_it_is_over(client: TestClient, code: str, clock: Clock) -> None:
    clock.forward(timedelta(hours=48, minutes=1))
    assert client.get(f"/password/{code}").status_code == 404
    assert client.post(f"/password/{code}", data=FORM).status_code == 404


@pytest.mark.parametrize(
    ("new", "again", "says"),
    [
        ("", "", "Den er for kort"),
        ("kort", "kort", "Den er for kort"),
        ("x" * 300, "x" * 300, "Den er for lang"),
        ("karen på klinikken", "karen på klinikken", "for nem at gætte"),
        (PASSWORD, "noget andet her", "to forskellige"),
        ("en god\x00 lang kode", "en god\x00 lang kode", "et tegn i den"),
    ],
)
def test_a_password_that_will_not_do_leaves_the_link_good(
    client: TestClient, code: str, new: str, again: str, says: str
) -> None:
    answer = client.post(f"/password/{code}", data={"new": new, "again": again})
    assert answer.status_code == 422 and says in answer.text and 'aria-invalid="true"' in answer.text
    assert client.post(f"/password/{code}", data=FORM).status_code == 303


def test_another_site_chooses_nothing(client: TestClient, code: str) -> None:
    answer = client.post(f"/password/{code}", data=FORM, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert client.get(f"/password/{code}").status_code == 200


@pytest.mark.parametrize("made_up", ["x", "%00", "%ed%a0%80", "a" * 5000, "..%2f..", "😀", "{{7*7}}", "' or 1=1 --"])
def test_a_made_up_link_is_over_as_well(client: TestClient, made_up: str) -> None:
    assert client.get(f"/password/{made_up}").status_code == 404
    assert client.post(f"/password/{made_up}", data=FORM).status_code == 404


def test_the_address_with_the_code_goes_nowhere_else(client: TestClient, code: str) -> None:
    answer = client.get(f"/password/{code}")
    assert answer.headers["referrer-policy"] == "no-referrer" and answer.headers["cache-control"] == "no-store"
