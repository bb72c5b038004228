"""Clinics: name, phone, region, and the websites that may show the chat."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from bot.store import invites, staff
from bot.store.staff_models import ADMIN, Clinic
from tests.accounts.staff import signed_in


@pytest.fixture
def csrf(client: TestClient, db: Engine) -> str:
    return signed_in(client, db, [ADMIN], email="admin@klinik.dk")[1]


def sent(csrf: str, **fields: str) -> dict[str, str]:
    return {
        "csrf": csrf,
        "name": "Klinik Øst",
        "phone": "12 34 56 78",
        "region": "midtjylland",
        "origins": "",
        **fields,
    }


def only(engine: Engine) -> Clinic:
    [found] = invites.clinics(engine)
    return found


def test_a_clinic_is_added_and_found_again(client: TestClient, db: Engine, csrf: str) -> None:
    sites = "https://www.Klinik.dk/\r\n\r\nhttps://www.klinik.dk\r\nhttp://localhost:3000"
    answer = client.post("/admin/clinics", data=sent(csrf, origins=sites))
    assert answer.headers["location"] == "/admin/clinics?done=clinic"
    found = only(db)
    assert (found.name, found.phone, found.region) == ("Klinik Øst", "12 34 56 78", "midtjylland")
    assert found.origins == ["https://www.klinik.dk", "http://localhost:3000"]
    page = client.get("/admin/clinics?done=clinic").text
    assert "Klinik Øst" in page and "Midtjylland" in page and "Klinikken er gemt." in page
    form = client.get(f"/admin/clinics/{found.id}").text
    assert "https://www.klinik.dk\nhttp://localhost:3000</textarea>" in form
    assert '<option value="midtjylland" selected>' in form
    [line] = staff.audit(db)
    assert (line.action, line.object, line.details) == (
        "clinic_changed", "Klinik Øst", {"new": True, "origins": found.origins},
    )  # fmt: skip


def test_a_change_says_in_the_log_what_it_was_and_keeps_the_rest(client: TestClient, db: Engine, csrf: str) -> None:
    client.post("/admin/clinics", data=sent(csrf))
    before = only(db)
    client.post(f"/admin/clinics/{before.id}", data=sent(csrf, region="", origins="https://a.dk"))
    found = only(db)
    assert (found.id, found.created_at, found.name, found.region) == (before.id, before.created_at, before.name, None)
    assert staff.audit(db)[0].details == {"fields": ["origins", "region"], "origins": ["https://a.dk"]}
    client.post(f"/admin/clinics/{before.id}", data=sent(csrf, region="", origins="https://a.dk"))
    assert len(staff.audit(db)) == 2


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "Skriv et navn"),
        ("name", "x" * 101, "Skriv et navn"),
        ("name", "klinik VEST", "allerede en klinik"),
        ("phone", "ring bare", "ligner ikke et telefonnummer"),
        ("phone", "1" * 100, "ligner ikke et telefonnummer"),
        ("region", "atlantis", "findes ikke"),
        ("region", "\x00", "findes ikke"),
        ("origins", "https://klinik.dk/kontakt", "kan ikke bruges: https://klinik.dk/kontakt."),
        ("origins", "http://klinik.dk", "kan ikke bruges"),
        ("origins", "https://*.klinik.dk", "kan ikke bruges"),
        ("origins", "https://a.dk; script-src *", "kan ikke bruges"),
        ("origins", "https://a.dk\x00", "kan ikke bruges"),
        ("origins", "<script>x</script>", "&lt;script&gt;x"),
        ("origins", "\n".join(f"https://a{at}.dk" for at in range(21)), "plads til 20"),
        ("origins", "x" * 50_000, "kan ikke bruges"),
    ],
)
def test_what_cannot_be_says_why_and_keeps_what_was_typed(
    client: TestClient, db: Engine, csrf: str, field: str, value: str, says: str
) -> None:
    invites.keep_clinic(db, Clinic(id="c1", name="Klinik Vest"))
    answer = client.post("/admin/clinics", data=sent(csrf) | {field: value})
    assert answer.status_code == 422 and says in answer.text and 'aria-invalid="true"' in answer.text
    assert [each.name for each in invites.clinics(db)] == ["Klinik Vest"] and not staff.audit(db)
    if field != "name":
        assert 'value="Klinik Øst"' in answer.text


def test_a_clinic_may_keep_its_own_name_in_other_letters(client: TestClient, db: Engine, csrf: str) -> None:
    client.post("/admin/clinics", data=sent(csrf))
    assert client.post(f"/admin/clinics/{only(db).id}", data=sent(csrf, name="KLINIK ØST")).status_code == 303
    assert only(db).name == "KLINIK ØST"


def test_in_production_this_very_machine_is_no_site(client: TestClient, db: Engine, csrf: str) -> None:
    settings: Any = client.app.state.turns.settings  # type: ignore[attr-defined]
    settings.env = "production"
    answer = client.post("/admin/clinics", data=sent(csrf, origins="http://localhost:3000"))
    assert answer.status_code == 422 and not invites.clinics(db)


@pytest.mark.parametrize("strange", ["😀", "Klinik\x00\r\nØst", "‮tsØ", "{{7*7}}", "' or 1=1 --"])
def test_strange_names_are_kept_as_one_plain_line(client: TestClient, db: Engine, csrf: str, strange: str) -> None:
    assert client.post("/admin/clinics", data=sent(csrf, name=strange)).status_code == 303
    kept = only(db).name
    assert kept and kept.isprintable() and "\n" not in kept
    assert client.get("/admin/clinics").status_code == 200
