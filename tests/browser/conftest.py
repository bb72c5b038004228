"""A real browser before the running parts; one event loop for all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from bot.supervisor import Parts
from tests.browser.provide import provide

PHONE = {"width": 390, "height": 844}
OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = provide()
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        await found.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, running: Parts) -> AsyncIterator[OpenPage]:
    """Opens the chat page in a context of its own; anything the browser complains about fails the test."""
    contexts = []
    complaints: list[str] = []

    async def opened(
        path: str = "/",
        *,
        scripts: bool = True,
        scheme: str = "light",
        size: dict[str, int] = PHONE,
        locale: str = "da-DK",
    ) -> Page:
        context = await browser.new_context(
            base_url=running.gateway_url,
            java_script_enabled=scripts,
            color_scheme=scheme,  # type: ignore[arg-type]
            viewport=size,  # type: ignore[arg-type]
            locale=locale,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
        )
        await page.goto(path)
        return page

    yield opened
    for context in contexts:
        await context.close()
    if complaints:
        pytest.fail("\n".join(complaints))
