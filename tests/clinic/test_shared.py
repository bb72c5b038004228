"""A shared summary: open to whoever has the link, or to clinicians alone; and the patient sees every view."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session

from bot.clock import now
from bot.store import conversations, invites, records, staff
from bot.store.models import Conversation, Share
from bot.store.staff_models import ADMIN, EDITOR, REVIEWER, Clinic
from tests.accounts.staff import make_user
from tests.clinic.conftest import Clinician
from tests.time_travel import Clock


@pytest.fixture
def patient(engine: Engine) -> tuple[str, Conversation]:
    """A patient with a plan: their token, and the conversation."""
    token, found = conversations.create(engine, language="da")
    records.keep_plan(engine, found.id, {"activity": "gå i skoven"})
    return token, found


@pytest.fixture
def share(engine: Engine, patient: tuple[str, Conversation]) -> Callable[..., str]:
    """Makes a link to their summary; its code."""

    def shared(**fields: Any) -> str:
        return records.share(engine, patient[1].id, "da", now() + timedelta(days=30), **fields)

    return shared


def viewed(engine: Engine, patient: tuple[str, Conversation]) -> list[dict[str, str]]:
    return [view for link in records.shares(engine, patient[1].id) for view in records.views(link)]


def test_a_link_for_everybody_opens_for_everybody(
    client: TestClient, engine: Engine, patient: tuple[str, Conversation], share: Callable[..., str]
) -> None:
    page = client.get(f"/s/{share()}")
    assert page.status_code == 200 and "gå i skoven" in page.text
    assert [(view["by"], view["clinic"]) for view in viewed(engine, patient)] == [("link", "")]


def test_a_link_for_clinicians_is_refused_kindly_and_notes_no_view(
    client: TestClient, engine: Engine, patient: tuple[str, Conversation], share: Callable[..., str]
) -> None:
    code = share(staff_only=True)
    page = client.get(f"/s/{code}", headers={"accept-language": "da"})
    assert page.status_code == 403 and "gå i skoven" not in page.text and page.headers["cache-control"] == "no-store"
    assert f'href="/sign-in?next=/s/{code}"' in page.text and "Siden er kun for behandlere" in page.text
    assert '<html lang="en">' in client.get(f"/s/{code}?language=en").text
    assert viewed(engine, patient) == []


def test_a_clinician_who_is_signed_in_reads_it_and_the_patient_sees_which_clinic(
    clinician: Clinician, engine: Engine, patient: tuple[str, Conversation], share: Callable[..., str]
) -> None:
    page = clinician.get(f"/s/{share(staff_only=True)}")
    assert page.status_code == 200 and "gå i skoven" in page.text
    assert [(view["by"], view["clinic"]) for view in viewed(engine, patient)] == [("clinician", "Lægerne på Torvet")]
    read = [line for line in staff.audit(engine) if line.action == "summary_read"]
    assert [line.user_id for line in read] == [clinician.user.id] and patient[1].id not in repr(read)


@pytest.mark.parametrize("roles", [[EDITOR], [REVIEWER], [ADMIN], []])
def test_another_role_does_not_open_it(
    clinician_of: Callable[..., Clinician], engine: Engine, patient: tuple[str, Conversation],
    share: Callable[..., str], roles: list[str],
) -> None:  # fmt: skip
    page = clinician_of(roles=roles).get(f"/s/{share(staff_only=True)}")
    assert page.status_code == 403 and "gå i skoven" not in page.text and "/sign-in" not in page.text
    assert viewed(engine, patient) == []


def test_whoever_still_owes_the_second_factor_does_not_open_it(
    clinician: Clinician, engine: Engine, patient: tuple[str, Conversation], share: Callable[..., str]
) -> None:
    from bot.accounts.access import COOKIE

    clinician.browser.cookies.set(COOKIE, staff.open_session(engine, clinician.user.id, passed=False))
    assert clinician.get(f"/s/{share(staff_only=True)}").status_code == 403
    assert clinician.get(f"/s/{share()}").status_code == 200
    assert [view["by"] for view in viewed(engine, patient)] == ["link"]


def test_a_withdrawn_or_expired_link_is_gone_for_clinicians_too(
    clinician: Clinician, engine: Engine, patient: tuple[str, Conversation], clock: Clock
) -> None:
    codes = [
        records.share(engine, patient[1].id, "da", clock.now() + timedelta(days=days), staff_only=True)
        for days in (0, 30)
    ]
    assert [clinician.get(f"/s/{code}").status_code for code in codes] == [404, 200]
    records.withdraw_shares(engine, patient[1].id)
    assert clinician.get(f"/s/{codes[1]}").status_code == 404
    assert clinician.browser.get(f"/s/{'x' * 22}").status_code == 404


# -- what the patient sees ------------------------------------------------------------------------------------------


def test_the_patient_reads_who_opened_it_in_words_and_in_the_file(
    client: TestClient, clinician: Clinician, clinician_of: Callable[..., Clinician],
    patient: tuple[str, Conversation], share: Callable[..., str],
) -> None:  # fmt: skip
    code = share(staff_only=True)
    clinician.get(f"/s/{code}")
    clinician_of().get(f"/s/{code}")
    client.get(f"/s/{share()}")
    page = client.post("/me/data", data={"token": patient[0]}).text
    for words in (
        "åbnet af en behandler fra Lægerne på Torvet", "åbnet af en behandler, der var logget ind",
        "åbnet med linket", "Åbner kun for behandlere",
    ):  # fmt: skip
        assert page.count(words) == 1
    english = client.post("/me/data", data={"token": patient[0], "language": "en"}).text
    assert "opened by a clinician from Lægerne på Torvet" in english
    links = json.loads(client.post("/me/data.json", data={"token": patient[0]}).text)["shared_links"]
    views = [view for link in links for view in link["views"]]
    assert sorted(view["by"] for view in views) == ["clinician", "clinician", "link"]
    assert {link["staff_only"] for link in links} == {True, False}


def test_views_of_before_are_still_read(
    client: TestClient, engine: Engine, patient: tuple[str, Conversation], share: Callable[..., str]
) -> None:
    share()
    with Session(engine) as session:
        link = session.get(Share, records.shares(engine, patient[1].id)[0].code_hash)
        assert link
        link.views = ["2026-03-01T08:05+00:00"]
        session.add(link)
        session.commit()
    page = client.post("/me/data", data={"token": patient[0]}).text
    assert "1. marts 2026 kl. 09.05: åbnet med linket" in page
    kept = json.loads(client.post("/me/data.json", data={"token": patient[0]}).text)
    assert kept["shared_links"][0]["views"] == [{"at": "2026-03-01T08:05+00:00", "by": "link", "clinic": ""}]


def test_a_hostile_name_of_a_clinic_is_words_on_the_patients_page(
    client: TestClient, engine: Engine, clinician_of: Callable[..., Clinician],
    patient: tuple[str, Conversation], share: Callable[..., str],
) -> None:  # fmt: skip
    invites.keep_clinic(engine, Clinic(id="bad", name="<script>alert(1)</script>{date}"))
    clinician_of(clinic_id="bad").get(f"/s/{share()}")
    page = client.post("/me/data", data={"token": patient[0]}).text
    assert "<script>alert" not in page and re.search(r"&lt;script&gt;alert\(1\)&lt;/script&gt;\{date\}", page)


def test_views_at_the_same_time_are_all_noted(engine: Engine) -> None:
    _, found = conversations.create(engine, language="da")
    code = records.share(engine, found.id, "da", now() + timedelta(days=1))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: records.open_share(engine, code), range(30)))
    assert len(records.shares(engine, found.id)[0].views) == 30


def test_views_at_the_same_time_are_all_noted_on_either_database(on_either: Clinician) -> None:
    test_views_at_the_same_time_are_all_noted(on_either.engine)


def test_without_being_asked_for_a_link_is_for_everybody(engine: Engine) -> None:
    _, found = conversations.create(engine, language="da")
    records.share(engine, found.id, "da", now() + timedelta(days=1))
    records.share(engine, found.id, "da", now() + timedelta(days=1), staff_only=True)
    assert sorted(link.staff_only for link in records.shares(engine, found.id)) == [False, True]


def test_the_store_itself_opens_no_such_link_for_others(engine: Engine) -> None:
    _, found = conversations.create(engine, language="da")
    code = records.share(engine, found.id, "da", now() + timedelta(days=1), staff_only=True)
    with pytest.raises(records.StaffOnly):
        records.open_share(engine, code)
    make_user(engine, roles=[])
    assert records.open_share(engine, code, by="clinician")
