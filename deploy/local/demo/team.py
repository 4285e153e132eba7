"""Filling in the scheduler: members, what they can do, who answers for what, who is away."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from deploy.local.demo.agency.clients import LEADS, Responsibility, responsibilities
from deploy.local.demo.agency.people import (
    FELIX,
    FIRST,
    JANA,
    MEMBERS,
    NORA,
    PAUL,
    Member,
    Skill,
)
from deploy.local.demo.agency.plan import BERLIN
from deploy.local.demo.api import Caller
from deploy.local.demo.stage import Stage, calm, patiently

__all__ = [
    "fill_first_member",
    "fill_leave",
    "fill_members",
    "fill_responsibilities",
    "fill_working_times",
    "let_expire",
]

_MEMBERS = "/scheduler/api/v1/members"
_LEAVE = "/scheduler/api/v1/leave-requests"
_RESPONSIBILITIES = "/scheduler/api/v1/responsibilities"
_ASSIGNMENTS = "/scheduler/api/v1/assignments"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
_OFFICE_DAY = {"starts": "09:00", "ends": "17:30"}
_WEEKS_OF_LEAVE = 6
_NOT_YET = 2
"""Months for which a qualification that is to have run out is valid until it has served."""


async def fill_first_member(stage: Stage) -> str:
    """The lead who does the rest."""
    system = stage.api.as_system()
    await _add_members(stage, system, [member for member in MEMBERS if member.key == FIRST])
    return "the first lead"


async def fill_members(stage: Stage) -> str:
    lead = stage.as_(FIRST)
    await _add_members(stage, lead, MEMBERS)
    skills = 0
    for member in MEMBERS:
        skills += await _add_skills(stage, lead, member)
    return f"{len(MEMBERS)} members, {skills} qualifications"


async def fill_working_times(stage: Stage) -> str:
    """What is agreed with each; public holidays are the agency's."""
    lead, part_time = stage.as_(FIRST), 0
    for member in MEMBERS:
        path = f"{_MEMBERS}/{stage.members[member.key]['id']}/working-time"
        present = await lead.get(path)
        if not present["version"]:
            week = dict.fromkeys(_WEEKDAYS[: member.days], _OFFICE_DAY)
            terms = {"patterns": [{"week": week}], "allowance": _WEEKS_OF_LEAVE * member.days}
            await lead.command(path, 0, terms, by="PUT")
        part_time += member.days < len(_WEEKDAYS)
    return f"{part_time} of them part-time, {_WEEKS_OF_LEAVE} weeks of leave for everybody"


async def _add_members(stage: Stage, caller: Caller, members: Sequence[Member]) -> None:
    known = {one["email"]: one for one in await caller.all(_MEMBERS, inactive=True)}
    for member in members:
        stage.members[member.key] = known.get(member.email) or await _add_member(
            stage, caller, member
        )


async def _add_member(stage: Stage, caller: Caller, member: Member) -> dict[str, object]:
    clients = None if member.clients is None else [stage.clients[key] for key in member.clients]
    body = {
        "name": member.name,
        "email": member.email,
        "role": member.role,
        "colour": member.colour,
        "clients": clients,
    }
    added: dict[str, object] = await patiently(
        lambda: caller.create(_MEMBERS, body, f"member:{member.key}"),
        "the scheduler knows the clients",
        "unknown_client",
    )
    return added


async def _add_skills(stage: Stage, lead: Caller, member: Member) -> int:
    path = f"{_MEMBERS}/{stage.members[member.key]['id']}/qualifications"
    known = {one["discipline"] for one in await lead.get(path)}
    for discipline, skill in member.skills.items():
        if discipline not in known:
            body = {
                "discipline": discipline,
                "level": skill.level,
                "valid_until": _valid_until(stage, skill, at_least=_NOT_YET),
            }
            await lead.create(path, body, f"skill:{member.key}:{discipline}")
    return len(member.skills)


async def fill_responsibilities(stage: Stage) -> str:
    """With deputies and leads. What it takes somebody's word for has to be valid at that moment;
    so what is to have run out runs out afterwards, see `let_expire`."""
    lead = stage.as_(FIRST)
    wanted = list(responsibilities())
    known = {one["id"] for one in await lead.all(_RESPONSIBILITIES)}
    missing = [one for one in wanted if _id(stage, one) not in known]
    if missing:
        await _assign(stage, lead, missing)
    await _name_leads(stage, lead)
    await calm(lead)
    deputies = sum(len(one.people) - 1 for one in wanted)
    return f"{len(wanted)} responsibilities, {deputies} deputies"


def _id(stage: Stage, one: Responsibility) -> str:
    place = stage.pages[one.page] if one.page else stage.clients[one.client]
    return f"{place}:{one.discipline}"


async def _assign(stage: Stage, lead: Caller, wanted: Sequence[Responsibility]) -> None:
    """All with one handover."""
    body = {"assignments": [_assignment(stage, one) for one in wanted]}
    await patiently(
        lambda: lead.create(_ASSIGNMENTS, body, f"duties:{wanted[0].key}:{len(wanted)}"),
        "the scheduler knows the pages",
        "assignments_refused",
    )


def _assignment(stage: Stage, one: Responsibility) -> dict[str, Any]:
    owner, *deputies = stage.ids(one.people)
    return {
        "client_id": stage.clients[one.client],
        "page_id": stage.pages[one.page] if one.page else None,
        "discipline": one.discipline,
        "owner": owner,
        "deputies": deputies,
    }


async def _name_leads(stage: Stage, lead: Caller) -> None:
    for client, keys in LEADS.items():
        path = f"/scheduler/api/v1/clients/{stage.clients[client]}/leads"
        present, members = await lead.get(path), stage.ids(keys)
        if present["members"] != members:
            await lead.command(path, present["version"], {"members": members}, by="PUT")


async def let_expire(stage: Stage) -> str:
    lead = stage.as_(FIRST)
    expired = 0
    for member in MEMBERS:
        for discipline, skill in member.skills.items():
            if skill.months is None or skill.months >= 0:
                continue
            path = f"{_MEMBERS}/{stage.members[member.key]['id']}/qualifications"
            [present] = [one for one in await lead.get(path) if one["discipline"] == discipline]
            body = {"level": skill.level, "valid_until": _valid_until(stage, skill)}
            await lead.command(f"{path}/{discipline}", present["version"], body, by="PUT")
            expired += 1
    await calm(lead)
    return f"{expired} of the qualifications has run out"


async def fill_leave(stage: Stage) -> str:
    """Next week, Paul is on leave from Wednesday to Friday. Felix, who would stand in for him, asks
    for the whole week, and Nora for a course on six Wednesday afternoons after that: nobody has
    decided on these yet. In five weeks, Jana is on leave, and one of her places has nobody who
    could stand in: that is the gap ahead."""
    today = stage.now.astimezone(BERLIN).date()
    monday = today + timedelta(days=7 - today.weekday())
    lead = stage.as_(FIRST)
    for key, first, reason in (
        (PAUL, monday + timedelta(days=2), "Felix Roth vertritt ihn."),
        (JANA, monday + timedelta(weeks=4), "Wer Auental übernimmt, klären wir noch."),
    ):
        asked = await _ask_for_leave(stage, key, _until_friday(first))
        if asked is not None:
            path = f"{_LEAVE}/{asked['id']}/approve"
            await lead.command(path, asked["version"], {"reason": reason})
    await _ask_for_leave(stage, FELIX, _until_friday(monday))
    await _ask_for_leave(stage, NORA, _course(monday + timedelta(days=9)))
    return "2 leaves are planned, 2 are asked for"


def _until_friday(first: date) -> dict[str, Any]:
    last = first + timedelta(days=4 - first.weekday())
    return {"kind": "holiday", "starts_at": first.isoformat(), "ends_at": last.isoformat()}


def _course(first: date) -> dict[str, Any]:
    until = first + timedelta(weeks=5)
    return {
        "kind": "training",
        "note": "Barrierefreies Design, Aufbaukurs",
        "starts_at": f"{first}T13:00",
        "ends_at": f"{first}T17:00",
        "repeats": {"every": "week", "until": until.isoformat()},
    }


async def _ask_for_leave(stage: Stage, key: str, leave: dict[str, Any]) -> Any | None:
    """None: it was asked for before, and is decided."""
    caller, member_id = stage.as_(key), stage.members[key]["id"]
    for decided in (True, False):
        asked = await caller.all(_LEAVE, own=True, decided=decided)
        if asked:
            return None if decided else asked[0]
    return await caller.create(_LEAVE, {"member_id": member_id, **leave}, f"leave:{key}")


def _valid_until(stage: Stage, skill: Skill, at_least: int | None = None) -> str | None:
    """The last day of a month."""
    months = skill.months
    if months is None:
        return None
    if at_least is not None and months < 0:
        months = at_least
    today = stage.now.astimezone(BERLIN).date()
    years, month = divmod(today.month - 1 + months, 12)
    year = today.year + years
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1]).isoformat()
