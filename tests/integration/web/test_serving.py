"""A real process under uvicorn: live streams, log lines, graceful and fatal ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from shared.auth import Tokens
from shared.mongo import Mongo
from tests.integration.web.conftest import LEAD, SECRET
from tests.support.ports import free_port
from tests.support.waiting import eventually

BROWSERS = 50


class Running:
    """The process, its address, and a client that is signed in."""

    def __init__(self, process: Process, client: httpx.AsyncClient) -> None:
        self.process = process
        self.client = client

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[AsyncIterator[str]]:
        async with self.client.stream("GET", "/live", timeout=30) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            yield response.aiter_lines()

    async def metric(self, line: str) -> float:
        lines = (await self.client.get("/metrics")).text.splitlines()
        return next(float(each.rpartition(" ")[2]) for each in lines if each.startswith(line))

    async def end(self) -> int:
        """Ask it to end; its exit code. More than the grace would fail the wait."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)


@pytest.fixture
async def running(
    prefix: str, kafka_servers: str, mongodb_uri: str, topics: str
) -> AsyncIterator[Running]:
    port = free_port()
    environment = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": kafka_servers,
        "MONGODB_URI": mongodb_uri,
        "DATABASE_PREFIX": prefix,
        "TOPIC_PREFIX": topics,
        "TOPIC_PARTITIONS_MAX": "1",
        "PORT": str(port),
        "ROOT_PATH": "/notes",
        "AUTH_SECRET": SECRET,
    }
    module = "tests.integration.web.notes_service"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, env=environment, stdout=PIPE
    )
    headers = {"Authorization": f"Bearer {Tokens(SECRET).issue(LEAD, timedelta(hours=1))}"}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}/notes", headers=headers, limits=limits
    ) as client:

        async def ready() -> bool:
            try:
                return (await client.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(ready)
        yield Running(process, client)
    if process.returncode is None:
        process.kill()
    await process.wait()


async def next_event(lines: AsyncIterator[str]) -> dict[str, str]:
    """The fields of the next event; comments are passed over."""
    event: dict[str, str] = {}
    async for line in lines:
        if not line and event:
            return event
        name, _, value = line.partition(": ")
        if name:
            event[name] = f"{event[name]}\n{value}" if name in event else value
    raise AssertionError("the stream has ended")


@pytest.fixture
async def notes(mongodb_uri: str, prefix: str) -> AsyncIterator[Mongo]:
    mongo = Mongo(mongodb_uri, f"{prefix}planner")
    yield mongo
    await mongo.close()


async def test_the_page_follows_the_database(running: Running, notes: Mongo) -> None:
    async with running.follow() as lines:
        first = [await next_event(lines), await next_event(lines)]
        assert [each["event"] for each in first] == ["count", "names"]
        assert first[0]["data"] == "<b>0</b>"
        assert all(int(each["retry"]) > 0 for each in first)
        assert first[0]["id"] != first[1]["id"]
        await notes.collection("notes").insert_many([{"_id": "a"}, {"_id": "b"}])
        after = [await next_event(lines), await next_event(lines)]
        assert [each["data"] for each in after] == ["<b>2</b>", "a\nb"]
        # What looks the same is not sent again.
        await notes.collection("notes").update_one({"_id": "a"}, {"$set": {"x": 1}})
        await notes.collection("notes").update_one({"_id": "a"}, {"$set": {"_version": 2}})
        await notes.collection("notes").delete_one({"_id": "b"})
        assert (await next_event(lines))["data"] == "<b>1</b>"


async def test_fifty_browsers_follow_writes_and_are_forgotten_when_they_leave(
    running: Running, notes: Mongo
) -> None:
    async with AsyncExitStack() as browsers:
        streams = [await browsers.enter_async_context(running.follow()) for _ in range(BROWSERS)]
        for lines in streams:
            assert (await next_event(lines))["data"] == "<b>0</b>"
        assert await running.metric("understudy_live_streams") == BROWSERS
        begun = time.monotonic()
        await notes.collection("notes").insert_one({"_id": "a"})

        async def told(lines: AsyncIterator[str]) -> None:
            while (await next_event(lines))["data"] != "<b>1</b>":
                pass

        await asyncio.gather(*map(told, streams))
        assert time.monotonic() - begun < 5

    async def forgotten() -> bool:
        return await running.metric("understudy_live_streams") == 0

    await eventually(forgotten)


async def test_stopping_waits_for_no_browser(running: Running) -> None:
    async with running.follow() as lines:
        await next_event(lines)
        begun = time.monotonic()
        ending = asyncio.create_task(running.end())
        rest = [line async for line in lines]  # the stream ends in good order
        assert time.monotonic() - begun < 3
        assert "names" in "".join(rest)
        assert await ending == 0


async def test_every_line_of_the_process_is_a_structured_one(running: Running) -> None:
    answer = await running.client.get("/fail/x", headers={"X-Correlation-ID": "to-be-found"})
    assert "server" not in answer.headers
    assert await running.end() == 0
    assert running.process.stdout is not None
    written = (await running.process.stdout.read()).decode().splitlines()
    lines = [json.loads(line) for line in written]
    assert all({"event", "level", "service", "correlation_id"} <= set(line) for line in lines)
    found = [line for line in lines if line["correlation_id"] == "to-be-found"]
    assert [line["event"] for line in found] == ["request failed", "request"]
    assert any(line["logger"] == "uvicorn.error" for line in lines)


async def test_a_fatal_error_ends_the_process_with_a_failure(running: Running) -> None:
    await running.client.post("/fatal")
    assert await asyncio.wait_for(running.process.wait(), 30) == 1


async def test_a_port_that_is_taken_is_a_failure(running: Running) -> None:
    taken = str(running.client.base_url.port)
    second = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.web.notes_service",
        env={**os.environ, "PORT": taken, "ROOT_PATH": "/notes", "AUTH_SECRET": SECRET},
        stdout=PIPE,
    )  # fmt: skip
    assert await asyncio.wait_for(second.wait(), 60) == 1


async def test_a_request_is_heard_out_before_it_is_refused(running: Running) -> None:
    """Its body comes late, as behind a proxy. An answer before it would end the connection."""
    url = running.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /notes/nowhere HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 2\r\n\r\n"
    try:
        for _ in range(2):
            writer.write(head.encode())
            await writer.drain()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await reader.readexactly(1)
            writer.write(b"{}")
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 404")
            length = next(line for line in answer.split(b"\r\n") if b"content-length" in line)
            await reader.readexactly(int(length.split(b":")[1]))
    finally:
        writer.close()
        await writer.wait_closed()
