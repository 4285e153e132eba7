"""The coverage engine, and what it answers about leave, for a large agency."""

from __future__ import annotations

import random
import time
from datetime import timedelta

import httpx

from services.scheduler.coverage.outlook import Outlook, look_ahead
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.large_agency import (
    MEMBERS,
    NOON,
    a_stretch,
    absences,
    assign_everything,
    change_something,
    fill,
    large_outlook,
    large_team,
    lead_token,
    settled,
)
from tests.bench.world import World

__all__ = ["coverage_and_what_if"]

_ROUNDS = 5
_REQUESTS = 40
_AHEAD = timedelta(days=90)


async def coverage_and_what_if(world: World) -> list[Figure]:
    """`coverage_full_ms`: who acts for each of 2,000 responsibilities over 90 days, with 200
    members and 600 absences, computed anew, in this process. `…_4x_ms` and `…_16x_ms`: with so many
    times as many of everything.

    `coverage_change_ms`: 95 of 100 further absences of somebody are taken into that within this.

    `whatif_p95_ms`: within this, 95 of 100 questions are answered over HTTP what a week's leave of
    somebody would do, in an agency of that size. `whatif_changed_p95_ms`: the same, when something
    has changed in the team before each question, so that all of it is read again.
    `whatif_page_p95_ms`: the same as the first for the page that is drawn anew while somebody
    types. Nobody else does anything meanwhile."""
    return [*_engine(), *await _what_if(world)]


# The engine alone


def _engine() -> list[Figure]:
    outlook = large_outlook(1, _AHEAD)
    return [
        Figure("coverage_full_ms", "ms", _full(1), at_most(300), about="200 members, 90 days"),
        Figure("coverage_full_4x_ms", "ms", _full(4), about="800 members"),
        Figure("coverage_full_16x_ms", "ms", _full(16), about="3,200 members"),
        Figure("coverage_change_ms", "ms", _changes(outlook), at_most(5), about="one absence"),
    ]


def _full(times: int) -> list[float]:
    responsibilities, team = large_team(times)
    took = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        look_ahead(responsibilities, team, NOON, NOON + _AHEAD)
        took.append(_milliseconds(began))
    return took


def _changes(outlook: Outlook) -> list[float]:
    chance = random.Random(2)
    rounds = []
    for _ in range(_ROUNDS):
        took = []
        for person in outlook.team.people.values():
            away = a_stretch(chance)
            began = time.perf_counter()
            outlook.with_person(person.also_away([away]))
            took.append(_milliseconds(began))
        rounds.append(percentile(took, 0.95))
    return rounds


# Over HTTP


async def _what_if(world: World) -> list[Figure]:
    await fill(world)
    await world.database("scheduler")["absences"].insert_many(list(absences()))
    headers = {"Authorization": f"Bearer {lead_token()}"}
    base = f"{world.services.url}/scheduler"
    async with httpx.AsyncClient(base_url=base, timeout=60, headers=headers) as http:
        await assign_everything(http)
        await settled(world)
        same = [await _asked(http, number) for number in range(_ROUNDS)]
        changed = [await _asked(http, number, changing=True) for number in range(_ROUNDS)]
        drawn = [await _asked(http, number, as_page=True) for number in range(_ROUNDS)]
    about = "2,000 responsibilities, 600 absences"
    return [
        Figure("whatif_p95_ms", "ms", same, at_most(150), about=about),
        Figure("whatif_changed_p95_ms", "ms", changed, about="all read again each time"),
        Figure("whatif_page_p95_ms", "ms", drawn, about="the form with its board"),
    ]


async def _asked(
    http: httpx.AsyncClient, number: int, *, changing: bool = False, as_page: bool = False
) -> float:
    chance = random.Random(number)
    took = []
    for _ in range(_REQUESTS):
        if changing:
            await change_something(http)
        first = NOON.date() + timedelta(days=7 + chance.randrange(60))
        member, last = f"m{chance.randrange(MEMBERS):03}", first + timedelta(days=4)
        query = {"member": member, "starts_at": str(first), "ends_at": str(last)}
        form = {"member_id": member, "starts_day": str(first), "ends_day": str(last)}
        began = time.perf_counter()
        if as_page:
            answer = await http.post("/leave/what-if", data=form)
        else:
            answer = await http.get("/api/v1/what-if", params=query)
        took.append(_milliseconds(began))
        answer.raise_for_status()
    return percentile(took, 0.95)


def _milliseconds(began: float) -> float:
    return 1000 * (time.perf_counter() - began)
