"""The responsibility matrix of a large agency."""

from __future__ import annotations

import time

import httpx

from shared.auth import COOKIE
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.large_agency import assign_everything, fill, lead_token, settled
from tests.bench.world import World

__all__ = ["matrix_of_a_large_agency"]

_AIM_MS = 300
_ROUNDS = 5
_REQUESTS = 40


async def matrix_of_a_large_agency(world: World) -> list[Figure]:
    """`matrix_page_p95_ms`: within this, 95 of 100 requests for the matrix page are answered, over
    HTTP, with 2,000 rows (250 clients with 7 pages each), 2,000 responsibilities and 200 members.
    In turn: from the beginning, from the middle, one person's, and what the next illness would make
    a gap. Nobody else does anything meanwhile.

    `assign_2000_seconds`: to make people responsible for 2,000 places in one request."""
    await fill(world)
    async with httpx.AsyncClient(base_url=f"{world.services.url}/scheduler", timeout=60) as http:
        began = time.perf_counter()
        await assign_everything(http)
        assigned = time.perf_counter() - began
        await settled(world)
        http.cookies.set(COOKIE, lead_token())
        rounds = [await _round(http) for _ in range(_ROUNDS)]
    return [
        Figure(
            "matrix_page_p95_ms", "ms", rounds, at_most(_AIM_MS), about="2,000 rows, 200 members"
        ),
        Figure("assign_2000_seconds", "s", [assigned], about="one request, one transaction"),
    ]


async def _round(http: httpx.AsyncClient) -> float:
    addresses = ("", "?after=c124", "?member=m007", "?trouble=alone")
    took = []
    for number in range(_REQUESTS):
        began = time.perf_counter()
        answer = await http.get(f"/responsibilities{addresses[number % len(addresses)]}")
        took.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
    return percentile(took, 0.95)
