"""The front door: paths kept, streams unbuffered, a restart behind it unnoticed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.local.probes import answers_http
from deploy.local.processes import Process
from deploy.local.programs import front_door
from deploy.local.settings import HOST, LocalSettings
from tests.support.ports import free_port
from tests.support.waiting import eventually

_STUB = Path(__file__).with_name("stub_service.py")


@pytest.fixture
async def settings(tmp_path: Path) -> LocalSettings:
    return LocalSettings(
        state=tmp_path,
        replicas=2,
        port=free_port(),
        planner_port=free_port(),
        scheduler_port=free_port(),
        inbox_port=free_port(),
        notifier_port=free_port(),
    )


@pytest.fixture
async def planners(settings: LocalSettings) -> AsyncIterator[tuple[Process, Process]]:
    """Two replicas of a stand-in for the planner."""

    def stub(replica: int) -> Process:
        port = settings.service_port("planner", replica)
        return Process(
            name=f"stub-{replica}",
            argv=(sys.executable, str(_STUB), str(port)),
            ready=answers_http(f"http://{HOST}:{port}/"),
            logs=settings.logs,
        )

    stubs = stub(0), stub(1)
    await asyncio.gather(*(one.start() for one in stubs))
    yield stubs
    await asyncio.gather(*(one.stop() for one in stubs))


@pytest.fixture
async def browser(settings: LocalSettings) -> AsyncIterator[httpx.AsyncClient]:
    door = front_door(settings)
    await door.start()
    async with httpx.AsyncClient(base_url=settings.public_url, timeout=20) as client:
        yield client
    await door.stop()


async def test_paths_reach_their_service_unchanged(
    planners: tuple[Process, Process], browser: httpx.AsyncClient
) -> None:
    answer = await browser.get("/planner/api/v1/clients")

    assert answer.text.startswith("/planner/api/v1/clients by ")


async def test_both_replicas_are_asked(
    planners: tuple[Process, Process], browser: httpx.AsyncClient
) -> None:
    answers = {(await browser.get("/planner/")).text for _ in range(40)}

    assert len(answers) == 2


@pytest.mark.parametrize(("path", "leads_to"), [("/", "/scheduler/"), ("/planner", "/planner/")])
async def test_short_paths_lead_on(browser: httpx.AsyncClient, path: str, leads_to: str) -> None:
    answer = await browser.get(path)

    assert answer.headers["location"] == leads_to


async def test_an_unknown_path_is_not_found(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/nowhere")).status_code == 404


async def test_an_event_arrives_while_the_stream_is_open(
    planners: tuple[Process, Process], browser: httpx.AsyncClient
) -> None:
    async with asyncio.timeout(10), browser.stream("GET", "/planner/stream") as answer:
        first = await anext(answer.aiter_lines())

    assert first == "data: one"


async def test_a_killed_replica_is_not_noticed(
    planners: tuple[Process, Process], browser: httpx.AsyncClient
) -> None:
    planners[0].kill()

    statuses = {(await browser.post("/planner/")).status_code for _ in range(20)}

    assert statuses == {200}


async def test_a_restart_is_waited_for(
    planners: tuple[Process, Process], browser: httpx.AsyncClient
) -> None:
    for planner in planners:
        planner.kill()
    waiting = asyncio.create_task(browser.post("/planner/"))
    await planners[0].start()

    assert (await waiting).status_code == 200


async def test_a_service_that_stays_away_is_a_problem_with_a_code(
    settings: LocalSettings, browser: httpx.AsyncClient
) -> None:
    answer = await browser.get("/inbox/api/v1/conversations")

    assert answer.status_code == 502
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "service_unavailable"


async def test_a_token_in_an_address_does_not_reach_the_log(
    settings: LocalSettings, planners: tuple[Process, Process], browser: httpx.AsyncClient
) -> None:
    log = settings.logs / "front-door.log"
    feed = f"{settings.public_url}/scheduler/calendar/secret-feed.ics"
    secrets = {
        "Referer": f"{feed}?token=secret-referrer",
        "Cookie": "understudy_session=secret-cookie",
        "Authorization": "Bearer secret-bearer",
    }

    # An answer that breaks off is logged with its request; a 502 of ours is only when debugging.
    url = "/planner/stream?token=secret-address"
    async with browser.stream("GET", url, headers=secrets) as answer:
        await anext(answer.aiter_lines())
        for planner in planners:
            planner.kill()
        await eventually(lambda: "/planner/stream" in log.read_text())
    away = await browser.get("/inbox/?token=secret-address", headers=secrets)

    assert away.status_code == 502
    assert "/planner/stream?token=REDACTED" in log.read_text()
    assert "/scheduler/calendar/REDACTED?token=REDACTED" in log.read_text()
    assert "secret-" not in log.read_text()
