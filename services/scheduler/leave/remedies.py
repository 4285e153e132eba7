"""What could close the gaps that somebody's leave would make. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.outlook import Gap
from services.scheduler.coverage.person import Stretch
from services.scheduler.coverage.remedies import to_put_in
from services.scheduler.coverage.snapshot import Snapshot
from services.scheduler.leave.domain import Dates
from services.scheduler.qualifications.training import Proposal, proposals
from shared.events.disciplines import Discipline

__all__ = ["deputies_for", "trainings_for"]


def deputies_for(
    snapshot: Snapshot, member_id: str, leave: Sequence[Dates], gaps: Iterable[Gap]
) -> dict[Gap, str]:
    """Whom to put in for each gap, see `to_put_in`."""
    return to_put_in(snapshot.responsibilities, _without(snapshot, member_id, leave), gaps)


def trainings_for(
    snapshot: Snapshot, member_id: str, leave: Sequence[Dates], gaps: Sequence[Gap]
) -> list[Proposal]:
    """Trainings that would give somebody to act in the gaps, the most helpful first."""
    team = _without(snapshot, member_id, leave)
    closes: dict[tuple[str, Discipline], list[tuple[str, timedelta]]] = defaultdict(list)
    for time in leave:
        within = (one for one in gaps if time.overlaps(Stretch(one.starts_at, one.ends_at)))
        concerned = {one.responsibility_id: None for one in within}
        places = [snapshot.responsibilities[id] for id in concerned]
        for one in proposals(places, team, time.starts_at, time.ends_at):
            closes[one.member_id, one.discipline] += one.closes
    found = [Proposal(*key, tuple(each), ()) for key, each in closes.items() if each]
    found.sort(key=lambda one: (-one.gap_time, one.member_id, one.discipline))
    return [one for one in found if one.member_id != member_id]


def _without(snapshot: Snapshot, member_id: str, leave: Iterable[Dates]) -> Team:
    person = snapshot.team.people[member_id]
    return snapshot.team.with_person(person.also_away(one.stretch for one in leave))
