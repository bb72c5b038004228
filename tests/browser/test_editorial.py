"""The editors' overview pages in a browser: a keyboard alone brings a text back, axe finds nothing, all fits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from bot.accounts.access import COOKIE
from bot.clock import danish, now
from bot.content.source import parts
from bot.content.texts import version_of
from bot.editorial import workflow
from bot.editorial.workflow import Desk
from bot.store import conversations, editions, staff, unanswered
from bot.store.editions import Going
from bot.store.staff_models import User
from bot.supervisor import Parts
from tests.browser.conftest import PHONE, OpenPage
from tests.browser.test_access import RULES
from tests.editorial.at_the_desk import beside, drafted, editor, published

pytestmark = pytest.mark.asyncio(loop_scope="session")
DESKTOP = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 256}  # 1280 px at 400 %
# Where somebody wants to look at the pictures: RYGRAAD_SCREENSHOTS=folder
PICTURES = os.environ.get("RYGRAAD_SCREENSHOTS")
FOCUSED = "() => (document.activeElement?.innerText || document.activeElement?.id || '').trim()"
OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle"
TOO_SMALL = """() => [...document.querySelectorAll("main :is(button, .button, input, select, summary)")]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44).map(e => e.innerText || e.id)"""


@pytest.fixture
def desk(running: Parts) -> Iterator[Desk]:
    """A desk at the running gateway's database; what it puts live the gateway sees within seconds."""
    yield from beside(running)


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk with something of everything on it."""
    anna, bo = editor(desk, "Anna Bech"), editor(desk, "Bo Friis")
    if ("worry/ask", "da") in desk.live.overridden:
        return desk  # the stack is the same for all tests
    old = desk.live.get("topic/sleep", "da").version
    published(desk, bo, anna, "topic/sleep", "Hej med dig.")
    workflow.roll_back(desk, anna, "topic/sleep", "da", old)
    workflow.emergency(desk, bo, drafted(desk, bo, "topic/work", "Hej."), "Teksten sagde det modsatte")
    workflow.submit(desk, bo, drafted(desk, bo, "care/cauda_equina", "Hej."))
    file_differs(desk, bo, "worry/ask")
    _, conversation = conversations.create(desk.engine, language="da")
    for text in ("hvorfor … ?", "hvorfor … ?", "langtord" * 25, "<script>alert(1)</script> \u202eabc שלום"):
        unanswered.note(desk.engine, conversation.id, language="da", reason="not_understood", text=text)
    return desk


def file_differs(desk: Desk, author: User, key: str) -> None:
    """An edit that went live over a file which was another then."""
    draft = drafted(desk, author, key, "Rettet her.")
    editions.save(desk.engine, draft.id or 0, draft.revision, emergency_reason="for the test")
    going = Going(draft.id or 0, draft.source, version_of(draft.source), "000000000000")
    editions.go_live(desk.engine, [going], "emergency", author.id)


async def signed_in(open_page: OpenPage, running: Parts, user: User, desk: Desk, **how: object) -> Page:
    page = await open_page("/livez", **how)
    token = staff.open_session(desk.engine, user.id, passed=True)
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": running.gateway_url}])
    return page


async def until_shown(page: Page, selector: str) -> None:
    """Loads the page again until the gateway has taken up what went live."""
    for _ in range(40):
        if await page.locator(selector).count():
            return
        await page.wait_for_timeout(500)
        await page.reload()
    raise AssertionError(f"{page.url} never shows {selector}")


async def tab_to(page: Page, words: str) -> None:
    """Presses Tab until what says this, or has this id, has the focus; it must show where it is."""
    for _ in range(120):
        if str(await page.evaluate(FOCUSED)).startswith(words):
            assert await page.evaluate(OUTLINE) != "none", f"{words} has the focus and does not show it"
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {words!r}")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
async def test_with_a_keyboard_alone_a_text_is_found_and_its_earlier_words_brought_back(
    open_page: OpenPage, running: Parts, desk: Desk, scripts: bool
) -> None:
    key = "topic/exercise" if scripts else "topic/medication"
    anna, bo = editor(desk, "Anna Bech"), editor(desk, "Bo Friis")
    old, mark = desk.live.get(key, "da"), f"Kanariefugl{'en' if scripts else 'lene'}"
    published(desk, bo, anna, key, f"{mark} synger.")
    page = await signed_in(open_page, running, anna, desk, scripts=scripts)
    await page.goto("/editor")
    await tab_to(page, "q")
    await page.keyboard.insert_text(mark.upper())
    await page.keyboard.press("Enter")
    await until_shown(page, "mark")
    await expect(page.locator("mark").first).to_have_text(mark)
    await page.locator("body").focus()
    await tab_to(page, old.title)
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text(old.title)
    await tab_to(page, "Hent den frem igen")
    await page.keyboard.press("Enter")
    await tab_to(page, "Ja, hent den frem")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("er i luften igen")
    await expect(page.locator(".history > li").first).to_contain_text("Hentet frem igen")
    desk.live.refresh()
    assert desk.live.get(key, "da").version == old.version


PAGES = {
    "overview": "/editor",
    "texts": "/editor/texts",
    "search": "/editor/texts?q=scanning",
    "topics": "/editor/texts?group=topic",
    "care": "/editor/texts?group=care",
    "text": "/editor/text/da/topic/sleep",
    "card": "/editor/text/en/care/cauda_equina",
    "conflict": "/editor/text/da/worry/ask",
    "version": "/editor/version/da/{version}/topic/sleep",
    "seen": "/editor/seen?key=topic/sleep&language=da&day={today}",
    "wrong": "/editor/seen?key=topic/sleep&day=nope",
    "due": "/editor/due",
    "log": "/editor/log",
    "questions": "/editor/questions",
    "missing": "/editor/text/da/nope",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP, NARROW], ids=["phone", "desktop", "zoomed to 400 %"])
async def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    open_page: OpenPage, running: Parts, busy: Desk, size: dict[str, int], scheme: str
) -> None:
    anna = editor(busy, "Anna Bech")
    drafted(busy, anna, "topic/imaging", "Hej.")
    overdue(busy)
    page = await signed_in(open_page, running, anna, busy, size=size, scheme=scheme)
    await page.goto("/editor/due")
    await until_shown(page, ".is-overdue")
    version = busy.live.files.get("topic/sleep", "da").version
    today = danish(now()).date().isoformat()
    for name, path in PAGES.items():
        await page.goto(path.format(version=version, today=today))
        for summary in await page.locator("main summary").all():
            await summary.click()
        await look(page, f"{name}-{size['width']}-{scheme}")
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), name
        assert await page.evaluate(TOO_SMALL) == [], name
        found = await Axe().run(page, options=RULES)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def overdue(desk: Desk) -> None:
    """A text that should have been looked at again."""
    if ("bridge/again", "da") in desk.live.overridden:
        return
    draft = workflow.begin(desk, author := editor(desk, "Dorte Eg"), "bridge/again", "da")
    was = parts(draft.source)
    source = replace(was, review_due=was.review_due and was.review_due.replace(year=2025))
    saved = workflow.save(desk, author, draft, draft.revision, source)
    found = editions.save(desk.engine, saved.id or 0, saved.revision, emergency_reason="for the test")
    going = Going(found.id or 0, found.source, version_of(found.source), "")
    editions.go_live(desk.engine, [going], "emergency", author.id)


async def look(page: Page, name: str) -> None:
    """Keeps a picture for whoever wants to look."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"editorial-{name}.png", full_page=True)


async def test_without_scripts_questions_are_put_away_and_that_is_undone(
    open_page: OpenPage, running: Parts, busy: Desk
) -> None:
    page = await signed_in(open_page, running, editor(busy, "Anna Bech"), busy, scripts=False)
    await page.goto("/editor/questions")
    question = page.locator(".questions li", has_text="hvorfor … ?")
    await expect(question).to_contain_text("Spurgt 2 gange")
    await question.get_by_role("button", name="Ikke noget for os – om: hvorfor … ?").click()
    await expect(page.get_by_role("status")).to_contain_text("Det er ikke noget for os.")
    await expect(question).to_have_count(0)
    await page.get_by_role("button", name="Fortryd").click()
    await expect(question).to_contain_text("Spurgt 2 gange")


async def test_without_scripts_one_of_file_and_edit_is_chosen(
    open_page: OpenPage, running: Parts, desk: Desk
) -> None:
    anna = editor(desk, "Anna Bech")
    file_differs(desk, anna, "worry/heard")
    page = await signed_in(open_page, running, anna, desk, scripts=False)
    await page.goto("/editor/text/da/worry/heard")
    await until_shown(page, "#conflict")
    await page.get_by_role("button", name="Brug grundteksten").click()
    await expect(page.get_by_role("status")).to_have_text("Grundteksten er i luften nu.")
    await expect(page.locator("#conflict")).to_have_count(0)
