"""What happens around a handover while it runs, on real processes, two replicas of each service.

After each story the books must balance: nobody absent holds open work, work of a covered
responsibility has a holder, moves chain, receipts add up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from shared.ids import new_id
from tests.support.agency import Agency
from tests.support.books import Books, Row
from tests.support.engines import Engines
from tests.support.processes import ServiceProcesses
from tests.support.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

SERVICES = ("planner", "scheduler", "inbox", "notifier")


@dataclass
class World:
    services: ServiceProcesses
    agency: Agency
    books: Books
    database: MongoClient[Row]
    prefix: str

    def each(self, service: str) -> tuple[str, str]:
        """The names of a service's two replicas."""
        return service, f"{service}-2"

    async def balanced(self) -> None:
        await eventually(self.books.at_rest, timeout=90, what="everything is at rest")
        assert self.books.faults() == []

    def held_by(self, member: str) -> int:
        query = {"open": True, "holder": self.agency.members[member]}
        return len(self.books.rows("planner", "tasks", query))

    def fill(self, count: int) -> None:
        """Open tasks of Jana's, put straight into the planner's database."""
        one = self.books.rows("planner", "tasks", {"open": True})[0]
        never_moved = {"holder": self.agency.members["Jana"], "home": None, "move_no": 0}
        tasks = [one | never_moved | {"_id": new_id()} for _ in range(count)]
        self.database[f"{self.prefix}planner"]["tasks"].insert_many(tasks)


@pytest.fixture
async def world(
    engines: Engines, prefix: str, tmp_path: Path, mongodb_client: MongoClient[Row]
) -> AsyncIterator[World]:
    services = ServiceProcesses(engines, prefix, tmp_path, replicas=2)
    async with services, Agency(services.url) as agency:
        await services.start()
        await agency.build()
        books = Books(mongodb_client, prefix)
        await eventually(books.at_rest)
        yield World(services, agency, books, mongodb_client, prefix)


async def test_what_can_happen_around_a_handover(world: World) -> None:
    """One agency lives through all of it: starting eight processes for each would take longer
    than the stories."""
    for number in range(3):
        await world.agency.task(number)
    await _replicas_share_the_work(world)
    await _member_and_deputy_fall_ill_at_the_same_instant(world)
    await _return_while_the_planner_is_down(world)
    await _absence_changed_and_cancelled_in_mid_handover(world)
    await _deputy_falls_ill_between_two_chunks(world)
    await _tasks_are_created_while_the_handover_runs(world)
    await _everything_is_restarted(world)


async def _replicas_share_the_work(world: World) -> None:
    await asyncio.gather(*(world.agency.task(100 + number) for number in range(20)))
    for service in ("planner", "inbox"):
        leased = world.books.rows(service, "leases")
        holders = {row["holder"] for row in leased if not str(row["_id"]).startswith("replica/")}
        assert len(holders) == 2, f"{service}: one replica holds all leases"
    for replica in (0, 1):
        consumed = await _consumed(world.services.url_of("planner", replica))
        assert consumed > 0, f"planner replica {replica} has consumed nothing"


async def _consumed(url: str) -> float:
    async with httpx.AsyncClient() as http:
        metrics = (await http.get(f"{url}/metrics")).text
    lines = [line for line in metrics.splitlines() if "understudy_consumed_total{" in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


async def _member_and_deputy_fall_ill_at_the_same_instant(world: World) -> None:
    """Each at another replica. Whoever is second sees the first: Mira gets it all."""
    first, second = (Agency(world.services.url_of("scheduler", one)) for one in (0, 1))
    async with first, second:
        absences = await asyncio.gather(
            *(
                _sick_at(replica, world.agency, who)
                for replica, who in ((first, "Jana"), (second, "Tom"))
            )
        )
    await world.balanced()
    assert world.held_by("Jana") == world.held_by("Tom") == 0
    assert world.held_by("Mira") == 23
    for absence in absences:
        await world.agency.return_to_work(absence["absence"]["id"])
    await world.balanced()
    assert world.held_by("Jana") == 23


async def _sick_at(replica: Agency, agency: Agency, name: str) -> Mapping[str, Any]:
    body = {"member_id": agency.members[name], "kind": "sick"}
    reported: Mapping[str, Any] = await replica.post("/api/v1/absences", body)
    return reported


async def _return_while_the_planner_is_down(world: World) -> None:
    planners = [world.services[name] for name in world.each("planner")]
    await asyncio.gather(*(one.stop() for one in planners))
    reported = await world.agency.report_sick("Jana")
    await world.agency.return_to_work(reported["absence"]["id"])
    open_receipt = await world.agency.get(f"/scheduler/api/v1/handovers/{reported['handover_id']}")
    assert open_receipt["state"] == "open"
    await asyncio.gather(*(one.start() for one in planners))
    await world.balanced()
    assert world.held_by("Jana") == 23


async def _absence_changed_and_cancelled_in_mid_handover(world: World) -> None:
    planners = [world.services[name] for name in world.each("planner")]
    for planner in planners:
        planner.pause()
    reported = (await world.agency.report_sick("Jana"))["absence"]
    path = f"/scheduler/api/v1/absences/{reported['id']}"
    changed = await world.agency.put(
        path, {"starts_at": reported["starts_at"]}, if_match=reported["version"]
    )
    await world.agency.post(f"{path}/cancel", {}, if_match=changed["absence"]["version"])
    for planner in planners:
        planner.resume()
    await world.balanced()
    assert world.held_by("Jana") == 23


async def _deputy_falls_ill_between_two_chunks(world: World) -> None:
    world.fill(1_200)
    jana = await world.agency.report_sick("Jana")

    def first_chunk_moved() -> bool:
        return world.held_by("Tom") > 0 or world.held_by("Mira") > 0

    await eventually(first_chunk_moved)
    tom = await world.agency.report_sick("Tom")
    await world.balanced()
    assert world.held_by("Mira") == 1_223
    for reported in (tom, jana):
        await world.agency.return_to_work(reported["absence"]["id"])
    await world.balanced()
    assert world.held_by("Jana") == 1_223


async def _tasks_are_created_while_the_handover_runs(world: World) -> None:
    """No write skew: a task created at this very moment does not stay with the absent member."""
    creating = asyncio.gather(*(world.agency.task(200 + number) for number in range(40)))
    reported = await world.agency.report_sick("Jana")
    await creating
    await world.balanced()
    assert world.held_by("Jana") == 0
    await world.agency.return_to_work(reported["absence"]["id"])
    await world.balanced()
    # What was created for Tom while Jana was away is his: it never had another home.
    assert world.held_by("Jana") + world.held_by("Tom") == 1_263


async def _everything_is_restarted(world: World) -> None:
    reported = await world.agency.report_sick("Jana")
    names = [name for service in SERVICES for name in world.each(service)]
    await asyncio.gather(*(world.services.restart(name) for name in names))
    await world.balanced()
    assert world.held_by("Jana") == 0
    closed = await world.agency.receipt_closed(reported["handover_id"])
    assert closed["state"] == "completed"
