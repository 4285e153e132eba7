"""The stack's commands, as a person types them: on state, ports and processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from pymongo import MongoClient

from tests.support.ports import free_port
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(600)

_PORTS = (
    *("KAFKA_PORT", "KAFKA_CONTROLLER_PORT", "MONGODB_PORT", "SMTP_PORT", "PORT"),
    *("PLANNER_PORT", "SCHEDULER_PORT", "INBOX_PORT", "NOTIFIER_PORT"),
)
_UP = re.compile("MONGODB_URI=|Ctrl-C ends it")


class Commands:
    """`python -m deploy.local …` in an environment of its own."""

    def __init__(self, state: Path, environment: Mapping[str, str]) -> None:
        self.state = state
        self._environment = environment
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def mongodb_uri(self) -> str:
        port = self._environment["UNDERSTUDY_MONGODB_PORT"]
        return f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._argv(*command), env=self._environment, capture_output=True, text=True, check=False
        )

    async def start(self, command: str) -> subprocess.Popen[bytes]:
        """Returns when the command says that it is up."""
        output = self.state.with_suffix(f".{len(self._running)}")
        with output.open("wb") as file:
            process = subprocess.Popen(self._argv(command), env=self._environment, stdout=file)
        self._running.append(process)
        await eventually(
            lambda: _UP.search(output.read_text()) or process.poll() is not None, timeout=240
        )
        assert process.poll() is None, output.read_text()
        return process

    def end(self) -> None:
        for process in self._running:
            process.terminate()
            process.wait()

    def _argv(self, *command: str) -> list[str]:
        return [sys.executable, "-m", "deploy.local", *command]


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    others = ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI", "SMTP_HOST", "PUBLIC_URL")
    environment = {name: value for name, value in os.environ.items() if name not in others}
    environment |= {f"UNDERSTUDY_{name}": str(free_port()) for name in _PORTS}
    commands = Commands(
        tmp_path / "state", environment | {"UNDERSTUDY_STATE": str(tmp_path / "state")}
    )
    yield commands
    commands.end()


def children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


async def test_ctrl_c_ends_everything_and_a_restart_keeps_the_state(commands: Commands) -> None:
    stack = await commands.start("engines")
    engines = children(stack)
    with MongoClient[dict[str, Any]](commands.mongodb_uri) as client:
        client["kept"]["things"].insert_one({"_id": "one"})

    stack.send_signal(signal.SIGINT)

    assert stack.wait(timeout=30) == 0
    assert len(engines) == 2
    assert not any(engine.is_running() for engine in engines)

    await commands.start("engines")
    with MongoClient[dict[str, Any]](commands.mongodb_uri) as client:
        assert client["kept"]["things"].count_documents({}) == 1


async def test_state_has_one_user_and_is_forgotten_only_when_idle(commands: Commands) -> None:
    stack = await commands.start("engines")
    refused = commands.run("reset")
    assert refused.returncode == 1
    assert "A stack is running" in refused.stderr

    stack.kill()
    stack.wait()
    await eventually(lambda: commands.run("reset").returncode == 0)

    assert not (commands.state / "data").exists()


async def test_an_empty_agency_gets_its_first_member(commands: Commands) -> None:
    stack = await commands.start("up")
    everything = children(stack)

    created = commands.run("first-member", "--name", "Lena Vogt", "--email", "lena@agency.example")
    again = commands.run("first-member", "--name", "Lena Vogt", "--email", "lena@agency.example")

    assert (created.returncode, created.stderr) == (0, "")
    assert again.returncode == 1
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        page = await browser.get(created.stdout.strip())
    assert page.status_code == 200
    assert page.url.path == "/scheduler/"
    assert "Lena Vogt" in page.text

    stack.send_signal(signal.SIGINT)
    assert stack.wait(timeout=40) == 0
    assert not any(process.is_running() for process in everything)
