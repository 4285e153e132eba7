"""The risk view of a large agency: thought through, and as pages."""

from __future__ import annotations

import time
from collections.abc import Sequence

import httpx

from services.scheduler.risk.domain import AHEAD, assess
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.large_agency import (
    MEMBERS,
    absences,
    assign_everything,
    change_something,
    fill,
    large_outlook,
    lead_token,
    settled,
)
from tests.bench.world import World

__all__ = ["risk_of_a_large_agency"]

_AIM_MS = 300
_ROUNDS = 5
_REQUESTS = 40
_FEWER = 10

_PAGES = ("", "?client=c124", "?skip=400", "/people", "/gaps", "/load", "/load?away=m007&away=m008")


async def risk_of_a_large_agency(world: World) -> list[Figure]:
    """`risk_assess_ms`: the bus factors, single points of failure and gaps of 2,000
    responsibilities over eight weeks, with 200 members and 600 absences, computed anew, in this
    process; who acts when is known already.

    `risk_page_p95_ms`: within this, 95 of 100 requests for pages of the risk view are answered,
    over HTTP, in an agency of that size: in turn bus factors from the beginning, of one client and
    from the middle, single points of failure, gaps, load, and load if two were away.
    `risk_changed_p95_ms`: the same for the first of these, when something has changed in the team
    before each request, so that all of it is read and thought through again. Nobody else does
    anything meanwhile."""
    return [_assessed(), *await _pages(world)]


def _assessed() -> Figure:
    outlook = large_outlook(1, AHEAD)
    took = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        assess(1, outlook)
        took.append(1000 * (time.perf_counter() - began))
    return Figure("risk_assess_ms", "ms", took, about="2,000 responsibilities, eight weeks")


async def _pages(world: World) -> list[Figure]:
    await fill(world)
    await world.database("scheduler")["absences"].insert_many(list(absences()))
    base = f"{world.services.url}/scheduler"
    headers = {"Authorization": f"Bearer {lead_token()}"}
    async with httpx.AsyncClient(base_url=base, timeout=60, headers=headers) as http:
        await assign_everything(http)
        await settled(world)
        same = [await _round(http, _PAGES, _REQUESTS) for _ in range(_ROUNDS)]
        changed = [await _round(http, _PAGES[:1], _FEWER, changing=True) for _ in range(_ROUNDS)]
    about = f"2,000 responsibilities, {MEMBERS} members, 600 absences"
    return [
        Figure("risk_page_p95_ms", "ms", same, at_most(_AIM_MS), about=about),
        Figure("risk_changed_p95_ms", "ms", changed, about="all read and thought through anew"),
    ]


async def _round(
    http: httpx.AsyncClient, pages: Sequence[str], requests: int, *, changing: bool = False
) -> float:
    took = []
    for number in range(requests):
        if changing:
            await change_something(http)
        began = time.perf_counter()
        answer = await http.get(f"/risk{pages[number % len(pages)]}")
        took.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
    return percentile(took, 0.95)
