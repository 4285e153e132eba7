"""Filling in the rota: evenings and weekends of two clients, planned for four weeks."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from deploy.local.demo.agency.people import FIRST, JANA
from deploy.local.demo.agency.plan import BERLIN
from deploy.local.demo.api import Caller, until
from deploy.local.demo.stage import Stage

__all__ = ["fill_rota"]

Json = Any
_ROTA = "/scheduler/api/v1/rota"
_NAME = "Abende und Wochenenden"
_PAGES = ("morgenrot-instagram", "morgenrot-facebook", "weidenau-instagram")
_WORKDAYS, _WEEKEND = [0, 1, 2, 3, 4], [5, 6]
_KINDS = (
    {"name": "Abend", "weekdays": _WORKDAYS, "starts": "18:00", "ends": "23:00"},
    {"name": "Tag", "weekdays": _WEEKEND, "starts": "09:00", "ends": "16:00"},
    {"name": "Abend am Wochenende", "weekdays": _WEEKEND, "starts": "16:00", "ends": "23:00"},
)
_WISHES: tuple[tuple[str, dict[str, Json]], ...] = (
    ("TB", {"rather": False, "weekday": 2}),
    ("MA", {"rather": True, "weekday": 5}),
    ("IW", {"rather": False, "weekday": 6}),
)
_WEEKS = 4
_OPEN_AFTER, _OFFERED_AFTER = timedelta(days=5), timedelta(days=8)


async def fill_rota(stage: Stage) -> str:
    """From today on. One shift is open, and Jana offers another one to a colleague."""
    lead = stage.as_(FIRST)
    group_id = await _group(stage, lead)
    for member, wish in _WISHES:
        caller = stage.as_(member)
        if not await caller.get(f"{_ROTA}/wishes"):
            await caller.create(f"{_ROTA}/wishes", wish, f"rota:wish:{member}")
    await _planned(stage, lead, group_id)
    shifts = await _shifts(stage, lead)
    await _one_is_open(stage, lead, shifts)
    await _one_is_offered(stage, shifts)
    return f"{len(shifts)} shifts are planned"


async def _group(stage: Stage, lead: Caller) -> str:
    body = {
        "name": _NAME,
        "pages": [stage.pages[key] for key in _PAGES],
        "time_zone": "Europe/Berlin",
        "kinds": _KINDS,
    }
    there = [one for one in await lead.get(f"{_ROTA}/groups") if one["name"] == _NAME]
    group = there[0] if there else await lead.create(f"{_ROTA}/groups", body, "rota:group")
    return str(group["id"])


async def _planned(stage: Stage, lead: Caller, group_id: str) -> None:
    if await _shifts(stage, lead):
        return
    body = {"groups": [group_id], "first_day": str(_today(stage)), "weeks": _WEEKS}
    run = await lead.create(f"{_ROTA}/runs", body, "rota:run")
    path = f"{_ROTA}/runs/{run['id']}"

    async def proposed() -> Json | None:
        present = await lead.get(path)
        return present if present["state"] not in ("queued", "solving") else None

    found = await until(proposed, "a rota is proposed")
    await lead.command(f"{path}/apply", found["version"])


async def _shifts(stage: Stage, lead: Caller) -> list[Json]:
    start = datetime.combine(_today(stage), time(), BERLIN)
    end = start + timedelta(weeks=_WEEKS)
    found = await lead.all(f"{_ROTA}/shifts", starts_at=start.isoformat(), ends_at=end.isoformat())
    return [one for one in found if datetime.fromisoformat(one["starts_at"]) > stage.now]


async def _one_is_open(stage: Stage, lead: Caller, shifts: list[Json]) -> None:
    if any(shift["member_id"] is None for shift in shifts):
        return
    shift = next(one for one in shifts if _is_after(stage, one, _OPEN_AFTER))
    body = {"member_id": None, "locked": False}
    await lead.command(f"{_ROTA}/shifts/{shift['id']}", shift["version"], body, by="PUT")


async def _one_is_offered(stage: Stage, shifts: list[Json]) -> None:
    jana = stage.as_(JANA)
    if await jana.get(f"{_ROTA}/swaps"):
        return
    own = [one for one in shifts if one["member_id"] == stage.members[JANA]["id"]]
    for shift in own:
        if _is_after(stage, shift, _OFFERED_AFTER):
            detail = await jana.get(f"{_ROTA}/shifts/{shift['id']}")
            for candidate in detail["candidates"][:1]:
                offer = {"shift_id": shift["id"], "to": candidate["member_id"]}
                await jana.create(f"{_ROTA}/swaps", offer, f"rota:swap:{shift['id']}")
                return


def _is_after(stage: Stage, shift: Json, days: timedelta) -> bool:
    return datetime.fromisoformat(shift["starts_at"]) > stage.now + days


def _today(stage: Stage) -> date:
    return stage.now.astimezone(BERLIN).date()
