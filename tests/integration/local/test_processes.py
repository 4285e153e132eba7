"""Children come up, are watched over, and never outlive their parent."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deploy.local.processes import Process, ProcessFailed
from deploy.local.supervisor import Supervisor
from tests.support.waiting import eventually

_SLEEPER = "import time; print('awake', flush=True); time.sleep(600)"
_DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + _SLEEPER
_BROKEN = "raise SystemExit('no such table')"


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Process]:
    def make(code: str, name: str = "child") -> Process:
        log = tmp_path / f"{name}.log"

        async def forget_the_log() -> None:
            log.unlink(missing_ok=True)

        async def says_awake() -> bool:
            return log.exists() and "awake" in log.read_text()

        return Process(
            name=name,
            argv=(sys.executable, "-c", code),
            ready=says_awake,
            logs=tmp_path,
            prepare=forget_the_log,
            start_seconds=20,
            stop_seconds=0.5,
        )

    return make


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_it_ends_politely(program: Callable[..., Process]) -> None:
    child = program(_SLEEPER)
    await child.start()

    await child.stop()

    assert child.exit_code == -signal.SIGTERM


async def test_a_deaf_one_is_ended_by_force(program: Callable[..., Process]) -> None:
    child = program(_DEAF)
    await child.start()

    await child.stop()

    assert child.exit_code == -signal.SIGKILL


async def test_a_paused_one_can_be_stopped(program: Callable[..., Process]) -> None:
    child = program(_SLEEPER)
    await child.start()
    child.pause()

    await child.stop()

    assert child.exit_code == -signal.SIGTERM


async def test_one_that_cannot_start_shows_its_last_lines(
    program: Callable[..., Process],
) -> None:
    child = program(_BROKEN)

    with pytest.raises(ProcessFailed, match="child ended with 1") as caught:
        await child.start()

    assert "no such table" in str(caught.value)


async def test_one_that_is_never_ready_is_not_left_behind(
    program: Callable[..., Process],
) -> None:
    child = program("import time; time.sleep(600)")
    child.start_seconds = 0.2

    with pytest.raises(ProcessFailed, match="not ready after"):
        await child.start()

    assert not child.running


async def test_one_that_dies_is_reported_and_started_again(
    program: Callable[..., Process],
) -> None:
    told: list[str] = []
    child = program(_SLEEPER)
    async with Supervisor(told.append) as supervisor:
        await supervisor.start(child)
        first = child.pid
        child.kill()

        await eventually(lambda: any("is back" in line for line in told))

        assert child.pid != first
        assert any("ended unexpectedly (-9)" in line and "awake" in line for line in told)
    assert not child.running


async def test_leaving_ends_everything_although_one_could_not_start(
    program: Callable[..., Process],
) -> None:
    good, bad = program(_SLEEPER), program(_BROKEN, name="bad")

    async with Supervisor(lambda _: None) as supervisor:
        await supervisor.start(good)
        with pytest.raises(ProcessFailed, match="bad ended"):
            await supervisor.start(bad)

    assert not good.running


async def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent, parent.stdout:
        child = int(await asyncio.to_thread(parent.stdout.readline))
        assert alive(child)

        parent.kill()

        await eventually(lambda: not alive(child))


_PARENT = f"""
import asyncio, sys
from pathlib import Path
from deploy.local.processes import Process

async def at_once():
    return True

child = Process("child", (sys.executable, "-c", {_SLEEPER!r}), at_once, Path(sys.argv[1]))
asyncio.run(child.start())
print(child.pid, flush=True)
child._child.wait()
"""
