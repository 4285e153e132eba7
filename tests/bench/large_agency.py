"""A large agency: 250 clients with 7 pages each, 200 members, 2,000 responsibilities."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.outlook import Outlook, look_ahead
from services.scheduler.coverage.person import Person, Stretch
from services.scheduler.responsibilities.domain import Responsibility
from shared.auth import Identity, Role, Scope, Tokens
from shared.events.disciplines import Discipline
from shared.handover.rows import MOVER_SLOT
from shared.ids import new_id
from shared.mongo import Document
from tests.bench.world import World
from tests.support.engines import AUTH_SECRET
from tests.support.waiting import eventually

__all__ = [
    "LEAD",
    "MEMBERS",
    "NOON",
    "a_stretch",
    "absences",
    "assign_everything",
    "change_something",
    "fill",
    "large_outlook",
    "large_team",
    "lead_token",
    "settled",
]

MEMBERS = 200
LEAD = Identity("m000", "Lena", Role.LEAD, Scope(None))
_CLIENTS = 250
_PAGES = 7  # of each; with the clients themselves 2,000 rows
_PLACES = _CLIENTS * (_PAGES + 1)

_ABSENCES = 600
_DAYS = 90
_HOURS = (1, 4, 8, 24, 72, 240)
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)


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
        "reminded": [],  # else it is from before there were reminders, and work for a while
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


async def change_something(http: httpx.AsyncClient) -> None:
    """A lead's time zone, as it was: the next epoch, and nothing to hand over."""
    path = f"/api/v1/members/{LEAD.member_id}"
    member = (await http.get(path)).json()
    body = {"time_zone": member["time_zone"]}
    headers = {"If-Match": f'"{member["version"]}"'}
    (await http.patch(path, json=body, headers=headers)).raise_for_status()


def absences() -> Iterator[Document]:
    """600, for `fill`'s members."""
    chance = random.Random(3)
    for _ in range(_ABSENCES):
        away = a_stretch(chance)
        yield _absence(f"m{chance.randrange(MEMBERS):03}", away)


def _absence(member_id: str, away: Stretch) -> Document:
    return {
        "_id": new_id(),
        "member_id": member_id,
        "starts_at": away.starts_at,
        "ends_at": away.ends_at,
        "reported_by": LEAD.member_id,
        "reported_at": NOON,
        "cancelled": False,
        "started": False,
        "ended": False,
        "version": 1,
    }


# The same, without a database


def large_outlook(times: int, ahead: timedelta) -> Outlook:
    """`times` as many of everything."""
    responsibilities, team = large_team(times)
    return look_ahead(responsibilities, team, NOON, NOON + ahead)


def large_team(times: int) -> tuple[list[Responsibility], Team]:
    """Eight responsibilities a client, each with two deputies; two leads a client."""
    chance = random.Random(1)
    members = [f"m{number}" for number in range(MEMBERS * times)]
    away: dict[str, list[Stretch]] = {member: [] for member in members}
    for _ in range(_ABSENCES * times):
        away[chance.choice(members)].append(a_stretch(chance))
    able = dict.fromkeys(Discipline)
    people = {id: Person(id, True, None, able, tuple(found)) for id, found in away.items()}
    disciplines = list(Discipline)
    responsibilities = []
    for number in range(2_000 * times):
        owner, *deputies = chance.sample(members, 3)
        page = f"p{number}" if number % 8 else None
        kind = disciplines[number % len(disciplines)]
        responsibilities.append(
            Responsibility(f"c{number // 8}", page, kind, owner, tuple(deputies))
        )
    leads = {f"c{number}": tuple(chance.sample(members, 2)) for number in range(250 * times)}
    return responsibilities, Team(people, leads)


def a_stretch(chance: random.Random) -> Stretch:
    start = NOON + timedelta(hours=chance.randrange(_DAYS * 24))
    return Stretch(start, start + timedelta(hours=chance.choice(_HOURS)))
