"""What has somebody responsible and what still lacks one: of all clients, and of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from services.scheduler.absences.store import Window
from services.scheduler.coverage.store import Covered
from services.scheduler.desk import Desk
from services.scheduler.directory.store import Client, Page
from services.scheduler.handovers.places import Places, read_places
from services.scheduler.handovers.view import Place
from services.scheduler.members.view import Face, face
from services.scheduler.responsibilities.domain import Responsibility, responsibility_id
from services.scheduler.responsibilities.matrix import Knowledge, Line, lines
from services.scheduler.responsibilities.query import MatrixChoice
from services.scheduler.responsibilities.store import Selection
from shared.auth import Scope
from shared.events.disciplines import Discipline

__all__ = ["Group", "Matrix", "PlaceRow", "place_rows", "read_faces", "read_group", "read_matrix"]

_CLIENTS = 20
"""Of the matrix that are read at first; whoever filters may have to look at most of them, so then
it is twice as many each time."""

_LINES = 32
"""Of the matrix that are drawn at once, and the rest of the last client's."""

_PAGES = 100
"""Of a client that are drawn at once."""

_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Group:
    """A client's lines. `more`: how many are not drawn."""

    client: Client
    leads: tuple[Face, ...]
    lines: tuple[Line, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Matrix:
    """`following`: the client after which there is more; None at the end."""

    groups: tuple[Group, ...]
    following: str | None


async def read_matrix(desk: Desk, scope: Scope, choice: MatrixChoice, now: datetime) -> Matrix:
    """By client, by page."""
    clients = await _chosen_clients(desk, scope, choice)
    names = list(clients)
    if choice.after in clients:
        names = names[names.index(choice.after) + 1 :]
    groups: list[Group] = []
    drawn, at_once = 0, _CLIENTS
    while names:
        some = {id: clients[id] for id in names[:at_once]}
        names = names[at_once:]
        at_once *= 2
        for group in await _groups(desk, scope, some, choice, now):
            if drawn >= _LINES:
                return Matrix(tuple(groups), groups[-1].client.id)
            groups.append(group)
            drawn += len(group.lines)
    return Matrix(tuple(groups), None)


async def _chosen_clients(desk: Desk, scope: Scope, choice: MatrixChoice) -> dict[str, Client]:
    """Those that may have what is asked for."""
    clients = await desk.directory.clients(scope)
    among = set(clients) if choice.client is None else {choice.client}
    if choice.member is not None:
        named = await desk.responsibilities.select(scope, Selection(member_id=choice.member))
        among &= {one.client_id for one in named}
    return {id: one for id, one in clients.items() if id in among}


async def read_group(
    desk: Desk, scope: Scope, client: Client, choice: MatrixChoice, now: datetime
) -> Group:
    """As `read_matrix` has it; without lines if none are as chosen."""
    leads = await _leads(desk, [client.id])
    found = await _groups(desk, scope, {client.id: client}, choice, now)
    return found[0] if found else Group(client, leads[client.id], ())


async def _groups(
    desk: Desk,
    scope: Scope,
    clients: Mapping[str, Client],
    choice: MatrixChoice,
    now: datetime,
) -> list[Group]:
    pages = await desk.directory.pages(scope, clients)
    found = await desk.responsibilities.of_clients(scope, clients, choice.discipline)
    leads = await _leads(desk, clients)
    knowledge = await _knowledge(desk, scope, found, now)
    groups = []
    for client, places in groupby(lines(clients.values(), pages.values()), lambda each: each[0]):
        drawn = [
            Line(client, page, knowledge.cells(client, page, choice.disciplines))
            for _, page in places
        ]
        shown = [line for line in drawn if _is_chosen(line, choice)]
        if shown:
            until = choice.skip + _PAGES
            group = Group(
                client, leads[client.id], tuple(shown[choice.skip : until]), len(shown[until:])
            )
            groups.append(group)
    return groups


def _is_chosen(line: Line, choice: MatrixChoice) -> bool:
    return not choice.marking or any(choice.marks(cell) for cell in line.cells)


async def _leads(desk: Desk, client_ids: Iterable[str]) -> dict[str, tuple[Face, ...]]:
    leads = await desk.leads.of_clients(client_ids)
    faces = await read_faces(desk, (id for ids in leads.values() for id in ids))
    return {
        client: tuple(faces[id] for id in leads.get(client, ()) if id in faces)
        for client in client_ids
    }


async def _knowledge(
    desk: Desk, scope: Scope, found: Iterable[Responsibility], now: datetime
) -> Knowledge:
    by_id = {one.id: one for one in found}
    named = {id for one in by_id.values() for id in one.people}
    return Knowledge(
        responsibilities=by_id,
        people=await desk.team.people_within(named, Window(now, now + _MOMENT)),
        faces=await read_faces(desk, named),
        uncovered=frozenset(
            one.id for one in await desk.coverage.gaps(scope, await desk.directory.archived())
        ),
        checked=await desk.team.checked_pages(by_id.values()),
        now=now,
    )


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place of a client, and who is responsible there; None: nobody."""

    place: Place
    responsibility: Responsibility | None
    owner: Face | None
    deputies: tuple[Face, ...]
    covered: Covered | None
    acting: Face | None


async def place_rows(desk: Desk, scope: Scope, client_id: str) -> list[PlaceRow]:
    """What of the client's work somebody is, or should be, responsible for."""
    found = await desk.responsibilities.select(scope, Selection(client_id=client_id))
    pages = await desk.directory.pages(scope, [client_id])
    places = await read_places(desk.directory, [client_id])
    covered = await desk.coverage.load(one.id for one in found)
    acting = [one.acting for one in covered.values()]
    faces = await read_faces(desk, [*acting, *(id for one in found for id in one.people)])
    by_id = {one.id: one for one in found}
    ids = dict.fromkeys([*by_id, *_lacking(client_id, pages.values(), by_id)])
    rows = [_place_row(places, client_id, id, by_id.get(id), covered.get(id), faces) for id in ids]
    return sorted(rows, key=_by_place)


def _place_row(
    places: Places,
    client_id: str,
    id: str,
    one: Responsibility | None,
    covered: Covered | None,
    faces: Mapping[str, Face],
) -> PlaceRow:
    return PlaceRow(
        place=places.place(id, client_id),
        responsibility=one,
        owner=faces[one.owner] if one else None,
        deputies=tuple(faces[id] for id in one.deputies) if one else (),
        covered=covered,
        acting=faces.get(covered.acting or "") if covered else None,
    )


def _by_place(row: PlaceRow) -> tuple[int, str]:
    return list(Discipline).index(row.place.discipline), (row.place.page or "").casefold()


def _lacking(client_id: str, pages: Iterable[Page], known: Iterable[str]) -> list[str]:
    """The ids of responsibilities that work of the client would need, and nobody has."""
    taken = set(known)
    return [id for id in _needed(client_id, pages, taken) if id not in taken]


def _needed(client_id: str, pages: Iterable[Page], taken: set[str]) -> Iterator[str]:
    own = [page for page in pages if page.client_id == client_id and not page.archived]
    for discipline in Discipline:
        whole = responsibility_id(client_id, None, discipline)
        if not discipline.per_page:
            yield whole
        elif whole not in taken:  # the client's owner has the pages that have none of their own
            for page in own:
                yield responsibility_id(client_id, page.id, discipline)


async def read_faces(desk: Desk, member_ids: Iterable[str | None]) -> dict[str, Face]:
    members = await desk.members.load(id for id in member_ids if id is not None)
    return {member.id: face(member) for member in members.values()}
