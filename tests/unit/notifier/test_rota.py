"""Who is told of shifts, how long that holds, and what of it whom it does not concern sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.briefs.domain import Notification, for_eyes, in_force, swap_news
from services.notifier.rota.domain import SwapNews, SwapOffer, offer_holds
from shared.events.scheduler import RotaShift, SwapChanged, SwapStep

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
OTHER = SHIFT.model_copy(update={"shift_id": "s2", "starts_at": START - 48 * HOURS})
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
