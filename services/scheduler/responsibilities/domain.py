"""Who does what: (client or page) x discipline -> one owner and ordered deputies. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.scheduler.coverage.person import Demand, Person, WhyNot
from services.scheduler.errors import check_version
from shared.errors import (
    N_,
    AlreadyExists,
    AppError,
    FieldError,
    InvalidRequest,
    NotAllowedNow,
    NotFound,
)
from shared.events.disciplines import Discipline

__all__ = [
    "MOST_AT_ONCE",
    "AssignmentsRefused",
    "DuplicateMember",
    "InactiveMember",
    "Leads",
    "NamedTwice",
    "NeedsOwner",
    "NoAccess",
    "NoAccount",
    "NobodyToFollow",
    "Responsibility",
    "UnknownMember",
    "Unqualified",
    "Wanted",
    "assigned",
    "check_access",
    "check_people",
    "following",
    "responsibility_id",
    "with_deputy",
]

MOST_AT_ONCE = 5_000
"""Places that people can be made responsible for in one go."""


def responsibility_id(client_id: str, page_id: str | None, discipline: Discipline) -> str:
    """Natural, so that every service can name the responsibility it has not heard of yet."""
    return f"{page_id or client_id}:{discipline}"


@dataclass(frozen=True, slots=True)
class Responsibility:
    """`page_id` None: for all of the client's pages that have none of their own.

    A page's that `follows` has the people of the client's, now and whenever those change.
    """

    client_id: str
    page_id: str | None
    discipline: Discipline
    owner: str
    deputies: tuple[str, ...] = ()
    follows: bool = False
    version: int = 1

    @property
    def id(self) -> str:
        return responsibility_id(self.client_id, self.page_id, self.discipline)

    @property
    def people(self) -> tuple[str, ...]:
        """The owner, then the deputies in order."""
        return (self.owner, *self.deputies)

    @property
    def of_client(self) -> str:
        """The id of the client's responsibility for the discipline."""
        return responsibility_id(self.client_id, None, self.discipline)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is to be responsible for a place.

    `owner` None: whoever is for the client as a whole. `version`: of the responsibility that this
    was decided on, 0 if there was none; None: whatever there is.
    """

    client_id: str
    page_id: str | None
    discipline: Discipline
    owner: str | None
    deputies: tuple[str, ...] = ()
    version: int | None = None

    @property
    def id(self) -> str:
        return responsibility_id(self.client_id, self.page_id, self.discipline)

    @property
    def of_client(self) -> str:
        """The id of the client's responsibility for the discipline."""
        return responsibility_id(self.client_id, None, self.discipline)


@dataclass(frozen=True, slots=True)
class Leads:
    """The members who act for a client when neither owner nor deputy can, in order."""

    id: str
    members: tuple[str, ...]
    version: int = 1


def with_deputy(before: Responsibility, member_id: str, version: int) -> Wanted:
    """The same with one more deputy, after those there are. `version`: what it was decided on."""
    return Wanted(
        before.client_id,
        before.page_id,
        before.discipline,
        before.owner,
        (*before.deputies, member_id),
        version,
    )


def assigned(
    wanted: Wanted, before: Responsibility | None, of_client: Responsibility | None
) -> Responsibility:
    """The responsibility as wanted; its held items stay where they are.

    `of_client` is the client's for the same discipline, if somebody has it. Raises
    `AlreadyExists`, `NotFound`, `StaleVersion`, `NeedsOwner`, `NobodyToFollow`.
    """
    _check_decided_on(wanted, before)
    owner, deputies = wanted.owner, wanted.deputies
    if owner is None:
        owner, *others = _followed(wanted, of_client).people
        deputies = tuple(others)
    return Responsibility(
        client_id=wanted.client_id,
        page_id=wanted.page_id,
        discipline=wanted.discipline,
        owner=owner,
        deputies=deputies,
        follows=wanted.owner is None,
        version=1 if before is None else before.version + 1,
    )


def _check_decided_on(wanted: Wanted, before: Responsibility | None) -> None:
    match wanted.version, before:
        case None, _:
            return
        case 0, Responsibility():
            raise AlreadyExists
        case 0, None:
            return
        case _, None:
            raise NotFound
        case version, Responsibility():
            check_version(version, before.version)


def _followed(wanted: Wanted, of_client: Responsibility | None) -> Responsibility:
    if wanted.page_id is None:
        raise NeedsOwner(discipline=wanted.discipline.value)
    if of_client is None:
        raise NobodyToFollow(discipline=wanted.discipline.value)
    return of_client


def following(pages: Iterable[Responsibility], of_client: Responsibility) -> list[Responsibility]:
    """The pages' responsibilities that follow the client's, with the people it has now."""
    return [
        replace(
            one,
            owner=of_client.owner,
            deputies=of_client.deputies,
            version=one.version + 1,
        )
        for one in pages
        if one.follows and one.of_client == of_client.id and one.people != of_client.people
    ]


def check_people(
    responsibility: Responsibility,
    demand: Demand,
    people: Mapping[str, Person],
    names: Mapping[str, str],
    now: datetime,
    before: Responsibility | None = None,
) -> None:
    """Refuse what could never act. Somebody who is merely away is welcome, and who keeps the part
    they had `before` is not asked again: a qualification that has run out meanwhile must not keep
    others from being put in. Nor is whoever a page has from its client, except for the account
    that only this page may need.

    Raises `DuplicateMember`, `UnknownMember`, `InactiveMember`, `NoAccess`, `NoAccount` or
    `Unqualified` for the first person who cannot be owner or deputy.
    """
    _check_known_once(responsibility.people, people, names)
    refusals = _REFUSALS_TO_FOLLOW if responsibility.follows else _REFUSALS
    for member_id in _newcomers(responsibility, before):
        why = people[member_id].why_not(demand, now)
        if why is not None and why in refusals:
            raise refusals[why](
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


def check_access(
    client_id: str, members: Sequence[str], people: Mapping[str, Person], names: Mapping[str, str]
) -> None:
    """Leads, and who has an account on a page, need access to the client; in which disciplines
    they can act, their qualifications say.

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


class NoAccount(NotAllowedNow):
    code = "no_account"
    title = N_("The member has no account on the page")
    detail = N_("{member} could not do {discipline} without an account on every page concerned.")
    remedy = N_("Enter the account at the client first, or choose somebody else.")


class Unqualified(NotAllowedNow):
    code = "unqualified"
    title = N_("The member is not qualified")
    detail = N_("{member} has no valid qualification for {discipline}.")
    remedy = N_("Enter or renew the qualification first, or choose somebody else.")


class NeedsOwner(InvalidRequest):
    code = "needs_owner"
    title = N_("The client needs somebody responsible")
    detail = N_("For {discipline}, only a page can do without an owner: it has the client's then.")
    remedy = N_("Choose an owner.")


class NobodyToFollow(NotAllowedNow):
    code = "nobody_to_follow"
    title = N_("Nobody is responsible for the client as a whole")
    detail = N_("The page would have nobody for {discipline}.")
    remedy = N_("Make somebody responsible for the client first, or choose an owner for the page.")


class NamedTwice(InvalidRequest):
    code = "place_named_twice"
    title = N_("A place is named twice")
    detail = N_("The same discipline of the same client or page comes twice.")
    remedy = N_("Name every place once.")


class AssignmentsRefused(InvalidRequest):
    """Of many assignments some cannot be made; `refusals` says which, by position, and why."""

    code = "assignments_refused"
    title = N_("Not everybody can be made responsible as wanted")
    detail = N_("What is wrong is listed one by one.")
    remedy = N_("Put these right and send everything again.")

    def __init__(self, refusals: Sequence[tuple[int, AppError]]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(
            errors=[
                FieldError(f"/assignments/{at}", error.detail or error.title, error.params)
                for at, error in refusals
            ]
        )


_REFUSALS: Mapping[WhyNot, type[AppError]] = {
    WhyNot.INACTIVE: InactiveMember,
    WhyNot.NO_ACCESS: NoAccess,
    WhyNot.NO_ACCOUNT: NoAccount,
    WhyNot.UNQUALIFIED: Unqualified,
    WhyNot.EXPIRED: Unqualified,
}

_REFUSALS_TO_FOLLOW: Mapping[WhyNot, type[AppError]] = {WhyNot.NO_ACCOUNT: NoAccount}
