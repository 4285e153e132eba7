"""What other people do while something is measured, at fixed rates whatever it takes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count

from tests.bench.world import World

__all__ = ["Edit", "Load"]

_EDITS_A_SECOND = 30
_CREATIONS_A_SECOND = 5
_MESSAGES_A_SECOND = 20


@dataclass(frozen=True, slots=True)
class Edit:
    """One title that was changed: how long until it was accepted, and in how many attempts."""

    seconds: float
    attempts: int
    during_handover: bool


class Load:
    """Edits of `tasks`, new tasks for Jana, and messages, half of them by new authors."""

    def __init__(self, world: World, tasks: list[str]) -> None:
        self._world = world
        self._tasks = tasks
        self._versions: dict[str, int] = {}
        self._moving = False
        self._random = random.Random(20261125)
        self._numbers = count()
        self.edits: list[Edit] = []

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Until the context is left; what is under way is then finished."""
        streams = [
            asyncio.create_task(_at_rate(_EDITS_A_SECOND, self._edit)),
            asyncio.create_task(_at_rate(_CREATIONS_A_SECOND, self._create)),
            asyncio.create_task(_at_rate(_MESSAGES_A_SECOND, self._message)),
        ]
        try:
            yield
        finally:
            for stream in streams:
                stream.cancel()
            await asyncio.gather(*streams, return_exceptions=True)

    @contextmanager
    def during_handover(self) -> Iterator[None]:
        """Edits that begin within are told apart from the others."""
        self._moving = True
        try:
            yield
        finally:
            self._moving = False

    async def _edit(self) -> None:
        task = self._random.choice(self._tasks)
        moving, began, attempts = self._moving, time.perf_counter(), 0
        while True:
            attempts += 1
            version = await self._version(task)
            title = {"title": f"Edited {next(self._numbers)}"}
            answer = await self._world.agency.try_patch(f"{_TASKS}/{task}", title, version)
            if answer.is_success:
                break
            self._versions.pop(task, None)
        self._versions[task] = answer.json()["version"]
        self.edits.append(Edit(time.perf_counter() - began, attempts, moving))

    async def _version(self, task: str) -> int:
        if task not in self._versions:
            found = await self._world.agency.get(f"{_TASKS}/{task}")
            self._versions[task] = found["version"]
        return self._versions[task]

    async def _create(self) -> None:
        await self._world.agency.task(next(self._numbers))

    async def _message(self) -> None:
        number = next(self._numbers)
        author = f"new{number}" if number % 2 else f"held{self._random.randrange(30)}"
        await self._world.put(self._world.messages([author]))


_TASKS = "/planner/api/v1/tasks"


async def _at_rate(per_second: float, act: Callable[[], Coroutine[None, None, None]]) -> None:
    """Begin `act` at the given rate, without waiting for the one before."""
    async with asyncio.TaskGroup() as group:
        due = time.monotonic()
        while True:
            group.create_task(act())
            due += 1 / per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
