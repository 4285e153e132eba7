"""Every page of every service, and the demo's sign-in page, in Chromium: what axe-core says of it,
in both themes and languages, on a desk and on a phone; its size, its focus, whom it asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Request, ViewportSize

from deploy.local.chromium import chromium
from services.notifier.briefs.letters import acknowledge_path, purpose
from shared.auth import COOKIE, Identity, Role, Scope, Tokens
from tests.e2e.conftest import Everything
from tests.support.accessibility import serious_findings, unmarked_focus
from tests.support.engines import AUTH_SECRET
from tests.support.everything import every_route

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(600),
]

LEAD = Identity("lead", "Lena Muster", Role.LEAD, Scope(None))
OPS = Identity("ops", "Operations", Role.OPS, Scope(None))


class View(NamedTuple):
    """How somebody looks at a page."""

    language: str
    theme: str
    viewport: ViewportSize


_MOST_BYTES = 300 * 1024
_AT_ONCE = 3
_DESK, _PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=360, height=800)
# Pages take turns: all of them in all eight ways would take many minutes.
_VIEWS = (View("en", "light", _DESK), View("de", "dark", _PHONE))
_NOWHERE = "/planner/nowhere"
_MORE = (
    *("/scheduler/?show=week", "/scheduler/?show=month", "/scheduler/?show=12weeks"),
    *("/inbox/?view=unassigned", "/inbox/?view=all", "/inbox/?view=done"),
    *(_NOWHERE, "/sign-in/"),
)


# Colours that are under way would be judged.
_SWITCH_THEME = """theme => {
  document.documentElement.dataset.theme = theme;
  document.getAnimations().forEach((one) => one.finish());
}"""
_UNTOLD_KEYS = """() => {
  const told = [...document.querySelectorAll("#shortcut-sheet kbd")].map((key) => key.textContent);
  const keys = [...document.querySelectorAll("[data-shortcut]")].map((one) => one.dataset.shortcut);
  return keys.filter((key) => !told.includes(key.toUpperCase()));
}"""


@dataclass
class Walk:
    """Opens pages and collects what is wrong with them."""

    everything: Everything
    contexts: dict[tuple[str, str], BrowserContext]
    wrong: list[str] = field(default_factory=list)

    async def see(self, path: str, who: Identity, view: View) -> None:
        page = await self.contexts[who.member_id, view.language].new_page()
        what = f"{path} ({view.language}, {view.theme}, {view.viewport['width']})"
        self._listen(page, what)
        await self._look(page, path, view, what)
        await page.close()

    async def _look(self, page: Page, path: str, view: View, what: str) -> None:
        answer = await page.goto(f"{self.everything.url}{path}")
        assert answer is not None
        size = len(await answer.body())
        if size > _MOST_BYTES:
            self._wrong(what, f"has {size} bytes")
        if await page.locator("html").get_attribute("lang") != view.language:
            self._wrong(what, "is in another language")
        await page.evaluate(_SWITCH_THEME, view.theme)
        for finding in await serious_findings(page):
            self._wrong(what, finding)
        if await page.evaluate("document.documentElement.scrollWidth") > view.viewport["width"]:
            self._wrong(what, "scrolls sideways")
        if view.viewport is _DESK:
            for key in await page.evaluate(_UNTOLD_KEYS):
                self._wrong(what, f"does not tell of the key {key}")
            for control in await unmarked_focus(page):
                self._wrong(what, f"does not show the focus of {control}")

    def _listen(self, page: Page, what: str) -> None:
        page.on("pageerror", lambda error: self._wrong(what, str(error)))
        page.on(
            "console",
            lambda said: self._wrong(what, said.text) if said.type == "error" else None,
        )
        page.on("request", lambda asked: self._asks(what, asked))

    def _asks(self, what: str, request: Request) -> None:
        if not request.url.startswith((self.everything.url, "data:")):
            self._wrong(what, f"asks another host: {request.url}")

    def _wrong(self, what: str, why: str) -> None:
        # A page that tells of an error is answered with its status, which Chromium reports.
        if _NOWHERE not in what or "status of 404" not in why:
            self.wrong.append(f"{what}: {why}")


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def walk(everything: Everything) -> AsyncIterator[Walk]:
    async with chromium() as browser:
        contexts = {
            (who.member_id, view.language): await _context(browser, everything, who, view)
            for who in (LEAD, OPS)
            for view in _VIEWS
        }
        yield Walk(everything, contexts)


async def _context(
    browser: Browser, everything: Everything, who: Identity, view: View
) -> BrowserContext:
    """One for all pages that somebody sees in a view, so that assets are loaded once."""
    context = await browser.new_context(
        viewport=view.viewport,
        locale=view.language,
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    await context.add_cookies([_session(who, everything.url)])
    return context


@pytest.mark.parametrize("place", ["planner", "scheduler", "inbox", "notifier", "sign-in"])
async def test_every_page(everything: Everything, walk: Walk, place: str) -> None:
    pages = [each async for each in _pages(everything, place)]
    assert pages
    walk.wrong.clear()
    turn = asyncio.Semaphore(_AT_ONCE)

    async def see(path: str, who: Identity, view: View) -> None:
        async with turn:
            await walk.see(path, who, view)

    views = cycle(_VIEWS)
    await asyncio.gather(*(see(path, who, next(views)) for path, who in pages))
    assert not walk.wrong, "\n".join(walk.wrong)


async def _pages(everything: Everything, place: str) -> AsyncIterator[tuple[str, Identity]]:
    """Whatever answers with a whole page, and who sees it."""
    async with httpx.AsyncClient(base_url=everything.url, timeout=20) as http:
        for path in (each for each in _paths(everything.ids) if each.startswith(f"/{place}/")):
            for who in (LEAD, OPS):
                answer = await http.get(path, headers=_headers(who))
                if "<html" in answer.text and (answer.is_success or path == _NOWHERE):
                    yield path, who
                    break


def _paths(ids: dict[str, str]) -> Iterator[str]:
    for route in every_route():
        path = route.path(ids)
        machine = path.endswith("/live") or "/api/" in path
        if route.method == "GET" and not machine and "/acknowledge/" not in path:
            yield path
    yield from _MORE
    yield f"/scheduler/responsibilities/place?client={ids['client_id']}&discipline=reporting"
    yield f"/scheduler/risk/load?away={ids['member_id']}"
    yield _link_in_a_brief(ids["notification_id"])


def _link_in_a_brief(notification_id: str) -> str:
    token = Tokens(AUTH_SECRET).issue(LEAD, timedelta(hours=1), purpose=purpose(notification_id))
    return f"/notifier{acknowledge_path(notification_id, token)}"


def _headers(who: Identity) -> dict[str, str]:
    return {"Accept": "text/html", "Cookie": f"{COOKIE}={_token(who)}"}


def _session(who: Identity, url: str) -> Any:
    return {"name": COOKIE, "value": _token(who), "url": url}


def _token(who: Identity) -> str:
    return Tokens(AUTH_SECRET).issue(who, timedelta(hours=1))
