"""The simulated platform keeps what people write, and delivers it whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.platform.app import create_app
from deploy.local.platform.domain import Network, Page, author_id
from deploy.local.platform.generator import write
from deploy.local.platform.settings import PlatformSettings
from deploy.local.platform.words import TOPICS
from deploy.local.processes import Process
from deploy.local.programs import platform
from deploy.local.settings import LocalSettings
from tests.integration.demo.receiver import SECRET, Receiver, receiving
from tests.support.ports import free_port
from tests.support.waiting import eventually

API = "/platform/api"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@asynccontextmanager
async def running(settings: PlatformSettings) -> AsyncIterator[httpx.AsyncClient]:
    """The platform within this process, and a browser on it."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://platform") as browser,
    ):
        yield browser


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """On a platform that delivers nothing twice on purpose."""
    settings = PlatformSettings(database=tmp_path / "platform.db", delivered_twice=0)
    async with running(settings) as browser:
        yield browser


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    settings = LocalSettings(state=tmp_path, platform_port=free_port())
    process = platform(settings, env={"PLATFORM_DELIVERED_TWICE": "0"})
    await process.start()
    yield process
    await process.stop()


async def connect(browser: httpx.AsyncClient, url: str, secret: str = SECRET) -> None:
    body = {
        "network": "instagram",
        "name": "Rösterei",
        "handle": "@roesterei",
        "topic": "coffee",
        "webhook_url": url,
        "webhook_secret": secret,
        "posts": {"post-1": "Der erste Advent"},
    }
    (await browser.put(f"{API}/pages/roesterei", json=body)).raise_for_status()


async def say(browser: httpx.AsyncClient, text: str, **more: Any) -> dict[str, Any]:
    body = {"author_name": "Katrin Lohse", "text": text, **more}
    answer = await browser.post(f"{API}/pages/roesterei/messages", json=body)
    answer.raise_for_status()
    message: dict[str, Any] = answer.json()
    return message


async def test_a_message_arrives_signed_and_as_it_was_written(
    browser: httpx.AsyncClient, receiver: Receiver
) -> None:
    await connect(browser, receiver.url)

    written = await say(browser, "Gibt es Sidamo?", kind="comment", thread="post-1")

    [arrived] = await eventually(lambda: receiver.taken)
    assert arrived == {
        "platform_message_id": written["id"],
        "author_id": "instagram/katrin-lohse",
        "author_name": "Katrin Lohse",
        "kind": "comment",
        "thread": "post-1",
        "text": "Gibt es Sidamo?",
        "sent_at": arrived["sent_at"],
    }


async def test_a_receiver_that_refuses_is_asked_again(
    browser: httpx.AsyncClient, receiver: Receiver
) -> None:
    receiver.answers = 503
    await connect(browser, receiver.url)
    written = await say(browser, "Hallo?")
    await eventually(lambda: receiver.refused > 1)

    receiver.answers = 202

    await eventually(lambda: receiver.ids == [written["id"]])


async def test_what_a_killed_platform_had_not_delivered_is_delivered_later(
    process: Process,
) -> None:
    port = free_port()
    async with httpx.AsyncClient(base_url=f"http://{process.where}") as browser:
        await connect(browser, f"http://127.0.0.1:{port}/webhook")
        written = [(await say(browser, f"Nachricht {number}"))["id"] for number in range(20)]
    process.kill()
    await process.start()

    async with receiving(port) as receiver:
        await eventually(lambda: len(receiver.taken) >= 20)

    assert sorted(receiver.ids) == sorted(written)


async def test_messages_wait_for_their_page_to_be_connected(
    browser: httpx.AsyncClient, receiver: Receiver
) -> None:
    body = {"network": "instagram", "name": "Rösterei", "topic": "coffee"}
    await browser.put(f"{API}/pages/roesterei", json=body)
    written = await say(browser, "Zu früh?")

    await connect(browser, receiver.url)

    await eventually(lambda: receiver.ids == [written["id"]])


async def test_some_messages_are_delivered_twice_under_the_same_id(
    tmp_path: Path, receiver: Receiver
) -> None:
    settings = PlatformSettings(database=tmp_path / "platform.db", delivered_twice=1)
    async with running(settings) as browser:
        await connect(browser, receiver.url)
        await say(browser, "Einmal geschrieben")

        await eventually(lambda: len(receiver.taken) == 2)

    assert receiver.taken[0] == receiver.taken[1]
    assert len(set(receiver.webhook_ids)) == 1


async def test_writing_with_the_same_id_again_changes_nothing(
    browser: httpx.AsyncClient, receiver: Receiver
) -> None:
    await connect(browser, receiver.url)
    first = await say(browser, "Erst so", id="m-1", sent_at="2026-11-24T10:42:00+01:00")

    again = await say(browser, "Dann anders", id="m-1")

    assert again == first
    assert len((await browser.get(f"{API}/pages/roesterei/messages")).json()) == 1


async def test_people_write_by_themselves_only_while_they_are_let(
    tmp_path: Path, receiver: Receiver
) -> None:
    settings = PlatformSettings(database=tmp_path / "platform.db", messages_per_minute=6000)
    async with running(settings) as browser:
        await connect(browser, receiver.url)
        assert (await browser.get(f"{API}/state")).json()["messages"] == 0

        await browser.put(f"{API}/chatter", json={"on": True})

        await eventually(lambda: len(set(receiver.ids)) > 20)


async def test_a_person_can_write_on_the_page(
    browser: httpx.AsyncClient, receiver: Receiver
) -> None:
    await connect(browser, receiver.url)
    form = {"author_name": "Jörg Thiele", "text": "Bezahlen auf Rechnung?", "where": "post:post-1"}

    sent = await browser.post("/platform/pages/roesterei", data=form)
    page = await browser.get(sent.headers["location"], headers={"Accept-Language": "de"})

    assert "Bezahlen auf Rechnung?" in page.text
    assert "Abgeschickt" in page.text
    [arrived] = await eventually(lambda: receiver.taken)
    assert (arrived["author_id"], arrived["thread"]) == ("instagram/joerg-thiele", "post-1")


async def test_the_page_runs_no_scripts_and_is_in_the_readers_language(
    browser: httpx.AsyncClient,
) -> None:
    page = await browser.get("/platform/", headers={"Accept-Language": "en"})

    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "A simulated platform" in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text


async def test_another_site_cannot_write_for_a_visitor(browser: httpx.AsyncClient) -> None:
    answer = await browser.post(
        "/platform/chatter", data={"on": "true"}, headers={"Origin": "https://elsewhere.example"}
    )

    assert answer.status_code == 403


def test_the_same_seed_says_the_same_and_different_people_say_different_things() -> None:
    page = Page("p", Network.MASTODON, "Radwerk", "@radwerk", "bikes")

    texts = [write(1, number, page, [], []).text for number in range(200)]

    assert texts == [write(1, number, page, [], []).text for number in range(200)]
    assert len(set(texts)) > 150


@pytest.mark.parametrize("topic", TOPICS)
def test_every_gap_of_every_sentence_is_filled(topic: str) -> None:
    page = Page("p", Network.FACEBOOK, "Seite", "", topic)

    texts = [write(7, number, page, [], []).text for number in range(500)]

    assert not [text for text in texts if "{" in text]


def test_accounts_are_named_after_their_people() -> None:
    assert author_id(Network.FACEBOOK, "Birgül Yıldız-Groß") == "facebook/birguel-yildiz-gross"
