"""The plan in a real Chromium: a first post, live lists, undo, conflicts, phones, no scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from playwright.async_api import Browser, Locator, Page, expect
from pymongo import MongoClient

from shared.auth import Identity, Role, Scope, Tokens
from tests.browser.pages import Open, pages
from tests.integration.planner.scheduler import Scheduler, coverage, member
from tests.support.engines import AUTH_SECRET, Engines
from tests.support.fixtures import fresh_prefix, fresh_topics
from tests.support.processes import ServiceProcesses
from tests.support.waiting import eventually

# One planner for all tests: each has a client of its own, and sees nothing else.
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

RUTH = Identity("ruth", "Ruth Okafor", Role.LEAD, Scope(None))
TOM = Identity("tom", "Tom", Role.MEMBER, Scope(None))

Json = dict[str, Any]
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


@once()
async def team(kafka_servers: str, module_prefix: str, url: str) -> AsyncIterator[Scheduler]:
    """Tom and Jana are here."""
    async with AIOKafkaProducer(bootstrap_servers=kafka_servers) as producer:
        scheduler = Scheduler(producer, module_prefix)
        await scheduler.send(member("tom"))
        await scheduler.send(member("jana"))
        yield scheduler


@pytest_asyncio.fixture(loop_scope="module")
async def open_as(url: str, browser: Browser) -> AsyncIterator[Open]:
    """The page as somebody sees it. What is refused as out of date is reported as an error."""
    async with pages(browser, url, expected=("status of 412",)) as open_as:
        yield open_as


class Client:
    """A client with a page and a post, made over the API, as the lead."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def make(self, path: str, **body: Any) -> Json:
        response = await self._http.post(f"/api/v1/{path}", json=body)
        assert response.status_code == 201, response.text
        made: Json = response.json()
        return made

    async def setup(self) -> None:
        self.id = (await self.make("clients", name="Rösterei Morgenrot"))["id"]
        page = await self.make("pages", client_id=self.id, name="Morgenrot", platform="instagram")
        at = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        variants = [{"page_id": page["id"], "publish_at": at}]
        self.post = await self.make(
            "content", client_id=self.id, title="Türchen 1", text="Guji.", variants=variants
        )
        self.path = f"/content/{self.post['id']}"

    async def task(self, title: str, **fields: Any) -> Json:
        due_at = (datetime.now(UTC) + timedelta(hours=30)).isoformat()
        body = {"discipline": "copywriting", "title": title, "due_at": due_at}
        return await self.make(f"content/{self.post['id']}/tasks", **(body | fields))

    async def drop(self, task: Json) -> str | None:
        """Take the task away again; returns who had it."""
        headers = {"If-Match": f'"{task["version"]}"'}
        found = await self._http.post(f"/api/v1/tasks/{task['id']}/drop", headers=headers)
        holder: str | None = found.json()["holder"]
        return holder

    def seen_by(self, who: Identity) -> Identity:
        return replace(who, scope=Scope(frozenset({self.id})))

    async def holder(self, task: Json) -> str | None:
        found = await self._http.get(f"/api/v1/tasks/{task['id']}")
        holder: str | None = found.json()["holder"]
        return holder


@pytest_asyncio.fixture(loop_scope="module")
async def client(url: str, team: Scheduler) -> AsyncIterator[Client]:
    """Jana acts for its copywriting."""
    token = Tokens(AUTH_SECRET).issue(RUTH, timedelta(hours=1))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as http:
        client = Client(http)
        await client.setup()
        await team.send(coverage(client.id, "jana"))

        async def told() -> bool:
            probe = await client.task("Does Jana act yet?")
            return await client.drop(probe) == "jana"

        await eventually(told)
        yield client


def row(page: Page, title: str) -> Locator:
    return page.locator(".task").filter(has=page.get_by_role("link", name=title, exact=True))


def holder(page: Page, title: str) -> Locator:
    return row(page, title).locator(".task-holder")


async def test_a_new_agency_gets_to_its_first_task(open_as: Open) -> None:
    page = await open_as(RUTH)
    await page.get_by_role("link", name="New client").click()
    await page.get_by_label("Name").fill("Rösterei Morgenrot")
    await page.get_by_role("button", name="Create client").click()
    await page.get_by_label("Platform").select_option("instagram")
    await page.locator("#name").first.fill("Morgenrot")
    await page.get_by_role("button", name="Add page").click()
    await expect(page.get_by_label("Name").first).to_have_value("Morgenrot")

    await page.goto(page.url.split("/clients")[0] + "/")
    await page.keyboard.press("c")
    await page.get_by_label("Title").fill("Türchen 1")
    await page.get_by_role("checkbox", name="Morgenrot").check()
    await page.get_by_label("Morgenrot: goes out").fill("2030-12-01T09:00")
    await page.get_by_label("Text").fill("Guji, washed.")
    await page.get_by_role("button", name="Create post").click()
    await expect(page.get_by_role("heading", name="Türchen 1")).to_be_visible()

    await page.get_by_text("Add a task").click()
    await page.get_by_label("What is to be done").fill("Final text")
    await page.get_by_label("Discipline").select_option("copywriting")
    await page.get_by_label("Due", exact=True).fill("2030-11-30T18:00")
    await page.get_by_role("button", name="Add task").click()
    await expect(row(page, "Final text").get_by_text("Uncovered")).to_be_visible()


async def test_what_one_does_the_other_sees_and_can_be_undone(
    open_as: Open, client: Client
) -> None:
    await client.task("Final text")
    tom, ruth = await open_as(client.seen_by(TOM)), await open_as(client.seen_by(RUTH))
    await expect(ruth.locator("[data-live=on]")).to_be_visible()
    await expect(holder(ruth, "Final text").get_by_text("Jana")).to_be_visible()
    await row(tom, "Final text").get_by_role("button", name="Done: Final text").click()
    await expect(row(ruth, "Final text")).to_have_count(0)
    await tom.get_by_role("button", name="Undo").click()
    await expect(row(ruth, "Final text")).to_be_visible()
    await expect(row(tom, "Final text")).to_be_visible()


async def test_a_task_comes_by_itself_and_is_given_to_somebody(
    open_as: Open, client: Client
) -> None:
    page = await open_as(client.seen_by(RUTH), client.path)
    await expect(page.locator("[data-live=on]")).to_be_visible()
    task = await client.task("Caption")
    await expect(holder(page, "Caption").get_by_text("Jana")).to_be_visible()
    await row(page, "Caption").get_by_label("More for Caption").click()
    await row(page, "Caption").get_by_label("Who gets it").select_option("tom")
    await row(page, "Caption").get_by_role("button", name="Give to").click()
    await expect(page.get_by_text("Tom has it now: Caption")).to_be_visible()
    assert await client.holder(task) == "tom"
    await page.get_by_role("button", name="Undo").click()
    await expect(holder(page, "Caption").get_by_text("Jana")).to_be_visible()


async def test_the_filters_combine(open_as: Open, client: Client) -> None:
    await client.task("Final text")
    await client.task("Picture", discipline="design")
    page = await open_as(client.seen_by(RUTH))
    await page.get_by_label("Discipline").select_option("design")
    await expect(row(page, "Final text")).to_have_count(0)
    await expect(row(page, "Picture").get_by_text("Uncovered")).to_be_visible()
    await page.get_by_label("Who has it").select_option("jana")
    await expect(page.get_by_text("Nothing matches these filters")).to_be_visible()
    assert "discipline=design" in page.url
    await page.get_by_role("link", name="Show everything that is open").click()
    await expect(row(page, "Final text")).to_be_visible()


async def test_a_post_on_its_way(open_as: Open, client: Client) -> None:
    page = await open_as(client.seen_by(RUTH), client.path)
    status = page.locator("#status")
    await status.get_by_role("button", name="Ask for approval").click()
    await status.get_by_label("What should change?").fill("Shorter, please.")
    await status.get_by_role("button", name="Send back").click()
    await expect(status.get_by_text("Shorter, please.")).to_be_visible()
    await status.get_by_role("button", name="Ask for approval").click()
    await status.get_by_role("button", name="Approve revision 1").click()
    await status.get_by_role("button", name="Schedule", exact=True).click()
    await expect(status.get_by_text("Scheduled")).to_be_visible()
    await page.get_by_role("button", name="Undo").last.click()
    await expect(status.locator(".chip").first).to_have_text("Approved")


async def test_two_texts_at_once_are_both_kept(open_as: Open, client: Client) -> None:
    ruth = await open_as(client.seen_by(RUTH), client.path)
    tom = await open_as(client.seen_by(TOM), client.path)
    await expect(tom.locator("[data-live=on]")).to_be_visible()
    await tom.get_by_label("The post's text").fill("Guji, natural.")
    await ruth.get_by_label("The post's text").fill("Guji, washed.")
    await ruth.get_by_role("button", name="Save as revision 2").click()
    await expect(tom.get_by_text("saved revision 2 meanwhile")).to_be_visible()
    await expect(tom.get_by_label("The post's text")).to_have_value("Guji, natural.")
    await tom.get_by_role("button", name="Save as revision 2").click()
    await expect(tom.get_by_text("Saved now: revision 2")).to_be_visible()
    await expect(tom.get_by_text("Guji, washed.").first).to_be_visible()
    await expect(tom.get_by_label("The post's text")).to_have_value("Guji, natural.")
    await tom.get_by_role("button", name="Save as revision 3").click()
    await expect(tom.get_by_text("Revision 3", exact=True)).to_be_visible()
    await expect(tom.get_by_label("The post's text")).to_have_value("Guji, natural.")


async def test_all_pages_fit_a_phone_in_german(open_as: Open, client: Client) -> None:
    task = await client.task("Endgültiger Text für das allererste Türchen im Adventskalender")
    for path in (
        "/",
        "/content",
        "/clients",
        f"/clients/{client.id}",
        client.path,
        f"/tasks/{task['id']}",
        "/content/new",
        "/tasks/new",
    ):
        page = await open_as(client.seen_by(RUTH), path, width=360, language="de")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert await page.locator("html").get_attribute("lang") == "de"
        await page.context.close()


async def test_it_reads_and_works_without_scripts(open_as: Open, client: Client) -> None:
    await client.task("Final text")
    page = await open_as(client.seen_by(RUTH), scripts=False)
    await expect(row(page, "Final text")).to_be_visible()
    await row(page, "Final text").get_by_role("button", name="Done: Final text").click()
    await expect(row(page, "Final text")).to_have_count(0)
    await page.goto(f"{page.url.rstrip('/')}{client.path}")
    await page.get_by_role("button", name="Ask for approval").click()
    await expect(page.locator("#status").get_by_text("In review")).to_be_visible()
