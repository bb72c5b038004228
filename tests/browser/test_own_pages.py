"""The patient's own pages on a phone, a screen and paper: from one week to a year, both languages, no axe fault."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect
from sqlmodel import Session

from bot.clock import now
from bot.dialogue.effects import following
from bot.store import conversations, records, reminders, transfer
from bot.store.database import open_database
from bot.store.models import CheckIn
from bot.supervisor import Parts
from tests.browser.conftest import PHONE, OpenPage
from tests.browser.test_access import RULES

pytestmark = pytest.mark.asyncio(loop_scope="session")
PAGES = ("plan", "progress", "summary", "data", "link")
DESKTOP = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 640}
# Where somebody wants to look at the pictures: RYGRAAD_SCREENSHOTS=folder make browser-test
PICTURES = os.environ.get("RYGRAAD_SCREENSHOTS")
PLAN = {
    "activity": "gå i skoven med hunden", "now": "kun hen til postkassen", "step": "gå ti minutter efter frokost",
    "days": "other", "hindrance": "pain", "way_round": "hvis det regner, så går jeg i centret", "balance": "breaks",
    "tell": "partner", "helps": "et varmt bad og radioen",
}  # fmt: skip


def live_with(running: Parts, weeks: int, language: str) -> str:
    """A patient who has checked in every week for so long, with ups, downs and skipped numbers; the token."""
    engine = open_database(running.settings)
    token, conversation = conversations.create(engine, language=language)
    conversations.change(
        engine, conversation.id, consented_at=now(), created_at=now() - timedelta(weeks=weeks),
        questions="Skal jeg have fysioterapi?\nHvor længe varer det?" + " Langt" * 20,
    )  # fmt: skip
    records.keep_plan(engine, conversation.id, {"activity": "svømme"})
    records.keep_plan(engine, conversation.id, PLAN)
    records.add_safety_check(engine, conversation.id, {"cauda_equina": "no", "cancer_history": "yes"})
    with Session(engine) as session:
        for week in range(weeks + 1):
            answers: dict[str, Any] = {
                "pain": max(1, 7 - week // 6 + (week % 5 == 3) * 2), "hindrance": max(0, 6 - week // 5),
                "confidence": None if week % 7 == 4 else min(10, 3 + week // 6),
                "step": ("done", "partly", "not")[week % 3],
            }  # fmt: skip
            made = now() - timedelta(weeks=weeks - week)
            session.add(CheckIn(conversation_id=conversation.id, answers=answers, made_at=made))
        session.commit()
    inbound, _ = conversations.accept(
        engine, conversation.id, client_id="a", text="**ikke** <b>fed</b> " + "ord" * 60, choice=None,
        screening={"outcome": "alarm", "level": "urgent", "flags": ["infection"]},
    )  # fmt: skip
    conversations.finish(engine, inbound, [], done=True)
    reminders.agree(engine, conversation.id, following, rhythm="weekly", hour=17)
    engine.dispose()
    return token


async def open_own(page: Page, path: str, token: str, **fields: str) -> None:
    """Opens one of the pages as its button in the chat does."""
    await page.evaluate(
        """([path, fields]) => {
            const form = document.createElement("form");
            form.method = "post"; form.action = path;
            for (const [name, value] of Object.entries(fields)) {
                const field = document.createElement("input");
                field.type = "hidden"; field.name = name; field.value = value; form.append(field);
            }
            document.body.append(form); form.submit();
        }""",
        [path, {"token": token, **fields}],
    )
    await page.wait_for_url(f"**{path}")


async def fits(page: Page) -> bool:
    """Nothing makes the page wider than the screen."""
    return bool(await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))


async def look(page: Page, name: str) -> None:
    """Keeps a picture for whoever wants to look."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("weeks", [0, 1, 12, 52])
async def test_every_page_fits_and_axe_finds_nothing(
    open_page: OpenPage, running: Parts, weeks: int, language: str
) -> None:
    token = live_with(running, weeks, language)
    for scheme, size in (("light", PHONE), ("dark", DESKTOP), ("light", NARROW)):
        page = await open_page(scheme=scheme, size=size)
        for name in PAGES:
            await page.goto("/")
            await open_own(page, f"/me/{name}", token)
            assert await fits(page), (name, size)
            assert await page.locator("html").get_attribute("lang") == language
            await look(page, f"{name}-{weeks}-{language}-{scheme}-{size['width']}")
            for summary in await page.locator("summary").all():
                await summary.click()
            found = await Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        await page.context.close()


@pytest.mark.parametrize("weeks", [1, 52])
async def test_the_summary_is_one_page_on_paper(
    open_page: OpenPage, running: Parts, weeks: int, tmp_path: Path
) -> None:
    page = await open_page(scheme="dark")
    await open_own(page, "/me/summary", live_with(running, weeks, "da"))
    paper = await page.pdf(
        format="A4", print_background=True, path=Path(PICTURES or tmp_path) / f"summary-{weeks}.pdf"
    )
    assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") + paper.count(b"/Type /Page/") == 1


async def test_a_patient_goes_from_the_plan_to_everything_and_erases_it_by_keyboard(
    open_page: OpenPage, running: Parts
) -> None:
    token = live_with(running, 3, "da")
    page = await open_page()
    await open_own(page, "/me/data", token)
    await expect(page.get_by_text("<b>fed</b>")).to_have_count(1)
    await page.get_by_role("button", name="Slet det hele").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Slet det hele")
    await page.get_by_role("button", name="Nej, behold det").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Slet det hele").click()
    await page.get_by_role("button", name="Ja, slet det hele").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Alt er slettet")
    await page.goto("/")
    await open_own(page, "/me/data", token)
    await expect(page.locator("#error")).to_be_visible()


async def test_the_language_changes_on_the_page_and_the_print_button_needs_scripts(
    open_page: OpenPage, running: Parts
) -> None:
    token = live_with(running, 3, "da")
    page = await open_page()
    await open_own(page, "/me/summary", token)
    await expect(page.locator("button.print")).to_be_visible()
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("My back on one page")


async def test_the_own_link_leads_back_to_the_conversation_in_a_new_browser(
    open_page: OpenPage, running: Parts
) -> None:
    token = live_with(running, 1, "da")
    first = await open_page()
    await open_own(first, "/me/link", token)
    link = await first.locator(".link a").get_attribute("href")
    assert link
    second = await open_page(link.removeprefix(running.gateway_url))
    await expect(second.locator(".own").first).to_contain_text("<b>fed</b>")
    assert token not in second.url


async def test_a_shared_summary_opens_for_others_until_it_is_withdrawn(open_page: OpenPage, running: Parts) -> None:
    token = live_with(running, 4, "en")
    engine = open_database(running.settings)
    conversation = conversations.find(engine, token)
    assert conversation
    code = records.share(engine, conversation.id, "en", now() + timedelta(days=30))
    page = await open_page(f"/s/{code}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("My back on one page")
    await page.get_by_role("link", name="Dansk").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Min ryg på én side")
    assert [len(link.views) for link in records.shares(engine, conversation.id)] == [2]
    records.withdraw_shares(engine, conversation.id)
    answer = await page.goto(f"/s/{code}")
    assert answer and answer.status == 404
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
async def test_a_conversation_from_telegram_goes_on_here_by_keyboard(
    open_page: OpenPage, running: Parts, scripts: bool
) -> None:
    engine = open_database(running.settings)
    for scheme, size in (("light", NARROW), ("dark", DESKTOP)):
        found = conversations.find(engine, live_with(running, 1, "da"))
        assert found
        page = await open_page(f"/move/{transfer.offer(engine, found.id)}", scheme=scheme, size=size)
        assert await fits(page)
        assert (await Axe().run(page, options=RULES)).violations_count == 0
        await look(page, f"move-{scheme}-{size['width']}")
        again = page.url
        await page.get_by_role("button", name="Ja, fortsæt her").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".message.patient .own")).to_contain_text("ikke")
        await page.goto(again)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Linket virker ikke længere")
        assert await fits(page)
    engine.dispose()
