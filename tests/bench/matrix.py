"""The responsibility matrix of a large agency."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import httpx

from shared.auth import COOKIE, Identity, Role, Scope, Tokens
from shared.events.disciplines import Discipline
from shared.handover.rows import MOVER_SLOT
from shared.mongo import Document
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.world import World
from tests.support.engines import AUTH_SECRET
from tests.support.waiting import eventually

__all__ = ["matrix_of_a_large_agency"]

_AIM_MS = 300
_ROUNDS = 5
_REQUESTS = 40
_MEMBERS = 200
_CLIENTS = 250
_PAGES = 7  # of each; with the clients themselves 2,000 rows
_PLACES = _CLIENTS * (_PAGES + 1)
_LEAD = Identity("m000", "Lena", Role.LEAD, Scope(None))


async def matrix_of_a_large_agency(world: World) -> list[Figure]:
    """`matrix_page_p95_ms`: within this, 95 of 100 requests for the matrix page are answered, over
    HTTP, with 2,000 rows (250 clients with 7 pages each), 2,000 responsibilities and 200 members.
    In turn: from the beginning, from the middle, one person's, and what the next illness would make
    a gap. Nobody else does anything meanwhile.

    `assign_2000_seconds`: to make people responsible for 2,000 places in one request."""
    await _fill(world)
    token = Tokens(AUTH_SECRET).issue(_LEAD, timedelta(hours=1))
    async with httpx.AsyncClient(base_url=f"{world.services.url}/scheduler", timeout=60) as http:
        began = time.perf_counter()
        answer = await http.post(
            "/api/v1/assignments",
            json={"assignments": list(_assignments())},
            headers={"Authorization": f"Bearer {token}"},
        )
        answer.raise_for_status()
        assigned = time.perf_counter() - began
        await eventually(lambda: _known_everywhere(world), timeout=300)
        http.cookies.set(COOKIE, token)
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


async def _known_everywhere(world: World) -> bool:
    """Everybody has taken in who acts; before, the pages would be measured beside that."""
    told = {"responsibility_id": {"$regex": "^[cp]\\d"}, "slot": MOVER_SLOT}
    for service in ("planner", "scheduler", "inbox"):
        rows = world.database(service)["coverage_rows"]
        if await rows.count_documents(told) < _PLACES:
            return False
    return not await world.database("scheduler")["outbox"].count_documents({"published_at": None})


async def _fill(world: World) -> None:
    """Straight into the database: how it got there is not what is measured."""
    database = world.database("scheduler")
    numbers = range(_CLIENTS)
    await database["clients"].insert_many([_client(number) for number in numbers])
    await database["pages"].insert_many(
        [_page(number, page) for number in numbers for page in range(_PAGES)]
    )
    await database["members"].insert_many([_member(number) for number in range(_MEMBERS)])
    await database["qualifications"].insert_many(
        [
            _qualification(number, discipline)
            for number in range(_MEMBERS)
            for discipline in Discipline
        ]
    )


def _client(number: int) -> Document:
    name = f"Client {number:03}"
    return {"_id": f"c{number:03}", "name": name, "time_zone": "Europe/Berlin", "archived": False}


def _page(number: int, page: int) -> Document:
    return {
        "_id": f"p{number:03}{page}",
        "client_id": f"c{number:03}",
        "name": f"Page {page}",
        "platform": "instagram",
        "handle": "@page",
        "archived": False,
    }


def _member(number: int) -> Document:
    return {
        "_id": f"m{number:03}",
        "name": f"Member {number:03}",
        "initials": "ME",
        "colour": 1 + number % 8,
        "email": f"m{number:03}@large.example",
        "email_key": f"m{number:03}@large.example",
        "language": "de",
        "time_zone": "Europe/Berlin",
        "role": "lead" if number == 0 else "member",
        "clients": None,
        "active": True,
        "present": True,
        "epoch": 0,
        "version": 1,
    }


def _qualification(number: int, discipline: Discipline) -> Document:
    return {
        "_id": f"m{number:03}:{discipline}",
        "member_id": f"m{number:03}",
        "discipline": discipline.value,
        "level": 2,
        "valid_until": None,
        "version": 1,
    }


def _assignments() -> Any:
    """Eight for each client: community of its pages, and copywriting of the whole."""
    for number in range(_CLIENTS):
        for page in [None, *(f"p{number:03}{page}" for page in range(_PAGES))]:
            people = [f"m{(number * 7 + step) % _MEMBERS:03}" for step in range(3)]
            yield {
                "client_id": f"c{number:03}",
                "page_id": page,
                "discipline": "community" if page else "copywriting",
                "owner": people[0],
                # Every fourth client has nobody who could stand in.
                "deputies": people[1:] if number % 4 else [],
            }
