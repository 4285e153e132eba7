"""A worker that is stopped at any moment: the next one goes on, and the books add up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pymongo import monitoring

from shared.events.scheduler import HandoverStarted
from tests.integration.handover.conftest import MakeReplica
from tests.integration.handover.participants import Replica, handover, problems

TASKS, CHUNK = 3, 2
COLLECTIONS = (
    "tasks",
    "handover_runs",
    "coverage_rows",
    "presence_rows",
    "outbox",
    "aggregates",
)

HERE = handover(1, here={"anna": True, "ben": True}, acting={"r1": "anna"})
AWAY = handover(2, here={"anna": False}, acting={"r1": "ben"})
GIVEN_AWAY = handover(2, acting={"r1": "ben"}, given={"r1"})


class Fuse(monitoring.CommandListener):
    """Tells when a database has answered its n-th command."""

    def __init__(self) -> None:
        self.database = ""
        self.answered = 0
        self._last = 0
        self._blow: Callable[[], object] | None = None

    def arm(self, database: str, last: int, blow: Callable[[], object] | None) -> None:
        self.database, self.answered, self._last, self._blow = database, 0, last, blow

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._count(event.database_name, event.command_name)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._count(event.database_name, event.command_name)

    def _count(self, database: str, command: str) -> None:
        if not self.database or (database != self.database and command not in _ENDS):
            return
        self.answered += 1
        if self.answered == self._last and self._blow is not None:
            self._blow()


_ENDS = {"commitTransaction", "abortTransaction"}  # sent to the database admin
_FUSE = Fuse()
monitoring.register(_FUSE)


@contextmanager
def counting(
    replica: Replica, last: int = 0, blow: Callable[[], object] | None = None
) -> Iterator[Fuse]:
    _FUSE.arm(replica.mongo.name, last, blow)
    try:
        yield _FUSE
    finally:
        _FUSE.arm("", 0, None)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.handover.participant._CHUNK", CHUNK)


async def prepare(replica: Replica, event: HandoverStarted) -> None:
    for name in COLLECTIONS:
        await replica.mongo.collection(name).delete_many({})
    await replica.sweep(HERE)
    await replica.put("anna", TASKS)
    await replica.take(event)


async def stop_at(replica: Replica, command: int) -> None:
    """Let it work, and cancel it once this command is carried out, before it does anything else."""
    worker = asyncio.ensure_future(replica.work())
    loop = asyncio.get_running_loop()
    with counting(replica, command, lambda: loop.call_soon_threadsafe(worker.cancel)):
        await asyncio.wait({worker})
    assert worker.cancelled()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("event", [AWAY, GIVEN_AWAY], ids=["away", "given away"])
async def test_whenever_the_worker_is_stopped_the_next_one_finishes(
    make_replica: MakeReplica, event: HandoverStarted
) -> None:
    first, second = make_replica(), make_replica()
    await prepare(first, event)
    with counting(first) as fuse:
        await first.work()
        commands = fuse.answered
    assert commands > 40

    for command in range(1, commands):
        await prepare(first, event)
        await stop_at(first, command)
        await second.work()
        found = problems(await second.answers(), await second.all_tasks(), runs=2)
        assert (command, found) == (command, [])
        assert await second.holders() == {"ben": TASKS}
