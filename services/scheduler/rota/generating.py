"""Generations of a rota: begun, finished early, cancelled, and what becomes of the proposal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from services.scheduler.desk import Desk
from services.scheduler.errors import check_version
from services.scheduler.rota import runs
from services.scheduler.rota.domain import Shift
from services.scheduler.rota.duties import withdraw_swaps
from services.scheduler.rota.planning import Plan, by_member, read_plan, why_not, with_given
from services.scheduler.rota.runs import (
    MOST_SHIFTS,
    AlreadyPlanning,
    NothingToPlan,
    Run,
    TooMuchToPlan,
)
from services.scheduler.rota.telling import tell_of_rota
from services.scheduler.rota.usecases import find_group
from shared.auth import Identity
from shared.errors import NotFound
from shared.ids import new_id
from shared.mongo import Session
from shared.outbox import Transaction

__all__ = [
    "apply_run",
    "begin_run",
    "cancel_run",
    "discard_run",
    "find_run",
    "finish_run",
    "sound_rota",
]


async def find_run(desk: Desk, who: Identity, run_id: str, session: Session | None = None) -> Run:
    """Only who sees all of its groups sees it. Raises `NotFound`."""
    run = await desk.rota.run(run_id, session)
    if run is None:
        raise NotFound
    for group_id in run.group_ids:
        await find_group(desk, who, group_id, session)
    return run


async def begin_run(
    tx: Transaction,
    desk: Desk,
    who: Identity,
    group_ids: Sequence[str],
    first_day: date,
    weeks: int,
    now: datetime,
) -> Run:
    """Raises `NotFound`, `NothingToPlan`, `TooMuchToPlan`, `AlreadyPlanning`."""
    await desk.rota.take_turn(tx)
    ids = tuple(dict.fromkeys(group_ids))
    groups = [await find_group(desk, who, group_id, tx.session) for group_id in ids]
    if any(group.ended for group in groups):
        raise NotFound
    run = Run(new_id(), ids, first_day.isoformat(), weeks, who.member_id, now)
    plan = await read_plan(desk, run, now, tx.session)
    if not plan.slots:
        raise NothingToPlan
    if len(plan.slots) > MOST_SHIFTS:
        raise TooMuchToPlan(shifts=len(plan.slots), most=MOST_SHIFTS)
    if await desk.rota.at_work_for(ids, tx.session) is not None:
        raise AlreadyPlanning
    await desk.rota.put_run(tx, run)
    return run


async def cancel_run(tx: Transaction, desk: Desk, who: Identity, run_id: str, now: datetime) -> Run:
    """Whatever has been found meanwhile. Raises `NotFound`, `RunDecided`."""
    run = await find_run(desk, who, run_id, tx.session)
    return await _put(tx, desk, runs.cancelled(run, who.member_id, now))


async def finish_run(tx: Transaction, desk: Desk, who: Identity, run_id: str, now: datetime) -> Run:
    """The best rota so far becomes the proposal. Raises `NotFound`, `RunDecided`,
    `NothingFoundYet`."""
    run = await find_run(desk, who, run_id, tx.session)
    return await _put(tx, desk, runs.taken_as_it_is(run, now))


async def discard_run(tx: Transaction, desk: Desk, who: Identity, run_id: str, version: int) -> Run:
    """Raises `NotFound`, `StaleVersion`, `RunNotProposed`."""
    run = await find_run(desk, who, run_id, tx.session)
    check_version(version, run.version)
    return await _put(tx, desk, runs.discarded(run, who.member_id))


async def apply_run(
    tx: Transaction, desk: Desk, who: Identity, run_id: str, version: int, now: datetime
) -> Run:
    """The proposal becomes the rota, all of it at once.

    Who cannot have a shift any more, because of an absence or a rule that came meanwhile, does not
    get it: it stays open. What was taken, swapped or locked meanwhile stays as it is. Raises
    `NotFound`, `StaleVersion`, `RunNotProposed`.
    """
    await desk.rota.take_turn(tx)
    run = await find_run(desk, who, run_id, tx.session)
    check_version(version, run.version)
    after = runs.applied(run, who.member_id, dropped=0)
    plan = await read_plan(desk, run, now, tx.session)
    proposed = with_given(plan.slots, run.given)
    sound, dropped = sound_rota(proposed, plan.beside(run.given), plan)
    await desk.rota.put_shifts(tx, (replace(one, version=one.version + 1) for one in sound))
    gone = {shift.id for shift in plan.stale}
    await desk.rota.delete_shifts(tx, gone)
    altered = {shift.id for shift in plan.altered(sound)}
    await withdraw_swaps(tx, desk, altered | gone, now)
    await tell_of_rota(tx, desk, run, plan, sound, who.member_id)
    return await _put(tx, desk, replace(after, dropped=len(dropped)))


def sound_rota(
    proposed: Sequence[Shift], beside: Sequence[Shift], plan: Plan
) -> tuple[list[Shift], list[Shift]]:
    """The rota without what breaks a rule by now, `beside` the other shifts; and what that is."""
    theirs = by_member(beside)
    sound, dropped = [], []
    for shift in proposed:
        member_id = shift.member_id
        if member_id is not None and why_not(shift, member_id, plan.crew, theirs, plan.now):
            dropped.append(shift)
            sound.append(replace(shift, member_id=None))
        else:
            sound.append(shift)
            if member_id is not None:
                theirs[member_id].append(shift)
    return sound, dropped


async def _put(tx: Transaction, desk: Desk, run: Run) -> Run:
    await desk.rota.put_run(tx, run)
    return run
