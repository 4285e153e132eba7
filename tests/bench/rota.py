"""A rota of eight weeks for thirty people."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from shared.ids import new_id
from shared.mongo import Document
from tests.bench.figures import Figure, at_most
from tests.bench.large_agency import LEAD, fill, lead_token
from tests.bench.world import World

__all__ = ["rota_of_eight_weeks"]

_ROUNDS = 3
_PEOPLE = [f"m{number:03}" for number in range(1, 31)]
_WEEKS = 8
_SHIFTS = _WEEKS * 7 * 3
_KINDS = (("Early", "06:00", "14:00"), ("Late", "14:00", "22:00"), ("Night", "22:00", "06:00"))
_TODAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
_FIRST = _TODAY.date() + timedelta(days=7 - _TODAY.weekday())
_POLL_SECONDS = 0.05


async def rota_of_eight_weeks(world: World) -> list[Figure]:
    """`rota_seconds`: from asking over HTTP for a rota of eight weeks with three shifts of eight
    hours a day until it is proposed: reading, starting the solver's process, the search of up to
    12 s with two threads, storing. Of 30 people each has one or two absences of one to fourteen
    days, three are qualified until the middle of it, and half have two or three wishes; a week is
    planned before already. The agency has 200 members in all; nobody else does anything meanwhile.

    `rota_open_shifts`: how many of the 168 shifts stay open in it. `rota_spread_hours`: between who
    gets the most hours and who gets the fewest of those who are never away for more than a week and
    qualified throughout."""
    await fill(world)
    database = world.database("scheduler")
    await database["qualifications"].update_many(
        {"_id": {"$in": [f"{one}:community" for one in _PEOPLE[:3]]}},
        {"$set": {"valid_until": _TODAY + timedelta(days=35)}},
    )
    absences = _absences()
    await database["absences"].insert_many(absences)
    await database["rota_wishes"].insert_many(_wishes())
    headers = {"Authorization": f"Bearer {lead_token()}"}
    base = f"{world.services.url}/scheduler/api/v1/rota"
    async with httpx.AsyncClient(base_url=base, timeout=60, headers=headers) as http:
        group_id = await _group(http)
        before = await _proposed(http, group_id, _FIRST - timedelta(days=7), 1)
        await _decide(http, before, "apply")
        took, left_open, spreads = [], [], []
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            run = await _proposed(http, group_id, _FIRST, _WEEKS)
            took.append(time.perf_counter() - began)
            detail = (await http.get(f"/runs/{run['id']}")).raise_for_status().json()
            assert len(detail["given"]) == _SHIFTS
            left_open.append(float(detail["open"]))
            spreads.append(_spread(detail["given"], absences))
            await _decide(http, run, "discard")
    about = "30 people, 8 weeks, 3 shifts a day"
    return [
        Figure("rota_seconds", "s", took, at_most(20), about=about),
        Figure("rota_open_shifts", "", left_open, at_most(0), about=about),
        Figure("rota_spread_hours", "h", spreads, about="most minus fewest"),
    ]


async def _group(http: httpx.AsyncClient) -> str:
    kinds = [
        {"name": name, "weekdays": list(range(7)), "starts": starts, "ends": ends}
        for name, starts, ends in _KINDS
    ]
    body = {
        "name": "Around the clock",
        "pages": ["p0000", "p0001", "p0010"],
        "time_zone": "Europe/Berlin",
        "kinds": kinds,
        "members": _PEOPLE,
    }
    group_id: str = (await http.post("/groups", json=body)).raise_for_status().json()["id"]
    return group_id


async def _proposed(
    http: httpx.AsyncClient, group_id: str, first: date, weeks: int
) -> dict[str, Any]:
    body = {"groups": [group_id], "first_day": str(first), "weeks": weeks}
    asked = (await http.post("/runs", json=body)).raise_for_status().json()
    while True:
        answer = (await http.get("/runs", params={"limit": 1})).raise_for_status().json()
        run: dict[str, Any] = answer["items"][0]
        assert run["id"] == asked["id"]
        if run["state"] not in ("queued", "solving"):
            assert run["state"] == "proposed", run
            return run
        await asyncio.sleep(_POLL_SECONDS)


async def _decide(http: httpx.AsyncClient, run: dict[str, Any], command: str) -> None:
    headers = {"If-Match": f'"{run["version"]}"'}
    (await http.post(f"/runs/{run['id']}/{command}", headers=headers)).raise_for_status()


def _spread(given: dict[str, str | None], absences: list[Document]) -> float:
    long = timedelta(days=7)
    away = {one["member_id"] for one in absences if one["ends_at"] - one["starts_at"] > long}
    always = [one for one in _PEOPLE[3:] if one not in away]
    hours = [8.0 * sum(member == one for member in given.values()) for one in always]
    return max(hours) - min(hours)


def _absences() -> list[Document]:
    chance = random.Random(4)
    midnight = datetime.combine(_FIRST, datetime.min.time(), UTC)
    found = []
    for member_id in _PEOPLE:
        for _ in range(chance.choice((1, 1, 2))):
            start = midnight + timedelta(days=chance.randrange(_WEEKS * 7))
            length = timedelta(days=chance.choice((1, 1, 2, 5, 5, 12, 14)))
            found.append(_absence(member_id, start, start + length))
    return found


def _absence(member_id: str, start: datetime, end: datetime) -> Document:
    return {
        "_id": new_id(),
        "member_id": member_id,
        "starts_at": start,
        "ends_at": end,
        "reported_by": LEAD.member_id,
        "reported_at": _TODAY,
        "cancelled": False,
        "started": False,
        "ended": False,
        "version": 1,
    }


def _wishes() -> list[Document]:
    chance = random.Random(5)
    return [
        {
            "_id": new_id(),
            "member_id": member_id,
            "rather": chance.random() < 0.3,
            "weekday": weekday,
            "day": None,
            "group_id": None,
            "kind_id": None,
        }
        for member_id in _PEOPLE[::2]
        for weekday in chance.sample(range(7), chance.choice((2, 3)))
    ]
