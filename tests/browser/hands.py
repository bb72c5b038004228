"""What a patient's hands do, with a keyboard only."""

from __future__ import annotations

from playwright.async_api import Page, expect

FOCUSED = (
    """() => { const e = document.activeElement; return e ? (e.dataset.name || e.id || e.name || e.tagName) : "" }"""
)

LAST_OWN = ".message.patient:not(:has(~ .message.patient))"


async def focused(page: Page) -> str:
    """The name, id or tag of what has the focus."""
    return str(await page.evaluate(FOCUSED))


async def tab_to(page: Page, name: str) -> None:
    """Presses Tab until the button or field of this name has the focus; it must show where it is."""
    for _ in range(60):
        if await focused(page) == name:
            outline = await page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{name} has the focus and does not show it"
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {name!r}")


async def choose(page: Page, name: str, then: str) -> None:
    """Presses a choice by keyboard; `then` is the content key that must follow."""
    await tab_to(page, name)
    await page.keyboard.press("Enter")
    await said(page, then)


async def write(page: Page, text: str, then: str) -> None:
    """Writes a message by keyboard and sends it; `then` is the content key that must follow."""
    await tab_to(page, "text")
    await page.keyboard.insert_text(text)
    if await page.evaluate("() => matchMedia('(scripting: enabled)').matches"):
        await page.keyboard.press("Enter")
    else:  # Enter in a text area is a new line
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
    await said(page, then)


async def fetch(page: Page, name: str) -> None:
    """Without a script: fetches what comes late, after a card, until the choice of this name is there."""
    while not await page.locator(f'[data-name="{name}"]').count():
        await page.locator("button[value=refresh]").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_load_state()


async def said(page: Page, key: str) -> None:
    """Waits until a reply with this content key is on the page, after the patient's last message if there is one."""
    newest = page.locator(f'#log:not(:has(.patient)) [data-key="{key}"], {LAST_OWN} ~ [data-key="{key}"]').last
    await expect(newest).to_be_visible()
