"""The coverage board: responsibilities by client, and who acts for each over a stretch of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from services.scheduler.absences.period import start_instant
from services.scheduler.absences.store import Window
from services.scheduler.coverage.domain import Acting, Team, acting_at, timeline
from services.scheduler.coverage.person import Stretch as PersonAway
from services.scheduler.coverage.snapshot import Snapshot
from services.scheduler.coverage.view import (
    AwayStretch,
    Board,
    BoardRow,
    ClientRows,
    Passed,
    Stretch,
)
from services.scheduler.desk import Desk
from services.scheduler.directory.store import Client, Page
from services.scheduler.members.domain import Member
from services.scheduler.members.view import Face, face
from services.scheduler.responsibilities.domain import Responsibility
from services.scheduler.responsibilities.store import Selection
from shared.auth import Scope
from shared.events.disciplines import Discipline
from shared.events.scheduler import ActsAs

__all__ = ["Days", "board_without", "coverage_board"]

_DISCIPLINES = tuple(Discipline)


@dataclass(frozen=True, slots=True)
class Days:
    """`count` days from `first`, as `zone` has them."""

    first: date
    count: int
    zone: ZoneInfo

    @property
    def starts_at(self) -> datetime:
        return start_instant(self.first, self.zone)

    @property
    def ends_at(self) -> datetime:
        return start_instant(self.first + timedelta(days=self.count), self.zone)


async def coverage_board(
    desk: Desk, scope: Scope, selection: Selection, days: Days, now: datetime
) -> Board:
    """The responsibilities of the selection, as far as the scope lets see them."""
    archived = await desk.directory.archived()
    found = [
        one
        for one in await desk.responsibilities.select(scope, selection)
        if archived.isdisjoint({one.client_id, one.page_id})
    ]
    team = await desk.team.within(found, _reach(days, now))
    absences = await _absences(desk, scope, selection, days)
    return await _board(desk, scope, found, team, days, now, absences)


async def board_without(
    desk: Desk,
    scope: Scope,
    snapshot: Snapshot,
    ids: Iterable[str],
    leave: Sequence[AwayStretch],
    days: Days,
    now: datetime,
) -> Board:
    """The responsibilities with these ids, if somebody took this leave too: all of it theirs."""
    known = (snapshot.responsibilities[id] for id in ids if id in snapshot.responsibilities)
    found = [one for one in known if scope.allows(one.client_id)]
    person = snapshot.team.people[leave[0].member.member_id]
    away = [PersonAway(one.starts_at, one.ends_at) for one in leave]
    team = snapshot.team.with_person(person.also_away(away))
    absences = [*await _absences(desk, scope, Selection(), days), *leave]
    return await _board(desk, scope, found, team, days, now, absences)


def _reach(days: Days, now: datetime) -> Window:
    """`now` may lie outside of the days; what holds now is shown all the same."""
    return Window(min(days.starts_at, now), max(days.ends_at, now + timedelta(milliseconds=1)))


async def _board(
    desk: Desk,
    scope: Scope,
    found: Sequence[Responsibility],
    team: Team,
    days: Days,
    now: datetime,
    absences: Iterable[AwayStretch],
) -> Board:
    reader = _Reader(
        clients=await desk.directory.clients(scope),
        pages=await desk.directory.pages(scope, {one.client_id for one in found}),
        members=await desk.members.load(_named(found, team)),
        team=team,
        days=days,
        now=now,
    )
    return Board(
        first=days.first,
        days=days.count,
        time_zone=days.zone.key,
        starts_at=days.starts_at,
        ends_at=days.ends_at,
        now=now,
        absences=tuple(absences),
        clients=reader.by_client(found),
    )


def _named(found: Iterable[Responsibility], team: Team) -> set[str]:
    """Whoever may act in one of them."""
    clients = {one.client_id for one in found}
    leads = {lead for client in clients for lead in team.leads.get(client, ())}
    return leads.union(*(one.people for one in found))


@dataclass(frozen=True)
class _Reader:
    """Turns what the engine says into what a board shows."""

    clients: dict[str, Client]
    pages: dict[str, Page]
    members: dict[str, Member]
    team: Team
    days: Days
    now: datetime

    def by_client(self, found: Iterable[Responsibility]) -> tuple[ClientRows, ...]:
        in_order = sorted(found, key=self._place)
        return tuple(
            self._client(client_id, tuple(self._row(one) for one in group))
            for client_id, group in groupby(in_order, key=lambda one: one.client_id)
        )

    def _client(self, client_id: str, rows: tuple[BoardRow, ...]) -> ClientRows:
        client = self.clients.get(client_id)
        return ClientRows(
            id=client_id,
            name=client.name if client else client_id,
            rows=rows,
            gaps=sum(bool(row.gaps) for row in rows),
            gaps_now=sum(row.now.acts_as is ActsAs.GAP for row in rows),
        )

    def _place(self, one: Responsibility) -> tuple[str, str, int, str]:
        client, page = self.clients.get(one.client_id), self.pages.get(one.page_id or "")
        return (
            client.name.casefold() if client else "",
            one.client_id,
            _DISCIPLINES.index(one.discipline),
            page.name.casefold() if page else "",
        )

    def _row(self, one: Responsibility) -> BoardRow:
        page = self.pages.get(one.page_id or "")
        segments = timeline(one, self.days.starts_at, self.days.ends_at, self.team)
        now = self._stretch(self.now, self.now, acting_at(one, self.now, self.team))
        return BoardRow(
            id=one.id,
            client_id=one.client_id,
            page_id=one.page_id,
            page=page.name if page else None,
            platform=page.platform if page else None,
            discipline=one.discipline,
            owner=self._member(one.owner),
            deputies=tuple(self._member(deputy) for deputy in one.deputies),
            away=tuple(id for id in one.people if not self.team.present(id, self.now)),
            marked=now.acts_as is not ActsAs.OWNER,
            now=now,
            stretches=tuple(
                self._stretch(each.starts_at, each.ends_at, each.acting) for each in segments
            ),
            version=one.version,
        )

    def _stretch(self, starts_at: datetime, ends_at: datetime, acting: Acting) -> Stretch:
        return Stretch(
            starts_at=starts_at,
            ends_at=ends_at,
            member=None if acting.member is None else self._member(acting.member),
            acts_as=acting.acts_as,
            passed=tuple(Passed(self._member(one.member_id), one.why) for one in acting.reason),
        )

    def _member(self, member_id: str) -> Face:
        return face(self.members[member_id])


async def _absences(
    desk: Desk, scope: Scope, selection: Selection, days: Days
) -> tuple[AwayStretch, ...]:
    """Of everybody the scope lets see, or of the selection's member."""
    members = {one.id: one for one in await desk.members.all(scope) if one.active}
    if selection.member_id is not None:
        members = {id: one for id, one in members.items() if id == selection.member_id}
    found = await desk.absences.within(members, Window(days.starts_at, days.ends_at))
    return tuple(
        AwayStretch(
            absence_id=one.id,
            member=face(members[one.member_id]),
            starts_at=one.starts_at,
            ends_at=one.ends_at,
        )
        for one in found
    )
