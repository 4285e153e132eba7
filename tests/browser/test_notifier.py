"""The notifier's live page in a real Chromium: briefs arrive, are taken note of, are decided on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from playwright.async_api import Browser, Page, expect

from shared.auth import Identity, Role, Scope
from tests.browser.pages import pages
from tests.integration.notifier.mail_server import Does, MailServer
from tests.integration.notifier.others import Others, agency, completed, coverage, received
from tests.support.engines import Engines
from tests.support.processes import ServiceProcesses

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

LENA = Identity("lena", "Lena Vogt", Role.LEAD, Scope(None))
TOM = Identity("tom", "Tom Berger", Role.MEMBER, Scope(None))

Open = Callable[..., Awaitable[Page]]
mine = partial(pytest_asyncio.fixture, loop_scope="module")


@mine()
async def mail_server() -> AsyncIterator[MailServer]:
    async with MailServer().running() as server:
        yield server


@mine()
async def url(
    engines: Engines, topics: str, tmp_path: Path, mail_server: MailServer
) -> AsyncIterator[str]:
    env = {"SMTP_PORT": str(mail_server.port)}
    async with ServiceProcesses(engines, topics, tmp_path, env=env) as processes:
        await processes.start("notifier")
        yield processes.url_of("notifier")


@mine()
async def others(kafka_servers: str, topics: str) -> AsyncIterator[Others]:
    async with AIOKafkaProducer(bootstrap_servers=kafka_servers) as producer:
        yield Others(producer, topics)


@mine()
async def open_as(url: str, browser: Browser) -> AsyncIterator[Open]:
    """The live page as somebody sees it."""
    async with pages(browser, url) as open_page:

        async def open_as(who: Identity, **how: Any) -> Page:
            page = await open_page(who, **how)
            await expect(page.locator("[data-live=on]")).to_be_visible()
            return page

        yield open_as


async def test_a_brief_comes_by_itself_and_is_taken_note_of(open_as: Open, others: Others) -> None:
    tom, lena = await open_as(TOM), await open_as(LENA)
    await expect(tom.get_by_text("Nothing for you")).to_be_visible()
    await expect(tom.get_by_text("All deliveries")).to_have_count(0)
    await others.say(*agency(), coverage("c1:copywriting", "tom"))
    await others.say(completed(received("tom", "c1:copywriting"), gaps=("c2:design",)))

    await expect(tom.get_by_text("You are standing in for Jana Hoffmann: 3 items")).to_be_visible()
    row = lena.locator(".delivery-row", has_text="Brief, Tom Berger")
    await expect(row.get_by_text("Sent")).to_be_visible()
    await expect(lena.get_by_text("Gap: Design, Stadtwerke Auental")).to_be_visible()

    await tom.get_by_role("button", name="I have it").click()
    await expect(tom.locator("#briefs").get_by_text("Has it")).to_be_visible()
    await expect(tom.get_by_role("button", name="I have it")).to_have_count(0)
    await expect(row.get_by_text("Has it")).to_be_visible()


async def test_a_lead_ends_an_uncertainty(
    open_as: Open, others: Others, mail_server: MailServer
) -> None:
    mail_server.tell("tom@agency.example", Does.TAKE_AND_HANG_UP)
    lena = await open_as(LENA)
    await others.say(*agency(), completed(received("tom", "c1:copywriting"), leads=()))
    box = lena.locator(".attention")
    await expect(box.get_by_text("Unknown outcome")).to_be_visible()
    await expect(box.get_by_text("it is not sent again unless you say so")).to_be_visible()
    await box.get_by_role("button", name="It arrived").click()
    await expect(box).to_have_count(0)
    row = lena.locator(".delivery-row", has_text="Brief, Tom Berger")
    await expect(row.get_by_text("Sent")).to_be_visible()
    assert len(mail_server.taken) == 1


async def test_it_fits_a_phone_in_german(open_as: Open, others: Others) -> None:
    await others.say(*agency(), coverage("c1:copywriting", "tom"))
    await others.say(completed(received("tom", "c1:copywriting"), gaps=("c2:design",)))
    for who in (TOM, LENA):
        page = await open_as(who, width=360, language="de")
        await expect(page.get_by_role("heading", name="Mitteilungen")).to_be_visible()
        await expect(page.get_by_text("Jana Hoffmann").first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
