"""The same change to many responsibilities at once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.scheduler.responsibilities.domain import Responsibility, Wanted, responsibility_id
from shared.errors import InvalidRequest
from shared.events.disciplines import Discipline

__all__ = ["Change", "How", "Ticked", "wanted_by"]


class How(StrEnum):
    REPLACE = "replace"
    """`member` by `other`, as what they were."""
    OWNER = "owner"
    """`member` becomes owner; the former one is out."""
    DEPUTY = "deputy"
    """`member` becomes the last deputy."""
    REMOVE = "remove"
    """`member` is out; of an owner, the first deputy follows."""


@dataclass(frozen=True, slots=True)
class Change:
    how: How
    member: str
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Ticked:
    """A place that was ticked, and the version of its responsibility then; 0: it had none."""

    client_id: str
    page_id: str | None
    discipline: Discipline
    version: int

    @property
    def id(self) -> str:
        return responsibility_id(self.client_id, self.page_id, self.discipline)

    @classmethod
    def parse(cls, text: str) -> Ticked:
        """From `client|page|discipline|version`. Raises `InvalidRequest`."""
        try:
            client_id, page_id, discipline, version = text.split("|")
            return cls(client_id, page_id or None, Discipline(discipline), int(version))
        except ValueError as error:
            raise InvalidRequest from error


def wanted_by(
    change: Change, ticked: Iterable[Ticked], present: Mapping[str, Responsibility]
) -> list[Wanted]:
    """What the change makes of the places, those left out that it does not concern: somebody is to
    be replaced who is not there, or is already what they should become. A page from which the last
    one is taken is to follow its client."""
    wanted = []
    for place in ticked:
        found = present.get(place.id)
        own = found.people if found is not None and not found.follows else ()
        people = _rearranged(change, own)
        if people != own:
            wanted.append(
                Wanted(
                    client_id=place.client_id,
                    page_id=place.page_id,
                    discipline=place.discipline,
                    owner=people[0] if people else None,
                    deputies=people[1:],
                    version=place.version,
                )
            )
    return wanted


def _rearranged(change: Change, people: tuple[str, ...]) -> tuple[str, ...]:
    """Owner and deputies after it; nobody, if nobody would be left."""
    member, other = change.member, change.other
    match change.how:
        case How.REPLACE if other is not None:
            # Whoever is among them already keeps their own place, if it is the better one.
            return tuple(dict.fromkeys(other if one == member else one for one in people))
        case How.OWNER:
            return (member, *(one for one in people[1:] if one != member))
        case How.DEPUTY if people:
            return people if member in people else (*people, member)
        case How.REMOVE:
            return tuple(one for one in people if one != member)
    return people
