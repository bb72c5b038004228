"""The patient's own pages: for whoever holds the token, and nobody else; nothing in addresses, nothing cached."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from bot.clock import now
from bot.dialogue.effects import following
from bot.store import conversations, records, reminders
from tests.time_travel import Clock

PAGES = ("/me/plan", "/me/progress", "/me/summary", "/me/data", "/me/data.json", "/me/erase", "/me/link")
HOSTILE = "<script>alert(1)</script> **fed** [x](https://evil.example) \u202eRTL \U0001f9b4 {operator}"


@pytest.fixture
def engine(client: TestClient) -> Engine:
    found: Engine = client.app.state.turns.engine  # type: ignore[attr-defined]
    return found


@pytest.fixture
def token(engine: Engine) -> str:
    """A patient with a plan, check-ins and an agreement."""
    token, conversation = conversations.create(engine, language="da")
    records.keep_plan(engine, conversation.id, {"activity": HOSTILE, "step": "gå"})
    records.add_check_in(engine, conversation.id, {"pain": 5, "hindrance": None, "confidence": 3, "step": "done"})
    reminders.agree(engine, conversation.id, following, rhythm="weekly", hour=17)
    return token


def owned(engine: Engine, token: str) -> Any:
    found = conversations.find(engine, token)
    assert found
    return found


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_for_its_owner_and_is_not_kept_anywhere(client: TestClient, token: str, path: str) -> None:
    answer = client.post(path, data={"token": token})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert token not in str(answer.url)


@pytest.mark.parametrize("path", [*PAGES, "/me/calendar.ics"])
@pytest.mark.parametrize("wrong", ["", "nonsense", "\x00", "a" * 5000, "' or 1=1 --", "🦴"])
def test_without_the_token_there_are_kind_words_and_nothing_else(
    client: TestClient, token: str, path: str, wrong: str
) -> None:
    answer = client.post(path, data={"token": wrong})
    assert answer.status_code == 401
    assert "evil" not in answer.text and 'id="error"' in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_no_page_opens_by_an_address_alone(client: TestClient, token: str, path: str) -> None:
    assert client.get(path, params={"token": token}).status_code == 405


@pytest.mark.parametrize("path", ["/me/plan", "/me/data", "/me/summary"])
def test_what_a_patient_wrote_is_shown_as_words(client: TestClient, token: str, path: str) -> None:
    page = client.post(path, data={"token": token}).text
    assert "<script>alert" not in page and 'href="https://evil' not in page
    assert "alert(1)" in page


@pytest.mark.parametrize(("language", "shown"), [("en", "en"), ("da", "da"), ("xx", "da"), ("", "da")])
def test_the_language_can_be_asked_for(client: TestClient, token: str, language: str, shown: str) -> None:
    page = client.post("/me/plan", data={"token": token, "language": language}).text
    assert f'<html lang="{shown}">' in page


def test_the_file_to_take_away_holds_everything(client: TestClient, token: str) -> None:
    kept = json.loads(client.post("/me/data.json", data={"token": token}).text)
    assert kept["plans"][0]["activity"] == HOSTILE
    assert kept["check_ins"][0]["pain"] == 5 and kept["reminders"]["hour"] == 17
    by_api = client.get("/api/chat/export", headers={"Authorization": f"Bearer {token}"}).json()
    assert by_api.keys() == kept.keys() and by_api["plans"][0]["activity"] == HOSTILE


def test_erasing_asks_once_more(client: TestClient, engine: Engine, token: str) -> None:
    assert client.post("/me/erase", data={"token": token}).status_code == 200
    assert conversations.find(engine, token)
    assert client.post("/me/erase", data={"token": token, "sure": "yes"}).status_code == 200
    assert conversations.find(engine, token) is None
    assert client.post("/me/erase", data={"token": token, "sure": "yes"}).status_code == 401


def test_the_calendar_file_repeats_at_the_hour_and_tells_nothing_of_health(
    client: TestClient, engine: Engine, token: str, clock: Clock
) -> None:
    clock.go(hour=9)
    answer = client.post("/me/calendar.ics", data={"token": token})
    body = answer.text.replace("\r\n ", "")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert re.search(r"DTSTART;TZID=Europe/Copenhagen:\d{8}T170000\r\n", body)
    assert "RRULE:FREQ=DAILY;INTERVAL=7" in body and f"#t={token}" in body
    assert not re.search(r"smerte|øvelse|pain|evil", body)
    assert all(len(line.encode()) <= 75 for line in answer.text.split("\r\n"))
    reminders.agree(engine, owned(engine, token).id, following, stopped=True)
    assert client.post("/me/calendar.ics", data={"token": token}).status_code == 404


# -- the summary that is shared ---------------------------------------------------------------------------------


def test_a_shared_summary_is_read_only_and_its_views_are_noted(
    client: TestClient, engine: Engine, token: str
) -> None:
    code = records.share(engine, owned(engine, token).id, "en", now() + timedelta(days=30))
    page = client.get(f"/s/{code}").text
    assert '<html lang="en">' in page and token not in page and "/me/" not in page
    assert '<html lang="da">' in client.get(f"/s/{code}?language=da").text
    assert len(records.shares(engine, owned(engine, token).id)[0].views) == 2
    assert "2" in client.post("/me/data", data={"token": token}).text


def test_a_link_ends_by_time_by_withdrawal_and_by_erasure(
    client: TestClient, engine: Engine, token: str, clock: Clock
) -> None:
    person = owned(engine, token).id
    codes = [records.share(engine, person, "da", clock.now() + timedelta(days=days)) for days in (1, 30)]
    clock.go(2)
    assert [client.get(f"/s/{code}").status_code for code in codes] == [404, 200]
    assert records.withdraw_shares(engine, person) == 2
    assert client.get(f"/s/{codes[1]}").status_code == 404
    third = records.share(engine, person, "da", clock.now() + timedelta(days=1))
    conversations.erase(engine, person)
    assert client.get(f"/s/{third}").status_code == 404


@pytest.mark.parametrize("code", ["x", "a" * 22, "..%2F..", "%00", "🦴", "a" * 4000])
def test_a_made_up_link_is_not_found(client: TestClient, token: str, code: str) -> None:
    assert client.get(f"/s/{code}").status_code == 404


def test_a_link_cannot_be_found_in_the_database(engine: Engine, token: str) -> None:
    code = records.share(engine, owned(engine, token).id, "da", now() + timedelta(days=1))
    assert len(code) == 22
    with engine.connect() as connection:
        assert code not in repr(connection.exec_driver_sql("select * from share").all())
