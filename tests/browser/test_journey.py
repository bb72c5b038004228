"""The whole journey in a real browser, with a keyboard only, with and without JavaScript."""

import gzip
import json
import os
import signal

import pytest
from playwright.async_api import Request, expect

from bot.channels.web.page import STATIC
from bot.supervisor import Parts
from tests.browser.conftest import OpenPage
from tests.browser.hands import choose, fetch, focused, said, tab_to, write
from tests.running import ALARM

pytestmark = pytest.mark.asyncio(loop_scope="session")
QUESTIONS = ["cauda_equina", "motor_loss", "vascular", "trauma", "infection", "spinal_puncture", "cancer_history"]


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
async def test_from_welcome_to_topic_and_alarm_with_a_keyboard(open_page: OpenPage, scripts: bool) -> None:
    page = await open_page(scripts=scripts)
    await choose(page, "consent_yes", "screening/cauda_equina")
    await choose(page, "unsure", "screening/cauda_equina/explain")
    for question, following in zip(QUESTIONS, QUESTIONS[1:], strict=False):
        await choose(page, "no", f"screening/{following}")
        if question == "motor_loss":
            await choose(page, "back", f"screening/{question}")
            await choose(page, "no", f"screening/{following}")
    await choose(page, "no", "worry/ask")
    await choose(page, "worry_scan", "journey/ask/duration")
    await choose(page, "duration_long", "journey/ask/leg")
    await write(page, "nej", "journey/ask/work")
    await choose(page, "skip", "journey/begin")
    await choose(page, "next_topic", "topic/pain_not_damage/check")
    await choose(page, "option_1", "topic/pain_not_damage/wrong_1")
    await write(page, ALARM, "care/cauda_equina")
    card = page.locator("section.care.emergency").last
    await expect(card.get_by_role("link", name="112")).to_have_attribute("href", "tel:112")
    await expect(card.get_by_role("heading")).to_contain_text("Ring 112 nu")
    if not scripts:
        await fetch(page, "misunderstood")
    await choose(page, "misunderstood", "screening/cauda_equina")
    await choose(page, "no", "care/withdrawn")


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
async def test_the_language_switches_in_the_middle(open_page: OpenPage, scripts: bool) -> None:
    page = await open_page(scripts=scripts)
    await choose(page, "consent_yes", "screening/cauda_equina")
    await tab_to(page, "language")
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await write(page, "no", "screening/motor_loss")
    await expect(page.locator('[data-key="screening/motor_loss"]').last).to_contain_text("leg")


async def test_the_skip_link_is_first_and_leads_to_the_field(open_page: OpenPage) -> None:
    page = await open_page()
    await page.keyboard.press("Tab")
    assert await focused(page) == "A"
    await page.keyboard.press("Enter")
    assert await focused(page) == "text"


async def test_a_reload_keeps_the_conversation(open_page: OpenPage) -> None:
    page = await open_page()
    await choose(page, "consent_yes", "screening/cauda_equina")
    await page.reload()
    await said(page, "screening/cauda_equina")
    await choose(page, "no", "screening/motor_loss")


async def test_a_message_sent_without_net_is_delivered_once_when_it_is_back(open_page: OpenPage) -> None:
    page = await open_page()
    await choose(page, "consent_yes", "screening/cauda_equina")
    await page.context.set_offline(True)
    await tab_to(page, "no")
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice")).to_contain_text("112")
    await page.context.set_offline(False)
    await said(page, "screening/motor_loss")
    await expect(page.locator('[data-key="screening/motor_loss"]')).to_have_count(1)


async def test_a_late_answer_arrives_by_itself(open_page: OpenPage, running: Parts) -> None:
    page = await open_page()
    await choose(page, "consent_yes", "screening/cauda_equina")
    os.kill(running.children["rasa"].pid, signal.SIGSTOP)
    try:
        await write(page, "hvad er klokken?", "system/holding")
    finally:
        os.kill(running.children["rasa"].pid, signal.SIGCONT)
    await expect(page.locator('[data-key="screening/cauda_equina"]')).to_have_count(2, timeout=30_000)


async def test_what_is_typed_is_never_html(open_page: OpenPage) -> None:
    page = await open_page()
    await choose(page, "consent_yes", "screening/cauda_equina")
    await write(page, "<img src=x onerror=alert(1)> **fed**", "screening/cauda_equina")
    own = page.locator(".message.patient .own").last
    await expect(own).to_have_text("<img src=x onerror=alert(1)> **fed**")


async def test_the_first_load_is_light_and_asks_nobody_else(open_page: OpenPage, running: Parts) -> None:
    page = await open_page("/livez")  # a fresh browser that has nothing of the page yet
    weights: dict[str, int] = {}

    async def note(request: Request) -> None:
        sizes = await request.sizes()
        weights[request.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]

    page.on("requestfinished", note)
    await page.goto("/", wait_until="networkidle")
    assert len(weights) >= 3
    assert all(url.startswith(running.gateway_url) for url in weights)
    assert sum(weights.values()) <= 60_000, weights


async def test_the_script_is_at_most_15_kilobytes_compressed() -> None:
    assert len(gzip.compress((STATIC / "chat.js").read_bytes())) <= 15_000


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
async def test_the_persons_data_can_be_saved_as_a_file(open_page: OpenPage, scripts: bool) -> None:
    page = await open_page(scripts=scripts)
    await choose(page, "consent_yes", "screening/cauda_equina")
    await choose(page, "menu", "control/menu_paused")
    await choose(page, "my_data", "control/my_data")
    await choose(page, "export_data", "control/export")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Hent som fil").click()
    saved = json.loads((await (await download.value).path()).read_text())
    assert saved["consented_at"] and saved["messages"][0]["key"] == "welcome/consented"
