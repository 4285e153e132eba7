"""Shifts that have fallen open, since whoever has them cannot be there any more, and what of it was
told. Pure.

An *opening* is kept while the shift is open, so that it is told once, and again if it falls open
again. What falls open at once for the same member is one cause: it has one `opening_id`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.scheduler.rota.domain import Shift
from shared.events.rota import OpenShift, OpenShiftsChanged

__all__ = ["Opening", "compare", "open_shifts_changed", "opened"]


@dataclass(frozen=True, slots=True)
class Opening:
    """`id` is the shift's; `member_id` has it and cannot be there."""

    id: str
    member_id: str
    opening_id: str


def compare(
    open_now: Iterable[Shift], told: Iterable[Opening]
) -> tuple[list[Shift], list[Opening]]:
    """What has fallen open since it was told, and what was told and is not open any more. That
    somebody else has it by now, and cannot be there either, is both."""
    before = {one.id: one for one in told}
    holders = {shift.id: shift.member_id for shift in open_now}
    new = [
        shift
        for shift in open_now
        if shift.id not in before or before[shift.id].member_id != shift.member_id
    ]
    over = [one for one in before.values() if holders.get(one.id) != one.member_id]
    return new, over


def opened(shifts: Iterable[Shift], opening_ids: Mapping[str, str]) -> list[Opening]:
    """`opening_ids`: by who has the shifts."""
    return [
        Opening(shift.id, shift.member_id, opening_ids[shift.member_id])
        for shift in shifts
        if shift.member_id is not None
    ]


def open_shifts_changed(
    member_id: str, new: Sequence[OpenShift], left: Iterable[Opening]
) -> OpenShiftsChanged:
    """Of the shifts of one member. `left`: all that are open from now on, the new ones among
    them."""
    opening_ids = {one.id: one.opening_id for one in left if one.member_id == member_id}
    return OpenShiftsChanged(
        member_id=member_id,
        opening_id=opening_ids[new[0].shift.shift_id] if new else None,
        new=tuple(new),
        open=opening_ids,
    )
