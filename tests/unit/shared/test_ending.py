"""Tasks end, also those that swallow a cancellation, or all of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from structlog.testing import capture_logs

from shared.ending import ended


async def _swallows(cancellations: int, stop: asyncio.Event) -> None:
    for _ in range(cancellations):
        with suppress(asyncio.CancelledError):
            await stop.wait()
            return
    await stop.wait()


async def _fails() -> None:
    raise ValueError


async def test_what_swallows_a_cancellation_is_cancelled_again() -> None:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(_swallows(each, stop)) for each in (0, 1, 2)]
    tasks.append(asyncio.create_task(_fails()))
    await asyncio.sleep(0)
    await ended(tasks, seconds=0.01)
    assert all(task.done() for task in tasks)


async def test_what_never_ends_is_told_and_left_behind() -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(_swallows(100, stop), name="stubborn")
    await asyncio.sleep(0)
    with capture_logs() as logs:
        await ended([task], seconds=0.01)
    assert [(one["log_level"], one["task"]) for one in logs] == [("error", "stubborn")]
    stop.set()
    await task
    await ended([])
