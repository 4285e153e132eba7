"""Who is able to do what, as a matrix that is edited in place; and which training would help."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.responses import Response

from services.scheduler.absences.store import Window
from services.scheduler.desk import Desk
from services.scheduler.edge import Manager, Reader
from services.scheduler.handovers.places import read_places
from services.scheduler.members.domain import Member
from services.scheduler.members.view import face
from services.scheduler.moments import shown_end
from services.scheduler.pages import Screen, TheScreen
from services.scheduler.qualifications.routes import QualificationBody, SkillBody
from services.scheduler.qualifications.skills import (
    MemberSkills,
    Validity,
    able,
    member_skills,
)
from services.scheduler.qualifications.training import Proposal, proposals
from services.scheduler.qualifications.typed import skill_changed, skill_typed
from services.scheduler.qualifications.usecases import (
    add_qualification,
    change_qualification,
    remove_qualification,
)
from services.scheduler.responsibilities.store import Selection
from shared.auth import Identity, Scope
from shared.errors import N_, AppError, NotFound
from shared.events.disciplines import Discipline
from shared.outbox import Transaction
from shared.ui.ui import Toast
from shared.ui.words import WORDS
from shared.web import Router
from shared.web.forms import Form, Typed, parsed

__all__ = ["router"]

router = Router(prefix="/skills", include_in_schema=False)

_ROWS = 50
_PROPOSALS = 20
_AHEAD = timedelta(weeks=8)
_LEVELS = (1, 2, 3)
_DIALOG = "skill-dialog"


class SkillsChoice(BaseModel):
    """What of the matrix is asked for, as the page's address says it. `validity`: rows with one
    such cell. `skip`: how many rows are left out before."""

    model_config = ConfigDict(frozen=True)

    discipline: Discipline | None = None
    validity: Validity | None = None
    client: str | None = Field(None, max_length=100)
    skip: int = Field(0, ge=0, le=100_000)

    @field_validator("discipline", "validity", "client", mode="before")
    @classmethod
    def _nothing_chosen(cls, value: Any) -> Any:
        return None if value == "" else value

    @property
    def disciplines(self) -> list[Discipline]:
        """The columns."""
        return [self.discipline] if self.discipline else list(Discipline)

    @property
    def filtered(self) -> bool:
        return any((self.discipline, self.validity, self.client))

    def link(self, **changes: Any) -> str:
        """The query of the page with other choices, beginning with `?`; empty if there are none."""
        chosen = SkillsChoice.model_validate(self.model_dump() | changes)
        values = chosen.model_dump(mode="json", exclude_defaults=True)
        return "?" + urlencode(values) if values else ""


@router.get("")
async def show_skills(
    screen: TheScreen, who: Reader, query: Annotated[SkillsChoice, Query()]
) -> Response:
    desk = screen.desk
    clients = await desk.directory.clients(who.scope)
    members = [one for one in await desk.members.all(who.scope) if one.active]
    rows = await _rows(screen, who.scope, members, query.disciplines)
    shown = [row for row in rows if _is_chosen(row, query, who.scope)]
    until = query.skip + _ROWS
    return screen.page(
        "skills.html",
        query=query,
        rows=shown[query.skip : until],
        following=until if until < len(shown) else None,
        able=able(rows, query.disciplines),
        clients=[(one.id, one.name) for one in clients.values() if not one.archived],
        validities=[Validity.SOON, Validity.OVER],
    )


def _is_chosen(row: MemberSkills, query: SkillsChoice, scope: Scope) -> bool:
    asked = query.client if query.client and scope.allows(query.client) else None
    sees = asked is None or row.clients is None or asked in row.clients
    return sees and (query.validity is None or row.has(query.validity))


# In place


@router.get("/cell")
async def show_cell(
    screen: TheScreen,
    who: Manager,
    member: Annotated[str, Query(max_length=100)],
    discipline: Discipline,
) -> Response:
    """The form for one cell; on top of the matrix with htmx, else a page of its own."""
    return await _cell(screen, who, member, discipline, None)


@router.post("/cell")
async def put_cell(screen: TheScreen, who: Manager, typed: Typed) -> Response:
    member_id, discipline = typed.text("member_id"), typed.text("discipline")
    if discipline not in set(Discipline):
        raise NotFound
    kind = Discipline(discipline)
    try:
        said = await screen.service.outbox.transaction(
            lambda tx: _put(tx, screen, who, member_id, kind, typed)
        )
    except AppError as error:
        return await _cell(screen, who, member_id, kind, typed, error)
    if not screen.by_htmx:
        return screen.onward("/skills")
    member = await _member(screen.desk, who.scope, member_id)
    [row] = await _rows(screen, who.scope, [member], list(Discipline))
    toast = Toast(screen.said(said, name=member.name, discipline=screen.said(WORDS[kind])))
    query = screen.choice_behind("/skills", SkillsChoice)
    return screen.page("skills_changed.html", row=row, query=query, toast=toast)


async def _put(
    tx: Transaction,
    screen: Screen,
    who: Identity,
    member_id: str,
    discipline: Discipline,
    typed: Form,
) -> str:
    """Enter, change or remove; what is to be said of it."""
    desk, now, version = screen.desk, screen.now, typed.version
    if version and not typed.text("level"):
        await remove_qualification(tx, desk, who, member_id, discipline, version, now)
        return N_("{name} is not qualified for {discipline} any more.")
    if version:
        sent = await skill_changed(desk, member_id, discipline, typed)
        skill = parsed(SkillBody, sent).skill()
        await change_qualification(tx, desk, who, member_id, discipline, skill, version, now)
    else:
        sent = {"discipline": discipline, **skill_typed(typed)}
        body = parsed(QualificationBody, sent)
        await add_qualification(tx, desk, who, member_id, discipline, body.skill(), now)
    return N_("{name} is qualified for {discipline}.")


# Training


@router.get("/proposals")
async def show_proposals(screen: TheScreen, who: Reader) -> Response:
    desk, now = screen.desk, screen.now
    found = await read_proposals(desk, who.scope, screen.now)
    shown = found[:_PROPOSALS]
    members = await desk.members.load(one.member_id for one in shown)
    clients = await desk.directory.clients(who.scope)
    places = await read_places(desk.directory, clients)
    of_client = {
        one.id: one.client_id for one in await desk.responsibilities.select(who.scope, Selection())
    }
    return screen.page(
        "proposals.html",
        until=now + _AHEAD,
        proposals=[
            {
                "member": face(members[one.member_id]),
                "discipline": one.discipline,
                "hours": round(one.gap_time / timedelta(hours=1)),
                "closes": [
                    (places.place(id, of_client[id]), round(time / timedelta(hours=1)))
                    for id, time in one.closes
                ],
                "secures": [places.place(id, of_client[id]) for id in one.secures],
            }
            for one in shown
        ],
        more=len(found) - len(shown),
    )


async def read_proposals(desk: Desk, scope: Scope, now: datetime) -> list[Proposal]:
    """The most helpful first, for the next eight weeks and what the scope lets see."""
    selected = await desk.responsibilities.select(scope, Selection())
    found = await desk.team.counting(selected)
    members = {one.id for one in await desk.members.all(scope) if one.active}
    window = Window(now, now + _AHEAD)
    team = await desk.team.within(found, window, members)
    # In a thread, because for a large agency it takes longer than others should wait.
    return await asyncio.to_thread(proposals, found, team, now, now + _AHEAD)


# What the pages show


async def _rows(
    screen: Screen, scope: Scope, members: list[Member], disciplines: list[Discipline]
) -> list[MemberSkills]:
    found = await screen.desk.qualifications.of(one.id for one in members)
    by_cell = {(one.member_id, one.discipline): one for one in found}
    return [member_skills(one, scope, by_cell, disciplines, screen.now) for one in members]


async def _member(desk: Desk, scope: Scope, member_id: str) -> Member:
    member = await desk.members.find(scope, member_id)
    if member is None:
        raise NotFound
    return member


async def _cell(
    screen: Screen,
    who: Identity,
    member_id: str,
    discipline: Discipline,
    typed: Form | None,
    error: AppError | None = None,
) -> Response:
    member = await _member(screen.desk, who.scope, member_id)
    found = await screen.desk.qualifications.get(member_id, discipline)
    zone = ZoneInfo(member.time_zone)
    return screen.page(
        "skill_dialog.html" if screen.by_htmx else "skill_page.html",
        error=error,
        headers={"HX-Retarget": f"#{_DIALOG}", "HX-Reswap": "innerHTML"} if error else None,
        member=member,
        discipline=discipline,
        found=found,
        until=shown_end(found.valid_until if found else None, zone),
        levels=_LEVELS,
        typed=typed or Form({}),
    )
