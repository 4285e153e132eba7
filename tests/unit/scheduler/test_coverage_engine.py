"""Who acts: at every instant somebody present, qualified and with access, or a gap, never both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.scheduler.coverage.domain import PassedOver, Team, acting_at, timeline
from services.scheduler.coverage.person import Person, Stretch, WhyNot
from services.scheduler.responsibilities.domain import Responsibility
from shared.events.disciplines import Discipline
from shared.events.scheduler import ActsAs

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
COPY = Responsibility("client", None, Discipline.COPYWRITING, "jana", ("tom", "mira"))


def person(
    member_id: str,
    *,
    active: bool = True,
    clients: frozenset[str] | None = None,
    until: datetime | None = None,
    away: tuple[Stretch, ...] = (),
    qualified: bool = True,
) -> Person:
    skills = {Discipline.COPYWRITING: until} if qualified else {}
    return Person(member_id, active, clients, skills, away)


def team(*people: Person, leads: tuple[str, ...] = ()) -> Team:
    return Team({one.member_id: one for one in people}, {"client": leads})


AWAY = (Stretch(NOON, NOON + HOUR),)


def test_the_owner_acts_while_present() -> None:
    acting = acting_at(COPY, NOON, team(person("jana"), person("tom")))
    assert (acting.member, acting.acts_as, acting.reason) == ("jana", ActsAs.OWNER, ())


def test_deputies_come_in_order_and_the_reason_names_who_was_passed_over() -> None:
    acting = acting_at(
        COPY, NOON, team(person("jana", away=AWAY), person("tom", qualified=False), person("mira"))
    )
    assert (acting.member, acting.acts_as) == ("mira", ActsAs.DEPUTY)
    assert acting.reason == (
        PassedOver("jana", WhyNot.AWAY),
        PassedOver("tom", WhyNot.UNQUALIFIED),
    )


def test_a_lead_acts_only_under_the_same_test() -> None:
    away = [person(name, away=AWAY) for name in ("jana", "tom", "mira")]
    unqualified = person("lena", qualified=False)
    elsewhere = person("paul", clients=frozenset({"other"}))
    acting = acting_at(
        COPY,
        NOON,
        team(*away, unqualified, elsewhere, person("nora"), leads=("lena", "paul", "nora")),
    )
    assert (acting.member, acting.acts_as) == ("nora", ActsAs.LEAD)
    gap = acting_at(COPY, NOON, team(*away, unqualified, elsewhere, leads=("lena", "paul")))
    assert (gap.member, gap.acts_as) == (None, ActsAs.GAP)
    assert [passed.why for passed in gap.reason[3:]] == [WhyNot.UNQUALIFIED, WhyNot.NO_ACCESS]


def test_an_expired_qualification_makes_a_gap_from_that_instant_on() -> None:
    alone = Responsibility("client", None, Discipline.COPYWRITING, "jana")
    jana = team(person("jana", until=NOON))
    assert acting_at(alone, NOON - timedelta(milliseconds=1), jana).member == "jana"
    assert acting_at(alone, NOON, jana).reason == (PassedOver("jana", WhyNot.EXPIRED),)


PAGE = Responsibility("client", "page", Discipline.COMMUNITY, "jana", ("tom", "mira"))


def test_who_has_no_account_on_the_page_is_passed_over_before_being_asked_for_skills() -> None:
    skilled = {Discipline.COMMUNITY: None}
    people = {
        "jana": Person("jana", True, None, skilled),
        "tom": Person("tom", True, frozenset({"other"}), {}),
        "mira": Person("mira", True, None, skilled),
        "nora": Person("nora", True, None, {}),
        "lena": Person("lena", True, None, skilled),
    }
    leads = {"client": ("nora", "lena")}
    acting = acting_at(PAGE, NOON, Team(people, leads, {PAGE.id: frozenset({"mira"})}))
    assert (acting.member, acting.acts_as) == ("mira", ActsAs.DEPUTY)
    assert acting.reason == (
        PassedOver("jana", WhyNot.NO_ACCOUNT),
        PassedOver("tom", WhyNot.NO_ACCESS),
    )
    gap = acting_at(PAGE, NOON, Team(people, leads, {PAGE.id: frozenset()}))
    assert (gap.member, {one.why for one in gap.reason[2:]}) == (None, {WhyNot.NO_ACCOUNT})
    elsewhere = Team(people, leads, {"another:community": frozenset()})
    assert acting_at(PAGE, NOON, elsewhere).member == "jana", "no account is checked there"


def test_who_left_the_team_or_is_unknown_never_acts() -> None:
    acting = acting_at(COPY, NOON, team(person("jana", active=False), person("mira")))
    assert acting.member == "mira"
    assert [passed.why for passed in acting.reason] == [WhyNot.INACTIVE, WhyNot.INACTIVE]


def test_presence_is_not_being_in_any_absence_however_they_overlap() -> None:
    jana = person(
        "jana", away=(Stretch(NOON, NOON + 2 * HOUR), Stretch(NOON + HOUR, NOON + 3 * HOUR))
    )
    present = [jana.present(NOON + hours * HOUR) for hours in (-1, 0, 1, 2, 3)]
    assert present == [True, False, False, False, True]


def test_until_further_notice_has_no_end() -> None:
    jana = person("jana", away=(Stretch(NOON, None),))
    assert not jana.present(NOON + timedelta(days=3650))


def test_stretches_away_are_put_in_order_and_what_touches_is_one() -> None:
    later, open_ended = Stretch(NOON + 5 * HOUR, NOON + 6 * HOUR), Stretch(NOON + 8 * HOUR, None)
    touching = (Stretch(NOON + HOUR, NOON + 2 * HOUR), Stretch(NOON, NOON + HOUR))
    within = Stretch(NOON, NOON + HOUR / 2)
    of_no_length = Stretch(NOON + 3 * HOUR, NOON + 3 * HOUR)
    jana = person("jana", away=(open_ended, later, *touching, within, of_no_length))
    assert jana.away == (Stretch(NOON, NOON + 2 * HOUR), later, open_ended)
    assert jana.also_away([Stretch(NOON + 4 * HOUR, NOON + 7 * HOUR)]).away[1] == Stretch(
        NOON + 4 * HOUR, NOON + 7 * HOUR
    )


def test_whose_qualification_ended_before_is_passed_over_for_that_alone() -> None:
    jana = person("jana", until=NOON - HOUR, away=(Stretch(NOON - 2 * HOUR, NOON + HOUR),))
    [segment] = timeline(COPY, NOON, NOON + 2 * HOUR, team(jana, person("tom")))
    assert segment.acting.reason == (PassedOver("jana", WhyNot.EXPIRED),)


def test_the_timeline_is_cut_exactly_where_something_changes() -> None:
    jana = person("jana", away=AWAY)
    segments = timeline(COPY, NOON - HOUR, NOON + 2 * HOUR, team(jana, person("tom")))
    assert [(one.starts_at, one.ends_at, one.acting.member) for one in segments] == [
        (NOON - HOUR, NOON, "jana"),
        (NOON, NOON + HOUR, "tom"),
        (NOON + HOUR, NOON + 2 * HOUR, "jana"),
    ]


# Random teams over a day, in quarters of an hour.

NAMES = ("jana", "tom", "mira", "lena")
quarters = st.integers(0, 96).map(lambda n: NOON + n * timedelta(minutes=15))


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    start = draw(quarters)
    length = draw(st.one_of(st.none(), st.integers(1, 40)))
    return Stretch(start, None if length is None else start + length * timedelta(minutes=15))


@st.composite
def people(draw: st.DrawFn, member_id: str) -> Person:
    skills = {
        discipline: draw(st.one_of(st.none(), quarters))
        for discipline in draw(
            st.sets(st.sampled_from([Discipline.COPYWRITING, Discipline.DESIGN]))
        )
    }
    return Person(
        member_id,
        active=draw(st.booleans() | st.just(True)),
        clients=draw(st.sampled_from([None, frozenset({"client"}), frozenset({"other"})])),
        qualified_until=skills,
        away=tuple(draw(st.lists(stretches(), max_size=3))),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[Responsibility, Team]:
    order = draw(st.permutations(NAMES))
    deputies = tuple(order[1 : draw(st.integers(1, 4))])
    responsibility = Responsibility("client", None, Discipline.COPYWRITING, order[0], deputies)
    known = {name: draw(people(name)) for name in NAMES if draw(st.integers(0, 9)) > 0}
    leads = tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=2)))
    holders = draw(st.none() | st.frozensets(st.sampled_from(NAMES)))
    accounts = {} if holders is None else {responsibility.id: holders}
    return responsibility, Team(known, {"client": leads}, accounts)


def able(responsibility: Responsibility, member_id: str, now: datetime, team: Team) -> bool:
    """The demand in its own words, apart from the engine's."""
    one = team.people.get(member_id)
    if one is None or not one.active or not one.present(now):
        return False
    if one.clients is not None and responsibility.client_id not in one.clients:
        return False
    if member_id not in team.account_holders.get(responsibility.id, [member_id]):
        return False
    if responsibility.discipline not in one.qualified_until:
        return False
    expiry = one.qualified_until[responsibility.discipline]
    return expiry is None or now < expiry


@given(situations(), quarters)
def test_acting_is_present_qualified_and_has_access_or_it_is_a_gap(
    situation: tuple[Responsibility, Team], now: datetime
) -> None:
    responsibility, everybody = situation
    acting = acting_at(responsibility, now, everybody)
    order = [*responsibility.people]
    order += [lead for lead in everybody.leads["client"] if lead not in order]
    fit = [name for name in order if able(responsibility, name, now, everybody)]
    assert acting.member == (fit[0] if fit else None)
    assert (acting.member is None) == (acting.acts_as is ActsAs.GAP)
    passed = [one.member_id for one in acting.reason]
    assert passed == order[: len(passed)]
    assert acting.member is None or acting.member == order[len(passed)]


@given(situations(), quarters, quarters, st.lists(st.integers(0, 1440), max_size=20))
def test_the_timeline_agrees_with_the_instant_everywhere(
    situation: tuple[Responsibility, Team], one: datetime, other: datetime, minutes: list[int]
) -> None:
    responsibility, everybody = situation
    start, end = min(one, other), max(one, other) + timedelta(minutes=15)
    segments = timeline(responsibility, start, end, everybody)

    assert segments[0].starts_at == start
    assert segments[-1].ends_at == end
    for left, right in pairwise(segments):
        assert left.ends_at == right.starts_at
        assert left.acting != right.acting
    for segment in segments:
        assert segment.starts_at < segment.ends_at
        assert segment.acting == acting_at(responsibility, segment.starts_at, everybody)
        last = segment.ends_at - timedelta(milliseconds=1)
        assert segment.acting == acting_at(responsibility, last, everybody)
    for at in (NOON + timedelta(minutes=minute) for minute in minutes):
        for segment in segments:
            if segment.starts_at <= at < segment.ends_at:
                assert segment.acting == acting_at(responsibility, at, everybody)
