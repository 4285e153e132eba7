"""Work that came before anybody was made responsible: it waits, and goes to whoever is."""

from __future__ import annotations

import asyncio

from shared.events.disciplines import Discipline
from shared.outbox import Transaction
from tests.integration.handover.participants import Replica, handover, task

PAGE, CLIENT = "p1:community", "c1:community"


async def create_for_page(planner: Replica) -> None:
    """As a use case does: the responsibility and its acting member, in one transaction."""

    async def work(tx: Transaction) -> None:
        name = await planner.rows.responsibility(tx, "c1", "p1", Discipline.COMMUNITY)
        holder = await planner.rows.acting(tx, name)
        await planner.tasks.insert_one(task(holder, responsibility_id=name), session=tx.session)

    await planner.outbox.transaction(work)


async def test_it_goes_to_who_is_made_responsible_for_the_page(planner: Replica) -> None:
    await create_for_page(planner)
    assert await planner.holders() == {None: 1}
    await planner.sweep(handover(1, acting={PAGE: "ines"}))
    assert await planner.holders() == {"ines": 1}


async def test_it_goes_to_who_is_made_responsible_for_the_client(planner: Replica) -> None:
    await create_for_page(planner)
    await planner.sweep(handover(1, acting={CLIENT: "tom"}))
    assert await planner.holders() == {"tom": 1}
    await create_for_page(planner)
    assert await planner.holders() == {"tom": 2}


async def test_a_gap_of_the_page_is_a_gap_though_the_client_is_covered(planner: Replica) -> None:
    await create_for_page(planner)
    await planner.sweep(handover(1, acting={PAGE: None, CLIENT: "tom"}))
    assert await planner.holders() == {None: 1}


async def test_what_is_created_at_the_very_moment_does_not_stay_uncovered(
    planner: Replica,
) -> None:
    async def create() -> None:
        for _ in range(20):
            await create_for_page(planner)

    await asyncio.gather(create(), create(), planner.sweep(handover(1, acting={CLIENT: "tom"})))
    assert await planner.holders() == {"tom": 40}
