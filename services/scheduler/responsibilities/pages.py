"""A client's responsibilities and leads, and a single responsibility, as pages."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from services.scheduler.accounts.listing import account_rows
from services.scheduler.coverage.gaps import read_gaps
from services.scheduler.coverage.pages import to_board
from services.scheduler.edge import Manager, PathId, Reader
from services.scheduler.handovers.places import read_places
from services.scheduler.members.view import face
from services.scheduler.pages import Screen, TheScreen
from services.scheduler.responsibilities.choices import read_choices
from services.scheduler.responsibilities.domain import Responsibility, Wanted
from services.scheduler.responsibilities.overview import place_rows, read_faces
from services.scheduler.responsibilities.routes import LeadsBody, PeopleBody
from services.scheduler.responsibilities.usecases import assign_one, set_leads
from shared.auth import Identity
from shared.errors import N_, AppError, NotFound
from shared.ui.words import WORDS
from shared.web import Router
from shared.web.forms import Form, Typed, parsed

__all__ = ["router"]

router = Router(prefix="/responsibilities", include_in_schema=False)

_DEPUTIES_OFFERED = 3


@router.get("/clients/{client_id}")
async def show_client(screen: TheScreen, who: Reader, client_id: PathId) -> Response:
    return await _client(screen, who, client_id)


@router.post("/clients/{client_id}/leads")
async def put_leads(screen: TheScreen, who: Manager, client_id: PathId, typed: Typed) -> Response:
    try:
        body = parsed(LeadsBody, {"members": typed.every("members")})
        version = typed.version
        await screen.service.outbox.transaction(
            lambda tx: set_leads(tx, screen.desk, who, client_id, body.members, version, screen.now)
        )
    except AppError as error:
        return await _client(screen, who, client_id, typed, error)
    return screen.onward(f"/responsibilities/clients/{client_id}")


@router.get("/{responsibility_id}")
async def show_responsibility(
    screen: TheScreen, who: Reader, responsibility_id: PathId
) -> Response:
    return await _responsibility(screen, who, responsibility_id)


@router.post("/{responsibility_id}")
async def staff(
    screen: TheScreen, who: Manager, responsibility_id: PathId, typed: Typed
) -> Response:
    before = await _find(screen, who, responsibility_id)
    try:
        body = parsed(PeopleBody, _people_typed(typed))
        await _staffed(screen, who, before, body, typed.version)
    except AppError as error:
        return await _responsibility(screen, who, responsibility_id, typed, error)
    return screen.onward(f"/responsibilities/{responsibility_id}")


@router.post("/{responsibility_id}/put-in")
async def put_in(
    screen: TheScreen, who: Manager, responsibility_id: PathId, typed: Typed
) -> Response:
    """The remedy for a gap: one more deputy, who acts at once."""
    member_id = typed.text("member_id")
    before, version = await _find(screen, who, responsibility_id), typed.version
    if before.follows:  # and shall go on to: the gap is its client's
        before = await _find(screen, who, before.of_client)
        version = before.version
    people = PeopleBody(owner=before.owner, deputies=(*before.deputies, member_id))
    after = await _staffed(screen, who, before, people, version)
    undo = f"/responsibilities/{after.id}/take-out?member_id={member_id}&version={after.version}"
    said = N_("{name} acts for {place}.")
    return await to_board(screen, who, await _said(screen, said, after, member_id), undo=undo)


@router.post("/{responsibility_id}/take-out")
async def take_out(
    screen: TheScreen, who: Manager, responsibility_id: PathId, typed: Typed
) -> Response:
    """Undoes `put_in`."""
    member_id = typed.text("member_id")
    before = await _find(screen, who, responsibility_id)
    others = tuple(one for one in before.deputies if one != member_id)
    people = PeopleBody(owner=before.owner, deputies=others)
    after = await _staffed(screen, who, before, people, typed.version)
    said = N_("{name} is no deputy for {place} any more.")
    return await to_board(screen, who, await _said(screen, said, after, member_id))


async def _find(screen: Screen, who: Identity, responsibility_id: str) -> Responsibility:
    found = await screen.desk.responsibilities.find(who.scope, responsibility_id)
    if found is None:
        raise NotFound
    return found


async def _staffed(
    screen: Screen, who: Identity, before: Responsibility, people: PeopleBody, version: int
) -> Responsibility:
    """With other people, if it still has the version that was decided on."""
    wanted = Wanted(
        before.client_id,
        before.page_id,
        before.discipline,
        people.owner,
        people.deputies,
        version,
    )
    made = await screen.service.outbox.transaction(
        lambda tx: assign_one(tx, screen.desk, who, wanted, screen.now, open_work=people.open_work)
    )
    return made.responsibilities[0]


async def _said(screen: Screen, text: str, one: Responsibility, member_id: str) -> str:
    place = (await read_places(screen.desk.directory, [one.client_id])).place(one.id, one.client_id)
    member = await screen.desk.members.get(member_id)
    where = f"{screen.said(WORDS[one.discipline])}, {place.page or place.client}"
    return screen.said(text, name=member.name if member else "", place=where)


def _people_typed(typed: Form) -> dict[str, Any]:
    return {
        "owner": typed.optional("owner"),
        "deputies": typed.every("deputies") if typed.text("owner") else (),
        "open_work": bool(typed.text("open_work")),
    }


# What the pages show


async def _client(
    screen: Screen,
    who: Identity,
    client_id: str,
    typed: Form | None = None,
    error: AppError | None = None,
) -> Response:
    client = await screen.desk.directory.client(who.scope, client_id)
    if client is None:
        raise NotFound
    leads = await screen.desk.leads.get(client_id)
    members = [one for one in await screen.desk.members.all(who.scope) if one.active]
    can_lead = [one for one in members if one.clients is None or client_id in one.clients]
    return screen.page(
        "responsibilities_client.html",
        error=error,
        client=client,
        rows=await place_rows(screen.desk, who.scope, client_id),
        account_rows=await account_rows(screen.desk, who.scope, client_id),
        leads=leads,
        lead_faces=[face(one) for id in leads.members for one in members if one.id == id],
        can_lead=[face(one) for one in can_lead],
        offered=max(_DEPUTIES_OFFERED, len(leads.members) + 1),
        typed=typed,
    )


async def _responsibility(
    screen: Screen,
    who: Identity,
    responsibility_id: str,
    typed: Form | None = None,
    error: AppError | None = None,
) -> Response:
    one = await _find(screen, who, responsibility_id)
    places = await read_places(screen.desk.directory, [one.client_id])
    covered = (await screen.desk.coverage.load([one.id])).get(one.id)
    acting = covered.acting if covered else None
    of_client = await screen.desk.responsibilities.load([one.of_client] if one.page_id else [])
    followed = [id for each in of_client for id in each.people]
    faces = await read_faces(screen.desk, [*one.people, *followed, acting])
    return screen.page(
        "responsibility.html",
        error=error,
        responsibility=one,
        where=places.place(one.id, one.client_id),
        covered=covered,
        acting=faces.get(acting or ""),
        owner=faces[one.owner],
        deputies=[faces[id] for id in one.deputies],
        gaps=await read_gaps(screen.desk, who.scope, [one.id], screen.now),
        choices=await read_choices(screen.desk, who.scope, one, screen.now, one.people),
        of_client=[faces[id] for id in followed],
        offered=max(_DEPUTIES_OFFERED, len(one.deputies) + 1),
        typed=typed or Form({}),
    )
