"""The audit log as admins see it: page by page, by person or action, and as a file that runs nothing."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from bot.accounts import audit
from bot.content.store import load
from bot.store import staff
from bot.store.staff_models import ADMIN, User
from tests.accounts.staff import make_user, signed_in


@pytest.fixture
def admin(client: TestClient, db: Engine) -> User:
    return signed_in(client, db, [ADMIN], email="admin@klinik.dk")[0]


def objects(page: str) -> list[str]:
    return re.findall(r"object-(\d+)", page)


def test_it_goes_back_page_by_page(client: TestClient, db: Engine, admin: User) -> None:
    for at in range(120):
        staff.note(db, admin, "signed_in", f"object-{at}")
    seen, path, pages = [], "/admin/audit", 0
    while path:
        page = client.get(path).text
        seen += objects(page)
        pages += 1
        older = re.search(r'href="(/admin/audit\?[^"]*before=\d+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == [str(at) for at in reversed(range(120))]
    assert pages == 3


def test_a_full_last_page_leads_to_no_empty_one(client: TestClient, db: Engine, admin: User) -> None:
    for at in range(audit.PAGE):
        staff.note(db, admin, "signed_in", f"object-{at}")
    assert "before=" not in client.get("/admin/audit").text


def test_it_can_be_read_by_person_and_action(client: TestClient, db: Engine, admin: User) -> None:
    per = make_user(db, roles=[], email="p+er&x@klinik.dk")
    staff.note(db, admin, "signed_in", "object-1")
    staff.note(db, per, "signed_in", "object-2")
    staff.note(db, per, "totp_on", "object-3")
    assert objects(client.get("/admin/audit", params={"who": per.email}).text) == ["3", "2"]
    both = client.get("/admin/audit", params={"who": per.email, "action": "totp_on"})
    assert objects(both.text) == ["3"]
    assert f"<option selected>{per.email.replace('&', '&amp;')}</option>" in both.text
    file = re.search(r'href="(/admin/audit\.csv\?[^"]*)"', both.text)
    assert file and objects(client.get(file[1].replace("&amp;", "&")).text) == ["3"]


def test_actions_and_details_are_told_in_words(client: TestClient, db: Engine, admin: User) -> None:
    staff.note(db, admin, "user_changed", "x", fields=["roles", "signs_off"], roles=["editor"], signs_off=False)
    staff.note(db, None, "sign_in_failed")
    staff.note(db, admin, "something_new", count=1, list=[], nothing=None)
    page = client.get("/admin/audit").text
    for words in (
        "Ændrede en bruger", "ændret: roller, klinisk godkender", "roller: Redaktør", "klinisk godkender: nej",
        "Ukendt", "something_new", "count: 1", "list: –",
    ):  # fmt: skip
        assert words in page, words


def test_every_action_we_write_has_words_in_both_languages() -> None:
    wanted = {
        "signed_in", "sign_in_failed", "signed_out", "password_changed", "totp_on", "totp_off", "user_added",
        "user_changed", "link_made", "clinic_changed", "oidc_signed_in",
    }  # fmt: skip
    for words in load().work.values():
        assert {f"action_{name}" for name in wanted} <= set(words["accounts"])


@pytest.mark.parametrize("strange", ["0", "-1", "x", "9" * 40, "1e9", "\x00", "１", "😀", ""])
def test_a_made_up_page_is_the_first(client: TestClient, db: Engine, admin: User, strange: str) -> None:
    staff.note(db, admin, "signed_in", "object-1")
    assert objects(client.get("/admin/audit", params={"before": strange}).text) == ["1"]


@pytest.mark.parametrize("strange", ["\x00", "😀", "x" * 5000, "' or 1=1 --", "%"])
def test_a_made_up_person_has_done_nothing(client: TestClient, db: Engine, admin: User, strange: str) -> None:
    staff.note(db, admin, "signed_in", "object-1")
    for name in ("who", "action"):
        answer = client.get("/admin/audit", params={name: f"x{strange}"})
        assert answer.status_code == 200 and not objects(answer.text)
        assert client.get("/admin/audit.csv", params={name: f"x{strange}"}).status_code == 200


def test_the_file_holds_all_of_it(
    client: TestClient, db: Engine, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PIECE", 7)
    for at in range(20):
        staff.note(db, admin, "user_changed", f"object-{at}", fields=["æ", '"'])
    answer = client.get("/admin/audit.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"] and answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head == ["id", "at", "who", "action", "object", "details"]
    assert [row[4] for row in rows] == [f"object-{at}" for at in reversed(range(20))]
    assert json.loads(rows[0][5]) == {"fields": ["æ", '"']}


@pytest.mark.parametrize("cell", ["=1+1", "+45", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x")'])
def test_the_file_runs_nothing_in_a_spreadsheet(client: TestClient, db: Engine, admin: User, cell: str) -> None:
    staff.note(db, None, cell, cell, who=cell)
    rows = list(csv.reader(io.StringIO(client.get("/admin/audit.csv").content.decode("utf-8-sig"), newline="")))
    assert rows[1][2:5] == [f"'{cell}"] * 3


@given(st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    found = audit.harmless(text)
    assert not found.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert found in (text, f"'{text}")
