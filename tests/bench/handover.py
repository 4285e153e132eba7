"""A sick call with 100, 1,000 and 10,000 open items, while everybody else goes on working."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.bench.figures import Figure, at_most, percentile
from tests.bench.load import Edit, Load
from tests.bench.world import World
from tests.support.waiting import eventually

__all__ = ["handovers_under_load"]

_AIMS = {100: None, 1_000: at_most(1), 10_000: at_most(2)}
_TASKS_SHARE = 0.7
_ROUNDS = 5
_WRITERS = 8
_POLL_SECONDS = 0.01


async def handovers_under_load(world: World) -> list[Figure]:
    """`handover_<n>_seconds`: from sending `POST /absences` until the receipt, asked for every
    10 ms, is closed. Jana holds n items, 7 tasks to 3 conversations. Meanwhile a lead edits 30 of
    her tasks a second, 5 tasks a second are created for her and 20 messages a second come in, half
    of them by new authors. After each round she returns, and all untouched work comes home.

    `handover_edit_p99_ms`: how long those edits take while 10,000 items move, compared with all
    other times of the same minutes.
    """
    holdings = _Holdings(world)
    load = Load(world, holdings.tasks)
    figures = []
    for size, aim in _AIMS.items():
        await holdings.grow_to(size)
        load.edits.clear()
        async with load.going_on():
            seconds, moved = await _rounds(world, load)
        figures.append(
            Figure(
                f"handover_{size}_seconds",
                "s",
                seconds,
                aim,
                about="from POST to closed receipt, while others work",
                detail={"moved": moved},
            )
        )
    return [*figures, _edits(load.edits)]


async def _rounds(world: World, load: Load) -> tuple[list[float], list[int]]:
    """Seconds of each sick call, and how many items its receipt has."""
    seconds, moved = [], []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        with load.during_handover():
            called = await world.agency.report_sick("Jana")
            handover = await _closed(world, called["handover_id"])
        seconds.append(time.perf_counter() - began)
        moved.append(int(handover["moved"]))
        ended = await world.agency.return_to_work(called["absence"]["id"])
        await _closed(world, ended["handover_id"])
    return seconds, moved


async def _closed(world: World, handover_id: str) -> dict[str, Any]:
    """The handover, as soon as its receipt is closed."""
    path = f"/scheduler/api/v1/handovers/{handover_id}"
    async with asyncio.timeout(120):
        while True:
            handover: dict[str, Any] = await world.agency.get(path)
            if handover["state"] == "completed":
                return handover
            await asyncio.sleep(_POLL_SECONDS)


def _edits(edits: list[Edit]) -> Figure:
    moving = [edit.seconds * 1000 for edit in edits if edit.during_handover]
    still = [edit.seconds * 1000 for edit in edits if not edit.during_handover]
    return Figure(
        "handover_edit_p99_ms",
        "ms",
        [percentile(moving, 0.99)],
        baseline=[percentile(still, 0.99)],
        about="edits of tasks while 10,000 items move; compared with all other times",
        detail={"edits": len(moving), "sent_again": sum(edit.attempts - 1 for edit in edits)},
    )


class _Holdings:
    """Jana's open items."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._conversations = 0
        self.tasks: list[str] = []

    async def grow_to(self, size: int) -> None:
        """Create what is missing, by the API and the topic, and wait until she has it all."""
        tasks = round(size * _TASKS_SHARE)
        numbers = iter(range(len(self.tasks), tasks))

        async def create() -> None:
            for number in numbers:
                self.tasks.append(await self._world.agency.task(number))

        await asyncio.gather(*(create() for _ in range(_WRITERS)))
        conversations = size - tasks
        authors = [f"held{number}" for number in range(self._conversations, conversations)]
        await self._world.put(self._world.messages(authors))
        self._conversations = conversations
        await eventually(self._has_all, timeout=120, what=f"Jana has {size} items")

    async def _has_all(self) -> bool:
        hers = {"open": True, "holder": self._world.agency.members["Jana"]}
        rows = self._world.database("inbox")["conversations"]
        return await rows.count_documents(hers) >= self._conversations
