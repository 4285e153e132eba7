"""After a change to the team: who is present, who acts, and the handover that follows from it.

    epoch taken -> change written -> settle: presence, coverage, one handover -> commit

A change that concerns more than `LIMIT` responsibilities would make a transaction too long to live
beside ordinary edits. Then its own transaction settles presence only and leaves a row

    settlements {_id: handover id, change, after, changed}

which `Settling.work` takes through the responsibilities in transactions of their own, each with an
epoch of its own, and starts the handover last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from services.scheduler.coverage.clock import CoverageClock, Tick
from services.scheduler.coverage.domain import acting_at
from services.scheduler.coverage.store import CoverageStore, Covered, covered
from services.scheduler.coverage.team import TeamReader
from services.scheduler.documents import Documents
from services.scheduler.handovers.marks import CommitMarks
from services.scheduler.handovers.store import Handovers
from services.scheduler.handovers.usecases import Start, start_handover
from services.scheduler.members.domain import member_changed, with_presence
from services.scheduler.responsibilities.domain import Responsibility
from services.scheduler.responsibilities.store import Responsibilities
from shared.clock import Clock
from shared.events.scheduler import HandoverCause, Presence
from shared.ids import new_id
from shared.mongo import Document, Mongo
from shared.outbox import Outbox, Transaction

__all__ = ["LIMIT", "Change", "Settling"]

LIMIT = 500
_LEGS = 2_000
"""More than that would not fit into one event; the rest follows as handovers of their own."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction has changed.

    `members`: their absences, qualifications, access or being active. `edited` of them: in what
    others are told of them. `clients`: their lists of leads. `responsibilities`: their people, or
    the accounts that they need. `moving` of these: their open work goes along to whoever acts, as
    somebody asked for. `by` is the member who did it; None: a time that fell due.
    """

    members: frozenset[str] = frozenset()
    edited: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    responsibilities: frozenset[str] = frozenset()
    moving: frozenset[str] = frozenset()
    absence_id: str | None = None
    absent_member: str | None = None
    by: str | None = None


_WAITING: Document = {"done": {"$ne": True}}
"""They go when they are done; those of the first versions stayed."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A change on its way through its responsibilities; `after` is the last one done, `changed`
    are those for which somebody else acts since."""

    id: str
    change: Change
    presence: tuple[str, ...]
    after: str = ""
    changed: tuple[str, ...] = field(default=())


class Settling:
    def __init__(
        self,
        mongo: Mongo,
        *,
        clock: CoverageClock,
        team: TeamReader,
        responsibilities: Responsibilities,
        handovers: Handovers,
        marks: CommitMarks,
        zone: ZoneInfo,
        limit: int = LIMIT,
    ) -> None:
        """`zone` is the agency's, for the numbers of handovers."""
        self._clock = clock
        self._team = team
        self._responsibilities = responsibilities
        self._coverage = CoverageStore(mongo)
        self._handovers = handovers
        self._marks = marks
        self._settlements = Documents(mongo.collection("settlements"), Settlement)
        self._zone = zone
        self._limit = limit

    async def settle(self, tx: Transaction, tick: Tick, change: Change) -> str | None:
        """In the transaction of the change, after it was written.

        Returns the id of the handover that starts with it, or will once all is settled; None if
        the same people are here and act.
        """
        presence = await self._settle_presence(tx, tick, change)
        concerned = await self._concerned(tx, change, limit=self._limit + 1)
        if len(concerned) > self._limit:
            return await self._settle_later(tx, change, presence)
        changed = await self._settle_coverage(tx, tick, concerned)
        legs = await self._with_moving(tx, change, changed)
        if not legs and not presence:
            return None
        return await self._start(tx, tick, new_id(), change, presence, legs)

    async def _settle_presence(
        self, tx: Transaction, tick: Tick, change: Change
    ) -> tuple[Presence, ...]:
        """Tell of the members who came, went or were edited; returns those who came or went."""
        members = await self._team.members.load(change.members, tx.session)
        people = await self._team.people_at(members, tick.now, tx.session)
        presence = []
        for member in members.values():
            present = people[member.id].present(tick.now)
            if present != member.present:
                presence.append(Presence(member_id=member.id, present=present))
            elif member.id not in change.edited:
                continue
            told = with_presence(member, present=present, epoch=tick.epoch)
            await self._team.members.put(tx, told)
            tx.emit(member_changed(told))
        return tuple(presence)

    async def _concerned(
        self, tx: Transaction, change: Change, *, after: str = "", limit: int
    ) -> list[Responsibility]:
        led = await self._team.leads.clients_led_by(tx, change.members)
        return await self._responsibilities.concerning(
            tx,
            members=change.members,
            clients=change.clients | led,
            ids=change.responsibilities,
            after=after,
            limit=limit,
        )

    async def _settle_coverage(
        self, tx: Transaction, tick: Tick, concerned: Sequence[Responsibility]
    ) -> tuple[Covered, ...]:
        """Decide who acts, tell what differs; returns those for which it is somebody else."""
        team = await self._team.at(concerned, tick.now, tx.session)
        before = await self._coverage.load((one.id for one in concerned), tx.session)
        now = [covered(one, acting_at(one, tick.now, team), tick.epoch) for one in concerned]
        different = [one for one in now if not _same(before.get(one.id), one)]
        await self._coverage.put_all(tx, different)
        for one in different:
            tx.emit(one.event())
        return tuple(one for one in different if _acting(before.get(one.id)) != one.acting)

    async def _with_moving(
        self, tx: Transaction, change: Change, changed: Sequence[Covered]
    ) -> list[Covered]:
        """Also those for which the same person acts, but should get what others hold."""
        legs = {one.id: one for one in changed}
        others = await self._coverage.load(change.moving - legs.keys(), tx.session)
        return [*changed, *others.values()]

    async def _start(
        self,
        tx: Transaction,
        tick: Tick,
        handover_id: str,
        change: Change,
        presence: tuple[Presence, ...],
        legs: Sequence[Covered],
    ) -> str:
        start = Start(
            handover_id=handover_id,
            cause=_cause(change, presence),
            # Others' coverage may be found out of date on the way: that is not this absence's.
            absent_member=change.absent_member if presence else None,
            absence_id=change.absence_id if presence else None,
            by=change.by,
            presence=presence,
            legs=tuple(legs),
            moving=change.moving,
        )
        await start_handover(tx, self._handovers, self._marks, start, tick, self._zone)
        return handover_id

    # More responsibilities than one transaction should hold

    async def _settle_later(
        self, tx: Transaction, change: Change, presence: tuple[Presence, ...]
    ) -> str | None:
        settlement = Settlement(new_id(), change, tuple(one.member_id for one in presence))
        await self._settlements.put(tx.session, settlement)
        return settlement.id if presence or change.moving else None

    async def work(self, outbox: Outbox, clock: Clock) -> bool:
        """Worker: take the oldest settlement one step further; False if there is none."""
        if await self._settlements.find_one(_WAITING) is None:
            return False
        return await outbox.transaction(lambda tx: self._step(tx, clock()))

    async def _step(self, tx: Transaction, now: datetime) -> bool:
        tick = await self._clock.tick(tx, now)
        found = await self._settlements.find(_WAITING, tx.session, sort=[("_id", 1)], limit=1)
        for settlement in found:
            concerned = await self._concerned(
                tx, settlement.change, after=settlement.after, limit=self._limit
            )
            if concerned:
                changed = await self._settle_coverage(tx, tick, concerned)
                await self._go_on(tx, settlement, concerned[-1].id, changed)
            else:
                await self._finish(tx, tick, settlement)
        return bool(found)

    async def _go_on(
        self, tx: Transaction, settlement: Settlement, after: str, changed: Sequence[Covered]
    ) -> None:
        ids = (*settlement.changed, *(one.id for one in changed))
        await self._settlements.put(tx.session, replace(settlement, after=after, changed=ids))

    async def _finish(self, tx: Transaction, tick: Tick, settlement: Settlement) -> None:
        """Start the handover by what holds now: some of it may have been decided anew meanwhile."""
        await self._settlements.collection.delete_one({"_id": settlement.id}, session=tx.session)
        members = await self._team.members.load(settlement.presence, tx.session)
        presence = tuple(
            Presence(member_id=one.id, present=one.present) for one in members.values()
        )
        change = settlement.change
        changed = await self._coverage.load(settlement.changed, tx.session)
        legs = await self._with_moving(tx, change, list(changed.values()))
        if not presence and not legs:
            return
        await self._start(tx, tick, settlement.id, change, presence, legs[:_LEGS])
        for start in range(_LEGS, len(legs), _LEGS):
            more = legs[start : start + _LEGS]
            await self._start(tx, tick, new_id(), change, (), more)


def _same(before: Covered | None, now: Covered) -> bool:
    """Whether nothing differs but the epoch."""
    return before is not None and replace(before, epoch=now.epoch) == now


def _acting(covered: Covered | None) -> str | None:
    """A responsibility nobody has heard of is a gap to everybody."""
    return None if covered is None else covered.acting


def _cause(change: Change, presence: Sequence[Presence]) -> HandoverCause:
    if change.absence_id is None or not presence:
        return HandoverCause.COVERAGE_CHANGED
    gone = any(not one.present for one in presence)
    return HandoverCause.ABSENCE_STARTED if gone else HandoverCause.ABSENCE_ENDED
