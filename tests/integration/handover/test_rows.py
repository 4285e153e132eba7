"""The rows' slots on real MongoDB: no assignment by an old epoch comes after a new one."""

from __future__ import annotations

import asyncio

from shared.handover.rows import HTTP_SLOT, MOVER_SLOT, Acting, Here, ingest_slot
from shared.mongo import Document
from shared.outbox import Transaction
from tests.integration.handover.conftest import MakeReplica
from tests.integration.handover.participants import Replica
from tests.support.waiting import eventually

SLOTS = MOVER_SLOT + 1


async def slots(planner: Replica, collection: str = "coverage_rows") -> list[Document]:
    found = planner.mongo.collection(collection).find({}, {"turns": 0}).sort("_id", 1)
    return [slot async for slot in found]


async def acting(planner: Replica, responsibility: str = "r1") -> str | None:
    return await planner.outbox.transaction(lambda tx: planner.rows.acting(tx, responsibility))


def test_consumers_never_take_the_slot_of_commands() -> None:
    assert {ingest_slot(partition) for partition in range(64)} == set(range(HTTP_SLOT))


async def test_a_new_epoch_is_written_to_every_slot(planner: Replica) -> None:
    await planner.rows.apply_coverage([Acting("r1", 3, "anna")])
    await planner.rows.apply_presence([Here("anna", 3, present=True)])
    coverage, presence = await slots(planner), await slots(planner, "presence_rows")
    assert [(one["slot"], one["epoch"], one["acting"]) for one in coverage] == [
        (slot, 3, "anna") for slot in range(SLOTS)
    ]
    assert [(one["slot"], one["epoch"], one["present"]) for one in presence] == [
        (slot, 3, True) for slot in range(SLOTS)
    ]


async def test_only_a_higher_epoch_is_taken(planner: Replica) -> None:
    await planner.rows.apply_coverage([Acting("r1", 3, "anna")])
    await planner.rows.apply_coverage([Acting("r1", 2, "ben")])
    await planner.rows.apply_coverage([Acting("r1", 3, "cem")])
    assert await acting(planner) == "anna"
    await planner.rows.apply_coverage([Acting("r1", 5, None), Acting("r1", 4, "ben")])
    assert await acting(planner) is None
    assert {one["epoch"] for one in await slots(planner)} == {5}


async def test_each_slot_is_compared_on_its_own(planner: Replica) -> None:
    """A replica that was killed in between has written some of the slots only."""
    await planner.rows.apply_coverage([Acting("r1", 3, "anna")])
    await planner.mongo.collection("coverage_rows").update_many(
        {"slot": {"$lt": 4}}, {"$set": {"epoch": 5, "acting": "ben"}}
    )
    await planner.rows.apply_coverage([Acting("r1", 4, "cem")])
    assert [one["acting"] for one in await slots(planner)] == ["ben"] * 4 + ["cem"] * 5
    await planner.rows.apply_coverage([Acting("r1", 5, "ben")])
    assert [one["acting"] for one in await slots(planner)] == ["ben"] * SLOTS


async def test_a_writer_overtaken_by_a_new_epoch_is_run_again_and_sees_it(planner: Replica) -> None:
    await planner.rows.apply_coverage([Acting("r1", 1, "anna")])
    seen: list[str] = []

    async def work(tx: Transaction) -> None:
        await planner.tasks.find_one(session=tx.session)  # the snapshot is taken here
        if not seen:
            seen.append("overtaken")
            await planner.rows.apply_coverage([Acting("r1", 2, "ben")])
        seen.append(str(await planner.rows.acting(tx, "r1")))

    await planner.outbox.transaction(work)
    assert seen == ["overtaken", "ben"]


async def test_a_new_epoch_waits_for_the_writer_that_holds_a_slot(planner: Replica) -> None:
    await planner.rows.apply_coverage([Acting("r1", 1, "anna")])
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def work(tx: Transaction) -> str | None:
        found = await planner.rows.acting(tx, "r1")
        taken.set()
        await go_on.wait()
        return found

    async with asyncio.TaskGroup() as group:
        writer = group.create_task(planner.outbox.transaction(work))
        await taken.wait()
        epoch = group.create_task(planner.rows.apply_coverage([Acting("r1", 2, "ben")]))

        async def written_up_to_the_writers() -> bool:
            return [one["epoch"] for one in await slots(planner)] == [2] * 7 + [1, 1]

        await eventually(written_up_to_the_writers)
        assert not epoch.done()
        go_on.set()
    assert writer.result() == "anna"
    assert {one["epoch"] for one in await slots(planner)} == {2}


async def test_a_writer_conflicts_with_whoever_makes_its_responsibility_known(
    planner: Replica,
) -> None:
    seen: list[str] = []

    async def work(tx: Transaction) -> None:
        await planner.tasks.find_one(session=tx.session)
        if not seen:
            seen.append("overtaken")
            await planner.rows.apply_coverage([Acting("r1", 1, "anna")])
        seen.append(str(await planner.rows.acting(tx, "r1")))

    await planner.outbox.transaction(work)
    assert seen == ["overtaken", "anna"]


async def test_nobody_known_to_be_absent_gets_new_work(planner: Replica) -> None:
    """That somebody is away may be known before who acts instead."""
    await planner.rows.apply_presence([Here("anna", 1, present=True)])
    await planner.rows.apply_coverage([Acting("r1", 1, "anna")])
    assert await acting(planner) == "anna"
    seen: list[str] = []

    async def work(tx: Transaction) -> None:
        await planner.tasks.find_one(session=tx.session)
        if not seen:
            seen.append("overtaken")
            await planner.rows.apply_presence([Here("anna", 2, present=False)])
        seen.append(str(await planner.rows.acting(tx, "r1")))

    await planner.outbox.transaction(work)
    assert seen == ["overtaken", "None"]


async def test_slots_are_created_once_however_many_write_at_the_same_time(
    make_replica: MakeReplica,
) -> None:
    """Two replicas tell epochs of responsibilities that nobody knew, and writers ask for them."""
    replicas = [make_replica(), make_replica()]
    names = [f"r{number}" for number in range(12)]
    async with asyncio.TaskGroup() as group:
        for name in names:
            for epoch in (2, 1, 3):
                for one in replicas:
                    group.create_task(one.rows.apply_coverage([Acting(name, epoch, f"m{epoch}")]))
            for slot in range(MOVER_SLOT):
                group.create_task(replicas[slot % 2].create(name, slot))

    found = await slots(replicas[0])
    assert [one["_id"] for one in found] == sorted(
        f"{name}|{slot}" for name in names for slot in range(SLOTS)
    )
    assert {(one["epoch"], one["acting"]) for one in found} == {(3, "m3")}
