"""Pages in Chromium, as somebody sees them who is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Protocol
from urllib.parse import urljoin

from playwright.async_api import Browser, ConsoleMessage, Page, Request

from shared.auth import COOKIE, Identity, Tokens
from tests.support.engines import AUTH_SECRET

__all__ = ["Open", "pages"]


class Open(Protocol):
    """Opens a page in a browser context of its own."""

    async def __call__(
        self,
        who: Identity,
        path: str = "/",
        *,
        width: int = 1440,
        language: str = "en",
        scripts: bool = True,
    ) -> Page: ...


@asynccontextmanager
async def pages(
    browser: Browser, url: str, *, expected: tuple[str, ...] = (), time_zone: str = "Europe/Berlin"
) -> AsyncIterator[Open]:
    """Pages below the URL, closed in the end. Raises `AssertionError` then if there was an error
    on a console that contains nothing `expected`, or a request to another host."""
    complaints: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(each in message.text for each in expected):
            complaints.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((urljoin(url, "/"), "data:")):
            complaints.append(f"asked another host: {request.url}")

    async with AsyncExitStack() as contexts:

        async def open_as(
            who: Identity,
            path: str = "/",
            *,
            width: int = 1440,
            language: str = "en",
            scripts: bool = True,
        ) -> Page:
            context = await contexts.enter_async_context(
                await browser.new_context(
                    viewport={"width": width, "height": 900},
                    locale=language,
                    timezone_id=time_zone,
                    java_script_enabled=scripts,
                )
            )
            session = Tokens(AUTH_SECRET).issue(who, timedelta(hours=1))
            await context.add_cookies([{"name": COOKIE, "value": session, "url": url}])
            page = await context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", said)
            page.on("request", asked)
            await page.goto(f"{url}{path}")
            return page

        yield open_as
    assert complaints == []
