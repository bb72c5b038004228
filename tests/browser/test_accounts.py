"""Signing in, the own account and administration: on a phone and a screen, by keyboard, with and without scripts."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect
from sqlalchemy import Engine

from bot.accounts import totp
from bot.accounts.access import COOKIE
from bot.store import invites, staff
from bot.store.database import open_database
from bot.store.staff_models import ADMIN, CLINICIAN, EDITOR, REVIEWER, Clinic, User
from bot.supervisor import Parts
from tests.accounts.staff import PASSWORD, code_now, make_user
from tests.browser.conftest import PHONE, OpenPage
from tests.browser.test_access import RULES

pytestmark = pytest.mark.asyncio(loop_scope="session")
DESKTOP = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 640}
ZOOMED = {"width": 320, "height": 225}  # 1280 by 900 at 400 %
PICTURES = os.environ.get("RYGRAAD_SCREENSHOTS")
TARGETS = ".bar a, .parts a, button, .button, select, .tick, input:not([type=checkbox], [type=hidden])"
SMALL = """(targets) => [...document.querySelectorAll(targets)]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 43.5)
    .map((each) => each.outerHTML)"""


@pytest.fixture
def db(running: Parts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The stack's database, by the stack's clock."""
    monkeypatch.setenv("RYGRAAD_CLOCK_FILE", str(running.settings.data_dir / "clock"))
    found = open_database(running.settings)
    yield found
    found.dispose()


def somebody(engine: Engine, roles: list[str], **fields: str) -> User:
    return make_user(engine, roles=roles, name=f"Karen {secrets.token_hex(3)}", password=PASSWORD, **fields)  # type: ignore[arg-type]


async def be(page: Page, engine: Engine, user: User, *, passed: bool = True) -> None:
    """Gives the browser a session of this user."""
    token = staff.open_session(engine, user.id, passed=passed)
    await page.context.add_cookies([{"name": COOKIE, "value": token, "domain": "127.0.0.1", "path": "/"}])


async def sign_in(page: Page, user: User) -> None:
    await page.goto("/sign-in")
    await page.get_by_label("E-mail").fill(user.email)
    await page.get_by_label("Adgangskode", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Log ind").click()


async def sound(page: Page, name: str) -> None:
    """Nothing wider than the screen, every target big enough, no axe violation; and a picture on request."""
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), name
    assert await page.evaluate(SMALL, TARGETS) == [], name
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"accounts-{name}.png", full_page=True)


SIZES = [
    ("light", PHONE),
    ("dark", PHONE),
    ("light", DESKTOP),
    ("dark", DESKTOP),
    ("light", NARROW),
    ("light", ZOOMED),
]


@pytest.mark.parametrize(
    ("scheme", "size"), SIZES, ids=lambda each: each if isinstance(each, str) else str(each["width"])
)
async def test_every_page_fits_and_axe_finds_nothing(
    open_page: OpenPage, db: Engine, scheme: str, size: dict[str, int]
) -> None:
    clinic = Clinic(id=secrets.token_hex(4), name="Rygklinikken på Østerbro", origins=["https://www.rygklinikken.dk"])
    invites.keep_clinic(db, clinic)
    me = make_user(
        db, roles=[ADMIN, CLINICIAN, EDITOR, REVIEWER], signs_off=True, password=PASSWORD, clinic_id=clinic.id,
        email=f"et.meget.langt.navn.{secrets.token_hex(8)}@rygklinikken-paa-oesterbro.dk",
    )  # fmt: skip
    phone = somebody(db, [EDITOR])
    staff.change_user(db, phone.id, totp_secret=totp.new_secret(), totp_on=True, oidc_subject=secrets.token_hex(4))
    page = await open_page("/sign-in", scheme=scheme, size=size)
    kind = f"{scheme}-{size['width']}x{size['height']}"
    await sound(page, f"sign-in-{kind}")
    for name, path in (("choose", f"/password/{staff.password_link(db, me.id)}"), ("gone", "/password/x")):
        await page.goto(path)
        await sound(page, f"{name}-{kind}")
    await be(page, db, phone, passed=False)
    await page.goto("/sign-in/code")
    await page.get_by_label("Kode").fill("1")
    await page.get_by_role("button", name="Log ind").click()
    await expect(page.locator("[aria-invalid=true]")).to_be_focused()
    await sound(page, f"code-{kind}")
    await be(page, db, me)
    staff.change_user(db, me.id, totp_secret=totp.new_secret())
    paths = {
        "account": "/account?done=language", "second": "/account/second", "users": "/admin/users",
        "user-new": "/admin/users/new", "user": f"/admin/users/{phone.id}", "clinics": "/admin/clinics",
        "clinic": f"/admin/clinics/{clinic.id}", "audit": "/admin/audit", "missing": "/admin/users/x",
    }  # fmt: skip
    for name, path in paths.items():
        await page.goto(path)
        await sound(page, f"{name}-{kind}")
    await page.goto("/admin/clinics/new")
    await page.get_by_label("Klinikkens navn").fill("Klinik")
    await page.get_by_label("Hjemmesider").fill("klinik.dk/kontakt")
    await page.get_by_role("button", name="Gem").click()
    await expect(page.locator("#origins")).to_be_focused()
    await sound(page, f"clinic-wrong-{kind}")


async def test_a_user_signs_in_turns_the_code_on_and_signs_in_with_it_by_keyboard(
    open_page: OpenPage, db: Engine
) -> None:
    user = somebody(db, [EDITOR])
    page = await open_page("/sign-in?next=/account")
    keys = page.keyboard
    await expect(page.get_by_label("E-mail")).to_be_focused()
    await keys.type(user.email)
    await keys.press("Tab")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Min konto")
    await page.get_by_role("button", name="Slå til").focus()
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Slå koden fra telefonen til")
    secret = (await page.locator(".secret").inner_text()).replace(" ", "").replace("\n", "")
    assert await page.locator(".qr").evaluate("(image) => image.complete && image.naturalWidth > 100")
    await page.get_by_label("Kode").focus()
    await keys.type(code_now(secret, steps=-1))
    await keys.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("slået til")
    await page.get_by_role("button", name="Log ud", exact=True).focus()
    await keys.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Du er logget ud.")
    await keys.type(user.email)
    await keys.press("Tab")
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Skriv koden fra din telefon")
    await expect(page.get_by_label("Kode")).to_be_focused()
    await keys.type(code_now(secret, steps=1))
    await keys.press("Enter")
    await page.wait_for_url("**/editor")


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
async def test_an_admin_adds_a_user_who_chooses_a_password(open_page: OpenPage, db: Engine, scripts: bool) -> None:
    email = f"{secrets.token_hex(4)}@klinik.dk"
    page = await open_page("/sign-in", scripts=scripts)
    await sign_in(page, somebody(db, [ADMIN]))
    await page.get_by_role("link", name="Opret en bruger").click()
    await page.get_by_label("Navn").fill("Ida Lund")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Må godkende sikkerhedstekster som kliniker").check()
    await page.get_by_role("button", name="Opret, og vis linket").click()
    await expect(page.get_by_text("Klinisk godkendelse kræver også rollen godkender")).to_be_visible()
    await expect(page.get_by_label("Navn")).to_have_value("Ida Lund")
    await page.get_by_role("checkbox", name="Godkender", exact=True).check()
    await page.get_by_role("button", name="Opret, og vis linket").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Et link til Ida Lund")
    link = await page.get_by_label("Link til at vælge adgangskode").input_value()
    await page.get_by_role("link", name="Færdig").click()
    await expect(page.get_by_role("row", name=re.compile(email))).to_contain_text("Har ikke valgt adgangskode")

    new = await open_page("/" + link.split("/", 3)[3], scripts=scripts)
    await new.get_by_label("Ny adgangskode").fill("velkommen123")
    await new.get_by_label("Skriv den en gang til").fill("velkommen123")
    await new.get_by_role("button", name="Gem adgangskoden").click()
    await expect(new.get_by_text("Den er for nem at gætte")).to_be_visible()
    await new.get_by_label("Ny adgangskode").fill(PASSWORD)
    await new.get_by_label("Skriv den en gang til").fill(PASSWORD)
    await new.get_by_role("button", name="Gem adgangskoden").click()
    await expect(new.get_by_role("status")).to_have_text("Din nye adgangskode er gemt.")
    await new.get_by_label("E-mail").fill(email)
    await new.get_by_label("Adgangskode", exact=True).fill(PASSWORD)
    await new.get_by_role("button", name="Log ind").click()
    await new.wait_for_url("**/editor")
    await new.goto("/admin/users")
    await expect(new.get_by_role("heading", level=1)).to_have_text("Her har du ikke adgang")


async def test_what_is_typed_can_be_shown_and_the_link_copied(open_page: OpenPage, db: Engine) -> None:
    page = await open_page("/sign-in")
    secret = page.get_by_label("Adgangskode", exact=True)
    await secret.fill("hvad skrev jeg")
    await page.get_by_label("Vis, hvad jeg skriver").check()
    await expect(secret).to_have_attribute("type", "text")
    await page.get_by_label("Vis, hvad jeg skriver").uncheck()
    await expect(secret).to_have_attribute("type", "password")
    admin = somebody(db, [ADMIN])
    await be(page, db, admin)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(f"/admin/users/{admin.id}")
    await page.get_by_role("button", name="Lav et link").click()
    await page.get_by_role("button", name="Kopiér").click()
    await expect(page.get_by_role("status")).to_have_text("Kopieret")
    copied = await page.evaluate("() => navigator.clipboard.readText()")
    assert copied == await page.locator("#link").input_value() and "/password/" in copied


async def test_without_scripts_nothing_is_shown_that_needs_them(open_page: OpenPage, db: Engine) -> None:
    page = await open_page("/sign-in", scripts=False)
    await expect(page.get_by_label("Vis, hvad jeg skriver")).to_be_hidden()


async def test_the_first_tab_skips_to_the_content(open_page: OpenPage, db: Engine) -> None:
    page = await open_page("/sign-in")
    await be(page, db, somebody(db, [ADMIN]))
    await page.goto("/admin/users")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Gå til indholdet")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#content")).to_be_focused()


async def test_the_account_speaks_the_chosen_language_whatever_the_browser_does(
    open_page: OpenPage, db: Engine
) -> None:
    page = await open_page("/sign-in", locale="en-GB")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    await be(page, db, somebody(db, []))
    await page.goto("/account")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Min konto")
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("status")).to_have_text("The language has changed.")
    assert await page.locator("html").get_attribute("lang") == "en"
