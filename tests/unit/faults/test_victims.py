"""The plan of a rehearsal: drawn from the seed, fair, and covering every kind of blow."""

from __future__ import annotations

from deploy.local.settings import SERVICES
from tests.faults.victims import VICTIMS, Blow, Cycle, Kind, plan, short_plan


def test_the_same_seed_gives_the_same_plan() -> None:
    assert plan(7, 30) == plan(7, 30)
    assert plan(7, 30) != plan(8, 30)


def test_nobody_is_hit_again_before_everybody_has_been() -> None:
    hit = [blow.victim for cycle in plan(7, 60) for blow in cycle.blows]

    for start in range(0, len(hit) - len(VICTIMS), len(VICTIMS)):
        assert set(hit[start : start + len(VICTIMS)]) == set(VICTIMS)


def test_a_long_plan_has_kills_short_and_long_pauses_and_pairs() -> None:
    cycles = plan(7, 100)
    blows = [blow for cycle in cycles for blow in cycle.blows]

    assert {blow.kind for blow in blows} == {Kind.KILL, Kind.PAUSE}
    pauses = [blow.seconds for blow in blows if blow.kind is Kind.PAUSE]
    assert min(pauses) < 2
    assert max(pauses) > 11
    assert {len(cycle.blows) for cycle in cycles} == {1, 2}
    assert all(len({blow.victim for blow in cycle.blows}) == len(cycle.blows) for cycle in cycles)


def test_a_short_plan_hits_each_kind_of_process_once() -> None:
    hit = [blow.victim for cycle in short_plan(7) for blow in cycle.blows]

    assert {"front-door", "kafka", "mongodb"} < set(hit) < set(VICTIMS)
    kinds = sorted(victim.removesuffix("-2") for victim in hit)
    assert kinds == sorted(["front-door", "kafka", "mongodb", *SERVICES])


def test_a_twin_takes_over_only_if_it_is_left_alone() -> None:
    def twins(*victims: str) -> bool:
        return Cycle(1, tuple(Blow(one, Kind.KILL) for one in victims), 0).twins_take_over

    assert twins("inbox")
    assert twins("inbox-2", "planner")
    assert not twins("inbox-2", "inbox")
    assert not twins("inbox", "kafka")
    assert not twins("front-door")
