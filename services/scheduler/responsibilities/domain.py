"""Who does what: (client or page) x discipline -> one owner and ordered deputies. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.scheduler.coverage.person import Person, WhyNot
from shared.errors import N_, AppError, InvalidRequest, NotAllowedNow
from shared.events.disciplines import Discipline

__all__ = [
    "DuplicateMember",
    "InactiveMember",
    "Leads",
    "NoAccess",
    "Responsibility",
    "UnknownMember",
    "Unqualified",
    "check_leads",
    "check_people",
    "responsibility_id",
    "staff",
]


def responsibility_id(client_id: str, page_id: str | None, discipline: Discipline) -> str:
    """Natural, so that every service can name the responsibility it has not heard of yet."""
    return f"{page_id or client_id}:{discipline}"


@dataclass(frozen=True, slots=True)
class Responsibility:
    """`page_id` None: for all of the client's pages that have none of their own."""

    client_id: str
    page_id: str | None
    discipline: Discipline
    owner: str
    deputies: tuple[str, ...] = ()
    version: int = 1

    @property
    def id(self) -> str:
        return responsibility_id(self.client_id, self.page_id, self.discipline)

    @property
    def people(self) -> tuple[str, ...]:
        """The owner, then the deputies in order."""
        return (self.owner, *self.deputies)


@dataclass(frozen=True, slots=True)
class Leads:
    """The members who act for a client when neither owner nor deputy can, in order."""

    id: str
    members: tuple[str, ...]
    version: int = 1


def staff(responsibility: Responsibility, owner: str, deputies: Sequence[str]) -> Responsibility:
    """The responsibility with other people; its held items stay where they are."""
    return replace(
        responsibility,
        owner=owner,
        deputies=tuple(deputies),
        version=responsibility.version + 1,
    )


def check_people(
    responsibility: Responsibility,
    people: Mapping[str, Person],
    names: Mapping[str, str],
    now: datetime,
    before: Responsibility | None = None,
) -> None:
    """Refuse what could never act. Somebody who is merely away is welcome, and who keeps the part
    they had `before` is not asked again: a qualification that has run out meanwhile must not keep
    others from being put in.

    Raises `DuplicateMember`, `UnknownMember`, `InactiveMember`, `NoAccess` or `Unqualified` for
    the first person who cannot be owner or deputy.
    """
    _check_known_once(responsibility.people, people, names)
    for member_id in _newcomers(responsibility, before):
        why = people[member_id].why_not(responsibility.client_id, responsibility.discipline, now)
        if why is not None and why in _REFUSALS:
            raise _REFUSALS[why](
                member=names[member_id],
                discipline=responsibility.discipline.value,
                extra={"member_id": member_id, "why": why.value},
            )


def _newcomers(after: Responsibility, before: Responsibility | None) -> Iterator[str]:
    if before is None or after.owner != before.owner:
        yield after.owner
    for deputy in after.deputies:
        if before is None or deputy not in before.deputies:
            yield deputy


def check_leads(
    client_id: str, members: Sequence[str], people: Mapping[str, Person], names: Mapping[str, str]
) -> None:
    """A lead needs access; in which disciplines they can act, their qualifications say.

    Raises `DuplicateMember`, `UnknownMember`, `InactiveMember` or `NoAccess`.
    """
    _check_known_once(members, people, names)
    for member_id in members:
        if not people[member_id].active:
            raise InactiveMember(member=names[member_id], extra={"member_id": member_id})
        if not people[member_id].has_access(client_id):
            raise NoAccess(member=names[member_id], extra={"member_id": member_id})


def _check_known_once(
    members: Sequence[str], people: Mapping[str, Person], names: Mapping[str, str]
) -> None:
    for position, member_id in enumerate(members):
        if member_id not in people:
            raise UnknownMember(member=member_id, extra={"member_id": member_id})
        if member_id in members[:position]:
            raise DuplicateMember(member=names[member_id], extra={"member_id": member_id})


class DuplicateMember(InvalidRequest):
    code = "duplicate_member"
    title = N_("Somebody is named twice")
    detail = N_("{member} can be owner or one of the deputies, once.")
    remedy = N_("Name everybody once.")


class UnknownMember(InvalidRequest):
    code = "unknown_member"
    title = N_("There is no such member")
    detail = N_("Nobody here has the id {member}.")
    remedy = N_("Choose a member of the team.")


class InactiveMember(NotAllowedNow):
    code = "inactive_member"
    title = N_("The member has left the team")
    detail = N_("{member} is not active any more.")
    remedy = N_("Choose an active member.")


class NoAccess(NotAllowedNow):
    code = "no_access"
    title = N_("The member has no access to this client")
    detail = N_("{member} could not do the work without access to the client.")
    remedy = N_("Give the member access to the client first, or choose somebody else.")


class Unqualified(NotAllowedNow):
    code = "unqualified"
    title = N_("The member is not qualified")
    detail = N_("{member} has no valid qualification for {discipline}.")
    remedy = N_("Enter or renew the qualification first, or choose somebody else.")


_REFUSALS: Mapping[WhyNot, type[AppError]] = {
    WhyNot.INACTIVE: InactiveMember,
    WhyNot.NO_ACCESS: NoAccess,
    WhyNot.UNQUALIFIED: Unqualified,
    WhyNot.EXPIRED: Unqualified,
}
