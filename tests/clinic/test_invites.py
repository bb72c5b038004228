"""A clinician's invites: made in one press, shown once, theirs alone, and ended when they say so."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from bot.accounts.access import COOKIE
from bot.clock import now
from bot.store import invites, staff
from bot.store.staff_models import ADMIN, CLINICIAN, EDITOR, REVIEWER, Clinic, Invite
from tests.clinic.conftest import FORM, Clinician, checked, code_on, person
from tests.clinic.test_fields import INVISIBLE
from tests.time_travel import Clock

WITH_CODE = ("handout", "qr.svg", "qr.png")
HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "an attribute": '" autofocus onfocus="alert(1)',
    "a closing tag": "</textarea></title><img src=x onerror=alert(1)>",
    "right-to-left override": "\u202egnol råmej",
    "emoji": "🤕🤕🤕 👨‍👩‍👧‍👦",
    "Markdown": "[klik](https://evil.example) **fed** ![x](https://evil.example/x.png) {link}",
    "a Markdown bomb": "[" * 50,
    "NUL": "a\x00b",
    "a lone surrogate": "a\ud800b",
    "a template": "{{ 7*7 }} {link} {% raw %} ${7*7} %s",
    "lines": "a\r\nBcc: evil@evil\r\n\r\n<b>x",
    "a formula": "=1+1",
    "a thousand accents": "a" + "\u0301" * 1000,
}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found
    return unescape(found[1])


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send if nobody touched the form."""
    sent = {name: hidden(page, name) for name in ("once", "clinic_name", "clinic_phone", "label")}
    for name in ("most", "days", "language"):
        checked = re.search(rf'name="{name}"[^>]*value="(\w+)" checked', page)
        assert checked
        sent[name] = checked[1]
    region = re.search(r'<option value="(\w*)" selected', page)
    return sent | {"region": region[1] if region else ""}


# -- making one -----------------------------------------------------------------------------------------------------


def test_one_press_makes_an_invite_of_the_clinic(clinician: Clinician) -> None:
    page = clinician.get("/clinic/invites/new").text
    made = clinician.post("/clinic/invites/new", **fields_of(page))
    assert made.status_code == 200 and made.headers["cache-control"] == "no-store"
    invite = clinician.own()[0]
    assert (invite.clinic_name, invite.clinic_phone) == ("Lægerne på Torvet", "12 34 56 78")
    assert (invite.region, invite.clinic_id, invite.most, invite.used) == ("sjaelland", "torvet", 1, 0)


def test_the_page_shows_the_link_the_picture_the_words_and_the_files(clinician: Clinician) -> None:
    page = clinician.send(stress=["work", "sleep"]).text
    code = code_on(page)
    assert f"http://127.0.0.1:8000/i/{code}" in page and 'src="data:image/svg+xml' in page
    assert clinician.own()[0].stress == ["work", "sleep"]
    assert all(f'action="/clinic/invites/{clinician.own()[0].id}/{name}"' in page for name in WITH_CODE)
    assert "t.me" not in page and page.count(f'name="code" value="{code}"') == 3


def test_where_there_is_a_bot_its_link_is_there_too(clinician: Clinician) -> None:
    class Bot:
        username = "ryg_bot"

    clinician.browser.app.state.telegram = Bot()  # type: ignore[attr-defined]
    page = clinician.send().text
    clinician.browser.app.state.telegram = None  # type: ignore[attr-defined]
    assert f"https://t.me/ryg_bot?start={code_on(page)}" in page


def test_the_code_stands_nowhere_else(clinician: Clinician) -> None:
    invite, code = clinician.make()
    for path in (
        "/clinic",
        f"/clinic/invites/{invite.id}",
        f"/clinic/invites/new?like={invite.id}",
        "/clinic/counts.csv",
    ):
        assert code not in clinician.get(path).text
    with clinician.engine.connect() as connection:
        for table in ("invite", "audit"):
            assert code not in repr(connection.exec_driver_sql(f"select * from {table}").all())


def test_a_form_that_is_sent_twice_makes_one_invite(clinician: Clinician) -> None:
    first, again = clinician.send(), clinician.send()
    assert code_on(first.text) == code_on(again.text) and len(clinician.own()) == 1
    assert code_on(clinician.send(label="Et andet").text) != code_on(first.text) and len(clinician.own()) == 2
    made = [line for line in staff.audit(clinician.engine) if line.action == "invite_made"]
    assert len(made) == 2 and made[0].user_id == clinician.user.id


def test_a_form_without_its_number_makes_an_invite_each_time(clinician: Clinician) -> None:
    assert clinician.send(once="").status_code == clinician.send(once="").status_code == 200
    assert len(clinician.own()) == 2


def test_two_clinicians_who_send_the_same_form_have_an_invite_each(
    clinician: Clinician, clinician_of: Callable[..., Clinician]
) -> None:
    other = clinician_of()
    assert code_on(clinician.send().text) != code_on(other.send().text)
    assert len(clinician.own()) == len(other.own()) == 1


def test_a_form_that_comes_again_after_the_end_shows_that_it_has_ended(clinician: Clinician) -> None:
    invite, _ = clinician.make()
    invites.revoke(clinician.engine, invite.id)
    assert clinician.send().headers["location"] == f"/clinic/invites/{invite.id}"
    assert len(clinician.own()) == 1


def test_one_more_like_this_has_the_same_settings_and_another_code(clinician: Clinician) -> None:
    invite, code = clinician.make(language="en", region="nordjylland", days="365", most="30", label="Ryghold")
    page = clinician.get(f"/clinic/invites/new?like={invite.id}").text
    sent = fields_of(page)
    assert {name: sent[name] for name in ("language", "region", "days", "most", "label")} == {
        "language": "en", "region": "nordjylland", "days": "365", "most": "30", "label": "Ryghold",
    }  # fmt: skip
    assert code_on(clinician.post("/clinic/invites/new", **sent).text) != code


@pytest.mark.parametrize("words", ["010203-1234", "karen@klinik.dk", "Jens Hansen"])
def test_who_a_patient_is_is_refused_beside_its_field_and_kept_nowhere(clinician: Clinician, words: str) -> None:
    page = clinician.send(label=words, clinic_name="Rygklinikken")
    assert page.status_code == 422 and 'id="label-error"' in page.text and not clinician.own()
    assert 'aria-invalid="true"' in page.text and 'aria-describedby="label-hint label-error"' in page.text
    assert hidden(page.text, "clinic_name") == "Rygklinikken" and 'role="alert"' in page.text
    with clinician.engine.connect() as connection:
        assert words not in repr(connection.exec_driver_sql("select * from audit").all())


@pytest.mark.parametrize("name", ["language", "region", "most", "days"])
def test_what_the_form_never_offered_is_refused(clinician: Clinician, name: str) -> None:
    page = clinician.send(**{name: "<script>"})
    assert page.status_code == 422 and f'id="{name}-error"' in page.text and "<script>" not in page.text


def test_a_form_of_one_megabyte_is_too_much(clinician: Clinician) -> None:
    assert clinician.send(label="a" * 1_000_000).status_code == 413
    assert clinician.send(label="a" * 60_000).status_code == 422 and not clinician.own()


def test_files_and_odd_letters_in_place_of_text_are_no_fault_of_ours(clinician: Clinician) -> None:
    files = {name: ("x.txt", b"\x00\xff") for name in ("label", "clinic_name", "once", "stress", "most")}
    answer = clinician.browser.post("/clinic/invites/new", data={"csrf": clinician.csrf}, files=files)
    assert answer.status_code in (200, 422)
    body = b'--x\r\nContent-Disposition: form-data; name="label"\r\n\r\na\\ud800b\r\n--x--\r\n'
    kind = {"content-type": "multipart/form-data; boundary=x; charset=unicode_escape", "x-csrf": clinician.csrf}
    assert clinician.browser.post("/clinic/invites/new", content=body, headers=kind).status_code == 200
    assert clinician.browser.post("/clinic/invites/new", content=b"\xff" * 99, headers=kind).status_code in (200, 422)


# -- hostile words --------------------------------------------------------------------------------------------------


def stored(clinician: Clinician, words: str) -> Invite:
    """An invite as no form of ours would keep it: it must be harmless all the same."""
    words = words.replace("\x00", "").encode("utf-8", "replace").decode()
    return clinician.stored(label=words, clinic_name=words, clinic_phone=words, stress=[words], region=words)


def is_harmless(page: str) -> bool:
    return not re.search(r"<script>|<img src=x|onfocus=\"alert|href=\"https://evil|src=\"https://evil|\b49\b", page)


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_in_every_field_are_words_or_nothing(clinician: Clinician, words: str) -> None:
    sent = clinician.send(label=words[:60], clinic_name=words[:80], clinic_phone=words, once=words)
    assert sent.status_code in (200, 422) and is_harmless(sent.text)
    page = clinician.send(label=words[:60], clinic_name=words[:80])
    if page.status_code == 422:
        return
    invite, code = clinician.own()[0], code_on(page.text)
    for path in WITH_CODE:
        answer = clinician.post(f"/clinic/invites/{invite.id}/{path}", code=code)
        assert answer.status_code == 200 and (path == "qr.png" or is_harmless(answer.text))
    email = re.search(r"<textarea[^>]*>(.*?)</textarea>", page.text, re.S)
    assert email and "Bcc:" not in re.split(r"\n", unescape(email[1])) and "<" not in email[1]


def test_what_looks_like_escaped_markup_is_escaped_once_more(clinician: Clinician) -> None:
    page = clinician.send(clinic_name="Ryg & Kiro &lt;b&gt; klinik").text
    assert "Ryg &amp; Kiro &amp;lt;b&amp;gt; klinik" in page and "Kiro &lt;b" not in page


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_that_are_stored_are_shown_as_words(clinician: Clinician, words: str) -> None:
    invite = stored(clinician, words)
    for path in ("/clinic", f"/clinic/invites/{invite.id}", f"/clinic/invites/new?like={invite.id}"):
        page = clinician.get(path)
        assert page.status_code == 200 and is_harmless(page.text), path
    asked = clinician.post(f"/clinic/invites/{invite.id}/revoke")
    assert asked.status_code == 200 and is_harmless(asked.text)
    rows = list(
        csv.reader(io.StringIO(clinician.get("/clinic/counts.csv").content.decode("utf-8-sig")), delimiter=";")
    )
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


@pytest.mark.parametrize("character", INVISIBLE.values(), ids=INVISIBLE)
def test_what_does_not_show_is_not_kept(clinician: Clinician, character: str) -> None:
    sent = f"Ryg{character}hold".encode("utf-8", "surrogatepass")
    body = b"&".join([b"label=" + b"".join(b"%%%02x" % byte for byte in sent), b"csrf=" + clinician.csrf.encode()])
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert clinician.browser.post("/clinic/invites/new", content=body, headers=kind).status_code == 200
    assert character not in clinician.own()[0].label


# -- theirs alone ---------------------------------------------------------------------------------------------------


def test_another_clinicians_invite_is_not_there(clinician: Clinician, clinician_of: Callable[..., Clinician]) -> None:
    invite, code = clinician.make()
    other = clinician_of(clinic_id="torvet")  # not even of the same clinic
    assert other.get(f"/clinic/invites/{invite.id}").status_code == 404
    assert other.get(f"/clinic/invites/new?like={invite.id}").status_code == 404
    for path in (*WITH_CODE, "revoke"):
        assert other.post(f"/clinic/invites/{invite.id}/{path}", code=code, sure="yes").status_code == 404
    assert invite.label not in other.get("/clinic").text and invite.label not in other.get("/clinic/counts.csv").text
    assert clinician.own()[0].revoked_at is None


@pytest.mark.parametrize("invite_id", ["x", "0" * 16, "%00", "a" * 4000, "🦴"])
def test_an_invite_that_there_is_not_is_a_page_with_404(clinician: Clinician, invite_id: str) -> None:
    assert clinician.get(f"/clinic/invites/{invite_id}").status_code == 404
    assert clinician.post(f"/clinic/invites/{invite_id}/revoke").status_code == 404


@pytest.mark.parametrize("path", WITH_CODE)
@pytest.mark.parametrize("code", ["", "x" * 22, "\x00", "🦴", "a" * 5000])
def test_the_materials_need_the_invites_own_code(clinician: Clinician, path: str, code: str) -> None:
    invite, _ = clinician.make()
    _, other = clinician.make(label="Et andet")
    assert clinician.post(f"/clinic/invites/{invite.id}/{path}", code=code).status_code == 404
    assert clinician.post(f"/clinic/invites/{invite.id}/{path}", code=other).status_code == 404
    assert clinician.get(f"/clinic/invites/{invite.id}/{path}").status_code in (404, 405)


@pytest.mark.parametrize("roles", [[EDITOR], [REVIEWER], [ADMIN], [EDITOR, REVIEWER, ADMIN], []])
def test_another_role_gets_in_nowhere(clinician_of: Callable[..., Clinician], roles: list[str]) -> None:
    other = clinician_of(roles=roles)
    for path in ("/clinic", "/clinic/counts.csv", "/clinic/invites/new", "/clinic/invites/x"):
        assert other.get(path).status_code == 403
    for path in ("new", "x/revoke", "x/handout", "x/qr.svg", "x/qr.png"):
        assert other.post(f"/clinic/invites/{path}").status_code == 403


def test_whoever_has_a_clinicians_role_among_others_gets_in(clinician_of: Callable[..., Clinician]) -> None:
    assert clinician_of(roles=[EDITOR, CLINICIAN]).get("/clinic").status_code == 200


def test_nobody_gets_in_without_signing_in(client: TestClient, clinician: Clinician) -> None:
    stranger = TestClient(client.app, follow_redirects=False)
    assert stranger.get("/clinic").headers["location"] == "/sign-in?next=/clinic"
    assert stranger.post("/clinic/invites/new", data=FORM).status_code == 303 and not clinician.own()


def test_a_post_needs_the_sessions_own_token(clinician: Clinician, clinician_of: Callable[..., Clinician]) -> None:
    invite, code = clinician.make()
    for csrf in ("", clinician_of().csrf, "\x00"):
        for path in (*WITH_CODE, "revoke"):
            assert clinician.post(f"/clinic/invites/{invite.id}/{path}", csrf=csrf, code=code).status_code == 403
        assert clinician.send(csrf=csrf).status_code == 403
    alien = {"origin": "https://evil.example"}
    sent = clinician.browser.post("/clinic/invites/new", data=FORM | {"csrf": clinician.csrf}, headers=alien)
    assert sent.status_code == 403 and len(clinician.own()) == 1


def test_a_session_that_has_ended_makes_nothing(clinician: Clinician, clock: Clock) -> None:
    clock.go(days=1)
    assert clinician.send().status_code == 303 and not clinician.own()
    clinician.browser.cookies.delete(COOKIE)
    assert clinician.get("/clinic").status_code == 303


# -- the files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_file_is_downloaded_and_kept_by_no_cache(clinician: Clinician, kind: str, begins: bytes) -> None:
    invite, code = clinician.make()
    answer = clinician.post(f"/clinic/invites/{invite.id}/qr.{kind}", code=code)
    assert answer.content.startswith(begins) and answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == f'attachment; filename="rygraad-qr.{kind}"'
    assert answer.headers["x-content-type-options"] == "nosniff" and "default-src 'none'" in str(answer.headers)
    assert clinician.post(f"/clinic/invites/{invite.id}/qr.exe", code=code).status_code == 404


@pytest.mark.parametrize(
    ("language", "title"), [("da", "Har du ondt i lænden?"), ("en", "Do you have low back pain?")]
)
def test_the_handout_is_in_the_patients_language(
    clinician_of: Callable[..., Clinician], language: str, title: str
) -> None:
    clinician = clinician_of(language="en" if language == "da" else "da")
    invite, code = clinician.make(language=language)
    page = clinician.post(f"/clinic/invites/{invite.id}/handout", code=code).text
    assert f'<html lang="{language}">' in page and f"<h1>{title}</h1>" in page and "112" in page
    assert "Lægerne på Torvet, 12 34 56 78" in page and f"127.0.0.1:8000/i/{code}" in page and "1818" in page


def test_a_handout_without_a_clinic_has_no_empty_place_for_it(clinician: Clinician) -> None:
    invite, code = clinician.make(clinic_name="", clinic_phone="", region="")
    page = clinician.post(f"/clinic/invites/{invite.id}/handout", code=code).text
    assert "<strong></strong>" not in page and "None" not in page


def test_an_invite_that_has_ended_has_no_handout_to_give_out(clinician: Clinician) -> None:
    invite, code = clinician.make()
    clinician.post(f"/clinic/invites/{invite.id}/revoke", sure="yes")
    answer = clinician.post(f"/clinic/invites/{invite.id}/handout", code=code)
    assert answer.headers["location"] == f"/clinic/invites/{invite.id}"


# -- the end of one -------------------------------------------------------------------------------------------------


def test_closing_asks_once_and_can_be_sent_twice(clinician: Clinician) -> None:
    invite, code = clinician.make()
    asked = clinician.post(f"/clinic/invites/{invite.id}/revoke")
    assert asked.status_code == 200 and 'name="sure" value="yes"' in asked.text
    assert invites.in_force(invites.of_code(clinician.engine, code))
    for _ in range(2):
        gone = clinician.post(f"/clinic/invites/{invite.id}/revoke", sure="yes")
        assert gone.status_code == 303 and gone.headers["location"] == f"/clinic/invites/{invite.id}"
    assert len([line for line in staff.audit(clinician.engine) if line.action == "invite_revoked"]) == 1
    page = clinician.get(f"/clinic/invites/{invite.id}").text
    assert "Du lukkede linket" in page and 'action="/clinic/invites/' not in page


def test_a_closed_link_lets_nobody_new_in_and_nobody_out(clinician: Clinician) -> None:
    invite, code = clinician.make()
    inside = person(clinician.engine, invite, consented_at=now())
    clinician.post(f"/clinic/invites/{invite.id}/revoke", sure="yes")
    assert invites.use(clinician.engine, code) is None
    assert [each.id for each in invites.people(clinician.engine, clinician.user.id)] == [inside.id]


# -- what it came to ------------------------------------------------------------------------------------------------


def busy(clinician: Clinician, begun: int, urgent: int) -> Invite:
    """An invite by which so many began, took the safety check, and had an urgent sign."""
    invite = clinician.stored(label="Venteværelset", most=200)
    for number in range(begun):
        found = person(clinician.engine, invite, consented_at=now())
        checked(clinician.engine, found, **({"infection": "yes"} if number < urgent else {}))
    return invite


def told(page: str) -> list[str]:
    """The numbers of a page, in order."""
    return [re.sub(r"<.*?>", "", found) for found in re.findall(r"</dt><dd[^>]*>(.*?)</dd>", page)][-11:]


def test_the_page_of_an_invite_shows_what_may_be_shown(clinician: Clinician) -> None:
    invite = busy(clinician, 20, 7)
    few, hidden = "under 5", "vises ikke"
    page = clinician.get(f"/clinic/invites/{invite.id}").text
    assert told(page) == [few, "20", "20", "20", hidden, hidden, hidden, "13", few, few, few]


def test_three_patients_are_under_five_on_every_page(clinician: Clinician) -> None:
    invite = busy(clinician, 3, 1)
    assert set(told(clinician.get(f"/clinic/invites/{invite.id}").text)) == {"under 5"}
    page = clinician.get("/clinic").text
    assert set(told(page)) == {"vises ikke"} and "under 5 af 200" in page
    rows = list(
        csv.reader(io.StringIO(clinician.get("/clinic/counts.csv").content.decode("utf-8-sig")), delimiter=";")
    )
    assert set(rows[1][6:]) == {"under 5"} and set(rows[2][6:]) == {"vises ikke"}


def test_a_link_for_one_never_says_whether_it_was_used(clinician: Clinician) -> None:
    code, _ = invites.make(
        clinician.engine, user_id=clinician.user.id, label="Knæ", most=1, expires_at=clinician.stored().expires_at
    )
    before = [clinician.get(path).text for path in ("/clinic", f"/clinic/invites/{clinician.own()[0].id}")]
    found = invites.use(clinician.engine, code)
    assert found
    checked(clinician.engine, person(clinician.engine, found, consented_at=now()), infection="yes")
    after = [clinician.get(path).text for path in ("/clinic", f"/clinic/invites/{clinician.own()[0].id}")]
    assert before == after


def test_the_list_says_of_each_link_where_it_stands(clinician: Clinician, clock: Clock) -> None:
    for label, most, used in (("åben", 200, 61), ("brugt", 6, 6), ("én", 1, 1)):
        clinician.stored(label=label, most=most, used=used)
    invites.revoke(clinician.engine, clinician.stored(label="lukket").id)
    page = clinician.get("/clinic").text
    states = dict(re.findall(r">(åben|brugt|én|lukket)</a></th>.*?state-(\w+)\"", page, re.S))
    assert states == {"åben": "open", "brugt": "used_up", "én": "open", "lukket": "revoked"}
    assert "61 af 200" in page and "6 af 6" in page and "Til én patient" in page


def test_a_link_on_a_site_has_no_limit_worth_telling(clinician: Clinician) -> None:
    clinician.stored(label="Hjemmeside", most=100_000, used=44)
    page = clinician.get("/clinic").text
    assert "100000" not in page and re.search(r"Begyndt\">\s*44\s*<", page)


def test_the_file_has_a_row_for_each_link_and_the_totals(clinician_of: Callable[..., Clinician]) -> None:
    clinician = clinician_of(language="en")
    clinician.stored(label="=cmd|' /C calc'!A0", used=12, opened=15)
    clinician.stored(label="Rygskole", used=30, opened=44)
    answer = clinician.get("/clinic/counts.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [len(row) for row in rows] == [17] * 4 and rows[2][0].startswith("'=cmd")
    assert rows[3][6:8] == ["59", "42"] and rows[1][6:8] == ["44", "30"]
    assert answer.headers["content-disposition"] == 'attachment; filename="rygraad.csv"'


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_page_is_in_the_clinicians_language(clinician_of: Callable[..., Clinician], language: str) -> None:
    clinician = clinician_of(language=language)
    invite = clinician.stored()
    for path in ("/clinic", "/clinic/invites/new", f"/clinic/invites/{invite.id}"):
        page = clinician.get(path).text
        assert f'<html lang="{language}">' in page and "{" not in re.sub(r"<script.*?</script>", "", page)


def test_a_clinician_without_invites_sees_how_to_begin(clinician: Clinician) -> None:
    page = clinician.get("/clinic").text
    assert 'href="/clinic/invites/new"' in page and "<table" not in page and "counts.csv" not in page


def test_it_all_works_on_either_database(on_either: Clinician) -> None:
    invites.keep_clinic(on_either.engine, Clinic(id="x", name="Rygklinikken"))
    invite, code = on_either.make()
    assert on_either.send().status_code == 200 and len(on_either.own()) == 1
    for path in WITH_CODE:
        assert on_either.post(f"/clinic/invites/{invite.id}/{path}", code=code).status_code == 200
    assert on_either.post(f"/clinic/invites/{invite.id}/revoke", sure="yes").status_code == 303
    for path in ("/clinic", f"/clinic/invites/{invite.id}", "/clinic/counts.csv"):
        assert on_either.get(path).status_code == 200
    for odd in ("%00", "🦴", "a" * 4000):
        assert on_either.get(f"/clinic/invites/{odd}").status_code == 404
        assert on_either.get(f"/clinic/invites/new?like={odd}").status_code == 404


def test_twenty_presses_at_once_make_one_invite(on_either: Clinician) -> None:
    from concurrent.futures import ThreadPoolExecutor

    settings: dict[str, Any] = {"most": 1, "expires_at": now()}
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(
            lambda _: invites.make_once(on_either.engine, "c" * 22, user_id=on_either.user.id, **settings).id,
            range(20),
        )
        assert len(set(made)) == 1
    assert len(on_either.own()) == 1
