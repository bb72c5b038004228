"""The pages of an edition: who may see and do what, what is refused in words, and that nothing written is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from bot.accounts.access import COOKIE
from bot.clock import now
from bot.content.source import parts
from bot.content.store import LANGUAGES, ContentStore
from bot.editorial import edition_steps, suite, workflow
from bot.editorial.suite import SuiteCheck
from bot.editorial.workflow import Desk
from bot.store import editions, staff
from bot.store.editorial_models import DRAFT, DROPPED, IN_REVIEW, LIVE, Edition
from bot.store.staff_models import User
from tests.accounts.staff import make_user
from tests.editorial.hostile import WORDS, Page
from tests.editorial.steps import CARD, KEY, MORE, REASON, draft, fresh, passed, published, submitted
from tests.running import wait_until

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = "topic/pain_not_damage/check"
REALLY_START = suite.start


class Somebody:
    """A user with a browser of their own."""

    def __init__(self, client: TestClient, engine: Engine, roles: list[str], name: str, **fields: Any) -> None:
        self.client, self.engine = client, engine
        self.user: User = make_user(engine, roles=roles, name=name, **fields)
        self.token = staff.open_session(engine, self.user.id, passed=True)
        found = staff.session_of(engine, self.token)
        assert found
        self.csrf = found[0].csrf

    def get(self, path: str) -> httpx.Response:
        self.client.cookies.set(COOKIE, self.token)
        answer: httpx.Response = self.client.get(path, follow_redirects=False)
        return answer

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        self.client.cookies.set(COOKIE, self.token)
        sent = {"csrf": self.csrf} | fields
        answer: httpx.Response = self.client.post(path, data=sent, headers=headers, follow_redirects=False)
        return answer

    def look(self, **fields: Any) -> httpx.Response:
        """What the script asks while writing."""
        return self.send(json.dumps(fields).encode())

    def send(self, body: bytes) -> httpx.Response:
        """What a script could ask, whatever it is."""
        self.client.cookies.set(COOKIE, self.token)
        headers = {"X-CSRF": self.csrf, "Content-Type": "application/json"}
        answer: httpx.Response = self.client.post("/editor/preview", content=body, headers=headers)
        return answer


@pytest.fixture
def desk(client: TestClient) -> Desk:
    found: Desk = client.app.state.desk  # type: ignore[attr-defined]
    found.live.begin()
    return found


@pytest.fixture(autouse=True)
def suites(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The editions a suite was started for; it runs in its own tests."""
    started: list[int] = []
    monkeypatch.setattr(suite, "start", lambda turns, desk, edition_id: started.append(edition_id))
    monkeypatch.setattr(edition_steps, "LOOK", 0)
    return started


@pytest.fixture
def anna(client: TestClient, desk: Desk) -> Somebody:
    return Somebody(client, desk.engine, ["editor"], "Anna")


@pytest.fixture
def erik(client: TestClient, desk: Desk) -> Somebody:
    return Somebody(client, desk.engine, ["editor", "reviewer"], "Erik")


@pytest.fixture
def bo(client: TestClient, desk: Desk) -> Somebody:
    return Somebody(client, desk.engine, ["reviewer"], "Bo")


@pytest.fixture
def karen(client: TestClient, desk: Desk) -> Somebody:
    return Somebody(client, desk.engine, ["reviewer"], "Karen Holm", signs_off=True)


@pytest.fixture
def words(content: ContentStore) -> dict[str, str]:
    return content.work["da"]["editing"]


def hostile() -> Iterator[tuple[str, str]]:
    """Hostile words as a form can send them: without half characters."""
    return ((name, words.encode("utf-8", "replace").decode()) for name, words in WORDS.items())


def at(edition: Edition, step: str = "") -> str:
    return f"/editor/edition/{edition.id}{'/' if step else ''}{step}"


def form(edition: Edition, **changed: Any) -> dict[str, Any]:
    """The fields of the writing page as they stand, with these changed."""
    was = parts(edition.source)
    fields: dict[str, Any] = {"revision": edition.revision, "body": was.body, "title": was.title}
    fields |= {"sources": list(was.sources), "review_due": str(was.review_due)}
    fields |= {f"button_{name}": title for name, title in was.titles.items()}
    return fields | ({"alt": was.alt} if was.alt is not None else {}) | changed


def plain(answer: httpx.Response) -> str:
    return " ".join(Page(answer.text).text.split())


# ---------------------------------------------------------------- beginning and seeing


def test_an_editor_begins_a_draft_and_comes_to_its_page(anna: Somebody, desk: Desk) -> None:
    answer = anna.post(f"/editor/text/da/{KEY}/edit")
    (found,) = editions.editions(desk.engine)
    assert (answer.status_code, answer.headers["location"]) == (303, at(found))
    assert (found.key, found.language, found.state, found.author_id) == (KEY, "da", DRAFT, anna.user.id)


def test_beginning_again_goes_on_with_the_same_draft(anna: Somebody, desk: Desk) -> None:
    first = anna.post(f"/editor/text/da/{KEY}/edit").headers["location"]
    assert anna.post(f"/editor/text/da/{KEY}/edit").headers["location"] == first
    assert len(editions.editions(desk.engine)) == 1


def test_a_reviewer_may_not_begin_one(bo: Somebody, desk: Desk) -> None:
    assert bo.post(f"/editor/text/da/{KEY}/edit").status_code == 403
    assert editions.editions(desk.engine) == []


@pytest.mark.parametrize("place", ["da/topic/nothing", "sv/topic/imaging", "da/..%2Fsecrets"])
def test_there_is_no_draft_of_a_text_that_is_not_there(anna: Somebody, place: str) -> None:
    assert anna.post(f"/editor/text/{place}/edit").status_code == 404


@pytest.mark.parametrize("number", ["0", "999", "-1", "1e3", "9" * 30, "x", "%00", "1%20or%201"])
def test_an_edition_that_is_not_there_is_404(anna: Somebody, number: str) -> None:
    assert anna.get(f"/editor/edition/{number}").status_code == 404
    assert anna.post(f"/editor/edition/{number}/save", body="x").status_code == 404


@pytest.mark.parametrize("step", ["", "save", "submit", "drop", "rebase", "emergency", "remark", "try", "preview"])
def test_anothers_draft_is_404_for_everybody_and_every_step(
    anna: Somebody, erik: Somebody, karen: Somebody, desk: Desk, step: str
) -> None:
    edition = draft(desk, anna.user)
    for each in (erik, karen):
        answer = each.post(at(edition, step), words="x", body="x") if step else each.get(at(edition))
        assert answer.status_code in (403, 404), answer.status_code
        assert MORE["da"] not in answer.text
    assert fresh(desk, edition).source == edition.source and fresh(desk, edition).state == DRAFT


def test_a_draft_that_was_given_up_is_its_authors_only(anna: Somebody, karen: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    workflow.drop(desk, anna.user, edition)
    assert karen.get(at(edition)).status_code == 404
    assert "Kladden er opgivet." in plain(anna.get(at(edition)))


def test_what_is_in_review_is_seen_by_editors_and_reviewers(
    anna: Somebody, erik: Somebody, bo: Somebody, desk: Desk
) -> None:
    edition = submitted(desk, anna.user)
    for each in (anna, erik, bo):
        answer = each.get(at(edition))
        assert answer.status_code == 200 and MORE["da"] in plain(answer)
        assert 'id="write"' not in answer.text


def test_nobody_else_gets_in(client: TestClient, anna: Somebody, desk: Desk) -> None:
    edition = submitted(desk, anna.user)
    admin = Somebody(client, desk.engine, ["admin", "clinician"], "Admin")
    assert admin.get(at(edition)).status_code == 403
    client.cookies.clear()
    assert client.get(at(edition), follow_redirects=False).headers["location"].startswith("/sign-in?next=")
    assert client.post("/editor/preview", json={}, headers={"accept": "application/json"}).status_code == 401


def test_a_post_without_our_token_is_refused(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    assert anna.post(at(edition, "save"), csrf="forged", **form(edition, body="Ny")).status_code == 403
    assert anna.client.post("/editor/preview", json={"key": KEY}).status_code == 403
    assert fresh(desk, edition).revision == edition.revision


def test_the_writing_page_has_every_field_and_works_in_both_languages(
    client: TestClient, desk: Desk, content: ContentStore
) -> None:
    for language in LANGUAGES:
        editor = Somebody(client, desk.engine, ["editor"], "Editor", language=language)
        edition = draft(desk, editor.user, OPTIONS, "da", lambda body: body)
        answer = editor.get(at(edition))
        for name in ("body", "title", "button_option_1", "sources", "review_due", "revision", "csrf", "reason"):
            assert f'name="{name}"' in answer.text, name
        assert content.work[language]["editing"]["submit"] in answer.text
        assert Page(answer.text).bad == []
        # The other language as it is live, marked as what it is.
        assert 'lang="en"' in answer.text and desk.live.get(OPTIONS, "en").title in plain(answer)


def test_a_page_asked_for_again_after_a_refusal_is_the_editions(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    assert anna.get(at(edition, "submit")).headers["location"] == at(edition)


# ---------------------------------------------------------------- saving


def test_saving_keeps_every_field(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user, OPTIONS, "da", lambda body: body)
    changed = form(
        edition, body="Nyt.\r\n***\r\nMere.", title="Ny titel", button_option_2="Nye ord", sources=["irf", "nkr"],
        review_due="2029-01-02",
    )  # fmt: skip
    answer = anna.post(at(edition, "save"), **changed)
    assert answer.headers["location"] == f"{at(edition)}?done=saved"
    found = parts(fresh(desk, edition).source)
    assert (found.body, found.title, found.titles["option_2"]) == ("Nyt.\n***\nMere.", "Ny titel", "Nye ord")
    assert (set(found.sources), str(found.review_due)) == ({"irf", "nkr"}, "2029-01-02")


def test_faulty_words_are_saved_too_and_said(anna: Somebody, desk: Desk, words: dict[str, str]) -> None:
    edition = draft(desk, anna.user)
    anna.post(at(edition, "save"), **form(edition, body="Et {wrong}.\n***\n", title="", sources=[""]))
    answer = anna.get(at(edition))
    assert "Et {wrong}." in answer.text
    for code in ("no_title", "needs_source", "empty_bubble"):
        assert words[f"fault_{code}"] in plain(answer)
    assert '<details class="about" open' in answer.text  # where the title is


def test_only_sources_there_are_can_be_ticked_and_only_the_texts_own_buttons_written(
    anna: Somebody, desk: Desk
) -> None:
    edition = draft(desk, anna.user, OPTIONS, "da", lambda body: body)
    anna.post(
        at(edition, "save"), **form(edition, sources=["nkr", "x]\nreviewed_by: Evil"], button_evil="x", alt="x")
    )
    found = parts(fresh(desk, edition).source)
    assert found.sources == ("nkr",) and "evil" not in found.titles and found.alt is None
    assert "Evil" not in fresh(desk, edition).source


def test_a_field_that_is_not_sent_stays_as_it_was(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user, OPTIONS, "da", lambda body: body)
    anna.post(at(edition, "save"), revision=edition.revision, body="Kun ordene.")
    was, found = parts(edition.source), parts(fresh(desk, edition).source)
    assert (found.title, found.titles, found.review_due) == (was.title, was.titles, was.review_due)


def test_too_much_is_not_saved_and_still_stands_in_the_form(
    anna: Somebody, desk: Desk, words: dict[str, str]
) -> None:
    edition = draft(desk, anna.user)
    answer = anna.post(at(edition, "save"), **form(edition, body="Meget lang tekst. " * 500))
    assert answer.status_code == 409
    assert "8000 tegn i alt" in plain(answer) and answer.text.count("Meget lang tekst. ") >= 499
    assert fresh(desk, edition).revision == edition.revision


def test_a_megabyte_is_refused_at_the_door(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    assert anna.post(at(edition, "save"), body="x" * 1_000_000).status_code == 413
    assert anna.look(key=KEY, language="da", body="x" * 1_000_000).status_code == 413


def test_somebody_else_cannot_save_what_is_in_review(anna: Somebody, erik: Somebody, desk: Desk) -> None:
    edition = submitted(desk, anna.user)
    answer = erik.post(at(edition, "save"), **form(edition, body="Eriks ord."))
    assert answer.status_code == 409 and "en andens tekst" in plain(answer)
    assert fresh(desk, edition).source == edition.source


def test_the_script_saves_and_gets_the_new_revision(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    accept = {"accept": "application/json"}
    answer = anna.post(at(edition, "save"), accept, **form(edition, body="Et."))
    assert answer.json() == {"revision": edition.revision + 1}
    stale = anna.post(at(edition, "save"), accept, **form(edition, body="To."))
    assert stale.status_code == 409 and parts(fresh(desk, edition).source).body == "Et."


def test_hostile_words_in_every_field_are_saved_and_shown_harmlessly(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user, OPTIONS, "da", lambda body: body)
    names = [each.name for each in desk.live.get(OPTIONS, "da").choices if each.name.startswith("option")]
    for name, words in hostile():
        fields = {key: words for key in ("body", "title", "button_option_1", "review_due", "reason")}
        before = fresh(desk, edition)
        assert anna.post(at(edition, "save"), **form(before, **fields)).status_code == 303, name
        saved = fresh(desk, edition)
        assert list(parts(saved.source).titles) == names and parts(saved.source).review_due is None, name
        page = anna.get(at(edition))
        assert page.status_code == 200 and Page(page.text).bad == [], name
        assert Page(page.text).forms[1:4] == [at(edition, "save"), at(edition, "try"), at(edition, "drop")], name
        conflict = anna.post(at(edition, "save"), **form(before, **(fields | {"title": f"2 {words}"})))
        assert conflict.status_code == 409 and Page(conflict.text).bad == [], name


def test_hostile_remarks_are_shown_harmlessly(anna: Somebody, karen: Somebody, desk: Desk) -> None:
    edition = submitted(desk, anna.user)
    for name, words in hostile():
        assert karen.post(at(edition, "remark"), words=f"Om {name}: {words}").status_code == 303, name
    page = anna.get(at(edition))
    assert Page(page.text).bad == [] and not re.search("[\x00\u202e]", page.text)
    assert all(f"Om {name}:" in page.text for name in WORDS)


# ---------------------------------------------------------------- two at once


def test_a_second_save_of_the_same_draft_shows_both_and_loses_neither(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    anna.post(at(edition, "save"), **form(edition, body="Det gemte i fane et."))
    answer = anna.post(at(edition, "save"), **form(edition, body="Det skrevne i fane to.", title="Min titel"))
    assert answer.status_code == 409
    page = plain(answer)
    assert "Det gemte i fane et." in page and "Det skrevne i fane to." in page
    assert "<del>" in answer.text and "<ins>" in answer.text
    assert parts(fresh(desk, edition).source).body == "Det gemte i fane et."
    again = re.search(r'name="revision" value="(\d+)"', answer.text)
    assert again
    saved = anna.post(
        at(edition, "save"), **form(edition, revision=again[1], body="Det skrevne i fane to.", title="Min titel")
    )
    assert saved.status_code == 303
    assert parts(fresh(desk, edition).source).body == "Det skrevne i fane to."


def test_words_written_while_the_text_went_to_review_are_there_to_copy(anna: Somebody, desk: Desk) -> None:
    edition = submitted(desk, anna.user)
    answer = anna.post(at(edition, "save"), **form(edition, body="Skrevet for sent."))
    assert answer.status_code == 409
    assert re.search(r"<textarea id=\"kept\"[^>]* readonly[^>]*>\nSkrevet for sent.</textarea>", answer.text)
    assert 'id="save"' not in answer.text
    assert fresh(desk, edition).source == edition.source


def test_a_conflict_while_sending_for_review_sends_nothing(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    anna.post(at(edition, "save"), **form(edition, body="I fane et."))
    assert anna.post(at(edition, "submit"), **form(edition, body="I fane to.")).status_code == 409
    assert fresh(desk, edition).state == DRAFT


def test_two_editors_have_drafts_of_their_own_and_are_told_of_each_other(
    anna: Somebody, erik: Somebody, desk: Desk
) -> None:
    mine, theirs = draft(desk, anna.user), draft(desk, erik.user)
    assert mine.id != theirs.id
    page = anna.get(at(mine))
    assert "Erik har også en kladde til denne tekst." in plain(page)
    assert at(theirs) not in page.text  # a draft is its author's
    workflow.submit(desk, erik.user, theirs)
    page = anna.get(at(mine))
    assert "Erik har sendt en ændring af denne tekst til godkendelse." in plain(page) and at(theirs) in page.text


def test_what_went_live_meanwhile_is_shown_and_taken_in(
    anna: Somebody, erik: Somebody, karen: Somebody, desk: Desk
) -> None:
    mine = draft(desk, anna.user)
    published(
        desk, erik.user, karen.user, change=lambda body: body.replace("Når det gør ondt", "Når ryggen gør ondt")
    )
    page = anna.get(at(mine))
    assert "Teksten er ændret, siden du begyndte" in plain(page)
    assert re.search(r"<del>.*?det .*?</del><ins>.*?ryggen .*?</ins>", page.text)
    assert anna.post(at(mine, "submit"), **form(fresh(desk, mine))).status_code == 409
    taken = anna.post(at(mine, "rebase"), **form(fresh(desk, mine), body="Mit og Eriks."))
    assert taken.headers["location"] == f"{at(mine)}?done=rebased"
    assert not workflow.behind(desk, fresh(desk, mine))
    assert parts(fresh(desk, mine).source).body == "Mit og Eriks."
    assert "Teksten er ændret" not in plain(anna.get(at(mine)))


# ---------------------------------------------------------------- the preview


def test_the_script_gets_the_preview_of_what_is_written_and_nothing_is_saved(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    answer = anna.look(edition=str(edition.id), key=KEY, language="da", body="**Nyt** og {wrong}", title="x")
    assert answer.status_code == 200
    assert re.findall(r'data-part="(\w+)"', answer.text) == ["faults", "phone", "figures", "other"]
    assert "<strong>Nyt</strong>" in answer.text and "{wrong}" in answer.text and "1 ting at rette." in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"
    assert fresh(desk, edition).source == edition.source


def test_a_preview_needs_no_draft(bo: Somebody) -> None:
    answer = bo.look(key=OPTIONS, language="da", body="Ord.", titles={"option_1": "Nye ord"}, sources=["nkr"])
    assert "<li>Nye ord</li>" in answer.text and "Ord." in answer.text


def test_a_preview_of_anothers_draft_or_of_nothing_is_404(anna: Somebody, erik: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    assert erik.look(edition=edition.id, key=KEY, language="da", body="x").status_code == 404
    assert erik.look(key="topic/nothing", language="da", body="x").status_code == 404
    assert erik.look().status_code == 404


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"3", b"null", b"[" * 60_000, b'{"a":' * 5_000, b"\xff\xfe"])
def test_what_is_no_object_is_422(anna: Somebody, sent: bytes) -> None:
    assert anna.send(sent).status_code == 422


@pytest.mark.parametrize("value", [None, 3, True, [], {}, ["x", 4, None], {"a": "b"}, 1e400, "\ud800\x00"])
def test_fields_of_any_kind_are_taken_or_left_out(anna: Somebody, value: Any) -> None:
    fields = {name: value for name in ("body", "title", "titles", "alt", "sources", "review_due", "edition")}
    answer = anna.send(json.dumps({"key": KEY, "language": "da"} | fields).encode())
    assert answer.status_code in (200, 404), answer.text


@pytest.mark.parametrize("bomb", ["**[", "[[[[", "**x ", "\n***\n", "---\n"])
def test_64_kilobytes_of_marks_are_answered_with_a_fault_and_not_rendered(anna: Somebody, bomb: str) -> None:
    answer = anna.look(key=KEY, language="da", body=bomb * (60_000 // len(json.dumps(bomb))))
    assert answer.status_code == 200 and "for lang" in answer.text and len(answer.text) < 5000


def test_hostile_words_in_a_preview_are_only_words(anna: Somebody) -> None:
    for name, words in WORDS.items():
        fields = {"key": OPTIONS, "language": "da", "body": words, "title": words, "sources": [words]}
        answer = anna.send(json.dumps(fields | {"titles": {"option_1": words, words: "x"}}).encode())
        assert answer.status_code == 200 and Page(answer.text).bad == [], name


def test_without_script_the_same_is_shown_by_a_button_and_nothing_is_saved(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    answer = anna.post(at(edition, "preview"), **form(edition, body="**Nyt** og {wrong}"))
    assert answer.status_code == 200
    assert "<strong>Nyt</strong>" in answer.text and ">\n**Nyt** og {wrong}</textarea>" in answer.text
    assert "Det er ikke gemt endnu." in plain(answer)
    assert fresh(desk, edition).source == edition.source


# ---------------------------------------------------------------- on the way


def test_sending_saves_first(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    answer = anna.post(at(edition, "submit"), **form(edition, body="Sidste ord."))
    assert answer.headers["location"] == f"{at(edition)}?done=submitted"
    found = fresh(desk, edition)
    assert found.state == IN_REVIEW and parts(found.source).body == "Sidste ord."
    assert "Sendt til godkendelse." in plain(anna.get(answer.headers["location"]))


def test_a_text_with_faults_is_saved_but_not_sent(anna: Somebody, desk: Desk, words: dict[str, str]) -> None:
    edition = draft(desk, anna.user)
    answer = anna.post(at(edition, "submit"), **form(edition, body="Det er {wrong}."))
    assert answer.status_code == 409 and words["refused_faults"] in plain(answer)
    assert fresh(desk, edition).state == DRAFT and parts(fresh(desk, edition).source).body == "Det er {wrong}."
    # The form on that page is up to date: going on from it is no conflict.
    revision = re.search(r'name="revision" value="(\d+)"', answer.text)
    assert revision and int(revision[1]) == fresh(desk, edition).revision


def test_no_change_is_not_sent(anna: Somebody, desk: Desk, words: dict[str, str]) -> None:
    edition = draft(desk, anna.user, change=lambda body: body)
    assert words["refused_unchanged"] in plain(anna.post(at(edition, "submit"), **form(edition)))


def test_a_safety_text_starts_the_suite_and_another_does_not(anna: Somebody, desk: Desk, suites: list[int]) -> None:
    card, topic = draft(desk, anna.user, CARD), draft(desk, anna.user)
    assert anna.post(at(card, "submit"), **form(card)).status_code == 303
    assert anna.post(at(topic, "submit"), **form(topic)).status_code == 303
    assert suites == [card.id]


def test_the_suite_really_begins_beside_the_page_and_comes_to_an_end(
    anna: Somebody, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert suite.start is REALLY_START
    edition = draft(desk, anna.user, CARD)
    page = anna.get(anna.post(at(edition, "submit"), **form(edition)).headers["location"])
    assert "Sikkerhedsprøven" in plain(page) and "Den er ikke prøvet endnu." not in plain(page)
    wait_until(lambda: not (fresh(desk, edition).suite or {"running": True}).get("running"), 60)
    assert 'class="checks"' in anna.get(at(edition)).text


def test_the_author_takes_it_back_and_gives_it_up(anna: Somebody, desk: Desk) -> None:
    edition = submitted(desk, anna.user)
    assert anna.post(at(edition, "withdraw")).headers["location"] == f"{at(edition)}?done=withdrawn"
    assert fresh(desk, edition).state == DRAFT
    assert anna.post(at(edition, "drop")).headers["location"] == f"/editor/text/da/{KEY}"
    assert fresh(desk, edition).state == DROPPED


@pytest.mark.parametrize("step", ["withdraw", "drop", "rebase"])
def test_these_are_the_authors_own(anna: Somebody, karen: Somebody, desk: Desk, step: str) -> None:
    edition = submitted(desk, anna.user)
    assert karen.post(at(edition, step)).status_code == 409
    assert fresh(desk, edition).state == IN_REVIEW


def test_who_has_lost_the_role_of_editor_writes_no_more(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    staff.change_user(desk.engine, anna.user.id, roles=["reviewer"])
    assert 'id="write"' not in anna.get(at(edition)).text
    for step in ("save", "submit", "emergency"):
        assert anna.post(at(edition, step), **form(edition, body="x"), reason=REASON).status_code == 403
    assert fresh(desk, edition).source == edition.source


# ---------------------------------------------------------------- in an emergency


def test_an_emergency_goes_live_at_once_and_stays_flagged(anna: Somebody, karen: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    answer = anna.post(at(edition, "emergency"), **form(edition, body="Rettet ord."), reason=REASON)
    assert answer.headers["location"] == f"{at(edition)}?done=emergency"
    assert desk.live.get(KEY, "da").bubbles == ("Rettet ord.",)
    page = plain(karen.get(at(edition)))
    assert "I luften uden godkendelse" in page and REASON in page
    assert "En anden skal læse den igennem." in plain(anna.get(at(edition)))
    assert anna.post(at(edition, "look-over")).status_code == 409 and workflow.flagged(desk)
    assert karen.post(at(edition, "look-over")).headers["location"] == f"{at(edition)}?done=looked_over"
    assert workflow.flagged(desk) == []
    assert "Læst igennem af Karen Holm" in plain(anna.get(at(edition)))


@pytest.mark.parametrize("reason", ["", "kort", "         x          "])
def test_an_emergency_needs_a_reason_and_what_was_written_stays(anna: Somebody, desk: Desk, reason: str) -> None:
    edition = draft(desk, anna.user)
    answer = anna.post(at(edition, "emergency"), **form(edition, body="Rettet ord."), reason=reason)
    assert answer.status_code == 409 and "mindst 10 tegn" in plain(answer)
    assert re.search(r'<details class="asks" id="emergency" open', answer.text)
    assert re.search(r'<textarea id="reason"[^>]*aria-invalid="true"', answer.text)
    assert fresh(desk, edition).state == DRAFT and parts(fresh(desk, edition).source).body == "Rettet ord."


def test_a_safety_text_goes_live_in_an_emergency_only_if_its_words_pass(
    anna: Somebody, desk: Desk, monkeypatch: pytest.MonkeyPatch, words: dict[str, str]
) -> None:
    edition = draft(desk, anna.user, CARD)
    asked: list[Any] = []

    def quick(before: ContentStore, after: ContentStore, places: Any) -> list[SuiteCheck]:
        asked.append((before.get(CARD, "da").source, after.get(CARD, "da").source, list(places)))
        return [
            SuiteCheck("phones", False, "112"),
            SuiteCheck("negations", False, "", True),
            SuiteCheck("doses", True),
        ]

    monkeypatch.setattr(suite, "quick", quick)
    answer = anna.post(at(edition, "emergency"), **form(edition), reason=REASON)
    assert answer.status_code == 409 and f"Sikkerhedsprøven fandt: {words['suite_phones']}." in plain(answer)
    assert fresh(desk, edition).state == DRAFT
    before, after, places = asked[0]
    assert (after, places) == (fresh(desk, edition).source, [(CARD, "da")]) and before != after
    monkeypatch.setattr(suite, "quick", lambda *_: [SuiteCheck("negations", False, "", True)])
    assert anna.post(at(edition, "emergency"), **form(fresh(desk, edition)), reason=REASON).status_code == 303
    assert fresh(desk, edition).state == LIVE


# ---------------------------------------------------------------- the reviewer


def test_the_reviewer_sees_word_by_word_what_changed(anna: Somebody, bo: Somebody, desk: Desk) -> None:
    change = lambda body: body.replace("Når det gør ondt", "Når ryggen gør ondt")  # noqa: E731
    edition = submitted(desk, anna.user, change=change)
    answer = bo.get(at(edition))
    assert re.search(r"<del><span class=\"hidden\" lang=\"da\">slettet: </span>det ", answer.text)
    assert re.search(r"<ins><span class=\"hidden\" lang=\"da\">tilføjet: </span>ryggen ", answer.text)
    assert 'class="on-telegram"' in answer.text and 'class="message bot"' in answer.text
    assert desk.live.get(KEY, "en").title in plain(answer)


def test_approval_puts_it_live_and_says_when(anna: Somebody, bo: Somebody, desk: Desk) -> None:
    edition = submitted(desk, anna.user)
    answer = bo.post(at(edition, "approve"), revision=edition.revision)
    assert answer.headers["location"] == f"{at(edition)}?done=live"
    page = plain(bo.get(answer.headers["location"]))
    assert re.search(r"Godkendt og i luften \d+\. \w+\.? \d{4} \d\d[.:]\d\d", page)
    assert MORE["da"] in "".join(desk.live.get(KEY, "da").bubbles)


def test_approval_waits_for_the_other_language_where_the_two_must_match(
    anna: Somebody, bo: Somebody, desk: Desk
) -> None:
    edition = submitted(desk, anna.user, change=lambda body: f"{body} {{operator}}")
    answer = bo.post(at(edition, "approve"), revision=edition.revision)
    assert answer.headers["location"] == f"{at(edition)}?done=waiting"
    page = plain(bo.get(answer.headers["location"]))
    assert "Venter på den engelske tekst" in page and "{operator} står i den danske tekst" in page


def test_nobody_approves_other_words_than_those_on_the_page(
    anna: Somebody, bo: Somebody, desk: Desk, words: dict[str, str]
) -> None:
    edition = submitted(desk, anna.user)
    workflow.withdraw(desk, anna.user, edition)
    again = workflow.save(
        desk, anna.user, edition, fresh(desk, edition).revision, replace(parts(edition.source), body="Andre ord.")
    )
    workflow.submit(desk, anna.user, again)
    answer = bo.post(at(edition, "approve"), revision=edition.revision)
    assert answer.status_code == 409 and words["refused_changed_meanwhile"] in plain(answer)
    assert fresh(desk, edition).state == IN_REVIEW


@pytest.mark.parametrize(
    ("who", "key", "code"),
    [("erik", KEY, "own_text"), ("anna", KEY, "not_a_reviewer"), ("bo", CARD, "needs_sign_off"),
     ("karen", CARD, "suite_not_passed")],
)  # fmt: skip
def test_each_refusal_is_said_in_words_on_the_page_and_after_trying(
    request: pytest.FixtureRequest, erik: Somebody, desk: Desk, words: dict[str, str], who: str, key: str, code: str
) -> None:
    reviewer: Somebody = request.getfixturevalue(who)
    edition = submitted(desk, erik.user, key)
    page = reviewer.get(at(edition))
    assert 'id="approve"' not in page.text
    if who != "erik":
        assert words[f"refused_{code}"] in plain(page)
    answer = reviewer.post(at(edition, "approve"), revision=edition.revision)
    assert answer.status_code == 409 and words[f"refused_{code}"] in plain(answer)
    assert fresh(desk, edition).state == IN_REVIEW


def test_a_clinician_approves_a_safety_text_that_passed_and_her_name_stands_in_it(
    anna: Somebody, karen: Somebody, desk: Desk
) -> None:
    edition = passed(desk, submitted(desk, anna.user, CARD))
    assert 'id="approve"' in karen.get(at(edition)).text
    assert karen.post(at(edition, "approve"), revision=edition.revision).status_code == 303
    assert desk.live.get(CARD, "da").reviewed_by == "Karen Holm"


def test_what_the_suite_found_is_shown_and_it_can_be_run_again(
    anna: Somebody, karen: Somebody, desk: Desk, suites: list[int], words: dict[str, str]
) -> None:
    edition = submitted(desk, anna.user, CARD)
    assert words["suite_none"] in plain(karen.get(at(edition)))
    failed = {"name": "phones", "passed": False, "detail": "<b>70 10</b>", "warn": False}
    unknown = {"name": "newer", "passed": False, "detail": "", "warn": True}
    result = {"passed": False, "checks": [failed, unknown], "revision": edition.revision, "at": now().isoformat()}
    editions.note_suite(desk.engine, edition.id or 0, edition.revision, result)
    page = karen.get(at(edition))
    assert words["suite_failed"] in plain(page) and words["suite_phones"] in plain(page) and "newer" in plain(page)
    assert "&lt;b&gt;70 10&lt;/b&gt;" in page.text
    assert karen.post(at(edition, "suite")).status_code == 303
    assert suites == [edition.id]


def test_a_suite_that_is_running_is_said_and_not_started_twice(
    anna: Somebody, karen: Somebody, desk: Desk, suites: list[int]
) -> None:
    edition = submitted(desk, anna.user, CARD)
    running = {"running": True, "revision": edition.revision, "at": now().isoformat()}
    editions.note_suite(desk.engine, edition.id or 0, edition.revision, running)
    assert "data-running" in karen.get(at(edition)).text
    karen.post(at(edition, "suite"))
    assert suites == []
    left = running | {"at": (now() - timedelta(hours=1)).isoformat()}
    editions.note_suite(desk.engine, edition.id or 0, edition.revision, left)
    assert "data-running" not in karen.get(at(edition)).text
    karen.post(at(edition, "suite"))
    assert suites == [edition.id]


def test_the_suite_is_for_safety_texts_in_review(anna: Somebody, desk: Desk, suites: list[int]) -> None:
    topic, card = submitted(desk, anna.user), draft(desk, anna.user, CARD)
    for each in (topic, card):
        assert anna.post(at(each, "suite")).status_code == 409
    assert suites == []


def test_sending_back_says_why_and_the_author_reads_it(anna: Somebody, bo: Somebody, desk: Desk) -> None:
    edition = submitted(desk, anna.user)
    assert bo.post(at(edition, "send-back"), words="Skriv det kortere.").status_code == 303
    assert fresh(desk, edition).state == DRAFT
    page = plain(anna.get(at(edition)))
    assert "Skriv det kortere." in page and "Bo" in page


@pytest.mark.parametrize("step", ["send-back", "remark"])
@pytest.mark.parametrize("said", ["", "  \n ", "\u200b\u202e"])
def test_saying_nothing_is_refused(
    anna: Somebody, bo: Somebody, desk: Desk, words: dict[str, str], step: str, said: str
) -> None:
    edition = submitted(desk, anna.user)
    answer = bo.post(at(edition, step), words=said)
    assert answer.status_code == 409 and words["refused_no_words"] in plain(answer)
    assert fresh(desk, edition).state == IN_REVIEW


def test_remarks_are_told_in_order_with_who_and_when(anna: Somebody, bo: Somebody, desk: Desk) -> None:
    edition = submitted(desk, anna.user)
    bo.post(at(edition, "remark"), words="Hvad mener du?")
    anna.post(at(edition, "remark"), words="Det samme\nsom før.")
    page = plain(bo.get(at(edition)))
    told = ("Anna sendte den til godkendelse", "Bo skrev", "Hvad mener du?", "Anna skrev", "Det samme som før.")
    assert sorted(told, key=page.index) == list(told)


def test_who_sent_it_back_is_not_said_to_have_taken_it_back(anna: Somebody, bo: Somebody, desk: Desk) -> None:
    edition = submitted(desk, anna.user)
    workflow.send_back(desk, bo.user, edition, "Nej.")
    workflow.submit(desk, anna.user, fresh(desk, edition))
    workflow.withdraw(desk, anna.user, fresh(desk, edition))
    workflow.submit(desk, anna.user, fresh(desk, edition))
    page = plain(bo.get(at(edition)))
    assert "Bo sendte den tilbage" in page and "Anna tog den tilbage" in page


# ---------------------------------------------------------------- trying it


def test_the_author_tries_a_draft_in_the_chat_as_it_is_saved(anna: Somebody, desk: Desk) -> None:
    edition = draft(desk, anna.user)
    answer = anna.post(at(edition, "try"))
    assert answer.status_code == 200 and MORE["da"] in answer.text and 'id="chat"' in answer.text
    assert MORE["da"] not in "".join(desk.live.get(KEY, "da").bubbles)
    assert re.search(r'name="token" value="[\w-]{20,}"', answer.text)


@pytest.mark.parametrize("key", ["telegram/help", "telegram/care/after", "care/cauda_equina", "system/closed"])
def test_a_text_of_any_kind_can_be_tried(anna: Somebody, desk: Desk, key: str) -> None:
    edition = draft(desk, anna.user, key)
    answer = anna.post(at(edition, "try"))
    assert answer.status_code == 200 and MORE["da"] in answer.text


def test_a_text_that_cannot_be_read_cannot_be_tried(anna: Somebody, desk: Desk, words: dict[str, str]) -> None:
    edition = draft(desk, anna.user)
    anna.post(at(edition, "save"), **form(edition, body=""))
    answer = anna.post(at(edition, "try"))
    assert answer.status_code == 409 and words["refused_unreadable"] in plain(answer)


def test_others_try_what_is_in_review(anna: Somebody, bo: Somebody, desk: Desk) -> None:
    edition = submitted(desk, anna.user)
    assert MORE["da"] in bo.post(at(edition, "try")).text


# ---------------------------------------------------------------- words


def refusals() -> Iterator[str]:
    """Every code a step may be refused with, as the code has them."""
    for name in ("workflow", "edition_routes", "edition_steps", "one_text"):
        source = (ROOT / f"bot/editorial/{name}.py").read_text(encoding="utf-8")
        yield from re.findall(r'Refused\("(\w+)"', source)
        yield from re.findall(r'_must\((?:[^"\n]|"[^"]*"(?=[^,)]*\())*, "(\w+)"', source)
        yield from re.findall(r'return "((?:not|own|needs|suite)_\w+)"', source)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_words(content: ContentStore, language: str) -> None:
    found = set(refusals())
    assert {"not_an_editor", "own_text", "no_such_version", "quick_failed", "suite_not_passed", "no_reason"} <= found
    assert not {code for code in found if f"refused_{code}" not in content.work[language]["editing"]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_of_the_suite_has_words(content: ContentStore, language: str) -> None:
    names = re.findall(r"^  (\w+)  +\S", suite.__doc__ or "", re.MULTILINE)
    assert len(names) > 25
    assert not {name for name in names if f"suite_{name}" not in content.work[language]["editing"]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_the_templates_ask_for_is_there(content: ContentStore, language: str) -> None:
    folder = ROOT / "bot/editorial/templates/editorial"
    asked = {
        name
        for path in [*folder.glob("edition*.html"), *folder.glob("preview*.html")]
        for name in re.findall(r"\bF\.(\w+)", path.read_text(encoding="utf-8"))
    }
    assert len(asked) > 100
    assert not asked - set(content.work[language]["editing"])
