"""What each of the team has to do, and would have if some were away, as somebody may see it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.coverage.comparison import Load, differences
from services.scheduler.coverage.outlook import Gap, Outlook, look_ahead
from services.scheduler.leave.domain import Dates
from services.scheduler.members.view import Face
from services.scheduler.risk.domain import Burden, acting_first, burdens, without
from services.scheduler.risk.reading import Sight

__all__ = ["LoadSeen", "MemberLoad", "read_load"]


@dataclass(frozen=True, slots=True)
class MemberLoad:
    """`now`: responsibilities the member acts for now, `hidden` of them at clients that the reader
    does not see. `owns`, `deputises`: places in sight. `most`: at once within the time asked for;
    `most_before`: if nobody more were away. `at`: when. `away`: one of those."""

    member: Face
    now: int
    hidden: int
    owns: int
    deputises: int
    most: int
    most_before: int
    at: Load | None
    away: bool


@dataclass(frozen=True)
class LoadSeen:
    """`gaps`: what would have nobody only because these are away. `hidden_gaps`: responsibilities
    with such at clients that the reader does not see."""

    starts_at: datetime
    ends_at: datetime
    away: tuple[Face, ...]
    members: tuple[MemberLoad, ...]
    gaps: tuple[Gap, ...]
    hidden_gaps: int
    outlook: Outlook

    @property
    def gap_count(self) -> int:
        return len({one.responsibility_id for one in self.gaps}) + self.hidden_gaps


async def read_load(sight: Sight, away: Iterable[str], dates: Dates | None) -> LoadSeen:
    """`away`: ids of members; those out of sight count as not named. `dates` None: the next eight
    weeks. Who has most to do comes first."""
    chosen = tuple(id for id in dict.fromkeys(away) if id in sight.members)
    present = sight.risk.outlook
    if dates is not None:
        # Of the team in sight, which may be gone on meanwhile: names are known of it alone.
        present = await asyncio.to_thread(
            look_ahead,
            present.responsibilities.values(),
            present.team,
            dates.starts_at,
            dates.ends_at,
        )
    absent, found = await asyncio.to_thread(_burdened, present, chosen)
    return _load_seen(sight, present, absent, chosen, found)


def _burdened(present: Outlook, away: Sequence[str]) -> tuple[Outlook, dict[str, Burden]]:
    absent = without(present, away, Dates(present.start, present.end).stretch)
    return absent, burdens(present, absent)


def _load_seen(
    sight: Sight,
    present: Outlook,
    absent: Outlook,
    away: Sequence[str],
    found: Mapping[str, Burden],
) -> LoadSeen:
    gaps = [
        Gap(one.responsibility_id, one.starts_at, one.ends_at, one.acting.reason)
        for one in differences(present, absent)
        if one.acting.member is None
    ]
    in_sight = frozenset(sight.ids)
    seen = [gap for gap in gaps if gap.responsibility_id in in_sight]
    elsewhere = {gap.responsibility_id for gap in gaps} - in_sight
    members = _member_loads(sight, frozenset(away), found)
    return LoadSeen(
        starts_at=present.start,
        ends_at=present.end,
        away=tuple(sight.faces[id] for id in away),
        members=tuple(members),
        gaps=tuple(sorted(seen, key=lambda gap: (gap.starts_at, gap.responsibility_id))),
        hidden_gaps=len(elsewhere),
        outlook=absent,
    )


def _member_loads(
    sight: Sight, away: frozenset[str], found: Mapping[str, Burden]
) -> list[MemberLoad]:
    responsibilities = [sight.risk.outlook.responsibilities[id] for id in sight.ids]
    owns = Counter(one.owner for one in responsibilities)
    deputises = Counter(id for one in responsibilities for id in one.deputies)
    acting, in_sight = acting_first(sight.risk.outlook), frozenset(sight.ids)
    loads = []
    for id, member in sight.members.items():
        if not member.active:
            continue
        burden, now = found.get(id), acting.get(id, [])
        loads.append(
            MemberLoad(
                member=sight.faces[id],
                now=len(now),
                hidden=sum(one not in in_sight for one in now),
                owns=owns[id],
                deputises=deputises[id],
                most=burden.most if burden else 0,
                most_before=burden.most_before if burden else 0,
                at=burden.at_once if burden else None,
                away=id in away,
            )
        )
    return sorted(loads, key=lambda one: (-one.most, -one.now, one.member.name.casefold()))
