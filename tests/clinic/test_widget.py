"""The invite's page, the chat in a frame, the loader, and the page where a clinician gets it to copy."""

from __future__ import annotations

import gzip
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from bot.channels.web.page import usable
from bot.clinic.widget import script
from bot.clock import now
from bot.content.store import ContentStore
from bot.store import invites, staff
from bot.store.conversations import hash_token
from bot.store.models import Conversation
from bot.store.staff_models import Clinic, Invite
from tests.accounts.staff import make_user, signed_in

SITE = "https://www.klinik.example"
ALIEN = "https://andre.example"


@pytest.fixture
def engine(client: TestClient) -> Engine:
    found: Engine = client.app.state.turns.engine  # type: ignore[attr-defined]
    return found


@pytest.fixture
def clinic(engine: Engine) -> Clinic:
    found = Clinic(id="k1", name="Rygklinikken", phone="12 34 56 78", region="zealand", origins=[SITE, ALIEN])
    invites.keep_clinic(engine, found)
    return found


@pytest.fixture
def make(engine: Engine, clinic: Clinic) -> Any:
    """Makes an invite of the clinic, with what the test gives; its code."""
    user = make_user(engine, roles=["clinician"], clinic_id="k1")

    def made(**fields: Any) -> str:
        usual = {"clinic_id": "k1", "most": 5, "expires_at": now() + timedelta(days=1)}
        return invites.make(engine, user_id=user.id, **usual | fields)[0]

    return made


def opened(engine: Engine, code: str) -> int:
    found = invites.of_code(engine, code)
    assert found
    return found.opened


def ancestors(answer: Any) -> str:
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    return str(policy["frame-ancestors"])


# -- the page of an invite --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/i", "/embed"])
@pytest.mark.parametrize("language", ["da", "en"])
def test_the_page_speaks_the_invites_language_unless_asked_for_another(
    client: TestClient, make: Any, path: str, language: str
) -> None:
    code, other = make(language=language), {"da": "en", "en": "da"}[language]
    assert f'<html lang="{language}">' in client.get(f"{path}/{code}").text
    assert f'<html lang="{other}">' in client.get(f"{path}/{code}?language={other}").text
    assert f'<html lang="{language}">' in client.get(f"{path}/{code}?language=xx").text


@pytest.mark.parametrize("path", ["/i", "/embed"])
def test_the_page_carries_the_code_for_the_form_and_the_script_and_in_the_language_link(
    client: TestClient, make: Any, path: str
) -> None:
    code = make()
    page = client.get(f"{path}/{code}").text
    assert f'<input type="hidden" name="invite" value="{code}">' in page
    assert f'data-invite="{code}"' in page
    assert f'href="{path}/{code}?language=en"' in page
    assert 'id="gone"' not in page


def test_the_front_door_carries_no_code(client: TestClient) -> None:
    page = client.get("/").text
    assert 'data-invite=""' in page and 'name="invite"' not in page and 'href="/?language=en"' in page


def test_every_opening_is_counted_once_and_a_mere_look_not_at_all(
    client: TestClient, engine: Engine, make: Any
) -> None:
    code = make()
    for path in ("/i", "/embed"):
        assert client.head(f"{path}/{code}").status_code == 200
    assert opened(engine, code) == 0
    client.get(f"/i/{code}")
    client.get(f"/embed/{code}")
    assert opened(engine, code) == 2


OUT_OF_FORCE = {
    "expired": {"expires_at": now() - timedelta(days=1)},
    "revoked": {"revoked_at": now()},
    "used up": {"most": 3, "used": 3},
}


@pytest.mark.parametrize("path", ["/i", "/embed"])
@pytest.mark.parametrize("fields", OUT_OF_FORCE.values(), ids=OUT_OF_FORCE.keys())
def test_a_link_no_longer_in_force_says_so_kindly_and_everything_works(
    client: TestClient, engine: Engine, content: ContentStore, make: Any, path: str, fields: dict[str, Any]
) -> None:
    code = make(**fields)
    answer = client.get(f"{path}/{code}")
    assert answer.status_code == 200
    assert content.page["da"]["invite_gone"] in unescape(answer.text)
    assert 'data-invite=""' in answer.text and 'data-name="consent_yes"' in answer.text
    assert opened(engine, code) == 0


@pytest.mark.parametrize("path", ["/i", "/embed"])
@pytest.mark.parametrize("code", ["x", "a" * 5000, "%00", "%ff", "..%5c", "' or 1=1 --", "<script>", "🦴", "A" * 22])
def test_a_code_there_never_was_gets_the_same_page_and_is_not_repeated(
    client: TestClient, content: ContentStore, path: str, code: str
) -> None:
    answer = client.get(f"{path}/{code}")
    assert answer.status_code == 200
    assert content.page["da"]["invite_gone"] in unescape(answer.text)
    assert ancestors(answer) == "'none'"
    assert 'data-invite=""' in answer.text and "' or 1=1" not in answer.text and "<script>" not in answer.text


def test_without_the_database_the_page_opens_all_the_same(client: TestClient, monkeypatch: Any) -> None:
    def down(*_: Any) -> None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr(invites, "of_code", down)
    answer = client.get("/i/" + "A" * 22)
    assert answer.status_code == 200 and 'id="gone"' not in answer.text
    assert 'href="tel:112"' in answer.text
    assert ancestors(client.get("/embed/" + "A" * 22)) == "'none'"


def test_without_script_the_conversation_comes_with_the_invite(client: TestClient, engine: Engine, make: Any) -> None:
    code = make()
    page = client.post("/chat", data={"invite": code, "choice": "consent_yes", "client_id": "a"})
    assert page.status_code == 200 and f'name="invite" value="{code}"' in page.text
    with Session(engine) as session:
        (started,) = session.exec(select(Conversation))
    assert started.invite_hash == hash_token(code)


@pytest.mark.parametrize("invite", ["", "nonsense!", "\x00", "a" * 5000, "../x"])
@pytest.mark.parametrize("embedded", ["", "1"])
def test_a_made_up_invite_in_the_form_does_no_harm(client: TestClient, invite: str, embedded: str) -> None:
    page = client.post("/chat", data={"invite": invite, "embedded": embedded, "choice": "consent_yes"})
    assert page.status_code == 200
    assert ancestors(page) == "'none'"


@pytest.mark.parametrize("field", [{"client_id": "not an id!"}, {"client_id": "x" * 65}, {"choice": "x" * 65}])
def test_a_form_that_no_page_of_ours_has_sent_is_refused_kindly(client: TestClient, field: dict[str, str]) -> None:
    page = client.post("/chat", data={"text": "hej", "action": "send"} | field)
    assert page.status_code == 200 and 'id="error"' in page.text


# -- in a frame -------------------------------------------------------------------------------------------------


def test_only_the_sites_of_the_clinic_may_frame_it_and_nothing_else_changes(client: TestClient, make: Any) -> None:
    code = make()
    page, framed = client.get(f"/i/{code}"), client.get(f"/embed/{code}")
    assert ancestors(page) == "'none'"
    assert ancestors(framed) == f"{SITE} {ALIEN}"
    rest = [answer.headers["content-security-policy"].split("frame-ancestors")[0] for answer in (page, framed)]
    assert rest[0] == rest[1] and "script-src 'self'" in rest[0]
    for answer in (page, framed):
        assert answer.headers["referrer-policy"] == "no-referrer" and answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers and "x-frame-options" not in answer.headers
    assert f'data-origins="{SITE} {ALIEN}"' in framed.text and "data-origins" not in page.text


def test_without_a_clinic_or_without_sites_nobody_may_frame_it(
    client: TestClient, engine: Engine, make: Any, clinic: Clinic
) -> None:
    assert ancestors(client.get(f"/embed/{make(clinic_id=None)}")) == "'none'"
    clinic.origins = []
    invites.keep_clinic(engine, clinic)
    assert ancestors(client.get(f"/embed/{make()}")) == "'none'"


def test_a_site_taken_off_the_list_may_frame_it_no_longer(
    client: TestClient, engine: Engine, make: Any, clinic: Clinic
) -> None:
    code = make()
    clinic.origins = [SITE]
    invites.keep_clinic(engine, clinic)
    assert ancestors(client.get(f"/embed/{code}")) == SITE


@pytest.mark.parametrize("fields", OUT_OF_FORCE.values(), ids=OUT_OF_FORCE.keys())
def test_a_frame_whose_invite_ran_out_still_shows_on_the_clinics_sites(
    client: TestClient, make: Any, fields: dict[str, Any]
) -> None:
    assert ancestors(client.get(f"/embed/{make(**fields)}")) == f"{SITE} {ALIEN}"


def test_without_script_it_stays_framed_after_each_step_even_when_the_invite_is_revoked(
    client: TestClient, engine: Engine, make: Any
) -> None:
    code = make()
    form = {"invite": code, "embedded": "1", "choice": "consent_yes", "client_id": "a"}
    first = client.post("/chat", data=form)
    assert ancestors(first) == f"{SITE} {ALIEN}" and 'name="embedded" value="1"' in first.text
    found = invites.of_code(engine, code)
    assert found
    invites.revoke(engine, found.id)
    (token,) = set(re.findall(r'name="token" value="([^"]+)"', first.text))
    again = client.post("/chat", data=form | {"token": token, "choice": "", "text": "hej", "action": "send"})
    assert again.status_code == 200 and ancestors(again) == f"{SITE} {ALIEN}" and 'id="gone"' not in again.text
    dead = client.post("/chat", data=form | {"token": "no such"})
    assert dead.status_code == 401 and ancestors(dead) == f"{SITE} {ALIEN}"


@pytest.mark.parametrize(
    "given",
    [
        "*", "https://*.klinik.example", "'self'", "data:", "https://a.example; script-src *", "javascript:alert(1)",
        "https://a.example/path", "https://a.example b.example", "https://a.example\r\nx: y", "", "null", "https://",
        "https://user@a.example",
    ],
)  # fmt: skip
def test_what_is_no_plain_origin_never_gets_into_the_header(given: str) -> None:
    assert usable([given]) == []


def test_an_origin_is_written_as_the_browser_writes_it() -> None:
    given = [" HTTPS://WWW.Klinik.example/ ", "http://127.0.0.1:8000"]
    assert usable(given) == ["https://www.klinik.example", "http://127.0.0.1:8000"]


# -- the loader -------------------------------------------------------------------------------------------------


def test_the_loader_is_at_most_three_kilobytes_compressed(client: TestClient) -> None:
    assert len(gzip.compress(client.get("/widget.js").content)) <= 3000


def test_the_loader_has_a_stable_address_and_is_asked_for_again_after_an_hour(client: TestClient) -> None:
    answer = client.get("/widget.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "max-age=3600" in answer.headers["cache-control"] and "set-cookie" not in answer.headers


def test_the_loader_brings_its_words_in_both_languages(content: ContentStore) -> None:
    found = re.search(r"^const WORDS = (.*);$", script(content), re.MULTILINE)
    assert found
    words = json.loads(found[1])
    for language in ("da", "en"):
        assert words[language]["widget_button"] == content.page[language]["widget_button"]
    used = set(re.findall(r"words\.(\w+)", script(content)))
    assert used == set(words["da"]) == set(words["en"])


def test_the_loader_stores_nothing_and_talks_to_nobody_else(content: ContentStore) -> None:
    code = script(content)
    assert not re.search(r"cookie|localStorage|sessionStorage|indexedDB|caches|fetch\(|XMLHttp|sendBeacon", code)
    assert not re.search(r"innerHTML|insertAdjacentHTML|eval|document\.write", code)
    assert set(re.findall(r"https?://[^`$]+", code)) == {"http://www.w3.org/"}
    assert "postMessage({ rygraad: word, seen }, origin)" in code and '"*"' not in code


# -- the page to copy from --------------------------------------------------------------------------------------


def test_only_clinicians_come_to_the_page(client: TestClient, engine: Engine) -> None:
    answer = client.get("/clinic/widget", follow_redirects=False)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    signed_in(client, engine, ["editor"])
    assert client.get("/clinic/widget").status_code == 403


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_page_lists_the_allowed_sites_and_says_whom_to_ask(
    client: TestClient, engine: Engine, content: ContentStore, clinic: Clinic, language: str
) -> None:
    signed_in(client, engine, ["clinician"], clinic_id="k1", language=language)
    page = unescape(client.get("/clinic/widget").text)
    words = content.work[language]["clinic"]
    assert f"<code>{SITE}</code>" in page and f"<code>{ALIEN}</code>" in page
    assert words["widget_sites_change"] in page and words["widget_copy_later"] in page


def test_a_new_code_is_shown_once_as_a_button_a_frame_and_a_link(
    client: TestClient, engine: Engine, content: ContentStore, clinic: Clinic
) -> None:
    user, csrf = signed_in(client, engine, ["clinician"], clinic_id="k1")
    page = client.post("/clinic/widget", data={"csrf": csrf, "label": "Forsiden", "language": "en"})
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    snippets = [
        unescape(each).strip() for each in re.findall(r"<textarea[^>]*>(.*?)</textarea>", page.text, re.DOTALL)
    ]
    (invite,) = invites.of_user(engine, user.id)
    found = re.search(r'data-invite="([\w-]{22})"', snippets[0])
    assert found
    code, address = found[1], client.app.state.turns.settings.address  # type: ignore[attr-defined]
    assert invite.code_hash == hash_token(code)
    assert snippets[0] == (
        f'<script src="{address}/widget.js" data-invite="{code}" data-language="en" defer></script>'
    )
    assert snippets[1].startswith(f'<iframe src="{address}/embed/{code}?language=en" title="')
    words = content.page["en"]["widget_button"]
    assert snippets[2] == f'<a href="{address}/i/{code}?language=en" lang="en">{words}</a>'
    assert code not in client.get("/clinic/widget").text
    assert client.get(f"/embed/{code}").status_code == 200 and ancestors(client.get(f"/embed/{code}"))


def test_the_code_brings_the_clinics_context_and_works_for_many_for_a_year(
    client: TestClient, engine: Engine, clinic: Clinic
) -> None:
    user, csrf = signed_in(client, engine, ["clinician"], clinic_id="k1")
    client.post("/clinic/widget", data={"csrf": csrf, "label": "  ", "language": "xx"})
    (invite,) = invites.of_user(engine, user.id)
    assert (invite.label, invite.language, invite.region) == ("Hjemmeside", "da", "zealand")
    assert (invite.clinic_id, invite.clinic_name, invite.clinic_phone) == ("k1", "Rygklinikken", "12 34 56 78")
    assert invite.most == 100_000 and timedelta(days=364) < invite.expires_at - now() <= timedelta(days=365)
    assert [(line.action, line.object) for line in staff.audit(engine)] == [("invite_made", invite.id)]


@pytest.mark.parametrize("label", ["<b>fed</b>", "\x00", '" onload="x', "🦴"])
def test_any_label_is_taken_as_words(client: TestClient, engine: Engine, clinic: Clinic, label: str) -> None:
    user, csrf = signed_in(client, engine, ["clinician"], clinic_id=clinic.id)
    page = client.post("/clinic/widget", data={"csrf": csrf, "label": label})
    assert page.status_code == 200
    assert "<b>fed" not in page.text and 'onload="x' not in page.text
    (invite,) = invites.of_user(engine, user.id)
    assert "\x00" not in invite.label


@pytest.mark.parametrize("label", ["Jens Hansen", "010203-1234", "en@mail.dk", "x" * 61])
def test_a_label_that_tells_of_somebody_or_is_too_long_makes_no_code(
    client: TestClient, engine: Engine, clinic: Clinic, label: str
) -> None:
    user, csrf = signed_in(client, engine, ["clinician"], clinic_id=clinic.id)
    page = client.post("/clinic/widget", data={"csrf": csrf, "label": label})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text and label in page.text
    assert invites.of_user(engine, user.id) == []


def test_a_forged_post_makes_nothing(client: TestClient, engine: Engine, clinic: Clinic) -> None:
    user, _ = signed_in(client, engine, ["clinician"], clinic_id="k1")
    assert client.post("/clinic/widget", data={"label": "x"}).status_code == 403
    assert invites.of_user(engine, user.id) == []


def test_whoever_has_no_clinic_is_told_so_and_gets_no_code(
    client: TestClient, engine: Engine, content: ContentStore
) -> None:
    user, csrf = signed_in(client, engine, ["clinician"])
    for page in (client.get("/clinic/widget"), client.post("/clinic/widget", data={"csrf": csrf})):
        assert content.work["da"]["clinic"]["widget_no_clinic"] in unescape(page.text)
        assert 'action="/clinic/widget' not in page.text
    assert invites.of_user(engine, user.id) == []


def test_a_clinic_without_sites_is_told_that_only_the_link_works_yet(
    client: TestClient, engine: Engine, content: ContentStore
) -> None:
    invites.keep_clinic(engine, Clinic(id="k2", name="Ny", origins=[]))
    signed_in(client, engine, ["clinician"], clinic_id="k2")
    assert content.work["da"]["clinic"]["widget_no_sites"] in unescape(client.get("/clinic/widget").text)


def test_no_code_is_kept_anywhere(client: TestClient, engine: Engine, clinic: Clinic) -> None:
    _, csrf = signed_in(client, engine, ["clinician"], clinic_id="k1")
    page = client.post("/clinic/widget", data={"csrf": csrf}).text
    found = re.search(r"data-invite=&#34;([\w-]{22})", page)
    assert found
    with Session(engine) as session:
        assert found[1] not in repr(session.exec(select(Invite)).all()) + repr(staff.audit(engine))
