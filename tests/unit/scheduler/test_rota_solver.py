"""What the solver finds keeps every hard rule, as the checker sees it, and is fair."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scheduler.coverage.person import Demand, Person
from services.scheduler.rota.domain import Rules
from services.scheduler.rota.problem import Best, Problem, Slot, Taker, problem_from, to_json
from services.scheduler.rota.rules import Duty, Hand, hindrance
from services.scheduler.rota.solver import solve
from shared.events.disciplines import Discipline

MONDAY = datetime(2026, 12, 7, tzinfo=UTC)
ZONES = ("Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles")
DEMAND = Demand("c", Discipline.COMMUNITY, None)
PEOPLE = ("ada", "ben", "cem", "dia")


def slot(day: int, start: int, length: int, able: tuple[str, ...] = PEOPLE, **more: object) -> Slot:
    starts_at = MONDAY + timedelta(days=day, hours=start)
    return Slot(
        id=f"{day}:{start}",
        row=str(start),
        day=(date(2026, 12, 7) + timedelta(days=day)).isoformat(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=length),
        able=able,
        **more,  # type: ignore[arg-type]  # by name
    )


def problem(slots: list[Slot], takers: list[Taker], rules: Rules = Rules()) -> Problem:  # noqa: B008 - frozen
    return Problem(tuple(slots), tuple(takers), rules, seconds=4, patience=0.5, workers=1)


def even(slots: list[Slot], people: tuple[str, ...] = PEOPLE) -> list[Taker]:
    share = sum((one.ends_at - one.starts_at) // timedelta(minutes=1) for one in slots)
    return [Taker(one, "Europe/Berlin", share=share // len(people)) for one in people]


def broken(task: Problem, best: Best) -> list[str]:
    """What the checker of taking and swapping says of each shift, beside all others."""
    by_id = {one.id: one for one in task.slots}
    duties: dict[str, list[Duty]] = {}
    for taker in task.takers:
        own = [id for id, member in best.given.items() if member == taker.member_id]
        kept = [Duty(*times) for times in taker.fixed]
        duties[taker.member_id] = kept + [_duty(by_id[id]) for id in own]
    wrong = []
    for id, member in best.given.items():
        if member is None:
            continue
        if member not in by_id[id].able:
            wrong.append(f"{id}: {member} cannot")
        taker = next(one for one in task.takers if one.member_id == member)
        someone = Hand(
            Person(member, True, None, {Discipline.COMMUNITY: None}), ZoneInfo(taker.time_zone)
        )
        others = list(duties[member])
        others.remove(_duty(by_id[id]))
        why = hindrance(someone, _duty(by_id[id]), [DEMAND], others, task.rules)
        if why is not None:
            wrong.append(f"{id}: {member}, {why}")
    return wrong


def _duty(one: Slot) -> Duty:
    return Duty(one.starts_at, one.ends_at)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    people = PEOPLE[: draw(st.integers(1, 4))]
    some = st.lists(st.sampled_from(people), unique=True).map(tuple)
    keys = draw(
        st.lists(
            st.tuples(st.integers(0, 8), st.sampled_from((0, 5, 6, 14, 22))),
            unique=True,
            max_size=9,
        )
    )
    slots = [slot(day, start, draw(st.integers(1, 9)), draw(some)) for day, start in keys]
    fixed = st.tuples(st.integers(-1, 9), st.integers(0, 23), st.integers(1, 9))
    takers = []
    for person in people:
        found = draw(st.lists(fixed, max_size=1))
        times = [MONDAY + timedelta(days=day, hours=hour) for day, hour, _ in found]
        lengths = [timedelta(hours=length) for *_, length in found]
        takers.append(
            Taker(
                person,
                draw(st.sampled_from(ZONES)),
                tuple((at, at + span) for at, span in zip(times, lengths, strict=True)),
                ahead=draw(st.integers(-900, 900)),
            )
        )
    rules = Rules(
        most_hours_day=draw(st.integers(1, 12)),
        most_hours_week=draw(st.integers(12, 40)),
        rest_hours=draw(st.integers(0, 12)),
    )
    return problem(slots, takers, rules)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_every_rota_keeps_every_hard_rule_and_leaves_nothing_open_that_could_be_given(
    task: Problem,
) -> None:
    best = solve(task)
    assert best.given.keys() == {one.id for one in task.slots}
    assert broken(task, best) == []
    for one in task.slots:
        if best.given[one.id] is None:
            for member in one.able:
                tried = replace(best, given={**best.given, one.id: member})
                assert broken(task, tried) != [], f"{member} could have {one.id}"


@settings(max_examples=15, deadline=None)
@given(problems())
def test_no_rota_leaves_fewer_open(task: Problem) -> None:
    """Against all rotas there are, of the first few shifts."""
    few = replace(task, slots=task.slots[:4])
    best = solve(few)
    fewest = min(
        sum(member is None for member in choice)
        for choice in itertools.product(*((None, *one.able) for one in few.slots))
        if not broken(few, _choice(few, choice))
    )
    assert best.proved
    assert best.open == fewest


def _choice(task: Problem, members: tuple[str | None, ...]) -> Best:
    given_to = {one.id: member for one, member in zip(task.slots, members, strict=True)}
    return Best(given_to, 0, 0, proved=False)


def hours(task: Problem, best: Best) -> Mapping[str | None, int]:
    counted: Counter[str | None] = Counter()
    for one in task.slots:
        counted[best.given[one.id]] += (one.ends_at - one.starts_at) // timedelta(hours=1)
    return counted


def test_hours_are_equal_and_who_had_more_before_gets_fewer() -> None:
    slots = [slot(day, 14, 8) for day in range(8)]
    task = problem(slots, even(slots))
    assert set(hours(task, solve(task)).values()) == {16}
    ahead = [replace(one, ahead=960 if one.member_id == "ada" else -320) for one in even(slots)]
    task = problem(slots, ahead)
    found = hours(task, solve(task))
    assert found.get("ada", 0) == 0
    assert max(found.values()) <= 24


def test_wishes_are_kept_where_nothing_speaks_against_them() -> None:
    slots = [
        slot(0, 14, 8, wishes={"ada": 1}),
        slot(1, 14, 8, wishes={"ben": -1, "cem": -1, "dia": -1, "ada": -1}),
        slot(2, 14, 8, wishes={"cem": 1, "ada": -1}),
        slot(3, 14, 8, wishes={"dia": 1}),
    ]
    best = solve(problem(slots, even(slots)))
    assert [best.given[one.id] for one in slots] == ["ada", "ben", "cem", "dia"]


def test_the_same_person_goes_on_and_little_changes() -> None:
    slots = [slot(day, 14, 8) for day in range(8)]
    best = solve(problem(slots, even(slots)))
    row = [best.given[one.id] for one in slots]
    assert sum(left != right for left, right in itertools.pairwise(row)) == 3
    planned = [replace(one, was=PEOPLE[int(one.id[0]) % 4]) for one in slots]
    kept = solve(problem(planned, even(planned)))
    assert [kept.given[one.id] for one in planned] == [one.was for one in planned]


def test_what_nobody_can_do_stays_open_and_the_rest_is_given() -> None:
    slots = [slot(0, 14, 8), slot(1, 14, 8, able=()), slot(2, 6, 11)]
    best = solve(problem(slots, even(slots)))
    assert [best.given[one.id] is None for one in slots] == [False, True, True]
    assert best.proved


def test_it_tells_of_better_rotas_on_the_way_and_they_survive_travelling() -> None:
    slots = [slot(day, start, 8) for day in range(5) for start in (6, 14)]
    task = problem(slots, even(slots))
    told: list[Best] = []
    best = solve(task, told.append)
    assert told
    assert best.score == min(one.score for one in told[1:])
    assert all(broken(task, one) == [] for one in told)
    assert problem_from(to_json(task)) == task


def test_the_child_ends_with_whoever_asked_it() -> None:
    """Were the service killed, nobody would read its answer any more."""
    slots = [slot(day, hour, 6) for day in range(56) for hour in (0, 6, 12)]
    long = replace(problem(slots, even(slots)), seconds=120, patience=120)
    child = subprocess.Popen(
        [sys.executable, "-m", "services.scheduler.rota.solver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert child.stdin is not None
    child.stdin.write(to_json(long) + b"\n")
    child.stdin.close()
    assert child.wait(30) == 1
