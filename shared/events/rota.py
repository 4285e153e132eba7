"""What the scheduler says of the rota: swaps, shifts that fall open, shifts that change hands."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime

from shared.events import topics
from shared.events.envelope import Contract, Event

__all__ = [
    "OpenShift",
    "OpenShiftsChanged",
    "RotaShift",
    "ShiftsCause",
    "ShiftsChanged",
    "SwapChanged",
    "SwapStep",
]


class RotaShift(Contract):
    """A shift of the rota, as those are told of it whom it concerns."""

    shift_id: str
    """The shift."""
    group: str
    """What the page group is called whose community is watched."""
    kind: str
    """What the kind of shift is called, such as `Late`."""
    clients: tuple[str, ...]
    """The customers whose pages the group has; nobody else is told what it is called."""
    starts_at: AwareDatetime
    """When it begins, in UTC."""
    ends_at: AwareDatetime
    """When it ends, in UTC."""


class SwapStep(StrEnum):
    """What became of a swap. An offer is withdrawn, too, when a shift of it begins, or is others'
    or at another time."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class SwapChanged(Event):
    """A member offered a shift to a colleague, or the offer was accepted, refused or withdrawn."""

    type: ClassVar = "swap.changed.v1"
    topic: ClassVar = topics.TEAM_ROTA

    swap_id: str
    """The offer."""
    giver: str
    """The member who offers a shift."""
    taker: str
    """The colleague who is asked to take it."""
    step: SwapStep
    """What was done: offered and withdrawn by the giver, accepted and refused by the taker."""
    version: int
    """Of the swap, after it; a higher one is newer."""
    shift: RotaShift | None
    """The shift on offer; null once the offer is withdrawn, as the shift may be gone."""
    in_return: RotaShift | None
    """What the giver would have for it; null if nothing, or once the offer is withdrawn."""

    @property
    def aggregate_id(self) -> str:
        return self.giver


class OpenShift(Contract):
    """A shift that has fallen open, and who is told of it."""

    shift: RotaShift
    """The shift."""
    able: tuple[str, ...]
    """Members who could take it as things are."""
    leads: tuple[str, ...]
    """Leads who see the page group and are asked to see to it. Never the member who has it."""


class OpenShiftsChanged(Event):
    """Shifts of the next 28 days have fallen open, since whoever has them cannot be there any more,
    or are open no longer: taken, given, over, or theirs again. Never says why. Shifts that are
    planned with nobody are not told of."""

    type: ClassVar = "open_shifts.changed.v1"
    topic: ClassVar = topics.TEAM_ROTA

    member_id: str
    """Who has the shifts, and cannot be there."""
    opening_id: str | None
    """What stands for all that fell open at once; null if nothing did."""
    new: tuple[OpenShift, ...]
    """What fell open just now."""
    open: dict[str, str]
    """All shifts of the member that are open from now on, each with the `opening_id` with which it
    was told."""

    @property
    def aggregate_id(self) -> str:
        return self.member_id


class ShiftsCause(StrEnum):
    """Why a member's shifts are others now: a rota was applied, a lead gave one to somebody, or to
    nobody, a colleague took one that was open, or a page group was ended."""

    ROTA_APPLIED = "rota_applied"
    GIVEN = "given"
    TAKEN = "taken"
    GROUP_ENDED = "group_ended"


class ShiftsChanged(Event):
    """A member has shifts that they did not have before, or has some no longer, because a rota was
    applied, a lead decided so, a page group ended, or a colleague took what they cannot be there
    for. One that is theirs at another time is both: gone, and new. What they took or swapped
    themself is not told here."""

    type: ClassVar = "shifts.changed.v1"
    topic: ClassVar = topics.TEAM_ROTA

    member_id: str
    """Whose shifts they are, or were."""
    change_id: str
    """What stands for the change, to all whom it concerns."""
    cause: ShiftsCause
    """What changed them."""
    by: str
    """The member who applied the rota, decided, took the shift, or ended the group."""
    first_day: date | None
    """The first day (ISO date) of the rota that was applied; null if it was none."""
    last_day: date | None
    """Its last day (ISO date)."""
    shifts: tuple[RotaShift, ...]
    """Theirs from now on, by start: of a rota, all of its days that are not over, of other page
    groups too; else the one, if it is theirs."""
    new: tuple[str, ...]
    """Which of these they did not have before, by `shift_id`."""
    gone: tuple[RotaShift, ...]
    """Those that are theirs no longer."""

    @property
    def aggregate_id(self) -> str:
        return self.member_id
