"""Which training would help most."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.scheduler.coverage.domain import Team
from services.scheduler.coverage.person import Person, Stretch
from services.scheduler.qualifications.training import Proposal, proposals
from services.scheduler.responsibilities.domain import Responsibility
from shared.events.disciplines import Discipline

START = datetime(2026, 11, 30, tzinfo=UTC)
END = START + timedelta(days=56)
COPY, DESIGN = Discipline.COPYWRITING, Discipline.DESIGN
DAY = timedelta(days=1)


def person(
    name: str, *skills: Discipline, away: tuple[int, int] | None = None, clients: str | None = None
) -> Person:
    """`away`: days from and to."""
    stretch = Stretch(START + away[0] * DAY, START + away[1] * DAY) if away else None
    return Person(
        name,
        active=True,
        clients=frozenset({clients}) if clients else None,
        qualified_until=dict.fromkeys(skills),
        away=(stretch,) if stretch else (),
    )


def proposed(*people: Person, places: list[Responsibility]) -> list[Proposal]:
    return proposals(places, Team({one.member_id: one for one in people}), START, END)


def place(client: str, discipline: Discipline, *people: str) -> Responsibility:
    return Responsibility(client, None, discipline, people[0], people[1:])


def test_whoever_closes_most_of_a_gap_comes_first() -> None:
    found = proposed(
        person("jana", COPY, away=(0, 10)),
        person("tom", away=(0, 4)),
        person("mira"),
        places=[place("roast", COPY, "jana")],
    )
    assert [(one.member_id, one.gap_time) for one in found] == [
        ("mira", 10 * DAY),
        ("tom", 6 * DAY),
    ]
    assert found[0].closes == (("roast:copywriting", 10 * DAY),)
    assert found[0].secures == ("roast:copywriting",)


def test_where_somebody_can_be_put_in_no_training_is_needed() -> None:
    jana, nora = person("jana", COPY, away=(0, 10)), person("nora", COPY)
    assert proposed(jana, nora, person("mira"), places=[place("roast", COPY, "jana")]) == []


def test_what_is_left_of_a_gap_when_the_qualified_are_away_too() -> None:
    jana, nora = person("jana", COPY, away=(0, 10)), person("nora", COPY, away=(3, 5))
    [mira] = proposed(jana, nora, person("mira"), places=[place("roast", COPY, "jana")])
    assert (mira.gap_time, mira.secures) == (2 * DAY, ())


def test_one_training_may_secure_several_places() -> None:
    found = proposed(
        person("jana", COPY, DESIGN),
        person("mira"),
        person("tom", COPY, clients="works"),
        places=[
            place("roast", COPY, "jana"),
            place("baker", COPY, "jana"),
            place("roast", DESIGN, "jana"),
        ],
    )
    assert found[0] == Proposal("mira", COPY, (), ("roast:copywriting", "baker:copywriting"))
    assert [(one.member_id, one.discipline) for one in found] == [("mira", COPY), ("mira", DESIGN)]


def test_an_expired_qualification_is_worth_renewing_and_whoever_has_left_is_nobody() -> None:
    lapsed = Person("lapsed", True, None, {COPY: START - DAY})
    left = Person("left", False, None, {})
    [only] = proposed(
        person("jana", COPY), lapsed, left, places=[place("roast", COPY, "jana", "lapsed")]
    )
    assert only.member_id == "lapsed"


def test_two_who_could_act_are_enough() -> None:
    jana, tom = person("jana", COPY), person("tom", COPY, away=(0, 56))
    assert proposed(jana, tom, person("mira"), places=[place("roast", COPY, "jana", "tom")]) == []


def test_a_renewal_is_worth_as_much_as_a_training() -> None:
    """The only one who can loses it in ten days; a colleague loses theirs in five."""
    jana = Person("jana", True, None, {COPY: START + 10 * DAY})
    nora = Person("nora", True, None, {COPY: START + 5 * DAY})
    found = proposed(jana, nora, places=[place("roast", COPY, "jana")])
    assert [(one.member_id, one.gap_time) for one in found] == [
        ("jana", 46 * DAY),
        ("nora", 46 * DAY),
    ]


def test_a_training_is_no_account() -> None:
    """Without the account they could not act all the same, so somebody else is to be trained."""
    community = Responsibility("roast", "page", Discipline.COMMUNITY, "jana")
    people = [person("jana", Discipline.COMMUNITY, away=(0, 10)), person("tom"), person("mira")]
    team = Team({one.member_id: one for one in people})
    checked = replace(team, account_holders={community.id: frozenset({"jana", "mira"})})
    assert {one.member_id for one in proposals([community], team, START, END)} == {"tom", "mira"}
    assert {one.member_id for one in proposals([community], checked, START, END)} == {"mira"}


def test_whoever_becomes_the_only_one_when_anothers_qualification_runs_out_gets_a_second() -> None:
    soon = Person("tom", True, None, {COPY: START + 20 * DAY})
    places = [place("roast", COPY, "jana", "tom")]
    found = proposed(person("jana", COPY), soon, person("mira"), places=places)
    # Tom's own renewal would do as well as training Mira.
    assert {(one.member_id, one.secures) for one in found} == {
        ("mira", ("roast:copywriting",)),
        ("tom", ("roast:copywriting",)),
    }
