"""Of each client: what has somebody responsible, and what still lacks one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.scheduler.coverage.store import Covered
from services.scheduler.desk import Desk
from services.scheduler.directory.store import Page
from services.scheduler.handovers.places import Places, read_places
from services.scheduler.handovers.view import Place
from services.scheduler.members.view import Face, face
from services.scheduler.responsibilities.domain import Responsibility, responsibility_id
from services.scheduler.responsibilities.store import Selection
from shared.auth import Scope
from shared.events.disciplines import Discipline

__all__ = ["ClientRow", "PlaceRow", "client_rows", "place_rows", "read_faces"]


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client in the list; `lacking`: how many places have nobody responsible."""

    id: str
    name: str
    responsibilities: int
    lacking: int
    gaps: int
    leads: tuple[Face, ...]


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place of a client, and who is responsible there; None: nobody."""

    place: Place
    responsibility: Responsibility | None
    owner: Face | None
    deputies: tuple[Face, ...]
    covered: Covered | None
    acting: Face | None


async def client_rows(desk: Desk, scope: Scope) -> list[ClientRow]:
    """The clients that are not archived, by name."""
    clients = await desk.directory.clients(scope)
    found = await desk.responsibilities.select(scope, Selection())
    pages = await desk.directory.pages(scope, clients)
    gaps = Counter(one.client_id for one in await desk.coverage.gaps(scope))
    leads = await desk.leads.of_clients(clients)
    faces = await read_faces(desk, (id for ids in leads.values() for id in ids))
    taken = {one.id for one in found}
    return [
        ClientRow(
            id=one.id,
            name=one.name,
            responsibilities=sum(each.client_id == one.id for each in found),
            lacking=len(_lacking(one.id, pages.values(), taken)),
            gaps=gaps[one.id],
            leads=tuple(faces[id] for id in leads.get(one.id, ()) if id in faces),
        )
        for one in clients.values()
        if not one.archived
    ]


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
