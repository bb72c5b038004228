"""Every state of the page: no axe violation in light and dark, nothing wider than the screen, 112 in sight."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from bot.supervisor import Parts
from tests.browser.conftest import OpenPage
from tests.browser.hands import said
from tests.running import ALARM

pytestmark = pytest.mark.asyncio(loop_scope="session")
State = Callable[[Page], Awaitable[None]]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def press(page: Page, name: str, then: str) -> None:
    await page.locator(f'#choices [data-name="{name}"]').click()
    await said(page, then)


async def send(page: Page, text: str, then: str) -> None:
    await page.locator("#text").fill(text)
    await page.locator("button.send").click()
    await said(page, then)


async def consented(page: Page) -> None:
    await press(page, "consent_yes", "screening/cauda_equina")


async def welcome(page: Page) -> None:
    await said(page, "welcome/intro")


async def declined(page: Page) -> None:
    await press(page, "consent_no", "welcome/declined")


async def help_open(page: Page) -> None:
    await page.locator("#help summary").click()


async def explained(page: Page) -> None:
    await consented(page)
    await press(page, "unsure", "screening/cauda_equina/explain")


async def emergency(page: Page) -> None:
    await consented(page)
    await send(page, ALARM, "care/after")


async def emergency_before_consent(page: Page) -> None:
    await send(page, ALARM, "care/cauda_equina")


async def urgent(page: Page) -> None:
    await consented(page)
    await send(page, "jeg har høj feber og kuldegysninger sammen med rygsmerterne", "care/after")


async def soon(page: Page) -> None:
    await consented(page)
    for following in ("motor_loss", "vascular", "trauma", "infection", "spinal_puncture", "cancer_history"):
        await press(page, "no", f"screening/{following}")
    await press(page, "yes", "care/cancer_history")


async def topic(page: Page) -> None:
    await consented(page)
    await press(page, "menu", "control/menu_paused")
    await send(page, "skal jeg scannes?", "topic/imaging/check")
    await page.locator(".sources summary").first.click()


async def my_data(page: Page) -> None:
    await consented(page)
    await press(page, "menu", "control/menu_paused")
    await press(page, "my_data", "control/my_data")


async def empty_message(page: Page) -> None:
    await consented(page)
    await page.locator("button.send").click()
    await expect(page.locator(".notice")).to_be_visible()


async def offline(page: Page) -> None:
    await consented(page)
    await page.context.set_offline(True)
    await page.locator('#choices [data-name="no"]').click()
    await expect(page.locator(".notice")).to_be_visible()


STATES = [
    welcome, declined, help_open, consented, explained, emergency, emergency_before_consent, urgent, soon, topic,
    my_data, empty_message, offline,
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_no_axe_violation(open_page: OpenPage, state: State, scheme: str) -> None:
    page = await open_page(scheme=scheme)
    await state(page)
    found = await Axe().run(page, options=RULES)
    assert not found.response["violations"], found.generate_report()


@pytest.mark.parametrize("size", [(320, 640), (390, 844), (1280, 256)], ids=["narrow", "phone", "zoomed to 400 %"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_nothing_is_wider_than_the_screen(open_page: OpenPage, state: State, size: tuple[int, int]) -> None:
    width, height = (320, 256) if size[1] == 256 else size  # 1280 px at 400 % are 320 CSS pixels
    page = await open_page(size={"width": width, "height": height})
    await state(page)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", [(320, 568), (390, 844), (1280, 800)], ids=["narrow", "phone", "desktop"])
async def test_112_is_in_sight_when_the_card_comes(open_page: OpenPage, size: tuple[int, int]) -> None:
    page = await open_page(size={"width": size[0], "height": size[1]})
    await emergency(page)
    await page.wait_for_timeout(300)
    await expect(page.locator('section.care a[href="tel:112"]').first).to_be_in_viewport(ratio=0.9)


async def test_112_stays_in_sight_when_the_rest_comes_late(open_page: OpenPage, running: Parts) -> None:
    page = await open_page(size={"width": 320, "height": 568})
    await consented(page)
    os.kill(running.children["rasa"].pid, signal.SIGSTOP)
    try:
        await send(page, ALARM, "care/cauda_equina")
    finally:
        os.kill(running.children["rasa"].pid, signal.SIGCONT)
    await said(page, "care/after")
    await page.wait_for_timeout(300)
    await expect(page.locator('section.care a[href="tel:112"]').first).to_be_in_viewport(ratio=0.9)


async def test_the_page_without_its_script_has_no_violation_either(open_page: OpenPage) -> None:
    page = await open_page("/livez")  # axe itself needs scripts, so only ours is kept away
    await page.route("**/chat.js*", lambda route: route.abort())
    await page.goto("/")
    await page.locator('[data-name="consent_yes"]').click()
    await said(page, "screening/cauda_equina")
    found = await Axe().run(page, options=RULES)
    assert not found.response["violations"], found.generate_report()


async def test_forced_colours_keep_the_border_that_sets_the_card_apart(open_page: OpenPage) -> None:
    page = await open_page()
    await page.emulate_media(forced_colors="active")
    await emergency(page)
    border = "() => getComputedStyle(document.querySelector('section.care h2')).borderStyle"
    assert await page.evaluate(border) != "none"
