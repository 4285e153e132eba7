"""The hard rules of the rota, and its shifts also on nights when clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.scheduler.coverage.person import Demand, Person, Stretch
from services.scheduler.rota.domain import (
    Group,
    KindNotUsable,
    Rules,
    Shift,
    ShiftKind,
    ShiftOver,
    Swap,
    SwapDecided,
    SwapState,
    Wish,
    accept,
    check_kinds,
    days_from,
    give,
    refuse,
    shifts_of,
)
from services.scheduler.rota.planning import fair_shares
from services.scheduler.rota.rules import (
    Duty,
    Hand,
    Hindrance,
    RuleBroken,
    check,
    hindrance,
    minutes_by_day,
)
from shared.events.disciplines import Discipline

BERLIN = ZoneInfo("Europe/Berlin")
EVERY_DAY = tuple(range(7))
NIGHT = ShiftKind("night", "Night", EVERY_DAY, "22:00", "06:00")
EARLY = ShiftKind("early", "Early", EVERY_DAY, "06:00", "14:00")
GROUP = Group("g", "Group", ("p",), ("c",), "Europe/Berlin", (EARLY, NIGHT))
DEMAND = Demand("c", Discipline.COMMUNITY, None)
RULES = Rules()


def at(day: int, hour: float, month: int = 12) -> datetime:
    start = datetime(2026, month, day, tzinfo=BERLIN)
    return (start + timedelta(hours=hour)).astimezone(UTC)


def duty(day: int, start: float, end: float) -> Duty:
    return Duty(at(day, start), at(day, end))


def person(**changes: object) -> Person:
    able = {Discipline.COMMUNITY: None}
    return replace(Person("mira", True, None, able), **changes)  # type: ignore[arg-type]  # by name


def hand(**changes: object) -> Hand:
    return Hand(person(**changes), BERLIN)


MIRA = hand()


@pytest.mark.parametrize(
    ("someone", "why"),
    [
        (hand(active=False), Hindrance.INACTIVE),
        (hand(clients=frozenset({"other"})), Hindrance.NO_ACCESS),
        (hand(qualified_until={}), Hindrance.UNQUALIFIED),
        (hand(qualified_until={Discipline.COMMUNITY: at(7, 21)}), Hindrance.EXPIRED),
        (hand(qualified_until={Discipline.COMMUNITY: at(7, 22)}), None),
        (hand(away=(Stretch(at(7, 21), None),)), Hindrance.AWAY),
        (hand(away=(Stretch(at(6, 0), at(7, 14)),)), None),
        (hand(away=(Stretch(at(7, 22), None),)), None),
    ],
    ids=["left", "access", "unqualified", "expires", "just-valid", "leaves", "back", "later"],
)
def test_who_has_a_shift_is_able_from_start_to_end(someone: Hand, why: Hindrance | None) -> None:
    assert hindrance(someone, duty(7, 14, 22), [DEMAND], [], RULES) is why


def test_every_page_of_the_group_demands_something() -> None:
    accounts = replace(DEMAND, account_holders=frozenset({"tom"}))
    found = hindrance(MIRA, duty(7, 14, 22), [DEMAND, accounts], [], RULES)
    assert found is Hindrance.NO_ACCOUNT


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (duty(7, 20, 23), Hindrance.ELSEWHERE),
        (duty(7, 22, 24), Hindrance.REST),
        (duty(8, 8, 16), Hindrance.REST),
        (duty(8, 9, 17), None),
        (duty(6, 19, 27.5), Hindrance.REST),
        (duty(6, 19, 27), None),
    ],
    ids=["both", "at-once", "too-soon", "rested", "before", "before-rested"],
)
def test_between_two_shifts_there_are_eleven_hours(other: Duty, why: Hindrance | None) -> None:
    rules = replace(RULES, most_hours_day=24)
    assert hindrance(MIRA, duty(7, 14, 22), [DEMAND], [other], rules) is why


def test_hours_of_a_day_and_of_a_week_count_in_the_members_zone() -> None:
    rules = replace(RULES, rest_hours=0, most_hours_day=10, most_hours_week=20)
    morning, evening = duty(7, 6, 12), duty(7, 17, 22)
    assert hindrance(MIRA, evening, [DEMAND], [morning], rules) is Hindrance.DAY_HOURS
    elsewhere = Hand(person(), ZoneInfo("Asia/Tokyo"))
    assert hindrance(elsewhere, evening, [DEMAND], [morning], rules) is None  # past midnight there
    week = [duty(day, 8, 16) for day in (7, 8)]
    assert hindrance(MIRA, duty(13, 8, 16), [DEMAND], week, rules) is Hindrance.WEEK_HOURS
    assert hindrance(MIRA, duty(14, 8, 16), [DEMAND], week, rules) is None  # the week after


def test_a_refusal_names_the_rule_and_its_number() -> None:
    with pytest.raises(RuleBroken) as refused:
        check(MIRA, "Mira", duty(7, 14, 22), [DEMAND], [duty(8, 8, 16)], RULES)
    assert refused.value.extra == {"member_id": "mira", "rule": "rest"}
    assert "11 hours" in str(refused.value)
    assert "Mira" in str(refused.value)


@pytest.mark.parametrize(("night", "hours"), [(date(2026, 3, 28), 7), (date(2026, 10, 24), 9)])
def test_a_night_in_which_clocks_change_is_as_long_as_it_is(night: date, hours: int) -> None:
    early, late = (shift for shift in shifts_of(GROUP, [night]))
    [following, _] = shifts_of(GROUP, [night + timedelta(days=1)])
    assert late.minutes == hours * 60
    assert late.ends_at == following.starts_at
    assert early.minutes == 8 * 60
    days = minutes_by_day(Duty(late.starts_at, late.ends_at), BERLIN)
    assert list(days.values()) == [120, (hours - 2) * 60]


@pytest.mark.parametrize("month_day", [(3, 28), (10, 24)], ids=["forward", "back"])
def test_shifts_that_meet_in_the_hour_that_is_skipped_or_twice_do_not_overlap(
    month_day: tuple[int, int],
) -> None:
    kinds = (
        ShiftKind("a", "A", EVERY_DAY, "22:00", "02:30"),
        ShiftKind("b", "B", EVERY_DAY, "02:30", "06:00"),
    )
    group = replace(GROUP, kinds=kinds)
    saturday = date(2026, *month_day)
    [first, _] = shifts_of(group, [saturday])
    [_, second] = shifts_of(group, [saturday + timedelta(days=1)])
    assert first.ends_at == second.starts_at


def test_shifts_are_there_on_their_weekdays_only() -> None:
    weekend = replace(GROUP, kinds=(replace(EARLY, weekdays=(5, 6)),))
    days = days_from(date(2026, 12, 7), 14)
    assert [one.day for one in shifts_of(weekend, days)] == [
        "2026-12-12",
        "2026-12-13",
        "2026-12-19",
        "2026-12-20",
    ]


def test_a_shift_that_the_change_of_clocks_leaves_out_is_none() -> None:
    skipped = replace(GROUP, kinds=(ShiftKind("n", "Night", EVERY_DAY, "02:00", "03:00"),))
    assert [one.day for one in shifts_of(skipped, days_from(date(2026, 3, 28), 3))] == [
        "2026-03-28",
        "2026-03-30",
    ]


def test_kinds_that_make_no_sense_are_refused_by_field() -> None:
    kinds = [
        replace(EARLY, weekdays=()),
        replace(EARLY, starts="06:00", ends="06:00"),
    ]
    with pytest.raises(KindNotUsable) as refused:
        check_kinds(kinds)
    pointers = {error.pointer for error in refused.value.errors}
    assert pointers == {"/kinds/0/weekdays", "/kinds/1/ends", "/kinds/1/name"}
    with pytest.raises(KindNotUsable):
        check_kinds([])


def _shift() -> Shift:
    return next(iter(shifts_of(GROUP, [date(2026, 12, 7)])))


def test_nobody_changes_who_was_on_duty() -> None:
    shift = _shift()
    given = give(shift, "mira", locked=True, now=shift.ends_at - timedelta(minutes=1))
    assert (given.member_id, given.locked, given.version) == ("mira", True, 1)
    with pytest.raises(ShiftOver):
        give(shift, "tom", locked=False, now=shift.ends_at)


def test_a_wish_is_about_its_days_and_shifts() -> None:
    shift = _shift()  # a Monday
    assert Wish("w", "mira", rather=True, weekday=0).concerns(shift)
    assert not Wish("w", "mira", rather=True, weekday=1).concerns(shift)
    assert Wish("w", "mira", rather=False, day="2026-12-07", group_id="g").concerns(shift)
    assert not Wish("w", "mira", rather=False, day="2026-12-08").concerns(shift)
    other = Wish("w", "mira", rather=False, weekday=0, group_id="g", kind_id="night")
    assert not other.concerns(shift)


def test_a_swap_is_decided_once() -> None:
    swap = Swap("s", "shift", "mira", "tom", None, at(1, 9), until=at(2, 9))
    accepted = accept(swap, at(1, 10))
    assert (accepted.state, accepted.version) == (SwapState.ACCEPTED, 2)
    with pytest.raises(SwapDecided):
        refuse(accepted, at(1, 11))


def test_fair_is_as_much_as_somebody_is_there_for() -> None:
    shifts = list(shifts_of(GROUP, days_from(date(2026, 12, 7), 6)))  # 12 of 8 hours
    able = [["ada", "ben", "cem"] if number < 6 else ["ada"] for number in range(12)]
    shares = fair_shares(zip(shifts, able, strict=True))
    assert shares == {"ada": 48 * 60, "ben": 24 * 60, "cem": 24 * 60}
    nobody = fair_shares([(shifts[0], [])])
    assert nobody == {}
