"""The editors' overview pages over HTTP: who may see them, what they show, and that hostile words stay words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from bot.clock import danish, now
from bot.content.source import parts
from bot.content.store import LANGUAGES
from bot.editorial import workflow
from bot.editorial.workflow import Desk
from bot.kill_switch import KillSwitch
from bot.store import conversations, staff, unanswered
from bot.store.models import Unanswered
from bot.store.staff_models import Audit, User
from tests.accounts.staff import make_user, sign_in, signed_in
from tests.editorial.at_the_desk import drafted, editor, file_changes, published

IMAGING = "topic/imaging"
TEXT = f"/editor/text/da/{IMAGING}"
SCRIPT = '<script>alert("x")</script><img src=x onerror=alert(1)>'
GETS = [
    "/editor", "/editor/texts", "/editor/texts?q=scanning", "/editor/texts?group=care", TEXT,
    "/editor/text/en/care/after", "/editor/seen", f"/editor/seen?key={IMAGING}&day=2026-11-21", "/editor/due",
    "/editor/log", "/editor/questions", "/editor/questions?settled=1",
]  # fmt: skip
POSTS = [f"{TEXT}/rollback", f"{TEXT}/take-file", f"{TEXT}/keep-edit", "/editor/questions/1/settle",
         "/editor/questions/1/reopen"]  # fmt: skip


@pytest.fixture
def client(client: TestClient) -> TestClient:
    client.follow_redirects = False
    return client


@pytest.fixture
def desk(client: TestClient) -> Desk:
    """The desk of `client`, with files of its own."""
    found: Desk = client.app.state.desk  # type: ignore[attr-defined]
    found.live.files = replace(found.live.files, texts=dict(found.live.files.texts))
    found.live.texts = dict(found.live.texts)
    found.live.begin()
    return found


@pytest.fixture
def bo(desk: Desk) -> User:
    """Another editor, whose texts these are."""
    return editor(desk, "Bo Friis")


@pytest.fixture
def csrf(client: TestClient, desk: Desk) -> str:
    """Anna, who may do everything here, is signed in."""
    return sign_in(client, desk.engine, editor(desk, "Anna Bech"))


def version_url(desk: Desk, key: str = IMAGING, language: str = "da") -> str:
    return f"/editor/version/{language}/{desk.live.get(key, language).version}/{key}"


def asked(desk: Desk, text: str, language: str = "da", reason: str = "not_understood") -> int:
    """A question nobody could answer: its id."""
    _, conversation = conversations.create(desk.engine, language=language)
    unanswered.note(desk.engine, conversation.id, language=language, reason=reason, text=text)
    with Session(desk.engine) as session:
        return session.exec(select(Unanswered.id).order_by(col(Unanswered.id).desc())).first() or 0


def visible(html: str) -> str:
    """The words of a page, without tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize(
    ("roles", "status"), [(["editor"], 200), (["reviewer"], 200), (["clinician"], 403), (["admin"], 403)]
)
def test_pages_are_for_editors_and_reviewers(client: TestClient, desk: Desk, roles: list[str], status: int) -> None:
    signed_in(client, desk.engine, roles)
    for url in (*GETS, version_url(desk)):
        assert client.get(url).status_code == status, url


@pytest.mark.parametrize("roles", [["clinician"], ["admin"]])
def test_other_roles_post_nothing(client: TestClient, desk: Desk, roles: list[str]) -> None:
    _, csrf = signed_in(client, desk.engine, roles)
    assert {client.post(url, data={"csrf": csrf}).status_code for url in POSTS} == {403}


def test_nobody_is_asked_to_sign_in_and_comes_back(client: TestClient, desk: Desk) -> None:
    for url in GETS:
        answer = client.get(url)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={quote(url)}"), url
    assert {client.post(url).status_code for url in POSTS} == {303}


def test_a_post_without_the_sessions_own_token_does_nothing(
    client: TestClient, desk: Desk, bo: User, csrf: str
) -> None:
    old = desk.live.get(IMAGING, "da").version
    edit = published(desk, bo, editor(desk, "Carl"), IMAGING, "Hej.")
    question = asked(desk, "hvorfor … ?")
    for given in ({}, {"csrf": "æ"}, {"csrf": csrf[:-1]}):
        for url in (*POSTS, f"/editor/questions/{question}/settle"):
            assert client.post(url, data={"version": old, "how": "no", **given}).status_code == 403
    elsewhere = client.post(
        f"{TEXT}/rollback", data={"csrf": csrf, "version": old}, headers={"origin": "https://evil.example"}
    )
    assert elsewhere.status_code == 403
    assert desk.live.get(IMAGING, "da").version == edit and unanswered.unsettled(desk.engine) == 1


@pytest.mark.parametrize(
    "url",
    ["/editor/text/da/nope", "/editor/text/de/topic/imaging", "/editor/text/da/", "/editor/texts?group=nope",
     "/editor/text/da/%2e%2e/%2e%2e/etc/passwd", f"/editor/text/da/{quote(SCRIPT)}",
     "/editor/version/da/nope/topic/imaging",
     "/editor/version/da/%00/topic/imaging", "/editor/version/en/000000000000/nope", "/editor/text/da/%00",
     "/editor/text/da/topic/imaging/nope", f"/editor/texts?group={quote(SCRIPT)}"],
)  # fmt: skip
def test_what_there_is_not_is_not_found_kindly(client: TestClient, csrf: str, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 404 and "<h1>" in answer.text and "<script>alert" not in answer.text


@pytest.mark.parametrize("step", ["rollback", "take-file", "keep-edit"])
def test_a_step_with_a_text_there_is_not_is_not_found(client: TestClient, csrf: str, step: str) -> None:
    assert client.post(f"/editor/text/da/nope/{step}", data={"csrf": csrf, "version": "x"}).status_code == 404
    assert client.get(f"{TEXT}/{step}").headers["location"] == TEXT  # the page of a refused step, asked for again


@pytest.mark.parametrize("url", ["/editor/questions/99999999999999999999/settle", "/editor/questions/x/reopen"])
def test_numbers_no_database_knows_are_refused(client: TestClient, csrf: str, url: str) -> None:
    assert client.post(url, data={"csrf": csrf, "how": "no"}).status_code == 422


@pytest.mark.parametrize("query", ["page=99999999999999999999", "page=-1", "page=0"])
def test_a_page_there_is_not_is_the_nearest(client: TestClient, csrf: str, query: str) -> None:
    assert client.get(f"/editor/texts?q=ryg&{query}").status_code == 200
    assert client.get(f"/editor/due?{query}").status_code == 200


def test_every_page_is_said_in_the_users_language_and_no_word_is_missing(
    client: TestClient, desk: Desk, bo: User
) -> None:
    carl = editor(desk, "Carl")
    old = desk.live.get(IMAGING, "da").version
    published(desk, bo, carl, IMAGING, "Hej.")
    workflow.roll_back(desk, carl, IMAGING, "da", old)
    workflow.emergency(desk, bo, drafted(desk, bo, "topic/sleep", "Hej."), "because it was wrong")
    asked(desk, "hvorfor … ?")
    for language in LANGUAGES:
        signed_in(client, desk.engine, ["editor", "reviewer"], language=language)
        for url in (*GETS, version_url(desk), "/editor/text/da/topic/sleep"):
            # Titles to pick from may be words of the chat page, with what the program fills in there.
            html = re.sub(r"<datalist.*?</datalist>", "", client.get(url).text, flags=re.DOTALL)
            assert f'<html lang="{language}">' in html
            assert not re.search(r"<(h1|h2|h3|p|button|dt|label|summary|th[^>]*)>\s*</", html), url
            assert not re.search(r"\{(count|name|at|day|language|group|topics|text|from|to)\}", html), url


def test_the_pages_carry_the_strict_policy_and_nothing_inline(
    client: TestClient, desk: Desk, bo: User, csrf: str
) -> None:
    asked(desk, "må jeg … ?")
    unanswered.settle(desk.engine, asked(desk, "hvorfor … ?"), unanswered.NOT_OURS)
    old = version_url(desk)
    published(desk, bo, editor(desk, "Carl"), IMAGING, "Hej.")
    file_changes(desk, IMAGING, "Nyt fra filen.")
    for url in (*GETS, old, "/editor/text/da/care/cauda_equina", "/editor/questions?undo=1"):
        answer = client.get(url)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", answer.text), url
        posts = re.findall(r'<form[^>]*method="post"[^>]*>(.*?)</form>', answer.text, re.DOTALL)
        assert posts and all(f'name="csrf" value="{csrf}"' in form for form in posts), url


# ---------------------------------------------------------------- the overview


def test_a_desk_with_nothing_on_it_is_calm(client: TestClient, csrf: str) -> None:
    page = visible(client.get("/editor").text)
    assert "Der er ikke noget, der venter på dig." in page and "Ingen nye spørgsmål." in page
    assert "Nødstoppet" not in page and "uden godkendelse" not in page


def test_what_waits_is_shown_with_who_and_safety(client: TestClient, desk: Desk, bo: User, csrf: str) -> None:
    workflow.submit(desk, bo, drafted(desk, bo, "care/after", "Hej."))
    drafted(desk, bo, "topic/work", "Hej.")  # another's draft is theirs
    workflow.emergency(desk, bo, drafted(desk, bo, "topic/sleep", "Hej."), f"because {SCRIPT}")
    asked(desk, "hvorfor … ?")
    html = client.get("/editor").text
    review = html[html.index('id="review"') : html.index("</section>", html.index('id="review"'))]
    assert "Når du har ringet" in review and "Sikkerhed" in review and "Bo Friis" in review
    assert 'id="mine"' not in html and "1 spørgsmål fra patienter" in html
    flagged = html[html.index('id="flagged"') : html.index("</section>", html.index('id="flagged"'))]
    assert "Søvn" in flagged and "&lt;script&gt;" in flagged and "<script>alert" not in html


def test_an_editor_who_reviews_nothing_sees_no_reviews_but_every_emergency(
    client: TestClient, desk: Desk, bo: User
) -> None:
    workflow.submit(desk, bo, drafted(desk, bo, IMAGING, "Hej."))
    workflow.emergency(desk, bo, drafted(desk, bo, "topic/sleep", "Hej."), "because it was wrong")
    signed_in(client, desk.engine, ["editor"])
    html = client.get("/editor").text
    assert 'id="review"' not in html and 'id="flagged"' in html


def test_only_the_five_most_urgent_texts_are_listed_and_all_are_counted(
    client: TestClient, desk: Desk, csrf: str
) -> None:
    today = danish(now()).date()
    for number, key in enumerate([key for key in desk.live.keys() if key.startswith("plan/")][:7]):
        due = today + timedelta(days=number - 2)
        desk.live.texts[key, "da"] = replace(desk.live.get(key, "da"), review_due=due)
    html = client.get("/editor").text
    assert html.count("Frist ") - html.count("Frist overskredet") == 5
    assert "5 skal læses igen inden 30 dage. 2 har overskredet fristen." in html
    rows = re.findall(r"<tr role=\"row\">\s*<th scope=\"row\".*?</tr>", client.get("/editor/due").text, re.DOTALL)
    assert len(rows) == 7 and sum("Frist overskredet" in row for row in rows) == 2


def test_the_kill_switch_is_shown_and_cannot_be_turned_here(client: TestClient, csrf: str) -> None:
    switch: KillSwitch = client.app.state.turns.switch  # type: ignore[attr-defined]
    switch.close("imaging")
    page = client.get("/editor").text
    assert "Nødstoppet er slået til" in page and "Skal ryggen scannes?" in page
    switch.close()
    assert "Alle patienter får kun det faste kort" in client.get("/editor").text


# ---------------------------------------------------------------- all texts


def test_every_text_can_be_reached_from_its_group(client: TestClient, desk: Desk, csrf: str) -> None:
    groups = re.findall(r'href="/editor/texts\?group=(\w+)"', client.get("/editor/texts").text)
    pages = "".join(client.get(f"/editor/texts?group={group}").text for group in groups)
    found = set(re.findall(r'href="(/editor/text/\w\w/[^"]+)"', pages))
    assert found == {f"/editor/text/{language}/{key}" for key, language in desk.live.texts}


def test_a_search_shows_the_place_marked_and_hostile_words_as_words(client: TestClient, csrf: str) -> None:
    html = client.get("/editor/texts?q=aendrer+en+scanning").text
    assert "<mark>ændrer en scanning</mark>" in html and TEXT in html
    hostile = client.get("/editor/texts", params={"q": SCRIPT}).text
    assert "<script>alert" not in hostile and "&lt;script&gt;" in hostile
    assert "Ingen tekst har alle de ord." in hostile


def test_a_hostile_text_is_shown_as_words_everywhere(client: TestClient, desk: Desk, bo: User, csrf: str) -> None:
    draft = workflow.begin(desk, bo, IMAGING, "da")
    was = parts(draft.source)
    changed = replace(was, title=f"Skal {SCRIPT}", body=f"Kanariefugl {SCRIPT} \u202e" + was.body)
    workflow.emergency(desk, bo, workflow.save(desk, bo, draft, 1, changed), f"because {SCRIPT}")
    pages = ("/editor", "/editor/texts?q=kanariefugl", "/editor/texts?group=topic", TEXT, version_url(desk),
             f"/editor/seen?key={IMAGING}&day={danish(now()).date()}", "/editor/log")  # fmt: skip
    for url in pages:
        html = client.get(url).text
        assert "<script>alert" not in html and "<img src=x" not in html and "\u202e" not in html, url
        assert "&lt;script&gt;" in html, url


def test_many_hits_come_in_pages(client: TestClient, csrf: str) -> None:
    first = client.get("/editor/texts?q=du").text
    assert first.count('<li class="text">') == 25 and 'href="/editor/texts?q=du&amp;page=2"' in first
    second = client.get("/editor/texts?q=du&page=2").text
    keys = [re.findall(r'href="(/editor/text/da/[^"]+)"', page) for page in (first, second)]
    assert not set(keys[0]) & set(keys[1])


# ---------------------------------------------------------------- one text


def test_a_text_is_shown_in_both_languages_with_its_facts(client: TestClient, desk: Desk, csrf: str) -> None:
    html = client.get("/editor/text/da/topic/imaging/right").text
    page = visible(html)
    for language in LANGUAGES:
        assert desk.live.get("topic/imaging/right", language).bubbles[0][:40] in page
    assert "Knappen »At ryggen har fulgt med alderen« under" in page
    assert "Ikke godkendt af en kliniker endnu" in page and "21. maj 2027" in page
    assert 'action="/editor/text/da/topic/imaging/right/edit"' in html
    assert "Næste emne" in page  # its buttons, as patients read them


def test_only_editors_are_offered_to_change_a_text(client: TestClient, desk: Desk) -> None:
    signed_in(client, desk.engine, ["reviewer"])
    assert f'action="{TEXT}/edit"' not in client.get(TEXT).text


def test_open_editions_are_told_and_lead_to_them(client: TestClient, desk: Desk, bo: User) -> None:
    theirs = drafted(desk, bo, IMAGING, "Hej.")
    anna = editor(desk, "Anna Bech")
    mine = drafted(desk, anna, IMAGING, "Goddag.")
    sign_in(client, desk.engine, anna)
    html = client.get(TEXT).text
    assert "Bo Friis har en kladde" in html and f'href="/editor/edition/{theirs.id}"' in html
    assert f'class="button" href="/editor/edition/{mine.id}"' in html and f'action="{TEXT}/edit"' not in html


def test_the_history_names_people_and_an_earlier_version_comes_back_with_one_press(
    client: TestClient, desk: Desk, bo: User, csrf: str
) -> None:
    old = desk.live.get(IMAGING, "da").version
    edit = published(desk, bo, editor(desk, "Carl Dam"), IMAGING, "Hej.")
    html = client.get(TEXT).text
    assert "Skrevet af Bo Friis. Godkendt af Carl Dam." in visible(html)
    assert f'value="{old}"' in html and f'value="{edit}"' not in html  # what is live need not come back
    answer = client.post(f"{TEXT}/rollback", data={"csrf": csrf, "version": old})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{TEXT}?done=rolled_back")
    assert desk.live.get(IMAGING, "da").version == old
    page = client.get(answer.headers["location"]).text
    assert "Den tidligere udgave er i luften igen." in page and "Hentet frem igen" in page and "Af Anna Bech." in page
    again = client.post(f"{TEXT}/rollback", data={"csrf": csrf, "version": edit})  # and back again
    assert again.status_code == 303 and desk.live.get(IMAGING, "da").version == edit


@pytest.mark.parametrize("version", ["", "nope", "\0", SCRIPT, "000000000000"])
def test_a_version_there_is_not_does_not_come_back(client: TestClient, desk: Desk, csrf: str, version: str) -> None:
    before = desk.live.get(IMAGING, "da").version
    answer = client.post(f"{TEXT}/rollback", data={"csrf": csrf, "version": version})
    assert answer.status_code == 409 and 'role="alert"' in answer.text and "<script>alert" not in answer.text
    assert desk.live.get(IMAGING, "da").version == before


def test_a_safety_text_comes_back_only_by_a_clinician(client: TestClient, desk: Desk, bo: User) -> None:
    key = "care/after"
    old = desk.live.get(key, "da").version
    workflow.emergency(desk, bo, drafted(desk, bo, key, "Ring nu."), "because it was wrong")
    edit = desk.live.get(key, "da").version
    _, csrf = signed_in(client, desk.engine, ["editor", "reviewer"])
    url = f"/editor/text/da/{key}"
    assert "/rollback" not in client.get(url).text
    assert client.post(f"{url}/rollback", data={"csrf": csrf, "version": old}).status_code == 409
    assert desk.live.get(key, "da").version == edit
    csrf = sign_in(client, desk.engine, make_user(desk.engine, roles=["reviewer"], signs_off=True))
    assert client.post(f"{url}/rollback", data={"csrf": csrf, "version": old}).status_code == 303
    assert desk.live.get(key, "da").version == old


@pytest.mark.parametrize(("step", "live"), [("take-file", "file"), ("keep-edit", "edit")])
def test_when_file_and_edit_differ_both_are_shown_and_one_is_chosen(
    client: TestClient, desk: Desk, bo: User, csrf: str, step: str, live: str
) -> None:
    edit = published(desk, bo, editor(desk, "Carl"), IMAGING, "Rettet her.")
    file = file_changes(desk, IMAGING, "Nyt fra filen.")
    assert "Grundteksten er ændret" in client.get("/editor").text
    html = client.get(TEXT).text
    page = visible(html)
    assert "Nyt fra filen." in page and "Rettet her." in page and "<del>" in html and "<ins>" in html
    stale = client.post(f"{TEXT}/{step}", data={"csrf": csrf, "version": edit})
    assert stale.status_code == 409 and desk.live.get(IMAGING, "da").version == edit
    assert client.post(f"{TEXT}/{step}", data={"csrf": csrf, "version": file}).status_code == 303
    assert desk.live.get(IMAGING, "da").version == {"file": file, "edit": edit}[live]
    assert 'id="conflict"' not in client.get(TEXT).text
    assert client.post(f"{TEXT}/{step}", data={"csrf": csrf, "version": file}).status_code == 409  # decided already


def test_who_may_not_decide_is_told_who_may(client: TestClient, desk: Desk, bo: User) -> None:
    edit = published(desk, bo, editor(desk, "Carl"), IMAGING, "Rettet her.")
    file = file_changes(desk, IMAGING, "Nyt fra filen.")
    _, csrf = signed_in(client, desk.engine, ["editor"])
    html = client.get(TEXT).text
    assert "En godkender skal vælge." in html and "/take-file" not in html
    assert client.post(f"{TEXT}/take-file", data={"csrf": csrf, "version": file}).status_code == 409
    assert desk.live.get(IMAGING, "da").version == edit


# ---------------------------------------------------------------- a version, and a day


def test_a_version_is_shown_exactly_with_its_times_and_the_difference_to_now(
    client: TestClient, desk: Desk, bo: User, csrf: str
) -> None:
    url, source = version_url(desk), desk.live.get(IMAGING, "da").source
    assert "Det er denne udgave, der er i luften nu." in client.get(url).text
    published(desk, bo, editor(desk, "Carl"), IMAGING, "Hej med dig.")
    html = client.get(url).text
    shown = re.search(r"<pre[^>]*>(.*?)</pre>", html, re.DOTALL)
    assert shown and shown[1].replace("&#34;", '"').replace("&#39;", "'") == source
    assert re.search(r"<del>.*Hej med dig\.", html) and f'action="{TEXT}/rollback"' in html
    assert "I luften" in html and " til " in visible(html)


def test_a_text_that_is_gone_from_the_files_can_still_be_read(client: TestClient, desk: Desk, csrf: str) -> None:
    url = version_url(desk)
    day = danish(now()).date()
    for language in LANGUAGES:
        del desk.live.files.texts[IMAGING, language]
        desk.live.texts.pop((IMAGING, language), None)
    html = client.get(url).text
    assert "Teksten findes ikke længere i Rygråd." in html and "Når det gør ondt" in html
    assert "Når det gør ondt" in client.get(f"/editor/seen?key={IMAGING}&day={day}").text


def test_what_patients_read_on_a_day_is_every_version_of_that_day(
    client: TestClient, desk: Desk, bo: User, csrf: str
) -> None:
    today = danish(now()).date()
    published(desk, bo, editor(desk, "Carl"), IMAGING, "Hej med dig.")
    html = client.get(f"/editor/seen?key={IMAGING}&language=da&day={today}").text
    assert html.count('class="as-patients"') == 2 and html.index("Hej med dig.") > html.index("Grundtekst ")
    early = client.get(f"/editor/seen?key={IMAGING}&language=da&day={today - timedelta(days=1)}").text
    assert "Det ved vi ikke." in early and 'class="as-patients"' not in early
    english = client.get(f"/editor/seen?key={IMAGING}&language=en&day={today}").text
    assert english.count('class="as-patients"') == 1 and "When it hurts" in english


@pytest.mark.parametrize("day", ["2026-13-40", "i går", SCRIPT, "\0"])
def test_a_day_there_is_not_is_an_error_at_its_field(client: TestClient, csrf: str, day: str) -> None:
    answer = client.get("/editor/seen", params={"key": IMAGING, "day": day})
    assert answer.status_code == 422 and 'aria-describedby="day-error"' in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("key", ["scanning ændrer", "nope", SCRIPT, "\0", "%"])
def test_words_instead_of_a_texts_name_lead_to_texts_like_it(client: TestClient, csrf: str, key: str) -> None:
    answer = client.get("/editor/seen", params={"key": key, "day": "2026-11-21"})
    assert answer.status_code == 200 and "<script>alert" not in answer.text
    assert (f"key={quote(IMAGING)}" in answer.text) == (key == "scanning ændrer")


# ---------------------------------------------------------------- the log, and questions


def test_the_log_tells_who_did_what_and_comes_in_pages(client: TestClient, desk: Desk, bo: User, csrf: str) -> None:
    published(desk, bo, editor(desk, "Carl Dam"), IMAGING, "Hej.")
    page = visible(client.get("/editor/log").text)
    assert "Carl Dam Lagde i luften Skal ryggen scannes?" in page and "Bo Friis Begyndte en kladde" in page
    for _ in range(60):
        staff.note(desk.engine, bo, "edition_begun", f"da/{SCRIPT}")
    first = client.get("/editor/log").text
    older = re.search(r'href="(/editor/log\?before=\d+)"', first)
    assert first.count("<time") == 50 and older and "<script>alert" not in first
    assert client.get(older[1]).text.count("<time") == 14


def test_every_step_of_the_workflow_has_words_in_the_log(client: TestClient, desk: Desk, bo: User, csrf: str) -> None:
    carl = editor(desk, "Carl")
    old = desk.live.get(IMAGING, "da").version
    published(desk, bo, carl, IMAGING, "Hej.")
    workflow.roll_back(desk, carl, IMAGING, "da", old)
    workflow.emergency(desk, bo, drafted(desk, bo, IMAGING, "Hov."), "because it was wrong")
    workflow.look_over(desk, carl, workflow.flagged(desk)[0])
    again = drafted(desk, bo, "topic/sleep", "Hej.")
    workflow.submit(desk, bo, again)
    workflow.withdraw(desk, bo, workflow.editions.edition(desk.engine, again.id or 0))  # type: ignore[arg-type]
    workflow.drop(desk, bo, workflow.editions.edition(desk.engine, again.id or 0))  # type: ignore[arg-type]
    file_changes(desk, IMAGING, "Nyt.")
    workflow.keep_edit(desk, carl, IMAGING, "da")
    workflow.take_file(desk, carl, IMAGING, "da")
    html = client.get("/editor/log").text
    assert not re.findall(r"edition_\w+|file_taken|edit_kept", html)


def test_a_question_is_put_away_for_all_who_asked_it_and_undone(client: TestClient, desk: Desk, csrf: str) -> None:
    asked(desk, "hvorfor … ?")
    question = asked(desk, "hvorfor … ?")
    assert "Spurgt 2 gange" in client.get("/editor/questions").text
    answer = client.post(f"/editor/questions/{question}/settle", data={"csrf": csrf, "how": "text"})
    page = client.get(answer.headers["location"]).text
    assert "hvorfor" not in page and f'action="/editor/questions/{question}/reopen"' in page
    assert "hvorfor" in client.get("/editor/questions?settled=1").text
    back = client.post(f"/editor/questions/{question}/reopen", data={"csrf": csrf})
    assert "Spurgt 2 gange" in client.get(back.headers["location"]).text


def test_a_question_that_is_gone_meanwhile_is_told_kindly(client: TestClient, desk: Desk, csrf: str) -> None:
    answer = client.post("/editor/questions/4711/settle", data={"csrf": csrf, "how": "no"})
    assert "Spørgsmålet er her ikke mere." in client.get(answer.headers["location"]).text
    question = asked(desk, "hvorfor … ?")
    unknown = client.post(f"/editor/questions/{question}/settle", data={"csrf": csrf, "how": "<b>"})
    assert unknown.status_code == 404 and unanswered.unsettled(desk.engine) == 1


def test_patients_words_are_shown_as_words_with_their_language_and_leave_no_trace(
    client: TestClient, desk: Desk, csrf: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in (
        f"kanariefugl {SCRIPT}",
        "kanariefugl \u202egnirts",
        "kanariefugl שלום",
        "{count} kanariefugl {{ 7*7 }}",
    ):
        question = asked(desk, text, language="en", reason="out_of_scope")
        html = client.get("/editor/questions").text
        assert "<script>alert" not in html and "<img src=x" not in html and "\u202e" not in html and ">49" not in html
        assert '<blockquote lang="en"><bdi>' in html
        answer = client.post(f"/editor/questions/{question}/settle", data={"csrf": csrf, "how": "no"})
        assert "kanariefugl" not in answer.headers["location"]
    with Session(desk.engine) as session:
        assert "kanariefugl" not in str([row.model_dump() for row in session.exec(select(Audit))])
    assert "kanariefugl" not in "".join(capsys.readouterr())


def test_more_than_a_request_may_hold_is_refused_before_anything_is_read(
    client: TestClient, desk: Desk, csrf: str
) -> None:
    question = asked(desk, "hvorfor … ?")
    big = client.post(f"/editor/questions/{question}/settle", data={"csrf": csrf, "how": "no", "x": "a" * 1_000_000})
    assert big.status_code == 413 and unanswered.unsettled(desk.engine) == 1
