"""The safety suite: what a changed safety text could break, and what a reviewer's eye could pass over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from bot.clock import now
from bot.content.file_faults import SAFETY
from bot.content.safety_rules import data
from bot.content.source import parts, put_together
from bot.content.store import LANGUAGES, ContentStore
from bot.content.texts import parse
from bot.dialogue.replies import Reply
from bot.dialogue.turns import Turns
from bot.editorial import quick as quick_module
from bot.editorial import suite, trial, walks, workflow
from bot.editorial.live import LiveContent
from bot.editorial.suite import SuiteCheck, quick
from bot.editorial.workflow import Desk
from bot.kill_switch import KillSwitch
from bot.screening.flags import load_flags
from bot.screening.result import Outcome
from bot.screening.screener import Screener
from bot.store import editions, staff
from bot.store.editorial_models import Edition
from bot.store.models import Conversation, DialogueState, Inbound, Outbound
from bot.store.staff_models import User
from tests.editorial.steps import CARD, draft, fresh, submitted

Place = tuple[str, str]
NAMES = {"content", *quick_module.LOOKS, "ready", *walks.WALKS, "finished"}


def with_source(content: ContentStore, changes: dict[Place, str]) -> ContentStore:
    """The content with other sources."""
    read = {
        (key, language): parse(source, key, language, content.titles[language], content.get(key, language).path)
        for (key, language), source in changes.items()
    }
    return replace(content, texts=content.texts | read)


def changed(content: ContentStore, key: str, language: str, old: str, new: str) -> ContentStore:
    """The content with other words in one text, as an editor writes them."""
    source = content.get(key, language).source
    was = parts(source)
    assert old in was.body, f"{key} does not say {old}"
    after = put_together(source, replace(was, body=was.body.replace(old, new)))
    return with_source(content, {(key, language): after})


def failed(checks: Iterable[SuiteCheck], *, warn: bool = False) -> dict[str, str]:
    """What blocks by name, or what only tells."""
    return {each.name: each.detail for each in checks if not each.passed and each.warn == warn}


# ---------------------------------------------------------------- the words alone


def test_every_safety_text_as_it_stands_passes(content: ContentStore) -> None:
    places = [(key, language) for key, language in content.texts if key.startswith(SAFETY)]
    assert len(places) > 200
    for place in places:
        checks = quick(content, content, [place])
        assert failed(checks) == {}, place
        assert set(failed(checks, warn=True)) <= {"other_forms"}, place
    assert failed(quick(content, content, places)) == {}


def test_only_the_checks_that_apply_are_shown(content: ContentStore) -> None:
    of_a_card = {each.name for each in quick(content, content, [(CARD, "da")])}
    assert {"level_first", "what_to_say", "contacts_named"} <= of_a_card and "questions" not in of_a_card
    of_a_question = {each.name for each in quick(content, content, [("screening/trauma", "da")])}
    assert "questions" in of_a_question and "level_first" not in of_a_question


def test_every_check_is_explained_where_editors_of_its_words_look() -> None:
    explained = {line.split()[0] for line in (suite.__doc__ or "").splitlines() if line.startswith("  ")}
    assert explained == NAMES


def test_every_check_has_words_in_both_languages(content: ContentStore) -> None:
    for language in LANGUAGES:
        assert {name for name in NAMES if not content.work[language]["editing"].get(f"suite_{name}")} == set()


WORSE: list[tuple[str, str, str, str, str]] = [
    # what an editor could write, and the check that must stop it
    (CARD, "da", "**Tal med en læge i dag**", "**Tal med en læge snart**", "level_first"),
    (CARD, "da", "**Tal med en læge i dag**", "Kære dig\n\n**Tal med en læge i dag**", "level_first"),
    (CARD, "da", "**Tal med en læge i dag**", "**Ring 112 nu**", "level_first"),
    (CARD, "da", "**Tal med en læge i dag**", "**Tal med en l\u00e6ge\u00a0i dag**", "level_first"),
    ("care/worse/emergency", "en", "**Call 112 now**", "**Call your GP**", "level_first"),
    ("care/trauma/relative", "en", "**Speak to a doctor today**\n\n", "**Speak to a doctor today**\n", "level_first"),
    (CARD, "da", "Sig: »Jeg", "Sig: Jeg", "what_to_say"),
    ("care/vascular", "en", 'Say: "I have', "I have", "what_to_say"),
    (CARD, "da", "så ring 112", "så ring til nogen", "contacts_named"),
    (CARD, "da", "Ellers ring til lægevagten. ", "", "contacts_named"),
    ("care/self_harm", "da", "Livslinien", "linjen", "contacts_named"),
    ("care/other_emergency", "en", "the poison line", "that line", "contacts_named"),
    (CARD, "da", "Vent ikke til i morgen", "Det kan vente til i morgen", "must_say"),
    ("care/weight_loss", "en", "Most people with this sign have nothing serious. ", "", "must_say"),
    ("care/weight_loss", "da", "af sig selv.", "af sig selv. Ring 112.", "must_say"),
    ("screening/trauma/explain", "en", "Then say yes.", "Then say no.", "must_say"),
    ("screening/trauma/explain", "da", "Så svar ja", "Så svar nej", "must_say"),
    ("system/expired", "da", "ikke kan tisse eller ikke kan mærke dit skridt", "har det dårligt", "must_say"),
    ("welcome/intro", "da", "et computerprogram", "her", "must_say"),
    ("welcome/declined", "en", "112", "for help", "must_say"),
    (CARD, "da", "Vent ikke", "***\nVent ikke", "bubbles"),
    ("screening/trauma", "da", "?", "?\n***\n", "bubbles"),
    ("screening/trauma", "en", "?", ".", "questions"),
    ("screening/trauma/explain", "en", "?", ".", "questions"),
    (CARD, "da", "ring 112", "ring 113", "phones"),
    (CARD, "da", "lægevagten", "lægevagten på 70 11 31 31", "phones"),
    (CARD, "da", "lægevagten", "lægevagten på 1-8-1-3", "phones"),
    (CARD, "da", "lægevagten", "lægevagten på １８１３", "phones"),
    (CARD, "en", "out-of-hours line", "out-of-hours line (+45 70113131)", "phones"),
    (CARD, "da", "lægevagten", "lægevagten på 1813", "numbers"),
    ("safety_check/intro", "en", "{total}", "seven", "values"),
    (CARD, "da", "lægevagten", "lægevagten på {lifeline}", "values"),
    ("welcome/declined", "da", "sundhed.dk", "sundhed.com", "links"),
    (CARD, "da", "lægevagten", "[lægevagten](https://example.org)", "links"),
    (CARD, "en", "Do not wait", "Take 400 mg. Do not wait", "doses"),
    (CARD, "da", "Vent ikke", "Tag 2 tabletter. Vent ikke", "doses"),
    (CARD, "en", "a doctor should judge", f"a doctor {'really ' * 20}should judge", "sentences"),
    (CARD, "da", "Efter et fald", "# Efter et fald", "marks"),
    (CARD, "da", "Efter et fald", "**Efter et fald", "marks"),
    (CARD, "da", "Efter et fald", "_Efter et fald_", "marks"),
    (CARD, "da", "lægevagten", "lægev\u0430gten", "letters"),  # a Cyrillic а
    (CARD, "en", "After a fall", "After a f\u03b1ll", "letters"),  # a Greek α
    (CARD, "da", "Vent ikke", "x" * 501 + " Vent ikke", "content"),
    (CARD, "da", "lægevagten", "lægevagten {unheard_of}", "content"),
]


@pytest.mark.parametrize(("key", "language", "old", "new", "stopped_by"), WORSE)
def test_a_change_for_the_worse_is_stopped(
    content: ContentStore, key: str, language: str, old: str, new: str, stopped_by: str
) -> None:
    checks = quick(content, changed(content, key, language, old, new), [(key, language)])
    assert failed(checks).get(stopped_by), failed(checks)


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        (CARD, "Efter et fald", "Efter et hårdt fald"),
        (CARD, "om noget er brækket", "om der er noget, der er brækket"),
        ("screening/trauma/explain", "glatte fliser", "våde fliser"),
        ("safety_check/follow_card", "Det her kan vente.", "Alt andet kan vente."),
        ("system/holding", "Det tager lidt længere tid lige nu.", "Det går lidt langsomt lige nu."),
    ],
)
def test_a_change_for_the_better_is_not(content: ContentStore, key: str, old: str, new: str) -> None:
    assert failed(quick(content, changed(content, key, "da", old, new), [(key, "da")])) == {}


def test_a_number_that_is_lost_from_one_phrasing_is_found(content: ContentStore) -> None:
    text = content.get("safety_check/clear", "da")
    assert len(text.phrasings) == 3
    first = text.bubbles[0].split("\n")[-1]
    after = changed(content, text.key, "da", first, first.replace("Ring 112", "Ring"))
    assert failed(quick(content, after, [(text.key, "da")]))["phones"] == "112: 2/3"


def test_a_text_in_the_other_language_is_found(content: ContentStore) -> None:
    danish, english = content.get(CARD, "da"), content.get(CARD, "en")
    mixed_up = put_together(danish.source, replace(parts(danish.source), body=parts(english.source).body))
    after = with_source(content, {(CARD, "da"): mixed_up})
    assert failed(quick(content, after, [(CARD, "da")]))["language"] == "en"


ASKED = ("screening/trauma", "da")
ITS_BUTTONS = 'choices: ["yes", "no", unsure, back, menu]'


def with_buttons(content: ContentStore, buttons: str) -> ContentStore:
    """The content with other buttons below a question, as no editor's page lets anybody write them."""
    source = content.get(*ASKED).source
    assert ITS_BUTTONS in source
    return with_source(content, {ASKED: source.replace(ITS_BUTTONS, f"choices: [{buttons}]")})


@pytest.mark.parametrize(
    ("buttons", "detail"),
    [
        ('"yes", "no", unsure, back', "− menu → menu"),
        ('"no", "yes", unsure, back, menu', "no → no; yes → yes; unsure → unsure; back → back; menu → menu"),
        (
            '"yes", {name: "no", leads_to: welcome/declined}, unsure, back, menu',
            "− no → no; + no → welcome/declined",
        ),
    ],
)
def test_buttons_and_where_they_lead_stay(content: ContentStore, buttons: str, detail: str) -> None:
    assert failed(quick(content, with_buttons(content, buttons), [ASKED]))["buttons"] == detail


@pytest.mark.parametrize(
    ("yes", "no", "typed"),
    [("Nej", "Ja", "Nej: no → yes"), ("Ja", "Ja", "Ja: no → yes"), ("Ja", "Måske", "måske: None → no")],
)
def test_words_typed_below_a_question_mean_what_they_meant(
    content: ContentStore, yes: str, no: str, typed: str
) -> None:
    own = f'{{name: "yes", title: "{yes}"}}, {{name: "no", title: "{no}"}}, unsure, back, menu'
    found = failed(quick(content, with_buttons(content, own), [ASKED]))["typed_words"]
    assert typed in found.split("; ")


# What may be right, and must not be overlooked.
TOLD = [
    (CARD, "da", "Vent ikke til i morgen", "Vent ikke og aldrig til i morgen", "negations", "aldrig 0 → 1"),
    (CARD, "en", "you cannot pee", "you can pee", "negations", "cannot 1 → 0"),
    (CARD, "en", "Do not wait", "Don’t wait", "negations", "*n't 0 → 1; not 1 → 0"),
    ("screening/trauma/explain", "en", "Then even", "Then never even", "negations", "never 0 → 1"),
    ("safety_check/clear", "da", "Du kan tage tjekket igen, når du vil.", "", "strength", "1: kan 2 → 1"),
    ("care/vascular", "da", "En læge skal se på det", "En læge bør se på det", "strength", "bør 0 → 1; skal 1 → 0"),
    ("care/vascular", "da", "med det samme", "i morgen", "figures", "i morgen 0 → 1; med det samme 1 → 0"),
    (CARD, "da", "kl. 8-16", "kl. 9-16", "figures", "8 1 → 0; 9 0 → 1"),
    ("care/weight_loss", "en", "within a few days", "within a few weeks", "figures", "days 1 → 0; weeks 0 → 1"),
    ("care/clarified_no", "da", "\n+++\nTak for svaret. Lad os gå videre.", "", "shape", "1 + 1 + 1 → 1 + 1"),
    ("screening/cauda_equina", "en", "- Both legs", "Both legs", "items", "1: - 4 → 3"),
    ("screening/trauma/explain", "da", ", eller blev den værre?", "? Blev den værre?", "items", "? 2 → 3"),
    ("safety_check/follow_card", "en", "Do what", "\n***\nDo what", "other_language", "1 → 2"),
    (CARD, "da", "Efter et fald", "Efter et hårdt fald", "other_forms", "care/trauma/relative"),
    ("care/after", "da", "Har du ringet? Godt.", "Har du ringet? Fint.", "other_forms", "telegram/care/after"),
    ("telegram/care/after", "da", "kommer først", "er det første", "other_forms", "care/after"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "language", "old", "new", "name", "detail"), TOLD)
def test_what_is_easily_overlooked_is_told_and_does_not_block(
    content: ContentStore, key: str, language: str, old: str, new: str, name: str, detail: str
) -> None:
    checks = quick(content, changed(content, key, language, old, new), [(key, language)])
    assert failed(checks, warn=True)[name] == detail
    assert name not in failed(checks)


def test_a_value_that_the_other_language_needs_as_well_is_told(content: ContentStore) -> None:
    after = changed(content, "control/human", "da", ".", ". {operator}")
    told = failed(quick(content, after, [("control/human", "da")]), warn=True)
    assert "'{operator}' is missing in en" in told["other_language"]


def test_several_texts_at_once_say_which_one_is_meant(content: ContentStore) -> None:
    after = changed(changed(content, CARD, "da", "ring 112", "ring 113"), CARD, "en", "Do not wait", "Wait")
    found = failed(quick(content, after, [(CARD, "da"), (CARD, "en")]))
    assert found["phones"] == f"da/{CARD}: − 112; da/{CARD}: + 113"
    assert found["must_say"] == f"en/{CARD}: Do not wait"


def test_a_message_that_cannot_be_made_is_found(content: ContentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("no such letter")

    monkeypatch.setattr("bot.editorial.sayable.messages", broken)
    assert failed(quick(content, content, [(CARD, "da")]))["channels"] == "ValueError: no such letter"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_suites_patients_tell_every_alarm_sign_so_that_it_is_heard(screener: Screener, language: str) -> None:
    told = data()["told"]
    assert list(told) == list(load_flags().flags)
    for flag in told:
        found = screener.screen(told[flag][language])
        assert (found.outcome, found.relative) == (Outcome.ALARM, False) and flag in found.flags, flag


# ---------------------------------------------------------------- whole conversations


@pytest.fixture
def desk(turns: Turns) -> Desk:  # type: ignore[override]
    """A desk beside the real dialogue."""
    live = LiveContent(turns.content, turns.engine)
    live.begin()
    turns.content = live
    return trial.desk_of(turns)


@pytest.fixture
def engine(turns: Turns) -> Engine:
    return turns.engine


@pytest.fixture(autouse=True)
async def nothing_goes_on() -> AsyncIterator[None]:
    yield
    for task in list(suite._tasks):
        task.cancel()


def found_in(result: dict[str, Any]) -> dict[str, tuple[bool, str]]:
    return {each["name"]: (each["passed"], each["detail"]) for each in result["checks"]}


def left(engine: Engine) -> list[Any]:
    """What the suite's conversations left behind."""
    with Session(engine) as session:
        tables = (Conversation, Inbound, Outbound, DialogueState)
        return [row for table in tables for row in session.exec(select(table)).all()]


async def test_a_good_card_passes_and_nothing_is_left_of_the_conversations(
    turns: Turns, desk: Desk, anna: User
) -> None:
    edition = draft(desk, anna, CARD, change=lambda body: body.replace("Efter et fald", "Efter et hårdt fald"))
    result = await suite.run(turns, desk, edition)
    found = found_in(result)
    assert result["passed"] and result["revision"] == edition.revision and result["at"] <= now().isoformat()
    ways = ("walk_yes", "walk_told", "walk_told_before", "walk_unsure")
    assert {found[way] for way in ways} == {(True, "28")} and found["walk_clear"] == (True, "2")
    assert found["ready"][0] and found["finished"][0] and set(found) <= NAMES
    assert left(turns.engine) == [] and turns.answers.catching_up == {}
    assert editions.edition(desk.engine, edition.id or 0).suite is None  # type: ignore[union-attr]


async def test_a_button_that_stands_below_care_cards_is_walked_through_too(
    turns: Turns, desk: Desk, anna: User
) -> None:
    edition = draft(desk, anna, "choices/human", change=lambda _: "Tal med en person")
    result = await suite.run(turns, desk, edition)
    assert result["passed"], [each for each in result["checks"] if not each["passed"]]
    served = turns.serving(Conversation(id="", token_hash="", trying=edition.id))
    assert served.content.titles["da"]["human"] == "Tal med en person" != turns.content.titles["da"]["human"]


async def test_the_walks_say_the_words_that_are_tried_and_patients_do_not_hear_them(
    turns: Turns, desk: Desk, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = draft(desk, anna, CARD, change=lambda body: body.replace("Efter et fald", "Efter et hårdt fald"))
    said: list[str] = []
    expect = walks.expect_card

    def listens(walk: walks.Walker, replies: list[Reply], flag: str) -> None:
        said.append(replies[0].text)
        expect(walk, replies, flag)

    monkeypatch.setattr(walks, "expect_card", listens)
    monkeypatch.setattr(suite, "WALKS", {"walk_told_before": walks.WALKS["walk_told_before"]})
    assert (await suite.run(turns, desk, edition))["passed"]
    assert len(said) == 28 and sum("Efter et hårdt fald" in words for words in said) == 1
    screening = turns.screener.screen_answer("trauma", "yes")
    assert "hårdt" not in turns.voice.card(Conversation(id="", token_hash=""), screening).text


async def test_a_welcome_nobody_can_get_past_strays_on_every_way(turns: Turns, desk: Desk, anna: User) -> None:
    source = desk.live.get("welcome/intro", "da").source
    shut = source.replace("choices: [consent_yes, consent_no,", "choices: [consent_no,")
    edition = raw_edition(desk, anna, "welcome/intro", shut)
    result = await suite.run(turns, desk, edition)
    found = found_in(result)
    assert not result["passed"] and not found["buttons"][0]
    assert "da/cauda_equina: no button consent_yes" in found["walk_yes"][1] and "en/" not in found["walk_yes"][1]
    assert found["walk_clear"] == (False, "da: no button consent_yes") and found["walk_told_before"][0]
    assert left(turns.engine) == []


def raw_edition(desk: Desk, user: User, key: str, source: str) -> Edition:
    return editions.begin(desk.engine, key=key, language="da", source=source, author_id=user.id, base_version="x")


async def test_words_that_cannot_be_read_fail_before_any_conversation(turns: Turns, desk: Desk, anna: User) -> None:
    result = await suite.run(turns, desk, raw_edition(desk, anna, CARD, "nothing"))
    assert not result["passed"] and found_in(result) == {"content": (False, "")}


async def test_without_the_dialogue_or_with_the_kill_switch_it_says_so_and_fails(
    turns: Turns, desk: Desk, anna: User, real_rasa: Any
) -> None:
    edition = draft(desk, anna, CARD)
    real_rasa.dead = True
    assert found_in(await suite.run(turns, desk, edition))["ready"] == (False, "Rasa")
    real_rasa.dead = False
    KillSwitch(turns.settings.data_dir).close()
    result = await suite.run(turns, desk, edition)
    assert found_in(result)["ready"] == (False, "kill switch") and not result["passed"]


async def test_an_answer_that_does_not_come_is_no_answer(
    turns: Turns, desk: Desk, anna: User, real_rasa: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walks, "LATE", 0.2)
    monkeypatch.setattr("bot.dialogue.answers.ANSWER_WAIT", 0.2)
    monkeypatch.setattr(suite, "WALKS", {"walk_clear": walks.WALKS["walk_clear"]})
    edition = draft(desk, anna, CARD)
    real_rasa.actions.dead = True
    result = await suite.run(turns, desk, edition)
    strayed = "; ".join(f"{language}: no answer from the dialogue" for language in LANGUAGES)
    assert found_in(result)["walk_clear"] == (False, strayed)
    assert left(turns.engine) == []


async def test_it_takes_no_longer_than_it_may(
    turns: Turns, desk: Desk, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(*_: Any) -> None:
        async with walks.walker(turns, edition.id or 0, "da"):
            await asyncio.sleep(60)

    edition = draft(desk, anna, CARD)
    monkeypatch.setattr(suite, "LONGEST", 1.5)
    monkeypatch.setitem(walks.WALKS, "walk_yes", hangs)
    result = await suite.run(turns, desk, edition)
    assert not result["passed"] and found_in(result)["finished"] == (False, "2 s")
    assert left(turns.engine) == []


# ---------------------------------------------------------------- in the background


@pytest.fixture
def in_review(desk: Desk, anna: User) -> Edition:
    return submitted(desk, anna, CARD)


async def test_started_it_says_so_at_once_and_keeps_what_it_found(
    turns: Turns, desk: Desk, in_review: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def run(*_: Any) -> dict[str, Any]:
        begun.set()
        await go_on.wait()
        return {"passed": True, "checks": [], "revision": in_review.revision, "at": now().isoformat()}

    monkeypatch.setattr(suite, "run", run)
    task = suite.start(turns, desk, in_review.id or 0)
    assert (suite.result(fresh(desk, in_review)) or {})["running"]  # before anything is stored
    await begun.wait()
    stored = fresh(desk, in_review)
    assert stored.suite and stored.suite["running"] and stored.suite["revision"] == in_review.revision
    assert workflow.may_approve(clinician(desk), stored) == "suite_not_passed"
    go_on.set()
    await task
    assert (fresh(desk, in_review).suite or {})["passed"]
    assert workflow.may_approve(clinician(desk), fresh(desk, in_review)) is None


def clinician(desk: Desk) -> User:
    email = "klinik@klinik.example"
    found = staff.by_email(desk.engine, email)
    return found or staff.add_user(desk.engine, email=email, name="K", roles=["reviewer"], signs_off=True)


async def test_a_crash_is_kept_as_failed_and_never_as_running(
    turns: Turns, desk: Desk, in_review: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(suite, "run", run)
    await suite.start(turns, desk, in_review.id or 0)
    result = suite.result(fresh(desk, in_review)) or {}
    assert not result["passed"] and found_in(result) == {"finished": (False, "ZeroDivisionError")}


async def test_what_it_found_of_other_words_is_not_kept(
    turns: Turns, desk: Desk, anna: User, in_review: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(*_: Any) -> dict[str, Any]:
        workflow.withdraw(desk, anna, fresh(desk, in_review))
        workflow.submit(desk, anna, fresh(desk, in_review))
        return {"passed": True, "checks": [], "revision": in_review.revision}

    monkeypatch.setattr(suite, "run", run)
    await suite.start(turns, desk, in_review.id or 0)
    assert fresh(desk, in_review).suite is None and suite.result(fresh(desk, in_review)) is None


async def test_started_twice_it_runs_once_and_after_its_end_again(
    turns: Turns, desk: Desk, in_review: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []

    async def run(*_: Any) -> dict[str, Any]:
        runs.append(1)
        await asyncio.sleep(0.2)
        return {"passed": False, "checks": [], "revision": in_review.revision}

    monkeypatch.setattr(suite, "run", run)
    await asyncio.gather(*(suite.start(turns, desk, in_review.id or 0) for _ in range(3)))
    assert len(runs) == 1
    await suite.start(turns, desk, in_review.id or 0)
    assert len(runs) == 2


async def test_of_an_edition_that_is_not_there_nothing_is_started(turns: Turns, desk: Desk) -> None:
    await suite.start(turns, desk, 404)


async def test_a_database_that_is_down_breaks_nothing(
    turns: Turns, desk: Desk, in_review: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any) -> None:
        raise OperationalError("update", {}, Exception("the database is down"))

    monkeypatch.setattr(editions, "note_suite", down)
    await suite.start(turns, desk, in_review.id or 0)
    assert suite.result(fresh(desk, in_review)) is None


async def test_one_whose_process_died_counts_as_failed_after_a_while(desk: Desk, in_review: Edition) -> None:
    for gone, running in ((timedelta(seconds=30), True), (suite.LEFT_BEHIND * 1.1, False)):
        stored = {"running": True, "revision": in_review.revision, "at": (now() - gone).isoformat()}
        editions.note_suite(desk.engine, in_review.id or 0, in_review.revision, stored)
        result = suite.result(fresh(desk, in_review)) or {}
        assert bool(result.get("running")) is running
    assert found_in(result) == {"finished": (False, "stopped")} and not result["passed"]
    assert suite.LEFT_BEHIND.total_seconds() > suite.LONGEST
