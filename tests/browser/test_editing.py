"""Writing, sending and approving a text in a browser: by keyboard only, in two tabs, and without the script."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from bot.accounts.access import COOKIE
from bot.clock import now
from bot.content.source import parts
from bot.content.store import load
from bot.editorial import workflow
from bot.editorial.live import LiveContent
from bot.editorial.workflow import Desk
from bot.store import editions, staff
from bot.store.database import open_database
from bot.store.editorial_models import APPROVED, DRAFT, IN_REVIEW, Edition
from bot.store.staff_models import User
from bot.supervisor import Parts
from tests.accounts.staff import make_user
from tests.browser.conftest import PHONE, OpenPage
from tests.browser.hands import tab_to
from tests.browser.test_access import RULES
from tests.editorial.steps import REASON, draft, fresh, submitted

pytestmark = pytest.mark.asyncio(loop_scope="session")
DESKTOP, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 256}  # 1280 px at 400 % are 320
PICTURES = os.environ.get("RYGRAAD_SCREENSHOTS")  # a folder, for whoever wants to look
HARD = "Din ryg er nedslidt, {wrong}.\n***\n\n***\n" + "Degenerativ rygsøjlesygdom behandles konservativt " * 12
TOO_SMALL = """() => [...document.querySelectorAll(
    "main :is(button, .button, input:not([type=radio], [type=checkbox]), select, textarea, summary)")]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44).map(e => e.innerText || e.id)"""
SELECTED = (
    "() => { const b = document.getElementById('body'); return b.value.slice(b.selectionStart, b.selectionEnd) }"
)


@pytest.fixture
def desk(running: Parts) -> Iterator[Desk]:
    """A desk at the running gateway's database, with no drafts left from before."""
    engine = open_database(running.settings)
    live = LiveContent(load(), engine)
    live.begin()
    yield Desk(engine, live)
    for state in (DRAFT, IN_REVIEW, APPROVED):
        for each in editions.editions(engine, states=[state]):
            editions.move(engine, each.id or 0, state, "dropped")
    engine.dispose()


@pytest.fixture
def anna(desk: Desk) -> User:
    return make_user(desk.engine, roles=["editor"], name="Anna Bech")


@pytest.fixture
def karen(desk: Desk) -> User:
    return make_user(desk.engine, roles=["editor", "reviewer"], name="Karen Holm", signs_off=True)


@pytest.fixture
def enter(open_page: OpenPage, running: Parts, desk: Desk) -> Callable[..., Awaitable[Page]]:
    """Opens a page as somebody who is signed in."""

    async def entered(user: User, path: str, **how: Any) -> Page:
        page = await open_page("/livez", **{"size": DESKTOP} | how)
        token = staff.open_session(desk.engine, user.id, passed=True)
        await page.context.add_cookies([{"name": COOKIE, "value": token, "url": running.gateway_url}])
        await page.goto(path)
        return page

    return entered


Enter = Callable[..., Awaitable[Page]]


def at(edition: Edition) -> str:
    return f"/editor/edition/{edition.id}"


def body_of(desk: Desk, edition: Edition) -> str:
    return parts(fresh(desk, edition).source).body


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"editing-{name}.png", full_page=True)


async def told(page: Page, words: str) -> None:
    await expect(page.locator("main .notice").filter(has_text=words)).to_be_visible()


# ---------------------------------------------------------------- by keyboard


async def test_an_editor_writes_and_sends_and_a_reviewer_approves_by_keyboard_only(
    enter: Enter, desk: Desk, anna: User, karen: User
) -> None:
    page = await enter(anna, "/editor/text/da/topic/imaging")
    await page.get_by_role("button", name="Ret den danske tekst").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#body")).to_be_visible()
    await tab_to(page, "body")
    await page.keyboard.press("Control+End")
    await page.keyboard.insert_text(" Det er godt at vide.")
    await expect(page.locator("#part-phone .on-web .message").last).to_contain_text("Det er godt at vide.")
    await tab_to(page, "submit")
    await page.keyboard.press("Enter")
    await told(page, "Sendt til godkendelse.")
    (edition,) = editions.editions(desk.engine, states=[IN_REVIEW], author_id=anna.id)
    assert "Det er godt at vide." in body_of(desk, edition)
    reviewing = await enter(karen, at(edition))
    await expect(reviewing.locator("ins").first).to_contain_text("Det er godt at vide.")
    await tab_to(reviewing, "approve")
    await reviewing.keyboard.press("Enter")
    await told(reviewing, "Godkendt og i luften")
    desk.live.refresh()
    assert "Det er godt at vide." in desk.live.get(edition.key, "da").bubbles[-1]


async def test_words_of_the_chat_page_are_found_changed_and_seen_there_by_patients(
    enter: Enter, desk: Desk, anna: User, karen: User
) -> None:
    page = await enter(anna, "/editor/texts")
    await page.get_by_role("link", name="Chatsidens egne ord").click()
    was = desk.live.get("page/subtitle", "da")
    await page.get_by_role("link", name=was.title, exact=True).click()
    await page.get_by_role("button", name="Ret den danske tekst").click()
    await page.locator("#body").fill("Et program med råd om ryggen")
    await expect(page.locator("#part-phone .on-web .message")).to_contain_text("Et program med råd om ryggen")
    await page.locator("#submit").click()
    await told(page, "Sendt til godkendelse.")
    (edition,) = editions.editions(desk.engine, states=[IN_REVIEW], author_id=anna.id)
    workflow.approve(desk, karen, edition)
    await reads(page, "/?lang=da", "Et program med råd om ryggen")
    workflow.roll_back(desk, karen, "page/subtitle", "da", was.version)
    await reads(page, "/?lang=da", was.title)


async def reads(page: Page, path: str, words: str) -> None:
    """The words are on the page, once the gateway has taken up what went live."""
    for _ in range(40):
        await page.goto(path)
        if await page.get_by_text(words, exact=True).count():
            return
        await page.wait_for_timeout(500)
    raise AssertionError(f"not on the page: {words}")


async def test_saving_by_keyboard_stays_in_the_words_and_says_so(enter: Enter, desk: Desk, anna: User) -> None:
    edition = draft(desk, anna)
    page = await enter(anna, at(edition))
    await tab_to(page, "body")
    await page.keyboard.press("Control+End")
    await page.keyboard.insert_text(" Og lidt til.")
    await page.keyboard.press("Control+s")
    await expect(page.locator("#saved")).to_contain_text("Gemt")
    assert body_of(desk, edition).endswith("Og lidt til.")
    assert await page.evaluate("() => document.activeElement.id") == "body"
    await page.keyboard.insert_text(" Og mere.")
    await page.keyboard.press("Control+s")
    for _ in range(100):  # "Gemmer …" may be gone before anybody has read it
        if body_of(desk, edition).endswith("Og lidt til. Og mere."):
            break
        await page.wait_for_timeout(100)
    assert body_of(desk, edition).endswith("Og lidt til. Og mere.")  # the second save knew of the first
    await expect(page.locator("#saved")).to_contain_text("Gemt")


async def test_only_the_number_of_faults_is_said_aloud_and_each_leads_to_its_words(
    enter: Enter, desk: Desk, anna: User
) -> None:
    page = await enter(anna, at(draft(desk, anna)))
    await page.locator("#body").fill("Et.\n***\nTo er {wrong}.\n***\nTre.")
    await expect(page.locator("#faults-count")).to_have_text("1 ting at rette.")
    await expect(page.locator("#part-faults")).not_to_have_attribute("aria-live", "polite")
    await expect(page.locator("#body")).to_have_attribute("aria-invalid", "true")
    await page.locator("#part-faults a").focus()
    await page.keyboard.press("Enter")
    assert await page.evaluate(SELECTED) == "To er {wrong}."
    await page.keyboard.insert_text("To er godt.")
    await expect(page.locator("#faults-count")).to_have_text("Der er ikke noget at rette.")
    assert await page.locator("#body").get_attribute("aria-invalid") is None


async def test_a_fault_in_a_folded_field_opens_it(enter: Enter, desk: Desk, anna: User) -> None:
    page = await enter(anna, at(draft(desk, anna)))
    await page.locator(".about summary").click()
    await page.locator("#title").fill("")
    await page.locator(".about summary").click()
    await page.locator("#part-faults a").click()
    await expect(page.locator("#title")).to_be_focused()


async def test_a_new_bubble_begins_where_the_cursor_is(enter: Enter, desk: Desk, anna: User) -> None:
    page = await enter(anna, at(draft(desk, anna)))
    await page.locator("#body").fill("Et.\n\nTo.")
    await page.evaluate("() => document.getElementById('body').setSelectionRange(3, 3)")
    await page.get_by_role("button", name="Ny boble her").press("Enter")
    assert await page.locator("#body").input_value() == "Et.\n***\nTo."
    await page.keyboard.insert_text("Nu: ")
    await expect(page.locator("#part-phone .on-web .message").last).to_contain_text("Nu: To.")


async def test_the_length_of_a_button_is_counted_while_writing(enter: Enter, desk: Desk, anna: User) -> None:
    page = await enter(anna, at(draft(desk, anna, "topic/pain_not_damage/check")))
    await page.locator("#button_option_1").fill("å" * 41)
    await expect(page.locator("#button_option_1-count")).to_have_text("41 af 40 tegn")
    await expect(page.locator("#part-faults")).to_contain_text("41 tegn. Der er plads til 40.")
    await expect(page.locator("#part-phone .on-web .offered li").first).to_have_text("å" * 41)


async def test_the_page_telegram_and_the_other_language_are_chosen_by_keyboard(
    enter: Enter, desk: Desk, anna: User
) -> None:
    page = await enter(anna, at(draft(desk, anna)))
    await expect(page.locator(".seen .on-telegram")).to_be_hidden()
    await page.locator("#on-web").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator(".seen .on-telegram")).to_be_visible()
    await expect(page.locator(".seen .on-web")).to_be_hidden()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator(".seen .in-other")).to_contain_text(desk.live.get("topic/imaging", "en").title)
    await page.locator("#body").fill("Ny tekst.")
    await expect(page.locator("#part-phone .message").first).to_contain_text("Ny tekst.")
    await expect(page.locator(".seen .in-other")).to_be_visible()  # what was chosen stays chosen


# ---------------------------------------------------------------- nothing is lost


@pytest.mark.parametrize("scripts", [True, False], ids=["with script", "without"])
async def test_two_tabs_of_one_draft_meet_and_neither_is_lost(
    enter: Enter, desk: Desk, anna: User, scripts: bool
) -> None:
    edition = draft(desk, anna)
    one, two = await enter(anna, at(edition), scripts=scripts), await enter(anna, at(edition), scripts=scripts)
    await one.locator("#body").fill("Fra den første fane.")
    await one.locator("#save").click()
    await expect(one.locator("#saved" if scripts else ".notice")).to_contain_text("Gemt")
    await two.locator("#body").fill("Fra den anden fane.")
    await two.locator("#save").click()
    await expect(two.locator("h1")).to_have_text("Kladden er gemt et andet sted imens")
    await expect(two.locator(".kept")).to_have_text("Fra den første fane.")
    await expect(two.locator("#body")).to_have_value("Fra den anden fane.")
    assert body_of(desk, edition) == "Fra den første fane."
    await two.locator("#body").fill("Fra begge faner.")
    await two.locator("#save").click()
    await told(two, "Gemt.")
    assert body_of(desk, edition) == "Fra begge faner."


async def test_leaving_with_unsaved_words_asks_and_with_saved_ones_does_not(
    enter: Enter, desk: Desk, anna: User
) -> None:
    page = await enter(anna, at(draft(desk, anna)))
    asked: list[str] = []

    async def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    await page.locator("#body").click()
    await page.keyboard.insert_text("Nyt. ")
    await page.get_by_role("link", name="Tilbage til teksten").click()
    await expect(page.locator("#body")).to_be_visible()
    assert asked == ["beforeunload"]
    await page.locator("#save").click()
    await expect(page.locator("#saved")).to_contain_text("Gemt")
    await page.get_by_role("link", name="Tilbage til teksten").click()
    await expect(page.locator("#body")).to_have_count(0)
    assert asked == ["beforeunload"]


async def test_trying_saves_what_is_written_and_opens_the_chat_with_it(enter: Enter, desk: Desk, anna: User) -> None:
    edition = draft(desk, anna)
    page = await enter(anna, at(edition))
    await page.locator("#body").fill("Ord, der skal prøves.")
    async with page.context.expect_page() as opening:
        await page.locator("#try button").click()
    chat = await opening.value
    await expect(chat.locator("#log")).to_contain_text("Ord, der skal prøves.")
    await page.locator("#body").fill("Og så videre.")
    await page.locator("#save").click()
    await expect(page.locator("#saved")).to_contain_text("Gemt")
    assert body_of(desk, edition) == "Og så videre."


async def test_hostile_words_stay_words_in_the_preview(enter: Enter, desk: Desk, anna: User) -> None:
    page = await enter(anna, at(draft(desk, anna)))
    page.on("dialog", lambda _: pytest.fail("a script of the text's ran"))
    hostile = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) {{7*7}} </textarea><script>alert(1)</script>"
    await page.locator("#body").fill(hostile)
    await expect(page.locator("#part-phone .on-web .message").first).to_contain_text("<img src=x onerror=alert(1)>")
    assert await page.locator("#part-phone :is(img, script, [onerror])").count() == 0
    await page.locator("#save").click()
    await expect(page.locator("#saved")).to_contain_text("Gemt")
    await page.reload()
    await expect(page.locator("#body")).to_have_value(hostile)


async def test_without_a_preview_one_can_go_on_writing(enter: Enter, desk: Desk, anna: User) -> None:
    edition = draft(desk, anna)
    page = await enter(anna, at(edition))
    await page.route("**/editor/preview", lambda route: route.abort())
    await page.locator("#body").fill("Uden visning.")
    await expect(page.locator("#faults-count")).to_have_text(
        "Visningen er ikke opdateret. Det, du skriver, er der stadig."
    )
    await page.locator("#save").click()
    await expect(page.locator("#saved")).to_contain_text("Gemt")
    assert body_of(desk, edition) == "Uden visning."


async def test_the_suites_end_is_shown_without_taking_what_the_reviewer_writes(
    enter: Enter, desk: Desk, anna: User, karen: User
) -> None:
    edition = submitted(desk, anna, "care/trauma")
    result: dict[str, Any] = {"running": True, "revision": edition.revision, "at": now().isoformat()}
    editions.note_suite(desk.engine, edition.id or 0, edition.revision, result)
    page = await enter(karen, at(edition))
    await expect(page.locator("#approve")).to_have_count(0)
    await page.locator("#send-back summary").click()
    await page.locator("#send-back-words").fill("Jeg er ved at skrive")
    done = {"passed": True, "checks": [], "revision": edition.revision, "at": now().isoformat()}
    editions.note_suite(desk.engine, edition.id or 0, edition.revision, done)
    await expect(page.locator("#suite-said")).to_have_text("Bestået")
    await expect(page.locator("#approve")).to_be_visible()
    await expect(page.locator("#send-back-words")).to_have_value("Jeg er ved at skrive")


# ---------------------------------------------------------------- without the script


async def test_all_of_it_works_without_the_script(enter: Enter, desk: Desk, anna: User, karen: User) -> None:
    page = await enter(anna, "/editor/text/da/topic/sleep", scripts=False)
    await page.get_by_role("button", name="Ret den danske tekst").click()
    was = await page.locator("#body").input_value()
    await page.locator("#body").fill(f"{was} {{wrong}}")
    await page.get_by_role("button", name="Vis, hvordan det ser ud").click()
    await told(page, "Det er ikke gemt endnu.")
    await expect(page.locator("#part-faults")).to_contain_text(
        "Rygråd ved ikke, hvad der skal stå i stedet for {wrong}."
    )
    await page.locator("#submit").click()
    await expect(page.locator("main > .wrong")).to_contain_text("Gemt, men der er noget at rette først.")
    await page.locator("#body").fill(f"{was} Sov godt.")
    await page.locator("#submit").click()
    await told(page, "Sendt til godkendelse.")
    (edition,) = editions.editions(desk.engine, states=[IN_REVIEW], author_id=anna.id)
    reviewing = await enter(karen, at(edition), scripts=False)
    await reviewing.locator("#send-back summary").click()
    await reviewing.locator("#send-back-words").fill("Skriv »hvil dig« i stedet.")
    await reviewing.get_by_role("button", name="Send tilbage").click()
    await page.reload()
    await expect(page.locator(".remarks")).to_contain_text("Skriv »hvil dig« i stedet.")
    await page.locator("#body").fill(f"{was} Hvil dig.")
    await page.locator("#submit").click()
    await told(page, "Sendt til godkendelse.")
    await reviewing.goto(at(edition))
    await reviewing.locator("#approve").click()
    await told(reviewing, "Godkendt og i luften")


async def test_a_draft_is_given_up_only_after_a_second_press(enter: Enter, desk: Desk, anna: User) -> None:
    edition = draft(desk, anna)
    page = await enter(anna, at(edition), scripts=False)
    await expect(page.get_by_role("button", name="Ja, opgiv den")).to_be_hidden()
    await page.locator("#drop summary").click()
    await page.get_by_role("button", name="Ja, opgiv den").click()
    await expect(page.locator("h1")).to_have_text(desk.live.get("topic/imaging", "da").title)
    assert fresh(desk, edition).state == "dropped"


# ---------------------------------------------------------------- every state, for everybody


async def writing(enter: Enter, desk: Desk, anna: User, karen: User, **how: Any) -> Page:
    page = await enter(anna, at(draft(desk, anna)), **how)
    await page.locator(".about summary").click()
    await page.locator(".checked .more summary").click()
    await page.locator("#emergency summary").click()
    return page


async def one_line(enter: Enter, desk: Desk, anna: User, karen: User, **how: Any) -> Page:
    return await enter(anna, at(draft(desk, anna, "choices/menu", change=lambda _: "To\nlinjer")), **how)


async def faulty(enter: Enter, desk: Desk, anna: User, karen: User, **how: Any) -> Page:
    page = await enter(anna, at(draft(desk, anna, "topic/pain_not_damage/check")), **how)
    await page.locator("#body").fill(HARD)
    await expect(page.locator("#part-faults .fault").nth(3)).to_be_visible()
    await page.locator("#on-telegram").check()
    return page


async def card(enter: Enter, desk: Desk, anna: User, karen: User, **how: Any) -> Page:
    return await enter(anna, at(draft(desk, anna, "care/cauda_equina")), **how)


async def behind(enter: Enter, desk: Desk, anna: User, karen: User, **how: Any) -> Page:
    mine = draft(desk, anna, "topic/work", change=lambda body: f"Mit. {body}")
    theirs = draft(desk, karen, "topic/work", change=lambda body: f"{body} Nu {now():%M.%S.%f}.")
    workflow.emergency(desk, karen, theirs, REASON)
    page = await enter(anna, at(mine), **how)
    for _ in range(40):  # until the gateway has taken up what went live
        if await page.locator("#behind").count():
            break
        await page.wait_for_timeout(500)
        await page.reload()
    await expect(page.locator("#behind")).to_be_visible()
    return page


async def conflict(enter: Enter, desk: Desk, anna: User, karen: User, **how: Any) -> Page:
    edition = draft(desk, anna)
    page = await enter(anna, at(edition), **how)
    workflow.save(desk, anna, edition, edition.revision, replace(parts(edition.source), body="Gemt imens."))
    await page.locator("#body").fill("Skrevet her.")
    await page.locator("#save").click()
    await expect(page.locator(".kept")).to_be_visible()
    return page


async def review(enter: Enter, desk: Desk, anna: User, karen: User, **how: Any) -> Page:
    edition = submitted(desk, anna)
    workflow.remark(desk, karen, edition, "Hvad mener du?")
    page = await enter(karen, at(edition), **how)
    await page.locator("#send-back summary").click()
    await page.locator("#remark summary").click()
    return page


async def safety_review(enter: Enter, desk: Desk, anna: User, karen: User, **how: Any) -> Page:
    edition = submitted(desk, anna, "care/trauma")
    failed = [{"name": "phones", "passed": False, "detail": "112", "warn": False}]
    noted = [{"name": "negations", "passed": False, "detail": "2 → 3", "warn": True}]
    result = {"passed": False, "checks": failed + noted, "revision": edition.revision, "at": now().isoformat()}
    editions.note_suite(desk.engine, edition.id or 0, edition.revision, result)
    page = await enter(karen, at(edition), **how)
    await page.locator(".suite .more summary").click()
    return page


async def flagged(enter: Enter, desk: Desk, anna: User, karen: User, **how: Any) -> Page:
    edition = draft(desk, anna, "topic/exercise", change=lambda body: f"{body} Nu {now():%M.%S.%f}.")
    workflow.emergency(desk, anna, edition, REASON)
    return await enter(karen, at(edition), **how)


async def own(enter: Enter, desk: Desk, anna: User, karen: User, **how: Any) -> Page:
    page = await enter(anna, at(submitted(desk, anna)), **how)
    await page.locator("#withdraw summary").click()
    return page


STATES = [writing, one_line, faulty, card, behind, conflict, review, safety_review, flagged, own]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_no_axe_violation_and_everything_fits(
    enter: Enter, desk: Desk, anna: User, karen: User, state: Any, size: dict[str, int], scheme: str
) -> None:
    page = await state(enter, desk, anna, karen, size=size, scheme=scheme)
    await picture(page, f"{state.__name__}-{size['width']}-{scheme}")
    found = await Axe().run(page, options=RULES)
    assert not found.response["violations"], found.generate_report()
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate(TOO_SMALL) == []


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_nothing_is_wider_than_the_screen_at_400_percent(
    enter: Enter, desk: Desk, anna: User, karen: User, state: Any
) -> None:
    page = await state(enter, desk, anna, karen, size=NARROW)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
