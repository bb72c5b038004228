"""The chat on somebody else's site: a host page on another origin, a frame it cannot look into, a keyboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Frame, Page, Request, expect
from sqlmodel import Session, select

from bot.accounts.access import COOKIE
from bot.clock import now
from bot.store import invites, staff
from bot.store.conversations import hash_token
from bot.store.database import open_database
from bot.store.models import Conversation
from bot.store.staff_models import CLINICIAN, Clinic
from bot.supervisor import Parts
from tests.accounts.staff import make_user
from tests.browser.conftest import PHONE, OpenPage
from tests.browser.hands import choose, said, tab_to, write
from tests.browser.host import Site
from tests.browser.test_access import RULES
from tests.running import ALARM

pytestmark = pytest.mark.asyncio(loop_scope="session")
DESKTOP = {"width": 1280, "height": 900}
# Where somebody wants to look at the pictures: RYGRAAD_SCREENSHOTS=folder
PICTURES = os.environ.get("RYGRAAD_SCREENSHOTS")
IS_MODAL = "!!document.querySelector('rygraad-chat').shadowRoot.querySelector(':modal')"
BUTTON = "rygraad-chat button.open"
ON_BUTTON = "() => document.activeElement?.shadowRoot?.activeElement?.className === 'open first'"
IN_FRAME = "() => document.activeElement?.shadowRoot?.activeElement?.localName === 'iframe'"


@pytest.fixture
def site(running: Parts) -> Iterator[Site]:
    """A clinic's site with the widget, on the clinic's list; `site.values["code"]` is its invite's code."""
    found = Site(rygraad=running.gateway_url, lang="da", extra="none", attributes="", more="", frame="")
    found.values["code"] = invited(running, [found.origin])
    yield found
    found.close()


def invited(running: Parts, origins: list[str], **fields: Any) -> str:
    """The code of a new invite by a new clinic with these sites."""
    engine = open_database(running.settings)
    name = os.urandom(6).hex()
    invites.keep_clinic(engine, Clinic(id=name, name="Rygklinikken ved Søen", origins=origins))
    user = make_user(engine, roles=[CLINICIAN], clinic_id=name)
    usual = {"clinic_id": name, "most": 1000, "expires_at": now() + timedelta(days=1)}
    code, _ = invites.make(engine, user_id=user.id, **usual | fields)
    engine.dispose()
    return code


class Chat:
    """The chat in the frame, for hands that know a page: they press the page's keys and look into the frame."""

    def __init__(self, page: Page, frame: Frame) -> None:
        self.keyboard, self.evaluate, self.locator = page.keyboard, frame.evaluate, frame.locator


def chat_frame(page: Page) -> Frame:
    """The frame the chat is in."""
    return next(frame for frame in page.frames if "/embed/" in frame.url)


def chat_in(page: Page) -> Page:
    """The chat in the frame, as the hands want it."""
    return cast(Page, Chat(page, chat_frame(page)))


async def open_chat(page: Page) -> Page:
    """Presses the button and waits until the focus is in the frame."""
    await page.locator(BUTTON).click()
    return await opened(page)


async def opened(page: Page) -> Page:
    """Waits for the frame to be shown, and for the focus to be in it."""
    await expect(page.locator("rygraad-chat .panel")).to_be_hidden()
    await page.wait_for_function(IN_FRAME)
    await chat_frame(page).wait_for_function("() => document.hasFocus() && document.activeElement !== document.body")
    return chat_in(page)


async def at_the_alarm_card(page: Page) -> Page:
    """Opens the chat and tells of an alarm sign."""
    chat = await open_chat(page)
    await chat.locator('[data-name="consent_yes"]').click()
    await said(chat, "screening/cauda_equina")
    await chat.locator("#text").fill(ALARM)
    await chat.locator("button.send").click()
    await said(chat, "care/after")
    return chat


async def is_closed(page: Page) -> None:
    """The dialog is away and says so."""
    await expect(page.locator("rygraad-chat dialog")).to_be_hidden()
    await expect(page.locator(BUTTON)).to_have_attribute("aria-expanded", "false")


async def look(page: Page, name: str) -> None:
    """Keeps a picture for whoever wants to look."""
    if PICTURES:
        await page.wait_for_timeout(300)
        await page.screenshot(path=Path(PICTURES) / f"{name}.png")


# -- by keyboard ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_from_the_button_to_the_alarm_card_and_back_by_keyboard(
    open_page: OpenPage, site: Site, size: dict[str, int]
) -> None:
    page = await open_page(site.origin, size=size)
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await page.evaluate(ON_BUTTON):
            break
    outline = "() => getComputedStyle(document.activeElement.shadowRoot.activeElement).outlineStyle"
    assert await page.evaluate(outline) == "solid"
    await page.keyboard.press("Enter")
    chat = await opened(page)
    await expect(page.locator(BUTTON)).to_have_attribute("aria-expanded", "true")
    assert await chat.evaluate("() => document.activeElement.id") == "log"
    await choose(chat, "consent_yes", "screening/cauda_equina")
    await write(chat, ALARM, "care/cauda_equina")
    card = chat.locator("section.care.emergency").last
    await expect(card.get_by_role("link", name="112")).to_have_attribute("href", "tel:112")
    await expect(card.get_by_role("link", name="112")).to_be_in_viewport()
    await page.keyboard.press("Escape")
    await is_closed(page)
    assert await page.evaluate(ON_BUTTON)

    await page.keyboard.press("Enter")
    again = await opened(page)
    assert await again.evaluate("() => document.activeElement.id") == "text"
    await expect(again.locator(".message.patient").last).to_contain_text(ALARM)
    await expect(card.get_by_role("link", name="112")).to_be_in_viewport()
    await choose(again, "misunderstood", "screening/cauda_equina")


async def test_the_close_button_in_the_frame_gives_the_focus_back(open_page: OpenPage, site: Site) -> None:
    page = await open_page(site.origin)
    chat = await open_chat(page)
    await tab_to(chat, "close")
    await page.keyboard.press("Enter")
    await is_closed(page)
    assert await page.evaluate(ON_BUTTON)


async def test_escape_closes_the_help_first_and_then_the_chat(open_page: OpenPage, site: Site) -> None:
    page = await open_page(site.origin)
    chat = await open_chat(page)
    await chat.locator("#help summary").click()
    await page.keyboard.press("Escape")
    await expect(chat.locator(".help-panel")).to_be_hidden()
    await expect(page.locator("rygraad-chat dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await is_closed(page)


async def test_escape_on_the_site_closes_it_and_leaves_the_focus_where_it_is(open_page: OpenPage, site: Site) -> None:
    page = await open_page(site.origin, size=DESKTOP)
    await open_chat(page)
    await page.locator("#question").focus()
    await page.keyboard.press("Escape")
    await is_closed(page)
    assert await page.evaluate("() => document.activeElement.id") == "question"


async def test_on_a_wide_screen_the_site_stays_in_use_and_the_button_closes(open_page: OpenPage, site: Site) -> None:
    page = await open_page(site.origin, size=DESKTOP)
    await open_chat(page)
    assert not await page.evaluate(f"() => {IS_MODAL}")
    await page.locator("#question").fill("hej")
    await page.locator(BUTTON).click()
    await is_closed(page)


async def test_on_a_phone_it_fills_the_screen_and_what_is_behind_is_out_of_reach(
    open_page: OpenPage, site: Site
) -> None:
    page = await open_page(site.origin)
    await open_chat(page)
    box = await page.locator("rygraad-chat iframe").bounding_box()
    assert box == {"x": 0, "y": 0, **PHONE}
    for _ in range(30):
        await page.keyboard.press("Tab")
        assert await page.evaluate("() => ['RYGRAAD-CHAT', 'BODY'].includes(document.activeElement.tagName)")


async def test_a_window_that_becomes_small_or_large_takes_the_chat_along(open_page: OpenPage, site: Site) -> None:
    page = await open_page(site.origin, size=DESKTOP)
    chat = await open_chat(page)
    await chat.locator('[data-name="consent_yes"]').click()
    await said(chat, "screening/cauda_equina")
    for size, modal in ((PHONE, True), (DESKTOP, False)):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        await page.wait_for_function(f"() => {IS_MODAL} === {str(modal).lower()}")
        await opened(page)
        await expect(page.locator(BUTTON)).to_have_attribute("aria-expanded", "true")
    await expect(chat.locator('[data-key="screening/cauda_equina"]')).to_be_visible()


# -- what it keeps, fetches and tells ---------------------------------------------------------------------------


async def test_until_the_button_is_pressed_only_the_loader_is_fetched(
    open_page: OpenPage, site: Site, running: Parts
) -> None:
    page = await open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(site.origin, wait_until="networkidle")
    assert [url for url in asked if not url.startswith((site.origin, "data:"))] == [
        f"{running.gateway_url}/widget.js"
    ]
    await open_chat(page)
    await page.keyboard.press("Escape")
    await open_chat(page)
    assert sum("/embed/" in url for url in asked) == 1
    assert all(url.startswith((site.origin, running.gateway_url, "data:")) for url in asked)


async def test_no_address_of_the_site_reaches_the_chat_and_no_code_reaches_others(
    open_page: OpenPage, site: Site
) -> None:
    page = await open_page("about:blank")
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    await page.goto(f"{site.origin}/clinic.html?about=secret")
    await at_the_alarm_card(page)
    assert sum("/api/chat" in request.url for request in asked) >= 3
    for request in asked:
        referrer = (await request.all_headers()).get("referer", "")
        assert site.values["code"] not in referrer
        if not request.url.startswith(site.origin):
            assert "secret" not in referrer


FORBID_STORAGE = """
    if (location.pathname.startsWith("/embed/")) {
        const refuse = () => { throw new DOMException("blocked", "SecurityError") };
        for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches", "cookieStore"]) {
            Object.defineProperty(window, name, { get: refuse });
        }
        Object.defineProperty(Document.prototype, "cookie", { get: refuse, set: refuse });
    }
"""


KEPT = """async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
    self.caches ? (await caches.keys()).length : 0, document.cookie]"""


@pytest.mark.parametrize("blocked", [True, False], ids=["blocked", "not blocked"])
async def test_it_works_with_storage_blocked_and_stores_nothing_when_it_is_not(
    open_page: OpenPage, site: Site, running: Parts, blocked: bool
) -> None:
    if not blocked:  # by the same name Rygråd is no third party, whom browsers block anyway
        site.name = "127.0.0.1"
        site.values["code"] = invited(running, [site.origin])
    page = await open_page("about:blank")
    if blocked:
        await page.add_init_script(FORBID_STORAGE)
    await page.goto(site.origin)
    chat = await at_the_alarm_card(page)
    await expect(chat.locator("section.care.emergency").last).to_be_visible()
    assert await page.context.cookies() == []
    if blocked:
        with pytest.raises(Exception, match="SecurityError"):
            await chat.evaluate("() => sessionStorage.length")
        return
    for place in (chat, page):
        assert await place.evaluate(KEPT) == [0, 0, 0, 0, ""]


async def test_the_site_cannot_read_the_conversation(open_page: OpenPage, site: Site) -> None:
    page = await open_page(site.origin)
    await at_the_alarm_card(page)
    await page.keyboard.press("Escape")
    await is_closed(page)
    tries = """() => {
        const frame = document.querySelector("rygraad-chat").shadowRoot.querySelector("iframe");
        const look = [
            () => frame.contentDocument.body.innerText,
            () => frame.contentWindow.document.body.innerText,
            () => window.frames[0].document.body.innerText,
            () => frame.contentWindow.localStorage.length,
            () => frame.contentWindow.fetch,
            () => frame.contentWindow.location.href,
        ];
        return look.map((one) => { try { return String(one()) } catch (error) { return error.name } });
    }"""
    assert set(await page.evaluate(tries)) <= {"TypeError", "SecurityError"}
    heard = await page.evaluate("() => window.heard")
    assert [each["data"] for each in heard] == [{"rygraad": "ready"}, {"rygraad": "close"}]


async def test_a_site_that_is_not_on_the_list_gets_no_chat_and_patients_get_a_way_out(
    browser: Browser, site: Site, running: Parts
) -> None:
    site.values["code"] = invited(running, ["https://www.klinik.example"])
    context = await browser.new_context(locale="da-DK", viewport=PHONE)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(site.origin)
    await page.locator(BUTTON).click()
    dialog = page.locator("rygraad-chat dialog")
    await expect(dialog.get_by_role("link", name="Ring 112")).to_have_attribute("href", "tel:112", timeout=15_000)
    await expect(page.locator("rygraad-chat iframe")).to_be_hidden()
    framed = next(frame for frame in page.frames if frame != page.main_frame)
    assert await framed.locator("#log").count() == 0
    assert await page.evaluate("() => window.heard") == []
    await look(page, "not-on-the-list")
    found = await Axe().run(page, options=RULES)
    assert not found.response["violations"], found.generate_report()
    async with context.expect_page() as popup:
        await dialog.get_by_role("link", name="nyt vindue").click()
    elsewhere = await popup.value
    await expect(elsewhere.locator("body")).to_have_attribute("data-invite", site.values["code"])
    await page.bring_to_front()
    await dialog.get_by_role("button", name="Luk chatten").click()
    await is_closed(page)
    assert await page.evaluate(ON_BUTTON)
    await context.close()


async def test_when_rygraad_is_away_patients_get_a_way_out(open_page: OpenPage, site: Site) -> None:
    page = await open_page(site.origin)
    await page.route("**/embed/*", lambda route: route.abort())
    await page.locator(BUTTON).click()
    await expect(page.locator('rygraad-chat a[href="tel:112"]')).to_be_visible(timeout=15_000)
    await page.keyboard.press("Escape")
    await is_closed(page)


async def test_a_slow_chat_can_be_closed_meanwhile_and_shows_itself_when_it_comes(
    open_page: OpenPage, site: Site
) -> None:
    page = await open_page(site.origin)
    held: list[Any] = []
    await page.route("**/embed/*", lambda route: held.append(route))
    await page.locator(BUTTON).click()
    await expect(page.locator("rygraad-chat dialog").get_by_role("button", name="Luk chatten")).to_be_visible()
    await look(page, "on-its-way")
    await page.keyboard.press("Escape")
    await is_closed(page)
    await held[0].continue_()
    await expect(page.locator("rygraad-chat dialog")).to_have_class("")
    await is_closed(page)
    assert await page.evaluate(ON_BUTTON)
    await open_chat(page)


async def test_forged_messages_do_nothing(open_page: OpenPage, site: Site) -> None:
    site.values["more"] = '<iframe src="/alien.html" title="alien"></iframe>'
    page = await open_page(site.origin, size=DESKTOP)
    chat = await open_chat(page)
    await chat.locator('[data-name="consent_yes"]').click()
    await said(chat, "screening/cauda_equina")
    alien = next(frame for frame in page.frames if "alien" in frame.url)
    await alien.evaluate("() => forge()")
    # The site itself may only do what the widget does; nonsense does nothing.
    await page.evaluate(
        """() => {
            const frame = document.querySelector("rygraad-chat").shadowRoot.querySelector("iframe");
            for (const data of [null, undefined, 1, "hello", [], {}, { rygraad: {} }, { rygraad: "erase" },
                { rygraad: "close" }, { rygraad: "<img src=x onerror=alert(1)>" }, { choice: "consent_no" }]) {
                frame.contentWindow.postMessage(data, "*");
                postMessage(data, "*");
            }
        }"""
    )
    await chat.locator("#text").focus()
    await page.wait_for_timeout(500)
    await expect(page.locator("rygraad-chat dialog")).to_be_visible()
    assert await chat.locator(".message.patient").count() == 1
    assert await alien.evaluate("() => heard") == []
    assert await page.evaluate(f"() => heard.filter((each) => each.origin !== '{site.origin}').length") == 1
    await page.keyboard.press("Escape")
    await is_closed(page)


# -- on other people's pages ------------------------------------------------------------------------------------

LOOKS = """() => {
    const root = document.querySelector("rygraad-chat").shadowRoot;
    const wanted = ["display", "position", "fontFamily", "fontSize", "letterSpacing", "textTransform", "color",
        "lineHeight", "backgroundColor", "visibility", "opacity", "zIndex", "width", "height", "borderRadius"];
    return ["button.open", "dialog", "iframe"].map((name) => {
        const node = root.querySelector(name), look = getComputedStyle(node), box = node.getBoundingClientRect();
        return [name, box.x, box.y, box.width, box.height, ...wanted.map((each) => look[each])];
    });
}"""


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_the_sites_styles_do_not_change_it(open_page: OpenPage, site: Site, size: dict[str, int]) -> None:
    looks = []
    for name in ("none", "hostile"):
        site.values["extra"] = name
        page = await open_page(site.origin, size=size)
        await open_chat(page)
        looks.append(await page.evaluate(LOOKS))
        await look(page, f"{name}-{size['width']}")
    assert looks[0] == looks[1]


async def test_a_strict_policy_of_the_site_allows_it(open_page: OpenPage, site: Site, running: Parts) -> None:
    site.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {running.gateway_url}; style-src 'self'; img-src 'self' data:; "
        f"frame-src {running.gateway_url}; form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'"
    )
    page = await open_page(site.origin)  # anything the browser complains about fails the test
    await at_the_alarm_card(page)
    (button, *_) = await page.evaluate(LOOKS)
    assert "fixed" in button


async def test_the_number_can_be_called_from_within_the_frame(open_page: OpenPage, site: Site) -> None:
    page = await open_page(site.origin)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    chat = await at_the_alarm_card(page)
    await chat.locator('section.care a[href="tel:112"]').first.click()
    await page.wait_for_timeout(300)
    assert not [each for each in complaints if "sandbox" in each or "Permissions" in each]


async def test_two_copies_of_the_line_make_one_button(open_page: OpenPage, site: Site, running: Parts) -> None:
    site.values["more"] = f'<script src="{running.gateway_url}/widget.js" data-invite="x"></script>'
    page = await open_page(site.origin)
    await page.wait_for_load_state("networkidle")
    await expect(page.locator(BUTTON)).to_have_count(1)


@pytest.mark.parametrize(
    ("attributes", "lang", "words"),
    [
        ("", "da", "Spørg om din ryg"), ('data-language="da"', "en", "Spørg om din ryg"),
        ('data-language="en"', "da", "Ask about your back"), ("", "en-GB", "Ask about your back"),
        ("", "de", "Spørg om din ryg"),
    ],
)  # fmt: skip
async def test_the_language_is_the_one_asked_for_else_the_pages(
    open_page: OpenPage, site: Site, attributes: str, lang: str, words: str
) -> None:
    site.values |= {"attributes": attributes, "lang": lang}
    page = await open_page(site.origin)
    await expect(page.get_by_role("button", name=words)).to_be_visible()
    chat = await open_chat(page)
    await expect(chat.locator("html")).to_have_attribute("lang", "en" if "Ask" in words else "da")


# -- the conversation in the frame ------------------------------------------------------------------------------


async def test_the_language_switches_in_the_frame_and_the_way_back_stays_the_sites(
    open_page: OpenPage, site: Site
) -> None:
    page = await open_page(site.origin)
    await open_chat(page)
    before = await page.evaluate("() => history.length")
    await chat_in(page).locator("#language").click()
    await expect(chat_in(page).locator("html")).to_have_attribute("lang", "en")
    chat = await opened(page)
    assert await page.evaluate("() => history.length") == before
    await chat.locator('[data-name="consent_yes"]').click()
    await said(chat, "screening/cauda_equina")
    await expect(chat.locator('[data-key="screening/cauda_equina"]')).to_contain_text("pee")
    await chat.locator("#language").click()
    await expect(chat.locator(".message").last).to_have_attribute("lang", "da")
    await page.keyboard.press("Escape")
    await is_closed(page)


async def test_own_pages_open_in_a_window_of_their_own(open_page: OpenPage, site: Site) -> None:
    page = await open_page(site.origin)
    chat = await open_chat(page)
    for name, then in (
        ("consent_yes", "screening/cauda_equina"),
        ("menu", "control/menu_paused"),
        ("my_data", "control/my_data"),
    ):
        await chat.locator(f'#choices [data-name="{name}"]').click()
        await said(chat, then)
    async with page.context.expect_page() as popup:
        await chat.locator("button.download").click()
    own = await popup.value
    await expect(own.get_by_role("heading", level=1)).to_have_text("Alt, der er gemt om mig")
    await expect(chat.locator("#log")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
async def test_a_plain_frame_works_too_and_has_no_close_button(
    open_page: OpenPage, site: Site, running: Parts, scripts: bool
) -> None:
    address = f"{running.gateway_url}/embed/{site.values['code']}?language=da"
    site.values["frame"] = f'<iframe src="{address}" title="Chat" width="100%" height="600"></iframe>'
    page = await open_page(f"{site.origin}/framed.html", scripts=scripts)
    frame = page.frame_locator("iframe")
    await expect(frame.locator("#close")).to_be_hidden()
    await frame.locator('[data-name="consent_yes"]').click()
    await expect(frame.locator('[data-key="screening/cauda_equina"]')).to_be_visible()
    await frame.locator("#text").fill(ALARM)
    await frame.locator("button.send").click()
    await expect(frame.locator('section.care a[href="tel:112"]').first).to_be_visible()


@pytest.mark.parametrize("way", ["widget", "page", "page without script"])
async def test_the_conversation_carries_the_invite(open_page: OpenPage, site: Site, running: Parts, way: str) -> None:
    code = site.values["code"]
    if way == "widget":
        page = await open_chat(await open_page(site.origin))
    else:
        page = await open_page(f"/i/{code}", scripts=way == "page")
    await choose(page, "consent_yes", "screening/cauda_equina")
    engine = open_database(running.settings)
    with Session(engine) as session:
        found = session.exec(select(Conversation).where(Conversation.invite_hash == hash_token(code))).all()
    engine.dispose()
    assert len(found) == 1


async def test_the_invites_page_in_the_other_language_keeps_the_code_and_the_conversation(
    open_page: OpenPage, site: Site
) -> None:
    code = site.values["code"]
    page = await open_page(f"/i/{code}")
    await tab_to(page, "language")
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    assert f"/i/{code}" in page.url
    await choose(page, "consent_yes", "screening/cauda_equina")
    await tab_to(page, "language")
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("lang", "da")
    assert f"/i/{code}" in page.url
    await said(page, "screening/cauda_equina")


async def test_whoever_is_in_stays_in_when_the_link_runs_out(open_page: OpenPage, site: Site, running: Parts) -> None:
    code = invited(running, [site.origin])
    page = await open_page(f"/i/{code}")
    await choose(page, "consent_yes", "screening/cauda_equina")
    engine = open_database(running.settings)
    found = invites.of_code(engine, code)
    assert found
    invites.revoke(engine, found.id)
    engine.dispose()
    await page.reload()
    await choose(page, "no", "screening/motor_loss")
    await expect(page.locator("#gone")).to_have_count(0)
    fresh = await open_page(f"/i/{code}")
    await expect(fresh.locator("#gone")).to_contain_text("bruge det hele")
    await look(fresh, "gone")
    found_by_axe = await Axe().run(fresh, options=RULES)
    assert not found_by_axe.response["violations"], found_by_axe.generate_report()
    await choose(fresh, "consent_yes", "screening/cauda_equina")


# -- for everybody ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_axe_finds_nothing_on_the_site_and_nothing_in_the_frame(
    open_page: OpenPage, site: Site, size: dict[str, int], scheme: str
) -> None:
    page = await open_page(site.origin, size=size, scheme=scheme)
    name = f"{size['width']}-{scheme}"
    await expect(page.locator(BUTTON)).to_be_visible()
    await look(page, f"closed-{name}")
    for state in ("closed", "open", "card"):
        if state == "open":
            await open_chat(page)
            await look(page, f"open-{name}")
        if state == "card":
            await page.keyboard.press("Escape")
            await at_the_alarm_card(page)
            await look(page, f"card-{name}")
        found = await Axe().run(page, options=RULES | {"iframes": False})
        assert not found.response["violations"], f"{state}: {found.generate_report()}"
        if state != "closed":
            inside = await Axe().run(chat_frame(page), options=RULES)
            assert not inside.response["violations"], f"{state}: {inside.generate_report()}"


@pytest.mark.parametrize("size", [(320, 568), (640, 400), (1280, 720), (320, 256)])
async def test_nothing_is_cut_off_and_every_target_is_large_enough(
    open_page: OpenPage, site: Site, size: tuple[int, int]
) -> None:
    page = await open_page(site.origin, size={"width": size[0], "height": size[1]})
    button = await page.locator(BUTTON).bounding_box()
    assert button and button["height"] >= 44 and button["x"] >= 0 and button["x"] + button["width"] <= size[0]
    chat = await open_chat(page)
    box = await page.locator("rygraad-chat dialog").bounding_box()
    assert box and box["x"] >= 0 and box["y"] >= 0
    assert box["x"] + box["width"] <= size[0] and box["y"] + box["height"] <= size[1]
    assert await chat.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    for name in ("#close", "#language"):
        target = await chat.locator(name).bounding_box()
        assert target and target["width"] >= 44 and target["height"] >= 44


async def test_forced_colours_keep_the_button_and_the_dialog_apart_from_the_page(
    open_page: OpenPage, site: Site
) -> None:
    page = await open_page(site.origin, size=DESKTOP)
    await page.emulate_media(forced_colors="active")
    await open_chat(page)
    await look(page, "forced-colours")
    border = """() => ["button.open", "dialog"].map((name) => {
        const look = getComputedStyle(document.querySelector("rygraad-chat").shadowRoot.querySelector(name));
        return look.borderStyle === "solid" && look.borderColor !== look.backgroundColor;
    })"""
    assert await page.evaluate(border) == [True, True]


async def test_a_clinician_copies_the_line_and_it_works_on_the_site(
    open_page: OpenPage, site: Site, running: Parts
) -> None:
    engine = open_database(running.settings)
    found = invites.of_code(engine, site.values["code"])
    assert found
    token = staff.open_session(engine, found.user_id, passed=True)
    engine.dispose()
    for scheme, size in (("dark", PHONE), ("light", DESKTOP), ("light", {"width": 320, "height": 640})):
        page = await open_page("/livez", size=size, scheme=scheme)
        await page.context.add_cookies([{"name": COOKIE, "value": token, "url": running.gateway_url}])
        await page.goto("/clinic/widget")
        await look(page, f"copy-before-{size['width']}-{scheme}")
        await page.get_by_role("button", name="Lav koden").click()
        snippet = await page.get_by_label("Knap i hjørnet").input_value()
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        axed = await Axe().run(page, options=RULES)
        assert not axed.response["violations"], axed.generate_report()
        if PICTURES:
            await page.screenshot(path=Path(PICTURES) / f"copy-{size['width']}-{scheme}.png", full_page=True)
    site.values["code"] = snippet.split('data-invite="')[1].split('"')[0]
    visitor = await open_page(site.origin)
    await at_the_alarm_card(visitor)
