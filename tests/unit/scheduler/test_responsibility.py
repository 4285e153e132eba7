"""Nobody who could never act becomes owner or deputy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.scheduler.coverage.person import Person, Stretch
from services.scheduler.responsibilities.domain import (
    DuplicateMember,
    InactiveMember,
    NoAccess,
    Responsibility,
    UnknownMember,
    Unqualified,
    check_people,
    responsibility_id,
    staff,
)
from shared.errors import AppError
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


def responsibility(*people: str) -> Responsibility:
    return Responsibility("client", "page", Discipline.PUBLISHING, people[0], people[1:])


def test_present_or_away_who_is_qualified_and_has_access_is_welcome() -> None:
    check_people(responsibility("jana", "tom"), PEOPLE, NAMES, NOW)


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
        check_people(responsibility(*people), PEOPLE, NAMES, NOW)
    assert caught.value.extra["member_id"] == people[-1]


def test_who_keeps_their_part_does_not_keep_others_from_being_put_in() -> None:
    before = responsibility("jana", "lapsed")
    check_people(responsibility("jana", "lapsed", "tom"), PEOPLE, NAMES, NOW, before)
    check_people(responsibility("tom", "lapsed"), PEOPLE, NAMES, NOW, before)
    with pytest.raises(Unqualified):
        check_people(responsibility("lapsed", "jana"), PEOPLE, NAMES, NOW, before)


def test_the_id_is_natural() -> None:
    assert responsibility_id("client", None, Discipline.DESIGN) == "client:design"
    assert responsibility("jana").id == "page:publishing"


def test_other_people_are_a_new_version() -> None:
    staffed = staff(responsibility("jana"), "tom", ["jana"])
    assert (staffed.people, staffed.version) == (("tom", "jana"), 2)
