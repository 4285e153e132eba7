"""What was assigned, when and by whom, so that it can be looked up and taken back.

assignments {_id, by, at, open_work, places: [{client_id, page_id, discipline, version,
             owner, deputies, before: {owner, deputies, follows} | None}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.scheduler.documents import Documents
from services.scheduler.responsibilities.domain import Responsibility, Wanted, responsibility_id
from shared.events.disciplines import Discipline
from shared.mongo import Mongo, Session
from shared.outbox import Transaction

__all__ = ["Assignment", "Assignments", "assignment_of", "taking_back"]


@dataclass(frozen=True, slots=True)
class Before:
    owner: str
    deputies: tuple[str, ...]
    follows: bool


@dataclass(frozen=True, slots=True)
class AssignedPlace:
    """`version` is the responsibility's after it; `before` None: nobody was responsible."""

    client_id: str
    page_id: str | None
    discipline: Discipline
    version: int
    owner: str
    deputies: tuple[str, ...]
    before: Before | None

    @property
    def id(self) -> str:
        return responsibility_id(self.client_id, self.page_id, self.discipline)


@dataclass(frozen=True, slots=True)
class Assignment:
    """People made responsible at once. `by` None: another system. `open_work`: what was open went
    along. `can_be_taken_back`: all places had people, or could fall back on some, who are able
    to."""

    id: str
    by: str | None
    at: datetime
    open_work: bool
    places: tuple[AssignedPlace, ...]
    can_be_taken_back: bool


def assignment_of(
    id: str,
    by: str | None,
    at: datetime,
    after: Iterable[Responsibility],
    before: Mapping[str, Responsibility],
    *,
    open_work: bool,
    can_be_taken_back: bool,
) -> Assignment:
    """`before` by id; where it has nothing nobody was responsible."""
    places = tuple(_assigned(one, before.get(one.id)) for one in after)
    return Assignment(
        id=id,
        by=by,
        at=at,
        open_work=open_work,
        places=places,
        can_be_taken_back=can_be_taken_back,
    )


def taking_back(assignment: Assignment) -> list[Wanted]:
    """What restores it, unless somebody has changed it since. A page that had nobody of its own
    has the client's people then."""
    return [
        Wanted(
            client_id=one.client_id,
            page_id=one.page_id,
            discipline=one.discipline,
            owner=None if one.before is None or one.before.follows else one.before.owner,
            deputies=() if one.before is None or one.before.follows else one.before.deputies,
            version=one.version,
        )
        for one in assignment.places
    ]


def _assigned(after: Responsibility, before: Responsibility | None) -> AssignedPlace:
    return AssignedPlace(
        client_id=after.client_id,
        page_id=after.page_id,
        discipline=after.discipline,
        version=after.version,
        owner=after.owner,
        deputies=after.deputies,
        before=None if before is None else Before(before.owner, before.deputies, before.follows),
    )


class Assignments:
    def __init__(self, mongo: Mongo) -> None:
        self._documents = Documents(mongo.collection("assignments"), Assignment)

    async def get(self, assignment_id: str, session: Session | None = None) -> Assignment | None:
        return await self._documents.get(assignment_id, session)

    async def put(self, tx: Transaction, assignment: Assignment) -> None:
        await self._documents.put(tx.session, assignment)
