"""The clinician's workplace by keyboard, on a phone and on paper; in both languages, with no axe fault."""

from __future__ import annotations

import io
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import segno
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Page, expect

from bot.accounts.access import COOKIE
from bot.clinic.fields import LONGEST
from bot.clinic.materials import QUIET
from bot.clock import now
from bot.store import conversations, invites, records, staff
from bot.store.database import open_database
from bot.store.staff_models import CLINICIAN, Clinic
from bot.supervisor import Parts
from tests.accounts.staff import make_user
from tests.browser.conftest import PHONE, OpenPage
from tests.browser.hands import tab_to
from tests.browser.test_access import RULES

pytestmark = pytest.mark.asyncio(loop_scope="session")
DESKTOP = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 640}
ZOOMED = {"width": 320, "height": 256}  # 1280 px at 400 %
# Where somebody wants to look at the pictures: RYGRAAD_SCREENSHOTS=folder
PICTURES = os.environ.get("RYGRAAD_SCREENSHOTS")
LONG_NAME = "Speciallægepraksis, fysioterapi og kiropraktik for Nordvestsjælland og Odsherred"
WIDE_NAME = "W" * LONGEST["clinic_name"]
LONG_PHONE = "+45 12 34 56 78 (8-12/16)"[: LONGEST["clinic_phone"]]
LONG_ADDRESS = "rygraad.patientstoette.region-midtjylland.example/i/" + "W" * 22


def a_clinician(running: Parts, language: str = "da") -> tuple[str, str]:
    """A signed-in clinician of a clinic, with an invite that many have used: the session's token, the invite's id."""
    engine = open_database(running.settings)
    name = os.urandom(6).hex()
    invites.keep_clinic(engine, Clinic(id=name, name="Lægerne på Torvet", phone="12 34 56 78", region="sjaelland"))
    user = make_user(engine, roles=[CLINICIAN], clinic_id=name, language=language)
    usual: dict[str, Any] = {"user_id": user.id, "expires_at": now() + timedelta(days=91), "language": "en"}
    code, many = invites.make(engine, label="Venteværelset, efterår", most=200, opened=40, **usual)
    invites.make(engine, most=1, **usual)
    invites.revoke(engine, invites.make(engine, label="Et meget langt navn " * 3, most=30, **usual)[1].id)
    for number in range(24):
        invites.use(engine, code)
        journey = {"topics": ["work"], "at": number % 2}
        fields: dict[str, Any] = {"invite_hash": many.code_hash, "consented_at": now(), "journey": journey}
        _, found = conversations.create(engine, language="da", **fields)
        records.add_safety_check(engine, found.id, {"infection": "yes" if number < 7 else "no"})
    token = staff.open_session(engine, user.id, passed=True)
    engine.dispose()
    return token, many.id


async def signed_in(open_page: OpenPage, running: Parts, token: str, path: str = "/clinic", **how: Any) -> Page:
    """The path, opened by whoever holds this session."""
    page = await open_page("/livez", **how)
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": running.gateway_url}])
    await page.goto(path)
    return page


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))


async def sound(page: Page, name: str) -> None:
    """It is no wider than the screen, and axe finds nothing; keeps a picture for whoever wants to look."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert await fits(page), name
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


async def make(page: Page, **fields: str) -> None:
    """Fills in the form and makes the invite."""
    await page.goto("/clinic/invites/new")
    for name, words in fields.items():
        await page.locator(f"#{name}").fill(words)
    await page.locator("#make").click()
    await expect(page.locator("img.qr")).to_be_visible()


async def handout(page: Page) -> Page:
    """The handout of the invite that was just made, in its own tab."""
    async with page.context.expect_page() as opened:
        await page.locator('form[action$="/handout"] button').click()
    paper = await opened.value
    await paper.wait_for_load_state()
    return paper


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page(?![a-zA-Z])", pdf))


# -- by keyboard ----------------------------------------------------------------------------------------------------


async def test_an_invite_in_two_presses_by_keyboard(open_page: OpenPage, running: Parts) -> None:
    page = await signed_in(open_page, running, a_clinician(running)[0])
    await page.get_by_role("link", name="Nyt link").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nyt link")
    await tab_to(page, "make")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Linket er klar")
    await expect(page.locator("#email")).to_have_value(re.compile("Lægerne på Torvet"))


async def test_every_setting_is_made_by_keyboard(open_page: OpenPage, running: Parts) -> None:
    page = await signed_in(open_page, running, a_clinician(running)[0], "/clinic/invites/new", scripts=False)
    await tab_to(page, "most-1")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await tab_to(page, "days-28")
    await page.keyboard.press("ArrowDown")
    await tab_to(page, "stress-work")
    await page.keyboard.press("Space")
    await tab_to(page, "label")
    await page.keyboard.insert_text("Reolen ved døren")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Linket er klar")
    await page.goto("/clinic")
    await page.get_by_role("link", name="Reolen ved døren", exact=True).click()
    for words in ("Til 200 patienter", "Arbejdet", "Sjælland", "12 34 56 78"):
        await expect(page.locator("main")).to_contain_text(words)


async def test_what_is_refused_gets_the_focus_and_can_be_mended_at_once(open_page: OpenPage, running: Parts) -> None:
    page = await signed_in(open_page, running, a_clinician(running)[0], "/clinic/invites/new")
    await page.locator("#label").fill("Jens Hansen 010203-1234")
    await page.keyboard.press("Enter")
    await expect(page.locator("#label")).to_be_focused()
    await expect(page.locator("#label")).to_have_accessible_description(re.compile("CPR-nummer"))
    await page.keyboard.press("Control+a")
    await page.keyboard.insert_text("Venteværelset")
    await page.keyboard.press("Enter")
    await expect(page.locator("img.qr")).to_be_visible()


async def test_link_and_text_are_copied_and_it_says_so(open_page: OpenPage, running: Parts) -> None:
    page = await signed_in(open_page, running, a_clinician(running)[0])
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await make(page)
    for name, button in (("link", "Kopiér linket"), ("email", "Kopiér teksten")):
        await page.get_by_role("button", name=button, exact=True).focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(f"#{name}-copied")).to_have_text("Kopieret")
        shown = await page.locator("#link").inner_text()
        assert shown in await page.evaluate("() => navigator.clipboard.readText()")


async def test_closing_a_link_asks_once_by_keyboard(open_page: OpenPage, running: Parts) -> None:
    token, invite = a_clinician(running)
    page = await signed_in(open_page, running, token, f"/clinic/invites/{invite}", scripts=False)
    await page.get_by_role("button", name="Luk linket").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Nej, behold det").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Luk linket").click()
    await page.get_by_role("button", name="Ja, luk det").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice")).to_contain_text("Du lukkede linket")
    await expect(page.get_by_role("button", name="Luk linket")).to_have_count(0)


# -- how it looks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["da", "en"])
async def test_every_page_fits_and_axe_finds_nothing(
    open_page: OpenPage, running: Parts, scheme: str, size: dict[str, int], language: str
) -> None:
    token, invite = a_clinician(running, language)
    page = await signed_in(open_page, running, token, scheme=scheme, size=size)
    end = f"{language}-{scheme}-{size['width']}"
    await page.locator("summary").click()
    await sound(page, f"clinic-{end}")
    await page.goto(f"/clinic/invites/{invite}")
    await sound(page, f"invite-{end}")
    await page.locator('form[action$="/revoke"] button').click()
    await sound(page, f"revoke-{end}")
    await page.goto("/clinic/invites/new")
    await sound(page, f"new-{end}")
    await page.locator("#clinic_name").fill("Jens Hansen")
    await page.locator("#label").fill("Fru Hansen")
    await page.locator("#make").click()
    await expect(page.locator("#label-error")).to_be_visible()
    await sound(page, f"refused-{end}")
    await make(page, clinic_name=WIDE_NAME, clinic_phone=LONG_PHONE, label="W" * LONGEST["label"])
    await sound(page, f"made-{end}")
    await sound(await handout(page), f"handout-{end}")


@pytest.mark.parametrize("size", [NARROW, ZOOMED], ids=["narrow", "zoomed to 400 %"])
async def test_nothing_is_wider_than_the_narrowest_screen(
    open_page: OpenPage, running: Parts, size: dict[str, int]
) -> None:
    token, invite = a_clinician(running)
    page = await signed_in(open_page, running, token, size=size)
    await make(page, clinic_name=WIDE_NAME, label="W" * LONGEST["label"])
    assert await fits(page) and await fits(await handout(page))
    for path in ("/clinic", f"/clinic/invites/{invite}", "/clinic/invites/new"):
        await page.goto(path)
        assert await fits(page), path


async def test_the_page_for_clinicians_only_leads_to_the_door(open_page: OpenPage, running: Parts) -> None:
    engine = open_database(running.settings)
    token, found = conversations.create(engine, language="da")
    code = records.share(engine, found.id, "da", now() + timedelta(days=1), staff_only=True)
    engine.dispose()
    for scheme, size in (("light", PHONE), ("dark", DESKTOP)):
        page = await open_page(f"/s/{code}", scheme=scheme, size=size)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Siden er kun for behandlere")
        await sound(page, f"staff-only-{scheme}-{size['width']}")
        await page.get_by_role("link", name="Log ind som behandler").click()
        assert page.url.endswith(f"/sign-in?next=/s/{code}")
    clinician = await signed_in(open_page, running, a_clinician(running)[0], f"/s/{code}")
    await expect(clinician.get_by_role("heading", level=1)).to_have_text("Min ryg på én side")
    assert token not in await clinician.content()


# -- the QR code and the paper --------------------------------------------------------------------------------------


def read(png: bytes, modules: int) -> list[list[bool]]:
    """The modules of a QR code on a picture of the screen, without the white around it."""
    picture = Image.open(io.BytesIO(png)).convert("L")
    step = picture.width / (modules + 2 * QUIET)
    middle = [int(step * (QUIET + place + 0.5)) for place in range(modules)]
    return [[picture.getpixel((x, y)) < 128 for x in middle] for y in middle]  # type: ignore[operator]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_reads_the_link_off_the_screen_and_off_the_paper(
    open_page: OpenPage, running: Parts, scheme: str
) -> None:
    page = await signed_in(open_page, running, a_clinician(running)[0], scheme=scheme, size=DESKTOP)
    await make(page)
    link = await page.locator("#link").inner_text()
    assert re.fullmatch(rf"{running.gateway_url}/i/[\w-]{{22}}", link)
    wanted = [[bool(module) for module in line] for line in segno.make(link, error="m", boost_error=False).matrix]
    paper = await handout(page)
    for where in (page.locator("img.qr"), paper.locator(".way img")):
        # Without frame and rounding, which are no part of the code.
        await where.evaluate("image => { image.style.border = image.style.borderRadius = '0'; }")
        assert read(await where.screenshot(), len(wanted)) == wanted


@pytest.mark.parametrize("name", [LONG_NAME, WIDE_NAME, ""], ids=["long", "wide", "none"])
@pytest.mark.parametrize("language", ["da", "en"])
async def test_the_handout_is_one_page_of_paper(
    open_page: OpenPage, running: Parts, language: str, name: str, tmp_path: Path
) -> None:
    page = await signed_in(open_page, running, a_clinician(running)[0], "/clinic/invites/new", scheme="dark")
    await page.locator(f"#language-{language}").check()
    await page.locator("#region").select_option("midtjylland")
    await page.locator("#clinic_name").fill(name)
    await page.locator("#clinic_phone").fill(LONG_PHONE if name else "")
    await page.locator("#make").click()
    paper = await handout(page)
    assert await paper.locator("html").get_attribute("lang") == language
    # A public address is longer than this machine's.
    await paper.locator(".address").evaluate("(element, words) => { element.textContent = words; }", LONG_ADDRESS)
    kept = Path(PICTURES or tmp_path) / f"handout-{language}-{len(name)}.pdf"
    pdf = await paper.pdf(format="A4", print_background=True, prefer_css_page_size=True, path=kept)
    assert pages_of(pdf) == 1
    await paper.emulate_media(media="print")
    await expect(paper.locator(".tools")).to_be_hidden()


async def test_a_page_more_would_be_counted(open_page: OpenPage, running: Parts) -> None:
    page = await signed_in(open_page, running, a_clinician(running)[0])
    await make(page)
    paper = await handout(page)
    await paper.evaluate(
        "() => document.querySelector('.sheet').append(document.querySelector('.alarm').cloneNode(true))"
    )
    assert pages_of(await paper.pdf(format="A4", prefer_css_page_size=True)) == 2
