"""Risk as somebody may see it: of the clients in their scope, with names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from services.scheduler.coverage.gaps import Missing, missing
from services.scheduler.coverage.outlook import Gap, Outlook
from services.scheduler.desk import Desk
from services.scheduler.directory.store import Client
from services.scheduler.handovers.places import Places
from services.scheduler.handovers.view import Place
from services.scheduler.members.domain import Member
from services.scheduler.members.view import Face, face
from services.scheduler.risk.domain import Risk, acting_first
from services.scheduler.risk.heat import Heat, HeatLine
from services.scheduler.risk.remedies import closing, trainings
from shared.auth import Scope

__all__ = [
    "Figures",
    "GapAhead",
    "Help",
    "Sight",
    "gaps_ahead",
    "gaps_of",
    "heat_lines",
    "help_seen",
    "read_sight",
]


@dataclass(frozen=True, slots=True)
class Figures:
    """`gaps`, `single`: responsibilities. `gap_time`: summed over them. `overloaded`: members who
    act for more at once now than they should."""

    gaps: int
    gap_time: timedelta
    single: int
    overloaded: int


@dataclass(frozen=True)
class Sight:
    """`ids`: the responsibilities that the reader may see and has asked for. `most`: what one
    person should act for at once. `members`: those the reader may see, by id."""

    risk: Risk
    ids: tuple[str, ...]
    clients: Mapping[str, Client]
    places: Places
    faces: Mapping[str, Face]
    members: Mapping[str, Member]
    most: int

    def place(self, responsibility_id: str) -> Place:
        one = self.risk.outlook.responsibilities[responsibility_id]
        return self.places.place(one.id, one.client_id)

    def version(self, responsibility_id: str) -> int:
        return self.risk.outlook.responsibilities[responsibility_id].version

    def missing(self, gap: Gap) -> Iterator[Missing]:
        """Who comes first, and why not them."""
        outlook = self.risk.outlook
        one = outlook.responsibilities[gap.responsibility_id]
        for passed in gap.passed:
            if passed.member_id in self.faces:
                yield missing(passed, one, outlook.team, self.faces)

    @cached_property
    def figures(self) -> Figures:
        gaps = [id for id in self.ids if id in self.risk.gaps]
        acting = acting_first(self.risk.outlook)
        return Figures(
            gaps=len(gaps),
            gap_time=sum(map(self.risk.gap_time, gaps), timedelta()),
            single=sum(self.risk.strengths[id].single is not None for id in self.ids),
            overloaded=sum(len(acting.get(id, ())) > self.most for id in self.members),
        )

    def severity(self, responsibility_id: str) -> str:
        """Sorts responsibilities, the worst first: by level, bus factor, and how few are there."""
        found = self.risk.strengths[responsibility_id]
        level = self.risk.level(responsibility_id)
        return f"{level:d} {found.bus_factor:05} {found.fewest:05} {responsibility_id}"


async def read_sight(desk: Desk, scope: Scope, client_id: str | None = None) -> Sight:
    """`client_id` None: of all clients in sight."""
    risk = await desk.risks.latest()
    seen = await desk.directory.clients(scope)
    clients = {id: one for id, one in seen.items() if not one.archived and client_id in (None, id)}
    archived = await desk.directory.archived()
    members = await desk.members.load(risk.outlook.team.people)
    visible = {one.id for one in await desk.members.all(scope)}
    return Sight(
        risk=risk,
        ids=tuple(
            id
            for id, one in risk.outlook.responsibilities.items()
            if one.client_id in clients and one.page_id not in archived
        ),
        clients=clients,
        places=Places(clients, await desk.directory.pages(scope, clients)),
        faces={one.id: face(one) for one in members.values()},
        members={id: one for id, one in members.items() if id in visible},
        most=desk.most_at_once,
    )


def heat_lines(sight: Sight, skip: int, count: int) -> tuple[list[HeatLine], int]:
    """Lines of the heat matrix, the worst first; and how many there are."""
    return Heat(sight.risk, sight.faces, sight.clients, sight.places.pages).lines(skip, count)


# What would help


@dataclass(frozen=True, slots=True)
class Help:
    """`deputy`: who could be put in. `training`: else, who could be trained for it and put in. With
    neither, nobody has access and account."""

    deputy: Face | None = None
    training: Face | None = None


# Gaps


@dataclass(frozen=True, slots=True)
class GapAhead:
    """Nobody acts. `open_ended`: nor is there an end of it as far as risk looks. `missing`: who
    comes first, and why not them. `version`: of the responsibility."""

    place: Place
    starts_at: datetime
    ends_at: datetime
    open_ended: bool
    missing: tuple[Missing, ...]
    help: Help
    version: int


def gaps_of(sight: Sight) -> list[Gap]:
    """In the next eight weeks, the first to begin first."""
    found = (gap for id in sight.ids for gap in sight.risk.gaps.get(id, ()))
    return sorted(found, key=lambda gap: (gap.starts_at, gap.responsibility_id))


async def gaps_ahead(sight: Sight, gaps: Sequence[Gap], outlook: Outlook) -> list[GapAhead]:
    """With what would help, as things are in the outlook. `open_ended` only as it is: what is
    supposed to end ends."""
    as_it_is = outlook is sight.risk.outlook
    deputies, trained = await asyncio.to_thread(_help_with, outlook, gaps)
    return [
        GapAhead(
            place=sight.place(gap.responsibility_id),
            starts_at=gap.starts_at,
            ends_at=gap.ends_at,
            open_ended=as_it_is and gap.ends_at >= outlook.end,
            missing=tuple(sight.missing(gap)),
            help=help_seen(sight, deputies.get(gap), trained.get(gap.responsibility_id)),
            version=sight.version(gap.responsibility_id),
        )
        for gap in gaps
    ]


def _help_with(outlook: Outlook, gaps: Sequence[Gap]) -> tuple[dict[Gap, str], dict[str, str]]:
    deputies = closing(outlook, gaps)
    left = [gap.responsibility_id for gap in gaps if gap not in deputies]
    return deputies, trainings(outlook, left) if left else {}


def help_seen(sight: Sight, deputy: str | None, trained: str | None) -> Help:
    """Whoever could act has access to the client, so that the reader may see them."""
    if deputy is not None:
        return Help(deputy=sight.faces[deputy])
    return Help(training=sight.faces[trained]) if trained is not None else Help()
