"""Single points of failure as somebody may see them: on whom what hangs, and what would help."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.coverage.outlook import Gap, Outlook
from services.scheduler.handovers.view import Place
from services.scheduler.members.view import Face
from services.scheduler.risk.domain import SinglePoint, single_points
from services.scheduler.risk.reading import Help, Sight, help_seen
from services.scheduler.risk.remedies import closing, second_people, trainings

__all__ = ["PointSeen", "SoleSeen", "points_of", "points_seen"]


@dataclass(frozen=True, slots=True)
class SoleSeen:
    """A place that hangs on one member; `starts_at` None: whenever it is."""

    place: Place
    starts_at: datetime | None
    ends_at: datetime | None
    help: Help
    version: int


@dataclass(frozen=True, slots=True)
class PointSeen:
    """`lasting`, `passing`: places; of each as many as are shown, and how many there are."""

    member: Face
    lasting: tuple[SoleSeen, ...]
    lasting_count: int
    passing: tuple[SoleSeen, ...]
    passing_count: int


def points_of(sight: Sight) -> list[SinglePoint]:
    return single_points(sight.risk, sight.ids)


async def points_seen(sight: Sight, points: Sequence[SinglePoint], places: int) -> list[PointSeen]:
    """With at most so many places of either kind for each."""
    outlook = sight.risk.outlook
    shown = [id for one in points for id in one.lasting[:places]]
    shown_gaps = [
        Gap(id, sole.starts_at, sole.ends_at) for one in points for id, sole in one.passing[:places]
    ]
    second, trained, deputies = await asyncio.to_thread(_help_alone, outlook, shown, shown_gaps)

    def lasting(id: str) -> SoleSeen:
        remedy = help_seen(sight, second.get(id), trained.get(id))
        return SoleSeen(sight.place(id), None, None, remedy, sight.version(id))

    def passing(gap: Gap) -> SoleSeen:
        id = gap.responsibility_id
        remedy = help_seen(sight, deputies.get(gap), None)
        return SoleSeen(sight.place(id), gap.starts_at, gap.ends_at, remedy, sight.version(id))

    return [
        PointSeen(
            member=sight.faces[one.member_id],
            lasting=tuple(map(lasting, one.lasting[:places])),
            lasting_count=len(one.lasting),
            passing=tuple(
                passing(Gap(id, sole.starts_at, sole.ends_at)) for id, sole in one.passing[:places]
            ),
            passing_count=len(one.passing),
        )
        for one in points
    ]


def _help_alone(
    outlook: Outlook, lasting: Sequence[str], passing: Sequence[Gap]
) -> tuple[dict[str, str], dict[str, str], dict[Gap, str]]:
    second = second_people(outlook, lasting)
    left = [id for id in lasting if id not in second]
    return second, trainings(outlook, left) if left else {}, closing(outlook, passing)
