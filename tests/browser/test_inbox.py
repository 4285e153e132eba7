"""The inbox in a real Chromium: reading, claiming, noting, done and undone, live, by keyboard."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Browser, Page, Route, expect
from pydantic import SecretStr

from services.inbox.app import create_app
from services.inbox.conversations.listing import ROWS
from services.inbox.settings import InboxSettings
from shared.clock import utc_now
from shared.events.inbox import MessageReceived
from shared.mongo import Mongo
from shared.service import Service
from tests.browser.pages import Open, pages
from tests.integration.inbox.team import LEAD, MIRA, TOM, away
from tests.integration.inbox.test_intake import set_up, taken_in
from tests.integration.inbox.world import World, rows, world_of
from tests.support.accessibility import serious_findings
from tests.support.engines import AUTH_SECRET, Engines
from tests.support.ports import free_port
from tests.support.waiting import eventually
from tests.unit.inbox.conversing import message

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

mine = partial(pytest_asyncio.fixture, loop_scope="module")


@mine()
async def url(engines: Engines, topics: str) -> AsyncIterator[str]:
    """An inbox in this process, served as in its own."""
    port = free_port()
    settings = InboxSettings(
        kafka_bootstrap_servers=engines.kafka_servers,
        mongodb_uri=engines.mongodb_uri,
        database_prefix=topics,
        topic_prefix=topics,
        topic_partitions_max=2,
        port=port,
        auth_secret=SecretStr(AUTH_SECRET),
    )
    app = create_app(settings)
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1)
    )
    serving = asyncio.create_task(server.serve())
    service: Service = app.state.service

    async def ready() -> bool:
        return server.started and not await service.readiness()

    await eventually(ready)
    yield f"http://127.0.0.1:{port}/inbox"
    app.state.streams.stop()
    server.should_exit = True
    await serving


@mine()
async def database(engines: Engines, topics: str, url: str) -> AsyncIterator[Mongo]:
    mongo = Mongo(engines.mongodb_uri, f"{topics}inbox")
    yield mongo
    await mongo.close()


@mine()
async def world(engines: Engines, topics: str, database: Mongo) -> AsyncIterator[World]:
    """Jana has fallen ill: Tom acts for one of her pages, nobody for the other."""
    async with world_of(engines.kafka_servers, topics) as world:
        await set_up(world, database)
        await world.says([written(1), written(2), written(3, author_name="Uwe Petersen")])
        await world.says([written(4, page_id="auental", author_name="Sabine Grothe")])
        await taken_in(database, 4)
        await world.says(away("jana", {"morgenrot": "tom", "auental": None}, epoch=2))

        async def handed_over() -> bool:
            return bool(await rows(database, "handover_runs", state="answered"))

        await eventually(handed_over)
        yield world


def written(number: int, **fields: Any) -> MessageReceived:
    """A message of some minutes ago, the later the higher its number."""
    author = fields.get("author_name", "Katrin Lohse")
    given: dict[str, Any] = {
        "page_id": "morgenrot",
        "author_id": author.lower(),
        "sent_at": utc_now() - timedelta(minutes=90 - number),
    }
    return message(number, **(given | fields))


@mine()
async def open_as(url: str, browser: Browser) -> AsyncIterator[Open]:
    """The inbox as somebody sees it, in a browser elsewhere. Chromium also reports refusals, which
    the page tells about itself, and htmx refreshes that gave way to what somebody did."""
    expected = ("status of 412", "htmx:sendAbort", "htmx:afterRequest")
    async with pages(browser, url, expected=expected, time_zone="UTC") as open_as:
        yield open_as


def row(page: Page, author: str) -> Any:
    return page.locator(".conversation", has_text=author)


async def read(page: Page, author: str) -> None:
    """Opens the conversation and waits until htmx has taken the new part of the page over."""
    await row(page, author).click()
    await expect(page.locator("#thread-head")).to_contain_text(author)
    await expect(page.locator(".htmx-added")).to_have_count(0)


async def test_the_deputy_sees_for_whom_and_a_gap_is_seen(world: World, open_as: Open) -> None:
    tom = await open_as(TOM)
    await expect(tom.locator(".conversation")).to_have_count(2)
    await expect(tom.locator("#views .stand-in")).to_contain_text("You act for Jana")
    await expect(row(tom, "Katrin Lohse").locator(".avatar-deputy")).to_have_count(1)
    await tom.locator("#views").get_by_role("link", name="Whole team").click()
    await expect(row(tom, "Sabine Grothe")).to_contain_text("uncovered")
    await tom.locator("#views").get_by_role("link", name=re.compile("^Uncovered")).click()
    await expect(tom.locator(".conversation")).to_have_count(1)


async def test_a_conversation_opens_beside_the_list(world: World, open_as: Open) -> None:
    tom = await open_as(TOM)
    await read(tom, "Katrin Lohse")
    await expect(tom.locator("#timeline .message")).to_have_count(2)
    await expect(tom.locator("#thread-head")).to_contain_text("Tom, for Jana")
    await expect(tom.locator("#facts")).to_contain_text("Jana Hartmann")
    await expect(tom).to_have_url(re.compile("/inbox/conversations/"))
    await expect(row(tom, "Katrin Lohse").locator("[aria-current]")).to_have_count(1)
    await read(tom, "Uwe Petersen")
    await expect(tom.locator("#timeline .message")).to_have_count(1)
    await tom.go_back()
    await expect(tom.locator("#timeline .message")).to_have_count(2)
    await tom.reload()
    await expect(tom.locator("#timeline .message")).to_have_count(2)


async def test_messages_show_the_platforms_time_in_the_members_zone(
    world: World, open_as: Open
) -> None:
    tom = await open_as(TOM)
    await read(tom, "Uwe Petersen")
    shown = tom.locator("#timeline .message time")
    sent_at = datetime.fromisoformat(await shown.get_attribute("datetime") or "")
    assert abs(sent_at - written(3).sent_at) < timedelta(minutes=5)
    await expect(shown).to_have_attribute("title", re.compile("CES?T"))
    await expect(tom.locator(".strip")).to_contain_text("Europe/Berlin")


async def test_a_note_is_written_and_seen_by_others_at_once(world: World, open_as: Open) -> None:
    tom, mira = await open_as(TOM), await open_as(MIRA, "/?view=all")
    await read(mira, "Katrin Lohse")
    await read(tom, "Katrin Lohse")
    await tom.keyboard.press("n")
    await tom.keyboard.type("Versand sucht das Paket.")
    await tom.get_by_role("button", name="Save note").click()
    for page in (tom, mira):
        await expect(page.locator(".message-note")).to_contain_text("Versand sucht das Paket.")
    await expect(tom.locator("#note")).to_have_value("")


async def test_live_changes_lose_neither_the_typed_note_nor_the_place_in_the_list(
    world: World, database: Mongo, open_as: Open
) -> None:
    await world.says([written(n, author_name=f"Gast {n}") for n in range(10, 30)])
    await taken_in(database, 24)
    tom = await open_as(TOM)
    await expect(tom.locator("[data-live=on]")).to_be_visible()
    await read(tom, "Katrin Lohse")
    await tom.locator("#note").fill("half a thought")
    scroller = tom.locator(".inbox-list")
    await scroller.evaluate("list => list.scrollTop = 700")
    await world.says([written(50), written(51, author_name="Neu Hier")])
    await expect(tom.locator("#timeline .message")).to_have_count(3)
    await expect(row(tom, "Neu Hier")).to_have_count(1)
    await expect(tom.locator("#list-title")).to_contain_text("23 open")
    await expect(tom.locator("#views").get_by_role("link", name="Mine")).to_contain_text("23")
    await expect(row(tom, "Katrin Lohse").locator("[aria-current]")).to_have_count(1)
    assert await scroller.evaluate("list => list.scrollTop") == 700
    await expect(tom.locator("#note")).to_have_value("half a thought")
    await expect(tom.locator("#note")).to_be_focused()


async def test_live_changes_leave_the_keyboard_and_the_rows_where_they_are(
    world: World, database: Mongo, open_as: Open
) -> None:
    await world.says([written(n, author_name=f"Gast {n}") for n in range(10, 45)])
    await taken_in(database, 39)
    tom = await open_as(TOM)
    await expect(tom.locator("[data-live=on]")).to_be_visible()
    await tom.get_by_role("link", name="Show more").click()
    await expect(tom.locator(".conversation")).to_have_count(37)
    await tom.keyboard.press("j")
    await tom.keyboard.press("j")
    await expect(row(tom, "Uwe Petersen")).to_be_focused()
    await world.says([written(60, author_name="Neu Hier")])
    await expect(tom.locator(".conversation")).to_have_count(38)
    await expect(row(tom, "Uwe Petersen")).to_be_focused()


async def test_what_changes_while_a_refresh_is_under_way_is_shown_after_it(
    world: World, open_as: Open
) -> None:
    tom = await open_as(TOM)
    await expect(tom.locator("[data-live=on]")).to_be_visible()
    await tom.evaluate(
        "window.changes = 0; document.addEventListener('sse:changed', () => window.changes++)"
    )
    drawn = asyncio.Event()

    async def held(route: Route) -> None:
        answer = await route.fetch()
        if "Erste" in await answer.text() and not drawn.is_set():
            drawn.set()
            known = await tom.evaluate("window.changes")
            await world.says([written(61, author_name="Zweite")])
            await tom.wait_for_function("known => window.changes > known", arg=known)
        await route.fulfill(response=answer)

    await tom.route("**/refresh?**", held)
    await world.says([written(60, author_name="Erste")])
    # Sooner than by the look that is taken now and then.
    await expect(row(tom, "Zweite")).to_have_count(1, timeout=20_000)
    assert drawn.is_set()


async def test_done_by_key_and_undone(world: World, open_as: Open) -> None:
    tom = await open_as(TOM)
    await read(tom, "Uwe Petersen")
    await tom.keyboard.press("e")
    await expect(tom.locator(".toast")).to_contain_text("The conversation is done.")
    await expect(row(tom, "Uwe Petersen")).to_have_count(0)
    await expect(tom.locator("#thread-head")).to_contain_text("Done by Tom Berger")
    await tom.get_by_role("button", name="Undo").click()
    await expect(row(tom, "Uwe Petersen")).to_have_count(1)
    await expect(tom.locator("#thread-head")).to_contain_text("Oldest open message")


async def test_assigned_by_key_to_a_colleague_who_sees_it_come(world: World, open_as: Open) -> None:
    tom, mira = await open_as(TOM), await open_as(MIRA)
    await expect(mira.locator("[data-live=on]")).to_be_visible()
    await expect(mira.get_by_text("Nobody is waiting here")).to_be_visible()
    await read(tom, "Katrin Lohse")
    await tom.keyboard.press("a")
    await expect(tom.locator("#assign")).to_be_visible()
    assert await serious_findings(tom) == []
    await expect(tom.locator("#assign")).not_to_contain_text("Otto Fremd")
    await tom.locator("#assign").get_by_role("button", name="Mira Adler").click()
    await expect(tom.locator("#thread-head")).to_contain_text("Mira Adler")
    await expect(row(mira, "Katrin Lohse")).to_have_count(1)


async def test_an_uncovered_conversation_is_claimed(world: World, open_as: Open) -> None:
    mira = await open_as(MIRA, "/?view=unassigned")
    await read(mira, "Sabine Grothe")
    await mira.locator("#thread-head").get_by_role("button", name="Uncovered").click()
    await mira.get_by_role("button", name="I take it").click()
    await expect(mira.locator("#thread-head")).to_contain_text("Mira Adler")
    await expect(row(mira, "Sabine Grothe")).to_have_count(0)


async def test_who_decided_on_an_old_state_is_told_so(world: World, open_as: Open) -> None:
    tom = await open_as(TOM)
    await read(tom, "Katrin Lohse")
    await tom.locator("#version").evaluate("field => field.value = '99'")
    await tom.get_by_role("button", name="Done").click()
    await expect(tom.locator("#problems")).to_contain_text("in the meantime")
    await expect(tom.locator("#timeline .message")).to_have_count(2)


async def test_what_strangers_write_is_text(world: World, database: Mongo, open_as: Open) -> None:
    evil = "<script>document.title='got you'</script> https://example.com/ " + "lang" * 200
    await world.says([written(60, text=evil, author_name="<b>Eve</b>")])
    await taken_in(database, 5)
    tom = await open_as(TOM)
    await read(tom, "<b>Eve</b>")
    await expect(tom.locator("#timeline .message-text")).to_have_text(evil)
    await expect(tom.locator("#timeline a")).to_have_count(0)
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not await tom.evaluate(wide)
    assert "got you" not in await tom.title()


async def test_the_list_goes_on_to_its_end(world: World, database: Mongo, open_as: Open) -> None:
    count = 4 * ROWS + 10
    await world.says([written(100 + n, author_name=f"Gast {n}") for n in range(count)])
    await taken_in(database, 4 + count)
    tom = await open_as(TOM)
    seen: set[str] = set()
    for _ in range(10):
        ids = await tom.locator(".conversation").evaluate_all("all => all.map(one => one.id)")
        seen |= set(ids)
        more = tom.get_by_role("link", name="Show more")
        if not await more.count():
            break
        async with tom.expect_response(re.compile("rows=|cursor=")):
            await more.click()
        await expect(tom.locator(f"#{ids[0]}" if len(seen) < 100 else "#rows")).to_be_visible()
    assert len(seen) == count + 2


async def test_the_keyboard_goes_through_the_list(world: World, open_as: Open) -> None:
    tom = await open_as(TOM)
    await tom.keyboard.press("j")
    await tom.keyboard.press("j")
    await tom.keyboard.press("Enter")
    await expect(tom.locator("#thread-head")).to_contain_text("Uwe Petersen")
    await tom.keyboard.press("?")
    await expect(tom.locator("#shortcut-sheet")).to_contain_text("assign the conversation")
    assert await serious_findings(tom) == []


async def test_on_a_phone_the_list_or_the_conversation(world: World, open_as: Open) -> None:
    tom = await open_as(TOM, width=360, language="de")
    await expect(tom.locator(".inbox-list .stand-in")).to_contain_text("Sie vertreten Jana")
    await expect(tom.locator("#thread")).to_be_hidden()
    await read(tom, "Katrin Lohse")
    await expect(tom.locator("#timeline")).to_be_visible()
    await expect(tom.locator(".inbox-list")).to_be_hidden()
    assert await tom.evaluate("document.documentElement.scrollWidth") == 360
    await tom.get_by_role("link", name="Zurück zur Liste").click()
    await expect(tom.locator(".inbox-list")).to_be_visible()


async def test_without_javascript_it_can_be_read(world: World, open_as: Open) -> None:
    tom = await open_as(TOM, scripts=False)
    await row(tom, "Katrin Lohse").click()
    await expect(tom.locator("#timeline .message")).to_have_count(2)


async def test_messages_of_unknown_pages_are_shown_to_the_lead_alone(
    world: World, open_as: Open
) -> None:
    """They come by themselves: both look already when the message arrives."""
    lead = await open_as(LEAD)
    tom = await open_as(TOM)
    await expect(lead.locator("#views")).not_to_contain_text("Waiting for their page")
    await world.says([written(70, page_id="nowhere")])
    await expect(lead.locator("#views")).to_contain_text("Waiting for their page")
    await expect(tom.locator("#views")).not_to_contain_text("Waiting for their page")
