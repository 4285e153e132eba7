"""A participant with nothing but tasks, on a real MongoDB; its work is done when a test says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from shared.consuming import Received
from shared.events.disciplines import Discipline
from shared.events.envelope import Envelope
from shared.events.handover import ItemKind, Participant, WorkHandedOver
from shared.events.scheduler import HandoverCause, HandoverStarted, Leg, Presence
from shared.handover.participant import Items, Participation
from shared.handover.rows import HTTP_SLOT
from shared.ids import new_id
from shared.mongo import Document
from shared.outbox import Transaction
from shared.service import Service
from shared.settings import ServiceSettings

__all__ = ["NOW", "Replica", "handover", "problems"]

NOW = datetime(2026, 11, 24, 9, 58, tzinfo=UTC)
TASKS = Items("tasks", ItemKind.TASK, fields=("title",), label=lambda task: str(task["title"]))


def handover(
    epoch: int,
    *,
    here: dict[str, bool] | None = None,
    acting: dict[str, str | None] | None = None,
    given: Collection[str] = (),
) -> HandoverStarted:
    """`h<epoch>`: who is here from then on, who acts for which responsibility, and of which of
    these the open work is `given` away."""
    return HandoverStarted(
        handover_id=f"h{epoch}",
        number=f"H-2026-{epoch:04}",
        epoch=epoch,
        cause=HandoverCause.COVERAGE_CHANGED,
        absent_member=None,
        presence=tuple(Presence(member_id=m, present=p) for m, p in (here or {}).items()),
        participants=(Participant.PLANNER,),
        legs=tuple(
            Leg(
                responsibility_id=name,
                client_id="c1",
                page_id=None,
                discipline=Discipline.COPYWRITING,
                to=member,
                open_work=name in given,
            )
            for name, member in (acting or {}).items()
        ),
        started_at=NOW,
    )


class Replica:
    """One process of the planner, as far as handovers go."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._service = Service("planner", settings)
        self.mongo = self._service.mongo
        self.outbox = self._service.outbox
        self.tasks = self.mongo.collection("tasks")
        self.participation = Participation(self._service, Participant.PLANNER, [TASKS])
        self.rows = self.participation.rows

    async def close(self) -> None:
        await self.mongo.close()

    async def take(self, *handovers: HandoverStarted) -> None:
        """As the consumer of `work.handovers` does."""
        for event in handovers:
            envelope = Envelope.wrap(event, id=new_id(), source="/s", sequence=1, time=NOW)
            received = Received(event, envelope, partition=0, order=1)

            async def store(tx: Transaction, received: Received[Any] = received) -> None:
                await self.participation.store_run(tx, received)

            await self.outbox.transaction(store)

    async def work(self) -> None:
        """As the worker does, until nothing is left."""
        while await self.participation.work():
            pass

    async def sweep(self, *handovers: HandoverStarted) -> None:
        await self.take(*handovers)
        await self.work()

    async def put(self, holder: str | None, count: int = 1, **fields: Any) -> None:
        """Open tasks of responsibility r1, as if they had been there for long."""
        await self.tasks.insert_many([task(holder, **fields) for _ in range(count)])

    async def create(
        self, responsibility: str = "r1", slot: int = HTTP_SLOT, **fields: Any
    ) -> None:
        """As a use case does: decided by the rows, in the transaction that stores it."""
        task_id = new_id()

        async def work(tx: Transaction) -> None:
            holder = await self.rows.acting(tx, responsibility, slot)
            new = task(holder, _id=task_id, responsibility_id=responsibility, **fields)
            await self.tasks.insert_one(new, session=tx.session)

        await self.outbox.transaction(work)

    async def command(self, task_id: str, **changes: Any) -> None:
        """As a use case does: loaded and saved in one transaction, its own fields only."""

        async def work(tx: Transaction) -> None:
            one = await self.tasks.find_one({"_id": task_id}, session=tx.session)
            assert one is not None
            result = await self.tasks.update_one(
                {"_id": task_id, "version": one["version"]},
                {"$set": changes, "$inc": {"version": 1}},
                session=tx.session,
            )
            assert result.modified_count == 1

        await self.outbox.transaction(work)

    async def all_tasks(self) -> list[Document]:
        return [one async for one in self.tasks.find().sort("_id", 1)]

    async def holders(self) -> dict[str | None, int]:
        """How many open tasks each has."""
        counts: dict[str | None, int] = defaultdict(int)
        for one in await self.all_tasks():
            counts[one["holder"]] += one["open"]
        return {holder: count for holder, count in counts.items() if count}

    async def answers(self) -> dict[str, list[WorkHandedOver]]:
        """What it says to `planner.handovers`, by handover."""
        rows = self.mongo.collection("outbox").find({"topic": "planner.handovers"}).sort("_id", 1)
        answers: dict[str, list[WorkHandedOver]] = defaultdict(list)
        async for row in rows:
            data = Envelope.parse(row["body"]).data
            answers[data["handover_id"]].append(WorkHandedOver.model_validate(data))
        return dict(answers)


def task(holder: str | None, **fields: Any) -> Document:
    usual = {
        "_id": new_id(),
        "title": "Türchen 1",
        "open": True,
        "holder": holder,
        "home": None,
        "touched": False,
        "move_no": 0,
        "responsibility_id": "r1",
        "client_id": "c1",
        "version": 1,
    }
    return usual | fields


def problems(
    answers: dict[str, list[WorkHandedOver]], tasks: Iterable[Document], runs: int
) -> list[str]:
    """What does not add up between the answers and the tasks; empty if all does."""
    found = [] if len(answers) == runs else [f"{len(answers)} answers to {runs} handovers"]
    moves = defaultdict(list)
    for name, parts in answers.items():
        moved = [move for part in parts for move in part.moves]
        for move in moved:
            moves[move.item_id].append(move)
        if [part.part for part in parts] != list(range(1, len(parts) + 1)):
            found.append(f"{name}: parts {[part.part for part in parts]}")
        if [part.total for part in parts] != [None] * (len(parts) - 1) + [len(moved)]:
            found.append(f"{name}: {len(moved)} moves, totals {[part.total for part in parts]}")
    for one in tasks:
        chain = sorted(moves.pop(one["_id"], []), key=lambda move: move.move_no)
        if [move.move_no for move in chain] != list(range(1, one["move_no"] + 1)):
            found.append(f"{one['_id']}: {one['move_no']} moves, told {chain}")
        if any(a.to_holder != b.from_holder for a, b in pairwise(chain)):
            found.append(f"{one['_id']}: does not chain: {chain}")
        if chain and (chain[-1].to_holder, chain[-1].home) != (one["holder"], one["home"]):
            found.append(f"{one['_id']}: told {chain[-1]}, but it is with {one['holder']}")
    return found + [f"{name}: moves of an unknown task" for name in moves]
