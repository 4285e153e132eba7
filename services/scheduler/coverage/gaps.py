"""The gaps there are now: since when whom they lack, and who could close them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from services.scheduler.absences.store import Window
from services.scheduler.coverage.domain import PassedOver, Team, timeline
from services.scheduler.coverage.person import WhyNot
from services.scheduler.coverage.remedies import able_at, by_owning_least
from services.scheduler.desk import Desk
from services.scheduler.handovers.places import read_places
from services.scheduler.handovers.view import Place
from services.scheduler.members.view import Face, face
from services.scheduler.responsibilities.domain import Responsibility
from shared.auth import Scope
from shared.events.scheduler import ActsAs

__all__ = ["Missing", "OpenGap", "Remedy", "missing", "read_gaps"]

_HORIZON = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody who would act; `expired_at` is when their qualification ran out, or will have
    by then."""

    member: Face
    why: WhyNot
    expired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Remedy:
    """Somebody who could be put in and act at once."""

    member: Face
    level: int
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class OpenGap:
    """Nobody acts for the responsibility now. `until` None: as far as can be seen."""

    place: Place
    until: datetime | None
    missing: tuple[Missing, ...]
    remedy: Remedy | None
    version: int


async def read_gaps(
    desk: Desk, scope: Scope, responsibility_ids: Iterable[str], now: datetime
) -> list[OpenGap]:
    """Those of the responsibilities for which nobody acts now, as far as the scope lets see."""
    wanted = await desk.responsibilities.load(responsibility_ids)
    found = [one for one in wanted if scope.allows(one.client_id)]
    team = await desk.team.within(found, Window(now, now + _HORIZON))
    places = await read_places(desk.directory, {one.client_id for one in found})
    members = await desk.members.load(team.people)
    faces = {member.id: face(member) for member in members.values()}
    lacking = [
        (one, until, passed)
        for one in found
        for until, passed in [_until(one, team, now)]
        if passed is not None
    ]
    remedies = await _remedies(desk, scope, [one for one, _, _ in lacking], team, now)
    return [
        OpenGap(
            place=places.place(one.id, one.client_id),
            until=until,
            missing=tuple(missing(each, one, team, faces) for each in passed),
            remedy=remedies.get(one.id),
            version=one.version,
        )
        for one, until, passed in lacking
    ]


def _until(
    one: Responsibility, team: Team, now: datetime
) -> tuple[datetime | None, Sequence[PassedOver] | None]:
    """When somebody acts again, and who is passed over now; (None, None): it is no gap."""
    first, *later = timeline(one, now, now + _HORIZON, team)
    if first.acting.acts_as is not ActsAs.GAP:
        return None, None
    again = (each.starts_at for each in later if each.acting.acts_as is not ActsAs.GAP)
    return next(again, None), first.acting.reason


def missing(
    passed: PassedOver, one: Responsibility, team: Team, faces: Mapping[str, Face]
) -> Missing:
    """Somebody who was passed over, in words; `faces` must have them."""
    expired = passed.why is WhyNot.EXPIRED
    person = team.people[passed.member_id]
    return Missing(
        member=faces[passed.member_id],
        why=passed.why,
        expired_at=person.qualified_until[one.discipline] if expired else None,
    )


async def _remedies(
    desk: Desk, scope: Scope, lacking: Sequence[Responsibility], team: Team, now: datetime
) -> dict[str, Remedy]:
    """By responsibility. `team` knows what they demand; who could be put in is looked up in what is
    kept of everybody, for a live page asks at every change."""
    if not lacking:
        return {}
    visible = {one.id: one for one in await desk.members.all(scope)}
    snapshot = await desk.snapshots.latest()
    ranked = by_owning_least(snapshot.responsibilities.values(), snapshot.team)
    people = [one for one in ranked if one.member_id in visible]
    chosen = {
        one: person.member_id
        for one in lacking
        for person in islice(able_at(people, one, team.demand(one), now), 1)
    }
    skills = {
        (one.member_id, one.discipline): one
        for one in await desk.qualifications.of(chosen.values())
    }
    return {
        one.id: Remedy(face(visible[id]), skill.level, skill.valid_until)
        for one, id in chosen.items()
        if (skill := skills.get((id, one.discipline)))
    }
