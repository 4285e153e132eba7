"""Who is told of shifts, how long that holds, and what of it whom it does not concern sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.notifier.briefs.domain import (
    Notification,
    for_eyes,
    in_force,
    open_shifts_news,
    shifts_news,
    swap_news,
)
from services.notifier.rota.domain import (
    DutyChange,
    Opening,
    OpenNow,
    OpenShifts,
    SwapNews,
    SwapOffer,
    duties_hold,
    duties_of,
    offer_holds,
    open_shifts_of,
)
from shared.events.rota import (
    OpenShift,
    OpenShiftsChanged,
    RotaShift,
    ShiftsCause,
    ShiftsChanged,
    SwapChanged,
    SwapStep,
)

START = datetime(2026, 12, 7, 16, tzinfo=UTC)
HOURS = timedelta(hours=1)
SHIFT = RotaShift(
    shift_id="s1",
    group="Canary evenings",
    kind="Late",
    clients=("c1", "c2"),
    starts_at=START,
    ends_at=START + 5 * HOURS,
)
OTHER = SHIFT.model_copy(
    update={
        "shift_id": "s2",
        "starts_at": START - 48 * HOURS,
        "ends_at": START - 43 * HOURS,
    }
)
OFFERED = SwapChanged(
    swap_id="w1",
    giver="mira",
    taker="tom",
    step=SwapStep.OFFERED,
    version=1,
    shift=SHIFT,
    in_return=None,
)


def swap(step: SwapStep, **fields: object) -> list[Notification]:
    return list(swap_news(OFFERED.model_copy(update={"step": step, "version": 2, **fields})))


def test_the_colleague_is_asked_and_whoever_offered_learns_the_answer() -> None:
    [asked] = swap_news(OFFERED)
    assert (asked.id, asked.member_id) == ("w1:1:tom:swap", "tom")
    assert asked.people == {"mira", "tom"}
    for answer in (SwapStep.ACCEPTED, SwapStep.REFUSED):
        assert [one.id for one in swap(answer)] == ["w1:2:mira:swap"]
    assert swap(SwapStep.WITHDRAWN, shift=None) == []
    assert swap(SwapStep.WITHDRAWN) == []
    assert swap(SwapStep.REFUSED, shift=None) == []  # of a shift that is gone


def news(step: SwapStep, **fields: object) -> tuple[SwapOffer, SwapNews]:
    [told] = swap(step, **fields)
    assert isinstance(told.about, SwapOffer)
    assert isinstance(told.content, SwapNews)
    return told.about, told.content


def test_an_offer_holds_until_it_is_answered_or_a_shift_of_it_has_begun() -> None:
    offer, offered = news(SwapStep.OFFERED)
    just_before = START - timedelta(microseconds=1)
    assert offer_holds(offer, offered, None, just_before)
    assert offer_holds(offer, offered, offer, just_before)
    assert not offer_holds(offer, offered, replace(offer, version=3), just_before)
    assert not offer_holds(offer, offered, offer, START)
    offer, swapped = news(SwapStep.OFFERED, in_return=OTHER)
    assert not offer_holds(offer, swapped, offer, OTHER.starts_at)


@pytest.mark.parametrize("step", [SwapStep.ACCEPTED, SwapStep.REFUSED])
def test_an_answer_holds_until_the_shifts_are_over(step: SwapStep) -> None:
    offer, answered = news(step)
    assert offer_holds(offer, answered, offer, START)
    assert not offer_holds(offer, answered, offer, SHIFT.ends_at)


def test_what_it_is_called_is_for_those_who_see_all_of_its_clients() -> None:
    [told] = swap(SwapStep.ACCEPTED, in_return=OTHER)
    assert told.clients == {"c1", "c2"}
    seen = for_eyes(told, lambda _: False, lambda client: client == "c1").content
    assert isinstance(seen, SwapNews)
    assert "Canary" not in str(seen)
    assert [one.starts_at for one in seen.shifts] == [START, OTHER.starts_at]
    assert for_eyes(told, lambda _: False, lambda _: True) == told == in_force(told, {})


OPENING = Opening("o1", "jana")
FALLEN = OpenShiftsChanged(
    member_id="jana",
    opening_id="o1",
    new=(
        OpenShift(shift=SHIFT, able=("tom", "lena"), leads=("lena",)),
        OpenShift(shift=OTHER, able=("tom",), leads=("lena", "otto")),
    ),
    open={"s1": "o1", "s2": "o1"},
)


def test_each_is_told_once_of_all_shifts_that_concern_them() -> None:
    told = {one.member_id: one for one in open_shifts_news(FALLEN)}
    assert told["tom"].id == "o1:tom:open_shifts"
    said = {}
    for reader, one in told.items():
        assert isinstance(one.content, OpenShifts)
        assert one.people == frozenset()  # not even who has them
        said[reader] = one.content
    assert {
        reader: (content.lead, [(one.shift.shift_id, one.yours, one.able) for one in content.open])
        for reader, content in said.items()
    } == {
        "lena": (True, [("s1", True, 2), ("s2", False, 1)]),
        "otto": (True, [("s2", False, 1)]),
        "tom": (False, [("s1", True, None), ("s2", True, None)]),
    }
    closed = FALLEN.model_copy(update={"opening_id": None, "new": (), "open": {}})
    assert list(open_shifts_news(closed)) == []


def test_open_shifts_are_told_as_far_as_they_are_open_still() -> None:
    content = open_shifts_of(FALLEN)["tom"]

    def left(heard: dict[str, str], now: datetime) -> list[str]:
        still = content.still_open(OPENING, OpenNow("jana", heard), now)
        return [one.shift_id for one in still.shifts]

    assert left({"s1": "o1", "s2": "o1"}, START) == ["s1"]  # the other one is over
    early = OTHER.starts_at
    assert left({"s1": "o1", "s2": "o1"}, early) == ["s1", "s2"]
    assert left({"s1": "o2", "s2": "o1"}, early) == ["s2"]  # fell open again
    assert left({}, early) == []
    assert content.still_open(OPENING, None, early).open == ()
    assert content.seen_by(lambda client: client == "c1").open == ()


GIVEN = ShiftsChanged(
    member_id="tom",
    change_id="s1:2",
    cause=ShiftsCause.GIVEN,
    by="lena",
    first_day=None,
    last_day=None,
    shifts=(SHIFT,),
    new=("s1",),
    gone=(),
)
APPLIED = GIVEN.model_copy(
    update={
        "change_id": "r1",
        "cause": ShiftsCause.ROTA_APPLIED,
        "first_day": date(2026, 12, 7),
        "last_day": date(2026, 12, 13),
        "gone": (OTHER,),
    }
)


def test_whose_shifts_change_is_told_once_but_no_lead_of_what_they_did() -> None:
    [given], [applied] = shifts_news(GIVEN), shifts_news(APPLIED)
    assert (given.id, applied.id) == ("s1:2:tom:shift", "r1:tom:rota")
    assert given.people == {"lena"}
    assert list(shifts_news(GIVEN.model_copy(update={"by": "tom"}))) == []
    [own] = shifts_news(APPLIED.model_copy(update={"by": "tom"}))
    assert isinstance(own.about, DutyChange)
    assert own.about.days == (date(2026, 12, 7), date(2026, 12, 13))


def test_shifts_are_told_until_all_are_over_and_named_to_who_sees_their_clients() -> None:
    duties = duties_of(APPLIED)
    assert duties_hold(duties, OTHER.ends_at)
    assert not duties_hold(duties, SHIFT.ends_at)
    seen = duties.seen_by(lambda _: False)
    assert "Canary" not in str(seen)
    assert len(seen.shifts) == 2
