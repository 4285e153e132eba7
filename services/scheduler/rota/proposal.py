"""What a generation proposes, as things are now: who gets what, and why shifts stay open."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.scheduler.desk import Desk
from services.scheduler.members.view import Face
from services.scheduler.rota.domain import Group, Shift
from services.scheduler.rota.generating import sound_rota
from services.scheduler.rota.planning import Plan, by_member, hindrances, read_plan, with_given
from services.scheduler.rota.reading import Row, ShiftSeen, faces_seen
from services.scheduler.rota.rules import Hindrance
from services.scheduler.rota.runs import Run
from shared.auth import Identity

__all__ = ["OpenShift", "Proposal", "read_proposal"]


@dataclass(frozen=True, slots=True)
class OpenShift:
    """`taking_part`: how many there are in the group; `reasons`: how many of them each thing keeps
    from the shift. The rest, `free`, would be able to have it, but something else came first."""

    shift: Shift
    group: Group
    taking_part: int
    reasons: Mapping[Hindrance, int]

    @property
    def free(self) -> int:
        return self.taking_part - sum(self.reasons.values())


@dataclass(frozen=True, slots=True)
class Load:
    """What one member gets of the proposal."""

    member: Face
    shifts: int
    minutes: int
    weekend: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """`dropped`: what was proposed, but cannot be any more, and so would stay open. `open_besides`:
    what else is open in these weeks, and stays so, such as locked shifts whose holder cannot be
    there. `changes`: how many that somebody has already would be somebody else's, or at another
    time."""

    weeks: tuple[tuple[Group, tuple[date, ...], tuple[Row, ...]], ...]
    open: tuple[OpenShift, ...]
    dropped: tuple[ShiftSeen, ...]
    open_besides: tuple[ShiftSeen, ...]
    loads: tuple[Load, ...]
    changes: int


async def read_proposal(desk: Desk, who: Identity, run: Run, now: datetime) -> Proposal:
    plan = await read_plan(desk, run, now)
    groups = {group.id: group for group in await desk.rota.groups(who.scope)}
    faces = await faces_seen(desk, who.scope)
    mine = {id: groups[id] for id in run.group_ids if id in groups}
    return await asyncio.to_thread(_proposal, plan, run, mine, faces)


def _proposal(
    plan: Plan, run: Run, groups: Mapping[str, Group], faces: Mapping[str, Face]
) -> Proposal:
    proposed = [one for one in with_given(plan.slots, run.given) if one.group_id in groups]
    beside = plan.beside(run.given)
    sound, dropped = sound_rota(proposed, beside, plan)
    theirs = by_member((*beside, *sound))
    days = {day.isoformat() for day in run.days}

    def seen(shift: Shift, why: Hindrance | None = None) -> ShiftSeen:
        member = faces.get(shift.member_id or "")
        return ShiftSeen(shift, groups[shift.group_id], member, why)

    fixed = [
        seen(one, plan.crew.unable(one, one.member_id, plan.now) if one.member_id else None)
        for one in beside
        if one.group_id in groups and one.day in days
    ]
    return Proposal(
        weeks=tuple(_weeks(run, groups, [*map(seen, sound), *fixed])),
        open=tuple(
            _open(plan, one, groups[one.group_id], theirs) for one in sound if one.member_id is None
        ),
        dropped=tuple(map(seen, dropped)),
        open_besides=tuple(one for one in fixed if one.open and one.shift.ends_at > plan.now),
        loads=tuple(_loads(sound, faces)),
        changes=sum(plan.stored[one.id].member_id is not None for one in plan.altered(sound)),
    )


def _open(
    plan: Plan, shift: Shift, group: Group, theirs: Mapping[str, Sequence[Shift]]
) -> OpenShift:
    found = hindrances(shift, plan.crew, theirs)
    counted = Counter(why for why in found.values() if why is not None)
    reasons = {why: counted[why] for why in Hindrance if counted[why]}
    return OpenShift(shift, group, len(found), reasons)


def _weeks(
    run: Run, groups: Mapping[str, Group], seen: Sequence[ShiftSeen]
) -> list[tuple[Group, tuple[date, ...], tuple[Row, ...]]]:
    days = run.days
    weeks = [days[at : at + 7] for at in range(0, len(days), 7)]
    by_kind: dict[str, dict[str, ShiftSeen]] = defaultdict(dict)
    for one in seen:
        by_kind[f"{one.group.id}:{one.shift.kind_id}"][one.shift.day] = one
    return [
        (
            group,
            tuple(week),
            tuple(
                Row(
                    kind.name,
                    (kind.starts, kind.ends),
                    tuple(by_kind[f"{group.id}:{kind.id}"].get(day.isoformat()) for day in week),
                )
                for kind in group.kinds
            ),
        )
        for group in groups.values()
        for week in weeks
    ]


def _loads(sound: Sequence[Shift], faces: Mapping[str, Face]) -> list[Load]:
    loads = [
        Load(
            member=faces[member_id],
            shifts=len(theirs),
            minutes=sum(one.minutes for one in theirs),
            weekend=sum(one.at_weekend for one in theirs),
        )
        for member_id, theirs in by_member(sound).items()
        if member_id in faces
    ]
    return sorted(loads, key=lambda one: (-one.minutes, one.member.name.casefold()))
