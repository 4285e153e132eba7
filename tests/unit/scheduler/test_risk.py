"""How much hangs on whom: bus factors, single points of failure, load, and what would help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduler.coverage.domain import Team, acting_at
from services.scheduler.coverage.outlook import Gap, look_ahead
from services.scheduler.coverage.person import Person, Stretch
from services.scheduler.responsibilities.domain import Responsibility
from services.scheduler.risk.domain import (
    Level,
    Risk,
    SinglePoint,
    Sole,
    assess,
    burdens,
    single_points,
    strength,
    without,
)
from services.scheduler.risk.query import SupposedAway
from services.scheduler.risk.remedies import closing, second_people, trainings
from shared.errors import InvalidRequest
from shared.events.disciplines import Discipline

COPY, DESIGN = Discipline.COPYWRITING, Discipline.DESIGN
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
DAY = timedelta(days=1)
END = NOW + 56 * DAY
ALL = Stretch(NOW, END)


def person(
    member_id: str,
    *away: tuple[int, int],
    skills: Iterable[Discipline] = (COPY, DESIGN),
    until: int | None = None,
    clients: str | None = None,
) -> Person:
    """`away`: days from and to, counted from now; `until`: the day the skills end."""
    ends = None if until is None else NOW + until * DAY
    return Person(
        member_id,
        active=True,
        clients=None if clients is None else frozenset({clients}),
        qualified_until=dict.fromkeys(skills, ends),
        away=tuple(Stretch(NOW + since * DAY, NOW + to * DAY) for since, to in away),
    )


def owns(client: str, owner: str, *deputies: str, kind: Discipline = COPY) -> Responsibility:
    return Responsibility(client, None, kind, owner, deputies)


def risk(
    people: Iterable[Person],
    *responsibilities: Responsibility,
    leads: Mapping[str, tuple[str, ...]] | None = None,
) -> Risk:
    team = Team({one.member_id: one for one in people}, leads or {})
    return assess(1, look_ahead(responsibilities, team, NOW, END))


# Bus factors


def test_owner_deputies_and_leads_count_if_they_could_act() -> None:
    people = [
        person("jana"),
        person("tom", skills=()),
        person("mira", clients="other"),
        replace(person("nora"), active=False),
        person("lena"),
    ]
    leads = {"roast": ("lena", "jana")}
    found = risk(people, owns("roast", "jana", "tom", "mira", "nora"), leads=leads)
    assert found.strengths["roast:copywriting"].able == ("jana", "lena")
    assert found.level("roast:copywriting") is Level.PAIR


def test_leave_makes_it_no_smaller_but_tells_how_few_are_there() -> None:
    found = risk([person("jana", (3, 5)), person("tom")], owns("roast", "jana", "tom"))
    one = found.strengths["roast:copywriting"]
    assert (one.bus_factor, one.fewest) == (2, 1)
    assert one.soles == (Sole("tom", NOW + 3 * DAY, NOW + 5 * DAY),)


def test_whoever_is_away_all_the_time_does_not_count() -> None:
    found = risk([person("jana", (-9, 99)), person("tom")], owns("roast", "jana", "tom"))
    assert found.strengths["roast:copywriting"].single == "tom"


def test_whose_qualification_ends_counts_now_and_not_for_all_of_it() -> None:
    found = risk([person("jana", until=20), person("tom")], owns("roast", "jana", "tom"))
    one = found.strengths["roast:copywriting"]
    assert (one.able, one.able_now) == (("tom",), ("jana", "tom"))
    assert one.soles == (Sole("tom", NOW + 20 * DAY, END),)


def test_without_an_account_nobody_counts() -> None:
    page = Responsibility("roast", "insta", Discipline.COMMUNITY, "jana", ("tom",))
    able = [person(one, skills=[Discipline.COMMUNITY]) for one in ("jana", "tom")]
    team = Team({one.member_id: one for one in able}, {}, {page.id: frozenset({"tom"})})
    assert strength(page, team, NOW, END).able == ("tom",)


def test_a_gap_is_the_worst_whatever_the_bus_factor() -> None:
    both = [person("jana", (3, 5)), person("tom", (4, 9))]
    found = risk(both, owns("roast", "jana", "tom"))
    assert found.strengths["roast:copywriting"].bus_factor == 2
    assert found.level("roast:copywriting") is Level.GAP
    assert found.gap_time("roast:copywriting") == DAY


# Single points of failure


def test_a_gap_is_one_although_the_reason_changes_in_it() -> None:
    found = risk([person("jana", (3, 99), until=20)], owns("roast", "jana"))
    [gap] = found.gaps["roast:copywriting"]
    assert (gap.starts_at, gap.ends_at) == (NOW + 3 * DAY, END)


def test_what_hangs_on_somebody_always_and_for_a_while() -> None:
    people = [person("jana", (3, 5)), person("tom")]
    found = risk(people, owns("a", "tom"), owns("b", "jana", "tom"), owns("c", "jana"))
    assert single_points(found, found.strengths) == [
        SinglePoint(
            "tom",
            ("a:copywriting",),
            (("b:copywriting", Sole("tom", NOW + 3 * DAY, NOW + 5 * DAY)),),
        ),
        SinglePoint("jana", ("c:copywriting",), ()),
    ]
    assert [one.member_id for one in single_points(found, ["c:copywriting"])] == ["jana"]


# What would help


def test_the_second_person_owns_least_and_was_not_counted_yet() -> None:
    people = [person("jana"), person("lena"), person("mira"), person("tom", until=20)]
    leads = {"roast": ("lena",)}
    found = risk(people, owns("roast", "jana"), owns("works", "mira"), leads=leads)
    # Lena counts as a lead already, and Tom is not qualified to the end.
    assert second_people(found.outlook, ["roast:copywriting"]) == {"roast:copywriting": "mira"}
    assert second_people(found.outlook, ["works:copywriting"]) == {"works:copywriting": "lena"}


def test_who_closes_a_gap_is_there_through_all_of_it() -> None:
    people = [person("jana", (3, 6)), person("tom", (4, 5)), person("mira", (9, 10))]
    found = risk(people, owns("roast", "jana"))
    [segment] = found.gaps["roast:copywriting"]
    gap = Gap("roast:copywriting", segment.starts_at, segment.ends_at)
    assert closing(found.outlook, [gap]) == {gap: "mira"}


def test_a_training_where_nobody_qualified_is_left() -> None:
    people = [person("jana", (3, 6)), person("tom", skills=()), person("paul", (0, 56), skills=())]
    found = risk(people, owns("roast", "jana"))
    assert trainings(found.outlook, found.strengths) == {"roast:copywriting": "tom"}
    with_mira = risk([*people, person("mira")], owns("roast", "jana"))
    assert trainings(with_mira.outlook, with_mira.strengths) == {}


# Load


def test_load_is_counted_now_and_at_its_most() -> None:
    people = [person("jana", (3, 5)), person("tom")]
    found = risk(people, owns("a", "jana", "tom"), owns("b", "jana", "tom"), owns("c", "tom"))
    load = burdens(found.outlook, found.outlook)
    assert load["jana"].now == ("a:copywriting", "b:copywriting")
    assert (len(load["tom"].now), load["tom"].most) == (1, 3)
    at = load["tom"].at_once
    assert at is not None
    assert (at.starts_at, at.ends_at) == (NOW + 3 * DAY, NOW + 5 * DAY)


def test_load_if_several_were_away() -> None:
    people = [person("jana"), person("tom"), person("mira")]
    found = risk(people, owns("a", "jana", "tom", "mira"), owns("b", "tom", "mira"))
    absent = without(found.outlook, ["jana", "tom", "jana"], Stretch(NOW + DAY, NOW + 2 * DAY))
    load = burdens(found.outlook, absent)
    assert (load["mira"].most_before, load["mira"].most) == (0, 2)
    # Outside of the time asked about, everything is as it was.
    assert (load["jana"].most_before, load["jana"].most) == (1, 1)


BERLIN = ZoneInfo("Europe/Berlin")


def test_days_are_whole_days_of_the_reader_from_now_on() -> None:
    asked = SupposedAway(since=date(2026, 12, 24), until=date(2026, 12, 24))
    dates = asked.dates(BERLIN, NOW)
    assert dates is not None
    assert (dates.starts_at, dates.ends_at) == (
        datetime(2026, 12, 23, 23, tzinfo=UTC),
        datetime(2026, 12, 24, 23, tzinfo=UTC),
    )
    today = SupposedAway(since=NOW.date(), until=NOW.date()).dates(BERLIN, NOW)
    assert today is not None
    assert today.starts_at == NOW
    assert SupposedAway().dates(BERLIN, NOW) is None
    alone = SupposedAway(until=date(2026, 12, 1)).dates(BERLIN, NOW)
    assert alone is not None
    assert alone.starts_at == NOW
    with pytest.raises(InvalidRequest):
        SupposedAway(since=date(2026, 12, 2), until=date(2026, 12, 1)).dates(BERLIN, NOW)


# Whatever the agency is like

NAMES = ("a", "b", "c", "d", "e")
days = st.integers(-5, 60)
stretches = st.tuples(days, st.integers(1, 20)).map(lambda one: (one[0], sum(one)))


@st.composite
def agencies(draw: st.DrawFn) -> Risk:
    people = [
        replace(
            person(
                name,
                *draw(st.lists(stretches, max_size=3)),
                skills=draw(st.sets(st.sampled_from([COPY, DESIGN]))),
                until=draw(st.none() | days),
                clients=draw(st.none() | st.sampled_from(["x", "y"])),
            ),
            active=draw(st.integers(0, 9)) > 0,
        )
        for name in NAMES
    ]
    responsibilities = []
    for client, kind in product(("x", "y"), (COPY, DESIGN)):
        owner, *deputies = draw(st.permutations(NAMES))[: draw(st.integers(1, 4))]
        responsibilities.append(owns(client, owner, *deputies, kind=kind))
    leads = {"x": tuple(draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True)))}
    return risk(people, *responsibilities, leads=leads)


@given(agencies())
def test_it_agrees_with_the_coverage_engine(found: Risk) -> None:
    team = found.outlook.team
    for id, one in found.strengths.items():
        responsibility = found.outlook.responsibilities[id]
        named = {*responsibility.people, *team.leads.get(responsibility.client_id, ())}
        assert set(one.able) <= set(one.able_now) <= named
        assert (one.fewest == 0) == (id in found.gaps) == (found.level(id) is Level.GAP)
        assert one.fewest <= len(one.able_now)
        assert one.bus_factor or id in found.gaps, "nobody to the end leaves a gap there"
        for sole in one.soles:
            for at in (sole.starts_at, sole.ends_at - timedelta(milliseconds=1)):
                assert acting_at(responsibility, at, team).member == sole.member_id


@given(agencies(), st.sampled_from(NAMES))
def test_losing_somebody_never_helps(found: Risk, lost: str) -> None:
    gone = replace(found.outlook.team.people[lost], active=False)
    after = assess(2, found.outlook.with_person(gone))
    for id, one in found.strengths.items():
        assert set(after.strengths[id].able) == set(one.able) - {lost}
        assert after.strengths[id].fewest <= one.fewest
        assert after.gap_time(id) >= found.gap_time(id)


@given(agencies())
def test_if_nobody_more_is_away_all_is_as_it_is(found: Risk) -> None:
    absent = without(found.outlook, [], ALL)
    assert absent == found.outlook
    for one in burdens(found.outlook, absent).values():
        assert one.most == one.most_before >= len(one.now)


@given(agencies())
def test_a_single_point_is_one(found: Risk) -> None:
    for point in single_points(found, found.strengths):
        absent = assess(2, without(found.outlook, [point.member_id], ALL))
        assert set(point.lasting) <= absent.gaps.keys()
        for id, sole in point.passing:
            responsibility = found.outlook.responsibilities[id]
            team = absent.outlook.team
            assert acting_at(responsibility, sole.starts_at, team).member is None


@given(agencies())
def test_whoever_is_proposed_helps(found: Risk) -> None:
    outlook = found.outlook
    for id, member in second_people(outlook, found.strengths).items():
        one = outlook.responsibilities[id]
        helped = replace(one, deputies=(*one.deputies, member))
        after = strength(helped, outlook.team, NOW, END)
        assert after.bus_factor == found.strengths[id].bus_factor + 1
    gaps = [
        Gap(id, gap.starts_at, gap.ends_at) for id, those in found.gaps.items() for gap in those
    ]
    for gap, member in closing(outlook, gaps).items():
        one = outlook.responsibilities[gap.responsibility_id]
        helped = replace(one, deputies=(*one.deputies, member))
        assert acting_at(helped, gap.starts_at, outlook.team).member == member
