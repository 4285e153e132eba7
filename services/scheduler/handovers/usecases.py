"""Starting a handover, taking the participants' answers, and closing it when they add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from services.scheduler.coverage.clock import Tick
from services.scheduler.coverage.store import Covered
from services.scheduler.handovers.domain import (
    PARTICIPANTS,
    Acknowledgement,
    Handover,
    HandoverLeg,
    HandoverState,
    Part,
    complete,
    fault,
    moves_told_elsewhere,
    part_of,
)
from services.scheduler.handovers.marks import CommitMarks
from services.scheduler.handovers.store import Handovers
from services.scheduler.members.store import Members
from services.scheduler.metrics import HANDOVER_SECONDS
from services.scheduler.responsibilities.leads import leads_to_tell
from services.scheduler.responsibilities.store import ClientLeads
from shared.events.handover import WorkHandedOver
from shared.events.notifier import WorkAcknowledged
from shared.events.scheduler import HandoverCause, Presence
from shared.outbox import Transaction

__all__ = ["Closing", "Start", "acknowledge", "close_waiting", "start_handover", "take_answer"]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """`by` is the member who caused it; None: a time that fell due. `moving`: responsibilities
    whose open work goes along, whoever holds it."""

    handover_id: str
    cause: HandoverCause
    absent_member: str | None
    absence_id: str | None
    by: str | None
    presence: tuple[Presence, ...]
    legs: tuple[Covered, ...]
    moving: frozenset[str] = frozenset()


async def start_handover(
    tx: Transaction,
    handovers: Handovers,
    marks: CommitMarks,
    start: Start,
    tick: Tick,
    zone: ZoneInfo,
) -> Handover:
    """`zone` is the agency's: its year numbers the handover."""
    handover = Handover(
        id=start.handover_id,
        number=await handovers.next_number(tx, tick.now.astimezone(zone).year),
        epoch=tick.epoch,
        cause=start.cause,
        absent_member=start.absent_member,
        absence_id=start.absence_id,
        started_by=start.by,
        started_at=tick.now,
        participants=PARTICIPANTS,
        presence=start.presence,
        legs=tuple(_leg(one, start.moving) for one in start.legs),
        clients=tuple(sorted({one.client_id for one in start.legs})),
    )
    await handovers.put(tx, handover)
    tx.emit(handover.started())
    marks.watch(tx, handover.id)
    return handover


def _leg(covered: Covered, moving: frozenset[str]) -> HandoverLeg:
    return HandoverLeg(
        responsibility_id=covered.id,
        client_id=covered.client_id,
        page_id=covered.page_id,
        discipline=covered.discipline,
        to=covered.acting,
        acts_as=covered.acts_as,
        open_work=covered.id in moving,
    )


async def acknowledge(tx: Transaction, handovers: Handovers, event: WorkAcknowledged) -> None:
    acknowledgement = Acknowledgement(event.member_id, event.acknowledged_at)
    await handovers.acknowledge(tx, event.handover_id, acknowledgement)


@dataclass(frozen=True)
class Closing:
    """Decides whether a handover is complete, and tells it."""

    handovers: Handovers
    leads: ClientLeads
    members: Members

    async def attempt(self, tx: Transaction, handover: Handover, now: datetime) -> bool:
        """Close the handover if all have answered and the parts add up.

        The transaction must have written to the handover before it was loaded.
        """
        if handover.state is HandoverState.COMPLETED or not handover.answered:
            return False
        parts = await self.handovers.parts(handover.id, tx.session)
        problem = fault(handover, parts) or await self._hole(tx, parts)
        if problem is not None:
            await self._note_fault(tx, handover, problem)
            return False
        clients = {*handover.clients, *(move.client_id for part in parts for move in part.moves)}
        leads = await leads_to_tell(tx, self.leads, self.members, clients)
        completed = complete(handover, parts, leads, now)
        await self.handovers.note_completed(tx, completed, clients)
        tx.emit(completed)
        took = (now - handover.started_at).total_seconds()
        tx.after_commit(lambda: HANDOVER_SECONDS.observe(took))
        return True

    async def _hole(self, tx: Transaction, parts: Sequence[Part]) -> str | None:
        elsewhere = moves_told_elsewhere(parts)
        missing = elsewhere - await self.handovers.told(tx, elsewhere)
        if not missing:
            return None
        first = min(missing, key=lambda one: (one.item_id, one.move_no))
        return f"{len(missing)} earlier moves are not told, the first is {first}"

    async def _note_fault(self, tx: Transaction, handover: Handover, problem: str) -> None:
        if handover.fault != problem:
            _log.error("receipt does not add up", handover=handover.number, fault=problem)
            await self.handovers.note_fault(tx, handover.id, problem)


async def take_answer(
    tx: Transaction, closing: Closing, answer: WorkHandedOver, now: datetime
) -> None:
    """Keep a part of a participant's answer; the last one of all closes the handover."""
    handovers = closing.handovers
    await handovers.put_part(tx, part_of(answer))
    if answer.total is None:
        return
    await handovers.note_total(tx, answer.handover_id, answer.participant, answer.total)
    handover = await handovers.get(answer.handover_id, tx.session)
    if handover is None:
        _log.error("answer to an unknown handover", handover=answer.handover_id)
        return
    await closing.attempt(tx, handover, now)


async def close_waiting(tx: Transaction, closing: Closing, handover_id: str, now: datetime) -> bool:
    """Look again at a handover that waited for what others tell."""
    handovers = closing.handovers
    found = await handovers.get(handover_id, tx.session)
    if found is None:
        return False
    # Written first, see `Closing.attempt`: whoever else decides at this moment conflicts.
    await handovers.note_fault(tx, handover_id, found.fault)
    return await closing.attempt(tx, found, now)
