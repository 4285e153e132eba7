"""Nobody who could never act becomes owner or deputy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.scheduler.coverage.person import Demand, Person, Stretch
from services.scheduler.responsibilities.domain import (
    DuplicateMember,
    InactiveMember,
    NeedsOwner,
    NoAccess,
    NoAccount,
    NobodyToFollow,
    Responsibility,
    UnknownMember,
    Unqualified,
    Wanted,
    assigned,
    check_people,
    following,
    responsibility_id,
)
from shared.errors import AlreadyExists, AppError, NotFound, StaleVersion
from shared.events.disciplines import Discipline

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PUBLISHING = {Discipline.PUBLISHING: None}
PEOPLE = {
    "jana": Person("jana", True, None, PUBLISHING, (Stretch(NOW, None),)),  # away: no matter
    "tom": Person("tom", True, frozenset({"client"}), PUBLISHING),
    "left": Person("left", False, None, PUBLISHING),
    "other": Person("other", True, frozenset({"other"}), PUBLISHING),
    "novice": Person("novice", True, None, {Discipline.DESIGN: None}),
    "lapsed": Person("lapsed", True, None, {Discipline.PUBLISHING: NOW - timedelta(days=1)}),
}
NAMES = {member_id: member_id.title() for member_id in PEOPLE}
DEMAND = Demand("client", Discipline.PUBLISHING, account_holders=None)


def responsibility(*people: str) -> Responsibility:
    return Responsibility("client", "page", Discipline.PUBLISHING, people[0], people[1:])


def test_present_or_away_who_is_qualified_and_has_access_is_welcome() -> None:
    check_people(responsibility("jana", "tom"), DEMAND, PEOPLE, NAMES, NOW)


@pytest.mark.parametrize(
    ("people", "refusal"),
    [
        (("jana", "jana"), DuplicateMember),
        (("jana", "tom", "tom"), DuplicateMember),
        (("nobody",), UnknownMember),
        (("jana", "left"), InactiveMember),
        (("other",), NoAccess),
        (("jana", "novice"), Unqualified),
        (("lapsed",), Unqualified),
    ],
)
def test_others_are_refused_with_the_reason(
    people: tuple[str, ...], refusal: type[AppError]
) -> None:
    with pytest.raises(refusal) as caught:
        check_people(responsibility(*people), DEMAND, PEOPLE, NAMES, NOW)
    assert caught.value.extra["member_id"] == people[-1]


def test_who_keeps_their_part_does_not_keep_others_from_being_put_in() -> None:
    before = responsibility("jana", "lapsed")
    check_people(responsibility("jana", "lapsed", "tom"), DEMAND, PEOPLE, NAMES, NOW, before)
    check_people(responsibility("tom", "lapsed"), DEMAND, PEOPLE, NAMES, NOW, before)
    with pytest.raises(Unqualified):
        check_people(responsibility("lapsed", "jana"), DEMAND, PEOPLE, NAMES, NOW, before)


def test_without_an_account_where_one_is_needed_nobody_becomes_responsible() -> None:
    only_tom = replace(DEMAND, account_holders=frozenset({"tom"}))
    check_people(responsibility("tom"), only_tom, PEOPLE, NAMES, NOW)
    with pytest.raises(NoAccount) as caught:
        check_people(responsibility("tom", "jana"), only_tom, PEOPLE, NAMES, NOW)
    assert caught.value.extra == {"member_id": "jana", "why": "no_account"}
    keeps = responsibility("tom", "jana")
    check_people(keeps, only_tom, PEOPLE, NAMES, NOW, responsibility("mira", "jana"))


def test_who_comes_from_the_client_is_asked_for_the_pages_account_only() -> None:
    follows = replace(responsibility("tom", "lapsed"), follows=True)
    check_people(follows, DEMAND, PEOPLE, NAMES, NOW)
    only_lapsed = replace(DEMAND, account_holders=frozenset({"lapsed"}))
    with pytest.raises(NoAccount):
        check_people(follows, only_lapsed, PEOPLE, NAMES, NOW)


def test_the_id_is_natural() -> None:
    assert responsibility_id("client", None, Discipline.DESIGN) == "client:design"
    assert responsibility("jana").id == "page:publishing"


def wanted(owner: str | None, *deputies: str, version: int | None = None) -> Wanted:
    return Wanted("client", "page", Discipline.PUBLISHING, owner, deputies, version)


def test_other_people_are_a_new_version() -> None:
    after = assigned(wanted("tom", "jana"), responsibility("jana"), None)
    assert (after.people, after.version, after.follows) == (("tom", "jana"), 2, False)


def test_a_page_follows_its_client_and_stops_when_it_gets_its_own() -> None:
    of_client = Responsibility("client", None, Discipline.PUBLISHING, "jana", ("tom",))
    page = assigned(wanted(None), responsibility("mira"), of_client)
    assert (page.people, page.follows) == (("jana", "tom"), True)

    now = assigned(Wanted("client", None, Discipline.PUBLISHING, "tom"), of_client, None)
    [followed] = following([page, responsibility("mira")], now)
    assert (followed.people, followed.version) == (("tom",), page.version + 1)
    assert following([followed], now) == [], "it has its people already"
    assert not assigned(wanted("mira"), followed, now).follows


def test_somebody_has_to_be_there_to_follow() -> None:
    with pytest.raises(NobodyToFollow):
        assigned(wanted(None), None, None)
    with pytest.raises(NeedsOwner):
        assigned(Wanted("client", None, Discipline.DESIGN, None), None, None)


@pytest.mark.parametrize(
    ("version", "before", "refusal"),
    [
        (0, responsibility("jana"), AlreadyExists),
        (2, responsibility("jana"), StaleVersion),
        (1, None, NotFound),
    ],
)
def test_what_was_decided_on_another_state_is_refused(
    version: int, before: Responsibility | None, refusal: type[AppError]
) -> None:
    with pytest.raises(refusal):
        assigned(wanted("tom", version=version), before, None)
