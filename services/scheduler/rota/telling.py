"""What the rota tells those whom it concerns, as events: with the names of what they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from services.scheduler.desk import Desk
from services.scheduler.rota.domain import Group, Shift, Swap, SwapState
from services.scheduler.rota.planning import Plan, by_member
from services.scheduler.rota.runs import Run
from shared.auth import SYSTEM_SCOPE
from shared.events.rota import RotaShift, ShiftsCause, ShiftsChanged, SwapChanged, SwapStep
from shared.ids import new_id
from shared.outbox import Transaction

__all__ = [
    "group_ended",
    "rota_applied",
    "rota_shift",
    "shift_given",
    "shift_taken",
    "swap_changed",
    "tell_of_given",
    "tell_of_rota",
    "tell_of_swap",
    "tell_of_taken",
    "tell_of_withdrawn",
]


def rota_shift(shift: Shift, group: Group) -> RotaShift:
    return RotaShift(
        shift_id=shift.id,
        group=group.name,
        kind=shift.kind,
        clients=group.client_ids,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
    )


def swap_changed(swap: Swap, shift: RotaShift | None, in_return: RotaShift | None) -> SwapChanged:
    """As others learn it; of an offer that is withdrawn not which shifts it was about."""
    told = swap.state is not SwapState.WITHDRAWN
    return SwapChanged(
        swap_id=swap.id,
        giver=swap.giver,
        taker=swap.taker,
        step=SwapStep(swap.state),
        version=swap.version,
        shift=shift if told else None,
        in_return=in_return if told else None,
    )


def shift_given(
    change_id: str, before: Shift, after: Shift, group: Group, by: str
) -> Iterator[ShiftsChanged]:
    """By a lead, to somebody or to nobody: for whoever has it now, and whoever had it."""
    told = rota_shift(after, group)
    for member_id in (after.member_id, before.member_id):
        if member_id is not None:
            theirs = member_id == after.member_id
            yield ShiftsChanged(
                member_id=member_id,
                change_id=change_id,
                cause=ShiftsCause.GIVEN,
                by=by,
                first_day=None,
                last_day=None,
                shifts=(told,) if theirs else (),
                new=(told.shift_id,) if theirs else (),
                gone=() if theirs else (told,),
            )


def shift_taken(change_id: str, before: Shift, group: Group, by: str) -> ShiftsChanged:
    """By a colleague, from whoever had it and cannot be there."""
    assert before.member_id is not None  # noqa: S101 - of nobody's, nobody is told
    return ShiftsChanged(
        member_id=before.member_id,
        change_id=change_id,
        cause=ShiftsCause.TAKEN,
        by=by,
        first_day=None,
        last_day=None,
        shifts=(),
        new=(),
        gone=(rota_shift(before, group),),
    )


def group_ended(group: Group, gone: Iterable[Shift], by: str) -> Iterator[ShiftsChanged]:
    """For each member whose shifts have `gone` with the group, in order."""
    for member_id, theirs in sorted(by_member(gone).items()):
        yield ShiftsChanged(
            member_id=member_id,
            change_id=f"{group.id}:{group.version}",
            cause=ShiftsCause.GROUP_ENDED,
            by=by,
            first_day=None,
            last_day=None,
            shifts=(),
            new=(),
            gone=tuple(rota_shift(one, group) for one in theirs),
        )


def rota_applied(
    run: Run,
    plan: Plan,
    applied: Iterable[Shift],
    groups: Mapping[str, Group],
    by: str,
) -> Iterator[ShiftsChanged]:
    """For each member whose shifts are others with the `applied` ones than the `plan` had them, or
    at other times."""
    days = {day.isoformat() for day in run.days}
    after = {**plan.stored, **{shift.id: shift for shift in applied}}
    fixed = (one for one in plan.kept if one.day in days)  # of other groups too: “no shifts” is so
    had, has = by_member((*plan.stored.values(), *plan.stale)), by_member(after.values())
    kept = by_member(one for one in fixed if one.ends_at > plan.now)

    def told(shifts: Iterable[Shift]) -> tuple[RotaShift, ...]:
        ordered = sorted(shifts, key=lambda one: (one.starts_at, one.id))
        return tuple(rota_shift(one, groups[one.group_id]) for one in ordered)

    for member_id in sorted({*had, *has}):
        before = {_when(one): one for one in had.get(member_id, ())}
        present = {_when(one): one for one in has.get(member_id, ())}
        if before.keys() != present.keys():
            theirs = told((*present.values(), *kept.get(member_id, ())))
            new = {one.id for when, one in present.items() if when not in before}
            yield ShiftsChanged(
                member_id=member_id,
                change_id=run.id,
                cause=ShiftsCause.ROTA_APPLIED,
                by=by,
                first_day=run.days[0],
                last_day=run.days[-1],
                shifts=theirs,
                new=tuple(one.shift_id for one in theirs if one.shift_id in new),
                gone=told(one for when, one in before.items() if when not in present),
            )


def _when(shift: Shift) -> tuple[str, datetime, datetime]:
    """Whoever keeps a shift is told if its time is another."""
    return shift.id, shift.starts_at, shift.ends_at


async def tell_of_given(tx: Transaction, desk: Desk, before: Shift, after: Shift, by: str) -> None:
    group = await desk.rota.group(SYSTEM_SCOPE, after.group_id, tx.session)
    if group is not None:
        for event in shift_given(new_id(), before, after, group, by):
            tx.emit(event)


def tell_of_taken(tx: Transaction, before: Shift, group: Group, by: str) -> None:
    """It was open: nobody has to be told, or whoever cannot be there."""
    if before.member_id not in (None, by):
        tx.emit(shift_taken(new_id(), before, group, by))


async def tell_of_rota(
    tx: Transaction,
    desk: Desk,
    run: Run,
    plan: Plan,
    applied: Iterable[Shift],
    by: str,
) -> None:
    groups = {one.id: one for one in await desk.rota.groups(SYSTEM_SCOPE, tx.session, ended=True)}
    for event in rota_applied(run, plan, applied, groups, by):
        tx.emit(event)


async def tell_of_swap(tx: Transaction, desk: Desk, swap: Swap) -> None:
    """With its shifts as they are in this transaction."""
    shift = await _told(tx, desk, swap.shift_id)
    in_return = None if swap.in_return is None else await _told(tx, desk, swap.in_return)
    tx.emit(swap_changed(swap, shift, in_return))


def tell_of_withdrawn(tx: Transaction, swaps: Iterable[Swap]) -> None:
    for swap in swaps:
        tx.emit(swap_changed(swap, None, None))


async def _told(tx: Transaction, desk: Desk, shift_id: str) -> RotaShift | None:
    shift = await desk.rota.shift(shift_id, tx.session)
    group = None
    if shift is not None:
        group = await desk.rota.group(SYSTEM_SCOPE, shift.group_id, tx.session)
    return None if shift is None or group is None else rota_shift(shift, group)
