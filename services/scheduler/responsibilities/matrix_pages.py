"""The responsibility matrix as a page: read, edited in place, and in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from services.scheduler.edge import Manager, PathId, Reader
from services.scheduler.handovers.places import read_places
from services.scheduler.pages import INTO_PAGE, Screen, TheScreen
from services.scheduler.responsibilities.bulk import Change, How, Ticked, wanted_by
from services.scheduler.responsibilities.choices import read_choices
from services.scheduler.responsibilities.domain import (
    AssignmentsRefused,
    Wanted,
)
from services.scheduler.responsibilities.matrix import Trouble
from services.scheduler.responsibilities.overview import read_faces, read_group, read_matrix
from services.scheduler.responsibilities.query import ChosenMatrix, MatrixChoice
from services.scheduler.responsibilities.routes import AssignmentBody
from services.scheduler.responsibilities.usecases import Assigned, assign, assign_one, take_back
from shared.auth import Identity
from shared.errors import N_, AppError, FieldError, InvalidRequest, NotFound
from shared.events.disciplines import Discipline
from shared.ui.ui import Toast
from shared.ui.words import WORDS
from shared.web import Router
from shared.web.forms import Form, Typed, parsed

__all__ = ["done", "router", "to_matrix"]

router = Router(prefix="/responsibilities", include_in_schema=False)

_DEPUTIES_OFFERED = 3
_DIALOG = "assign-dialog"


@router.get("")
async def show_matrix(screen: TheScreen, who: Reader, query: ChosenMatrix) -> Response:
    return await _matrix(screen, who, query)


@router.get("/rows")
async def show_more(screen: TheScreen, who: Reader, query: ChosenMatrix) -> Response:
    """The rows after a client, for htmx."""
    matrix = await read_matrix(screen.desk, who.scope, query, screen.now)
    return screen.page("matrix_rows.html", query=query, matrix=matrix)


# In place


@router.get("/place")
async def show_place(
    screen: TheScreen,
    who: Manager,
    client: Annotated[str, Query(max_length=100)],
    discipline: Discipline,
    page: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """The form for one cell; on top of the matrix with htmx, else a page of its own."""
    typed = Form({"client_id": [client], "page_id": [page], "discipline": [discipline]})
    return await _place(screen, who, typed)


@router.post("/place")
async def put_place(screen: TheScreen, who: Manager, typed: Typed) -> Response:
    try:
        wanted, open_work = await _wanted(screen, typed), bool(typed.text("open_work"))
        made = await screen.service.outbox.transaction(
            lambda tx: assign_one(tx, screen.desk, who, wanted, screen.now, open_work=open_work)
        )
    except AppError as error:
        return await _place(screen, who, typed, error)
    if not screen.by_htmx:
        return screen.onward("/responsibilities" + MatrixChoice(client=wanted.client_id).link())
    query = _behind(screen)
    return screen.page(
        "matrix_changed.html",
        query=query,
        group=await _group(screen, who, wanted.client_id, query),
        toast=await done(screen, made),
    )


# In bulk


@router.post("/bulk")
async def put_many(screen: TheScreen, who: Manager, typed: Typed) -> Response:
    """The same change to all places that were ticked."""
    query = _behind(screen)
    try:
        wanted = await _ticked(screen, who, typed)
        made = await screen.service.outbox.transaction(
            lambda tx: assign(
                tx, screen.desk, who, wanted, screen.now, open_work=bool(typed.text("open_work"))
            )
        )
    except AssignmentsRefused as error:
        refusals = await _refusals(screen, who, error, wanted)
        return await _matrix(screen, who, query, typed, error, refusals=refusals)
    except AppError as error:
        return await _matrix(screen, who, query, typed, error)
    return await to_matrix(screen, who, query, await done(screen, made))


@router.post("/assignments/{assignment_id}/take-back")
async def undo(screen: TheScreen, who: Manager, assignment_id: PathId) -> Response:
    made = await screen.service.outbox.transaction(
        lambda tx: take_back(tx, screen.desk, who, assignment_id, screen.now)
    )
    query = _behind(screen)
    n = len(made.responsibilities)
    said = N_("Taken back for {n} places.") if n > 1 else N_("Taken back.")
    return await to_matrix(screen, who, query, Toast(screen.said(said, n=n)))


async def _wanted(screen: Screen, typed: Form) -> Wanted:
    """Without an owner a page is to follow its client. The deputies it had before are still in the
    form then, and not meant; where it had none, they were chosen: that raises `InvalidRequest`."""
    sent = {
        "client_id": typed.text("client_id"),
        "page_id": typed.optional("page_id"),
        "discipline": typed.text("discipline"),
        "owner": typed.optional("owner"),
        "deputies": typed.every("deputies") if typed.text("owner") else (),
        "version": typed.version,
    }
    wanted = parsed(AssignmentBody, sent).wanted()
    if wanted.owner is None and typed.every("deputies"):
        before = await screen.desk.responsibilities.load([wanted.id])
        if not before or before[0].follows:
            raise InvalidRequest(
                errors=[FieldError("/owner", N_("There are deputies, but no owner."))]
            )
    return wanted


async def _ticked(screen: Screen, who: Identity, typed: Form) -> list[Wanted]:
    """Raises `InvalidRequest` with what is missing, or `NothingToChange`."""
    change, places = _change(typed), _places(typed)
    found = await screen.desk.responsibilities.load(one.id for one in places)
    present = {one.id: one for one in found if who.scope.allows(one.client_id)}
    wanted = wanted_by(change, places, present)
    if not wanted:
        raise NothingToChange
    return wanted


def _change(typed: Form) -> Change:
    how, member, other = typed.text("how"), typed.text("person"), typed.optional("other")
    if how not in set(How):
        raise InvalidRequest(errors=[FieldError("/how", N_("Choose what is to be done."))])
    if not member or (how == How.REPLACE and not other):
        raise InvalidRequest(errors=[FieldError("/person", N_("Choose the person."))])
    return Change(How(how), member, other)


def _places(typed: Form) -> list[Ticked]:
    ticked = typed.every("place")
    if not ticked:
        raise InvalidRequest(errors=[FieldError("/place", N_("Tick at least one place."))])
    return [Ticked.parse(one) for one in ticked]


class NothingToChange(InvalidRequest):
    code = "nothing_to_change"
    title = N_("This changes none of the places")
    detail = N_("The person is not named there, or is already what they should become.")
    remedy = N_("Choose another person, or tick other places.")


# What the pages show


async def _matrix(
    screen: Screen,
    who: Identity,
    query: MatrixChoice,
    typed: Form | None = None,
    error: AppError | None = None,
    *,
    refusals: Sequence[tuple[str, str]] = (),
    toast: Toast | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    desk = screen.desk
    clients = await desk.directory.clients(who.scope)
    members = await desk.members.all(who.scope)
    named = await desk.responsibilities.named(who.scope)
    return screen.page(
        "matrix.html",
        error=error,
        toast=toast,
        headers=INTO_PAGE if error else headers,
        query=query,
        matrix=await read_matrix(desk, who.scope, query, screen.now),
        clients=[(one.id, one.name) for one in clients.values() if not one.archived],
        # Whoever has left may still be named, and is to be found and replaced.
        people=[(one.id, one.name) for one in members if one.active or one.id in named],
        members=[(one.id, one.name) for one in members if one.active],
        troubles=list(Trouble),
        hows=list(How),
        typed=typed or Form({}),
        ticked=set(typed.every("place")) if typed else set(),
        refusals=refusals,
    )


async def to_matrix(screen: Screen, who: Identity, query: MatrixChoice, toast: Toast) -> Response:
    """After a command: the matrix it was given from, no longer ticking."""
    query = query.model_copy(update={"selecting": False})
    address = "/responsibilities" + query.link()
    if not screen.by_htmx:
        return screen.onward(address)
    headers = {"HX-Push-Url": screen.ui.url(address)}
    return await _matrix(screen, who, query, toast=toast, headers=headers)


def _behind(screen: Screen) -> MatrixChoice:
    """Of the matrix from which a command was given."""
    return screen.choice_behind("/responsibilities", MatrixChoice)


async def _group(screen: Screen, who: Identity, client_id: str, query: MatrixChoice) -> Any:
    client = await screen.desk.directory.client(who.scope, client_id)
    if client is None:
        raise NotFound
    return await read_group(screen.desk, who.scope, client, query, screen.now)


async def _place(
    screen: Screen, who: Identity, typed: Form, error: AppError | None = None
) -> Response:
    desk = screen.desk
    client_id, page_id = typed.text("client_id"), typed.optional("page_id")
    discipline = await _asked_for(screen, who, typed)
    if discipline is None:
        raise error or NotFound
    place = Wanted(client_id, page_id, discipline, owner=None)
    found = {one.id: one for one in await desk.responsibilities.load([place.id, place.of_client])}
    one = found.get(place.id)
    own = one if one and not one.follows else None
    of_client = found.get(place.of_client) if page_id else None
    faces = await read_faces(desk, of_client.people if of_client else ())
    places = await read_places(desk.directory, [client_id])
    return screen.page(
        "assign_dialog.html" if screen.by_htmx else "assign_page.html",
        error=error,
        headers={"HX-Retarget": f"#{_DIALOG}", "HX-Reswap": "innerHTML"} if error else None,
        where=places.place(place.id, client_id),
        responsibility=own,
        version=one.version if one else 0,
        of_client=[faces[each] for each in of_client.people] if of_client else None,
        choices=await read_choices(desk, who.scope, place, screen.now, own.people if own else ()),
        offered=max(_DEPUTIES_OFFERED, len(own.deputies) + 1 if own else 0),
        typed=typed,
    )


async def _asked_for(screen: Screen, who: Identity, typed: Form) -> Discipline | None:
    """The discipline, if there is such a place and the reader may see it."""
    directory = screen.desk.directory
    client_id, page_id = typed.text("client_id"), typed.optional("page_id")
    known = await directory.client(who.scope, client_id) is not None
    if known and page_id is not None:
        page = await directory.page(who.scope, page_id)
        known = page is not None and page.client_id == client_id
    discipline = typed.text("discipline")
    return Discipline(discipline) if known and discipline in set(Discipline) else None


async def done(screen: Screen, made: Assigned) -> Toast:
    """What was done, and the way back."""
    first = made.responsibilities[0]
    if len(made.responsibilities) > 1:
        said = screen.said(N_("Changed for {n} places."), n=len(made.responsibilities))
    else:
        member = await screen.desk.members.get(first.owner)
        places = await read_places(screen.desk.directory, [first.client_id])
        where = places.place(first.id, first.client_id)
        said = screen.said(
            N_("{place}: {name} is responsible."),
            place=f"{screen.said(WORDS[where.discipline])}, {where.page or where.client}",
            name=member.name if member else "",
        )
    assignment = made.assignment
    back = f"/responsibilities/assignments/{assignment.id}/take-back"
    return Toast(said, undo=back if assignment.can_be_taken_back else None)


async def _refusals(
    screen: Screen, who: Identity, error: AssignmentsRefused, wanted: Sequence[Wanted]
) -> list[tuple[str, str]]:
    """Place and reason of each, in the reader's words; what is out of their sight has no name."""
    visible = {one.client_id for one in wanted if who.scope.allows(one.client_id)}
    places = await read_places(screen.desk.directory, visible)
    told = []
    for at, refusal in error.refusals:
        where = places.place(wanted[at].id, wanted[at].client_id)
        refused = screen.refused(refusal)
        place = f"{screen.said(WORDS[where.discipline])}, {where.page or where.client}"
        told.append((place, (refused.detail or refused.title) if refused else ""))
    return told
