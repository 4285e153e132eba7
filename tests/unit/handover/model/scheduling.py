"""The scheduler of the model: who is here, who acts, and what it tells the participants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.unit.handover.model.faults import Fault

__all__ = ["LEAD", "MEMBERS", "Handover", "Row", "Scheduler", "coverage", "presence"]

LEAD = "lea"
MEMBERS = ("anna", "ben", "cem", "dora", LEAD)


def coverage(responsibility: str) -> str:
    """The key of the row that says who acts for a responsibility."""
    return f"acts for {responsibility}"


def presence(member: str) -> str:
    """The key of the row that says whether a member is here."""
    return f"{member} is here"


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says from an epoch on: a presence (bool) or an acting member (None: a gap)."""

    key: str
    epoch: int
    value: str | bool | None


@dataclass(frozen=True, slots=True)
class Handover:
    """`handover.started`. Its epoch is its name. The legs are the coverage rows it brings. `given`:
    the responsibility whose open work goes along to whoever acts."""

    epoch: int
    presence: tuple[Row, ...]
    legs: tuple[Row, ...]
    given: str | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.presence + self.legs


@dataclass(slots=True)
class Responsibility:
    owner: str
    deputies: tuple[str, ...]
    acting: str | None = None
    epoch: int = 0
    passed_over: set[str] = field(default_factory=set)


class Scheduler:
    """Each change is one transaction: next epoch, new coverage, and the events that tell it.

    `tell_row` gets what goes to the compacted topics, `tell_handover` what goes to
    `work.handovers`.
    """

    def __init__(
        self,
        tell_row: Callable[[Row], None],
        tell_handover: Callable[[Handover], None],
        fault: Fault | None = None,
    ) -> None:
        self._tell_row = tell_row
        self._tell_handover = tell_handover
        self._fault = fault
        self.epoch = 1
        self.absent: set[str] = set()
        self.unqualified: set[tuple[str, str]] = set()
        self.responsibilities: dict[str, Responsibility] = {}
        self.handovers: list[Handover] = []
        for member in MEMBERS:
            tell_row(Row(presence(member), self.epoch, True))

    def acting(self, name: str) -> str | None:
        """Who acts; None also for a responsibility that does not exist yet."""
        responsibility = self.responsibilities.get(name)
        return None if responsibility is None else responsibility.acting

    def falls_ill(self, member: str) -> None:
        if member not in self.absent:
            self.absent.add(member)
            self._decide(Row(presence(member), self.epoch + 1, False))

    def returns(self, member: str) -> None:
        """Also what an absence cancelled or changed in mid-handover comes to."""
        if member in self.absent:
            self.absent.remove(member)
            for responsibility in self.responsibilities.values():
                if responsibility.owner == member:
                    responsibility.passed_over.clear()
            self._decide(Row(presence(member), self.epoch + 1, True))

    def creates(self, name: str, owner: str, deputies: tuple[str, ...]) -> None:
        if name not in self.responsibilities:
            self.responsibilities[name] = Responsibility(owner, deputies)
            self._decide(changed=name)

    def edits(
        self, name: str, owner: str, deputies: tuple[str, ...], *, open_work: bool = False
    ) -> None:
        responsibility = self.responsibilities[name]
        responsibility.owner, responsibility.deputies = owner, deputies
        self._decide(changed=name, given=name if open_work else None)

    def turns_qualification(self, member: str, name: str) -> None:
        """A qualification for this responsibility expires, or is gained again."""
        self.unqualified ^= {(member, name)}
        self._decide()

    def passes_over(self, name: str) -> None:
        """The deputy who acts did not acknowledge in time."""
        responsibility = self.responsibilities[name]
        if responsibility.acting not in {None, responsibility.owner}:
            responsibility.passed_over.add(str(responsibility.acting))
            self._decide()

    def _decide(
        self, *presences: Row, changed: str | None = None, given: str | None = None
    ) -> None:
        self.epoch += 1
        legs = []
        for name, responsibility in self.responsibilities.items():
            acting = self._who_acts(name, responsibility)
            is_new = responsibility.epoch == 0
            leads_elsewhere = is_new or acting != responsibility.acting
            if leads_elsewhere or name == changed:
                responsibility.acting, responsibility.epoch = acting, self.epoch
                row = Row(coverage(name), self.epoch, acting)
                self._tell_row(row)
                untold = is_new and self._fault is Fault.NEW_RESPONSIBILITY_WITHOUT_A_HANDOVER
                if (leads_elsewhere or name == given) and not untold:
                    legs.append(row)
        for row in presences:
            self._tell_row(row)
        if presences or legs:
            handover = Handover(self.epoch, presences, tuple(legs), given)
            self.handovers.append(handover)
            self._tell_handover(handover)

    def _who_acts(self, name: str, responsibility: Responsibility) -> str | None:
        if responsibility.owner not in self.absent:
            return responsibility.owner
        for candidate in (*responsibility.deputies, LEAD):
            able = candidate not in self.absent and (candidate, name) not in self.unqualified
            if able and candidate not in responsibility.passed_over:
                return candidate
        return None
