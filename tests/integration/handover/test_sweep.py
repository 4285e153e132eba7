"""Runs on real MongoDB: whatever happens meanwhile, the books add up and nobody absent has work."""

from __future__ import annotations

import asyncio
import random

import pytest

from shared.handover.rows import MOVER_SLOT, Acting, Here
from tests.integration.handover.conftest import MakeReplica
from tests.integration.handover.participants import Replica, handover, problems

ANNA_ACTS = handover(1, here={"anna": True, "ben": True, "cem": True}, acting={"r1": "anna"})
ANNA_AWAY = handover(2, here={"anna": False}, acting={"r1": "ben"})
BEN_AWAY_TOO = handover(3, here={"ben": False}, acting={"r1": "cem"})
ANNA_BACK = handover(4, here={"anna": True}, acting={"r1": "anna"})
ALL = (ANNA_ACTS, ANNA_AWAY, BEN_AWAY_TOO, ANNA_BACK)


async def wrong(planner: Replica, runs: int) -> list[str]:
    return problems(await planner.answers(), await planner.all_tasks(), runs)


async def test_a_handover_of_nothing_is_answered_too(planner: Replica) -> None:
    await planner.sweep(ANNA_ACTS)
    [[total]] = (await planner.answers()).values()
    assert (total.part, total.total, total.moves) == (1, 0, ())


async def test_handover_chain_gap_and_handback(planner: Replica) -> None:
    await planner.sweep(ANNA_ACTS)
    await planner.put("anna", 3)
    await planner.put("cem", 1)
    await planner.sweep(ANNA_AWAY)
    assert await planner.holders() == {"ben": 3, "cem": 1}
    touched, *_ = [one for one in await planner.all_tasks() if one["holder"] == "ben"]
    await planner.command(touched["_id"], touched=True)
    await planner.sweep(BEN_AWAY_TOO)
    assert await planner.holders() == {"cem": 4}
    await planner.sweep(handover(4, here={"cem": False}, acting={"r1": None}))
    assert await planner.holders() == {None: 4}
    await planner.sweep(handover(5, here={"ben": True}, acting={"r1": "ben"}))
    await planner.command(touched["_id"], touched=True)
    await planner.sweep(handover(6, here={"anna": True, "cem": True}, acting={"r1": "anna"}))
    assert await planner.holders() == {"anna": 2, "ben": 1, "cem": 1}
    assert await wrong(planner, runs=6) == []


async def test_what_the_absent_member_has_moves_whatever_its_responsibility(
    planner: Replica,
) -> None:
    """Claimed by name, for instance, in a responsibility that the handover does not mention."""
    await planner.sweep(ANNA_ACTS, handover(2, acting={"r2": "cem"}))
    await planner.put("anna", responsibility_id="r2")
    await planner.sweep(handover(3, here={"anna": False}, acting={"r1": "ben"}))
    assert await planner.holders() == {"cem": 1}


async def test_work_that_nobody_was_responsible_for_is_assigned_with_the_responsibility(
    planner: Replica,
) -> None:
    await planner.create("r9")
    assert await planner.holders() == {None: 1}
    await planner.sweep(ANNA_ACTS, handover(2, acting={"r9": "ben"}))
    [one] = await planner.all_tasks()
    assert (one["holder"], one["home"]) == ("ben", None)
    assert await wrong(planner, runs=2) == []


async def test_open_work_that_is_given_away_goes_along_and_stays(planner: Replica) -> None:
    """Also what somebody else has begun, or keeps for Anna until she is back."""
    everybody = {"anna": True, "ben": True, "cem": True}
    await planner.sweep(handover(1, here=everybody, acting={"r1": "anna", "r2": "anna"}), ANNA_AWAY)
    await planner.put("anna", 2)
    await planner.put("cem", touched=True)
    await planner.put("cem", responsibility_id="r2")
    await planner.put("cem", open=False)
    await planner.sweep(handover(3, acting={"r1": "ben"}))
    assert await planner.holders() == {"ben": 2, "cem": 2}
    given = handover(4, acting={"r1": "ben"}, given={"r1"})
    await planner.sweep(given, given)
    assert await planner.holders() == {"ben": 3, "cem": 1}
    assert {one["home"] for one in await planner.all_tasks()} == {None}
    await planner.sweep(handover(5, here={"anna": True}))
    assert await planner.holders() == {"ben": 3, "cem": 1}, "nothing goes back"
    answers = await planner.answers()
    told = sorted((move.from_holder, move.to_holder) for move in answers["h4"][0].moves)
    assert told == [("ben", "ben"), ("ben", "ben"), ("cem", "ben")]
    assert await wrong(planner, runs=5) == []


async def test_what_stands_in_for_a_page_is_given_away_with_the_clients(planner: Replica) -> None:
    await planner.sweep(handover(1, here={"anna": True, "ben": True}))
    await planner.put("anna", responsibility_id="p1:copywriting")
    await planner.put("anna", responsibility_id="p2:copywriting")
    own = handover(2, acting={"p2:copywriting": "anna"})
    given = handover(3, acting={"c1:copywriting": "ben"}, given={"c1:copywriting"})
    await planner.sweep(own, given)
    assert await planner.holders() == {"ben": 1, "anna": 1}
    assert await wrong(planner, runs=3) == []


async def test_finished_work_stays_where_it_is(planner: Replica) -> None:
    await planner.put("anna", open=False)
    await planner.sweep(ANNA_ACTS, ANNA_AWAY)
    assert [one["holder"] for one in await planner.all_tasks()] == ["anna"]


async def test_handovers_delivered_in_reverse_move_nothing_twice(planner: Replica) -> None:
    """Anna is back before she is away; Ben's work goes to her, who acts by the newest epoch."""
    await planner.sweep(ANNA_ACTS)
    await planner.put("anna", 5)
    await planner.put("ben", 5)
    for event in (ANNA_BACK, BEN_AWAY_TOO, ANNA_AWAY):
        await planner.sweep(event)
    assert await planner.holders() == {"anna": 10}
    assert await wrong(planner, runs=4) == []


async def test_a_handover_delivered_twice_is_one_run(planner: Replica) -> None:
    await planner.sweep(ANNA_ACTS)
    await planner.put("anna", 5)
    await planner.sweep(ANNA_AWAY, ANNA_AWAY)
    await planner.sweep(ANNA_AWAY)
    assert await planner.holders() == {"ben": 5}
    assert await wrong(planner, runs=2) == []


async def test_a_late_handover_moves_by_the_rows_and_not_by_what_it_says(planner: Replica) -> None:
    """Ben, to whom it gives, is known to be away since."""
    await planner.sweep(ANNA_ACTS)
    await planner.put("anna", 5)
    await planner.rows.apply_presence([Here("ben", 3, present=False)])
    await planner.rows.apply_coverage([Acting("r1", 3, "cem")])
    await planner.sweep(ANNA_AWAY)
    assert await planner.holders() == {"cem": 5}


@pytest.mark.timeout(600)
async def test_nothing_stays_with_the_absent_member_while_people_go_on_working(
    make_replica: MakeReplica,
) -> None:
    """2,500 tasks in chunks; meanwhile others create, touch and finish, through two replicas."""
    planner, other = make_replica(), make_replica()
    await planner.sweep(ANNA_ACTS)
    await planner.put("anna", 2_500)
    tasks = [one["_id"] for one in await planner.all_tasks()]
    chance = random.Random(7)
    moved = asyncio.Event()

    async def work_on(replica: Replica, slot: int) -> None:
        done = 0
        while not moved.is_set() or done < 25:
            await replica.create("r1", slot)
            await replica.command(chance.choice(tasks), touched=True)
            await replica.command(chance.choice(tasks), open=False)
            done += 1

    async def hand_over() -> None:
        await planner.sweep(ANNA_AWAY)
        moved.set()

    async with asyncio.TaskGroup() as group:
        for slot in range(MOVER_SLOT):
            group.create_task(work_on((planner, other)[slot % 2], slot))
        group.create_task(hand_over())

    assert set(await planner.holders()) == {"ben"}
    assert await wrong(planner, runs=2) == []
    *parts, total = (await planner.answers())["h2"]
    assert len(parts) >= 5
    assert max(len(part.moves) for part in parts) <= 500
    assert len(total.committed_at) == len(parts)


async def test_two_workers_that_both_think_the_lease_is_theirs(make_replica: MakeReplica) -> None:
    replicas = [make_replica(), make_replica()]
    await replicas[0].sweep(ANNA_ACTS)
    await replicas[0].put("anna", 1_500)
    await replicas[0].put("ben", 700)
    await replicas[0].take(ANNA_AWAY, BEN_AWAY_TOO)
    await asyncio.gather(*(replica.work() for replica in replicas))
    assert await replicas[0].holders() == {"cem": 2_200}
    assert await wrong(replicas[0], runs=3) == []


async def test_four_handovers_in_any_order_on_two_workers(make_replica: MakeReplica) -> None:
    chance = random.Random(11)
    replicas = [make_replica(), make_replica()]
    await replicas[0].put("anna", 40)
    for event in chance.sample(ALL, len(ALL)):
        await replicas[0].take(event)
        await asyncio.gather(*(replica.work() for replica in replicas))
    assert "ben" not in await replicas[0].holders()
    assert await wrong(replicas[0], runs=4) == []


async def test_an_item_that_cannot_be_moved_holds_up_nothing_else(planner: Replica) -> None:
    """Not the other items, not later handovers; the receipt stays open until it is mended."""
    await planner.sweep(ANNA_ACTS)
    await planner.put("anna", 5)
    broken, *_ = await planner.all_tasks()
    await planner.tasks.update_one({"_id": broken["_id"]}, {"$unset": {"title": ""}})

    await planner.sweep(ANNA_AWAY)
    assert await planner.holders() == {"anna": 1, "ben": 4}
    assert {part.total for part in (await planner.answers())["h2"]} == {None}
    await planner.sweep(BEN_AWAY_TOO)
    assert await planner.holders() == {"anna": 1, "cem": 4}

    await planner.tasks.update_one({"_id": broken["_id"]}, {"$set": {"title": "Türchen 1"}})
    runs = planner.mongo.collection("handover_runs")
    await runs.update_many({}, {"$set": {"retry_at": None}})
    await planner.work()
    assert await planner.holders() == {"cem": 5}
    assert await wrong(planner, runs=3) == []
