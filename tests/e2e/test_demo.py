"""`make demo`, as a person types it: ended while it fills in the agency, and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local.demo.agency.people import MEMBERS
from deploy.local.demo.api import Api, Caller, opened
from shared.auth import COOKIE
from tests.support.engines import AUTH_SECRET, Engines
from tests.support.ports import free_port
from tests.support.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_PORTS = (
    *("PORT", "PLANNER_PORT", "SCHEDULER_PORT", "INBOX_PORT", "NOTIFIER_PORT"),
    *("PLATFORM_PORT", "SIGN_IN_PORT", "SMTP_PORT"),
)


class Demo:
    """The demo on state, ports and names of its own."""

    def __init__(self, engines: Engines, topics: str, directory: Path) -> None:
        ports = {f"UNDERSTUDY_{name}": str(free_port()) for name in _PORTS}
        self.url = f"http://127.0.0.1:{ports['UNDERSTUDY_PORT']}"
        self._environment = {
            **os.environ,
            **engines.environment(topics),
            **ports,
            "UNDERSTUDY_STATE": str(directory / "state"),
            "PLATFORM_MESSAGES_PER_MINUTE": "0",
        }
        self._output = directory / "output"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        return self._output.read_text()

    def start(self) -> None:
        command = [sys.executable, "-m", "deploy.local", "demo"]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                command, env=self._environment, stdout=output, stderr=output
            )

    async def says(self, words: str) -> None:
        await eventually(lambda: words in self.said, timeout=280, what=f"“{words}” was said")

    async def interrupt(self) -> None:
        """Ctrl-C. It ends well, and everything it started has ended before it."""
        process = self.process
        assert process is not None
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        await eventually(lambda: process.poll() is not None)
        assert process.returncode == 0, self.said
        assert len(children) >= 8
        assert not any(child.is_running() for child in children)

    def end(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()


@pytest.fixture
def demo(engines: Engines, topics: str, tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(engines, topics, tmp_path)
    yield demo
    demo.end()


async def test_it_is_complete_although_it_was_interrupted(demo: Demo) -> None:
    demo.start()
    await demo.says("4 clients, 9 pages")
    await demo.interrupt()

    demo.start()
    await demo.says("is open")

    async with opened(demo.url, AUTH_SECRET) as api:
        await _shows_the_whole_agency(api.as_system())
        await _felix_and_nora_ask_for_leave(api)
    await _signs_in(demo.url)
    await demo.interrupt()


async def _shows_the_whole_agency(system: Caller) -> None:
    members = await system.all("/scheduler/api/v1/members")
    assert sorted(one["name"] for one in members) == sorted(one.name for one in MEMBERS)
    assert len(await system.all("/planner/api/v1/clients")) == 4
    assert len(await system.all("/planner/api/v1/pages")) == 9
    assert len(await system.all("/planner/api/v1/content")) == 53

    duties = await system.all("/scheduler/api/v1/responsibilities")
    assert len({one["discipline"] for one in duties}) == 10
    assert all(one["deputies"] and one["acting"] == one["owner"] for one in duties)

    tasks = await system.all("/planner/api/v1/tasks", open=True)
    publications = await system.all("/scheduler/api/v1/publications", open=True)
    conversations = await system.all("/inbox/api/v1/conversations")
    assert len(conversations) == 60
    for item in (*tasks, *publications, *conversations):
        assert item["holder"] is not None
    assert len(publications) >= 15

    names = {one["id"]: one["name"] for one in members}
    holder = {one["author_name"]: names[one["holder"]] for one in conversations}
    assert holder["Tina Kolbe"] == "Jana Hoffmann"
    leaves = await system.all("/scheduler/api/v1/absences")
    planned = {names[one["member_id"]] for one in leaves if one["state"] == "planned"}
    assert (len(leaves), planned) == (2, {"Paul Krüger", "Jana Hoffmann"})
    [gap] = await system.all("/scheduler/api/v1/risk/gaps")
    assert gap["discipline"] == "copywriting", "while Jana is on leave"
    risk = await system.get("/scheduler/api/v1/risk")
    assert risk["single_points_of_failure"] >= 1


async def _felix_and_nora_ask_for_leave(api: Api) -> None:
    members = await api.as_system().all("/scheduler/api/v1/members")
    by_name = {one["name"]: one for one in members}
    lead = api.as_member(by_name["Lena Vogt"])
    felix, nora = await lead.all("/scheduler/api/v1/leave-requests")
    assert felix["member_id"] == by_name["Felix Roth"]["id"]
    assert nora["member_id"] == by_name["Nora Sander"]["id"]
    assert len(nora["times"]) == 6


async def _signs_in(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, follow_redirects=True) as browser:
        page = await browser.get("/sign-in", params={"to": "/platform/"})
        assert "Jana Hoffmann" in page.text
        form = {"person": _value_of(page.text, "Jana Hoffmann"), "to": "/platform/"}
        there = await browser.post("/sign-in/", data=form, headers={"Origin": url})
        assert COOKIE in browser.cookies
        assert there.url.path == "/platform/"
        assert "Plauderplatz" in there.text


def _value_of(page: str, name: str) -> str:
    """The value of the button that has the name on it."""
    before = page[: page.index(f"<b>{name}</b>")]
    return before[before.rindex('value="') + len('value="') :].partition('"')[0]
