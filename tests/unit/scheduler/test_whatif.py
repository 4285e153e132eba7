"""What leave would do: gaps, overloads, remedies, all seen before it is approved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.scheduler.coverage.domain import Team, acting_at
from services.scheduler.coverage.outlook import Gap, concerning, look_ahead
from services.scheduler.coverage.person import Person, Stretch, WhyNot
from services.scheduler.coverage.snapshot import Snapshot
from services.scheduler.leave.days_off import days_off
from services.scheduler.leave.domain import Dates
from services.scheduler.leave.remedies import deputies_for, trainings_for
from services.scheduler.leave.whatif import gaps_of, what_if
from services.scheduler.responsibilities.domain import Responsibility
from services.scheduler.workingtime.calendar import WorkCalendar
from services.scheduler.workingtime.domain import Hours, Pattern, Region, Terms, WorkingTime, unset
from shared.events.disciplines import Discipline

COPY, DESIGN = Discipline.COPYWRITING, Discipline.DESIGN
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
LEAVE = Dates(NOW + 14 * DAY, NOW + 19 * DAY)
OFFICE = WorkCalendar(unset("jana"), BERLIN, None)
DAILY = Terms((Pattern(None, (Hours(time(9), time(17)),) * 7),))
EVERY_DAY = WorkCalendar(WorkingTime("jana", DAILY), BERLIN, None)


def person(member_id: str, *away: Stretch, skills: Iterable[Discipline] = (COPY, DESIGN)) -> Person:
    return Person(member_id, True, None, dict.fromkeys(skills), away)


def snapshot(
    people: Iterable[Person],
    *responsibilities: Responsibility,
    leads: dict[str, tuple[str, ...]] | None = None,
) -> Snapshot:
    team = Team({one.member_id: one for one in people}, leads or {})
    by_id = {one.id: one for one in responsibilities}
    return Snapshot(1, NOW, by_id, team, concerning(responsibilities, team))


def owns(client: str, owner: str, *deputies: str, kind: Discipline = COPY) -> Responsibility:
    return Responsibility(client, None, kind, owner, deputies)


def test_nothing_happens_where_a_deputy_is_there() -> None:
    found = what_if(
        snapshot([person("jana"), person("tom")], owns("roast", "jana", "tom")),
        "jana",
        [LEAVE],
        most=5,
        calendar=EVERY_DAY,
        now=NOW,
    )
    assert found.gaps == ()
    assert found.stand_ins == {"tom": ("roast:copywriting",)}
    assert (found.overloads, found.better) == ((), None)


def test_a_gap_is_as_long_as_both_are_away() -> None:
    toms = Stretch(LEAVE.starts_at - DAY, LEAVE.starts_at + 2 * DAY)
    found = what_if(
        snapshot([person("jana"), person("tom", toms)], owns("roast", "jana", "tom")),
        "jana",
        [LEAVE],
        most=5,
        calendar=EVERY_DAY,
        now=NOW,
    )
    [gap] = found.gaps
    assert (gap.starts_at, gap.ends_at) == (LEAVE.starts_at, LEAVE.starts_at + 2 * DAY)
    assert [(one.member_id, one.why) for one in gap.passed] == [
        ("jana", WhyNot.AWAY),
        ("tom", WhyNot.AWAY),
    ]
    assert found.gap_count == 1


def test_a_gap_is_one_though_its_reason_changes() -> None:
    """Tom comes back when his qualification has run out."""
    turn = LEAVE.starts_at + 2 * DAY
    tom = Person("tom", True, None, {COPY: turn}, (Stretch(LEAVE.starts_at - DAY, turn),))
    team = snapshot([person("jana"), tom, person("mira")], owns("roast", "jana", "tom"))
    [gap] = gaps_of(team, "jana", [LEAVE])
    assert (gap.starts_at, gap.ends_at) == (LEAVE.starts_at, LEAVE.ends_at)
    assert [one.why for one in gap.passed] == [WhyNot.AWAY, WhyNot.AWAY]
    assert deputies_for(team, "jana", [LEAVE], [gap]) == {gap: "mira"}


def test_what_is_over_leaves_no_gap() -> None:
    """Tom was away on the second day; from the third on, only Jana is."""
    back = LEAVE.starts_at + 2 * DAY
    toms = Stretch(LEAVE.starts_at + DAY, back)
    team = snapshot([person("jana"), person("tom", toms)], owns("roast", "jana", "tom"))
    for now, gaps in ((LEAVE.starts_at, 1), (back, 0), (LEAVE.ends_at, 0)):
        found = what_if(team, "jana", [LEAVE], most=5, calendar=EVERY_DAY, now=now)
        assert len(found.gaps) == gaps
    half = toms.starts_at + DAY / 2
    [gap] = what_if(team, "jana", [LEAVE], most=5, calendar=EVERY_DAY, now=half).gaps
    assert (gap.starts_at, gap.ends_at) == (half, back)


def test_a_gap_that_is_there_anyway_is_not_the_leaves() -> None:
    unable = person("jana", skills=())
    assert gaps_of(snapshot([unable], owns("roast", "jana")), "jana", [LEAVE]) == ()


def test_a_lead_of_the_client_closes_it() -> None:
    people = [person("jana"), person("lena")]
    found = snapshot(people, owns("roast", "jana"), leads={"roast": ("lena",)})
    assert gaps_of(found, "jana", [LEAVE]) == ()
    assert gaps_of(snapshot(people, owns("roast", "jana")), "jana", [LEAVE]) != ()


def test_too_much_at_once_is_counted_with_what_the_colleague_has_anyway() -> None:
    team = snapshot(
        [person("jana"), person("tom")],
        owns("a", "jana", "tom"),
        owns("b", "jana", "tom"),
        owns("c", "tom"),
        owns("d", "tom", kind=DESIGN),
    )
    [overload] = what_if(team, "jana", [LEAVE], most=3, calendar=EVERY_DAY, now=NOW).overloads
    assert (overload.member_id, overload.count, overload.before) == ("tom", 4, 2)
    assert (overload.starts_at, overload.ends_at) == (LEAVE.starts_at, LEAVE.ends_at)
    assert what_if(team, "jana", [LEAVE], most=4, calendar=EVERY_DAY, now=NOW).overloads == ()


def test_a_higher_peak_that_is_there_anyway_hides_no_overload() -> None:
    """On the first day Lisa is away too, so Tom has much then, with and without the leave."""
    first_day = Stretch(LEAVE.starts_at, LEAVE.starts_at + DAY)
    team = snapshot(
        [person("jana", first_day), person("tom"), person("lisa", first_day)],
        owns("a", "jana", "tom"),
        owns("b", "jana", "tom"),
        owns("c", "tom"),
        *(owns(name, "lisa", "tom") for name in "efghij"),
    )
    [overload] = what_if(team, "jana", [LEAVE], most=2, calendar=EVERY_DAY, now=NOW).overloads
    assert (overload.starts_at, overload.count, overload.before) == (LEAVE.starts_at + DAY, 3, 1)


def test_for_some_hours_other_dates_must_leave_nothing_uncovered() -> None:
    leave = Dates(LEAVE.starts_at, LEAVE.starts_at + timedelta(hours=3))
    toms = Stretch(LEAVE.starts_at, LEAVE.starts_at + DAY)
    team = snapshot([person("jana"), person("tom", toms)], owns("roast", "jana", "tom"))
    better = what_if(team, "jana", [leave], most=5, calendar=EVERY_DAY, now=NOW).better
    assert better is not None
    assert better.dates.starts_at == LEAVE.starts_at - DAY


def test_other_dates_are_not_those_asked_for_already() -> None:
    toms = Stretch(LEAVE.starts_at, LEAVE.starts_at + 2 * DAY)
    asked = Stretch(LEAVE.starts_at + 5 * DAY, LEAVE.starts_at + 9 * DAY)
    team = snapshot([person("jana"), person("tom", toms)], owns("roast", "jana", "tom"))
    better = what_if(
        team, "jana", [LEAVE], most=5, calendar=EVERY_DAY, now=NOW, taken=[asked]
    ).better
    assert better is not None
    assert better.dates.starts_at == LEAVE.starts_at - 5 * DAY


def test_other_dates_are_the_nearest_that_leave_nothing_uncovered() -> None:
    toms = Stretch(LEAVE.starts_at, LEAVE.starts_at + 2 * DAY)
    team = snapshot([person("jana"), person("tom", toms)], owns("roast", "jana", "tom"))
    better = what_if(team, "jana", [LEAVE], most=5, calendar=EVERY_DAY, now=NOW).better
    assert better is not None
    assert better.dates.starts_at == LEAVE.starts_at + 2 * DAY
    assert better.gap_time == timedelta()


def test_other_dates_take_as_many_working_days() -> None:
    """Tom is away on the Monday of the leave: a day later it would end on a Saturday."""
    toms = Stretch(LEAVE.starts_at, LEAVE.starts_at + DAY)
    team = snapshot([person("jana"), person("tom", toms)], owns("roast", "jana", "tom"))
    better = what_if(team, "jana", [LEAVE], most=5, calendar=OFFICE, now=NOW).better
    assert better is not None
    assert better.dates.starts_at == LEAVE.starts_at - 7 * DAY


def test_colleagues_who_would_stand_in_on_their_days_off() -> None:
    """Tom works from Monday to Wednesday; the leave is from Monday to Friday, and the 17th is a
    public holiday where Tom lives only."""
    part_time = Terms((Pattern(None, (*[Hours(time(9), time(17))] * 3, *[None] * 4)),))
    toms = WorkCalendar(WorkingTime("tom", part_time), BERLIN, Region("IE"))
    team = snapshot([person("jana"), person("tom")], owns("roast", "jana", "tom"))
    found = what_if(team, "jana", [LEAVE], most=5, calendar=OFFICE, now=NOW)
    off = days_off(OFFICE, toms, found.standing_in["tom"])
    assert [day.day for day in off] == [17, 18, 19]
    assert days_off(OFFICE, OFFICE, found.standing_in["tom"]) == ()


def test_other_dates_keep_the_time_of_day_when_clocks_change() -> None:
    """They go forward on 28 March 2027."""
    toms = Stretch(LEAVE.starts_at - 14 * DAY, datetime(2027, 3, 29, tzinfo=UTC))
    leave = Dates(datetime(2027, 3, 26, 8, tzinfo=UTC), datetime(2027, 3, 26, 16, tzinfo=UTC))
    team = snapshot([person("jana"), person("tom", toms)], owns("roast", "jana", "tom"))
    better = what_if(team, "jana", [leave], most=5, calendar=EVERY_DAY, now=NOW).better
    assert better is not None
    assert better.dates.starts_at == datetime(2027, 3, 29, 7, tzinfo=UTC)


def test_other_dates_are_neither_past_nor_while_away_anyway() -> None:
    leave = Dates(NOW + DAY, NOW + 2 * DAY)
    alone = snapshot([person("jana")], owns("roast", "jana"))
    assert what_if(alone, "jana", [leave], most=5, calendar=EVERY_DAY, now=NOW).better is None
    toms = Stretch(NOW, NOW + 10 * DAY)
    janas = Stretch(NOW + 10 * DAY, NOW + 20 * DAY)
    team = snapshot([person("jana", janas), person("tom", toms)], owns("roast", "jana", "tom"))
    better = what_if(team, "jana", [leave], most=5, calendar=EVERY_DAY, now=NOW).better
    assert better is not None
    assert better.dates.starts_at == NOW + 20 * DAY


def test_whoever_owns_least_is_put_in_and_only_for_the_whole_gap() -> None:
    half = Stretch(LEAVE.starts_at + DAY, None)
    team = snapshot(
        [person("jana"), person("half", half), person("busy"), person("free")],
        owns("roast", "jana"),
        owns("works", "busy"),
    )
    gaps = gaps_of(team, "jana", [LEAVE])
    assert deputies_for(team, "jana", [LEAVE], gaps) == {gaps[0]: "free"}
    only_half = snapshot([person("jana"), person("half", half)], owns("roast", "jana"))
    gaps = gaps_of(only_half, "jana", [LEAVE])
    assert deputies_for(only_half, "jana", [LEAVE], gaps) == {}


def test_where_nobody_is_able_training_is_proposed() -> None:
    team = snapshot([person("jana"), person("tom", skills=[DESIGN])], owns("roast", "jana"))
    gaps = gaps_of(team, "jana", [LEAVE])
    [proposal] = trainings_for(team, "jana", [LEAVE], gaps)
    assert (proposal.member_id, proposal.discipline) == ("tom", COPY)
    assert proposal.gap_time == LEAVE.ends_at - LEAVE.starts_at


# Random teams over forty days

NAMES = ("jana", "tom", "mira", "lena")
days = st.integers(0, 40).map(lambda n: NOW + n * DAY)


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    start = draw(days)
    return Stretch(start, draw(st.none() | st.integers(1, 9).map(lambda n: start + n * DAY)))


@st.composite
def teams(draw: st.DrawFn) -> Snapshot:
    people = [
        person(
            name,
            *draw(st.lists(stretches(), max_size=2)),
            skills=draw(st.sets(st.sampled_from([COPY, DESIGN]))),
        )
        for name in NAMES
    ]
    responsibilities = []
    for client in ("a", "b", "c"):
        order = draw(st.permutations(NAMES))
        count = draw(st.integers(1, 3))
        kind = draw(st.sampled_from([COPY, DESIGN]))
        responsibilities.append(owns(client, *order[:count], kind=kind))
    leads = {"a": tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=2)))}
    return snapshot(people, *responsibilities, leads=leads)


@given(teams(), st.lists(days, min_size=2, max_size=6, unique=True))
def test_the_gaps_are_exactly_where_only_the_member_would_have_acted(
    team: Snapshot, turns: list[datetime]
) -> None:
    turns.sort()
    leave = [Dates(*each) for each in zip(turns[::2], turns[1::2], strict=False)]
    gaps = gaps_of(team, "jana", leave)
    jana = team.team.people["jana"].also_away([one.stretch for one in leave])
    without = team.team.with_person(jana)
    for responsibility in team.responsibilities.values():
        for hours in range(0, 24 * 52, 12):
            at = NOW + timedelta(hours=hours)
            caused = (
                any(one.stretch.covers(at) for one in leave)
                and acting_at(responsibility, at, without).member is None
                and acting_at(responsibility, at, team.team).member is not None
            )
            assert caused == any(_covers(gap, responsibility, at) for gap in gaps)


def _covers(gap: Gap, responsibility: Responsibility, at: datetime) -> bool:
    return gap.responsibility_id == responsibility.id and gap.starts_at <= at < gap.ends_at


@given(teams(), stretches(), st.booleans(), st.sets(st.sampled_from([COPY, DESIGN])))
def test_one_change_gives_what_looking_at_everything_again_gives(
    team: Snapshot, away: Stretch, active: bool, skills: set[Discipline]
) -> None:
    start, end = NOW, NOW + 40 * DAY
    mira = replace(
        team.team.people["mira"].also_away([away]),
        active=active,
        qualified_until=dict.fromkeys(skills),
    )
    all_of_it = team.responsibilities.values()
    changed = look_ahead(all_of_it, team.team, start, end).with_person(mira)
    anew = look_ahead(all_of_it, team.team.with_person(mira), start, end)
    assert changed.timelines == anew.timelines


# Leave at several times


def weekly(count: int, hours: int = 4) -> list[Dates]:
    starts = [LEAVE.starts_at + n * 7 * DAY for n in range(count)]
    return [Dates(start, start + timedelta(hours=hours)) for start in starts]


def test_only_within_its_times_somebody_is_missed() -> None:
    toms = Stretch(LEAVE.starts_at - DAY, LEAVE.starts_at + 8 * DAY)
    team = snapshot([person("jana"), person("tom", toms)], owns("roast", "jana", "tom"))
    times = weekly(3)
    gaps = gaps_of(team, "jana", times)
    assert [(one.starts_at, one.ends_at) for one in gaps] == [
        (time.starts_at, time.ends_at) for time in times[:2]
    ]


def test_other_dates_move_all_of_its_times() -> None:
    toms = Stretch(LEAVE.starts_at + 7 * DAY, LEAVE.starts_at + 8 * DAY)
    team = snapshot([person("jana"), person("tom", toms)], owns("roast", "jana", "tom"))
    times = weekly(2)
    better = what_if(team, "jana", times, most=5, calendar=EVERY_DAY, now=NOW).better
    assert better is not None
    assert better.times == tuple(one.moved(-1, BERLIN) for one in times)
    taken = [one.moved(-1, BERLIN).stretch for one in times[1:]]
    other = what_if(team, "jana", times, most=5, calendar=EVERY_DAY, now=NOW, taken=taken).better
    assert other is not None
    assert other.dates.starts_at == LEAVE.starts_at + DAY


def test_training_counts_what_it_would_close_at_each_time() -> None:
    team = snapshot([person("jana"), person("tom", skills=[DESIGN])], owns("roast", "jana"))
    times = weekly(3)
    [proposal] = trainings_for(team, "jana", times, gaps_of(team, "jana", times))
    assert proposal.gap_time == timedelta(hours=12)
