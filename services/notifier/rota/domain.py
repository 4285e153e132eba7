"""What is told of the rota: swaps, to whoever is asked and to whoever has asked. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.events.scheduler import RotaShift, SwapChanged, SwapStep

__all__ = [
    "SeesClient",
    "ShiftTold",
    "SwapNews",
    "SwapOffer",
    "offer_holds",
    "offer_of",
    "shift_told",
    "swap_news_of",
]

SeesClient = Callable[[str], bool]
"""Whether the reader may see a client, by id."""


@dataclass(frozen=True, slots=True)
class ShiftTold:
    """`group` and `kind`, as people call them, may name `clients`: None for who does not see all
    of these."""

    shift_id: str
    group: str | None
    kind: str | None
    clients: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime

    def seen_by(self, sees: SeesClient) -> ShiftTold:
        return self if all(map(sees, self.clients)) else replace(self, group=None, kind=None)


@dataclass(frozen=True, slots=True)
class SwapOffer:
    """As it was at `version`: `giver` offers a shift to `taker`."""

    swap_id: str
    version: int
    giver: str
    taker: str

    @property
    def id(self) -> str:
        """Each version is told once."""
        return f"{self.swap_id}:{self.version}"


@dataclass(frozen=True, slots=True)
class SwapNews:
    """What made that version; the giver would have `in_return` for `shift`, if anything."""

    step: SwapStep
    shift: ShiftTold
    in_return: ShiftTold | None

    @property
    def shifts(self) -> tuple[ShiftTold, ...]:
        return (self.shift,) if self.in_return is None else (self.shift, self.in_return)

    def seen_by(self, sees: SeesClient) -> SwapNews:
        other = None if self.in_return is None else self.in_return.seen_by(sees)
        return replace(self, shift=self.shift.seen_by(sees), in_return=other)


def shift_told(shift: RotaShift) -> ShiftTold:
    return ShiftTold(
        shift.shift_id, shift.group, shift.kind, shift.clients, shift.starts_at, shift.ends_at
    )


def offer_of(event: SwapChanged) -> SwapOffer:
    return SwapOffer(event.swap_id, event.version, event.giver, event.taker)


def swap_news_of(event: SwapChanged) -> SwapNews | None:
    """None when it was withdrawn, or its shift is gone: that is told to nobody."""
    if event.shift is None or event.step is SwapStep.WITHDRAWN:
        return None
    in_return = None if event.in_return is None else shift_told(event.in_return)
    return SwapNews(event.step, shift_told(event.shift), in_return)


def offer_holds(offer: SwapOffer, news: SwapNews, newest: SwapOffer | None, now: datetime) -> bool:
    """Whether it is still to be told: not once something else was done with it, nor when it is too
    late: to accept an offer when a shift of it has begun. `newest`: the version heard of last."""
    if newest not in (None, offer):
        return False
    if news.step is SwapStep.OFFERED:
        return all(now < one.starts_at for one in news.shifts)
    return any(now < one.ends_at for one in news.shifts)
