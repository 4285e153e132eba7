"""Who can be signed in as: the agency's members, as the services tell, and its ops engineer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from shared.auth import SYSTEM_SCOPE, Identity, Role, Scope, Tokens
from shared.clock import utc_now
from shared.errors import N_

__all__ = ["OPS", "People", "Person", "Skill", "Unreachable"]

_MEMBERS = "/scheduler/api/v1/members"
_CLIENTS = "/planner/api/v1/clients"
_MOST = {"limit": "200"}
_TOKEN_LASTS = timedelta(minutes=5)


class Unreachable(Exception):
    """The services do not answer at the moment."""


@dataclass(frozen=True, slots=True)
class Skill:
    discipline: str
    level: int
    expired: bool


@dataclass(frozen=True, slots=True)
class Person:
    """`clients` None: all of them; otherwise by name. `colour` 0 is grey."""

    id: str
    name: str
    initials: str
    colour: int
    role: Role
    identity: Identity
    present: bool = True
    clients: tuple[str, ...] | None = None
    skills: tuple[Skill, ...] = ()


OPS = Person(
    id="ops",
    name=N_("Operations"),
    initials="Ops",
    colour=0,
    role=Role.OPS,
    identity=Identity("ops", "Operations", Role.OPS, Scope(None)),
)
"""Runs the installation; no member of the team, so no service knows a name."""


class People:
    """Asks as another system would, so it sees the agency as it is now."""

    def __init__(self, services: httpx.AsyncClient, tokens: Tokens) -> None:
        self._services = services
        self._tokens = tokens

    async def everybody(self) -> Sequence[Person]:
        """Leads first, then by name. Raises `Unreachable`."""
        members, clients = await asyncio.gather(
            self._read(_MEMBERS, _MOST), self._read(_CLIENTS, _MOST)
        )
        names = {client["id"]: client["name"] for client in clients["items"]}
        found = await asyncio.gather(*(self._person(member, names) for member in members["items"]))
        return sorted(found, key=lambda person: (person.role is not Role.LEAD, person.name))

    async def identity(self, person_id: str) -> Identity | None:
        """Raises `Unreachable`; None: there is nobody with the id."""
        if person_id == OPS.id:
            return OPS.identity
        members = await self._read(_MEMBERS, _MOST)
        return next(
            (_identity(member) for member in members["items"] if member["id"] == person_id), None
        )

    async def _person(self, member: dict[str, Any], clients: dict[str, str]) -> Person:
        skills = await self._read(f"{_MEMBERS}/{member['id']}/qualifications")
        allowed = member["clients"]
        return Person(
            id=member["id"],
            name=member["name"],
            initials=member["initials"],
            colour=member["colour"],
            role=Role(member["role"]),
            identity=_identity(member),
            present=member["present"],
            clients=None if allowed is None else tuple(clients.get(one, one) for one in allowed),
            skills=tuple(_skill(one, utc_now()) for one in skills),
        )

    async def _read(self, path: str, params: dict[str, str] | None = None) -> Any:
        caller = Identity("sign-in", "Sign-in page of the demo", Role.SYSTEM, SYSTEM_SCOPE)
        token = self._tokens.issue(caller, _TOKEN_LASTS)
        try:
            answer = await self._services.get(
                path, params=params, headers={"Authorization": f"Bearer {token}"}
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Unreachable from error
        return answer.json()


def _identity(member: dict[str, Any]) -> Identity:
    """In the browser's language: whoever tries the demo need not read the member's."""
    clients = member["clients"]
    return Identity(
        member_id=member["id"],
        name=member["name"],
        role=Role(member["role"]),
        scope=Scope(None if clients is None else frozenset(clients)),
        tz=member["time_zone"],
    )


def _skill(qualification: dict[str, Any], now: datetime) -> Skill:
    until = qualification["valid_until"]
    return Skill(
        discipline=qualification["discipline"],
        level=qualification["level"],
        expired=until is not None and datetime.fromisoformat(until) <= now,
    )
