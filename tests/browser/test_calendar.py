"""The calendar in a real Chromium: planned by mouse and by keys, live, on a phone, no scripts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect
from pymongo import MongoClient

from shared.auth import Identity, Role, Scope, Tokens
from shared.ids import new_id
from tests.browser.pages import pages
from tests.support.accessibility import serious_findings, unmarked_focus
from tests.support.engines import AUTH_SECRET, Engines
from tests.support.fixtures import fresh_prefix, fresh_topics
from tests.support.processes import ServiceProcesses
from tests.support.waiting import eventually

# One planner for all tests: each has a client of its own, and sees nothing else.
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

RUTH = Identity("ruth", "Ruth Okafor", Role.LEAD, Scope(None))
BERLIN = ZoneInfo("Europe/Berlin")

# Asks as a drop does, and is done when the answer has been taken.
_PLAN = """(card, day) => htmx.ajax("POST", planAddress(card), {
  values: { version: card.dataset.version, day }, target: "#calendar", swap: "innerHTML" })"""
# The next live update of the days has come, whether it is drawn or held.
_LIVE = """() => new Promise((done) => {
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    if (event.target.id === "calendar") done();
  });
  window.live = true;
})"""

Json = dict[str, Any]
Open = Callable[..., Awaitable[Page]]
once = partial(pytest_asyncio.fixture, scope="module", loop_scope="module")


@pytest.fixture(scope="module")
def module_prefix(mongodb_client: MongoClient[Json]) -> Iterator[str]:
    with fresh_prefix(mongodb_client) as prefix:
        yield prefix


@once()
async def url(
    engines: Engines, module_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    async with (
        fresh_topics(engines.kafka_servers, module_prefix),
        ServiceProcesses(engines, module_prefix, tmp_path_factory.mktemp("planner")) as processes,
    ):
        await processes.start("planner")
        yield processes.url_of("planner")


class Client:
    """A client with a page, two posts in a month far ahead, and one without a day."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def make(self, path: str, **body: Any) -> Json:
        response = await self._http.post(f"/api/v1/{path}", json=body)
        assert response.status_code == 201, response.text
        made: Json = response.json()
        return made

    async def setup(self) -> None:
        self.id = (await self.make("clients", name=f"Rösterei {new_id()[-4:]}"))["id"]
        page = await self.make("pages", client_id=self.id, name="Morgenrot", platform="instagram")
        self.page = page["id"]
        self.first = await self.post("Türchen 1", "2030-12-04T07:00")
        await self.post("Türchen 2", "2030-12-05T07:00")
        self.someday = await self.post("Someday", None)
        self.who = Identity("ruth", "Ruth", Role.LEAD, Scope(frozenset({self.id})))

    async def post(self, title: str, when: str | None) -> Json:
        at = when and datetime.fromisoformat(when).replace(tzinfo=BERLIN).isoformat()
        variants = [{"page_id": self.page, "publish_at": at}]
        return await self.make("content", client_id=self.id, title=title, variants=variants)

    async def change(self, item: Json, **body: Any) -> None:
        path = f"/api/v1/content/{item['id']}"
        headers = {"If-Match": (await self._http.get(path)).headers["etag"]}
        assert (await self._http.patch(path, json=body, headers=headers)).status_code == 200

    async def due(self, item: Json) -> str | None:
        saved = (await self._http.get(f"/api/v1/content/{item['id']}")).json()
        at: str | None = saved["variants"][0]["publish_at"]
        return at


@pytest_asyncio.fixture(loop_scope="module")
async def client(url: str) -> AsyncIterator[Client]:
    token = Tokens(AUTH_SECRET).issue(RUTH, timedelta(hours=1))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as http:
        client = Client(http)
        await client.setup()
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def open_as(url: str, browser: Browser) -> AsyncIterator[Open]:
    """The calendar as somebody sees it, live where it has scripts. What is refused as out of date
    is reported as an error."""
    async with pages(browser, url, expected=("status of 412",)) as open_page:

        async def open_as(
            who: Identity,
            path: str = "/calendar?date=2030-12-01",
            *,
            scripts: bool = True,
            **how: Any,
        ) -> Page:
            page = await open_page(who, path, scripts=scripts, **how)
            if scripts:
                await expect(page.locator("[data-live=on]")).to_be_visible()
            return page

        yield open_as


def day(page: Page, date: str) -> Locator:
    return page.locator(f"#day-{date}")


def card(page: Page, title: str) -> Locator:
    return page.locator(".post-card, .undated-card").filter(has_text=title)


async def drag(page: Page, title: str, date: str) -> None:
    await card(page, title).hover()
    await page.mouse.down()
    # Twice, as Playwright advises: with `dragover` a day says that it takes the card.
    for _ in range(2):
        await day(page, date).locator(".day-head").hover()
    await page.mouse.up()


async def test_dragged_onto_a_day_and_taken_back(open_as: Open, client: Client) -> None:
    page = await open_as(client.who)
    await drag(page, "Someday", "2030-12-10")
    await expect(day(page, "2030-12-10").get_by_text("Someday")).to_be_visible()
    assert await client.due(client.someday) == "2030-12-10T08:00:00Z"
    await expect(page.get_by_text("Every post has its day.")).to_be_visible()
    await drag(page, "Someday", "2030-12-11")
    await expect(day(page, "2030-12-11").get_by_text("Someday")).to_be_visible()
    await page.get_by_role("button", name="Undo").last.click()
    await expect(day(page, "2030-12-10").get_by_text("Someday")).to_be_visible()
    assert await client.due(client.someday) == "2030-12-10T08:00:00Z"


async def test_the_next_drag_goes_on_when_the_answer_to_the_last_comes(
    open_as: Open, client: Client
) -> None:
    page = await open_as(client.who)
    await card(page, "Türchen 1").hover()
    await page.mouse.down()
    await day(page, "2030-12-13").locator(".day-head").hover()
    await card(page, "Someday").evaluate(_PLAN, "2030-12-10")
    live = asyncio.create_task(page.evaluate(_LIVE))
    await eventually(lambda: page.evaluate("'live' in window"))
    await client.post("Türchen 3", "2030-12-06T07:00")
    await live
    await day(page, "2030-12-11").locator(".day-head").hover()
    await page.mouse.up()
    await expect(day(page, "2030-12-11").get_by_text("Türchen 1")).to_be_visible()
    await expect(day(page, "2030-12-10").get_by_text("Someday")).to_be_visible()
    await expect(page.get_by_text("Goes out Tue 10 Dec, 09:00: Someday")).to_be_visible()
    assert await client.due(client.first) == "2030-12-11T06:00:00Z"
    await expect(day(page, "2030-12-06").get_by_text("Türchen 3")).to_be_visible()
    await client.post("Türchen 4", "2030-12-07T07:00")
    await expect(day(page, "2030-12-07").get_by_text("Türchen 4")).to_be_visible()


async def test_planned_by_keys_alone(open_as: Open, client: Client) -> None:
    page = await open_as(client.who)
    await card(page, "Someday").focus()
    await page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Day")).to_be_focused()
    await dialog.get_by_label("Day").fill("2030-12-06")
    await dialog.get_by_label("Time").fill("18:30")
    await dialog.get_by_role("button", name="Plan it").press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_text("Goes out Fri 6 Dec, 18:30: Someday")).to_be_visible()
    await expect(card(page, "Someday")).to_be_focused()
    await page.keyboard.press("ArrowLeft")
    await expect(card(page, "Türchen 2")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowDown")
    await expect(card(page, "Türchen 1")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Türchen 1")).to_be_visible()


async def test_what_others_do_comes_without_taking_anything_away(
    open_as: Open, client: Client
) -> None:
    page = await open_as(client.who)
    await card(page, "Türchen 1").focus()
    await client.post("Türchen 3", "2030-12-06T07:00")
    await expect(day(page, "2030-12-06").get_by_text("Türchen 3")).to_be_visible()
    await expect(page.locator("#state-draft b")).to_have_text("3")
    await expect(card(page, "Türchen 1")).to_be_focused()

    await page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Time").fill("11:00")
    await client.change(client.first, title="Türchen 1, neu")
    await expect(card(page, "Türchen 1, neu")).to_be_visible()
    await expect(dialog.get_by_label("Time")).to_have_value("11:00")
    await dialog.get_by_role("button", name="Plan it").click()
    await expect(dialog.get_by_text("Somebody else changed this")).to_be_visible()
    assert await client.due(client.first) == "2030-12-04T06:00:00Z"


async def test_an_empty_slot_and_c_lead_to_a_new_post_on_that_day(
    open_as: Open, client: Client
) -> None:
    page = await open_as(client.who)
    await day(page, "2030-12-12").click(position={"x": 60, "y": 90})
    goes_out = page.get_by_label("Morgenrot: goes out")
    await expect(goes_out).to_have_value("2030-12-12T09:00")
    await page.go_back()
    await page.locator("#open-2030-12-13").focus()
    await page.keyboard.press("c")
    await expect(goes_out).to_have_value("2030-12-13T09:00")
    await expect(page.get_by_role("checkbox", name="Morgenrot")).to_be_checked()


async def test_filters_and_views_are_in_the_address(open_as: Open, client: Client) -> None:
    await client.post("Past", "2020-01-15T09:00")
    page = await open_as(client.who)
    await page.get_by_label("Who has it").select_option("none")
    await expect(
        page.get_by_text("Nothing goes out here that matches these filters")
    ).to_be_visible()
    assert "who=none" in page.url
    assert "date=2030-12-01" in page.url
    await page.get_by_role("link", name="Clear filters").first.click()
    await page.get_by_role("link", name="Week", exact=True).click()
    await expect(page.locator(".calendar-title")).to_contain_text("Week 48, 25 Nov")
    await page.get_by_role("link", name="Later").click()
    await expect(day(page, "2030-12-05").get_by_text("Türchen 2")).to_be_visible()
    await page.get_by_role("link", name="Thursday 5 December 2030").click()
    await expect(card(page, "Türchen 2")).to_be_visible()
    assert "view=day" in page.url


async def test_it_fits_a_phone_in_german(open_as: Open, client: Client) -> None:
    for query in ("?date=2030-12-01", "?view=week&date=2030-12-05", "?view=day&date=2030-12-05"):
        page = await open_as(client.who, f"/calendar{query}", width=360, language="de")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, query
        await expect(card(page, "Türchen 2")).to_be_visible()
        await page.context.close()
    page = await open_as(client.who, width=360, language="de")
    await page.locator(".day-strip a[href='#day-2030-12-05']").click()
    await expect(day(page, "2030-12-05")).to_be_in_viewport()
    form = page.get_by_role("link", name="Someday planen")
    await form.click()
    await expect(page.get_by_role("dialog").get_by_label("Uhrzeit")).to_be_visible()


@pytest.mark.parametrize("query", ["", "&view=week", "&view=day"])
async def test_it_is_for_everybody(open_as: Open, client: Client, query: str) -> None:
    page = await open_as(client.who, f"/calendar?date=2030-12-05{query}")
    assert await serious_findings(page) == []
    if not query:
        assert await unmarked_focus(page) == []
        await page.get_by_role("link", name="Plan Someday").click()
        await expect(page.get_by_role("dialog").get_by_label("Day")).to_be_visible()
        assert await serious_findings(page) == []


async def test_it_plans_without_scripts(open_as: Open, client: Client) -> None:
    page = await open_as(client.who, scripts=False)
    await page.get_by_role("link", name="Plan Someday").click()
    await page.get_by_label("Day").fill("2030-12-24")
    await page.get_by_label("Time").fill("18:00")
    await page.get_by_role("button", name="Plan it").click()
    await expect(day(page, "2030-12-24").get_by_text("Someday")).to_be_visible()
    assert await client.due(client.someday) == "2030-12-24T17:00:00Z"
    assert datetime.now(UTC) < datetime(2030, 12, 1, tzinfo=UTC), "choose months ahead again"
