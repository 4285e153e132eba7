"""Keeps processes alive: starts them, restarts those that die, ends all of them in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from deploy.local.processes import Process, ProcessFailed

__all__ = ["Report", "Supervisor"]

Report = Callable[[str], None]

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0


class Supervisor:
    """Use as a context manager: on the way out everything is ended, last started first."""

    def __init__(self, report: Report = print) -> None:
        self._report = report
        self._groups: list[tuple[Process, ...]] = []
        self._watches: dict[Process, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self, *processes: Process) -> None:
        """Start a group together and watch over it. Raises the first `ProcessFailed`."""
        self._groups.append(processes)
        try:
            async with asyncio.TaskGroup() as starting:
                for process in processes:
                    starting.create_task(self._start(process))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def stop(self) -> None:
        for watch in self._watches.values():
            watch.cancel()
        await asyncio.gather(*self._watches.values(), return_exceptions=True)
        self._watches.clear()
        while self._groups:
            await asyncio.gather(*(process.stop() for process in self._groups.pop()))

    async def _start(self, process: Process) -> None:
        began = time.monotonic()
        await process.start()
        self._watches[process] = asyncio.create_task(self._watch(process))
        self._report(
            f"  ✓ {process.name:<12} {process.where:<30} {time.monotonic() - began:5.1f} s"
        )

    async def _watch(self, process: Process) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            code = await process.ended()
            if time.monotonic() - began > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            self._report(
                f"  ✗ {process.name} ended unexpectedly ({code}); it starts again in {pause:g} s. "
                f"The end of {process.log}:\n{process.last_lines()}"
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            await self._start_again(process)

    async def _start_again(self, process: Process) -> None:
        try:
            await process.start()
        except ProcessFailed as failure:
            self._report(f"  ✗ {failure}")
        else:
            self._report(f"  ✓ {process.name} is back")
