"""The team as pages: who belongs to it, what each is able to do, and the way in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from starlette.responses import Response

from services.scheduler.accounts.listing import pages_with_account
from services.scheduler.edge import Manager, PathId, Reader
from services.scheduler.handovers.places import read_places
from services.scheduler.members.domain import Member
from services.scheduler.members.routes import MemberBody, MemberPatch, create_sign_in_link
from services.scheduler.members.usecases import NewMember, add_member, edit_member
from services.scheduler.members.view import face
from services.scheduler.moments import shown_end
from services.scheduler.pages import Screen, TheScreen
from services.scheduler.qualifications.domain import Qualification
from services.scheduler.qualifications.routes import QualificationBody, SkillBody
from services.scheduler.qualifications.typed import skill_changed, skill_typed
from services.scheduler.qualifications.usecases import (
    add_qualification,
    change_qualification,
    remove_qualification,
)
from services.scheduler.responsibilities.store import Selection
from shared.auth import Identity, Role
from shared.errors import AppError, NotFound
from shared.events.disciplines import Discipline
from shared.outbox import Transaction
from shared.web import Paging, Router
from shared.web.forms import Form, Typed, parsed

__all__ = ["router"]

router = Router(prefix="/members", include_in_schema=False)

Work = Callable[[Transaction], Awaitable[Any]]

_ROLES = (Role.MEMBER, Role.LEAD, Role.OPS)
_LEVELS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Row:
    member: Member
    qualifications: list[Qualification]


@router.get("")
async def list_members(
    screen: TheScreen, who: Reader, paging: Paging, *, inactive: bool = False
) -> Response:
    found, following = await screen.desk.members.page(
        who.scope, paging.cursor, paging.limit, inactive=inactive
    )
    skills: dict[str, list[Qualification]] = defaultdict(list)
    for one in await screen.desk.qualifications.of(member.id for member in found):
        skills[one.member_id].append(one)
    rows = [Row(member, _in_order(skills[member.id])) for member in found]
    return screen.page("members.html", rows=rows, inactive=inactive, next_cursor=following)


@router.get("/new")
async def new_member(screen: TheScreen, who: Manager) -> Response:
    return await _new(screen, who, Form({}))


@router.post("")
async def create(screen: TheScreen, who: Manager, typed: Typed) -> Response:
    try:
        body = parsed(MemberBody, _member_typed(typed))
        new = NewMember(**body.model_dump())
        member = await screen.service.outbox.transaction(
            lambda tx: add_member(tx, screen.desk, who, new, screen.now)
        )
    except AppError as error:
        return await _new(screen, who, typed, error)
    return screen.onward(f"/members/{member.id}")


@router.get("/{member_id}")
async def show_member(screen: TheScreen, who: Reader, member_id: PathId) -> Response:
    return await _member(screen, who, member_id)


@router.post("/{member_id}")
async def change(screen: TheScreen, who: Manager, member_id: PathId, typed: Typed) -> Response:
    async def work(tx: Transaction) -> None:
        edit = parsed(MemberPatch, _member_typed(typed)).model_dump(exclude_unset=True)
        await edit_member(tx, screen.desk, who, member_id, typed.version, screen.now, **edit)

    return await _taken(screen, who, member_id, "member", typed, work)


@router.post("/{member_id}/sign-in-link")
async def sign_in_link(screen: TheScreen, who: Manager, member_id: PathId) -> Response:
    link = await create_sign_in_link(screen.request, who, screen.desk, screen.service, member_id)
    return await _member(screen, who, member_id, link=link)


@router.post("/{member_id}/qualifications")
async def qualify(screen: TheScreen, who: Manager, member_id: PathId, typed: Typed) -> Response:
    async def work(tx: Transaction) -> None:
        sent = {"discipline": typed.text("discipline"), **skill_typed(typed)}
        body = parsed(QualificationBody, sent)
        await add_qualification(
            tx, screen.desk, who, member_id, body.discipline, body.skill(), screen.now
        )

    return await _taken(screen, who, member_id, "qualification", typed, work)


@router.post("/{member_id}/qualifications/{discipline}")
async def renew(
    screen: TheScreen, who: Manager, member_id: PathId, discipline: Discipline, typed: Typed
) -> Response:
    async def work(tx: Transaction) -> None:
        sent = await skill_changed(screen.desk, member_id, discipline, typed)
        skill = parsed(SkillBody, sent).skill()
        await change_qualification(
            tx, screen.desk, who, member_id, discipline, skill, typed.version, screen.now
        )

    return await _taken(screen, who, member_id, discipline, typed, work)


@router.post("/{member_id}/qualifications/{discipline}/remove")
async def remove(
    screen: TheScreen, who: Manager, member_id: PathId, discipline: Discipline, typed: Typed
) -> Response:
    async def work(tx: Transaction) -> None:
        await remove_qualification(
            tx, screen.desk, who, member_id, discipline, typed.version, screen.now
        )

    return await _taken(screen, who, member_id, discipline, typed, work)


@router.post("/{member_id}/{put}")
async def put(
    screen: TheScreen,
    who: Manager,
    member_id: PathId,
    put: Literal["leave", "rejoin"],
    typed: Typed,
) -> Response:
    """Who has left acts for nothing and signs in no more; what they have done stays."""

    async def work(tx: Transaction) -> None:
        await edit_member(
            tx, screen.desk, who, member_id, typed.version, screen.now, active=put == "rejoin"
        )

    return await _taken(screen, who, member_id, "put", typed, work)


def _member_typed(typed: Form) -> dict[str, Any]:
    names = ("name", "email", "role", "language", "time_zone")
    sent: dict[str, Any] = {name: typed.text(name) for name in names}
    # Nothing chosen is no access, not access to everything.
    sent["clients"] = None if typed.text("access") == "all" else typed.every("clients")
    for name in ("initials", "colour"):
        if typed.text(name):
            sent[name] = typed.text(name)
    return sent


async def _taken(
    screen: Screen, who: Identity, member_id: str, section: str, typed: Form, work: Work
) -> Response:
    """Carry out what a form on the member's page says; refused, it shows what was typed."""
    try:
        await screen.service.outbox.transaction(work)
    except AppError as error:
        return await _member(screen, who, member_id, section, typed, error)
    return screen.onward(f"/members/{member_id}")


async def _new(
    screen: Screen, who: Identity, typed: Form, error: AppError | None = None
) -> Response:
    return screen.page(
        "member_new.html", error=error, member=None, typed=typed, **await _offers(screen, who)
    )


async def _member(
    screen: Screen,
    who: Identity,
    member_id: str,
    section: str = "",
    typed: Form | None = None,
    error: AppError | None = None,
    link: object = None,
) -> Response:
    member = await screen.desk.members.find(who.scope, member_id)
    if member is None:
        raise NotFound
    selection = Selection(member_id=member_id)
    responsibilities = await screen.desk.responsibilities.select(who.scope, selection)
    places = await read_places(screen.desk.directory, {one.client_id for one in responsibilities})
    skills = _in_order(await screen.desk.qualifications.of([member_id]))
    zone = ZoneInfo(member.time_zone)
    return screen.page(
        "member.html",
        error=error,
        member=member,
        face=face(member),
        skills=[(one, shown_end(one.valid_until, zone)) for one in skills],
        lacking=[one for one in Discipline if one not in {skill.discipline for skill in skills}],
        responsibilities=[(one, places.place(one.id, one.client_id)) for one in responsibilities],
        account_pages=await pages_with_account(screen.desk, who.scope, member_id),
        section=section,
        typed=typed or Form({}),
        link=link,
        **await _offers(screen, who),
    )


async def _offers(screen: Screen, who: Identity) -> dict[str, Any]:
    """What the forms let choose."""
    clients = await screen.desk.directory.clients(who.scope)
    return {
        "clients": [one for one in clients.values() if not one.archived],
        "roles": _ROLES,
        "levels": _LEVELS,
        "time_zones": [zone for zone in sorted(available_timezones()) if "/" in zone],
        "everything": who.scope.clients is None,
    }


def _in_order(skills: list[Qualification]) -> list[Qualification]:
    disciplines = list(Discipline)
    return sorted(skills, key=lambda one: disciplines.index(one.discipline))
