"""A large agency: 250 clients with 7 pages each, 200 members, 2,000 responsibilities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx

from shared.auth import Identity, Role, Scope, Tokens
from shared.events.disciplines import Discipline
from shared.handover.rows import MOVER_SLOT
from shared.mongo import Document
from tests.bench.world import World
from tests.support.engines import AUTH_SECRET
from tests.support.waiting import eventually

__all__ = ["LEAD", "MEMBERS", "assign_everything", "fill", "lead_token", "settled"]

MEMBERS = 200
LEAD = Identity("m000", "Lena", Role.LEAD, Scope(None))
_CLIENTS = 250
_PAGES = 7  # of each; with the clients themselves 2,000 rows
_PLACES = _CLIENTS * (_PAGES + 1)


def lead_token() -> str:
    return Tokens(AUTH_SECRET).issue(LEAD, timedelta(hours=1))


async def assign_everything(http: httpx.AsyncClient) -> None:
    """Eight responsibilities for each client, in one request."""
    answer = await http.post(
        "/api/v1/assignments",
        json={"assignments": list(_assignments())},
        headers={"Authorization": f"Bearer {lead_token()}"},
    )
    answer.raise_for_status()


async def settled(world: World) -> None:
    """Everybody has taken in who acts; before, what is measured would be beside that."""
    await eventually(lambda: _known_everywhere(world), timeout=300)


async def _known_everywhere(world: World) -> bool:
    told = {"responsibility_id": {"$regex": "^[cp]\\d"}, "slot": MOVER_SLOT}
    for service in ("planner", "scheduler", "inbox"):
        rows = world.database(service)["coverage_rows"]
        if await rows.count_documents(told) < _PLACES:
            return False
    return not await world.database("scheduler")["outbox"].count_documents({"published_at": None})


async def fill(world: World) -> None:
    """Straight into the database: how it got there is not what is measured."""
    database = world.database("scheduler")
    numbers = range(_CLIENTS)
    await database["clients"].insert_many([_client(number) for number in numbers])
    await database["pages"].insert_many(
        [_page(number, page) for number in numbers for page in range(_PAGES)]
    )
    await database["members"].insert_many([_member(number) for number in range(MEMBERS)])
    await database["qualifications"].insert_many(
        [
            _qualification(number, discipline)
            for number in range(MEMBERS)
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


def _assignments() -> Iterator[dict[str, Any]]:
    """Eight for each client: community of its pages, and copywriting of the whole."""
    for number in range(_CLIENTS):
        for page in [None, *(f"p{number:03}{page}" for page in range(_PAGES))]:
            people = [f"m{(number * 7 + step) % MEMBERS:03}" for step in range(3)]
            yield {
                "client_id": f"c{number:03}",
                "page_id": page,
                "discipline": "community" if page else "copywriting",
                "owner": people[0],
                # Every fourth client has nobody who could stand in.
                "deputies": people[1:] if number % 4 else [],
            }
